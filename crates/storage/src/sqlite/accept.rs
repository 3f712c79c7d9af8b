//! New events, their runs and their places in the queue, written many at a time.

use std::collections::HashMap;

use model::{EventId, EventStatus, RunId, RunStatus};
use sea_orm::{ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::script::Script;
use super::writer::Keys;
use crate::entities::{event, file, payload, queue, run};
use crate::error::StorageError;
use crate::files::NewFile;
use crate::payload::{Payload, into_text};
use crate::queue::{Accepted, Disposition, NewEvent, StartRun};

/// An event to write, made ready outside of the writer.
pub(super) struct AcceptJob {
    pub(super) event: PreparedEvent,
    /// Called once after the commit, or with the reason why nothing was stored.
    pub(super) answer: Box<dyn FnOnce(Result<Stored, StorageError>) + Send>,
}

/// An event with everything packed that takes time.
#[derive(Clone)]
pub(super) struct PreparedEvent {
    row: event::Model,
    body: Payload,
    parsed: Option<Payload>,
    files: Vec<NewFile>,
    start: Option<StartRun>,
}

/// What was written for an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) accepted: Accepted,
    /// The key of the run that was started just now.
    pub(super) run_key: Option<i64>,
}

impl PreparedEvent {
    /// Packs an event. `None` as `parsed` means that the raw body is the parsed body's JSON.
    pub(super) fn pack(new: &NewEvent, parsed: Option<Vec<u8>>, inline_bytes: usize) -> Result<Self, StorageError> {
        let event = &new.event;
        let (status, reason) = match &new.disposition {
            Disposition::Start(_) => (EventStatus::Accepted, None),
            Disposition::Keep => (EventStatus::Kept, None),
            Disposition::Refuse { code, reason } => (EventStatus::Refused, Some((code.clone(), reason.clone()))),
        };
        let (reason_code, reason) = reason.unzip();
        let row = event::Model {
            id: 0,
            public_id: event.id.0,
            workflow_id: new.workflow_key,
            endpoint_id: new.endpoint_key,
            status: status.as_str().to_owned(),
            reason_code,
            reason,
            received_at: event.received_at.0,
            method: event.method.clone(),
            remote_address: new.remote_address.clone(),
            headers: serde_json::to_string(&event.headers)?,
            query: serde_json::to_string(&event.query)?,
            content_type: new.content_type.clone(),
            body: None,
            body_payload_id: None,
            body_bytes: i64::try_from(new.raw_body.len()).unwrap_or(i64::MAX),
            parsed: None,
            parsed_payload_id: None,
            dedup_key: new.dedup_key.clone().filter(|_| status != EventStatus::Refused),
            duplicate_of: None,
        };
        let start = match &new.disposition {
            Disposition::Start(start) => Some(start.clone()),
            _ => None,
        };
        Ok(Self {
            row,
            body: Payload::pack(new.raw_body.clone(), inline_bytes)?,
            parsed: parsed.map(|bytes| Payload::pack(bytes, inline_bytes)).transpose()?,
            files: new.files.clone(),
            start,
        })
    }

    fn dedup(&self) -> Option<(i64, &str)> {
        Some((self.row.endpoint_id?, self.row.dedup_key.as_deref()?))
    }
}

#[derive(Default)]
struct Rows {
    events: Vec<event::ActiveModel>,
    runs: Vec<run::ActiveModel>,
    queue: Vec<queue::ActiveModel>,
    payloads: Vec<payload::ActiveModel>,
    files: Vec<file::ActiveModel>,
}

/// The first event with a de-duplication key.
#[derive(Clone, Copy)]
struct First {
    event_key: i64,
    event: Uuid,
    run: Option<Uuid>,
}

/// Decides what becomes of events and adds them to the script, with their runs and places in the queue.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    events: &[PreparedEvent],
    keys: &mut Keys,
    script: &mut Script,
) -> Result<Vec<Stored>, StorageError> {
    let mut firsts = find_firsts(transaction, events).await?;
    let mut rows = Rows::default();
    let mut stored = Vec::with_capacity(events.len());
    for prepared in events {
        let dedup = prepared.dedup().map(|(endpoint, key)| (endpoint, key.to_owned()));
        let first = dedup.as_ref().and_then(|dedup| firsts.get(dedup)).copied();
        let outcome = rows.add(prepared, first, keys)?;
        if let (None, Some(dedup)) = (first, dedup) {
            let event_key = keys.event - 1;
            firsts.insert(
                dedup,
                First { event_key, event: prepared.row.public_id, run: outcome.accepted.run.map(|run| run.0) },
            );
        }
        stored.push(outcome);
    }
    rows.add_to(script);
    Ok(stored)
}

