//! Reading runs back, step by step.

use std::collections::BTreeMap;

use model::{AttemptStatus, EventId, NodeError, NodeId, RunId, RunStatus, StepStatus, Timestamp, WorkflowId};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;
use uuid::Uuid;

use crate::claims::outer_step_records;
use crate::entities::{attempt, event, run, step};
use crate::error::StorageError;
use crate::events::workflow_ids;
use crate::moments::Timeline;
use crate::payload;
use crate::queue::{GivenParams, RunMode};
use crate::search::{self, Bounds, Found};
use crate::storage::Storage;

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Only those of this workflow, by its key.
    pub workflow_key: Option<i64>,
    /// Only those with one of these statuses; empty means any.
    pub statuses: Vec<RunStatus>,
    /// Only those accepted at or after this moment.
    pub since: Option<Timestamp>,
    /// Only those accepted before this moment.
    pub until: Option<Timestamp>,
    /// Only those with this run, event or delivery id, or with this value in a field that their workflow names. When there is
    /// none: those with this text in the event's body or in the run's error, however it is capitalised. Bodies that lie in a
    /// table of their own because of their size are not looked through.
    pub text: Option<String>,
    /// Only those older than the one with this key.
    pub before_key: Option<i64>,
    /// How many at the most.
    pub limit: u64,
}

/// A run without its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct RunRecord {
    /// Its key, for paging and for its steps.
    pub key: i64,
    /// Its id.
    pub id: RunId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Its definition, by its key.
    pub definition_key: i64,
    /// The version that it runs; none for a draft.
    pub version: Option<i32>,
    /// The event that started it.
    pub event: EventId,
    /// Where it stands.
    pub status: RunStatus,
    /// Why it runs.
    pub mode: RunMode,
    /// The trigger that started it.
    pub trigger_node: NodeId,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When it was first worked on.
    pub started_at: Option<Timestamp>,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Why it did not end well: `{node, error}`.
    pub error: Option<Value>,
    /// The run that called it, by its key.
    pub parent_key: Option<i64>,
    /// The run that it repeats, by its key.
    pub replay_of: Option<i64>,
    /// What a person gave its steps to work with.
    pub given: GivenParams,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct StepRecord {
    /// The node.
    pub node: NodeId,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// Where it stands.
    pub status: StepStatus,
    /// The port that it went on along.
    pub port: Option<String>,
    /// Its output.
    pub output: Option<Value>,
    /// Why it failed.
    pub error: Option<NodeError>,
    /// How many attempts there were.
    pub attempts: u32,
    /// When the first attempt began.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// When the next attempt is due.
    pub retry_at: Option<Timestamp>,
    /// What it wants back when it goes on: the state of a wait, the items of a loop. A step that is written without one has
    /// none any more.
    pub state: Option<Value>,
}

/// An attempt of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct AttemptRecord {
    /// The node.
    pub node: NodeId,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// Its number; the first is 1.
    pub number: u32,
    /// How it went.
    pub status: AttemptStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<NodeError>,
    /// What went out and came back.
    pub exchanges: Vec<Value>,
}

impl Storage {
    /// Lists runs, the latest first.
    pub async fn runs(&self, filter: &RunFilter) -> Result<Vec<RunRecord>, StorageError> {
        Ok(self.find_runs(filter).await?.items)
    }

