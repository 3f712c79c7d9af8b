//! Many dead runs that are to be replayed one after the other, at a chosen speed. A job is a row that remembers how far it
//! came, so it goes on after a restart.

use model::{RunId, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::dead_letters::DeadLetterState;
use crate::desk::{DeadLetterFilter, DeadLetterRecord};
use crate::entities::replay_job;
use crate::error::StorageError;
use crate::storage::Storage;

/// Which open dead letters a job replays. Those in doubt are never among them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ReplaySelection {
    /// Only those of this workflow, by its key.
    pub workflow_key: Option<i64>,
    /// Only those of this cause.
    pub fingerprint: Option<String>,
    /// Only those of these runs; empty means any.
    pub runs: Vec<RunId>,
}

/// A job to begin.
#[derive(Debug, Clone, PartialEq)]
pub struct NewReplayJob {
    /// Who wished it.
    pub created_by: String,
    /// Which dead letters it replays, among those that are open now.
    pub selection: ReplaySelection,
    /// How each is replayed, in the words of whoever carries it out.
    pub options: Value,
    /// The pause between one replay and the next, in milliseconds.
    pub pause_ms: u64,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplayJobState {
    /// It goes on.
    Running,
    /// Everything was tried.
    Done,
    /// A person stopped it.
    Stopped,
}

/// A job.
#[derive(Debug, Clone, PartialEq)]
pub struct ReplayJob {
    /// Its key.
    pub key: i64,
    /// Its id.
    pub id: Uuid,
    /// When it was wished.
    pub created_at: Timestamp,
    /// Who wished it.
    pub created_by: String,
    /// Which dead letters it replays.
    pub selection: ReplaySelection,
    /// How each is replayed.
    pub options: Value,
    /// The pause between one replay and the next, in milliseconds.
    pub pause_ms: u64,
    /// The key of the run that was tried last.
    pub after_key: i64,
    /// The key of the last run that it concerns: what gives up later is not replayed by it.
    pub up_to_key: i64,
    /// How many there were when it began.
    pub total: u64,
    /// How many were replayed.
    pub done: u64,
    /// How many could not be replayed.
    pub failed: u64,
    /// Why the last of these could not; empty when none.
    pub note: String,
    /// Where it stands.
    pub state: ReplayJobState,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
}

impl ReplayJobState {
    fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Stopped => "stopped",
        }
    }

    fn from_stored(text: &str) -> Self {
        match text {
            "running" => Self::Running,
            "stopped" => Self::Stopped,
            _ => Self::Done,
        }
    }
}

impl ReplaySelection {
    /// The open dead letters that are meant.
    pub fn filter(&self) -> DeadLetterFilter {
        DeadLetterFilter {
            workflow_key: self.workflow_key,
            states: vec![DeadLetterState::Open],
            fingerprint: self.fingerprint.clone(),
            runs: self.runs.clone(),
            without_doubt: true,
            ..DeadLetterFilter::default()
        }
    }
}

impl Storage {
    /// Begins a job for the dead letters that are open now. None when there are none.
    pub async fn begin_replay_job(&self, new: NewReplayJob) -> Result<Option<ReplayJob>, StorageError> {
        let up_to_key = self.last_dead_letter_key().await?;
        let filter = DeadLetterFilter { up_to_key: Some(up_to_key), ..new.selection.filter() };
        let total = self.count_dead_letters(&filter, u64::MAX).await?;
        if total == 0 {
            return Ok(None);
        }
        let row = replay_job::ActiveModel {
            public_id: Set(model::id::time_ordered()),
            created_at: Set(self.now().0),
            created_by: Set(new.created_by),
            selection: Set(serde_json::to_string(&new.selection)?),
            options: Set(new.options.to_string()),
            pause_ms: Set(i64::try_from(new.pause_ms).unwrap_or(i64::MAX)),
            after_key: Set(0),
            up_to_key: Set(up_to_key),
            total: Set(i64::try_from(total).unwrap_or(i64::MAX)),
            done: Set(0),
            failed: Set(0),
            note: Set(String::new()),
            state: Set(ReplayJobState::Running.as_str().to_owned()),
            finished_at: Set(None),
            ..Default::default()
        };
        let row = self
            .write(move |transaction| {
                Box::pin(async move { Ok(replay_job::Entity::insert(row).exec_with_returning(transaction).await?) })
            })
            .await?;
        ReplayJob::from_row(row).map(Some)
    }

