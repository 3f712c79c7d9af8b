//! The desk for runs that gave up: what lies there, grouped by cause, and what people decide.

use std::collections::BTreeMap;

use model::{NodeId, RunId, Timestamp, WorkflowId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::dead_letters::{DeadLetterReason, DeadLetterState};
use crate::entities::{dead_letter, run};
use crate::error::StorageError;
use crate::events::workflow_ids;
use crate::storage::Storage;

/// Which dead letters are meant.
#[derive(Debug, Clone, Default)]
pub struct DeadLetterFilter {
    /// Only those of this workflow, by its key.
    pub workflow_key: Option<i64>,
    /// Only those in one of these states; empty means any.
    pub states: Vec<DeadLetterState>,
    /// Only those of this cause.
    pub fingerprint: Option<String>,
    /// Only those of these runs; empty means any.
    pub runs: Vec<RunId>,
    /// Without those in doubt, which only a person can decide one by one.
    pub without_doubt: bool,
    /// Only those of runs after the one with this key.
    pub after_key: Option<i64>,
    /// Only those of runs up to the one with this key.
    pub up_to_key: Option<i64>,
    /// Only those of runs before the one with this key.
    pub before_key: Option<i64>,
}

/// A run that gave up, and what was decided.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetterRecord {
    /// The run's key.
    pub run_key: i64,
    /// The run.
    pub run: RunId,
    /// Its workflow.
    pub workflow: WorkflowId,
    /// Why it gave up.
    pub reason: DeadLetterReason,
    /// Equal for runs that gave up for the same cause.
    pub fingerprint: String,
    /// The node that is to blame.
    pub node: Option<NodeId>,
    /// Which turn of a loop; empty outside of loops.
    pub iteration: String,
    /// What happened.
    pub message: String,
    /// When it gave up.
    pub created_at: Timestamp,
    /// What was decided.
    pub state: DeadLetterState,
    /// When that was decided.
    pub decided_at: Option<Timestamp>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// The run that repeats it.
    pub replayed_as: Option<RunId>,
}

/// Dead letters of one cause.
#[derive(Debug, Clone, PartialEq)]
pub struct DeadLetterGroup {
    /// The cause.
    pub fingerprint: String,
    /// How many there are.
    pub count: u64,
    /// When the oldest one gave up.
    pub oldest_at: Timestamp,
    /// The newest one, which stands for all.
    pub newest: DeadLetterRecord,
}

impl Storage {
    /// The groups of dead letters by cause, the one with the newest run first, from the `skip`-th on.
    pub async fn dead_letter_groups(
        &self,
        filter: &DeadLetterFilter,
        skip: u64,
        limit: u64,
    ) -> Result<Vec<DeadLetterGroup>, StorageError> {
        let rows = dead_letter::Entity::find()
            .select_only()
            .column(dead_letter::Column::Fingerprint)
            .column_as(dead_letter::Column::RunId.count(), "count")
            .column_as(dead_letter::Column::RunId.min(), "oldest")
            .column_as(dead_letter::Column::RunId.max(), "newest")
            .filter(condition(filter))
            .group_by(dead_letter::Column::Fingerprint)
            .order_by_desc(dead_letter::Column::RunId.max())
            .offset(skip)
            .limit(limit)
            .into_tuple::<(String, i64, i64, i64)>()
            .all(self.read())
            .await?;
        let keys = rows.iter().flat_map(|(.., oldest, newest)| [*oldest, *newest]);
        let found = dead_letter::Entity::find().filter(dead_letter::Column::RunId.is_in(keys)).all(self.read()).await?;
        let found = records(self.read(), found).await?;
        let by_key: BTreeMap<i64, DeadLetterRecord> = found.into_iter().map(|one| (one.run_key, one)).collect();
        let group = |(fingerprint, count, oldest, newest): (String, i64, i64, i64)| {
            let newest = by_key.get(&newest)?.clone();
            let oldest_at = by_key.get(&oldest).map_or(newest.created_at, |oldest| oldest.created_at);
            Some(DeadLetterGroup { fingerprint, count: u64::try_from(count).unwrap_or(0), oldest_at, newest })
        };
        Ok(rows.into_iter().filter_map(group).collect())
    }

