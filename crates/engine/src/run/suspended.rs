//! What a step that is not over has on record, so that it can go on after a restart.

use model::{RunId, WorkflowId};
use nodes::{EachRules, WaitFor};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The state of a step that is not over: `{"wait": {"until", "state"}}`, `{"call": …}`, `{"each": …}` or `"intent"`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Suspended {
    /// It waits for a moment or a signal.
    Wait {
        /// What it waits for.
        until: WaitFor,
        /// What its node wants back.
        state: Value,
    },
    /// It waits for the end of a run that it started.
    Call {
        /// That run.
        run: RunId,
        /// Its workflow.
        workflow: WorkflowId,
        /// What its node wants back.
        state: Value,
    },
    /// It is a box whose turns are under way.
    Each {
        /// The items, in order.
        items: Vec<Value>,
        /// How the turns are made.
        rules: EachRules,
        /// What its node wants back.
        state: Value,
    },
    /// Something that must not be done twice is being done outside; its attempt shows what.
    Intent,
}

impl Suspended {
    /// As it is stored with the step.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// From how it is stored; none for what is not known.
    pub fn from_value(value: Value) -> Option<Self> {
        serde_json::from_value(value).ok()
    }
}
