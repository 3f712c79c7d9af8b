//! Steps that wait, that call other workflows and that walk lists.

use std::sync::Arc;

use model::{ErrorCode, Event, EventId, NodeError, RunId, RunStatus, StepStatus, WorkflowId};
use nodes::effect::{CalledReply, Reply};
use nodes::{EachRules, Outcome, WaitFor};
use serde_json::{Map, Value, json};
use storage::queue::{ParentLink, RunMode, StartRun};

use super::open_box::OpenBox;
use super::scope::{ROOT, Spot};
use super::suspended::Suspended;
use super::work::Work;
use crate::callee::{Callee, DEPTH_HEADER, MOST_CALLS};
use crate::ordering::order_key;
use crate::plan::StepState;
use crate::starts::new_event;
use crate::step::{Suspends, resume};

/// How many boxes may lie in each other.
const MOST_BOXES: usize = 3;

impl<'a> Work<'a> {
    /// Takes in that a step goes on later.
    pub(super) async fn suspend(&mut self, spot: Spot, mut suspends: Suspends<'a>) {
        let outcome = std::mem::replace(&mut suspends.outcome, Outcome::done(Value::Null));
        let result = match outcome {
            Outcome::Wait { until, state } => self.wait(spot, until, state),
            Outcome::Call { workflow, input, wait, state } => self.call(spot, workflow, input, wait, state).await,
            Outcome::Each { items, rules, state } => self.walk(spot, items, rules, state),
            Outcome::Done { .. } | Outcome::Skip { .. } | Outcome::Do { .. } => Ok(()),
        };
        if let Err(error) = result {
            let attempt = suspends.failed(self.shared, error);
            self.apply(spot, attempt);
        }
    }

    fn wait(&mut self, spot: Spot, until: WaitFor, state: Value) -> Result<(), NodeError> {
        if until.at.is_none() && until.signal.is_none() {
            let message = "The node wants to wait, but neither until a moment nor for an answer.";
            return Err(NodeError::permanent(ErrorCode::Internal, message));
        }
        let known = self.signal_for(spot).filter(|_| until.signal.is_some());
        let is_repeated = self.step_mut(spot).is_some_and(|step| {
            matches!(step.held, Some(Suspended::Wait { until: WaitFor { signal: Some(_), .. }, .. }))
        });
        if is_repeated && until.signal.is_some() {
            let message = "The node wants to wait for an answer a second time. One step takes one answer.";
            return Err(NodeError::permanent(ErrorCode::Internal, message));
        }
        // An answer may be there before the question: the address of a step is known from the beginning of its run.
        let due = if known.is_some() { Some(self.shared.clock.now()) } else { until.at };
        self.hold(spot, Suspended::Wait { until, state }, due, known.map(Reply::Signal));
        Ok(())
    }

    /// Lets a step wait. Without `due` only a signal makes it go on.
    fn hold(&mut self, spot: Spot, held: Suspended, due: Option<model::Timestamp>, reply: Option<Reply>) {
        let node = self.node_id(spot);
        let Some(scope) = self.scopes.get_mut(&spot.scope) else { return };
        let iteration = scope.iteration.clone();
        let Some(step) = scope.steps.get_mut(spot.place).and_then(Option::as_mut) else { return };
        step.state = StepState { status: StepStatus::Waiting, port: None, retry_at: due };
        step.held = Some(held);
        step.reply = reply;
        step.exposed = None;
        let record = step.record(node, &iteration);
        if let Some(due) = due {
            self.timers.insert((due, spot.scope));
        }
        self.note_step(spot.scope, record);
        self.tell_step(spot, StepStatus::Waiting);
    }

    /// What has come for a step, and was there when the run was taken up.
    pub(super) fn signal_for(&self, spot: Spot) -> Option<Value> {
        let scope = self.scopes.get(&spot.scope)?;
        let node = scope.shape.node(spot.place);
        let is_for = |signal: &&storage::queue::Signal| &signal.node == node && *signal.iteration == *scope.iteration;
        self.claim.signals.iter().find(is_for).map(|signal| signal.value.clone())
    }