    /// The jobs that are not over, the oldest first.
    pub async fn running_replay_jobs(&self) -> Result<Vec<ReplayJob>, StorageError> {
        let rows = replay_job::Entity::find()
            .filter(replay_job::Column::State.eq(ReplayJobState::Running.as_str()))
            .order_by_asc(replay_job::Column::Id)
            .all(self.read())
            .await?;
        rows.into_iter().map(ReplayJob::from_row).collect()
    }

    /// The latest jobs, over or not, that were not over before `since`.
    pub async fn recent_replay_jobs(&self, since: Timestamp, limit: u64) -> Result<Vec<ReplayJob>, StorageError> {
        let is_recent = replay_job::Column::FinishedAt.is_null().or(replay_job::Column::FinishedAt.gte(since.0));
        let rows = replay_job::Entity::find()
            .filter(is_recent)
            .order_by_desc(replay_job::Column::Id)
            .limit(limit)
            .all(self.read())
            .await?;
        rows.into_iter().map(ReplayJob::from_row).collect()
    }

    /// One job.
    pub async fn replay_job(&self, id: Uuid) -> Result<ReplayJob, StorageError> {
        let row = replay_job::Entity::find().filter(replay_job::Column::PublicId.eq(id)).one(self.read()).await?;
        ReplayJob::from_row(row.ok_or(StorageError::NotFound { what: "replay" })?)
    }

    /// The next dead letter that a job has to replay; none when it is through.
    pub async fn next_of_replay_job(&self, job: &ReplayJob) -> Result<Option<DeadLetterRecord>, StorageError> {
        let filter = DeadLetterFilter {
            after_key: Some(job.after_key),
            up_to_key: Some(job.up_to_key),
            ..job.selection.filter()
        };
        Ok(self.dead_letters(&filter, 1).await?.pop())
    }

    /// Notes that a job has tried the run with this key; `fault` says why it could not be replayed.
    pub async fn note_replay(&self, job_key: i64, run_key: i64, fault: Option<String>) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let mut change = replay_job::Entity::update_many()
                    .col_expr(replay_job::Column::AfterKey, Expr::value(run_key))
                    .filter(replay_job::Column::Id.eq(job_key))
                    .filter(replay_job::Column::AfterKey.lt(run_key));
                change = match fault {
                    None => change.col_expr(replay_job::Column::Done, Expr::col(replay_job::Column::Done).add(1)),
                    Some(fault) => change
                        .col_expr(replay_job::Column::Failed, Expr::col(replay_job::Column::Failed).add(1))
                        .col_expr(replay_job::Column::Note, Expr::value(fault)),
                };
                change.exec(transaction).await?;
                Ok(())
            })
        })
        .await
    }

    /// Ends a job; false when it had ended already.
    pub async fn end_replay_job(&self, job_key: i64, state: ReplayJobState) -> Result<bool, StorageError> {
        let now = self.now();
        self.write(move |transaction| {
            Box::pin(async move {
                let change = replay_job::Entity::update_many()
                    .col_expr(replay_job::Column::State, Expr::value(state.as_str()))
                    .col_expr(replay_job::Column::FinishedAt, Expr::value(now.0))
                    .filter(replay_job::Column::Id.eq(job_key))
                    .filter(replay_job::Column::State.eq(ReplayJobState::Running.as_str()));
                Ok(change.exec(transaction).await?.rows_affected > 0)
            })
        })
        .await
    }
}

impl ReplayJob {
    fn from_row(row: replay_job::Model) -> Result<Self, StorageError> {
        let count = |number: i64| u64::try_from(number).unwrap_or(0);
        Ok(Self {
            key: row.id,
            id: row.public_id,
            created_at: Timestamp(row.created_at),
            created_by: row.created_by,
            selection: serde_json::from_str(&row.selection)?,
            options: serde_json::from_str(&row.options)?,
            pause_ms: count(row.pause_ms),
            after_key: row.after_key,
            up_to_key: row.up_to_key,
            total: count(row.total),
            done: count(row.done),
            failed: count(row.failed),
            note: row.note,
            state: ReplayJobState::from_stored(&row.state),
            finished_at: row.finished_at.map(Timestamp),
        })
    }
}