    /// Lists dead letters, the newest run first, or the oldest first when the filter says after which one to begin.
    pub async fn dead_letters(
        &self,
        filter: &DeadLetterFilter,
        limit: u64,
    ) -> Result<Vec<DeadLetterRecord>, StorageError> {
        let query = dead_letter::Entity::find().filter(condition(filter)).limit(limit);
        let query = match filter.after_key {
            Some(_) => query.order_by_asc(dead_letter::Column::RunId),
            None => query.order_by_desc(dead_letter::Column::RunId),
        };
        records(self.read(), query.all(self.read()).await?).await
    }

    /// The dead letter of a run, decided or not.
    pub async fn dead_letter(&self, run_key: i64) -> Result<Option<DeadLetterRecord>, StorageError> {
        let row = dead_letter::Entity::find_by_id(run_key).one(self.read()).await?;
        Ok(records(self.read(), row.into_iter().collect()).await?.pop())
    }

    /// How many dead letters there are, counted up to `most`.
    pub async fn count_dead_letters(&self, filter: &DeadLetterFilter, most: u64) -> Result<u64, StorageError> {
        let some = dead_letter::Entity::find()
            .select_only()
            .column(dead_letter::Column::RunId)
            .filter(condition(filter))
            .limit(most)
            .into_tuple::<i64>();
        if most > 10_000 {
            return Ok(dead_letter::Entity::find().filter(condition(filter)).count(self.read()).await?);
        }
        Ok(u64::try_from(some.all(self.read()).await?.len()).unwrap_or(u64::MAX))
    }

    /// The largest key of a run with a dead letter; 0 when there is none.
    pub async fn last_dead_letter_key(&self) -> Result<i64, StorageError> {
        let last = dead_letter::Entity::find()
            .select_only()
            .column_as(dead_letter::Column::RunId.max(), "last")
            .into_tuple::<Option<i64>>()
            .one(self.read())
            .await?;
        Ok(last.flatten().unwrap_or(0))
    }

    /// Puts open dead letters aside for good; how many these were.
    pub async fn discard_dead_letters(&self, filter: DeadLetterFilter, by: String) -> Result<u64, StorageError> {
        let filter = DeadLetterFilter { states: vec![DeadLetterState::Open], ..filter };
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let change = dead_letter::Entity::update_many()
                    .col_expr(dead_letter::Column::State, Expr::value(DeadLetterState::Discarded.as_str()))
                    .col_expr(dead_letter::Column::DecidedAt, Expr::value(now.0))
                    .col_expr(dead_letter::Column::DecidedBy, Expr::value(by))
                    .filter(condition(&filter));
                Ok(change.exec(transaction).await?.rows_affected)
            })
        })
        .await
    }

    /// Takes a discarding back, with everything that was discarded in the same go; how many these were.
    pub async fn reopen_dead_letters(&self, run: RunId) -> Result<u64, StorageError> {
        let run_key = self.run(run).await?.key;
        self.write(move |transaction| {
            Box::pin(async move {
                let row = dead_letter::Entity::find_by_id(run_key).one(transaction).await?;
                let discarded = DeadLetterState::Discarded.as_str();
                let Some(row) = row.filter(|row| row.state == discarded) else { return Ok(0) };
                let change = dead_letter::Entity::update_many()
                    .col_expr(dead_letter::Column::State, Expr::value(DeadLetterState::Open.as_str()))
                    .col_expr(dead_letter::Column::DecidedAt, Expr::value(None::<i64>))
                    .col_expr(dead_letter::Column::DecidedBy, Expr::value(None::<String>))
                    .filter(dead_letter::Column::State.eq(discarded))
                    .filter(dead_letter::Column::DecidedAt.eq(row.decided_at))
                    .filter(dead_letter::Column::DecidedBy.eq(row.decided_by));
                Ok(change.exec(transaction).await?.rows_affected)
            })
        })
        .await
    }

    /// Notes that another run repeats this one. Of a run that left no open dead letter, nothing is noted.
    pub async fn settle_dead_letter(&self, run_key: i64, replayed_as: RunId, by: String) -> Result<bool, StorageError> {
        let replay_key = self.run(replayed_as).await?.key;
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let change = dead_letter::Entity::update_many()
                    .col_expr(dead_letter::Column::State, Expr::value(DeadLetterState::Replayed.as_str()))
                    .col_expr(dead_letter::Column::DecidedAt, Expr::value(now.0))
                    .col_expr(dead_letter::Column::DecidedBy, Expr::value(by))
                    .col_expr(dead_letter::Column::ReplayedAs, Expr::value(replay_key))
                    .filter(dead_letter::Column::RunId.eq(run_key))
                    .filter(dead_letter::Column::State.eq(DeadLetterState::Open.as_str()));
                Ok(change.exec(transaction).await?.rows_affected > 0)
            })
        })
        .await
    }
}

