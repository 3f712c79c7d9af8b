//! One case: an event with its runs, and what erasing a person changes in it. Everything is worked out before the writer is
//! asked, since nothing of a case that is over changes any more.

use std::collections::BTreeMap;

use model::subject::ERASED;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::eraser::Eraser;
use crate::entities::{attempt, dead_letter, event, run, signal, step};
use crate::error::StorageError;
use crate::payload;
use crate::storage::Storage;

/// An event with everything of its runs.
pub(super) struct Case {
    pub(super) event: event::Model,
    pub(super) runs: Vec<run::Model>,
    pub(super) steps: Vec<step::Model>,
    pub(super) attempts: Vec<attempt::Model>,
    pub(super) signals: Vec<signal::Model>,
    pub(super) dead_letters: Vec<dead_letter::Model>,
    /// Values that lie beside their rows.
    pub(super) payloads: BTreeMap<i64, Vec<u8>>,
}

/// What is written when a person is erased from a case.
#[derive(Default)]
pub(super) struct Changes {
    pub(super) event: Option<event::ActiveModel>,
    pub(super) runs: Vec<run::ActiveModel>,
    pub(super) steps: Vec<step::ActiveModel>,
    pub(super) attempts: Vec<attempt::ActiveModel>,
    pub(super) signals: Vec<signal::ActiveModel>,
    pub(super) dead_letters: Vec<dead_letter::ActiveModel>,
    pub(super) payloads: Vec<(i64, Vec<u8>)>,
    pub(super) files: Vec<Uuid>,
    /// The event and the values by which it must not be found any more.
    pub(super) found_by: (i64, Vec<String>),
    pub(super) runs_of_case: Vec<i64>,
}

impl Storage {
    /// Everything of a case.
    pub(super) async fn case(&self, event: event::Model) -> Result<Case, StorageError> {
        let connection = self.read();
        let runs = run::Entity::find().filter(run::Column::EventId.eq(event.id)).all(connection).await?;
        let keys = || runs.iter().map(|run| run.id);
        let steps = step::Entity::find().filter(step::Column::RunId.is_in(keys())).all(connection).await?;
        let attempts = attempt::Entity::find().filter(attempt::Column::RunId.is_in(keys())).all(connection).await?;
        let signals = signal::Entity::find().filter(signal::Column::RunId.is_in(keys())).all(connection).await?;
        let dead_letters =
            dead_letter::Entity::find().filter(dead_letter::Column::RunId.is_in(keys())).all(connection).await?;
        let of_steps = steps.iter().flat_map(|step| [step.output_payload_id, step.state_payload_id]);
        let of_attempts = attempts.iter().map(|attempt| attempt.exchanges_payload_id);
        let of_event = [event.body_payload_id, event.parsed_payload_id];
        let aside = of_event.into_iter().chain(of_steps).chain(of_attempts).flatten().collect();
        let payloads = payload::load_many(connection, aside).await?;
        Ok(Case { event, runs, steps, attempts, signals, dead_letters, payloads })
    }
}

