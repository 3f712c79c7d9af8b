//! Finding events by the value of a field. A workflow names a few fields; the values that stand in them are entered under a
//! hash, so that a search for exactly such a value is one step down an index, however long the history is.
//!
//! Entering is done after an event was accepted, not with it, so no sender waits for it. When a workflow names other fields,
//! its older events are entered again, the newest first.

use std::collections::BTreeSet;

use model::Place;
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QueryFilter,
    QueryOrder, QuerySelect, Statement,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::entities::{event, event_field, field_index};
use crate::error::StorageError;
use crate::storage::Storage;

/// How many events are entered in one transaction.
const BATCH: u64 = 500;

/// How many values of one event are entered at the most.
const MAX_VALUES: usize = 50;

/// A longer text is nothing that a person would search for.
const MAX_VALUE_BYTES: usize = 200;

/// How many events a search for one value gives at the most.
const MAX_FOUND: u64 = 1_000;

/// The fields of published definitions, else of drafts.
const NAMED_FIELDS: &str = "SELECT id, fields FROM (SELECT w.id, \
     json_extract(COALESCE(d.document, w.draft), '$.settings.search') AS fields FROM workflows w \
     LEFT JOIN workflow_versions v ON v.workflow_id = w.id AND v.version = w.published_version \
     LEFT JOIN definitions d ON d.id = v.definition_id WHERE w.deleted_at IS NULL) WHERE fields IS NOT NULL ORDER BY id";

/// Which fields the events of a workflow are found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchFields {
    workflow_key: i64,
    fields: Vec<String>,
}

impl Storage {
    /// The workflows that name fields to be found by.
    pub async fn search_fields(&self) -> Result<Vec<SearchFields>, StorageError> {
        let statement = Statement::from_string(self.read().get_database_backend(), NAMED_FIELDS);
        let rows = self.read().query_all_raw(statement).await?;
        let fields = |row: &sea_orm::QueryResult| {
            let text: String = row.try_get_by_index(1)?;
            let fields = serde_json::from_str(&text).unwrap_or_default();
            Ok(SearchFields { workflow_key: row.try_get_by_index(0)?, fields })
        };
        let found: Result<Vec<_>, StorageError> = rows.iter().map(fields).collect();
        Ok(found?.into_iter().filter(|found| !found.fields.is_empty()).collect())
    }

    /// Enters some events that are not entered yet, of each workflow one batch at the most. Returns how many were looked at;
    /// zero: all are entered.
    pub async fn enter_fields(&self, named: &[SearchFields]) -> Result<u64, StorageError> {
        let mut entered = 0;
        for one in named {
            let progress = self.field_progress(one).await?;
            let mut rows = self.events_of(one.workflow_key, event::Column::Id.gte(progress.until_event), true).await?;
            let is_newer = !rows.is_empty();
            if !is_newer {
                rows = self.events_of(one.workflow_key, event::Column::Id.lt(progress.from_event), false).await?;
            }
            let (Some(first), Some(last)) = (rows.first(), rows.last()) else { continue };
            let next = field_index::Model {
                from_event: if is_newer { progress.from_event } else { last.id },
                until_event: if is_newer { last.id + 1 } else { progress.until_event.max(first.id + 1) },
                ..progress
            };
            entered += u64::try_from(rows.len()).unwrap_or(u64::MAX);
            let entries = self.entries(&one.fields, rows).await?;
            self.write(move |transaction| Box::pin(enter(transaction, entries, next))).await?;
        }
        Ok(entered)
    }

    /// How far a workflow's events are entered. Other fields than before begin anew, at the newest event.
    async fn field_progress(&self, named: &SearchFields) -> Result<field_index::Model, StorageError> {
        let fields = serde_json::to_string(&named.fields)?;
        let known = field_index::Entity::find_by_id(named.workflow_key).one(self.read()).await?;
        if let Some(known) = known.filter(|known| known.fields == fields) {
            return Ok(known);
        }
        let newest = event::Entity::find()
            .select_only()
            .column(event::Column::Id)
            .filter(event::Column::WorkflowId.eq(named.workflow_key))
            .order_by_desc(event::Column::Id)
            .into_tuple::<i64>()
            .one(self.read())
            .await?;
        let from = newest.map_or(0, |newest| newest + 1);
        Ok(field_index::Model { workflow_id: named.workflow_key, fields, from_event: from, until_event: from })
    }

