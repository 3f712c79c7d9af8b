//! New events, their runs and their places in the queue, written many at a time.

use std::collections::HashMap;

use model::{EventId, EventStatus, RunId, RunStatus, Timestamp};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect,
};
use serde_json::json;
use uuid::Uuid;

use super::script::Script;
use super::step_rows::{PackedStep, add_copied};
use super::writer::Keys;
use crate::entities::{event, file, payload, queue, run, schedule, step};
use crate::error::StorageError;
use crate::files::NewFile;
use crate::payload::{Payload, into_text};
use crate::queue::{Accepted, Disposition, NewEvent, Parsed, Reschedule, StartRun};

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
    /// Steps that the run has from its start.
    copied: Vec<PackedStep>,
}

/// What was written for an event.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stored {
    pub(super) accepted: Accepted,
    /// The key of the run that was started just now and is to be worked on.
    pub(super) run_key: Option<i64>,
}

impl PreparedEvent {
    /// Packs an event.
    pub(super) fn pack(new: NewEvent, inline_bytes: usize) -> Result<Self, StorageError> {
        let event = &new.event;
        let parsed = match new.parsed {
            Parsed::AsRawJson => None,
            Parsed::Beside => Some(serde_json::to_vec(&event.body)?),
        };
        let (status, refused, mut start) = match new.disposition {
            Disposition::Start(start) => (EventStatus::Accepted, None, Some(start)),
            Disposition::Keep => (EventStatus::Kept, None, None),
            Disposition::Refuse { code, reason } => (EventStatus::Refused, Some((code, reason)), None),
        };
        let (reason_code, reason) = refused.unzip();
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
            remote_address: new.remote_address,
            headers: serde_json::to_string(&event.headers)?,
            query: serde_json::to_string(&event.query)?,
            content_type: new.content_type,
            body: None,
            body_payload_id: None,
            body_bytes: i64::try_from(new.raw_body.len()).unwrap_or(i64::MAX),
            parsed: None,
            parsed_payload_id: None,
            dedup_key: new.dedup_key.filter(|_| status != EventStatus::Refused),
            duplicate_of: None,
        };
        let copied = start.as_mut().map(|start| std::mem::take(&mut start.copied)).unwrap_or_default();
        Ok(Self {
            row,
            body: Payload::pack(new.raw_body, inline_bytes)?,
            parsed: parsed.map(|bytes| Payload::pack(bytes, inline_bytes)).transpose()?,
            files: new.files,
            start,
            copied: copied.into_iter().map(|step| PackedStep::pack(0, step, inline_bytes)).collect::<Result<_, _>>()?,
        })
    }

    fn derived_run(&self) -> Option<RunId> {
        self.start.as_ref().map(|start| start.run).filter(|run| run.is_derived())
    }

    /// When the run of an event begins that is stored already.
    fn again_at(&self) -> Option<Timestamp> {
        self.start.as_ref().and_then(|start| start.again_at)
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
    steps: Vec<step::ActiveModel>,
    reschedules: Vec<(i64, String, Reschedule)>,
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
    let mut started = find_started(transaction, events).await?;
    let known = find_known(transaction, events).await?;
    let mut rows = Rows::default();
    let mut stored = Vec::with_capacity(events.len());
    for prepared in events {
        rows.reschedule(prepared);
        if let Some(run) = prepared.derived_run() {
            if let Some(event) = started.get(&run) {
                let accepted = Accepted { event: *event, run: Some(run), status: EventStatus::Duplicate };
                stored.push(Stored { accepted, run_key: None });
                continue;
            }
            started.insert(run, EventId(prepared.row.public_id));
        }
        if prepared.again_at().is_some() {
            stored.push(rows.run_again(prepared, &known, keys)?);
            continue;
        }
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

/// Looks up the runs that there are already, with their events. Only derived ids can be there twice.
async fn find_started(
    transaction: &DatabaseTransaction,
    events: &[PreparedEvent],
) -> Result<HashMap<RunId, EventId>, StorageError> {
    let wanted: Vec<Uuid> = events.iter().filter_map(PreparedEvent::derived_run).map(|run| run.0).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let found = run::Entity::find()
        .filter(run::Column::PublicId.is_in(wanted))
        .select_only()
        .columns([run::Column::PublicId, run::Column::EventId])
        .into_tuple::<(Uuid, i64)>()
        .all(transaction)
        .await?;
    let events = event::Entity::find()
        .filter(event::Column::Id.is_in(found.iter().map(|(_, event)| *event)))
        .select_only()
        .columns([event::Column::Id, event::Column::PublicId])
        .into_tuple::<(i64, Uuid)>()
        .all(transaction)
        .await?;
    let events: HashMap<i64, Uuid> = events.into_iter().collect();
    let started = found.into_iter().filter_map(|(run, event)| Some((RunId(run), EventId(*events.get(&event)?))));
    Ok(started.collect())
}

/// Looks up the keys of the events that further runs are to start from.
async fn find_known(
    transaction: &DatabaseTransaction,
    events: &[PreparedEvent],
) -> Result<HashMap<Uuid, i64>, StorageError> {
    let wanted: Vec<Uuid> = events.iter().filter(|one| one.again_at().is_some()).map(|one| one.row.public_id).collect();
    if wanted.is_empty() {
        return Ok(HashMap::new());
    }
    let found = event::Entity::find()
        .filter(event::Column::PublicId.is_in(wanted))
        .select_only()
        .columns([event::Column::PublicId, event::Column::Id])
        .into_tuple::<(Uuid, i64)>()
        .all(transaction)
        .await?;
    Ok(found.into_iter().collect())
}

impl Rows {
    /// Adds a run of an event that is stored already. An event that history has forgotten meanwhile is stored once more.
    fn run_again(
        &mut self,
        prepared: &PreparedEvent,
        known: &HashMap<Uuid, i64>,
        keys: &mut Keys,
    ) -> Result<Stored, StorageError> {
        let mut row = prepared.row.clone();
        row.received_at = prepared.again_at().map_or(row.received_at, |at| at.0);
        let Some(event_key) = known.get(&row.public_id) else {
            return self.add(&PreparedEvent { row, ..prepared.clone() }, None, keys);
        };
        row.id = *event_key;
        let run_key = prepared.start.as_ref().map(|start| self.start(start, &row, keys));
        if let Some(run_key) = run_key.filter(|_| !prepared.copied.is_empty()) {
            self.steps.extend(add_copied(&prepared.copied, run_key, keys, &mut self.payloads)?);
        }
        let run = prepared.start.as_ref().map(|start| start.run);
        let accepted = Accepted { event: EventId(row.public_id), run, status: EventStatus::Accepted };
        Ok(Stored { accepted, run_key })
    }

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
        self.files.extend(prepared.files.iter().map(|file| file.to_row(row.received_at, Some(event_key))));
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
        if let Some(run_key) = run_key.filter(|_| !prepared.copied.is_empty()) {
            self.steps.extend(add_copied(&prepared.copied, run_key, keys, &mut self.payloads)?);
        }
        let run = prepared.start.as_ref().map(|start| start.run);
        let run_key = run_key.filter(|_| prepared.start.as_ref().is_none_or(|start| start.over.is_none()));
        let status = row.status.parse().map_err(|_| StorageError::Corrupt("event status".to_owned()))?;
        let accepted = Accepted { event: EventId(row.public_id), run, status };
        self.events.push(row.into());
        Ok(Stored { accepted, run_key })
    }

    fn start(&mut self, start: &StartRun, event: &event::Model, keys: &mut Keys) -> i64 {
        let run_key = keys.run;
        keys.run += 1;
        let (parent, over) = (start.parent.as_ref(), start.over.as_ref());
        self.runs.push(run::ActiveModel {
            id: Set(run_key),
            public_id: Set(start.run.0),
            workflow_id: Set(event.workflow_id),
            definition_id: Set(start.definition_key),
            version: Set(start.version),
            event_id: Set(event.id),
            status: Set(over.map_or(RunStatus::Queued, |over| over.ending.status).as_str().to_owned()),
            mode: Set(start.mode.as_str().to_owned()),
            trigger_node: Set(start.trigger_node.0.clone()),
            created_at: Set(event.received_at),
            started_at: Set(over.map(|over| over.started_at.0)),
            finished_at: Set(over.map(|over| over.ending.finished_at.0)),
            error: Set(over.and_then(|over| over.ending.error.as_ref()).map(ToString::to_string)),
            parent_run_id: parent.map_or(NotSet, |parent| Set(Some(parent.run_key))),
            parent_node: parent.map_or(NotSet, |parent| Set(Some(parent.node.0.clone()))),
            parent_iteration: parent.map_or(NotSet, |parent| Set(Some(parent.iteration.clone()))),
            replay_of: start.replay_of.map_or(NotSet, |replayed| Set(Some(replayed))),
            given_params: if start.given.is_empty() { NotSet } else { Set(Some(json!(start.given).to_string())) },
        });
        if over.is_some() {
            return run_key;
        }
        self.queue.push(queue::ActiveModel {
            run_id: Set(run_key),
            due_at: Set(event.received_at),
            epoch: Set(0),
            lease_owner: Set(None),
            lease_until: Set(None),
            crashes: NotSet,
            order_key: start.order_key.clone().map_or(NotSet, |order_key| Set(Some(order_key))),
        });
        run_key
    }

    /// Also of a run that there is already: then the schedule was not moved on yet.
    fn reschedule(&mut self, prepared: &PreparedEvent) {
        if let Some((start, reschedule)) = prepared.start.as_ref().and_then(|start| Some((start, start.reschedule?))) {
            self.reschedules.push((prepared.row.workflow_id, start.trigger_node.0.clone(), reschedule));
        }
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
        script.insert(self.steps);
        for (workflow_key, node, Reschedule { next_at }) in self.reschedules {
            let moved_on = schedule::Entity::update_many()
                .col_expr(schedule::Column::NextAt, Expr::value(next_at.map(|time| time.0)))
                .filter(schedule::Column::WorkflowId.eq(workflow_key))
                .filter(schedule::Column::NodeId.eq(node));
            script.add_query(&moved_on);
        }
    }
}
