//! Runs, step by step.

use actix_web::web::{Data, Json, Path, Query};
use engine::plan::{StepState, skipped};
use engine::{Engine, Suspended};
use model::graph::Graph;
use model::{
    AttemptStatus, Definition, EventId, NodeError, NodeId, RunId, RunStatus, StepStatus, Timestamp, WorkflowId,
};
use nodes::node::SignalKind;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use storage::queue::RunMode;
use storage::{AttemptRecord, RunFilter, RunRecord, StepRecord, Storage};
use utoipa::{IntoParams, ToSchema};

use super::turns::{self, TurnCounts};
use super::{Page, paging};
use crate::audit;
use crate::auth::{Caller, Owner};
use crate::problem::{Problem, ProblemDocument};
use crate::redaction::{Sight, mask_errors, mask_run, mask_steps, note_reveal, personal_of};

/// Which runs to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunQuery {
    /// Only those of this workflow.
    #[param(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// One status or several with commas: `queued`, `running`, `waiting`, `succeeded`, `failed`, `dead`, `cancelled`.
    pub status: Option<String>,
    /// Only those accepted at or after this time (RFC 3339).
    pub since: Option<String>,
    /// Only those accepted before this time (RFC 3339).
    pub until: Option<String>,
    /// Only those with this run, event or delivery id, or with this value in a field that their workflow names for it. When
    /// there is none: those with this text in the event's body or in the run's error. That looks through the newest runs and
    /// says by `partial` when it stopped before the end; `next` goes on.
    pub text: Option<String>,
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// A run in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: RunId,
    /// Its workflow.
    #[schema(value_type = Uuid)]
    pub workflow: WorkflowId,
    /// The version that it runs; null for a draft.
    pub version: Option<i32>,
    /// The event that started it.
    #[schema(value_type = Uuid)]
    pub event: EventId,
    /// Where it stands.
    #[schema(value_type = String)]
    pub status: RunStatus,
    /// `live`, `manual`, `replay`, `call`, `error` or `callback`.
    #[schema(value_type = String)]
    pub mode: RunMode,
    /// When it was accepted.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was first worked on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Why it did not end well: `{node, error}`.
    #[schema(value_type = Option<Object>)]
    pub error: Option<Value>,
}

/// A run with its steps.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDetail {
    /// What the list shows, too.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// The trigger that started it.
    pub trigger: String,
    /// Its steps in the order in which they began; then those that were never reached.
    pub steps: Vec<Step>,
}

/// A step of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct Step {
    /// The node.
    pub node: String,
    /// Where it stands.
    #[schema(value_type = String)]
    pub status: StepStatus,
    /// The port that it went on along.
    pub port: Option<String>,
    /// Every attempt.
    pub attempts: Vec<Attempt>,
    /// Its output.
    #[schema(value_type = Object)]
    pub output: Option<Value>,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    pub error: Option<NodeError>,
    /// When its first attempt began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// When the next attempt is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<Timestamp>,
    /// Of a loop how its turns stand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<TurnCounts>,
    /// What it waits for; left out when it does not wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
}

/// Which part of a run to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RunPart {
    /// Also the steps of one turn of a loop, written `<loop>:<turn>`, of a loop inside of a loop `<loop>:<outer turn>/<turn>`.
    pub turn: Option<String>,
}

/// What a step waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct Waiting {
    /// The time to go on at, or the end of the wait for a signal.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
    /// `callback` or `approval`.
    #[schema(value_type = Option<String>)]
    pub signal: Option<SignalKind>,
    /// The run that was called.
    #[schema(value_type = Option<Uuid>)]
    pub called: Option<RunId>,
}

/// An attempt of a step.
#[derive(Debug, Serialize, ToSchema)]
pub struct Attempt {
    /// Its number; the first is 1.
    pub number: u32,
    /// How it went.
    #[schema(value_type = String)]
    pub status: AttemptStatus,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    pub error: Option<NodeError>,
    /// What was sent and what came back, without secrets.
    #[schema(value_type = Vec<Object>)]
    pub exchanges: Vec<Value>,
}

/// Lists runs, the latest first.
#[utoipa::path(get, path = "/api/v1/runs", tag = "runs", params(RunQuery),
    responses((status = 200, body = Page<RunSummary>), (status = 400, body = ProblemDocument)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    query: Query<RunQuery>,
) -> Result<Json<Page<RunSummary>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let filter = RunFilter {
        workflow_key: match query.workflow {
            Some(workflow) => Some(storage.workflow_key(workflow).await?),
            None => None,
        },
        statuses: statuses(query.status.as_deref().unwrap_or_default())?,
        since: paging::moment("since", query.since.as_deref())?,
        until: paging::moment("until", query.until.as_deref())?,
        text: query.text.clone(),
        before_key: paging::key(query.cursor.as_deref())?,
        limit,
    };
    let mut found = storage.find_runs(&filter).await?;
    mask_errors(&storage, &mut found.items).await?;
    Ok(Json(Page::found(found, |row| RunSummary::of(&row))))
}

