# `make run` starts Stellwerk, `make test` checks everything. `make help` lists the rest.

SHELL := /bin/sh
CARGO ?= cargo
# What `make run` and `make build` build: `release`, or `dev` while working on the code.
PROFILE ?= release
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/stellwerk

# A machine that builds once and is thrown away gains nothing from incremental compilation.
ifdef CI
export CARGO_INCREMENTAL := 0
endif

.DEFAULT_GOAL := help
.PHONY: help run build test fmt fmt-check lint counterparts openapi bench clean toolchain

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-13s %s\n", $$1, $$2 }'

run: build ## Build and start Stellwerk on http://127.0.0.1:8080
	$(BINARY) serve

build: toolchain ## Build the binary (PROFILE=dev builds faster and runs slower)
	$(CARGO) build --locked --profile $(PROFILE) --package server --bin stellwerk

test: fmt-check lint counterparts ## Check the format, the lints and all tests
	$(CARGO) test --locked --workspace

fmt: toolchain ## Format the code
	$(CARGO) fmt --all

fmt-check: toolchain
	$(CARGO) fmt --all --check

lint: toolchain ## Check the code with clippy
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

counterparts: ## Install the real programs that the tests speak to (mail server, Tryton) into target/
	crates/engine/tests/counterparts/install.sh
	crates/server/tests/counterparts/install.sh

openapi: toolchain ## Write docs/openapi.json anew after a change of the API
	$(CARGO) run --locked --quiet --package server --example openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

bench: toolchain ## Measure a release build under load
	$(CARGO) build --locked --release --package server --bin stellwerk
	$(CARGO) run --locked --release --package server --example load

clean: ## Remove everything that was built
	$(CARGO) clean

# What building needs. The Rust version is checked by cargo itself, from `rust-version` in Cargo.toml.
toolchain:
	@command -v $(CARGO) >/dev/null || { \
	  echo "Rust is missing: install Rust 1.95 or newer with rustup, then run make again." >&2; exit 1; }
	@command -v cc >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends build-essential; \
	  else \
	    echo "A C compiler is missing (the database and TLS are partly C): install build-essential or your system's like." >&2; exit 1; \
	  fi; }
