//! Keeps the promises that `docs/ARCHITECTURE.md` makes about the repository itself.

mod connectors;
mod documents;
mod layers;
mod sources;
mod tree;
