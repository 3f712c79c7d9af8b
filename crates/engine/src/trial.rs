//! One step tried by itself, while a person draws: the same machinery as in a run, but nothing of it is stored as a run.
//!
//! What the step does outside really happens: the request is sent, the mail goes out, the contact is written.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt as _;
use model::graph::Graph;
use model::{Definition, ErrorCode, NodeError, NodeId, RetryPolicy, RunId, StepStatus, WorkflowId};
use nodes::Incoming;
use serde_json::{Map, Value, json};
use tokio::runtime::Handle;

use crate::engine::{Engine, Shared};
use crate::prepared::Prepared;
use crate::step::{Stage, Try, begin, carry_on, panicked, resolved_params};
use crate::transition::{Attempt, FailureRules, conclude};

/// A step to try.
#[derive(Debug, Clone)]
pub struct Trial {
    /// The workflow.
    pub workflow: WorkflowId,
    /// The workflow's name, for expressions.
    pub workflow_name: String,
    /// The definition that the node stands in.
    pub definition: Definition,
    /// The node.
    pub node: NodeId,
    /// What expressions see: `trigger`, `steps`, `vars`, … What is absent is empty; `run` and `workflow` are made here.
    pub context: Map<String, Value>,
    /// How long it may take at the most, in milliseconds; less when the node says so.
    pub limit_ms: u64,
}

/// What came of a tried step.
#[derive(Debug, Clone, PartialEq)]
pub struct TrialResult {
    /// `succeeded`, `failed` or `skipped`.
    pub status: StepStatus,
    /// The port that a run would go on along.
    pub port: Option<String>,
    /// The output.
    pub output: Option<Value>,
    /// The parameters as the node got them; none when they could not be computed. Never a secret.
    pub params: Option<Map<String, Value>>,
    /// Why it failed.
    pub error: Option<NodeError>,
    /// What was sent and what came back, without secrets.
    pub exchanges: Vec<Value>,
    /// How long it took.
    pub duration_ms: u64,
}

impl TrialResult {
    /// A step that failed before anything happened.
    pub fn refused(error: NodeError) -> Self {
        Self {
            status: StepStatus::Failed,
            port: None,
            output: None,
            params: None,
            error: Some(error),
            exchanges: Vec::new(),
            duration_ms: 0,
        }
    }
}

impl Engine {
    /// Makes one real attempt of one step. Once begun it goes on to its end, even when nobody waits for it any more: an effect
    /// must not be cut off in the middle because a browser went away.
    pub async fn try_step(&self, trial: Trial) -> TrialResult {
        let shared = self.shared().clone();
        // Where runs are worked on, a script may keep a thread busy; a thread that answers requests must not be kept.
        let home = shared.home.get().cloned().unwrap_or_else(Handle::current);
        let task = home.spawn(async move {
            let work = AssertUnwindSafe(make(&shared, trial)).catch_unwind();
            work.await.unwrap_or_else(|_| TrialResult::refused(panicked()))
        });
        task.await.unwrap_or_else(|_| TrialResult::refused(panicked()))
    }
}

/// The edges that lead to a node that is tried by itself; those count as taken whose node has an output.
fn ways_by_samples(definition: &Definition, node: &NodeId, steps: &Value) -> Vec<Incoming> {
    let way = |edge: &&model::Edge| Incoming {
        from: edge.from.clone(),
        port: edge.port.clone(),
        taken: steps.get(edge.from.as_str()).is_some_and(|output| !output.is_null()),
    };
    Graph::of(definition).incoming(node).iter().map(way).collect()
}

async fn make(shared: &Shared, trial: Trial) -> TrialResult {
    if trial.definition.node(&trial.node).is_none() {
        let message = format!("There is no node `{}` in the workflow.", trial.node);
        return TrialResult::refused(NodeError::permanent(ErrorCode::Parameter, message));
    }
    let run = RunId::generate();
    let now = shared.clock.now();
    let mut context = trial.context;
    for name in ["trigger", "steps", "vars"] {
        context.entry(name).or_insert_with(|| json!({}));
    }
    context.insert("run".to_owned(), json!({ "id": run, "started_at": now }));
    context.insert("workflow".to_owned(), json!({ "id": trial.workflow, "name": trial.workflow_name }));
    let prepared = Prepared::new(trial.definition, trial.workflow, trial.workflow_name, &shared.catalogue);
    let Some(node) = prepared.node(&trial.node) else { return TrialResult::refused(panicked()) };
    let limit_ms = node.timeout_ms.unwrap_or(shared.settings.default_timeout_ms).min(trial.limit_ms).max(1);
    let incoming = ways_by_samples(&prepared.definition, &node.id, &context["steps"]);
    let this = Try {
        node,
        iteration: Arc::from(""),
        number: 1,
        step_started_at: now,
        run,
        run_key: None,
        workflow_key: None,
        context: Arc::new(Value::Object(context)),
        given: None,
        incoming,
        limit_ms,
    };
    let params = resolved_params(shared, &prepared, &this, now).ok();
    let began = Instant::now();
    let mut stage = begin(shared, &prepared, this).await;
    let attempt = loop {
        stage = match stage {
            Stage::Over(attempt) => break attempt,
            Stage::Acts(acting) => carry_on(shared, &prepared, *acting).await,
            Stage::Suspends(suspends) => break suspends.failed(shared, not_by_itself()),
        };
    };
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    concluded(attempt, &prepared, params, duration_ms)
}

fn not_by_itself() -> NodeError {
    let message = "This node waits, calls another workflow or walks a list, which only a whole run can do. Start a run to try it.";
    NodeError::permanent(ErrorCode::Parameter, message)
}

fn concluded(
    attempt: Attempt,
    prepared: &Prepared,
    params: Option<Map<String, Value>>,
    duration_ms: u64,
) -> TrialResult {
    let retry = RetryPolicy::never();
    let rules = FailureRules {
        retry: &retry,
        has_error_edge: Graph::of(&prepared.definition).has_edge_from(&attempt.node, model::definition::ERROR),
        on_error: prepared.definition.node(&attempt.node).map(|node| node.on_error).unwrap_or_default(),
    };
    let exchanges = attempt.exchanges.clone();
    let (step, _) = conclude(attempt, &rules, 0.0);
    TrialResult {
        status: step.status,
        port: step.port,
        output: step.output,
        params,
        error: step.error,
        exchanges,
        duration_ms,
    }
}
