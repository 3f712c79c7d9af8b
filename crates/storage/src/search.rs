//! Finding runs and events by a text: ids, and values of the fields that a workflow names, by their index; any other text by
//! reading through the newest payloads, bounded in number and time, so that a search never keeps the database busy for long.
//! Whoever asks is told where the search stopped.

use std::time::{Duration, Instant};

use model::Timestamp;
use sea_orm::sea_query::{Expr, Query, SimpleExpr};
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select};
use uuid::Uuid;

use crate::entities::{endpoint, event, run};
use crate::error::StorageError;
use crate::field_index;
use crate::moments::{Timeline, key_range};

/// How many rows one statement reads through.
const CHUNK: u64 = 1_000;

/// How many rows one search reads through at the most.
const MOST_ROWS: u64 = 20_000;

/// How long one search may read through payloads.
const PATIENCE: Duration = Duration::from_millis(25);

/// What a search found, the latest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Found<T> {
    /// At most as many as were asked for.
    pub items: Vec<T>,
    /// What to give as `before_key` to go on; none when everything was looked through.
    pub next_key: Option<i64>,
    /// Whether the search for a text stopped before it had looked through everything. It goes on at `next_key`.
    pub is_partial: bool,
}

/// Something that can be searched: rows of one table with their key.
pub(crate) trait Searched: EntityTrait {
    /// The column of the key.
    const KEY: Self::Column;
    /// Whether a row's payload mentions the text.
    fn mentions(text: &str) -> SimpleExpr;
    /// The key of a row.
    fn key(row: &Self::Model) -> i64;
}

impl Searched for run::Entity {
    const KEY: run::Column = run::Column::Id;

    fn mentions(text: &str) -> SimpleExpr {
        Expr::cust_with_values(
            "(instr(lower(COALESCE(runs.error, '')), lower(?)) > 0 OR EXISTS (SELECT 1 FROM events AS trigger_event \
             WHERE trigger_event.id = runs.event_id \
             AND instr(lower(CAST(COALESCE(trigger_event.parsed, trigger_event.body) AS TEXT)), lower(?)) > 0))",
            [text, text],
        )
    }

    fn key(row: &run::Model) -> i64 {
        row.id
    }
}

impl Searched for event::Entity {
    const KEY: event::Column = event::Column::Id;

    fn mentions(text: &str) -> SimpleExpr {
        Expr::cust_with_values("instr(lower(CAST(COALESCE(events.parsed, events.body) AS TEXT)), lower(?)) > 0", [text])
    }

    fn key(row: &event::Model) -> i64 {
        row.id
    }
}

/// What narrows a search beside its text.
#[derive(Debug, Clone)]
pub(crate) struct Bounds {
    /// Everything that the rows must fulfil.
    pub(crate) filter: Condition,
    /// Only keys before this one.
    pub(crate) before_key: Option<i64>,
    /// How many at the most.
    pub(crate) limit: u64,
}

impl Bounds {
    /// Narrows to what happened between two moments; `time` is the column that says when.
    pub(crate) async fn between<E: Searched>(
        &mut self,
        connection: &impl ConnectionTrait,
        (timeline, time): (Timeline, E::Column),
        since: Option<Timestamp>,
        until: Option<Timestamp>,
    ) -> Result<(), StorageError> {
        let (from_key, until_key) = key_range(connection, timeline, since, until).await?;
        let filter = self.filter.clone();
        self.filter = filter
            .add_option(from_key.map(|key| E::KEY.gte(key)))
            .add_option(since.map(|since| time.gte(since.0)))
            .add_option(until.map(|until| time.lt(until.0)));
        self.before_key = [self.before_key, until_key].into_iter().flatten().min();
        Ok(())
    }

    fn rows<E: Searched>(&self, before_key: Option<i64>) -> Select<E> {
        let rows = E::find().filter(self.filter.clone()).order_by_desc(E::KEY);
        match before_key {
            Some(key) => rows.filter(E::KEY.lt(key)),
            None => rows,
        }
    }
}

