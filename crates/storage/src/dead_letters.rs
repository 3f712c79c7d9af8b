//! Runs that gave up and wait for a person.

use model::NodeId;
use serde::{Deserialize, Serialize};

/// Why a run gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterReason {
    /// A step failed for good.
    Failed,
    /// A step that must not be repeated was cut off; whether it took effect is not known.
    InDoubt,
    /// The process died again and again while it was at work.
    Crashed,
}

impl DeadLetterReason {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
            Self::Crashed => "crashed",
        }
    }

    /// From how it is stored.
    pub(crate) fn from_stored(text: &str) -> Self {
        [Self::InDoubt, Self::Crashed].into_iter().find(|reason| reason.as_str() == text).unwrap_or(Self::Failed)
    }
}

/// What a person has decided about a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterState {
    /// Nothing yet.
    Open,
    /// Another run repeats it.
    Replayed,
    /// It is to stay undone.
    Discarded,
    /// Its run went on.
    Resolved,
}

impl DeadLetterState {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Discarded => "discarded",
            Self::Resolved => "resolved",
        }
    }

    /// From how it is stored.
    pub(crate) fn from_stored(text: &str) -> Self {
        let decided = [Self::Replayed, Self::Discarded, Self::Resolved];
        decided.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Open)
    }
}

/// A dead letter to lay on the desk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDeadLetter {
    /// Why the run gave up.
    pub reason: DeadLetterReason,
    /// Equal for runs that gave up for the same cause.
    pub fingerprint: String,
    /// The node that is to blame.
    pub node: Option<NodeId>,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// What happened, for people, without secrets.
    pub message: String,
}
