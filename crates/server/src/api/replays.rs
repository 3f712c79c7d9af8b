//! Repeating many dead runs, one after the other, at a chosen speed.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path};
use engine::Engine;
use engine::replay_jobs::ReplayOptions;
use model::{RunId, Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use storage::{NewReplayJob, ReplayJob as Record, ReplayJobState, ReplaySelection, Storage};
use utoipa::ToSchema;
use uuid::Uuid;

use super::dead_letters::{Choice, nothing_chosen};
use super::replay::WhichVersion;
use crate::audit;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};

/// How many replays begin in a second when nobody says.
const USUAL_RATE: f64 = 5.0;

/// The fastest and the slowest speed, in replays per second.
const RATES: std::ops::RangeInclusive<f64> = 0.001..=1_000.0;

/// Which dead letters to replay, and how. One of `runs`, `group`, `workflow` and `all` must be given.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReplayMany {
    /// Those of these runs.
    #[schema(value_type = Vec<Uuid>)]
    pub runs: Vec<RunId>,
    /// All of this cause.
    pub group: Option<String>,
    /// All of this workflow.
    #[schema(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// All there are.
    pub all: bool,
    /// `failed_step` when left out, or `start`.
    pub from: Beginning,
    /// `original` when left out, or `current`.
    pub version: WhichVersion,
    /// How many begin in a second, 5 when left out; less than 1 is possible.
    pub rate: Option<f64>,
}

/// Where replays begin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Beginning {
    /// At the step that failed.
    #[default]
    FailedStep,
    /// At the trigger.
    Start,
}

/// Replays that begin one after the other. They go on after a restart of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplayJob {
    /// Its id.
    pub id: Uuid,
    /// `running`, `done` or `stopped`.
    #[schema(value_type = String)]
    pub state: ReplayJobState,
    /// When it was wished.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who wished it.
    pub created_by: String,
    /// How many dead letters it concerned when it began.
    pub total: u64,
    /// How many were replayed.
    pub done: u64,
    /// How many could not be replayed; they stay dead letters.
    pub failed: u64,
    /// Why the last of these could not; empty when none.
    pub note: String,
}

/// Begins to replay dead letters. Those in doubt are left out: each of them needs a person's word.
#[utoipa::path(post, path = "/api/v1/dead-letters/replay", tag = "dead letters", request_body = ReplayMany,
    responses((status = 202, body = ReplayJob), (status = 409, body = ProblemDocument), (status = 422, body = ProblemDocument)))]
pub async fn begin(
    caller: Caller,
    (storage, engine): (Data<Storage>, Data<Engine>),
    wish: Json<ReplayMany>,
) -> Result<(Json<ReplayJob>, StatusCode), Problem> {
    let job = begin_job(&storage, &engine, wish.into_inner(), caller.name()).await?;
    let job = job.ok_or_else(|| Problem::not_now("problem.none_replayable"))?;
    Ok((Json(job.into()), StatusCode::ACCEPTED))
}

/// Reads how far the replays came.
#[utoipa::path(get, path = "/api/v1/dead-letters/replays/{id}", tag = "dead letters", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReplayJob), (status = 404, body = ProblemDocument)))]
pub async fn read(_caller: Caller, storage: Data<Storage>, id: Path<Uuid>) -> Result<Json<ReplayJob>, Problem> {
    Ok(Json(storage.replay_job(*id).await?.into()))
}

/// Begins no further replays. Those that have begun go on.
#[utoipa::path(post, path = "/api/v1/dead-letters/replays/{id}/stop", tag = "dead letters", params(("id" = Uuid, Path)),
    responses((status = 200, body = ReplayJob), (status = 404, body = ProblemDocument)))]
pub async fn stop(caller: Caller, storage: Data<Storage>, id: Path<Uuid>) -> Result<Json<ReplayJob>, Problem> {
    stop_job(&storage, *id, caller.name()).await?;
    Ok(Json(storage.replay_job(*id).await?.into()))
}

/// Begins the replays and notes who wished them; none when there is nothing to replay.
pub(crate) async fn begin_job(
    storage: &Storage,
    engine: &Engine,
    wish: ReplayMany,
    by: String,
) -> Result<Option<Record>, Problem> {
    let choice = Choice { runs: wish.runs, group: wish.group, workflow: wish.workflow, all: wish.all };
    if choice.is_empty() {
        return Err(nothing_chosen());
    }
    let rate = wish.rate.unwrap_or(USUAL_RATE);
    if !RATES.contains(&rate) {
        let detail = format!("`rate` must lie between {} and {} a second.", RATES.start(), RATES.end());
        return Err(Problem::invalid_request(detail).at_parameter("rate"));
    }
    let selection = ReplaySelection {
        workflow_key: match choice.workflow {
            Some(workflow) => Some(storage.workflow_key(workflow).await?),
            None => None,
        },
        fingerprint: choice.group.clone(),
        runs: choice.runs,
    };
    let options =
        ReplayOptions { from_start: wish.from == Beginning::Start, current: wish.version == WhichVersion::Current };
    let new = NewReplayJob {
        created_by: by.clone(),
        selection,
        options: serde_json::to_value(options).map_err(Problem::unexpected)?,
        pause_ms: pause_ms(rate),
    };
    let Some(job) = storage.begin_replay_job(new).await? else { return Ok(None) };
    engine.replays_were_added();
    let details = json!({
        "count": job.total, "group": choice.group, "workflow": choice.workflow, "from": wish.from,
        "version": wish.version, "rate": rate,
    });
    audit::note(storage, by, "dead_letters.replay_begun", ("replay", job.id.to_string()), details).await;
    Ok(Some(job))
}

/// Stops replays and notes who wished it.
pub(crate) async fn stop_job(storage: &Storage, id: Uuid, by: String) -> Result<(), Problem> {
    let job = storage.replay_job(id).await?;
    if storage.end_replay_job(job.key, ReplayJobState::Stopped).await? {
        let details = json!({ "done": job.done });
        audit::note(storage, by, "dead_letters.replay_stopped", ("replay", id.to_string()), details).await;
    }
    Ok(())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a checked rate gives 1 to 1,000,000")]
fn pause_ms(rate: f64) -> u64 {
    (1_000.0 / rate).round() as u64
}

impl From<Record> for ReplayJob {
    fn from(record: Record) -> Self {
        Self {
            id: record.id,
            state: record.state,
            created_at: record.created_at,
            created_by: record.created_by,
            total: record.total,
            done: record.done,
            failed: record.failed,
            note: record.note,
        }
    }
}
