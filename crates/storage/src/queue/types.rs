//! What goes into the queue and comes out of it.

use std::sync::Arc;

use model::{Event, EventId, EventStatus, NodeId, RunId, RunStatus, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::files::NewFile;
use crate::runs::{AttemptRecord, StepRecord};

/// An event to store.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// What expressions will see.
    pub event: Arc<Event>,
    /// The workflow, by its key.
    pub workflow_key: i64,
    /// The endpoint that it came in at, by its key; none when a person started the run.
    pub endpoint_key: Option<i64>,
    /// The sender's address.
    pub remote_address: Option<String>,
    /// The `Content-Type` as sent.
    pub content_type: Option<String>,
    /// The body as sent.
    pub raw_body: Vec<u8>,
    /// How the parsed body is kept.
    pub parsed: Parsed,
    /// The sender's id of the event, if it is to be de-duplicated.
    pub dedup_key: Option<String>,
    /// Files that came with it.
    pub files: Vec<NewFile>,
    /// What becomes of it.
    pub disposition: Disposition,
}

/// How the parsed body of an event is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// It is the raw body read as JSON, so it is not stored twice.
    AsRawJson,
    /// It is stored beside the raw body.
    Beside,
}

/// What becomes of an event.
#[derive(Debug, Clone)]
pub enum Disposition {
    /// It starts a run.
    Start(StartRun),
    /// It is kept, because the workflow is a draft or paused.
    Keep,
    /// It was turned away, for a reason that is kept with it.
    Refuse {
        /// A stable code.
        code: String,
        /// The reason in words.
        reason: String,
    },
}

/// The run that an event starts.
#[derive(Debug, Clone)]
pub struct StartRun {
    /// Its id, made by the caller so that it can wait for the run before the run can begin.
    pub run: RunId,
    /// The trigger that starts it.
    pub trigger_node: NodeId,
    /// The definition, by its key.
    pub definition_key: i64,
    /// The version's number; none for a draft.
    pub version: Option<i32>,
    /// Why it runs.
    pub mode: RunMode,
}

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// A trigger started it.
    Live,
    /// A person started it.
    Manual,
}

impl RunMode {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Manual => "manual",
        }
    }

    /// From how it is stored.
    pub(crate) fn from_stored(text: &str) -> Self {
        if text == "manual" { Self::Manual } else { Self::Live }
    }
}

/// What became of an accepted event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    /// The event; of a duplicate, the first one.
    pub event: EventId,
    /// The run that it started; of a duplicate, the first one's.
    pub run: Option<RunId>,
    /// What became of it.
    pub status: EventStatus,
}

/// A worker's hold on a run. What is written under an outdated epoch is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The run, by its key.
    pub run_key: i64,
    /// Counts how often the run was handed out.
    pub epoch: i64,
}

/// A run that a worker may go on with.
#[derive(Debug, Clone)]
pub struct Claim {
    /// The hold on it.
    pub lease: Lease,
    /// Its id.
    pub run: RunId,
    /// Its workflow, by its key.
    pub workflow_key: i64,
    /// Its definition, by its key.
    pub definition_key: i64,
    /// Why it runs.
    pub mode: RunMode,
    /// The trigger that started it.
    pub trigger_node: NodeId,
    /// The event that started it.
    pub event: Arc<Event>,
    /// What it has achieved so far.
    pub steps: Vec<StepRecord>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was first worked on.
    pub started_at: Option<Timestamp>,
}

/// Decides whether a run of a workflow may be taken now, for example because not too many of it are at work.
pub trait Gate: Send + Sync {
    /// Whether one more run of this workflow may be taken. True takes the place.
    fn admit(&self, workflow_key: i64) -> bool;

    /// Frees a place that was taken for a run that could not be handed out after all.
    fn give_back(&self, workflow_key: i64);
}

/// What a run has achieved since the last time it was recorded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Progress {
    /// When the run was first worked on.
    pub started_at: Timestamp,
    /// Steps as they stand now.
    pub steps: Vec<StepRecord>,
    /// Attempts that are worth keeping by themselves: those that failed or had an effect outside.
    pub attempts: Vec<AttemptRecord>,
}

/// What becomes of a run after its progress is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The worker goes on.
    Continue,
    /// Nothing to do before this moment; the lease ends.
    Park {
        /// When it is due again.
        until: Timestamp,
    },
    /// It is over; the lease ends.
    End(Ending),
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Ending {
    /// One of the final statuses.
    pub status: RunStatus,
    /// When.
    pub finished_at: Timestamp,
    /// Why, unless it ended well: `{node, error}`.
    pub error: Option<Value>,
}
