//! The nouns of Stellwerk: workflow, node, edge, event, run, step, retry policy, ids and the clock, with their rules.
//!
//! Nothing here does I/O or knows another crate of the workspace, so every rule can be read and tested by itself.

pub mod check;
pub mod clock;
pub mod definition;
pub mod error;
pub mod event;
pub mod graph;
pub mod id;
pub mod personal;
pub mod place;
pub mod problem;
pub mod retry;
pub mod run;
pub mod settings;
pub mod slug;
pub mod states;
pub mod subject;
pub mod table;

pub use clock::{Clock, Timestamp};
pub use definition::{Callback, Definition, Edge, Node, NodeId, OnError, Settings};
pub use error::{ErrorCode, NodeError};
pub use event::{Event, EventStatus};
pub use id::{ApiTokenId, CredentialId, EndpointId, EventId, FileId, MailId, RunId, UserId, WorkflowId};
pub use personal::Personal;
pub use place::Place;
pub use problem::Problem;
pub use retry::RetryPolicy;
pub use run::{AttemptStatus, RunStatus, StepStatus};
pub use subject::Subject;
