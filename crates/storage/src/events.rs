//! Reading events back.

use std::collections::BTreeMap;

use model::{Event, EventId, EventStatus, RunId, Timestamp, WorkflowId};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::entities::{event, run, workflow};
use crate::error::StorageError;
use crate::moments::Timeline;
use crate::payload;
use crate::search::{self, Bounds, Found};
use crate::storage::Storage;

/// Which events to list.
#[derive(Debug, Clone, Default)]
pub struct EventFilter {
    /// Only those of this workflow, by its key.
    pub workflow_key: Option<i64>,
    /// Only those that came in at this endpoint, by its key.
    pub endpoint_key: Option<i64>,
    /// Only those with this status.
    pub status: Option<EventStatus>,
    /// Only those received at or after this moment.
    pub since: Option<Timestamp>,
    /// Only those received before this moment.
    pub until: Option<Timestamp>,
    /// Only those with this event, run or delivery id, or with this text in the body, however it is capitalised. Bodies that
    /// lie in a table of their own because of their size are not looked through.
    pub text: Option<String>,
    /// Only those older than the one with this key.
    pub before_key: Option<i64>,
    /// How many at the most.
    pub limit: u64,
}

/// An event without its body.
#[derive(Debug, Clone, PartialEq)]
pub struct EventRecord {
    /// Its key, for paging.
    pub key: i64,
    /// Its id.
    pub id: EventId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// The key of the endpoint that it came in at; none when a person started the run.
    pub endpoint_key: Option<i64>,
    /// What became of it.
    pub status: EventStatus,
    /// Why it was refused: code and words.
    pub reason: Option<(String, String)>,
    /// When it arrived.
    pub received_at: Timestamp,
    /// Its method.
    pub method: String,
    /// The sender's address.
    pub remote_address: Option<String>,
    /// Its headers.
    pub headers: Map<String, Value>,
    /// Its query parameters.
    pub query: Map<String, Value>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// The size of its body as sent, in bytes.
    pub body_bytes: i64,
    /// The sender's id for it.
    pub delivery_id: Option<String>,
    /// The first event with the same delivery id, when this is a later one.
    pub duplicate_of: Option<EventId>,
    /// The latest run that it started.
    pub run: Option<RunId>,
}

impl Storage {
    /// Lists events, the latest first.
    pub async fn events(&self, filter: &EventFilter) -> Result<Vec<EventRecord>, StorageError> {
        Ok(self.find_events(filter).await?.items)
    }

    /// Lists events, the latest first, and says how to go on. A search for a text looks through the newest events only and
    /// says so; it goes on where it stopped.
    pub async fn find_events(&self, filter: &EventFilter) -> Result<Found<EventRecord>, StorageError> {
        let condition = Condition::all()
            .add_option(filter.workflow_key.map(|key| event::Column::WorkflowId.eq(key)))
            .add_option(filter.endpoint_key.map(|key| event::Column::EndpointId.eq(key)))
            .add_option(filter.status.map(|status| event::Column::Status.eq(status.as_str())));
        let mut bounds = Bounds { filter: condition, before_key: filter.before_key, limit: filter.limit };
        let timeline = (Timeline::Events, event::Column::ReceivedAt);
        bounds.between::<event::Entity>(self.read(), timeline, filter.since, filter.until).await?;
        let found = match filter.text.as_deref().map(str::trim).filter(|text| !text.is_empty()) {
            None => search::latest::<event::Entity>(self.read(), &bounds).await?,
            Some(text) => {
                let mut keys = search::events_named(self.read(), text).await?;
                keys.extend(self.event_of_run(text).await?);
                let exact = Condition::any().add(event::Column::Id.is_in(keys));
                search::mentioning::<event::Entity>(self.read(), &bounds, text, exact).await?
            }
        };
        let Found { items, next_key, is_partial } = found;
        Ok(Found { items: records(self.read(), items).await?, next_key, is_partial })
    }

    /// The key of the event that started the run with this id, if the text is one.
    async fn event_of_run(&self, text: &str) -> Result<Option<i64>, StorageError> {
        let Ok(id) = text.parse::<Uuid>() else { return Ok(None) };
        let started =
            run::Entity::find().select_only().column(run::Column::EventId).filter(run::Column::PublicId.eq(id));
        Ok(started.into_tuple::<i64>().one(self.read()).await?)
    }

    /// One event.
    pub async fn event(&self, id: EventId) -> Result<EventRecord, StorageError> {
        let row = find(self.read(), id).await?;
        let mut found = records(self.read(), vec![row]).await?;
        found.pop().ok_or(StorageError::NotFound { what: "event" })
    }

    /// An event as a run sees it.
    pub async fn event_content(&self, id: EventId) -> Result<Event, StorageError> {
        let row = find(self.read(), id).await?;
        content(self.read(), row).await
    }

