//! How much room the history takes, what is kept for how long, and having more removed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Query};
use model::{Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{Storage, StorageUse, Sweep, SweepPreview, WorkflowUse};
use utoipa::{IntoParams, ToSchema};

use crate::auth::{Caller, Owner};
use crate::config::Config;
use crate::housekeeping::{Housekeeping, State};
use crate::problem::{Problem, ProblemDocument};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How much room everything takes.
#[derive(Debug, Serialize, ToSchema)]
pub struct StorageReport {
    /// The size of the database file.
    pub file_bytes: u64,
    /// How much of it is free and filled before the file grows.
    pub free_bytes: u64,
    /// The size of the log beside it.
    pub log_bytes: u64,
    /// The workflows, the largest first.
    pub workflows: Vec<WorkflowRoom>,
    /// What holds for workflows that do not say otherwise.
    pub retention: RetentionRule,
    /// When old runs were last looked for.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_round_at: Option<Timestamp>,
    /// Whether something is being removed because a person wanted it.
    pub is_sweeping: bool,
    /// How many runs and events the last such wish has removed so far.
    pub swept: u64,
}

/// For how long things are kept; 0: without bound.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "config.default.toml documents them")]
pub struct RetentionRule {
    pub keep_days: u32,
    pub keep_runs: u64,
    pub keep_total_runs: u64,
    pub keep_audit_days: u32,
}

/// The room of one workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct WorkflowRoom {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub workflow: WorkflowId,
    /// What it is called.
    pub name: String,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// How many events it has.
    pub events: i64,
    /// How many runs it has.
    pub runs: i64,
    /// How many of them wait for a person's decision.
    pub open_dead_letters: i64,
    /// How many bytes they take: estimated from some of them, evenly spread. Null when there was no time to measure.
    pub estimated_bytes: Option<u64>,
    /// When its oldest run was accepted.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub oldest_run_at: Option<Timestamp>,
    /// For how many days its runs are kept; 0: without bound.
    pub keep_days: i64,
    /// How many of its runs are kept; 0: without bound.
    pub keep_runs: i64,
}

/// What to remove.
#[derive(Debug, Deserialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SweepWish {
    /// Only of this workflow.
    #[schema(value_type = Option<Uuid>)]
    #[param(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// Only what was over so many days ago; 0: everything that is over.
    pub older_than_days: u32,
}

/// What would be removed.
#[derive(Debug, Serialize, ToSchema)]
pub struct SweepReport {
    /// Runs that go.
    pub runs: i64,
    /// Events without a run that go.
    pub events: i64,
    /// Dead letters that stay, because they wait for a person.
    pub open_dead_letters: i64,
}

/// Tells how much room everything takes, and what is kept for how long.
#[utoipa::path(get, path = "/api/v1/storage", tag = "history", responses((status = 200, body = StorageReport)))]
pub async fn read(
    _caller: Caller,
    storage: Data<Storage>,
    config: Data<Config>,
    housekeeping: Data<Housekeeping>,
) -> Result<Json<StorageReport>, Problem> {
    Ok(Json(StorageReport::of(storage.storage_use().await?, &config, housekeeping.state())))
}

/// Tells what a removal would remove.
#[utoipa::path(get, path = "/api/v1/storage/sweep", tag = "history", params(SweepWish),
    responses((status = 200, body = SweepReport), (status = 404, body = ProblemDocument)))]
pub async fn preview(
    _owner: Owner,
    storage: Data<Storage>,
    wish: Query<SweepWish>,
) -> Result<Json<SweepReport>, Problem> {
    Ok(Json(storage.preview_sweep(sweep_of(&storage, &wish).await?).await?.into()))
}

/// Removes finished runs and their events for good. It is done in the background; `GET /api/v1/storage` tells how far it is.
#[utoipa::path(post, path = "/api/v1/storage/sweep", tag = "history", request_body = SweepWish,
    responses((status = 202, body = SweepReport), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn sweep(
    owner: Owner,
    storage: Data<Storage>,
    housekeeping: Data<Housekeeping>,
    wish: Json<SweepWish>,
) -> Result<(Json<SweepReport>, StatusCode), Problem> {
    let Owner(caller) = owner;
    let report = begin_sweep(&caller.name(), &storage, &housekeeping, &wish).await?;
    Ok((Json(report.into()), StatusCode::ACCEPTED))
}

/// Has something removed and writes down who wanted it.
pub(crate) async fn begin_sweep(
    who: &str,
    storage: &Storage,
    housekeeping: &Housekeeping,
    wish: &SweepWish,
) -> Result<SweepPreview, Problem> {
    let sweep = sweep_of(storage, wish).await?;
    let preview = storage.preview_sweep(sweep).await?;
    if !housekeeping.sweep(sweep) {
        return Err(Problem::not_now("problem.removal_under_way"));
    }
    let of = wish.workflow.map_or_else(String::new, |workflow| workflow.to_string());
    let details = json!({ "before": sweep.before, "runs": preview.runs, "events": preview.events });
    storage.audit(who, "history.removed", "workflow", &of, details).await?;
    Ok(preview)
}

/// What a wish means now.
pub(crate) async fn sweep_of(storage: &Storage, wish: &SweepWish) -> Result<Sweep, Problem> {
    let workflow_key = match wish.workflow {
        Some(workflow) => Some(storage.workflow_key(workflow).await?),
        None => None,
    };
    Ok(Sweep { workflow_key, before: storage.now().minus_ms(u64::from(wish.older_than_days) * DAY_MS) })
}

impl StorageReport {
    fn of(found: StorageUse, config: &Config, state: State) -> Self {
        let history = &config.history;
        let room = |one: WorkflowUse| WorkflowRoom {
            workflow: one.id,
            is_deleted: one.is_deleted,
            events: one.events,
            runs: one.runs,
            open_dead_letters: one.open_dead_letters,
            estimated_bytes: one.bytes.map(whole),
            oldest_run_at: one.oldest_run_at,
            keep_days: one.keep_days.unwrap_or(i64::from(history.keep_days)),
            keep_runs: one.keep_runs.unwrap_or(i64::try_from(history.keep_runs).unwrap_or(i64::MAX)),
            name: one.name,
        };
        Self {
            file_bytes: found.file_bytes,
            free_bytes: found.free_bytes,
            log_bytes: found.log_bytes,
            workflows: found.workflows.into_iter().map(room).collect(),
            retention: RetentionRule {
                keep_days: history.keep_days,
                keep_runs: history.keep_runs,
                keep_total_runs: history.keep_total_runs,
                keep_audit_days: history.keep_audit_days,
            },
            last_round_at: state.last_round_at,
            is_sweeping: state.sweep.is_some(),
            swept: state.swept,
        }
    }
}

/// An estimate as a whole number of bytes.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate, never negative")]
pub(crate) fn whole(bytes: f64) -> u64 {
    bytes as u64
}

impl From<SweepPreview> for SweepReport {
    fn from(preview: SweepPreview) -> Self {
        Self { runs: preview.runs, events: preview.events, open_dead_letters: preview.open_dead_letters }
    }
}
