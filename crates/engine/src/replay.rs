//! Replays: a new run for the event of an earlier one, from the start or from a step, with what was achieved before it.

use std::collections::{BTreeMap, BTreeSet};

use model::graph::Graph;
use model::{Definition, Event, EventId, NodeError, NodeId, RunId, StepStatus};
use serde_json::Value;
use storage::queue::{Accepted, GivenParams, RunMode, StartRun};
use storage::{RunRecord, StepRecord, StorageError};

use crate::engine::Engine;
use crate::ordering::order_key;
use crate::run::Suspended;
use crate::starts::new_event;

/// A replay that is wanted.
#[derive(Debug, Clone)]
pub struct ReplayWish {
    /// The run to repeat; it must have ended.
    pub run: RunId,
    /// Where to begin.
    pub from: ReplayFrom,
    /// Which version runs.
    pub version: ReplayVersion,
    /// Another body for the event.
    pub event: Option<Value>,
    /// Other outputs for steps that are taken over.
    pub steps: BTreeMap<NodeId, Value>,
    /// What steps that are done again get to work with, in place of what would be computed.
    pub params: GivenParams,
    /// The new run's id, when the same wish may come again and must not start two; see [`RunId::derived`].
    pub as_run: Option<RunId>,
    /// The run is in doubt and is repeated from the start all the same: what may have happened may happen a second time.
    pub although_in_doubt: bool,
}

impl ReplayWish {
    /// The run as it was, with the version of that time.
    pub fn new(run: RunId, from: ReplayFrom) -> Self {
        Self {
            run,
            from,
            version: ReplayVersion::Original,
            event: None,
            steps: BTreeMap::new(),
            params: GivenParams::new(),
            as_run: None,
            although_in_doubt: false,
        }
    }
}

/// Where a replay begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayFrom {
    /// At the trigger: nothing is taken over.
    Start,
    /// At the step that failed: whatever does not come after it is taken over. A box keeps the turns that ended well.
    FailedStep,
    /// At this node, which must lie outside of any box.
    Node(NodeId),
}

/// Which version a replay runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayVersion {
    /// The one that the run to repeat had.
    Original,
    /// The one that is published now.
    Current,
}

/// Why a run cannot be repeated as wished.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It has not ended.
    #[error("the run has not ended yet")]
    NotOver,
    /// Nobody has said what became of a step of it, so a replay could do a second time what happened already.
    #[error("the step `{0}` of the run is in doubt: say whether it happened, have it done again, or give up")]
    InDoubt(NodeId),
    /// It is to begin at the failed step, and none failed.
    #[error("no step of the run failed")]
    NothingFailed,
    /// The version has no such node outside of boxes: the wanted one, or the trigger.
    #[error("the version has no node `{0}` outside of boxes")]
    NoSuchNode(NodeId),
    /// It was given parameters and is not done again: it lies in a box, is taken over, starts the run, or does not exist.
    #[error("the step `{0}` is not done again outside of boxes, so it cannot be given parameters")]
    NotDoneAgain(NodeId),
    /// The step's type has no such parameter.
    #[error("the step `{0}` has no parameter `{1}`")]
    NoSuchParameter(NodeId, String),
    /// No version is published now.
    #[error("the workflow has no published version")]
    NotPublished,
    /// The new event is not valid for the workflow.
    #[error("{0}")]
    Event(NodeError),
    /// The database refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Engine {
    /// Starts a run that repeats another one. Its effects have idempotency keys of their own.
    pub async fn replay(&self, wish: ReplayWish) -> Result<Accepted, ReplayError> {
        let storage = &self.shared().storage;
        let record = storage.run(wish.run).await?;
        if !record.status.is_final() {
            return Err(ReplayError::NotOver);
        }
        let may_repeat = wish.although_in_doubt && wish.from == ReplayFrom::Start;
        if let Some(step) = self.step_in_doubt(&record).await?.filter(|_| !may_repeat) {
            return Err(ReplayError::InDoubt(step.node));
        }
        let (definition_key, version) = self.version_of(&record, wish.version).await?;
        let definition = storage.definition(definition_key).await?;
        let is_outside = |id: &NodeId| definition.node(id).is_some_and(|node| node.parent.is_none());
        let begins_at = match &wish.from {
            ReplayFrom::Node(node) => vec![&record.trigger_node, node],
            _ => vec![&record.trigger_node],
        };
        if let Some(missing) = begins_at.into_iter().find(|node| !is_outside(node)) {
            return Err(ReplayError::NoSuchNode(missing.clone()));
        }
        let mut copied = match &wish.from {
            ReplayFrom::Start => Vec::new(),
            from => {
                let steps = storage.run_steps(record.key).await?;
                let keeps_turns = definition_key == record.definition_key;
                copied_steps(&definition, steps, from, keeps_turns).ok_or(ReplayError::NothingFailed)?
            }
        };
        self.check_given(&definition, &record, &wish.params, &copied)?;
        // A box that is given other items walks all of them.
        copied.retain(|step| !wish.params.contains_key(&step.node));
        for step in copied.iter_mut().filter(|step| step.iteration.is_empty() && step.status.is_final()) {
            if let Some(output) = wish.steps.get(&step.node) {
                step.output = Some(output.clone());
            }
        }
        let again_at = wish.event.is_none().then(|| self.shared().clock.now());
        let event = self.event_for(&record, wish.event).await?;
        let workflow_key = storage.workflow_key(record.workflow).await?;
        let order_key = order_key(&definition.settings, &event).map_err(ReplayError::Event)?;
        let trigger = record.trigger_node.clone();
        let run = wish.as_run.unwrap_or_else(RunId::generate);
        let start = StartRun::new(run, trigger, definition_key, version, RunMode::Replay);
        let start = StartRun { order_key, replay_of: Some(record.key), copied, given: wish.params, again_at, ..start };
        let new = new_event(event, workflow_key, start).map_err(ReplayError::Event)?;
        Ok(self.shared().queue.accept(new).await?)
    }

    /// Steps that are done again may be given those parameters that their types have.
    fn check_given(
        &self,
        definition: &Definition,
        record: &RunRecord,
        given: &GivenParams,
        copied: &[StepRecord],
    ) -> Result<(), ReplayError> {
        let is_taken_over = |id: &NodeId| {
            copied.iter().any(|step| step.node == *id && step.status.is_final() && step.iteration.is_empty())
        };
        for (id, params) in given {
            let node = definition.node(id).filter(|node| node.parent.is_none() && *id != record.trigger_node);
            let Some(node) = node.filter(|_| !is_taken_over(id)) else {
                return Err(ReplayError::NotDoneAgain(id.clone()));
            };
            let known = self.shared().catalogue.get(&node.node_type).map(|known| known.node_type());
            let is_known = |name: &&String| {
                known.is_some_and(|known| known.parameters.iter().any(|parameter| parameter.name == **name))
            };
            if let Some(unknown) = params.keys().find(|name| !is_known(name)) {
                return Err(ReplayError::NoSuchParameter(id.clone(), unknown.clone()));
            }
        }
        Ok(())
    }

    async fn version_of(&self, record: &RunRecord, wanted: ReplayVersion) -> Result<(i64, Option<i32>), ReplayError> {
        if wanted == ReplayVersion::Original {
            return Ok((record.definition_key, record.version));
        }
        let storage = &self.shared().storage;
        let workflow = storage.workflow(record.workflow).await?;
        let number = workflow.published_version.ok_or(ReplayError::NotPublished)?;
        Ok((storage.version(workflow.key, number).await?.definition_key, Some(number)))
    }

    /// The stored event as it is, or a new one with another body.
    async fn event_for(&self, record: &RunRecord, body: Option<Value>) -> Result<Event, StorageError> {
        let original = self.shared().storage.event_content(record.event).await?;
        Ok(match body {
            None => original,
            Some(body) => Event { id: EventId::generate(), received_at: self.shared().clock.now(), body, ..original },
        })
    }
}

