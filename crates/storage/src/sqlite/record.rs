//! The progress of runs: steps, attempts, endings and parkings, written many at a time and fenced by the lease.

use std::collections::HashMap;

use model::RunStatus;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter,
    QuerySelect, Statement, Value,
};

use super::accept::insert_all;
use super::writer::Keys;
use crate::entities::{attempt, payload, queue, step};
use crate::error::StorageError;
use crate::payload::{Payload, into_text};
use crate::queue::{Lease, Next, Progress};

/// How many rows one statement writes; keeps the number of bound values below SQLite's limit.
const ROWS_PER_STATEMENT: usize = 1_000;

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

/// Writes the progress of runs, and says of each whether its lease was still good. All or nothing of it is valid: the caller
/// ends the transaction.
pub(super) async fn write(
    transaction: &DatabaseTransaction,
    records: &[PreparedRecord],
    keys: &mut Keys,
) -> Result<Vec<Result<(), StorageError>>, StorageError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let held = held_epochs(transaction, records).await?;
    let is_valid = |record: &PreparedRecord| held.get(&record.lease.run_key) == Some(&record.lease.epoch);
    let valid: Vec<&PreparedRecord> = records.iter().filter(|record| is_valid(record)).collect();
    write_steps(transaction, &valid, keys).await?;
    write_attempts(transaction, &valid).await?;
    update_runs(transaction, &valid).await?;
    update_queue(transaction, &valid).await?;
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

async fn write_steps(
    transaction: &DatabaseTransaction,
    records: &[&PreparedRecord],
    keys: &mut Keys,
) -> Result<(), StorageError> {
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
    insert_all(transaction, payloads).await?;
    let mut rows = rows.into_iter().peekable();
    while rows.peek().is_some() {
        let chunk: Vec<_> = rows.by_ref().take(ROWS_PER_STATEMENT).collect();
        step::Entity::insert_many(chunk)
            .on_conflict(replace_unfinished_step())
            .exec_without_returning(transaction)
            .await?;
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

async fn write_attempts(transaction: &DatabaseTransaction, records: &[&PreparedRecord]) -> Result<(), StorageError> {
    use attempt::Column;
    let rows: Vec<&attempt::Model> = records.iter().flat_map(|record| &record.attempts).collect();
    for chunk in rows.chunks(ROWS_PER_STATEMENT) {
        let chunk: Vec<attempt::ActiveModel> = chunk.iter().map(|row| attempt::Model::clone(row).into()).collect();
        let replace = OnConflict::columns([Column::RunId, Column::NodeId, Column::Iteration, Column::Number])
            .update_columns([Column::Status, Column::FinishedAt, Column::Error, Column::Exchanges])
            .to_owned();
        attempt::Entity::insert_many(chunk).on_conflict(replace).exec_without_returning(transaction).await?;
    }
    Ok(())
}

/// Updates many runs with one statement. (sea-orm has no update from a list of values.)
async fn update_runs(transaction: &DatabaseTransaction, records: &[&PreparedRecord]) -> Result<(), StorageError> {
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
        transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    }
    Ok(())
}

async fn update_queue(transaction: &DatabaseTransaction, records: &[&PreparedRecord]) -> Result<(), StorageError> {
    let ended = records.iter().filter(|record| matches!(record.next, Next::End(_)));
    let ended: Vec<i64> = ended.map(|record| record.lease.run_key).collect();
    for chunk in ended.chunks(ROWS_PER_STATEMENT) {
        queue::Entity::delete_many()
            .filter(queue::Column::RunId.is_in(chunk.iter().copied()))
            .exec(transaction)
            .await?;
    }
    for record in records {
        if let Next::Park { until } = record.next {
            let row = queue::ActiveModel {
                run_id: Set(record.lease.run_key),
                due_at: Set(until.0),
                epoch: Set(record.lease.epoch + 1),
                ..Default::default()
            };
            queue::Entity::update(row).exec(transaction).await?;
        }
    }
    Ok(())
}
