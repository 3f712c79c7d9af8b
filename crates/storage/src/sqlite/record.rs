//! The progress of runs: steps, attempts, endings and parkings, written many at a time and fenced by the lease.

use std::collections::HashMap;

use model::RunStatus;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{ColumnTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QuerySelect, Statement, Value};

use super::script::{ROWS_PER_STATEMENT, Script};
use super::writer::Keys;
use crate::entities::{attempt, payload, queue, step};
use crate::error::StorageError;
use crate::payload::{Payload, into_text};
use crate::queue::{Lease, Next, Progress};

/// A run's progress to write, made ready outside of the writer.
pub(super) struct RecordJob {
    pub(super) record: PreparedRecord,
    /// Called once after the commit, or with the reason why nothing was stored.
    pub(super) answer: Box<dyn FnOnce(Result<(), StorageError>) + Send>,
}

/// Progress with everything packed that takes time.
#[derive(Clone)]
pub(super) struct PreparedRecord {
    lease: Lease,
    started_at: i64,
    steps: Vec<(step::Model, Option<Payload>)>,
    attempts: Vec<attempt::Model>,
    next: Next,
}

impl PreparedRecord {
    /// Packs a run's progress.
    pub(super) fn pack(
        lease: Lease,
        progress: Progress,
        next: Next,
        inline_bytes: usize,
    ) -> Result<Self, StorageError> {
        let run_id = lease.run_key;
        let mut steps = Vec::with_capacity(progress.steps.len());
        for write in progress.steps {
            let output = match write.output {
                Some(output) => Some(Payload::pack(serde_json::to_vec(&output)?, inline_bytes)?),
                None => None,
            };
            let row = step::Model {
                run_id,
                node_id: write.node.0,
                iteration: write.iteration,
                status: write.status.as_str().to_owned(),
                port: write.port,
                output: None,
                output_payload_id: None,
                error: write.error.as_ref().map(serde_json::to_string).transpose()?,
                attempts: i32::try_from(write.attempts).unwrap_or(i32::MAX),
                started_at: write.started_at.0,
                finished_at: write.finished_at.map(|time| time.0),
                retry_at: write.retry_at.map(|time| time.0),
            };
            steps.push((row, output));
        }
        let mut attempts = Vec::with_capacity(progress.attempts.len());
        for write in progress.attempts {
            attempts.push(attempt::Model {
                run_id,
                node_id: write.node.0,
                iteration: write.iteration,
                number: i32::try_from(write.number).unwrap_or(i32::MAX),
                status: write.status.as_str().to_owned(),
                started_at: write.started_at.0,
                finished_at: write.finished_at.map(|time| time.0),
                error: write.error.as_ref().map(serde_json::to_string).transpose()?,
                exchanges: if write.exchanges.is_empty() {
                    None
                } else {
                    Some(serde_json::to_string(&write.exchanges)?)
                },
            });
        }
        Ok(Self { lease, started_at: progress.started_at.0, steps, attempts, next })
    }
}

impl PreparedRecord {
    /// What becomes of the run.
    pub(super) fn next(&self) -> &Next {
        &self.next
    }
}

/// Adds the progress of runs to the script, and says of each whether its lease is still good. Of the others nothing is added.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    records: &[PreparedRecord],
    keys: &mut Keys,
    script: &mut Script,
) -> Result<Vec<Result<(), StorageError>>, StorageError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let held = held_epochs(transaction, records).await?;
    let is_valid = |record: &PreparedRecord| held.get(&record.lease.run_key) == Some(&record.lease.epoch);
    let valid: Vec<&PreparedRecord> = records.iter().filter(|record| is_valid(record)).collect();
    add_steps(&valid, keys, script)?;
    add_attempts(&valid, script);
    update_runs(&valid, script);
    update_queue(&valid, script);
    Ok(records.iter().map(|record| if is_valid(record) { Ok(()) } else { Err(StorageError::LeaseLost) }).collect())
}

async fn held_epochs(
    transaction: &DatabaseTransaction,
    records: &[PreparedRecord],
) -> Result<HashMap<i64, i64>, StorageError> {
    let epochs = queue::Entity::find()
        .filter(queue::Column::RunId.is_in(records.iter().map(|record| record.lease.run_key)))
        .select_only()
        .columns([queue::Column::RunId, queue::Column::Epoch])
        .into_tuple::<(i64, i64)>()
        .all(transaction)
        .await?;
    Ok(epochs.into_iter().collect())
}

