//! From moments to keys. Runs and events have rising keys and nearly rising times, so a moment is found by halving: that
//! costs a few steps down the primary key and needs no index of its own, which every accepted event would pay for.

use model::Timestamp;
use sea_orm::{ConnectionTrait, Statement};

use crate::error::StorageError;

/// How far apart the order of keys and the order of times may be, in milliseconds: an event gets its time when its request
/// begins and its key when all of it has arrived.
const DISORDER_MS: u64 = 10 * 60 * 1_000;

/// What has rising keys and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Timeline {
    /// Runs by `created_at`.
    Runs,
    /// Events by `received_at`.
    Events,
}

/// The keys among which everything from `since` until before `until` is found. There may be a little more between them.
pub(crate) async fn key_range(
    connection: &impl ConnectionTrait,
    timeline: Timeline,
    since: Option<Timestamp>,
    until: Option<Timestamp>,
) -> Result<(Option<i64>, Option<i64>), StorageError> {
    let from = match since {
        Some(since) => Some(first_key_since(connection, timeline, since.minus_ms(DISORDER_MS)).await?),
        None => None,
    };
    let before = match until {
        Some(until) => Some(first_key_since(connection, timeline, until.plus_ms(DISORDER_MS)).await?),
        None => None,
    };
    Ok((from, before))
}

/// The first key whose time is not before `moment`; one more than the last key when there is none.
pub(crate) async fn first_key_since(
    connection: &impl ConnectionTrait,
    timeline: Timeline,
    moment: Timestamp,
) -> Result<i64, StorageError> {
    let values = [moment.0.into(), moment.0.into()];
    let statement = Statement::from_sql_and_values(connection.get_database_backend(), halving(timeline), values);
    let found = connection.query_one_raw(statement).await?.map(|row| row.try_get_by_index::<Option<i64>>(0));
    Ok(found.transpose()?.flatten().unwrap_or(1))
}

fn halving(timeline: Timeline) -> String {
    let (table, column) = match timeline {
        Timeline::Runs => ("runs", "created_at"),
        Timeline::Events => ("events", "received_at"),
    };
    // Keys have gaps where something was forgotten, so each half is looked at through the next key that there is.
    let next =
        |wanted: &str| format!("(SELECT {wanted} FROM {table} WHERE id >= (low + high) / 2 ORDER BY id LIMIT 1)");
    // Smallest and largest are asked for one by one: together, SQLite would read the whole index for them.
    format!(
        "WITH RECURSIVE halving(low, high) AS (\
         SELECT (SELECT MIN(id) FROM {table}), (SELECT MAX(id) + 1 FROM {table}) UNION ALL SELECT CASE WHEN {time} < ? THEN {key} + 1 ELSE low END, CASE WHEN {time} < ? THEN high ELSE (low + high) / 2 END \
         FROM halving WHERE low < high) SELECT MAX(low) FROM halving",
        time = next(column),
        key = next("id"),
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::clock::ManualClock;

    use super::*;
    use crate::storage::{Role, Storage, StorageSettings};

    #[tokio::test]
    async fn a_moment_is_found_without_reading_through_a_table() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Arc::new(ManualClock::at(Timestamp(0)));
        let settings = StorageSettings::for_directory(folder.path());
        let storage = Storage::open(settings, Role::Server, clock).await.unwrap();
        for timeline in [Timeline::Runs, Timeline::Events] {
            let plan = format!("EXPLAIN QUERY PLAN {}", halving(timeline));
            let backend = storage.read().get_database_backend();
            let statement = Statement::from_sql_and_values(backend, plan, [0.into(), 0.into()]);
            let rows = storage.read().query_all_raw(statement).await.unwrap();
            let steps: Vec<String> = rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect();
            assert!(steps.iter().any(|step| step.starts_with("SEARCH")), "{steps:?}");
            let scans: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
            assert!(scans.iter().all(|step| step.contains("halving") || step.contains("CONSTANT")), "{scans:?}");
        }
    }
}
