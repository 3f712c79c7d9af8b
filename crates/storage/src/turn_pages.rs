//! The turns of a loop, for people who look at them: counted, in pages, and one at a time.

use model::{AttemptStatus, NodeError, NodeId, StepStatus, Timestamp};
use sea_orm::sea_query::{Expr, ExprTrait, Order};
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::StorageError;
use crate::entities::{attempt, step};
use crate::runs::{AttemptRecord, StepRecord, attempt_records, step_records};
use crate::storage::Storage;

/// A loop inside a run: its node and, inside of a loop, the turn of the outer one.
#[derive(Debug, Clone, Copy)]
pub struct LoopPlace<'a> {
    /// The run.
    pub run_key: i64,
    /// The loop's node.
    pub node: &'a NodeId,
    /// The turn of the loop around it; empty outside of loops.
    pub outer: &'a str,
}

/// Which turns of a loop to read.
#[derive(Debug, Clone, Copy)]
pub struct TurnsWanted {
    /// Only those with this status.
    pub status: Option<StepStatus>,
    /// How many to pass over; without a status the number of the first.
    pub from: u64,
    /// How many at the most.
    pub limit: u64,
}

/// One turn.
#[derive(Debug, Clone, PartialEq)]
pub struct TurnRecord {
    /// Its number; the first is 0.
    pub number: u64,
    /// With the turns of the loops around it before: `7/0`.
    pub iteration: String,
    /// Where it stands.
    pub status: StepStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was over.
    pub finished_at: Option<Timestamp>,
    /// Why it failed.
    pub error: Option<NodeError>,
}

/// How the turns of a loop stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TurnCounts {
    /// Under way or waiting.
    pub running: u64,
    /// Ended well.
    pub succeeded: u64,
    /// Failed.
    pub failed: u64,
    /// Ended early by a filter.
    pub skipped: u64,
}

impl Storage {
    /// Some turns of a loop in the order of its list.
    pub async fn turns(&self, place: LoopPlace<'_>, wanted: TurnsWanted) -> Result<Vec<TurnRecord>, StorageError> {
        let query = step::Entity::find().filter(place.condition()).limit(wanted.limit);
        let rows = match wanted.status {
            // As text, `10` comes before `2`; turns count without gaps, so their names are known.
            None => {
                let names =
                    (wanted.from..wanted.from.saturating_add(wanted.limit)).map(|number| place.iteration(number));
                query.filter(step::Column::Iteration.is_in(names)).all(self.read()).await?
            }
            Some(status) => {
                let query = query.filter(step::Column::Status.eq(status.as_str())).offset(wanted.from);
                let length = Expr::cust("length(iteration)");
                query.order_by(length, Order::Asc).order_by_asc(step::Column::Iteration).all(self.read()).await?
            }
        };
        let mut turns = rows.into_iter().map(TurnRecord::from_row).collect::<Result<Vec<_>, _>>()?;
        turns.sort_by_key(|turn| turn.number);
        Ok(turns)
    }

    /// How the turns of a loop stand.
    pub async fn turn_counts(&self, place: LoopPlace<'_>) -> Result<TurnCounts, StorageError> {
        let groups = step::Entity::find()
            .filter(place.condition())
            .select_only()
            .column(step::Column::Status)
            .column_as(Expr::col(step::Column::Iteration).count(), "turns")
            .group_by(step::Column::Status)
            .into_tuple::<(String, i64)>()
            .all(self.read())
            .await?;
        let mut counts = TurnCounts::default();
        for (status, count) in groups {
            let count = u64::try_from(count).unwrap_or(0);
            match read_status(&status)? {
                StepStatus::Succeeded => counts.succeeded += count,
                StepStatus::Failed => counts.failed += count,
                StepStatus::Skipped => counts.skipped += count,
                StepStatus::Running | StepStatus::Waiting => counts.running += count,
            }
        }
        Ok(counts)
    }

    /// The steps of one turn in the order in which they began; among them the turn's own row, under the node of its loop.
    pub async fn steps_of_turn(&self, run_key: i64, iteration: &str) -> Result<Vec<StepRecord>, StorageError> {
        let rows = step::Entity::find()
            .filter(step::Column::RunId.eq(run_key))
            .filter(step::Column::Iteration.eq(iteration))
            .order_by_asc(step::Column::StartedAt)
            .order_by_asc(step::Column::NodeId)
            .all(self.read())
            .await?;
        step_records(self.read(), rows).await
    }

    /// What is under way that must not be done twice, as far as it is on record: the step and its attempt. None: nothing.
    pub async fn open_intent(&self, run_key: i64) -> Result<Option<(StepRecord, AttemptRecord)>, StorageError> {
        let rows = attempt::Entity::find()
            .filter(attempt::Column::RunId.eq(run_key))
            .filter(attempt::Column::Status.eq(AttemptStatus::Started.as_str()))
            .order_by_asc(attempt::Column::NodeId)
            .all(self.read())
            .await?;
        for attempt in attempt_records(self.read(), rows).await? {
            let step = self.run_step(run_key, &attempt.node, &attempt.iteration).await?;
            if let Some(step) = step.filter(|step| !step.status.is_final()) {
                return Ok(Some((step, attempt)));
            }
        }
        Ok(None)
    }

    /// The attempts of one turn that were kept by themselves.
    pub async fn attempts_of_turn(&self, run_key: i64, iteration: &str) -> Result<Vec<AttemptRecord>, StorageError> {
        let rows = attempt::Entity::find()
            .filter(attempt::Column::RunId.eq(run_key))
            .filter(attempt::Column::Iteration.eq(iteration))
            .order_by_asc(attempt::Column::NodeId)
            .order_by_asc(attempt::Column::Number)
            .all(self.read())
            .await?;
        attempt_records(self.read(), rows).await
    }
}

impl LoopPlace<'_> {
    /// All turns of this loop and nothing else.
    fn condition(&self) -> Condition {
        // The character after `/` is `0`; the one after `9` is `:`.
        let (from, before) = match self.outer {
            "" => ("0".to_owned(), ":".to_owned()),
            outer => (format!("{outer}/"), format!("{outer}0")),
        };
        Condition::all()
            .add(step::Column::RunId.eq(self.run_key))
            .add(step::Column::NodeId.eq(self.node.0.as_str()))
            .add(step::Column::Iteration.gte(from))
            .add(step::Column::Iteration.lt(before))
    }

    fn iteration(&self, number: u64) -> String {
        if self.outer.is_empty() { number.to_string() } else { format!("{}/{number}", self.outer) }
    }
}

impl TurnRecord {
    fn from_row(row: step::Model) -> Result<Self, StorageError> {
        let number = row.iteration.rsplit('/').next().and_then(|number| number.parse().ok());
        Ok(Self {
            number: number.ok_or_else(|| StorageError::Corrupt(format!("turn {}", row.iteration)))?,
            status: read_status(&row.status)?,
            started_at: Timestamp(row.started_at),
            finished_at: row.finished_at.map(Timestamp),
            error: row.error.as_deref().map(serde_json::from_str).transpose()?,
            iteration: row.iteration,
        })
    }
}

fn read_status(text: &str) -> Result<StepStatus, StorageError> {
    text.parse().map_err(|_| StorageError::Corrupt(format!("step status {text}")))
}
