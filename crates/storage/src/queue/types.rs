//! What goes into the queue and comes out of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use model::{Event, EventId, EventStatus, NodeError, NodeId, RunId, RunStatus, StepStatus, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::dead_letters::NewDeadLetter;
use crate::files::NewFile;
use crate::runs::{AttemptRecord, StepRecord};

/// An event to store.
#[derive(Debug, Clone, PartialEq)]
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
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "nearly every event starts a run")]
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

/// Parameters that a person gave steps of a run, by node: they count as they stand, in place of what would be computed. Only
/// steps outside of loops can be given any.
pub type GivenParams = BTreeMap<NodeId, Map<String, Value>>;

/// The run that an event starts.
#[derive(Debug, Clone, PartialEq)]
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
    /// The step that waits for its end, if another run called it.
    pub parent: Option<ParentLink>,
    /// Runs of one workflow with the same key go one at a time, in the order in which they were accepted.
    pub order_key: Option<String>,
    /// The run that it repeats, by its key.
    pub replay_of: Option<i64>,
    /// Finished steps that a replay takes over from the run that it repeats.
    pub copied: Vec<StepRecord>,
    /// What a person gave steps to work with; see [`GivenParams`].
    pub given: GivenParams,
    /// What becomes of the schedule that starts it; the schedule is the one of `trigger_node`.
    pub reschedule: Option<Reschedule>,
    /// How it ended, if it is over before it is stored; `copied` has its steps then. It never enters the queue.
    pub over: Option<Over>,
    /// When the event is one that is stored already: the moment at which this run begins. The event is not stored again.
    pub again_at: Option<Timestamp>,
}

impl StartRun {
    /// A run that stands by itself.
    pub fn new(run: RunId, trigger_node: NodeId, definition_key: i64, version: Option<i32>, mode: RunMode) -> Self {
        Self {
            run,
            trigger_node,
            definition_key,
            version,
            mode,
            parent: None,
            order_key: None,
            replay_of: None,
            copied: Vec::new(),
            given: GivenParams::new(),
            reschedule: None,
            over: None,
            again_at: None,
        }
    }
}

/// The end of a run that needed nothing but its event. Nobody waits for it: whoever does is woken through the queue.
#[derive(Debug, Clone, PartialEq)]
pub struct Over {
    /// When it began.
    pub started_at: Timestamp,
    /// How it ended.
    pub ending: Ending,
}

/// The step of another run that waits for this run's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParentLink {
    /// The other run, by its key.
    pub run_key: i64,
    /// Its node.
    pub node: NodeId,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
}

/// When a schedule starts its next run; stored together with the run that it starts now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reschedule {
    /// None: never again.
    pub next_at: Option<Timestamp>,
}

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunMode {
    /// A trigger started it.
    Live,
    /// A person started it.
    Manual,
    /// A person repeated an earlier run.
    Replay,
    /// Another run called it.
    Call,
    /// Another workflow's run failed.
    Error,
    /// It tells a sender how its run ended.
    Callback,
}

impl RunMode {
    /// Every one.
    pub const ALL: [Self; 6] = [Self::Live, Self::Manual, Self::Replay, Self::Call, Self::Error, Self::Callback];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Manual => "manual",
            Self::Replay => "replay",
            Self::Call => "call",
            Self::Error => "error",
            Self::Callback => "callback",
        }
    }

    /// From how it is stored.
    pub(crate) fn from_stored(text: &str) -> Self {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text).unwrap_or(Self::Live)
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
    /// Which opening of the storage handed it out: a lease does not outlive it.
    pub opening: u64,
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
    /// The step of another run that waits for its end.
    pub parent: Option<ParentLink>,
    /// What a person gave its steps to work with.
    pub given: GivenParams,
    /// What it has achieved so far: the steps outside of loops, and those of the turns that are not over.
    pub steps: Vec<StepRecord>,
    /// The turns of the loops that are not over, by loop and number.
    pub turns: Vec<Turn>,
    /// What has arrived for its steps and was not made use of yet.
    pub signals: Vec<Signal>,
    /// How often in a row the process died while it was at work, without any progress of its own.
    pub crashes: u32,
    /// Even reading it has taken the process down (see [`MOST_CRASHES`]): nothing of its event and its steps is here.
    pub is_unread: bool,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was first worked on.
    pub started_at: Option<Timestamp>,
}

/// A run that took the process down this often in a row is set aside with what is on record of it. If the process dies once
/// more over that, the run is handed out unread.
pub const MOST_CRASHES: u32 = 3;

/// One turn of a loop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The loop's own node.
    pub node: NodeId,
    /// Its number; of a loop inside of a loop, after the outer turn's: `7/0`.
    pub iteration: String,
    /// Where it stands.
    pub status: StepStatus,
}

/// What a step waits for: an answer, a call-back, the end of a called run.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The step's node.
    pub node: NodeId,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// What came. From a run that was called: `{run, status, output, error}`.
    pub value: Value,
}

/// What became of a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalOutcome {
    /// It is stored, and the run goes on.
    Stored,
    /// The step has its signal already; this one changes nothing.
    AlreadyThere,
    /// The run has ended.
    RunOver,
}

/// How a dead run goes on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Revival {
    /// Steps as they are to stand from now on.
    pub steps: Vec<StepRecord>,
    /// Attempts as they are to stand from now on.
    pub attempts: Vec<AttemptRecord>,
    /// Who decided so.
    pub decided_by: Option<String>,
    /// What keeps it in order with others: it stands in line again, before those that came later.
    pub order_key: Option<String>,
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
    /// Events whose runs begin in the same transaction: called workflows and what follows the end of this one. The
    /// queue's capacity does not hold for them.
    pub starts: Vec<NewEvent>,
}

/// What becomes of a run after its progress is stored.
#[derive(Debug, Clone, PartialEq)]
pub enum Next {
    /// The worker goes on.
    Continue,
    /// Nothing to do before this moment or a signal; the lease ends.
    Park {
        /// When it is due again; none: only a signal wakes it.
        until: Option<Timestamp>,
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
    /// Its last output. Only the step of another run that called it gets to know it.
    pub output: Value,
    /// What a person finds on the desk, when it gave up.
    pub dead_letter: Option<NewDeadLetter>,
    /// Ends every step that is still open with this error, when the worker does not know which these are.
    pub closes_steps: Option<Box<NodeError>>,
}

impl Ending {
    /// An end without error, output and dead letter.
    pub fn new(status: RunStatus, finished_at: Timestamp) -> Self {
        Self { status, finished_at, error: None, output: Value::Null, dead_letter: None, closes_steps: None }
    }
}
