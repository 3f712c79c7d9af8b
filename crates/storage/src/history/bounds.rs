//! How far the history of a workflow reaches back: by its age and by its length.

use std::collections::BTreeMap;

use model::{RunStatus, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Statement,
};

use super::{Retention, Sweep, SweepPreview};
use crate::entities::{dead_letter, event, run};
use crate::error::StorageError;
use crate::moments::{Timeline, key_range};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// How runs end whose fate nobody has to decide.
pub(super) const OVER: [RunStatus; 3] = [RunStatus::Succeeded, RunStatus::Failed, RunStatus::Cancelled];

/// What a person may have decided about a dead letter.
pub(super) const DECIDED: [&str; 3] = ["replayed", "discarded", "resolved"];

/// What holds for one workflow.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    workflow_key: i64,
    keep_ms: Option<u64>,
    keep_runs: Option<u64>,
}

/// The settings of published definitions, also of deleted workflows: their history goes like any other.
const OWN_RULES: &str = "SELECT w.id, json_extract(d.document, '$.settings.keep_days'), \
     json_extract(d.document, '$.settings.keep_runs') FROM workflows w \
     LEFT JOIN workflow_versions v ON v.workflow_id = w.id AND v.version = w.published_version \
     LEFT JOIN definitions d ON d.id = v.definition_id ORDER BY w.id";

impl Rule {
    /// The rules of all workflows. Zero in a definition means: without bound.
    pub(super) async fn all(
        connection: &impl ConnectionTrait,
        retention: Retention,
    ) -> Result<Vec<Self>, StorageError> {
        let statement = Statement::from_string(connection.get_database_backend(), OWN_RULES);
        let rows = connection.query_all_raw(statement).await?;
        let rule = |row: &sea_orm::QueryResult| {
            let days: Option<i64> = row.try_get_by_index(1)?;
            let runs: Option<i64> = row.try_get_by_index(2)?;
            let of = |own: i64| u64::try_from(own).ok().filter(|own| *own > 0);
            Ok(Self {
                workflow_key: row.try_get_by_index(0)?,
                keep_ms: days.map_or(retention.keep_ms, |days| of(days).map(|days| days.saturating_mul(DAY_MS))),
                keep_runs: runs.map_or(retention.keep_runs, of),
            })
        };
        rows.iter().map(rule).collect()
    }

    /// What it means today.
    pub(super) async fn bounds(
        self,
        connection: &impl ConnectionTrait,
        now: Timestamp,
        moments: &mut Moments,
    ) -> Result<Bounds, StorageError> {
        let age = match self.keep_ms {
            Some(keep_ms) => Some(moments.age(connection, now.minus_ms(keep_ms)).await?),
            None => None,
        };
        let mut bounds = Bounds { workflow_key: Some(self.workflow_key), age, last_run: None, last_event: None };
        if let Some(keep_runs) = self.keep_runs {
            bounds.last_run = nth(bounds.all_runs(), run::Column::Id, keep_runs, connection).await?;
            bounds.last_event = nth(bounds.all_events(), event::Column::Id, keep_runs, connection).await?;
        }
        Ok(bounds)
    }
}

/// A moment, and the keys of runs and events that may be older.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age {
    before: Timestamp,
    until_run: i64,
    until_event: i64,
}

/// Moments whose keys were looked up already; most workflows have the same rule.
#[derive(Debug, Default)]
pub(super) struct Moments(BTreeMap<i64, Age>);

impl Moments {
    async fn age(&mut self, connection: &impl ConnectionTrait, before: Timestamp) -> Result<Age, StorageError> {
        if let Some(known) = self.0.get(&before.0) {
            return Ok(*known);
        }
        let (_, until_run) = key_range(connection, Timeline::Runs, None, Some(before)).await?;
        let (_, until_event) = key_range(connection, Timeline::Events, None, Some(before)).await?;
        let age = Age { before, until_run: until_run.unwrap_or(0), until_event: until_event.unwrap_or(0) };
        self.0.insert(before.0, age);
        Ok(age)
    }
}

/// What may go: everything that is older than `age`, and everything up to the keys.
#[derive(Debug, Clone)]
pub(super) struct Bounds {
    workflow_key: Option<i64>,
    age: Option<Age>,
    last_run: Option<i64>,
    last_event: Option<i64>,
}

impl Bounds {
    /// Of all workflows together, the runs beyond the latest `keep`.
    pub(super) async fn of_all_beyond(connection: &impl ConnectionTrait, keep: u64) -> Result<Self, StorageError> {
        let bounds = Self { workflow_key: None, age: None, last_run: None, last_event: None };
        let last_run = nth(bounds.all_runs(), run::Column::Id, keep, connection).await?;
        Ok(Self { last_run, ..bounds })
    }

    /// What a person wants to be removed.
    pub(super) async fn of_sweep(connection: &impl ConnectionTrait, sweep: Sweep) -> Result<Self, StorageError> {
        let age = Moments::default().age(connection, sweep.before).await?;
        Ok(Self { workflow_key: sweep.workflow_key, age: Some(age), last_run: None, last_event: None })
    }

