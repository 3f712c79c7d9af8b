//! What was unfinished when the process before this one ended.

use model::{RunStatus, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ColumnTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use super::ready::{Ready, Waiting};
use crate::entities::{queue, run, signal};
use crate::error::StorageError;

/// Makes sure that nobody who held a run before can write to it any more.
pub(super) async fn take_over(transaction: &DatabaseTransaction) -> Result<(), StorageError> {
    queue::Entity::update_many()
        .col_expr(queue::Column::Epoch, Expr::col(queue::Column::Epoch).add(1))
        .exec(transaction)
        .await?;
    Ok(())
}

/// Reads the unfinished runs in the order in which they were accepted.
pub(super) async fn load_unfinished(reader: &DatabaseConnection, ready: &mut Ready) -> Result<(), StorageError> {
    let rows =
        queue::Entity::find().find_also_related(run::Entity).order_by_asc(queue::Column::RunId).all(reader).await?;
    // A signal may have come while the run was held: whoever takes the run now has to see it.
    let signalled: Vec<i64> = signal::Entity::find()
        .filter(signal::Column::TakenAt.is_null())
        .select_only()
        .column(signal::Column::RunId)
        .distinct()
        .into_tuple()
        .all(reader)
        .await?;
    for (row, run) in rows {
        let Some(run) = run else {
            tracing::error!(run_key = row.run_id, "a queue row refers to a run that does not exist");
            continue;
        };
        let waiting = Waiting {
            workflow_key: run.workflow_id,
            epoch: row.epoch,
            order_key: row.order_key.map(Into::into),
            crashes: u32::try_from(row.crashes).unwrap_or(0),
            fresh: None,
        };
        let is_parked = run.status == RunStatus::Waiting.as_str() && !signalled.contains(&row.run_id);
        ready.enter(row.run_id, is_parked.then_some(Timestamp(row.due_at)), waiting);
    }
    Ok(())
}
