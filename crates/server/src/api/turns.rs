//! The turns of a loop in a run: counted, in pages, and the steps of one.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json, Path, Query};
use model::{Definition, NodeError, NodeId, RunId, StepStatus, Timestamp};
use serde::{Deserialize, Serialize};
use storage::{AttemptRecord, LoopPlace, RunRecord, StepRecord, Storage, TurnRecord, TurnsWanted};
use utoipa::{IntoParams, ToSchema};

use super::paging;
use super::runs::Step;
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};
use crate::redaction::{mask_errors_of, mask_steps};

/// Which turns to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TurnQuery {
    /// The loop's node.
    pub node: String,
    /// Of a loop inside of a loop, the turn of the outer one: `7`.
    pub outer: Option<String>,
    /// Only those with this status: `running`, `waiting`, `succeeded`, `failed`, `skipped`.
    pub status: Option<String>,
    /// How many to pass over, 0 when left out.
    pub from: Option<u64>,
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
}

/// How the turns of a loop stand.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct TurnCounts {
    /// All that have begun.
    pub count: u64,
    /// Under way or waiting.
    pub running: u64,
    /// Ended well.
    pub succeeded: u64,
    /// Failed.
    pub failed: u64,
    /// Ended early by a filter.
    pub skipped: u64,
}

/// One turn of a loop.
#[derive(Debug, Serialize, ToSchema)]
pub struct Turn {
    /// Its number; the first is 0.
    pub number: u64,
    /// With the turns of the loops around it before: `7/0`.
    pub iteration: String,
    /// Where it stands.
    #[schema(value_type = String)]
    pub status: StepStatus,
    /// When it began.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    #[schema(value_type = Option<Object>)]
    pub error: Option<NodeError>,
}

/// Some turns of a loop.
#[derive(Debug, Serialize, ToSchema)]
pub struct TurnPage {
    /// How all turns stand.
    pub counts: TurnCounts,
    /// The turns in the order of the list.
    pub items: Vec<Turn>,
}

/// Lists the turns of a loop in a run.
#[utoipa::path(get, path = "/api/v1/runs/{id}/turns", tag = "runs", params(("id" = Uuid, Path), TurnQuery),
    responses((status = 200, body = TurnPage), (status = 404, body = ProblemDocument)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<RunId>,
    query: Query<TurnQuery>,
) -> Result<Json<TurnPage>, Problem> {
    let run = storage.run(*id).await?;
    let node = NodeId(query.node.clone());
    let place = LoopPlace { run_key: run.key, node: &node, outer: query.outer.as_deref().unwrap_or_default() };
    let status = query.status.as_deref().filter(|status| !status.is_empty());
    let wanted = TurnsWanted {
        status: status.map(str::parse).transpose().map_err(|error| paging::invalid(format!("`status`: {error}.")))?,
        from: query.from.unwrap_or_default(),
        limit: paging::limit(query.limit)?,
    };
    let mut items: Vec<Turn> = storage.turns(place, wanted).await?.into_iter().map(Turn::from).collect();
    mask_errors_of(&storage, &run, items.iter_mut().filter_map(|turn| turn.error.as_mut())).await?;
    Ok(Json(TurnPage { counts: counts(&storage, place).await?, items }))
}

/// Says of every loop among these steps how its turns stand. `outer` is the turn that the steps belong to.
pub(super) async fn add_counts(
    storage: &Storage,
    run: &RunRecord,
    definition: &Definition,
    outer: &str,
    steps: &mut [Step],
) -> Result<(), Problem> {
    for step in steps.iter_mut().filter(|step| step.started_at.is_some()) {
        let node = NodeId(step.node.clone());
        if definition.nodes.iter().any(|other| other.parent.as_ref() == Some(&node)) {
            step.turns = Some(counts(storage, LoopPlace { run_key: run.key, node: &node, outer }).await?);
        }
    }
    Ok(())
}

/// The steps of one turn, given as `<loop>:<turn>`. What is personal is masked.
pub(super) async fn steps_of(
    storage: &Storage,
    run: &RunRecord,
    definition: &Definition,
    turn: &str,
) -> Result<Vec<Step>, Problem> {
    let place =
        turn.rsplit_once(':').ok_or_else(|| paging::invalid("`turn`: it is written `<loop>:<turn>`.".to_owned()));
    let (around, iteration) = place?;
    let around = NodeId(around.to_owned());
    let inside = |node: &NodeId| {
        definition.nodes.iter().any(|known| known.id == *node && known.parent.as_ref() == Some(&around))
    };
    let records = storage.steps_of_turn(run.key, iteration).await?;
    let records = records.into_iter().filter(|record| inside(&record.node)).collect();
    let mut steps = with_attempts(records, storage.attempts_of_turn(run.key, iteration).await?);
    add_counts(storage, run, definition, iteration, &mut steps).await?;
    mask_steps(storage, run, &mut steps).await?;
    Ok(steps)
}

/// Steps of one turn, or outside of all loops, with the attempts that were kept by themselves.
pub(super) fn with_attempts(records: Vec<StepRecord>, kept: Vec<AttemptRecord>) -> Vec<Step> {
    let mut attempts: BTreeMap<NodeId, Vec<AttemptRecord>> = BTreeMap::new();
    for attempt in kept {
        attempts.entry(attempt.node.clone()).or_default().push(attempt);
    }
    let step = |record: StepRecord| {
        let kept = attempts.remove(&record.node).unwrap_or_default();
        Step::of(record, kept)
    };
    records.into_iter().map(step).collect()
}

async fn counts(storage: &Storage, place: LoopPlace<'_>) -> Result<TurnCounts, Problem> {
    let storage::TurnCounts { running, succeeded, failed, skipped } = storage.turn_counts(place).await?;
    Ok(TurnCounts { count: running + succeeded + failed + skipped, running, succeeded, failed, skipped })
}

impl From<TurnRecord> for Turn {
    fn from(record: TurnRecord) -> Self {
        Self {
            number: record.number,
            iteration: record.iteration,
            status: record.status,
            started_at: record.started_at,
            finished_at: record.finished_at,
            error: record.error,
        }
    }
}