    async fn events_of(
        &self,
        workflow_key: i64,
        which: impl sea_orm::sea_query::IntoCondition,
        is_rising: bool,
    ) -> Result<Vec<event::Model>, StorageError> {
        let rows =
            event::Entity::find().filter(event::Column::WorkflowId.eq(workflow_key)).filter(which.into_condition());
        let rows = if is_rising { rows.order_by_asc(event::Column::Id) } else { rows.order_by_desc(event::Column::Id) };
        Ok(rows.limit(BATCH).all(self.read()).await?)
    }

    async fn entries(
        &self,
        fields: &[String],
        rows: Vec<event::Model>,
    ) -> Result<Vec<event_field::Model>, StorageError> {
        let places: Vec<Place> = fields.iter().filter_map(|field| Place::parse(field)).collect();
        let mut entries = Vec::new();
        for row in rows {
            let event_id = row.id;
            // A body that cannot be read, for example of a refused request, has no fields.
            let Ok(content) = crate::events::content(self.read(), row).await else { continue };
            let context = json!({ "trigger": content.to_context() });
            let hashes = values(&places, &context).into_iter().map(|value| hash(&value));
            entries.extend(hashes.map(|value_hash| event_field::Model { value_hash, event_id }));
        }
        Ok(entries)
    }
}

/// The keys of the newest events in which a field has this value.
pub(crate) async fn events_with(connection: &impl ConnectionTrait, text: &str) -> Result<Vec<i64>, StorageError> {
    let Some(hash) = hash_of(text) else { return Ok(Vec::new()) };
    let keys = event_field::Entity::find()
        .select_only()
        .column(event_field::Column::EventId)
        .filter(event_field::Column::ValueHash.eq(hash))
        .order_by_desc(event_field::Column::EventId)
        .limit(MAX_FOUND);
    Ok(keys.into_tuple::<i64>().all(connection).await?)
}

/// Under what a value is entered; none when it is nothing that is entered.
pub(crate) fn hash_of(text: &str) -> Option<i64> {
    normal(text).map(|value| hash(&value))
}

async fn enter(
    transaction: &DatabaseTransaction,
    entries: Vec<event_field::Model>,
    progress: field_index::Model,
) -> Result<(), StorageError> {
    for chunk in entries.chunks(1_000) {
        let rows = chunk.iter().map(|row| row.clone().into_active_model().reset_all());
        let keep =
            OnConflict::columns([event_field::Column::ValueHash, event_field::Column::EventId]).do_nothing().to_owned();
        event_field::Entity::insert_many(rows).on_conflict(keep).exec_without_returning(transaction).await?;
    }
    let replace = OnConflict::column(field_index::Column::WorkflowId)
        .update_columns([field_index::Column::Fields, field_index::Column::FromEvent, field_index::Column::UntilEvent])
        .to_owned();
    let row = progress.into_active_model().reset_all();
    field_index::Entity::insert(row).on_conflict(replace).exec_without_returning(transaction).await?;
    Ok(())
}

/// What stands at the places, in the form in which it is compared.
fn values(places: &[Place], context: &Value) -> BTreeSet<String> {
    let mut values = BTreeSet::new();
    for place in places {
        place.find(context, &mut |found| collect(found, &mut values));
    }
    values
}

fn collect(value: &Value, values: &mut BTreeSet<String>) {
    if values.len() >= MAX_VALUES {
        return;
    }
    match value {
        Value::String(text) => values.extend(normal(text)),
        Value::Number(number) => values.extend(normal(&number.to_string())),
        Value::Array(items) => items.iter().for_each(|item| collect(item, values)),
        Value::Null | Value::Bool(_) | Value::Object(_) => {}
    }
}

/// However it is capitalised and whatever space is around it.
fn normal(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty() && text.len() <= MAX_VALUE_BYTES).then(|| text.to_lowercase())
}

/// The first 64 bits of SHA-256: no two values of one history meet by chance.
fn hash(value: &str) -> i64 {
    let digest: [u8; 32] = Sha256::digest(value.as_bytes()).into();
    let mut first = [0; 8];
    first.copy_from_slice(&digest[..8]);
    i64::from_be_bytes(first)
}