    /// Lists runs, the latest first, and says how to go on. A search for a text looks through the newest runs only and says
    /// so; it goes on where it stopped.
    pub async fn find_runs(&self, filter: &RunFilter) -> Result<Found<RunRecord>, StorageError> {
        let statuses = filter.statuses.iter().map(|status| status.as_str());
        let condition = Condition::all()
            .add_option(filter.workflow_key.map(|key| run::Column::WorkflowId.eq(key)))
            .add_option((!filter.statuses.is_empty()).then(|| run::Column::Status.is_in(statuses)));
        let mut bounds = Bounds { filter: condition, before_key: filter.before_key, limit: filter.limit };
        let timeline = (Timeline::Runs, run::Column::CreatedAt);
        bounds.between::<run::Entity>(self.read(), timeline, filter.since, filter.until).await?;
        let found = match filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => search::latest::<run::Entity>(self.read(), &bounds).await?,
            Some(text) => {
                // By keys: a choice between two columns would be a walk through the whole table.
                let keys = self.runs_named(text).await?;
                let exact = Condition::all().add(run::Column::Id.is_in(keys));
                search::mentioning::<run::Entity>(self.read(), &bounds, text, exact).await?
            }
        };
        let Found { items, next_key, is_partial } = found;
        Ok(Found { items: records(self.read(), items).await?, next_key, is_partial })
    }

    /// The keys of the runs that have this text as their id, or whose event has it as an id or in a field.
    async fn runs_named(&self, text: &str) -> Result<Vec<i64>, StorageError> {
        let keys_of = |condition: Condition| {
            run::Entity::find().select_only().column(run::Column::Id).filter(condition).into_tuple::<i64>()
        };
        let events = search::events_named(self.read(), text).await?;
        let mut keys = Vec::new();
        if !events.is_empty() {
            keys = keys_of(Condition::all().add(run::Column::EventId.is_in(events))).all(self.read()).await?;
        }
        if let Ok(id) = text.parse::<Uuid>() {
            keys.extend(keys_of(Condition::all().add(run::Column::PublicId.eq(id))).all(self.read()).await?);
        }
        Ok(keys)
    }

    /// One run.
    pub async fn run(&self, id: RunId) -> Result<RunRecord, StorageError> {
        let row = run::Entity::find().filter(run::Column::PublicId.eq(id.0)).one(self.read()).await?;
        let row = row.ok_or(StorageError::NotFound { what: "run" })?;
        records(self.read(), vec![row]).await?.pop().ok_or(StorageError::NotFound { what: "run" })
    }

    /// The steps of a run in the order in which they began.
    pub async fn run_steps(&self, run_key: i64) -> Result<Vec<StepRecord>, StorageError> {
        steps(self.read(), run_key).await
    }

    /// The steps of a run outside of its loops, in the order in which they began.
    pub async fn outer_steps(&self, run_key: i64) -> Result<Vec<StepRecord>, StorageError> {
        outer_step_records(self.read(), run_key).await
    }

    /// The attempts of a run that were kept by themselves: those that failed or had an effect outside.
    pub async fn run_attempts(&self, run_key: i64) -> Result<Vec<AttemptRecord>, StorageError> {
        let rows = attempt::Entity::find()
            .filter(attempt::Column::RunId.eq(run_key))
            .order_by_asc(attempt::Column::NodeId)
            .order_by_asc(attempt::Column::Iteration)
            .order_by_asc(attempt::Column::Number)
            .all(self.read())
            .await?;
        attempt_records(self.read(), rows).await
    }
}

/// Runs from their rows.
pub(crate) async fn records(
    connection: &impl ConnectionTrait,
    rows: Vec<run::Model>,
) -> Result<Vec<RunRecord>, StorageError> {
    let workflows = workflow_ids(connection, rows.iter().map(|row| row.workflow_id)).await?;
    let events = event::Entity::find()
        .filter(event::Column::Id.is_in(rows.iter().map(|row| row.event_id)))
        .select_only()
        .columns([event::Column::Id, event::Column::PublicId])
        .into_tuple::<(i64, Uuid)>()
        .all(connection)
        .await?;
    let events: BTreeMap<i64, Uuid> = events.into_iter().collect();
    let record = |row: run::Model| -> Result<RunRecord, StorageError> {
        let workflow = workflows.get(&row.workflow_id).copied().ok_or(StorageError::NotFound { what: "workflow" })?;
        let event = events.get(&row.event_id).copied().ok_or(StorageError::NotFound { what: "event" })?;
        Ok(RunRecord {
            key: row.id,
            id: RunId(row.public_id),
            workflow: WorkflowId(workflow),
            definition_key: row.definition_id,
            version: row.version,
            event: EventId(event),
            status: row.status.parse().map_err(|_| StorageError::Corrupt(format!("run status {}", row.status)))?,
            mode: RunMode::from_stored(&row.mode),
            trigger_node: NodeId(row.trigger_node),
            created_at: Timestamp(row.created_at),
            started_at: row.started_at.map(Timestamp),
            finished_at: row.finished_at.map(Timestamp),
            error: row.error.as_deref().map(serde_json::from_str).transpose()?,
            parent_key: row.parent_run_id,
            replay_of: row.replay_of,
            given: given_params(row.given_params.as_deref())?,
        })
    };
    // What was forgotten between the two questions is not there any more.
    let there = |row: &run::Model| events.contains_key(&row.event_id);
    rows.into_iter().filter(there).map(record).collect()
}

