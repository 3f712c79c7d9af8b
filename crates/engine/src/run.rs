//! One run from where it stands to its end, or to the moment at which it must wait.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use model::graph::Graph;
use model::{AttemptStatus, ErrorCode, NodeError, NodeId, RetryPolicy, RunStatus, StepStatus, Timestamp};
use serde_json::{Value, json};
use storage::queue::{Claim, Ending, Next, Progress};
use storage::{AttemptRecord, StepRecord, StorageError};

use crate::engine::Shared;
use crate::gate::Place;
use crate::live::{Answer, News};
use crate::plan::{Plan, StepState, plan};
use crate::prepared::Prepared;
use crate::step::{Try, attempt};
use crate::transition::{Attempt, FailureRules, conclude, failed_ending};

/// A step that takes longer is recorded as running, so that the history shows it, in milliseconds.
const SHOW_RUNNING_AFTER_MS: u64 = 250;

/// How long to wait before progress is recorded again after the database refused it, in milliseconds.
const RECORD_AGAIN_MS: u64 = 500;

/// Works on a claimed run until it ends, waits or is taken away.
pub(crate) async fn work_on(shared: &Shared, claim: Claim, place: Place) {
    let prepared =
        shared.definitions.get(&shared.storage, &shared.catalogue, claim.definition_key, claim.workflow_key).await;
    let prepared = match prepared {
        Ok(prepared) => prepared,
        Err(error) => {
            tracing::error!(%error, run = %claim.run, "the definition of a run could not be read");
            tokio::time::sleep(Duration::from_millis(RECORD_AGAIN_MS)).await;
            return shared.queue.release(claim.lease).await;
        }
    };
    shared.gate.set_limit(claim.workflow_key, prepared.definition.settings.max_parallel_runs);
    let graph = Graph::of(&prepared.definition);
    let mut work = Work::new(shared, &prepared, &graph, claim, place);
    let (run, workflow) = (work.claim.run, prepared.workflow);
    shared.live.tell(|| News::Run { workflow, run, status: RunStatus::Running });
    let Some(next) = work.until_stopped().await else { return };
    work.place = None;
    if work.record(next.clone()).await.is_err() {
        return;
    }
    let status = match &next {
        Next::End(ending) => ending.status,
        _ => RunStatus::Waiting,
    };
    shared.live.tell(|| News::Run { workflow, run, status });
    shared.live.answer(run, || match next {
        Next::End(ending) => {
            Answer::Finished { status: ending.status, output: work.last_output.clone(), error: ending.error }
        }
        _ => Answer::Waiting,
    });
}

/// A run at work.
struct Work<'a> {
    shared: &'a Shared,
    prepared: &'a Prepared,
    graph: &'a Graph<'a>,
    claim: Claim,
    place: Option<Place>,
    started_at: Timestamp,
    deadline: Timestamp,
    steps: BTreeMap<NodeId, StepState>,
    begun: BTreeMap<NodeId, (Timestamp, u32)>,
    errors: BTreeMap<NodeId, NodeError>,
    context: Arc<Value>,
    last_output: Value,
    new_steps: Vec<StepRecord>,
    new_attempts: Vec<AttemptRecord>,
    /// Something happened outside that the database does not know yet.
    must_record: bool,
}

type InFlight<'a> = FuturesUnordered<BoxFuture<'a, Attempt>>;

impl<'a> Work<'a> {
    fn new(shared: &'a Shared, prepared: &'a Prepared, graph: &'a Graph<'a>, claim: Claim, place: Place) -> Self {
        let started_at = claim.started_at.unwrap_or_else(|| shared.clock.now());
        let mut work = Self {
            shared,
            prepared,
            graph,
            place: Some(place),
            started_at,
            deadline: started_at.plus_ms(prepared.definition.settings.run_timeout_ms),
            steps: BTreeMap::new(),
            begun: BTreeMap::new(),
            errors: BTreeMap::new(),
            context: Arc::new(json!({
                "trigger": claim.event.to_context(),
                "steps": {},
                "vars": {},
                "run": { "id": claim.run, "started_at": started_at },
                "workflow": { "id": prepared.workflow, "name": prepared.workflow_name },
            })),
            last_output: Value::Null,
            new_steps: Vec::new(),
            new_attempts: Vec::new(),
            must_record: false,
            claim,
        };
        for step in std::mem::take(&mut work.claim.steps) {
            if let Some(error) = step.error {
                work.errors.insert(step.node.clone(), error);
            }
            work.remember(
                step.node,
                step.status,
                step.port,
                step.retry_at,
                (step.started_at, step.attempts),
                step.output,
            );
        }
        work
    }

