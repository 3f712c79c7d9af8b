//! What a waiting step waits for arrives.

use model::{NodeId, RunId, StepStatus, Timestamp};
use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, DatabaseTransaction, DbErr, EntityTrait, QueryFilter,
    QuerySelect,
};

use crate::entities::{queue, run, signal, step};
use crate::error::StorageError;
use crate::queue::SignalOutcome;

/// A signal on its way.
#[derive(Debug)]
pub(super) struct NewSignal {
    pub(super) run: RunId,
    pub(super) node: NodeId,
    pub(super) iteration: String,
    /// As JSON.
    pub(super) value: String,
    pub(super) received_at: Timestamp,
}

/// Stores a signal and makes its run due. Returns the run's key when it did.
pub(super) async fn store(
    transaction: &DatabaseTransaction,
    new: NewSignal,
) -> Result<(SignalOutcome, Option<i64>), StorageError> {
    let found = run::Entity::find().filter(run::Column::PublicId.eq(new.run.0)).select_only().column(run::Column::Id);
    let run_key = found.into_tuple::<i64>().one(transaction).await?;
    let run_key = run_key.ok_or(StorageError::NotFound { what: "run" })?;
    if queue::Entity::find_by_id(run_key).one(transaction).await?.is_none() {
        return Ok((SignalOutcome::RunOver, None));
    }
    if step_is_over(transaction, run_key, &new).await? {
        return Ok((SignalOutcome::AlreadyThere, None));
    }
    let row = signal::ActiveModel {
        run_id: Set(run_key),
        node_id: Set(new.node.0),
        iteration: Set(new.iteration),
        received_at: Set(new.received_at.0),
        value: Set(new.value),
        taken_at: NotSet,
    };
    let columns = [signal::Column::RunId, signal::Column::NodeId, signal::Column::Iteration];
    let first_wins = OnConflict::columns(columns).do_nothing().to_owned();
    match signal::Entity::insert(row).on_conflict(first_wins).exec_without_returning(transaction).await {
        Ok(0) | Err(DbErr::RecordNotInserted) => return Ok((SignalOutcome::AlreadyThere, None)),
        inserted => inserted?,
    };
    queue::Entity::update_many()
        .col_expr(queue::Column::DueAt, Expr::value(new.received_at.0))
        .filter(queue::Column::RunId.eq(run_key))
        .exec(transaction)
        .await?;
    Ok((SignalOutcome::Stored, Some(run_key)))
}

/// A step that has ended, for example because nobody came in time, takes no signal any more.
async fn step_is_over(transaction: &DatabaseTransaction, run_key: i64, new: &NewSignal) -> Result<bool, StorageError> {
    let status = step::Entity::find_by_id((run_key, new.node.0.clone(), new.iteration.clone()))
        .select_only()
        .column(step::Column::Status)
        .into_tuple::<String>()
        .one(transaction)
        .await?;
    Ok(status.and_then(|status| status.parse().ok()).is_some_and(StepStatus::is_final))
}