    async fn call(
        &mut self,
        spot: Spot,
        workflow: WorkflowId,
        input: Value,
        wait: bool,
        state: Value,
    ) -> Result<(), NodeError> {
        let depth = self.scopes[&ROOT].context["trigger"]["headers"].get(DEPTH_HEADER).and_then(Value::as_str);
        let depth = depth.and_then(|depth| depth.parse::<u32>().ok()).unwrap_or(0) + 1;
        if depth > MOST_CALLS {
            let message = format!(
                "Workflows call each other more than {MOST_CALLS} deep. Look for one that calls itself without an end."
            );
            return Err(NodeError::permanent(ErrorCode::TooLarge, message));
        }
        let callee = Callee::find(self.shared, workflow).await?;
        let (run, event) = self.start_called(spot, &callee, depth, input, wait)?;
        self.journal.add_start(event);
        self.journal.must_record();
        if wait {
            self.hold(spot, Suspended::Call { run, workflow, state }, None, None);
            return Ok(());
        }
        let called = CalledReply { run, status: RunStatus::Queued, output: Value::Null, error: Value::Null };
        let now = self.shared.clock.now();
        if let Some(this) = self.attempt_of(spot, now) {
            let (shared, prepared) = (self.shared, self.prepared);
            self.fly(spot, async move { resume(shared, prepared, this, state, Reply::Called(called)).await });
        }
        Ok(())
    }

    /// The event that starts a called run. The run's id follows from the step, so that a step that is done again after a crash
    /// finds its run.
    fn start_called(
        &self,
        spot: Spot,
        callee: &Callee,
        depth: u32,
        input: Value,
        wait: bool,
    ) -> Result<(RunId, storage::queue::NewEvent), NodeError> {
        let node = self.node_id(spot);
        let iteration = self.scopes[&spot.scope].iteration.as_ref().to_owned();
        let run = RunId::derived(&[&self.claim.run.to_string(), node.as_str(), &iteration, "call"]);
        let event = Event {
            id: EventId::generate(),
            received_at: self.shared.clock.now(),
            method: "POST".to_owned(),
            headers: Map::from_iter([(DEPTH_HEADER.to_owned(), json!(depth.to_string()))]),
            query: Map::new(),
            body: input,
        };
        let start = StartRun {
            parent: wait.then(|| ParentLink { run_key: self.claim.lease.run_key, node: node.clone(), iteration }),
            order_key: order_key(&callee.prepared.definition.settings, &event)?,
            ..StartRun::new(run, callee.trigger.clone(), callee.definition_key, Some(callee.version), RunMode::Call)
        };
        Ok((run, new_event(event, callee.workflow_key, start)?))
    }

    fn walk(&mut self, spot: Spot, items: Vec<Value>, rules: EachRules, state: Value) -> Result<(), NodeError> {
        let outer = &self.scopes[&spot.scope].iteration;
        let depth = if outer.is_empty() { 1 } else { outer.split('/').count() + 1 };
        if depth > MOST_BOXES {
            let message = format!("Boxes lie more than {MOST_BOXES} deep in each other.");
            return Err(NodeError::permanent(ErrorCode::Internal, message));
        }
        let (node, iteration) = (self.node_id(spot), Arc::clone(outer));
        let open = OpenBox::new(items, rules, state, self.shared.settings.max_output_bytes);
        let Some(step) = self.step_mut(spot) else { return Ok(()) };
        step.open_box = Some(Box::new(open));
        let record = step.record(node, &iteration);
        self.note_step(spot.scope, record);
        if self.prepared.acts_inside(node) {
            // What the items were must not change once something was done for one of them.
            self.journal.must_record();
        }
        Ok(())
    }
}