fn add_steps(records: &[&PreparedRecord], keys: &mut Keys, script: &mut Script) -> Result<(), StorageError> {
    let mut rows: Vec<step::ActiveModel> = Vec::new();
    let mut payloads: Vec<payload::ActiveModel> = Vec::new();
    for (row, output) in records.iter().flat_map(|record| &record.steps) {
        let mut row = row.clone();
        if let Some(output) = output {
            let (inline, aside) = output.clone().split(&mut keys.payload);
            row.output = inline.map(into_text).transpose()?;
            row.output_payload_id = aside.as_ref().and_then(|aside| aside.id.clone().take());
            payloads.extend(aside);
        }
        rows.push(row.into());
    }
    script.insert(payloads);
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        script.add_query(&step::Entity::insert_many(chunk.to_vec()).on_conflict(replace_unfinished_step()));
    }
    Ok(())
}

/// The last arbiter: whoever writes a step that has succeeded already changes nothing.
fn replace_unfinished_step() -> OnConflict {
    use step::Column;
    OnConflict::columns([Column::RunId, Column::NodeId, Column::Iteration])
        .update_columns([
            Column::Status,
            Column::Port,
            Column::Output,
            Column::OutputPayloadId,
            Column::Error,
            Column::Attempts,
            Column::FinishedAt,
            Column::RetryAt,
        ])
        .action_and_where(Expr::col((step::Entity, Column::Status)).ne("succeeded"))
        .to_owned()
}

fn add_attempts(records: &[&PreparedRecord], script: &mut Script) {
    use attempt::Column;
    let rows: Vec<&attempt::Model> = records.iter().flat_map(|record| &record.attempts).collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let chunk: Vec<attempt::ActiveModel> = chunk.iter().map(|row| attempt::Model::clone(row).into()).collect();
        let replace = OnConflict::columns([Column::RunId, Column::NodeId, Column::Iteration, Column::Number])
            .update_columns([Column::Status, Column::FinishedAt, Column::Error, Column::Exchanges])
            .to_owned();
        script.add_query(&attempt::Entity::insert_many(chunk).on_conflict(replace));
    }
}

/// Updates many runs with one statement. (sea-orm has no update from a list of values.)
fn update_runs(records: &[&PreparedRecord], script: &mut Script) {
    for chunk in records.chunks(ROWS_PER_STATEMENT) {
        let mut values: Vec<Value> = Vec::with_capacity(chunk.len() * 5);
        for record in chunk {
            let (status, finished_at, error) = match &record.next {
                Next::Continue => (RunStatus::Running, None, None),
                Next::Park { .. } => (RunStatus::Waiting, None, None),
                Next::End(ending) => (ending.status, Some(ending.finished_at.0), ending.error.as_ref()),
            };
            values.push(record.lease.run_key.into());
            values.push(status.as_str().into());
            values.push(record.started_at.into());
            values.push(finished_at.into());
            values.push(error.map(ToString::to_string).into());
        }
        let places = vec!["(?, ?, ?, ?, ?)"; chunk.len()].join(", ");
        let sql = format!(
            "WITH ended (id, status, started_at, finished_at, error) AS (VALUES {places}) \
             UPDATE runs SET status = ended.status, started_at = COALESCE(runs.started_at, ended.started_at), \
             finished_at = ended.finished_at, error = ended.error FROM ended WHERE runs.id = ended.id"
        );
        script.add(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values));
    }
}

fn update_queue(records: &[&PreparedRecord], script: &mut Script) {
    let ended = records.iter().filter(|record| matches!(record.next, Next::End(_)));
    let ended: Vec<i64> = ended.map(|record| record.lease.run_key).collect();
    for chunk in ended.chunks(ROWS_PER_STATEMENT) {
        let over = queue::Column::RunId.is_in(chunk.iter().copied());
        script.add_query(&queue::Entity::delete_many().filter(over));
    }
    for record in records {
        if let Next::Park { until } = record.next {
            let parked = queue::Entity::update_many()
                .col_expr(queue::Column::DueAt, Expr::value(until.0))
                .col_expr(queue::Column::Epoch, Expr::value(record.lease.epoch + 1))
                .filter(queue::Column::RunId.eq(record.lease.run_key));
            script.add_query(&parked);
        }
    }
}
