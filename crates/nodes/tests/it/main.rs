//! Node types as the engine meets them: through the catalogue, with parameters as they stand in a definition.

mod catalogue;
mod check;
mod connectors;
mod extra_folders;
mod flow;
mod run;
