//! Forgetting: what is over and old goes, in small batches, and its space is given back.
//!
//! Unfinished runs stay, and so do dead letters: they wait for a person.

use model::{RunStatus, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use crate::entities::{attempt, dead_letter, event, file, outbox, payload, run, signal, step};
use crate::error::StorageError;
use crate::storage::Storage;

/// How long things are kept. `None` means without bound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    /// For how long, in milliseconds.
    pub keep_ms: Option<u64>,
    /// How many runs.
    pub keep_runs: Option<u64>,
    /// How many rows are removed in one transaction.
    pub batch: u64,
}

/// How many pages of the file are given back after a batch.
const VACUUM_PAGES: u32 = 1_000;

impl Storage {
    /// Removes one batch of what is too old or too much. Returns how many runs and events went; zero: there is nothing left
    /// to remove.
    pub async fn forget_old(&self, retention: Retention) -> Result<u64, StorageError> {
        let cutoff = retention.keep_ms.map(|keep_ms| self.now().minus_ms(keep_ms));
        let beyond = match retention.keep_runs {
            Some(keep_runs) => self.key_of_nth_run(keep_runs).await?,
            None => None,
        };
        if cutoff.is_none() && beyond.is_none() {
            return Ok(0);
        }
        let batch = Ord::max(retention.batch, 1);
        self.write(move |transaction| {
            Box::pin(async move {
                let mut removed = forget_runs(transaction, cutoff, beyond, batch).await?;
                if let Some(cutoff) = cutoff {
                    removed += forget_events(transaction, cutoff, batch).await?;
                    forget_aged(transaction, cutoff).await?;
                }
                if removed > 0 {
                    transaction.execute_unprepared(&format!("PRAGMA incremental_vacuum({VACUUM_PAGES})")).await?;
                }
                Ok(removed)
            })
        })
        .await
    }

    /// The key of the first run beyond the latest `count`.
    async fn key_of_nth_run(&self, count: u64) -> Result<Option<i64>, StorageError> {
        let key = run::Entity::find()
            .select_only()
            .column(run::Column::Id)
            .order_by_desc(run::Column::Id)
            .offset(count)
            .limit(1)
            .into_tuple::<i64>()
            .one(self.read())
            .await?;
        Ok(key)
    }
}

async fn forget_runs(
    transaction: &DatabaseTransaction,
    cutoff: Option<Timestamp>,
    beyond: Option<i64>,
    batch: u64,
) -> Result<u64, StorageError> {
    let over = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled].map(RunStatus::as_str);
    let mut too_old_or_much = Condition::any();
    if let Some(cutoff) = cutoff {
        too_old_or_much = too_old_or_much.add(run::Column::FinishedAt.lt(cutoff.0));
    }
    if let Some(key) = beyond {
        too_old_or_much = too_old_or_much.add(run::Column::Id.lte(key));
    }
    let found = run::Entity::find()
        .select_only()
        .columns([run::Column::Id, run::Column::EventId])
        .filter(run::Column::Status.is_in(over))
        .filter(too_old_or_much)
        .order_by_asc(run::Column::Id)
        .limit(batch)
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
            .cond_where(step::Column::RunId.is_in(runs.iter().copied()))
            .and_where(Expr::col(column).is_not_null())
            .to_owned();
        payload::Entity::delete_many().filter(payload::Column::Id.in_subquery(aside)).exec(transaction).await?;
    }
    signal::Entity::delete_many().filter(signal::Column::RunId.is_in(runs.iter().copied())).exec(transaction).await?;
    let letters = dead_letter::Column::RunId.is_in(runs.iter().copied());
    dead_letter::Entity::delete_many().filter(letters).exec(transaction).await?;
    step::Entity::delete_many().filter(step::Column::RunId.is_in(runs.iter().copied())).exec(transaction).await?;
    attempt::Entity::delete_many().filter(attempt::Column::RunId.is_in(runs.iter().copied())).exec(transaction).await?;
    run::Entity::delete_many().filter(run::Column::Id.is_in(runs.iter().copied())).exec(transaction).await?;
    let without_run = Condition::all().add(event::Column::Id.is_in(events)).add(has_no_run());
    delete_events(transaction, without_run).await?;
    Ok(u64::try_from(runs.len()).unwrap_or(u64::MAX))
}

/// Removes old events that have no run (any more): kept, refused and repeated ones.
async fn forget_events(transaction: &DatabaseTransaction, cutoff: Timestamp, batch: u64) -> Result<u64, StorageError> {
    let old = event::Entity::find()
        .select_only()
        .column(event::Column::Id)
        .filter(event::Column::ReceivedAt.lt(cutoff.0))
        .filter(has_no_run())
        .order_by_asc(event::Column::Id)
        .limit(batch)
        .into_tuple::<i64>()
        .all(transaction)
        .await?;
    if old.is_empty() {
        return Ok(0);
    }
    let count = u64::try_from(old.len()).unwrap_or(u64::MAX);
    delete_events(transaction, Condition::all().add(event::Column::Id.is_in(old))).await?;
    Ok(count)
}

fn has_no_run() -> Expr {
    let with_run = Query::select()
        .expr(Expr::value(1))
        .from(run::Entity)
        .and_where(Expr::col((run::Entity, run::Column::EventId)).equals((event::Entity, event::Column::Id)))
        .to_owned();
    Expr::exists(with_run).not()
}

async fn delete_events(transaction: &DatabaseTransaction, which: Condition) -> Result<(), StorageError> {
    for column in [event::Column::BodyPayloadId, event::Column::ParsedPayloadId] {
        let aside = Query::select()
            .column(column)
            .from(event::Entity)
            .cond_where(which.clone())
            .and_where(Expr::col(column).is_not_null())
            .to_owned();
        payload::Entity::delete_many().filter(payload::Column::Id.in_subquery(aside)).exec(transaction).await?;
    }
    event::Entity::delete_many().filter(which).exec(transaction).await?;
    Ok(())
}

/// Removes files and kept mails by their age alone.
async fn forget_aged(transaction: &DatabaseTransaction, cutoff: Timestamp) -> Result<(), StorageError> {
    file::Entity::delete_many().filter(file::Column::CreatedAt.lt(cutoff.0)).exec(transaction).await?;
    outbox::Entity::delete_many().filter(outbox::Column::CreatedAt.lt(cutoff.0)).exec(transaction).await?;
    Ok(())
}
