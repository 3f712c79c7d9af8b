//! A definition carried through a real event with every effect held back: which way it would take, what each step would
//! give, and what would go out.
//!
//! Nodes decide as they do in a run, because they only decide. Where one asks for something outside, the request is noted
//! and the step goes on with what stands in for the answer: what the same step really gave for this event, or else in its
//! sample. Nothing is stored and nothing is sent.

mod compare;
mod held_back;
mod scope;
mod walk;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use model::{Definition, Event, NodeError, NodeId, StepStatus, Timestamp, WorkflowId};
use serde::Serialize;
use serde_json::Value;
use tokio::runtime::Handle;

pub use compare::{Change, Difference, differences};
pub use held_back::HeldBack;
pub use walk::MOST_TURNS;

use self::walk::Walk;
use crate::engine::Engine;
use crate::step::panicked;

/// An event to carry through a definition.
#[derive(Debug, Clone)]
pub struct DryRun {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The workflow's name, for expressions.
    pub workflow_name: String,
    /// The definition to try.
    pub definition: Definition,
    /// The trigger to begin at.
    pub trigger_node: NodeId,
    /// What it received.
    pub event: Event,
    /// What stands in for answers from outside.
    pub known: Known,
    /// The moment at which it is to happen: what depends on the time, for example the end of a wait, follows from it.
    pub at: Timestamp,
    /// How long all of it may compute, in milliseconds.
    pub limit_ms: u64,
}

/// What stands in for answers from outside: by node and turn of a loop (empty outside of loops), or by the node alone.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// What each step really gave for the same event.
    pub steps: BTreeMap<(NodeId, String), StandIn>,
    /// What each node gives in its sample or gave lately.
    pub samples: BTreeMap<NodeId, Value>,
}

/// What a step really gave.
#[derive(Debug, Clone, PartialEq)]
pub struct StandIn {
    /// The port that it went on along.
    pub port: Option<String>,
    /// Its output.
    pub output: Value,
}

/// What would happen.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryRunResult {
    /// `succeeded`, `failed` (ended on purpose) or `dead` (a step failed for good).
    pub status: model::RunStatus,
    /// The steps in the order in which they would begin; those that are never reached are not there.
    pub steps: Vec<DryStep>,
    /// The node that failed, and why.
    pub error: Option<(NodeId, NodeError)>,
    /// Whether something was left out because it would have taken too long, for example later turns of a long loop.
    pub is_shortened: bool,
}

/// A step that would be taken.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DryStep {
    /// The node.
    pub node: NodeId,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// `succeeded`, `failed` or `skipped`.
    pub status: StepStatus,
    /// The port that it would go on along.
    pub port: Option<String>,
    /// Its output, or what stands in for it.
    pub output: Option<Value>,
    /// Why it would fail.
    pub error: Option<NodeError>,
    /// What it would do outside first.
    pub held_back: Option<HeldBack>,
    /// Where its output comes from when something was held back.
    pub stand_in: Option<StandInSource>,
}

/// Where the output of a step comes from whose effect was held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum StandInSource {
    /// The same step gave it for this event.
    Run,
    /// The node's sample, or what it gave lately for another event.
    Sample,
    /// It is what usually comes, for example a waiting time that is over.
    Assumed,
    /// Nothing is known; the output is null.
    Nothing,
}

impl Engine {
    /// Carries an event through a definition. It ends by itself, at the latest after its limit.
    pub async fn dry_run(&self, dry_run: DryRun) -> DryRunResult {
        let shared = self.shared().clone();
        let mut credentials = BTreeMap::new();
        for node in &dry_run.definition.nodes {
            let (Some(id), Some(behaviour)) = (node.credential, shared.catalogue.get(&node.node_type)) else {
                continue;
            };
            let opened = shared.vault.open(id, &behaviour.node_type().credential_kinds).await;
            credentials.insert(node.id.clone(), opened.map(|credential| credential.public_fields()));
        }
        let now = dry_run.at;
        let home = shared.home.get().cloned().unwrap_or_else(Handle::current);
        let failed = dry_run.trigger_node.clone();
        let task = home.spawn_blocking(move || {
            let deadline = Instant::now() + Duration::from_millis(dry_run.limit_ms);
            Walk::new(&shared.catalogue, &shared.settings, &dry_run, credentials, now, deadline).take()
        });
        task.await.unwrap_or_else(|_| DryRunResult {
            status: model::RunStatus::Dead,
            steps: Vec::new(),
            error: Some((failed, panicked())),
            is_shortened: false,
        })
    }
}
