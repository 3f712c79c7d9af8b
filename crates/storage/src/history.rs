//! Forgetting: what is over and old goes, in small batches, and its space is given back.
//!
//! Each workflow's history has its own bounds: those of its published definition, else the server's. Unfinished runs stay,
//! and so do dead letters as long as they wait for a person.

mod bounds;
mod removal;

use model::Timestamp;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect, Statement};

use self::bounds::{Bounds, Moments, Rule};
use crate::entities::{audit, file, outbox, seen};
use crate::error::StorageError;
use crate::storage::Storage;

/// How long things are kept. `None` means without bound.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    /// For how long runs and events are kept whose workflow does not say otherwise, in milliseconds.
    pub keep_ms: Option<u64>,
    /// How many runs, and how many events without a run, are kept of a workflow that does not say otherwise.
    pub keep_runs: Option<u64>,
    /// How many runs of all workflows are kept, whatever these say.
    pub keep_total_runs: Option<u64>,
    /// For how long it is kept who did what, in milliseconds.
    pub keep_audit_ms: Option<u64>,
    /// How many runs or events are removed in one transaction.
    pub batch: u64,
}

/// What a person wants to be removed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sweep {
    /// Only of this workflow, by its key.
    pub workflow_key: Option<i64>,
    /// Only what was over before this moment.
    pub before: Timestamp,
}

/// What a sweep would meet.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SweepPreview {
    /// Runs that would go.
    pub runs: i64,
    /// Events without a run that would go, too.
    pub events: i64,
    /// Dead letters that would stay, because they wait for a person.
    pub open_dead_letters: i64,
}

/// How many pages of the file are given back in one transaction.
const VACUUM_PAGES: u32 = 1_000;

/// How many free pages stay in the file, so that what comes next finds room.
const RESERVE_PAGES: i64 = 256;

/// How many files, mails or entries are removed in one transaction.
const AGED_ROWS: u64 = 500;

impl Storage {
    /// Removes what is too old or too much: of each workflow one batch at the most, each in a transaction of its own.
    /// Returns how many runs, events and other things went; zero: there is nothing left to remove.
    pub async fn forget_old(&self, retention: Retention) -> Result<u64, StorageError> {
        let mut moments = Moments::default();
        let mut removed = 0;
        for rule in Rule::all(self.read(), retention).await? {
            let bounds = rule.bounds(self.read(), self.now(), &mut moments).await?;
            removed += self.forget_within(&bounds, retention.batch).await?;
        }
        if let Some(keep) = retention.keep_total_runs {
            let bounds = Bounds::of_all_beyond(self.read(), keep).await?;
            removed += self.forget_within(&bounds, retention.batch).await?;
        }
        Ok(removed + self.forget_aged(retention).await?)
    }

    /// Removes one batch of what a person wants to be removed. Returns how much went; zero: there is nothing left.
    pub async fn sweep(&self, sweep: Sweep, batch: u64) -> Result<u64, StorageError> {
        let bounds = Bounds::of_sweep(self.read(), sweep).await?;
        self.forget_within(&bounds, batch).await
    }

    /// What a sweep would remove, and what it would leave.
    pub async fn preview_sweep(&self, sweep: Sweep) -> Result<SweepPreview, StorageError> {
        Bounds::of_sweep(self.read(), sweep).await?.preview(self.read()).await
    }

    /// Gives a part of the file's free pages back to the file system. True: there are more to give.
    pub async fn give_back_space(&self) -> Result<bool, StorageError> {
        let free = self.free_pages().await?;
        if free <= RESERVE_PAGES {
            return Ok(false);
        }
        let pages = i64::from(VACUUM_PAGES).min(free - RESERVE_PAGES);
        self.write(move |transaction| {
            Box::pin(async move {
                transaction.execute_unprepared(&format!("PRAGMA incremental_vacuum({pages})")).await?;
                Ok(())
            })
        })
        .await?;
        Ok(free - pages > RESERVE_PAGES)
    }

    /// How many pages of the file hold nothing.
    pub(crate) async fn free_pages(&self) -> Result<i64, StorageError> {
        let statement = Statement::from_string(self.read().get_database_backend(), "PRAGMA freelist_count");
        let row = self.read().query_one_raw(statement).await?;
        Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
    }

    async fn forget_within(&self, bounds: &Bounds, batch: u64) -> Result<u64, StorageError> {
        let batch = batch.max(1);
        // What can go is looked up without the writer, which then only looks whether it still may.
        let runs = bounds.runs(self.read(), batch).await?;
        let events = bounds.events(self.read(), batch).await?;
        if runs.is_empty() && events.is_empty() {
            return Ok(0);
        }
        self.write(move |transaction| {
            Box::pin(async move {
                let removed = removal::forget_runs(transaction, runs).await?;
                Ok(removed + removal::forget_events(transaction, events).await?)
            })
        })
        .await
    }

    /// Removes by their age alone: files without an event, kept mails, entries of the audit, and keys that a node no longer looks for.
    async fn forget_aged(&self, retention: Retention) -> Result<u64, StorageError> {
        let now = self.now();
        let cutoff = retention.keep_ms.map(|keep_ms| now.minus_ms(keep_ms).0);
        let audit_cutoff = retention.keep_audit_ms.map(|keep_ms| now.minus_ms(keep_ms).0);
        let mut files = Vec::new();
        let mut mails = Vec::new();
        if let Some(cutoff) = cutoff {
            let old = file::Entity::find().select_only().column(file::Column::Id);
            let old = old.filter(file::Column::CreatedAt.lt(cutoff)).filter(file::Column::EventId.is_null());
            files = old.limit(AGED_ROWS).into_tuple::<uuid::Uuid>().all(self.read()).await?;
            let old = outbox::Entity::find().select_only().column(outbox::Column::Id);
            let old = old.filter(outbox::Column::CreatedAt.lt(cutoff)).limit(AGED_ROWS);
            mails = old.into_tuple::<uuid::Uuid>().all(self.read()).await?;
        }
        let old_entries = match audit_cutoff {
            Some(cutoff) => {
                let old =
                    audit::Entity::find().select_only().column(audit::Column::Id).filter(audit::Column::At.lt(cutoff));
                old.limit(AGED_ROWS).into_tuple::<i64>().all(self.read()).await?
            }
            None => Vec::new(),
        };
        let expired = seen::Entity::find().filter(seen::Column::ExpiresAt.lt(now.0)).limit(AGED_ROWS).all(self.read());
        let keys: Vec<_> = expired.await?.into_iter().map(|row| (row.workflow_id, row.node_id, row.key_hash)).collect();
        let counts = [files.len(), mails.len(), old_entries.len(), keys.len()];
        let removed = u64::try_from(counts.iter().sum::<usize>()).unwrap_or(u64::MAX);
        if removed == 0 {
            return Ok(0);
        }
        self.write(move |transaction| {
            Box::pin(async move {
                file::Entity::delete_many().filter(file::Column::Id.is_in(files)).exec(transaction).await?;
                outbox::Entity::delete_many().filter(outbox::Column::Id.is_in(mails)).exec(transaction).await?;
                audit::Entity::delete_many().filter(audit::Column::Id.is_in(old_entries)).exec(transaction).await?;
                for key in keys {
                    // A key that was met again meanwhile has a later end.
                    let expired = seen::Entity::delete_by_id(key).filter(seen::Column::ExpiresAt.lt(now.0));
                    expired.exec(transaction).await?;
                }
                Ok(removed)
            })
        })
        .await
    }
}
