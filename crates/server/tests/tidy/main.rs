//! Keeps the promises that `docs/ARCHITECTURE.md` makes about the repository itself.

#![expect(clippy::unwrap_used, reason = "a failed preparation is a failed test, also outside of test functions")]

mod connectors;
mod documents;
mod layers;
mod sources;
mod tree;
