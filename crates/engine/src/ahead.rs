//! Runs that end without acting or waiting are computed while their event is being accepted, and written together with it.
//!
//! Most events of most workflows end at a filter. Such a run costs one write instead of three this way, and its sender's
//! answer still leaves only after everything is on disk. Whatever is not plain sailing (an action, a wait, a script, a
//! failure, a large body) is left to the queue, as if nothing had been tried.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use model::{Event, Node as NodeDefinition, NodeId, RunId, RunStatus, StepStatus, Timestamp, WorkflowId};
use nodes::node::Incoming;
use nodes::{Input, Outcome, Surroundings};
use serde_json::Value;
use storage::queue::{Accepted, Disposition, Ending, NewEvent, Over, StartRun};
use storage::{StepRecord, StorageError};

use crate::computing_time::stop_after_computing;
use crate::engine::{Engine, Shared};
use crate::live::{Answer, Live, News};
use crate::output_size::fits;
use crate::plan::{Begin, Plan, StepState, plan, ways};
use crate::prepared::Prepared;
use crate::run::context::of_run;

/// Events with a larger body are left to the queue: whoever receives events has no time for long work, in bytes.
const LARGEST_BODY_BYTES: usize = 64 * 1024;

/// A run that needs more steps is left to the queue.
const MOST_STEPS: usize = 32;

/// The node type that says what the sender gets to hear.
const RESPOND: &str = "respond";

/// A run that was over before it was stored.
#[derive(Default)]
struct Ahead {
    steps: Vec<StepRecord>,
    /// What a "respond" node said.
    responded: Option<Value>,
}

impl Engine {
    /// Stores an event and, if it is to start one, its run. It is on disk when this returns; the run may be over by then.
    pub async fn accept(&self, mut new: NewEvent) -> Result<Accepted, StorageError> {
        let shared = self.shared();
        let Disposition::Start(start) = &mut new.disposition else { return shared.queue.accept(new).await };
        if new.raw_body.len() > LARGEST_BODY_BYTES || !stands_by_itself(start) {
            return shared.queue.accept(new).await;
        }
        let prepared =
            shared.definitions.get(&shared.storage, &shared.catalogue, start.definition_key, new.workflow_key).await?;
        let (run, started_at) = (start.run, shared.clock.now());
        // A node that panics does so again where it ends only its own run, and visibly.
        let ahead = catch_unwind(AssertUnwindSafe(|| compute(shared, &prepared, &new.event, start, started_at)));
        let Ok(Some(mut ahead)) = ahead else { return shared.queue.accept(new).await };
        let ending = Ending::new(RunStatus::Succeeded, shared.clock.now());
        start.over = Some(Over { started_at, ending });
        let is_heard = shared.live.is_followed() || shared.live.is_watched(run);
        start.copied = if is_heard { ahead.steps.clone() } else { std::mem::take(&mut ahead.steps) };
        let accepted = shared.queue.accept(new).await?;
        if is_heard && accepted.run == Some(run) {
            ahead.tell(&shared.live, prepared.workflow, run);
        }
        Ok(accepted)
    }
}

/// Whether nothing but its own event decides when the run begins and who hears of its end.
fn stands_by_itself(start: &StartRun) -> bool {
    start.parent.is_none()
        && start.order_key.is_none()
        && start.reschedule.is_none()
        && start.again_at.is_none()
        && start.copied.is_empty()
        && start.given.is_empty()
}

fn compute(
    shared: &Shared,
    prepared: &Prepared,
    event: &Event,
    start: &StartRun,
    started_at: Timestamp,
) -> Option<Ahead> {
    if prepared.definition.settings.callback.is_some() {
        return None;
    }
    let shape = prepared.shape(None);
    let begin = Begin::Trigger(shape.place_of(&start.trigger_node)?);
    let mut states: Vec<Option<StepState>> = vec![None; shape.len()];
    let mut ahead = Ahead::default();
    let mut context = None;
    loop {
        let ready = match plan(shape, begin, |place| states[place].as_ref(), started_at) {
            Plan::Start(ready) => ready,
            Plan::Over => return Some(ahead),
            Plan::Await | Plan::Fail(_) => return None,
        };
        let is_light = |node: &NodeId| !prepared.acts(node) && !prepared.is_heavy(node);
        if ahead.steps.len() + ready.len() > MOST_STEPS || !ready.iter().all(|place| is_light(shape.node(*place))) {
            return None;
        }
        let context =
            context.get_or_insert_with(|| of_run(shared, prepared, (event.to_context(), start.run), started_at));
        for place in ready {
            let node = prepared.node(shape.node(place))?;
            let incoming = ways(shape, begin, place, |place| states[place].as_ref());
            let step = step(shared, prepared, (node, &incoming), context, start)?;
            states[place] = Some(StepState { status: step.status, port: step.port.clone(), retry_at: None });
            ahead.add(node, step, context);
        }
    }
}

impl Ahead {
    /// Tells whoever follows or waits, after everything is stored.
    fn tell(mut self, live: &Live, workflow: WorkflowId, run: RunId) {
        let output = self.steps.last_mut().and_then(|step| step.output.take()).unwrap_or_default();
        for step in self.steps {
            live.tell(|| News::Step { workflow, run, node: step.node, status: step.status });
        }
        let status = RunStatus::Succeeded;
        live.tell(|| News::Run { workflow, run, status });
        if let Some(said) = self.responded {
            live.answer(run, || Answer::Responded(said));
        }
        live.answer(run, || Answer::Finished { status, output, error: None });
    }

    /// Lets the later steps see what came of one.
    fn add(&mut self, node: &NodeDefinition, step: StepRecord, context: &mut Arc<Value>) {
        let output = step.output.clone().unwrap_or_default();
        if node.node_type == RESPOND {
            self.responded = Some(output.clone());
        }
        if let Some(Value::Object(steps)) = Arc::make_mut(context).get_mut("steps") {
            steps.insert(node.id.0.clone(), output);
        }
        self.steps.push(step);
    }
}

/// A step that is over at once; none when it is not.
fn step(
    shared: &Shared,
    prepared: &Prepared,
    (node, incoming): (&NodeDefinition, &[Incoming]),
    context: &Value,
    start: &StartRun,
) -> Option<StepRecord> {
    let started_at = shared.clock.now();
    let behaviour = shared.catalogue.get(&node.node_type)?;
    let surroundings = Surroundings {
        now: started_at,
        timezone: prepared.definition.settings.timezone.clone(),
        seed: seed(start.run, &node.id),
        interrupt: stop_after_computing(shared.settings.script_limit_ms),
    };
    let params = shared.catalogue.resolve_params(node, context, &surroundings).ok()?;
    let input =
        Input { node, params: &params, context, incoming, credential: &Value::Null, surroundings: &surroundings };
    let (status, port, output) = match behaviour.start(&input).ok()? {
        Outcome::Done { port, output } => (StepStatus::Succeeded, Some(port), output),
        Outcome::Skip { output } => (StepStatus::Skipped, None, output),
        _ => return None,
    };
    fits(&output, &mut shared.settings.max_output_bytes.clone()).then(|| StepRecord {
        node: node.id.clone(),
        iteration: String::new(),
        status,
        port,
        output: Some(output),
        error: None,
        attempts: 1,
        started_at,
        finished_at: Some(shared.clock.now()),
        retry_at: None,
        state: None,
    })
}

/// As in a step of the queue: an equal attempt draws equal numbers.
fn seed(run: RunId, node: &NodeId) -> u64 {
    let mut hasher = DefaultHasher::new();
    (run, node, 1_u32).hash(&mut hasher);
    hasher.finish()
}
