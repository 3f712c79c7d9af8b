//! Node types as the engine meets them: through the catalogue, with parameters as they stand in a definition.

#![expect(clippy::unwrap_used, reason = "what is not there fails the test at once")]
#![expect(clippy::needless_pass_by_value, reason = "json!(…) reads better without a reference")]

mod boxes;
mod catalogue;
mod check;
mod connectors;
mod extra_folders;
mod flow;
mod guide;
mod lists;
mod run;
mod steps;