    /// Goes on until the run ends or must wait; none when it was taken away.
    async fn until_stopped(&mut self) -> Option<Next> {
        let mut in_flight = InFlight::new();
        loop {
            let now = self.shared.clock.now();
            if now >= self.deadline {
                return Some(Next::End(self.too_late(now)));
            }
            let mut wake_at = None;
            match plan(self.graph, &self.claim.trigger_node, &self.steps, now) {
                Plan::Start(nodes) => self.start(nodes, &mut in_flight),
                Plan::Await(until) => wake_at = until,
                Plan::Park(until) => return Some(Next::Park { until: Some(until.min(self.deadline)) }),
                Plan::Fail(node) => {
                    self.give_up_open_steps(now, None);
                    return Some(Next::End(failed_ending(&node, self.errors.get(&node), now)));
                }
                Plan::Succeed => {
                    return Some(Next::End(Ending::new(RunStatus::Succeeded, now)));
                }
            }
            if self.must_record && self.record(Next::Continue).await.is_err() {
                return None;
            }
            let attempt = self.next_attempt(&mut in_flight, wake_at).await?;
            if let Some(attempt) = attempt {
                self.apply(attempt);
            }
        }
    }

    fn start(&mut self, nodes: Vec<NodeId>, in_flight: &mut InFlight<'a>) {
        let free = self.shared.settings.max_parallel_steps.max(1).saturating_sub(in_flight.len());
        for id in nodes.into_iter().take(free) {
            let Some(node) = self.prepared.definition.node(&id) else { continue };
            let now = self.shared.clock.now();
            let (step_started_at, attempts) = self.begun.get(&id).copied().unwrap_or((now, 0));
            let number = attempts + 1;
            self.begun.insert(id.clone(), (step_started_at, number));
            let state = StepState { status: StepStatus::Running, port: None, retry_at: None };
            self.steps.insert(id.clone(), state);
            self.tell_step(&id, StepStatus::Running);
            let limit_ms = node.timeout_ms.unwrap_or(self.shared.settings.default_timeout_ms);
            let this = Try {
                node: node.clone(),
                number,
                step_started_at,
                run: self.claim.run,
                is_trial: false,
                context: self.context.clone(),
                limit_ms: limit_ms.min(self.deadline.ms_since(now)).max(1),
            };
            in_flight.push(Box::pin(attempt(self.shared, self.prepared, this)));
        }
    }

    /// Waits for an attempt to end. The inner none: it is time to plan again; the outer none: the run was taken away.
    async fn next_attempt(
        &mut self,
        in_flight: &mut InFlight<'a>,
        wake_at: Option<Timestamp>,
    ) -> Option<Option<Attempt>> {
        let show = Duration::from_millis(SHOW_RUNNING_AFTER_MS);
        if let Ok(attempt) = tokio::time::timeout(show, in_flight.next()).await {
            return Some(attempt);
        }
        if self.show_running().await.is_err() {
            return None;
        }
        let wake_at = wake_at.unwrap_or(self.deadline).min(self.deadline);
        let left = Duration::from_millis(wake_at.ms_since(self.shared.clock.now()).max(1));
        Some(tokio::time::timeout(left, in_flight.next()).await.unwrap_or(None))
    }

    /// Records the steps that are under way, so that a person who looks sees where the run is.
    async fn show_running(&mut self) -> Result<(), StorageError> {
        let running = self.steps.iter().filter(|(_, step)| step.status == StepStatus::Running);
        for (node, _) in running {
            let (started_at, attempts) = self.begun.get(node).copied().unwrap_or((self.started_at, 1));
            self.new_steps.push(StepRecord {
                node: node.clone(),
                iteration: String::new(),
                status: StepStatus::Running,
                port: None,
                output: None,
                error: None,
                attempts,
                started_at,
                finished_at: None,
                retry_at: None,
                state: None,
            });
        }
        self.record(Next::Continue).await
    }

    fn apply(&mut self, attempt: Attempt) {
        let Some(node) = self.prepared.definition.node(&attempt.node) else { return };
        let (default, never);
        let retry = match &node.retry {
            Some(policy) => policy,
            None if self.prepared.acts(&node.id) => {
                default = self.shared.settings.default_retry.clone();
                &default
            }
            None => {
                never = RetryPolicy::never();
                &never
            }
        };
        let rules = FailureRules {
            retry,
            has_error_edge: self.graph.has_edge_from(&node.id, model::definition::ERROR),
            on_error: node.on_error,
        };
        let acted = !attempt.exchanges.is_empty();
        let (step, kept) = conclude(attempt, &rules, (self.shared.chance)());
        if node.node_type == "respond" && step.status == StepStatus::Succeeded {
            let output = step.output.clone().unwrap_or_default();
            self.shared.live.answer(self.claim.run, || Answer::Responded(output));
        }
        self.tell_step(&step.node, step.status);
        if let Some(error) = &step.error {
            self.errors.insert(step.node.clone(), error.clone());
        }
        let begun = (step.started_at, step.attempts);
        self.remember(step.node.clone(), step.status, step.port.clone(), step.retry_at, begun, step.output.clone());
        self.must_record |= acted;
        self.new_steps.push(step);
        self.new_attempts.extend(kept);
    }

