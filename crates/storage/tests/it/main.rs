//! What the storage promises, against a real database file.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod backup;
mod desk;
mod domain;
mod editing;
mod field_search;
mod history;
mod machine;
mod many_runs;
mod million_runs;
mod queue;
mod restart;
mod storage_use;
mod subjects;
mod support;
mod turns;
