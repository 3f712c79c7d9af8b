//! Removing runs and events with everything that belongs to them.

use model::RunStatus;
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, Condition, DatabaseTransaction, EntityTrait, QueryFilter, QuerySelect};

use super::bounds::{DECIDED, OVER, has_no_run};
use crate::entities::{attempt, dead_letter, event, event_field, file, payload, run, signal, step};
use crate::error::StorageError;

/// Removes these runs, their steps, attempts, signals and decided dead letters, and their events unless another run needs
/// them. A run that went on meanwhile, or whose dead letter was taken up again, stays.
pub(super) async fn forget_runs(transaction: &DatabaseTransaction, runs: Vec<i64>) -> Result<u64, StorageError> {
    if runs.is_empty() {
        return Ok(0);
    }
    let decided = Query::select()
        .column(dead_letter::Column::RunId)
        .from(dead_letter::Entity)
        .and_where(dead_letter::Column::RunId.is_in(runs.iter().copied()))
        .and_where(dead_letter::Column::State.is_in(DECIDED))
        .to_owned();
    let may_go = Condition::any().add(run::Column::Status.is_in(OVER.map(RunStatus::as_str))).add(
        Condition::all()
            .add(run::Column::Status.eq(RunStatus::Dead.as_str()))
            .add(run::Column::Id.in_subquery(decided)),
    );
    let found = run::Entity::find()
        .select_only()
        .columns([run::Column::Id, run::Column::EventId])
        .filter(run::Column::Id.is_in(runs))
        .filter(may_go)
        .into_tuple::<(i64, i64)>()
        .all(transaction)
        .await?;
    let (runs, events): (Vec<i64>, Vec<i64>) = found.into_iter().unzip();
    if runs.is_empty() {
        return Ok(0);
    }
    for column in [step::Column::OutputPayloadId, step::Column::StatePayloadId] {
        let aside = Query::select()
            .column(column)
            .from(step::Entity)
            .and_where(step::Column::RunId.is_in(runs.iter().copied()))
            .and_where(Expr::col(column).is_not_null())
            .to_owned();
        payload::Entity::delete_many().filter(payload::Column::Id.in_subquery(aside)).exec(transaction).await?;
    }
    let aside = Query::select()
        .column(attempt::Column::ExchangesPayloadId)
        .from(attempt::Entity)
        .and_where(attempt::Column::RunId.is_in(runs.iter().copied()))
        .and_where(attempt::Column::ExchangesPayloadId.is_not_null())
        .to_owned();
    payload::Entity::delete_many().filter(payload::Column::Id.in_subquery(aside)).exec(transaction).await?;
    let of_runs = || runs.iter().copied();
    step::Entity::delete_many().filter(step::Column::RunId.is_in(of_runs())).exec(transaction).await?;
    attempt::Entity::delete_many().filter(attempt::Column::RunId.is_in(of_runs())).exec(transaction).await?;
    signal::Entity::delete_many().filter(signal::Column::RunId.is_in(of_runs())).exec(transaction).await?;
    dead_letter::Entity::delete_many().filter(dead_letter::Column::RunId.is_in(of_runs())).exec(transaction).await?;
    run::Entity::delete_many().filter(run::Column::Id.is_in(of_runs())).exec(transaction).await?;
    delete_events(transaction, events).await?;
    Ok(u64::try_from(runs.len()).unwrap_or(u64::MAX))
}

/// Removes those of these events that no run refers to.
pub(super) async fn forget_events(transaction: &DatabaseTransaction, events: Vec<i64>) -> Result<u64, StorageError> {
    delete_events(transaction, events).await
}

async fn delete_events(transaction: &DatabaseTransaction, events: Vec<i64>) -> Result<u64, StorageError> {
    if events.is_empty() {
        return Ok(0);
    }
    let unused = Condition::all().add(event::Column::Id.is_in(events)).add(has_no_run());
    let keys = event::Entity::find().select_only().column(event::Column::Id).filter(unused);
    let keys: Vec<i64> = keys.into_tuple::<i64>().all(transaction).await?;
    for column in [event::Column::BodyPayloadId, event::Column::ParsedPayloadId] {
        let aside = Query::select()
            .column(column)
            .from(event::Entity)
            .and_where(event::Column::Id.is_in(keys.iter().copied()))
            .and_where(Expr::col(column).is_not_null())
            .to_owned();
        payload::Entity::delete_many().filter(payload::Column::Id.in_subquery(aside)).exec(transaction).await?;
    }
    let of_events = || keys.iter().copied();
    file::Entity::delete_many().filter(file::Column::EventId.is_in(of_events())).exec(transaction).await?;
    event_field::Entity::delete_many()
        .filter(event_field::Column::EventId.is_in(of_events()))
        .exec(transaction)
        .await?;
    event::Entity::delete_many().filter(event::Column::Id.is_in(of_events())).exec(transaction).await?;
    Ok(u64::try_from(keys.len()).unwrap_or(u64::MAX))
}