/// What stands in the column of the same name.
pub(crate) fn given_params(stored: Option<&str>) -> Result<GivenParams, StorageError> {
    Ok(stored.map(serde_json::from_str).transpose()?.unwrap_or_default())
}

async fn steps(connection: &impl ConnectionTrait, run_key: i64) -> Result<Vec<StepRecord>, StorageError> {
    let rows = step::Entity::find()
        .filter(step::Column::RunId.eq(run_key))
        .order_by_asc(step::Column::StartedAt)
        .order_by_asc(step::Column::NodeId)
        .order_by_asc(step::Column::Iteration)
        .all(connection)
        .await?;
    step_records(connection, rows).await
}

/// Steps from their rows, with what of them lies aside.
pub(crate) async fn step_records(
    connection: &impl ConnectionTrait,
    rows: Vec<step::Model>,
) -> Result<Vec<StepRecord>, StorageError> {
    let aside = rows.iter().flat_map(|row| [row.output_payload_id, row.state_payload_id]).flatten().collect();
    let mut payloads = payload::load_many(connection, aside).await?;
    rows.into_iter().map(|row| StepRecord::from_row(row, &mut payloads)).collect()
}

impl StepRecord {
    pub(crate) fn from_row(row: step::Model, payloads: &mut BTreeMap<i64, Vec<u8>>) -> Result<Self, StorageError> {
        let mut read = |inline: Option<String>, aside: Option<i64>| -> Result<Option<Value>, StorageError> {
            match (inline, aside) {
                (Some(text), _) => Ok(Some(serde_json::from_str(&text)?)),
                (None, Some(id)) => Ok(payloads.remove(&id).map(|bytes| serde_json::from_slice(&bytes)).transpose()?),
                (None, None) => Ok(None),
            }
        };
        let output = read(row.output, row.output_payload_id)?;
        let state = read(row.state, row.state_payload_id)?;
        Ok(Self {
            node: NodeId(row.node_id),
            iteration: row.iteration,
            status: row.status.parse().map_err(|_| StorageError::Corrupt(format!("step status {}", row.status)))?,
            port: row.port,
            output,
            error: row.error.as_deref().map(serde_json::from_str).transpose()?,
            attempts: u32::try_from(row.attempts).unwrap_or(0),
            started_at: Timestamp(row.started_at),
            finished_at: row.finished_at.map(Timestamp),
            retry_at: row.retry_at.map(Timestamp),
            state,
        })
    }
}

/// Attempts from their rows, with what lies beside these.
pub(crate) async fn attempt_records(
    connection: &impl ConnectionTrait,
    rows: Vec<attempt::Model>,
) -> Result<Vec<AttemptRecord>, StorageError> {
    let aside = rows.iter().filter_map(|row| row.exchanges_payload_id).collect();
    let mut payloads = payload::load_many(connection, aside).await?;
    rows.into_iter().map(|row| AttemptRecord::from_row(row, &mut payloads)).collect()
}

impl AttemptRecord {
    fn from_row(row: attempt::Model, payloads: &mut BTreeMap<i64, Vec<u8>>) -> Result<Self, StorageError> {
        let exchanges = match (row.exchanges, row.exchanges_payload_id.and_then(|id| payloads.remove(&id))) {
            (Some(text), _) => serde_json::from_str(&text)?,
            (None, Some(bytes)) => serde_json::from_slice(&bytes)?,
            (None, None) => Vec::new(),
        };
        Ok(Self {
            node: NodeId(row.node_id),
            iteration: row.iteration,
            number: u32::try_from(row.number).unwrap_or(0),
            status: row.status.parse().map_err(|_| StorageError::Corrupt(format!("attempt status {}", row.status)))?,
            started_at: Timestamp(row.started_at),
            finished_at: row.finished_at.map(Timestamp),
            error: row.error.as_deref().map(serde_json::from_str).transpose()?,
            exchanges,
        })
    }
}
