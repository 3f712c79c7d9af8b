//! The end of a run by a person's wish, and of every run that it called and waits for.

use model::{ErrorCode, NodeError, RunId, RunStatus, StepStatus, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, QueryFilter, Statement};

use super::accept::{self, PreparedEvent, Stored};
use super::aftermath::{ended_signal, parent_signal};
use super::script::Script;
use super::writer::Keys;
use crate::claims::parent_of;
use crate::entities::{queue, run, step};
use crate::error::StorageError;
use crate::queue::Ending;

/// What there was to end.
#[derive(Debug, Default)]
pub(super) struct Cancelled {
    /// The runs, by key, workflow's key and id; the one that was asked for comes first.
    pub(super) runs: Vec<(i64, i64, RunId)>,
    /// The run that waited for it, by its key.
    pub(super) parent_key: Option<i64>,
    /// The runs that follow from this.
    pub(super) started: Vec<Stored>,
}

/// Ends a run and those that it called, and starts what follows from that. Nothing when it had ended already.
pub(super) async fn cancel(
    transaction: &DatabaseTransaction,
    keys: &mut Keys,
    id: RunId,
    starts: Vec<PreparedEvent>,
    now: Timestamp,
) -> Result<Cancelled, StorageError> {
    let found = run::Entity::find().filter(run::Column::PublicId.eq(id.0)).one(transaction).await?;
    let found = found.ok_or(StorageError::NotFound { what: "run" })?;
    let family = unfinished_family(transaction, found.id).await?;
    if family.first().is_none_or(|(key, ..)| *key != found.id) {
        return Ok(Cancelled::default());
    }
    for chunk in family.chunks(RUNS_PER_STATEMENT) {
        let of_chunk = || chunk.iter().map(|(key, ..)| *key);
        queue::Entity::delete_many().filter(queue::Column::RunId.is_in(of_chunk())).exec(transaction).await?;
        cut_off_steps(transaction, of_chunk(), now).await?;
        run::Entity::update_many()
            .col_expr(run::Column::Status, Expr::value(RunStatus::Cancelled.as_str()))
            .col_expr(run::Column::FinishedAt, Expr::value(now.0))
            .filter(run::Column::Id.is_in(of_chunk()))
            .exec(transaction)
            .await?;
    }
    let parent = parent_of(&found);
    if let Some(parent) = &parent {
        let ending = Ending::new(RunStatus::Cancelled, now);
        for statement in parent_signal(parent, &ended_signal(id, &ending), now) {
            transaction.execute_raw(statement).await?;
        }
    }
    let mut script = Script::default();
    let started = accept::add(transaction, &starts, keys, &mut script).await?;
    script.run(transaction).await?;
    Ok(Cancelled { runs: family, parent_key: parent.map(|parent| parent.run_key), started })
}

const RUNS_PER_STATEMENT: usize = 500;

/// A run and the runs that it called, as far as they are unfinished, the run itself first.
async fn unfinished_family(
    transaction: &DatabaseTransaction,
    run_key: i64,
) -> Result<Vec<(i64, i64, RunId)>, StorageError> {
    let sql = "WITH RECURSIVE family (id, depth) AS (SELECT run_id, 0 FROM queue WHERE run_id = ? UNION \
               SELECT queue.run_id, depth + 1 FROM family JOIN runs ON runs.parent_run_id = family.id \
               AND runs.parent_run_id IS NOT NULL JOIN queue ON queue.run_id = runs.id) \
               SELECT runs.id, runs.workflow_id, runs.public_id FROM family JOIN runs ON runs.id = family.id \
               ORDER BY depth, runs.id";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [run_key.into()]);
    let rows = transaction.query_all_raw(statement).await?;
    let read = |row: &sea_orm::QueryResult| -> Result<(i64, i64, RunId), StorageError> {
        Ok((row.try_get_by_index(0)?, row.try_get_by_index(1)?, RunId(row.try_get_by_index(2)?)))
    };
    rows.iter().map(read).collect()
}

/// What was under way or waited for its next attempt is over, too.
async fn cut_off_steps(
    transaction: &DatabaseTransaction,
    run_keys: impl Iterator<Item = i64>,
    now: Timestamp,
) -> Result<(), StorageError> {
    let error = NodeError::permanent(ErrorCode::Cancelled, "The run was cancelled by a person.");
    let unfinished = [StepStatus::Running, StepStatus::Waiting].map(StepStatus::as_str);
    step::Entity::update_many()
        .col_expr(step::Column::Status, Expr::value(StepStatus::Failed.as_str()))
        .col_expr(step::Column::Error, Expr::value(serde_json::to_string(&error)?))
        .col_expr(step::Column::FinishedAt, Expr::value(now.0))
        .col_expr(step::Column::RetryAt, Expr::value(None::<i64>))
        .filter(step::Column::RunId.is_in(run_keys))
        .filter(Expr::col(step::Column::Status).is_in(unfinished))
        .exec(transaction)
        .await?;
    Ok(())
}
