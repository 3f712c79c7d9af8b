//! The progress of runs: steps, attempts, endings and parkings, written many at a time and fenced by the lease.

use std::collections::HashMap;

use model::RunStatus;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, QuerySelect, Statement, Value};

use super::accept::{self, PreparedEvent, Stored};
use super::aftermath;
use super::ready::Held;
use super::script::{ROWS_PER_STATEMENT, Script};
use super::step_rows::{PackedAttempt, PackedStep, add_attempts, add_steps, pack_attempt};
use super::writer::Keys;
use crate::entities::queue;
use crate::error::StorageError;
use crate::queue::{Lease, Next, Progress};

/// A run's progress to write, made ready outside of the writer.
pub(super) struct RecordJob {
    pub(super) record: PreparedRecord,
    /// Called once after the commit with the runs that were started, or with the reason why nothing was stored.
    pub(super) answer: Box<dyn FnOnce(Result<Vec<Stored>, StorageError>) + Send>,
}

/// Progress with everything packed that takes time.
#[derive(Clone)]
pub(super) struct PreparedRecord {
    pub(super) lease: Lease,
    pub(super) held: Held,
    pub(super) steps: Vec<PackedStep>,
    next: Next,
    started_at: i64,
    attempts: Vec<PackedAttempt>,
    starts: Vec<PreparedEvent>,
}

impl PreparedRecord {
    /// Packs the progress of a run that is held.
    pub(super) fn pack(
        lease: Lease,
        held: Held,
        progress: Progress,
        next: Next,
        inline_bytes: usize,
    ) -> Result<Self, StorageError> {
        let pack_step = |step| PackedStep::pack(lease.run_key, step, inline_bytes);
        let pack_start = |start| PreparedEvent::pack(start, inline_bytes);
        Ok(Self {
            lease,
            held,
            started_at: progress.started_at.0,
            steps: progress.steps.into_iter().map(pack_step).collect::<Result<_, _>>()?,
            attempts: progress
                .attempts
                .into_iter()
                .map(|attempt| pack_attempt(lease.run_key, attempt, inline_bytes))
                .collect::<Result<_, _>>()?,
            starts: progress.starts.into_iter().map(pack_start).collect::<Result<_, _>>()?,
            next,
        })
    }

    /// What becomes of the run.
    pub(super) fn next(&self) -> &Next {
        &self.next
    }

    /// The steps to write that have a state on record.
    pub(super) fn resumed_steps(&self) -> impl Iterator<Item = &PackedStep> {
        let is_suspended = |step: &&PackedStep| self.held.suspended.contains(&step.key());
        self.steps.iter().filter(move |_| !self.held.suspended.is_empty()).filter(is_suspended)
    }

    /// Whether one of its steps is over.
    pub(super) fn has_finished_steps(&self) -> bool {
        self.steps.iter().any(PackedStep::is_final)
    }
}

/// What was started by the record of a run, or why the record was refused.
pub(super) type Recorded = Result<Vec<Stored>, StorageError>;

/// Adds the progress of runs to the script, and says of each whether its lease is still good. Of the others nothing is added.
pub(super) async fn add(
    transaction: &DatabaseTransaction,
    records: &[PreparedRecord],
    keys: &mut Keys,
    script: &mut Script,
) -> Result<Vec<Recorded>, StorageError> {
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let held = held_epochs(transaction, records).await?;
    let is_valid = |record: &PreparedRecord| held.get(&record.lease.run_key) == Some(&record.lease.epoch);
    let valid: Vec<&PreparedRecord> = records.iter().filter(|record| is_valid(record)).collect();
    aftermath::before_steps(&valid, script);
    add_steps(valid.iter().flat_map(|record| &record.steps), keys, script)?;
    add_attempts(valid.iter().flat_map(|record| &record.attempts), keys, script)?;
    update_runs(&valid, script);
    update_queue(&valid, script);
    aftermath::after_steps(&valid, script);
    let mut recorded = Vec::with_capacity(records.len());
    for record in records {
        recorded.push(if !is_valid(record) {
            Err(StorageError::LeaseLost)
        } else if record.starts.is_empty() {
            Ok(Vec::new())
        } else {
            Ok(accept::add(transaction, &record.starts, keys, script).await?)
        });
    }
    Ok(recorded)
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
             UPDATE OR ROLLBACK runs SET status = ended.status, started_at = COALESCE(runs.started_at, ended.started_at), \
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
                .col_expr(queue::Column::DueAt, Expr::value(until.map_or(i64::MAX, |until| until.0)))
                .col_expr(queue::Column::Epoch, Expr::value(record.lease.epoch + 1))
                .filter(queue::Column::RunId.eq(record.lease.run_key));
            script.add_query(&parked);
        }
    }
}