impl Case {
    /// What has to be written so that nothing of the case mentions the person any more.
    pub(super) fn without(mut self, mut eraser: Eraser<'_>) -> Result<Changes, StorageError> {
        let mut changes = Changes { runs_of_case: self.runs.iter().map(|run| run.id).collect(), ..Changes::default() };
        let mut trigger = self.trigger();
        let in_event = eraser.erase_fields(&mut trigger);
        // All personal fields are learned before anything is searched for what stood in them.
        let mut outputs = self.outputs(&mut eraser)?;
        let in_event = eraser.erase(&mut trigger) || in_event;
        self.event_without(&eraser, in_event, trigger, &mut changes)?;
        for (index, step) in std::mem::take(&mut self.steps).into_iter().enumerate() {
            self.step_without(&eraser, step, outputs.remove(&index), &mut changes)?;
        }
        for attempt in std::mem::take(&mut self.attempts) {
            self.attempt_without(&eraser, attempt, &mut changes)?;
        }
        for row in self.runs {
            let without = |text: &Option<String>| text.as_deref().map(|text| eraser.erased_json(text)).transpose();
            let (error, given) = (without(&row.error)?.flatten(), without(&row.given_params)?.flatten());
            if error.is_some() || given.is_some() {
                let (error, given) = (error.or(row.error.clone()), given.or(row.given_params.clone()));
                let changed =
                    run::ActiveModel { error: Set(error), given_params: Set(given), ..row.into_active_model() };
                changes.runs.push(changed);
            }
        }
        for row in self.signals {
            if let Some(value) = eraser.erased_json(&row.value)? {
                changes.signals.push(signal::ActiveModel { value: Set(value), ..row.into_active_model() });
            }
        }
        for row in self.dead_letters {
            if let Some(message) = eraser.erased_text(&row.message) {
                changes
                    .dead_letters
                    .push(dead_letter::ActiveModel { message: Set(message), ..row.into_active_model() });
            }
        }
        changes.found_by = (self.event.id, eraser.known_texts().map(str::to_owned).collect());
        Ok(changes)
    }

    /// `{"trigger": {headers, query, body}}`; the body is null when there is none or it cannot be read.
    fn trigger(&self) -> Value {
        let event = &self.event;
        let object = |text: &str| serde_json::from_str::<Map<String, Value>>(text).unwrap_or_default();
        let body: Value = match self.parsed() {
            Some(parsed) => serde_json::from_slice(&parsed).unwrap_or_default(),
            None => serde_json::from_slice(&self.raw()).unwrap_or_default(),
        };
        json!({ "trigger": { "headers": object(&event.headers), "query": object(&event.query), "body": body } })
    }

    fn parsed(&self) -> Option<Vec<u8>> {
        let inline = self.event.parsed.as_ref().map(|text| text.clone().into_bytes());
        inline.or_else(|| self.payloads.get(&self.event.parsed_payload_id?).cloned())
    }

    fn raw(&self) -> Vec<u8> {
        let aside = || self.payloads.get(&self.event.body_payload_id?).cloned();
        self.event.body.clone().or_else(aside).unwrap_or_default()
    }

    /// The outputs in which personal fields were erased, by the number of their step.
    fn outputs(&self, eraser: &mut Eraser<'_>) -> Result<BTreeMap<usize, Value>, StorageError> {
        let mut changed = BTreeMap::new();
        for (index, step) in self.steps.iter().enumerate() {
            let Some(output) = self.value_of(step.output.as_deref(), step.output_payload_id)? else { continue };
            let mut context = json!({ "steps": { &step.node_id: output } });
            if eraser.erase_fields(&mut context) {
                changed.insert(index, context["steps"][&step.node_id].take());
            }
        }
        Ok(changed)
    }

    fn value_of(&self, inline: Option<&str>, aside: Option<i64>) -> Result<Option<Value>, StorageError> {
        match (inline, aside.and_then(|id| self.payloads.get(&id))) {
            (Some(text), _) => Ok(Some(serde_json::from_str(text)?)),
            (None, Some(bytes)) => Ok(Some(serde_json::from_slice(bytes)?)),
            (None, None) => Ok(None),
        }
    }

