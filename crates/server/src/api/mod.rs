//! The REST API under `/api/v1`. One file for each thing; the routes are in [`crate::app`].
//!
//! A handler extracts, says by an argument type who may call it ([`crate::auth::Caller`]), acts, and replies.

pub mod audit;
pub mod contacts;
pub mod credential_test;
mod credential_usage;
pub mod credentials;
pub mod dead_letters;
pub mod definitions;
pub mod doubts;
pub mod dry_run;
pub mod events;
pub mod expressions;
pub mod health;
pub mod live;
pub mod node_types;
pub mod openapi;
pub mod outbox;
mod paging;
pub mod persons;
pub mod publishing;
pub mod replay;
pub mod replays;
pub mod runs;
pub mod samples;
pub mod schedules;
pub mod start;
pub mod stats;
pub mod storage_use;
pub mod tables;
pub mod test_step;
pub mod turns;
pub mod versions;
pub mod workflows;

pub use paging::{Items, Page};
