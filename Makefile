# `make run` starts Stellwerk, `make test` checks everything. `make help` lists the rest.

SHELL := /bin/sh
CARGO ?= cargo
# What `make run`, `make build` and `make bench` build: `release`, `dist` (what is handed out), or `dev` while working on the code.
PROFILE ?= release
TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
BINARY := $(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/stellwerk
# How often `make crash` ends the server.
CYCLES ?= 200
# The editor: what its build leaves behind, and what it is made from. Folders are named too, so that a removed file counts.
WEB_BUILT := web-ui/dist/manifest.json
WEB_PACKAGES := web-ui/node_modules/.package-lock.json
WEB_SOURCES := $(shell find web-ui/src ! -name '*.test.ts') $(wildcard web-ui/*.ts web-ui/*.config.*)

# A machine that builds once and is thrown away gains nothing from incremental compilation.
ifdef CI
export CARGO_INCREMENTAL := 0
endif

.DEFAULT_GOAL := help
.PHONY: help run build web test browser screenshots fmt fmt-check lint counterparts openapi bench crash clean toolchain node chromium wrk

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{ printf "make %-13s %s\n", $$1, $$2 }'

run: build ## Build and start Stellwerk on http://127.0.0.1:8080
	$(BINARY) serve

build: toolchain web ## Build the binary (PROFILE=dev builds faster and runs slower)
	@test -x $(BINARY) || echo "The first build compiles everything, about $(if $(filter dev,$(PROFILE)),4,10) minutes on two cores; later ones are quick."
	$(CARGO) build --locked --profile $(PROFILE) --package server --bin stellwerk

web: $(WEB_BUILT) ## Build the editor into web-ui/dist, where the binary takes it from

$(WEB_BUILT): $(WEB_PACKAGES) $(WEB_SOURCES)
	cd web-ui && npm run --silent build
	@touch $@

# Packages that were fetched once are taken from npm's own store, so this works without a network.
# The versions are those of the lock file. `npm ci` would also insist on the packages of other platforms, which not every
# registry has.
$(WEB_PACKAGES): web-ui/package-lock.json | node
	cd web-ui && npm install --no-save --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error
	@touch $@

# What fails quickly comes first. Testing the workspace leaves the binary that the browser suite starts.
test: fmt-check web lint counterparts chromium ## Check the format, the lints and all tests, those in a browser too
	cd web-ui && npm run --silent test
	$(CARGO) test --locked --workspace
	cd web-ui && STELLWERK_BINARY=$(abspath $(TARGET_DIR))/debug/stellwerk npm run --silent browser

browser: toolchain web chromium ## Run the tests in a browser alone (ONLY=name of a file or part of it)
	$(CARGO) build --locked --package server --bin stellwerk
	cd web-ui && STELLWERK_BINARY=$(abspath $(TARGET_DIR))/debug/stellwerk npm run --silent browser -- $(ONLY)

screenshots: toolchain web chromium ## Photograph every page and state into web-ui/shots/
	$(CARGO) build --locked --package server --bin stellwerk
	cd web-ui && STELLWERK_BINARY=$(abspath $(TARGET_DIR))/debug/stellwerk npm run --silent screenshots

fmt: toolchain $(WEB_PACKAGES) ## Format the code
	$(CARGO) fmt --all
	cd web-ui && npm run --silent format

fmt-check: toolchain
	$(CARGO) fmt --all --check

lint: toolchain $(WEB_PACKAGES) ## Check the code with clippy, Biome, svelte-check and knip
	cd web-ui && npm run --silent check
	$(CARGO) clippy --locked --workspace --all-targets -- -D warnings

counterparts: ## Install the real programs that the tests speak to (mail server, Tryton) and to cause faults with
	crates/engine/tests/counterparts/install.sh
	crates/server/tests/counterparts/install.sh
	crates/server/tests/crash/install.sh

openapi: toolchain ## Write docs/openapi.json anew after a change of the API
	$(CARGO) run --locked --quiet --package server --example openapi > docs/openapi.json.new
	mv docs/openapi.json.new docs/openapi.json

bench: toolchain wrk ## Measure a release build under load, beside the least that is possible (SECONDS=10 for each measurement)
	$(CARGO) build --locked --profile $(PROFILE) --package server --bin stellwerk --example load --example floor
	$(dir $(BINARY))examples/load $(or $(SECONDS),10)
	$(CARGO) test --locked --release --package storage --test it million -- --ignored --nocapture

# The places at which it may be told to end are compiled in for this only.
crash: toolchain ## End a release build in its worst moments, and cause faults below it (CYCLES=200)
	crates/server/tests/crash/install.sh
	$(CARGO) test --locked --release --package server --features crash-points --test crash -- --long --cycles $(CYCLES)

clean: ## Remove everything that was built
	$(CARGO) clean
	rm -rf web-ui/dist web-ui/shots web-ui/node_modules

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

NODE_IS_NEW_ENOUGH := const [major, minor] = process.versions.node.split(".").map(Number); process.exit((major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major > 22 ? 0 : 1)

node:
	@{ command -v npm && node -e '$(NODE_IS_NEW_ENOUGH)'; } >/dev/null || { \
	  echo "Node.js is missing or too old: install 20.19 or newer with npm, it builds the editor; then run make again." >&2; exit 1; }

chromium:
	@test -n "$$CHROMIUM" || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome-stable >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends chromium fonts-liberation curl; \
	  else \
	    echo "Chromium is missing (the tests work the pages in it): install it, or name it in the variable CHROMIUM." >&2; exit 1; \
	  fi; }

wrk:
	@command -v wrk >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends wrk; \
	  else \
	    echo "wrk is missing (it makes the load): install it." >&2; exit 1; \
	  fi; }