    fn event_without(
        &self,
        eraser: &Eraser<'_>,
        in_content: bool,
        mut content: Value,
        changes: &mut Changes,
    ) -> Result<(), StorageError> {
        let event = &self.event;
        let mut row: event::ActiveModel = event.clone().into_active_model();
        let raw = self.raw();
        let in_raw = eraser.erased_text(&String::from_utf8_lossy(&raw)).is_some();
        let in_delivery_id = event.dedup_key.as_deref().is_some_and(|id| eraser.erased_text(id).is_some());
        if !in_content && !in_raw && !in_delivery_id {
            return Ok(());
        }
        let trigger = &mut content["trigger"];
        row.headers = Set(trigger["headers"].to_string());
        row.query = Set(trigger["query"].to_string());
        let body = trigger["body"].take();
        changes.files = files(&body);
        let parsed = self.parsed();
        // What is not JSON is kept in its read form only: how it was sent goes as a whole.
        let new_raw = match (&parsed, body.is_null()) {
            (None, false) => body.to_string().into_bytes(),
            _ if raw.is_empty() => raw,
            _ => ERASED.as_bytes().to_vec(),
        };
        match event.body_payload_id {
            Some(id) => changes.payloads.push((id, new_raw)),
            None => row.body = Set(event.body.as_ref().map(|_| new_raw)),
        }
        match (parsed, event.parsed_payload_id) {
            (Some(_), Some(id)) => changes.payloads.push((id, serde_json::to_vec(&body)?)),
            (Some(_), None) => row.parsed = Set(Some(body.to_string())),
            (None, _) => {}
        }
        if in_delivery_id {
            row.dedup_key = Set(Some(format!("{ERASED} {}", event.id)));
        }
        changes.event = Some(row);
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "the row is worked up")]
    fn step_without(
        &self,
        eraser: &Eraser<'_>,
        step: step::Model,
        erased: Option<Value>,
        changes: &mut Changes,
    ) -> Result<(), StorageError> {
        let mut row = step.clone().into_active_model();
        let mut is_changed = false;
        let values = [
            (erased, step.output.as_deref(), step.output_payload_id, true),
            (None, step.state.as_deref(), step.state_payload_id, false),
        ];
        for (erased, inline, aside, is_output) in values {
            let was_erased = erased.is_some();
            let value = match erased {
                Some(value) => Some(value),
                None => self.value_of(inline, aside)?,
            };
            let Some(mut value) = value else { continue };
            if !eraser.erase(&mut value) && !was_erased {
                continue;
            }
            match (inline, aside) {
                (None, Some(id)) => changes.payloads.push((id, serde_json::to_vec(&value)?)),
                _ if is_output => row.output = Set(Some(value.to_string())),
                _ => row.state = Set(Some(value.to_string())),
            }
            is_changed = true;
        }
        if let Some(error) = step.error.as_deref().map(|error| eraser.erased_json(error)).transpose()?.flatten() {
            row.error = Set(Some(error));
            is_changed = true;
        }
        if is_changed {
            changes.steps.push(row);
        }
        Ok(())
    }

    #[expect(clippy::needless_pass_by_value, reason = "the row is worked up")]
    fn attempt_without(
        &self,
        eraser: &Eraser<'_>,
        attempt: attempt::Model,
        changes: &mut Changes,
    ) -> Result<(), StorageError> {
        let mut row = attempt.clone().into_active_model();
        let mut is_changed = false;
        if let Some(mut exchanges) = self.value_of(attempt.exchanges.as_deref(), attempt.exchanges_payload_id)?
            && eraser.erase(&mut exchanges)
        {
            match attempt.exchanges_payload_id {
                Some(id) => changes.payloads.push((id, serde_json::to_vec(&exchanges)?)),
                None => row.exchanges = Set(Some(exchanges.to_string())),
            }
            is_changed = true;
        }
        if let Some(error) = attempt.error.as_deref().map(|error| eraser.erased_json(error)).transpose()?.flatten() {
            row.error = Set(Some(error));
            is_changed = true;
        }
        if is_changed {
            changes.attempts.push(row);
        }
        Ok(())
    }
}

/// The files that came with an event: wherever `{"file_id": …}` stands in its body.
fn files(body: &Value) -> Vec<Uuid> {
    let mut found = Vec::new();
    let place = model::Place::parse("file_id");
    if let Some(place) = place {
        place.find(body, &mut |value| found.extend(value.as_str().and_then(|id| id.parse::<Uuid>().ok())));
    }
    found
}
