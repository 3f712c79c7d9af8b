//! How many runs and events there are.

use std::collections::BTreeMap;

use model::{EventStatus, RunStatus};
use sea_orm::{ColumnTrait, EntityTrait, QuerySelect};

use crate::entities::{event, run};
use crate::error::StorageError;
use crate::storage::Storage;

/// Runs and events counted by status; every status is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stats {
    /// Runs.
    pub runs: BTreeMap<RunStatus, i64>,
    /// Events.
    pub events: BTreeMap<EventStatus, i64>,
}

impl Storage {
    /// Counts runs and events.
    pub async fn stats(&self) -> Result<Stats, StorageError> {
        let runs = run::Entity::find()
            .select_only()
            .column(run::Column::Status)
            .column_as(run::Column::Id.count(), "count")
            .group_by(run::Column::Status)
            .into_tuple::<(String, i64)>()
            .all(self.read())
            .await?;
        let events = event::Entity::find()
            .select_only()
            .column(event::Column::Status)
            .column_as(event::Column::Id.count(), "count")
            .group_by(event::Column::Status)
            .into_tuple::<(String, i64)>()
            .all(self.read())
            .await?;
        Ok(Stats { runs: by_status(RunStatus::ALL, &runs), events: by_status(EventStatus::ALL, &events) })
    }
}

fn by_status<S: Copy + Ord + std::str::FromStr>(all: &[S], counted: &[(String, i64)]) -> BTreeMap<S, i64> {
    let mut counts: BTreeMap<S, i64> = all.iter().map(|status| (*status, 0)).collect();
    for (status, count) in counted {
        if let Ok(status) = status.parse() {
            counts.insert(status, *count);
        }
    }
    counts
}