    /// Takes a step's state into the plan and its output into the context.
    fn remember(
        &mut self,
        node: NodeId,
        status: StepStatus,
        port: Option<String>,
        retry_at: Option<Timestamp>,
        begun: (Timestamp, u32),
        output: Option<Value>,
    ) {
        self.begun.insert(node.clone(), begun);
        if status == StepStatus::Running {
            // It was cut off by the end of a process: it begins again, and the attempt that was cut off counts.
            return;
        }
        if let Some(output) = output.filter(|_| status.is_final()) {
            self.last_output.clone_from(&output);
            if let Some(Value::Object(steps)) = Arc::make_mut(&mut self.context).get_mut("steps") {
                steps.insert(node.0.clone(), output);
            }
        }
        self.steps.insert(node, StepState { status, port, retry_at });
    }

    /// Stores what is new. While the database refuses, it is tried again: the run's work must not be lost.
    async fn record(&mut self, next: Next) -> Result<(), StorageError> {
        let progress = Progress {
            started_at: self.started_at,
            steps: latest_of_each(std::mem::take(&mut self.new_steps)),
            attempts: std::mem::take(&mut self.new_attempts),
            starts: Vec::new(),
        };
        loop {
            match self.shared.queue.record(self.claim.lease, progress.clone(), next.clone()).await {
                Ok(()) => break,
                Err(StorageError::LeaseLost) => {
                    tracing::info!(run = %self.claim.run, "the run was cancelled or taken over meanwhile");
                    return Err(StorageError::LeaseLost);
                }
                Err(error) => {
                    tracing::error!(%error, run = %self.claim.run, "progress could not be stored; trying again");
                    tokio::time::sleep(Duration::from_millis(RECORD_AGAIN_MS)).await;
                }
            }
        }
        self.must_record = false;
        Ok(())
    }

    fn too_late(&mut self, now: Timestamp) -> Ending {
        let limit_ms = self.prepared.definition.settings.run_timeout_ms;
        let message = format!("The run took longer than its limit of {limit_ms} ms.");
        let error = NodeError::permanent(ErrorCode::Timeout, message);
        let open = self.give_up_open_steps(now, Some(&error));
        let error = Some(json!({ "node": open.first(), "error": error }));
        Ending { error, ..Ending::new(RunStatus::Dead, now) }
    }

    /// Ends every step that is under way or waits for another attempt, and returns their nodes: when a run is over, so are
    /// its steps. `because` replaces what each failed of last.
    fn give_up_open_steps(&mut self, now: Timestamp, because: Option<&NodeError>) -> Vec<NodeId> {
        let status = |node: &NodeId| self.steps.get(node).map(|step| step.status);
        let open: Vec<NodeId> =
            self.begun.keys().filter(|node| !status(node).is_some_and(StepStatus::is_final)).cloned().collect();
        for node in &open {
            let (started_at, attempts) = self.begun[node];
            let error = Some(because.or(self.errors.get(node)).cloned().unwrap_or_else(cut_off));
            // A step that waits has its attempts on record already; any other is cut off in the middle of one.
            if self.steps.get(node).is_none_or(|step| step.status == StepStatus::Running) {
                self.new_attempts.push(AttemptRecord {
                    node: node.clone(),
                    iteration: String::new(),
                    number: attempts,
                    status: AttemptStatus::Failed,
                    started_at,
                    finished_at: Some(now),
                    error: error.clone(),
                    exchanges: Vec::new(),
                });
            }
            self.new_steps.push(StepRecord {
                node: node.clone(),
                iteration: String::new(),
                status: StepStatus::Failed,
                port: None,
                output: None,
                error,
                attempts,
                started_at,
                finished_at: Some(now),
                retry_at: None,
                state: None,
            });
            self.tell_step(node, StepStatus::Failed);
        }
        open
    }

    fn tell_step(&self, node: &NodeId, status: StepStatus) {
        let (workflow, run) = (self.prepared.workflow, self.claim.run);
        self.shared.live.tell(|| News::Step { workflow, run, node: node.clone(), status });
    }
}

/// The error of a step that the end of a process cut off, and that was not begun again.
fn cut_off() -> NodeError {
    let message = "The step was cut off when the server ended, and the run had failed elsewhere meanwhile. Whether it took \
                   effect is not known.";
    NodeError::permanent(ErrorCode::Internal, message)
}

/// One statement cannot write the same row twice, so of each step only the latest state goes along.
fn latest_of_each(steps: Vec<StepRecord>) -> Vec<StepRecord> {
    let mut latest: Vec<StepRecord> = Vec::with_capacity(steps.len());
    for step in steps {
        match latest.iter_mut().find(|known| known.node == step.node) {
            Some(known) => *known = step,
            None => latest.push(step),
        }
    }
    latest
}
