//! What was unfinished when the process before this one ended. There may be a great many of them, so most are read while the
//! server is at work already.

use std::sync::{Arc, Weak};
use std::time::Duration;

use model::Timestamp;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, QueryFilter, Statement};

use super::queue::Shared;
use super::ready::Waiting;
use super::writer::Writer;
use crate::entities::queue;
use crate::error::StorageError;

/// How many runs are there when the queue is opened.
const FIRST_PAGE: i64 = 1_000;

/// How many runs are read in one go after that.
const PAGE: i64 = 5_000;

/// How long to wait before reading is tried again.
const TRY_AGAIN: Duration = Duration::from_millis(500);

/// How many runs one statement may name.
const RUNS_PER_STATEMENT: usize = 1_000;

/// Remembers that the process died while these runs were at work.
pub(super) async fn count_crashes(writer: &Writer, runs: Vec<i64>) -> Result<(), StorageError> {
    if runs.is_empty() {
        return Ok(());
    }
    writer
        .write(move |transaction| {
            Box::pin(async move {
                for chunk in runs.chunks(RUNS_PER_STATEMENT) {
                    queue::Entity::update_many()
                        .col_expr(queue::Column::Crashes, Expr::col(queue::Column::Crashes).add(1))
                        .filter(queue::Column::RunId.is_in(chunk.iter().copied()))
                        .exec(transaction)
                        .await?;
                }
                Ok(())
            })
        })
        .await
}

/// Reads the first unfinished runs, in the order in which they were accepted, and the others in the background.
pub(super) async fn take_over(reader: &DatabaseConnection, shared: &Arc<Shared>) -> Result<(), StorageError> {
    let statement = Statement::from_string(DbBackend::Sqlite, "SELECT COUNT(*), COALESCE(MAX(run_id), 0) FROM queue");
    let counted = reader.query_one_raw(statement).await?;
    let (count, last_key): (i64, i64) = match counted {
        Some(row) => (row.try_get_by_index(0)?, row.try_get_by_index(1)?),
        None => (0, 0),
    };
    shared.ready().start_loading(usize::try_from(count).unwrap_or(0), last_key);
    let after = load_page(reader, shared, (0, last_key), FIRST_PAGE).await?;
    match after {
        None => shared.ready().finish_loading(),
        Some(after) => {
            tokio::spawn(load_rest(reader.clone(), Arc::downgrade(shared), after, last_key));
        }
    }
    Ok(())
}

async fn load_rest(reader: DatabaseConnection, queue: Weak<Shared>, mut after: i64, last_key: i64) {
    // Whoever closes the storage ends the loading, and nobody needs the rest.
    while let Some(shared) = queue.upgrade().filter(|shared| shared.ready().is_loading()) {
        match load_page(&reader, &shared, (after, last_key), PAGE).await {
            Ok(Some(last)) => after = last,
            Ok(None) => shared.ready().finish_loading(),
            Err(error) => {
                tracing::error!(%error, "unfinished runs could not be read; trying again");
                tokio::time::sleep(TRY_AGAIN).await;
            }
        }
        shared.tell();
    }
}

/// Reads one page. Returns after which run the next one begins; none when this was the last.
async fn load_page(
    reader: &DatabaseConnection,
    shared: &Shared,
    (after, last_key): (i64, i64),
    limit: i64,
) -> Result<Option<i64>, StorageError> {
    // A signal may have come while its run was held: whoever takes the run now has to see it.
    let sql = "SELECT queue.run_id, queue.epoch, queue.crashes, queue.order_key, runs.workflow_id, \
               CASE WHEN runs.status = 'waiting' AND NOT EXISTS (SELECT 1 FROM signals \
               WHERE signals.run_id = queue.run_id AND signals.taken_at IS NULL) THEN queue.due_at END \
               FROM queue LEFT JOIN runs ON runs.id = queue.run_id \
               WHERE queue.run_id > ? AND queue.run_id <= ? ORDER BY queue.run_id LIMIT ?";
    let values = [after.into(), last_key.into(), limit.into()];
    let rows = reader.query_all_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    let mut runs = Vec::with_capacity(rows.len());
    let mut last = after;
    for row in &rows {
        last = row.try_get_by_index(0)?;
        let Some(workflow_key) = row.try_get_by_index::<Option<i64>>(4)? else {
            tracing::error!(run_key = last, "a queue row refers to a run that does not exist");
            continue;
        };
        let waiting = Waiting {
            workflow_key,
            epoch: row.try_get_by_index(1)?,
            crashes: u32::try_from(row.try_get_by_index::<i32>(2)?).unwrap_or(0),
            order_key: row.try_get_by_index::<Option<String>>(3)?.map(Into::into),
            fresh: None,
        };
        runs.push((last, row.try_get_by_index::<Option<i64>>(5)?.map(Timestamp), waiting));
    }
    let is_last = rows.len() < usize::try_from(limit).unwrap_or(usize::MAX);
    shared.ready().load(runs);
    Ok((!is_last).then_some(last))
}