/// Reads one run with its steps and attempts. Those of loops are read turn by turn.
#[utoipa::path(get, path = "/api/v1/runs/{id}", tag = "runs", params(("id" = Uuid, Path), RunPart),
    responses((status = 200, body = RunDetail), (status = 404, body = ProblemDocument)))]
pub async fn read(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<RunId>,
    part: Query<RunPart>,
) -> Result<Json<RunDetail>, Problem> {
    let run = storage.run(*id).await?;
    let mut detail = run_detail(&storage, &run).await?;
    if let Some(turn) = &part.turn {
        let definition = storage.definition(run.definition_key).await?;
        detail
            .steps
            .retain(|step| definition.node(&step.node.as_str().into()).is_none_or(|node| node.parent.is_none()));
        detail.steps.extend(turns::steps_of(&storage, &run, &definition, turn).await?);
    }
    Ok(Json(detail))
}

/// Reads one run with what is masked otherwise, because it is personal. Only the owner may, and it is written down.
#[utoipa::path(post, path = "/api/v1/runs/{id}/reveal", tag = "runs", params(("id" = Uuid, Path)),
    responses((status = 200, body = RunDetail), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub async fn reveal(owner: Owner, storage: Data<Storage>, id: Path<RunId>) -> Result<Json<RunDetail>, Problem> {
    let run = storage.run(*id).await?;
    note_reveal(&storage, &owner.0.name(), "run", &run.id.to_string()).await?;
    Ok(Json(run_detail_in(&storage, &run, Sight::Revealed).await?))
}

/// The definition that a run runs or ran.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunDefinition {
    /// The definition; it never changes.
    #[schema(value_type = Object)]
    pub definition: Definition,
    /// Its workflow.
    pub workflow: RunWorkflow,
    /// The version; null for a draft.
    pub version: Option<i32>,
}

/// The workflow of a run.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunWorkflow {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: WorkflowId,
    /// What it is called now.
    pub name: String,
}

/// Reads the definition that a run runs or ran, whatever became of the draft since.
#[utoipa::path(get, path = "/api/v1/runs/{id}/definition", tag = "runs", params(("id" = Uuid, Path)),
    responses((status = 200, body = RunDefinition), (status = 404, body = ProblemDocument)))]
pub async fn definition(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<RunId>,
) -> Result<Json<RunDefinition>, Problem> {
    let run = storage.run(*id).await?;
    let definition = storage.definition(run.definition_key).await?;
    let (id, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
    Ok(Json(RunDefinition { definition, workflow: RunWorkflow { id, name }, version: run.version }))
}

/// Ends a run that is not over yet. Steps under way are cut off.
#[utoipa::path(post, path = "/api/v1/runs/{id}/cancel", tag = "runs", params(("id" = Uuid, Path)),
    responses((status = 200, body = RunDetail), (status = 409, body = ProblemDocument)))]
pub async fn cancel(
    caller: Caller,
    storage: Data<Storage>,
    engine: Data<Engine>,
    id: Path<RunId>,
) -> Result<Json<RunDetail>, Problem> {
    let cancelled = engine.cancel(*id).await?;
    let run = storage.run(*id).await?;
    if !cancelled {
        return Err(Problem::wrong_state(format!("The run is over already: it is {}.", run.status))
            .for_people("problem.run_over", &[]));
    }
    audit::note(&storage, caller.name(), "run.cancelled", ("run", id.to_string()), json!({})).await;
    Ok(Json(run_detail(&storage, &run).await?))
}

/// What the API shows of a stored run: what is personal is masked.
pub(crate) async fn run_detail(storage: &Storage, run: &RunRecord) -> Result<RunDetail, Problem> {
    run_detail_in(storage, run, Sight::Masked).await
}

/// What the API shows of a stored run to somebody who sees this much.
pub(crate) async fn run_detail_in(storage: &Storage, run: &RunRecord, sight: Sight) -> Result<RunDetail, Problem> {
    let mut detail = whole_detail(storage, run).await?;
    if sight == Sight::Masked {
        let personal = personal_of(storage, run.workflow, Some(run.definition_key)).await?;
        if !personal.is_empty() {
            mask_run(&personal, &storage.event_content(run.event).await?, &mut detail);
        }
    }
    Ok(detail)
}