fn condition(filter: &DeadLetterFilter) -> Condition {
    let states = filter.states.iter().map(|state| state.as_str());
    let keys_of_runs = sea_orm::sea_query::Query::select()
        .column(run::Column::Id)
        .from(run::Entity)
        .and_where(Expr::col(run::Column::PublicId).is_in(filter.runs.iter().map(|run| run.0)))
        .to_owned();
    let in_doubt = DeadLetterReason::InDoubt.as_str();
    Condition::all()
        .add_option(filter.workflow_key.map(|key| dead_letter::Column::WorkflowId.eq(key)))
        .add_option((!filter.states.is_empty()).then(|| dead_letter::Column::State.is_in(states)))
        .add_option(filter.fingerprint.as_ref().map(|cause| dead_letter::Column::Fingerprint.eq(cause)))
        .add_option((!filter.runs.is_empty()).then(|| dead_letter::Column::RunId.in_subquery(keys_of_runs)))
        .add_option(filter.without_doubt.then(|| dead_letter::Column::Reason.ne(in_doubt)))
        .add_option(filter.after_key.map(|key| dead_letter::Column::RunId.gt(key)))
        .add_option(filter.up_to_key.map(|key| dead_letter::Column::RunId.lte(key)))
        .add_option(filter.before_key.map(|key| dead_letter::Column::RunId.lt(key)))
}

async fn records(
    connection: &impl ConnectionTrait,
    rows: Vec<dead_letter::Model>,
) -> Result<Vec<DeadLetterRecord>, StorageError> {
    let workflows = workflow_ids(connection, rows.iter().map(|row| row.workflow_id)).await?;
    let keys = rows.iter().flat_map(|row| [Some(row.run_id), row.replayed_as]).flatten();
    let runs = run::Entity::find()
        .filter(run::Column::Id.is_in(keys))
        .select_only()
        .columns([run::Column::Id, run::Column::PublicId])
        .into_tuple::<(i64, Uuid)>()
        .all(connection)
        .await?;
    let runs: BTreeMap<i64, Uuid> = runs.into_iter().collect();
    let record = |row: dead_letter::Model| {
        Some(DeadLetterRecord {
            run_key: row.run_id,
            run: RunId(*runs.get(&row.run_id)?),
            workflow: WorkflowId(*workflows.get(&row.workflow_id)?),
            reason: DeadLetterReason::from_stored(&row.reason),
            fingerprint: row.fingerprint,
            node: row.node_id.map(NodeId),
            iteration: row.iteration,
            message: row.message,
            created_at: Timestamp(row.created_at),
            state: DeadLetterState::from_stored(&row.state),
            decided_at: row.decided_at.map(Timestamp),
            decided_by: row.decided_by,
            replayed_as: row.replayed_as.and_then(|key| runs.get(&key)).copied().map(RunId),
        })
    };
    // A run that history has forgotten in this very moment is not told of any more.
    Ok(rows.into_iter().filter_map(record).collect())
}
