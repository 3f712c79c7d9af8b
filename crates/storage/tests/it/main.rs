//! What the storage promises, against a real database file.

#![expect(clippy::unwrap_used, reason = "a test ends at the first surprise")]

mod backup;
mod calls;
mod desk;
mod domain;
mod editing;
mod field_search;
mod history;
mod loops;
mod machine;
mod many_runs;
mod million_runs;
mod queue;
mod restart;
mod schedules;
mod signals;
mod start;
mod storage_use;
mod subjects;
mod support;
mod tables;
mod turns;