/// Looks up the earlier events with the same de-duplication keys.
async fn find_firsts(
    transaction: &DatabaseTransaction,
    events: &[PreparedEvent],
) -> Result<HashMap<(i64, String), First>, StorageError> {
    let mut wanted: HashMap<i64, Vec<&str>> = HashMap::new();
    for (endpoint, key) in events.iter().filter_map(PreparedEvent::dedup) {
        wanted.entry(endpoint).or_default().push(key);
    }
    let mut firsts = HashMap::new();
    for (endpoint, dedup_keys) in wanted {
        let found = event::Entity::find()
            .filter(event::Column::EndpointId.eq(endpoint))
            .filter(event::Column::DedupKey.is_in(dedup_keys))
            .select_only()
            .columns([event::Column::Id, event::Column::PublicId, event::Column::DedupKey])
            .into_tuple::<(i64, Uuid, String)>()
            .all(transaction)
            .await?;
        let runs = run::Entity::find()
            .filter(run::Column::EventId.is_in(found.iter().map(|(id, ..)| *id)))
            .select_only()
            .columns([run::Column::EventId, run::Column::PublicId])
            .into_tuple::<(i64, Uuid)>()
            .all(transaction)
            .await?;
        let runs: HashMap<i64, Uuid> = runs.into_iter().rev().collect();
        for (event_key, event, dedup_key) in found {
            firsts.insert((endpoint, dedup_key), First { event_key, event, run: runs.get(&event_key).copied() });
        }
    }
    Ok(firsts)
}

impl Rows {
    fn add(&mut self, prepared: &PreparedEvent, first: Option<First>, keys: &mut Keys) -> Result<Stored, StorageError> {
        let event_key = keys.event;
        keys.event += 1;
        let mut row = prepared.row.clone();
        row.id = event_key;
        let (body, aside) = prepared.body.clone().split(&mut keys.payload);
        row.body = body;
        row.body_payload_id = self.keep_aside(aside);
        if let Some(parsed) = &prepared.parsed {
            let (parsed, aside) = parsed.clone().split(&mut keys.payload);
            row.parsed = parsed.map(into_text).transpose()?;
            row.parsed_payload_id = self.keep_aside(aside);
        }
        self.files.extend(prepared.files.iter().map(|file| file.to_row(row.received_at)));
        if let Some(first) = first {
            EventStatus::Duplicate.as_str().clone_into(&mut row.status);
            row.dedup_key = None;
            row.duplicate_of = Some(first.event_key);
            self.events.push(row.into());
            let accepted =
                Accepted { event: EventId(first.event), run: first.run.map(RunId), status: EventStatus::Duplicate };
            return Ok(Stored { accepted, run_key: None });
        }
        let run_key = prepared.start.as_ref().map(|start| self.start(start, &row, keys));
        let run = prepared.start.as_ref().map(|start| start.run);
        let status = row.status.parse().map_err(|_| StorageError::Corrupt("event status".to_owned()))?;
        let accepted = Accepted { event: EventId(row.public_id), run, status };
        self.events.push(row.into());
        Ok(Stored { accepted, run_key })
    }

    fn start(&mut self, start: &StartRun, event: &event::Model, keys: &mut Keys) -> i64 {
        let run_key = keys.run;
        keys.run += 1;
        self.runs.push(run::ActiveModel {
            id: Set(run_key),
            public_id: Set(start.run.0),
            workflow_id: Set(event.workflow_id),
            definition_id: Set(start.definition_key),
            version: Set(start.version),
            event_id: Set(event.id),
            status: Set(RunStatus::Queued.as_str().to_owned()),
            mode: Set(start.mode.as_str().to_owned()),
            trigger_node: Set(start.trigger_node.0.clone()),
            created_at: Set(event.received_at),
            started_at: Set(None),
            finished_at: Set(None),
            error: Set(None),
        });
        self.queue.push(queue::ActiveModel {
            run_id: Set(run_key),
            due_at: Set(event.received_at),
            epoch: Set(0),
            lease_owner: Set(None),
            lease_until: Set(None),
        });
        run_key
    }

    fn keep_aside(&mut self, row: Option<payload::ActiveModel>) -> Option<i64> {
        let row = row?;
        let id = row.id.clone().take();
        self.payloads.push(row);
        id
    }

    fn add_to(self, script: &mut Script) {
        script.insert(self.payloads);
        script.insert(self.files);
        script.insert(self.events);
        script.insert(self.runs);
        script.insert(self.queue);
    }
}
