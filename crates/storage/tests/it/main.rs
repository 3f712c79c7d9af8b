//! What the storage promises, against a real database file.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod backup;
mod domain;
mod editing;
mod history;
mod machine;
mod many_runs;
mod queue;
mod restart;
mod support;
mod turns;