/// The latest rows within the bounds.
pub(crate) async fn latest<E: Searched>(
    connection: &impl ConnectionTrait,
    bounds: &Bounds,
) -> Result<Found<E::Model>, StorageError> {
    let mut items = bounds.rows::<E>(bounds.before_key).limit(bounds.limit.saturating_add(1)).all(connection).await?;
    let limit = usize::try_from(bounds.limit).unwrap_or(usize::MAX);
    let has_more = items.len() > limit;
    items.truncate(limit);
    let next_key = items.last().filter(|_| has_more).map(E::key);
    Ok(Found { items, next_key, is_partial: false })
}

/// The latest rows within the bounds that are one of `exact`. Only when there is none: those that mention the text.
pub(crate) async fn mentioning<E: Searched>(
    connection: &impl ConnectionTrait,
    bounds: &Bounds,
    text: &str,
    exact: Condition,
) -> Result<Found<E::Model>, StorageError> {
    let limit = usize::try_from(bounds.limit).unwrap_or(usize::MAX);
    let most = bounds.limit.saturating_add(1);
    let mut items = bounds.rows::<E>(bounds.before_key).filter(exact).limit(most).all(connection).await?;
    if !items.is_empty() {
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next_key = items.last().filter(|_| has_more).map(E::key);
        return Ok(Found { items, next_key, is_partial: false });
    }
    let started = Instant::now();
    let (mut floor, mut read) = (bounds.before_key, 0);
    let mut everything = false;
    let mut hits = 0;
    while !everything && hits <= limit && read < MOST_ROWS && (read == 0 || started.elapsed() < PATIENCE) {
        let keys = bounds.rows::<E>(floor).select_only().column(E::KEY).limit(CHUNK).into_tuple::<i64>();
        let keys = keys.all(connection).await?;
        everything = u64::try_from(keys.len()).is_ok_and(|count| count < CHUNK);
        let Some(lowest) = keys.last().copied() else { break };
        let chunk = bounds.rows::<E>(floor).filter(E::KEY.gte(lowest)).filter(E::mentions(text));
        let found = chunk.limit(most).all(connection).await?;
        hits += found.len();
        items.extend(found);
        floor = Some(lowest);
        read += CHUNK;
    }
    let is_partial = !everything && hits <= limit;
    let has_more = items.len() > limit;
    items.truncate(limit);
    let last = items.last().filter(|_| has_more).map(E::key);
    let next_key = if everything { last } else { last.max(floor) };
    Ok(Found { items, next_key, is_partial })
}

/// The keys of the events that have this text as their id, their sender's id, or the value of a field that their workflow
/// names.
pub(crate) async fn events_named(connection: &impl ConnectionTrait, text: &str) -> Result<Vec<i64>, StorageError> {
    // The index of delivery ids begins with the endpoint, so every endpoint is asked.
    let endpoints = Query::select().column(endpoint::Column::Id).from(endpoint::Entity).to_owned();
    let delivered = Condition::all()
        .add(event::Column::EndpointId.in_subquery(endpoints))
        .add(event::Column::DedupKey.is_not_null())
        .add(event::Column::DedupKey.eq(text));
    let mut keys = event_keys(connection, delivered).await?;
    keys.extend(field_index::events_with(connection, text).await?);
    if let Ok(id) = text.parse::<Uuid>() {
        keys.extend(event_keys(connection, Condition::all().add(event::Column::PublicId.eq(id))).await?);
    }
    Ok(keys)
}

async fn event_keys(connection: &impl ConnectionTrait, condition: Condition) -> Result<Vec<i64>, StorageError> {
    let keys = event::Entity::find().select_only().column(event::Column::Id).filter(condition).limit(CHUNK);
    Ok(keys.into_tuple::<i64>().all(connection).await?)
}