    /// The keys of runs that may go, the oldest first.
    pub(super) async fn runs(&self, connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<i64>, StorageError> {
        let Some(until) = self.until_run() else { return Ok(Vec::new()) };
        let mut keys = Vec::new();
        // One by one, each is a range of an index; together they would be a walk through the table.
        for status in OVER {
            let rows = self.all_runs().filter(run::Column::Status.eq(status.as_str())).filter(self.is_past(until));
            let rows = rows.select_only().column(run::Column::Id).order_by_asc(run::Column::Id).limit(limit);
            keys.extend(rows.into_tuple::<i64>().all(connection).await?);
        }
        for state in DECIDED {
            let rows = self.dead_letters(state).filter(dead_letter::Column::RunId.lte(until)).filter(self.is_decided());
            let rows = rows.select_only().column(dead_letter::Column::RunId).order_by_asc(dead_letter::Column::RunId);
            keys.extend(rows.limit(limit).into_tuple::<i64>().all(connection).await?);
        }
        keys.sort_unstable();
        keys.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(keys)
    }

    /// The keys of events without a run that may go, the oldest first.
    pub(super) async fn events(&self, connection: &impl ConnectionTrait, limit: u64) -> Result<Vec<i64>, StorageError> {
        let Some(rows) = self.past_events() else { return Ok(Vec::new()) };
        let rows = rows.select_only().column(event::Column::Id).order_by_asc(event::Column::Id).limit(limit);
        Ok(rows.into_tuple::<i64>().all(connection).await?)
    }

    /// Counts what may go, and the dead letters among it that stay.
    pub(super) async fn preview(&self, connection: &impl ConnectionTrait) -> Result<SweepPreview, StorageError> {
        let Some(until) = self.until_run() else { return Ok(SweepPreview::default()) };
        let mut runs = 0;
        for status in OVER {
            let rows = self.all_runs().filter(run::Column::Status.eq(status.as_str())).filter(self.is_past(until));
            runs += rows.count(connection).await?;
        }
        for state in DECIDED {
            let rows = self.dead_letters(state).filter(dead_letter::Column::RunId.lte(until)).filter(self.is_decided());
            runs += rows.count(connection).await?;
        }
        let open = self.dead_letters("open").filter(dead_letter::Column::RunId.lte(until)).count(connection).await?;
        let events = match self.past_events() {
            Some(rows) => rows.count(connection).await?,
            None => 0,
        };
        let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
        Ok(SweepPreview { runs: number(runs), events: number(events), open_dead_letters: number(open) })
    }

    fn all_runs(&self) -> Select<run::Entity> {
        run::Entity::find()
            .filter(Condition::all().add_option(self.workflow_key.map(|key| run::Column::WorkflowId.eq(key))))
    }

    fn all_events(&self) -> Select<event::Entity> {
        event::Entity::find()
            .filter(Condition::all().add_option(self.workflow_key.map(|key| event::Column::WorkflowId.eq(key))))
    }

    /// Dead letters in this state whose run is still dead: one that went on is listed by how it ended.
    fn dead_letters(&self, state: &str) -> Select<dead_letter::Entity> {
        let dead = Query::select()
            .expr(Expr::value(1))
            .from(run::Entity)
            .and_where(
                Expr::col((run::Entity, run::Column::Id)).equals((dead_letter::Entity, dead_letter::Column::RunId)),
            )
            .and_where(run::Column::Status.eq(RunStatus::Dead.as_str()))
            .to_owned();
        dead_letter::Entity::find()
            .filter(Condition::all().add_option(self.workflow_key.map(|key| dead_letter::Column::WorkflowId.eq(key))))
            .filter(dead_letter::Column::State.eq(state))
            .filter(Expr::exists(dead))
    }

    /// Up to which key runs may go at all.
    fn until_run(&self) -> Option<i64> {
        self.age.map(|age| age.until_run).into_iter().chain(self.last_run).max()
    }

    fn is_past(&self, until: i64) -> Condition {
        let past = Condition::any()
            .add_option(self.age.map(|age| run::Column::FinishedAt.lt(age.before.0)))
            .add_option(self.last_run.map(|last| run::Column::Id.lte(last)));
        Condition::all().add(run::Column::Id.lte(until)).add(past)
    }

    fn is_decided(&self) -> Condition {
        Condition::any()
            .add_option(self.age.map(|age| dead_letter::Column::DecidedAt.lt(age.before.0)))
            .add_option(self.last_run.map(|last| dead_letter::Column::RunId.lte(last)))
    }

    fn past_events(&self) -> Option<Select<event::Entity>> {
        let until = self.age.map(|age| age.until_event).into_iter().chain(self.last_event).max()?;
        let past = Condition::any()
            .add_option(self.age.map(|age| event::Column::ReceivedAt.lt(age.before.0)))
            .add_option(self.last_event.map(|last| event::Column::Id.lte(last)));
        Some(self.all_events().filter(event::Column::Id.lte(until)).filter(past).filter(has_no_run()))
    }
}

/// That no run refers to an event.
pub(super) fn has_no_run() -> Expr {
    let with_run = Query::select()
        .expr(Expr::value(1))
        .from(run::Entity)
        .and_where(Expr::col((run::Entity, run::Column::EventId)).equals((event::Entity, event::Column::Id)))
        .to_owned();
    Expr::exists(with_run).not()
}

/// The key of the first row beyond the latest `count`.
async fn nth<E: EntityTrait>(
    rows: Select<E>,
    key: E::Column,
    count: u64,
    connection: &impl ConnectionTrait,
) -> Result<Option<i64>, StorageError> {
    let rows = rows.select_only().column(key).order_by_desc(key).offset(count).limit(1);
    Ok(rows.into_tuple::<i64>().one(connection).await?)
}