    /// The body of an event as it was sent, with its `Content-Type`.
    pub async fn event_raw_body(&self, id: EventId) -> Result<(Option<String>, Vec<u8>), StorageError> {
        let row = find(self.read(), id).await?;
        let content_type = row.content_type.clone();
        Ok((content_type, raw_body(self.read(), &row).await?))
    }
}

/// An event as a run sees it, from its row.
pub(crate) async fn content(connection: &impl ConnectionTrait, row: event::Model) -> Result<Event, StorageError> {
    let parsed = match (&row.parsed, row.parsed_payload_id) {
        (Some(text), _) => Some(text.clone().into_bytes()),
        (None, Some(id)) => Some(payload::load(connection, id).await?),
        (None, None) => None,
    };
    let body = match parsed {
        Some(json) => serde_json::from_slice(&json)?,
        None => match raw_body(connection, &row).await? {
            empty if empty.is_empty() => Value::Null,
            json => serde_json::from_slice(&json)?,
        },
    };
    Ok(Event {
        id: EventId(row.public_id),
        received_at: Timestamp(row.received_at),
        method: row.method,
        headers: serde_json::from_str(&row.headers)?,
        query: serde_json::from_str(&row.query)?,
        body,
    })
}

/// Public ids of workflows by their keys.
pub(crate) async fn workflow_ids(
    connection: &impl ConnectionTrait,
    keys: impl Iterator<Item = i64>,
) -> Result<BTreeMap<i64, Uuid>, StorageError> {
    let keys: std::collections::BTreeSet<i64> = keys.collect();
    let found = workflow::Entity::find()
        .filter(workflow::Column::Id.is_in(keys))
        .select_only()
        .columns([workflow::Column::Id, workflow::Column::PublicId])
        .into_tuple::<(i64, Uuid)>()
        .all(connection)
        .await?;
    Ok(found.into_iter().collect())
}

async fn find(connection: &impl ConnectionTrait, id: EventId) -> Result<event::Model, StorageError> {
    let row = event::Entity::find().filter(event::Column::PublicId.eq(id.0)).one(connection).await?;
    row.ok_or(StorageError::NotFound { what: "event" })
}

async fn raw_body(connection: &impl ConnectionTrait, row: &event::Model) -> Result<Vec<u8>, StorageError> {
    match (&row.body, row.body_payload_id) {
        (Some(bytes), _) => Ok(bytes.clone()),
        (None, Some(id)) => payload::load(connection, id).await,
        (None, None) => Ok(Vec::new()),
    }
}

async fn records(connection: &impl ConnectionTrait, rows: Vec<event::Model>) -> Result<Vec<EventRecord>, StorageError> {
    let workflows = workflow_ids(connection, rows.iter().map(|row| row.workflow_id)).await?;
    let firsts = event::Entity::find()
        .filter(event::Column::Id.is_in(rows.iter().filter_map(|row| row.duplicate_of)))
        .select_only()
        .columns([event::Column::Id, event::Column::PublicId])
        .into_tuple::<(i64, Uuid)>()
        .all(connection)
        .await?;
    let firsts: BTreeMap<i64, Uuid> = firsts.into_iter().collect();
    let runs = run::Entity::find()
        .filter(run::Column::EventId.is_in(rows.iter().map(|row| row.id)))
        .order_by_asc(run::Column::Id)
        .select_only()
        .columns([run::Column::EventId, run::Column::PublicId])
        .into_tuple::<(i64, Uuid)>()
        .all(connection)
        .await?;
    let runs: BTreeMap<i64, Uuid> = runs.into_iter().collect();
    let record = |row: event::Model| -> Result<EventRecord, StorageError> {
        let workflow = workflows.get(&row.workflow_id).copied();
        Ok(EventRecord {
            key: row.id,
            id: EventId(row.public_id),
            workflow: WorkflowId(workflow.ok_or(StorageError::NotFound { what: "workflow" })?),
            endpoint_key: row.endpoint_id,
            status: row.status.parse().map_err(|_| StorageError::Corrupt(format!("event status {}", row.status)))?,
            reason: row.reason_code.zip(row.reason),
            received_at: Timestamp(row.received_at),
            method: row.method,
            remote_address: row.remote_address,
            headers: serde_json::from_str(&row.headers)?,
            query: serde_json::from_str(&row.query)?,
            content_type: row.content_type,
            body_bytes: row.body_bytes,
            delivery_id: row.dedup_key,
            duplicate_of: row.duplicate_of.and_then(|key| firsts.get(&key)).copied().map(EventId),
            run: runs.get(&row.id).copied().map(RunId),
        })
    };
    rows.into_iter().map(record).collect()
}
