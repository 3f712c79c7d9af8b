//! The tables as sea-orm sees them. Nothing outside this crate uses them.

pub(crate) mod api_token;
pub(crate) mod attempt;
pub(crate) mod audit;
pub(crate) mod contact;
pub(crate) mod credential;
pub(crate) mod dead_letter;
pub(crate) mod definition;
pub(crate) mod endpoint;
pub(crate) mod event;
pub(crate) mod event_field;
pub(crate) mod field_index;
pub(crate) mod file;
pub(crate) mod outbox;
pub(crate) mod payload;
pub(crate) mod queue;
pub(crate) mod run;
pub(crate) mod sample;
pub(crate) mod schedule;
pub(crate) mod seen;
pub(crate) mod session;
pub(crate) mod signal;
pub(crate) mod step;
pub(crate) mod table_row;
pub(crate) mod user;
pub(crate) mod workflow;
pub(crate) mod workflow_version;