/// The steps that a replay takes over; none when it is to begin at the failed step and none failed. Turns of boxes are kept
/// only if the box is the same.
fn copied_steps(
    definition: &Definition,
    steps: Vec<StepRecord>,
    from: &ReplayFrom,
    keeps_turns: bool,
) -> Option<Vec<StepRecord>> {
    let is_outside = |id: &NodeId| definition.node(id).is_some_and(|node| node.parent.is_none());
    let (outer, inner): (Vec<_>, Vec<_>) = steps.into_iter().partition(|step| step.iteration.is_empty());
    let is_undone =
        |step: &StepRecord| !step.status.is_final() || step.status == StepStatus::Failed && step.port.is_none();
    let again: Vec<NodeId> = match from {
        ReplayFrom::Node(node) => vec![node.clone()],
        _ => outer.iter().filter(|step| is_undone(step)).map(|step| step.node.clone()).collect(),
    };
    if again.is_empty() {
        return None;
    }
    let graph = Graph::of(definition);
    let after: BTreeSet<&NodeId> = again.iter().flat_map(|node| graph.reachable_from(node)).collect();
    let is_kept = |step: &StepRecord| is_outside(&step.node) && !is_undone(step) && !after.contains(&step.node);
    let boxes = |step: &&StepRecord| {
        let is_same = keeps_turns && *from == ReplayFrom::FailedStep && is_outside(&step.node);
        is_same && is_undone(step) && step.state.clone().and_then(Suspended::from_value).is_some_and(is_box)
    };
    let mut copied: Vec<StepRecord> = Vec::new();
    for open in outer.iter().filter(boxes) {
        let is_done = |turn: &&StepRecord| {
            let is_own = turn.node == open.node && !turn.iteration.contains('/');
            is_own && matches!(turn.status, StepStatus::Succeeded | StepStatus::Skipped)
        };
        copied.extend(inner.iter().filter(is_done).cloned());
        let again = StepRecord { status: StepStatus::Running, error: None, finished_at: None, ..open.clone() };
        copied.push(again);
    }
    copied.extend(outer.into_iter().filter(is_kept));
    Some(copied)
}

#[expect(clippy::needless_pass_by_value, reason = "it is read for this question only")]
fn is_box(held: Suspended) -> bool {
    matches!(held, Suspended::Each { .. })
}