async fn whole_detail(storage: &Storage, run: &RunRecord) -> Result<RunDetail, Problem> {
    let definition = storage.definition(run.definition_key).await?;
    let records = storage.outer_steps(run.key).await?;
    let unreached = if run.status.is_final() { unreached(&definition, run, &records) } else { Vec::new() };
    let mut steps = turns::with_attempts(records, storage.attempts_of_turn(run.key, "").await?);
    turns::add_counts(storage, run, &definition, "", &mut steps).await?;
    steps.extend(unreached.into_iter().map(Step::never_reached));
    Ok(RunDetail { summary: RunSummary::of(run), trigger: run.trigger_node.0.clone(), steps })
}

/// The steps of one turn of a loop, without the one that stands for the turn itself.
pub(crate) async fn turn_steps(
    storage: &Storage,
    run: &RunRecord,
    node: &NodeId,
    iteration: &str,
) -> Result<Vec<Step>, Problem> {
    let mut records = storage.steps_of_turn(run.key, iteration).await?;
    records.retain(|record| record.node != *node);
    let mut steps = turns::with_attempts(records, storage.attempts_of_turn(run.key, iteration).await?);
    mask_steps(storage, run, &mut steps).await?;
    Ok(steps)
}

/// The nodes that the run never reached. They are not stored: definition and steps say it.
fn unreached(definition: &Definition, run: &RunRecord, records: &[StepRecord]) -> Vec<NodeId> {
    let state = |step: &StepRecord| StepState { status: step.status, port: step.port.clone(), retry_at: step.retry_at };
    let steps = records.iter().map(|step| (step.node.clone(), state(step))).collect();
    // What lies in a box belongs to its turns.
    let is_outside = |id: &&NodeId| definition.node(id).is_some_and(|node| node.parent.is_none());
    let skipped = skipped(&Graph::of(definition), &run.trigger_node, &steps);
    skipped.into_iter().filter(|id| is_outside(id)).cloned().collect()
}

fn statuses(text: &str) -> Result<Vec<RunStatus>, Problem> {
    let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
    names.map(|name| name.parse().map_err(|error| paging::invalid(format!("`status`: {error}.")))).collect()
}

impl Waiting {
    /// What a step waits for; none when it does not wait.
    pub(crate) fn of_step(step: &StepRecord) -> Option<Self> {
        if step.status.is_final() {
            return None;
        }
        match Suspended::from_value(step.state.clone()?)? {
            Suspended::Wait { until, .. } => Some(Self { until: until.at, signal: until.signal, called: None }),
            Suspended::Call { run, .. } => Some(Self { until: None, signal: None, called: Some(run) }),
            _ => None,
        }
    }
}

impl RunSummary {
    fn of(record: &RunRecord) -> Self {
        Self {
            id: record.id,
            workflow: record.workflow,
            version: record.version,
            event: record.event,
            status: record.status,
            mode: record.mode,
            created_at: record.created_at,
            started_at: record.started_at,
            finished_at: record.finished_at,
            error: record.error.clone(),
        }
    }
}

impl Step {
    pub(super) fn of(record: StepRecord, kept: Vec<AttemptRecord>) -> Self {
        let mut attempts: Vec<Attempt> = kept.into_iter().map(Attempt::from).collect();
        // An attempt that brought an output without touching anything outside is not stored by itself; the step says it all.
        let last_is_missing = attempts.last().is_none_or(|last| last.number < record.attempts);
        if last_is_missing && record.attempts > 0 {
            attempts.push(Attempt {
                number: record.attempts,
                status: match record.status {
                    StepStatus::Running => AttemptStatus::Started,
                    StepStatus::Failed | StepStatus::Waiting => AttemptStatus::Failed,
                    StepStatus::Succeeded | StepStatus::Skipped => AttemptStatus::Succeeded,
                },
                started_at: record.started_at,
                finished_at: record.finished_at,
                error: record.error.clone(),
                exchanges: Vec::new(),
            });
        }
        Self {
            waiting: Waiting::of_step(&record),
            node: record.node.0,
            status: record.status,
            port: record.port,
            attempts,
            output: record.output,
            error: record.error,
            started_at: Some(record.started_at),
            finished_at: record.finished_at,
            retry_at: record.retry_at,
            turns: None,
        }
    }

    fn never_reached(node: NodeId) -> Self {
        Self {
            node: node.0,
            status: StepStatus::Skipped,
            port: None,
            attempts: Vec::new(),
            output: None,
            error: None,
            started_at: None,
            finished_at: None,
            retry_at: None,
            turns: None,
            waiting: None,
        }
    }
}

impl From<AttemptRecord> for Attempt {
    fn from(record: AttemptRecord) -> Self {
        Self {
            number: record.number,
            status: record.status,
            started_at: record.started_at,
            finished_at: record.finished_at,
            error: record.error,
            exchanges: record.exchanges,
        }
    }
}
