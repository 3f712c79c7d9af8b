//! Reading long loops back, part by part: a run may have 100,000 turns, and no page shows them all.

use std::collections::{BTreeMap, BTreeSet};

use model::{NodeId, RunId, StepStatus};
use sea_orm::{ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Statement};
use serde_json::Value;

use crate::entities::{run, signal, step};
use crate::error::StorageError;
use crate::runs::{RunRecord, StepRecord, records, step_records};
use crate::storage::Storage;

/// How many related runs are listed at the most.
const MOST_RELATED: u64 = 50;

impl Storage {
    /// One step of a run.
    pub async fn run_step(
        &self,
        run_key: i64,
        node: &NodeId,
        iteration: &str,
    ) -> Result<Option<StepRecord>, StorageError> {
        let rows = step::Entity::find()
            .filter(step::Column::RunId.eq(run_key))
            .filter(step::Column::NodeId.eq(node.as_str()))
            .filter(step::Column::Iteration.eq(iteration))
            .all(self.read())
            .await?;
        Ok(step_records(self.read(), rows).await?.pop())
    }

    /// Those of these runs that ended well because the conditions of their last step did not hold. Turns of loops are passed
    /// over, as long runs have many of them.
    pub async fn filtered_runs(&self, runs: &[RunId]) -> Result<BTreeSet<RunId>, StorageError> {
        if runs.is_empty() {
            return Ok(BTreeSet::new());
        }
        let wanted = vec!["?"; runs.len()].join(", ");
        let sql = format!(
            "WITH RECURSIVE nodes (run_id, public_id, node_id) AS (SELECT runs.id, runs.public_id, \
             (SELECT MIN(steps.node_id) FROM steps WHERE steps.run_id = runs.id) \
             FROM runs WHERE runs.public_id IN ({wanted}) AND runs.status = 'succeeded' UNION ALL \
             SELECT nodes.run_id, nodes.public_id, (SELECT MIN(steps.node_id) FROM steps \
             WHERE steps.run_id = nodes.run_id AND steps.node_id > nodes.node_id) \
             FROM nodes WHERE nodes.node_id IS NOT NULL) \
             SELECT nodes.public_id, steps.status, steps.started_at FROM nodes CROSS JOIN steps \
             ON steps.run_id = nodes.run_id AND steps.node_id = nodes.node_id AND steps.iteration = '' \
             ORDER BY steps.started_at, steps.node_id"
        );
        let values = runs.iter().map(|run| run.0.into());
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values);
        let mut last = BTreeMap::new();
        for row in self.read().query_all_raw(statement).await? {
            last.insert(RunId(row.try_get("", "public_id")?), row.try_get::<String>("", "status")?);
        }
        let was_filtered = |(_, status): &(RunId, String)| status == StepStatus::Skipped.as_str();
        Ok(last.into_iter().filter(was_filtered).map(|(run, _)| run).collect())
    }

    /// Turns of a loop by their numbers: those that have begun, in order. `outer` is the turn of the loop around it.
    pub async fn turns_between(
        &self,
        run_key: i64,
        node: &NodeId,
        outer: &str,
        numbers: std::ops::Range<u64>,
    ) -> Result<Vec<(u64, StepRecord)>, StorageError> {
        let name = |number: u64| if outer.is_empty() { number.to_string() } else { format!("{outer}/{number}") };
        let rows = step::Entity::find()
            .filter(step::Column::RunId.eq(run_key))
            .filter(step::Column::NodeId.eq(node.as_str()))
            .filter(step::Column::Iteration.is_in(numbers.map(name)))
            .all(self.read())
            .await?;
        let number_of = |step: &StepRecord| step.iteration.rsplit('/').next().and_then(|last| last.parse().ok());
        let found = step_records(self.read(), rows).await?.into_iter();
        let mut turns: Vec<_> = found.filter_map(|step| Some((number_of(&step)?, step))).collect();
        turns.sort_by_key(|(number, _)| *number);
        Ok(turns)
    }

    /// How many turns of a run's outermost loop at this node have begun, by how they stand.
    pub async fn count_turns(&self, run_key: i64, node: &NodeId) -> Result<BTreeMap<StepStatus, u64>, StorageError> {
        let rows = step::Entity::find()
            .select_only()
            .column(step::Column::Status)
            .column_as(step::Column::Iteration.count(), "count")
            .filter(step::Column::RunId.eq(run_key))
            .filter(step::Column::Iteration.ne(""))
            .filter(step::Column::NodeId.eq(node.as_str()))
            .group_by(step::Column::Status)
            .into_tuple::<(String, i64)>()
            .all(self.read())
            .await?;
        let count = |(status, count): (String, i64)| Some((status.parse().ok()?, u64::try_from(count).ok()?));
        Ok(rows.into_iter().filter_map(count).collect())
    }

    /// What came for a step that waits for a signal; none as long as nothing has, and once the step has made use of it.
    pub async fn signal_value(
        &self,
        run_key: i64,
        node: &NodeId,
        iteration: &str,
    ) -> Result<Option<Value>, StorageError> {
        let key = (run_key, node.0.clone(), iteration.to_owned());
        let row = signal::Entity::find_by_id(key).one(self.read()).await?;
        let row = row.filter(|row| row.taken_at.is_none());
        Ok(row.map(|row| serde_json::from_str(&row.value)).transpose()?)
    }

    /// A run by its key; none when history has forgotten it.
    pub async fn run_by_key(&self, run_key: i64) -> Result<Option<RunRecord>, StorageError> {
        let row = run::Entity::find_by_id(run_key).one(self.read()).await?;
        Ok(records(self.read(), row.into_iter().collect()).await?.pop())
    }

    /// The runs that a run called, the latest first, some of many.
    pub async fn called_runs(&self, run_key: i64) -> Result<Vec<RunRecord>, StorageError> {
        self.related(run::Column::ParentRunId, run_key).await
    }

    /// The runs that repeat a run, the latest first, some of many.
    pub async fn replays_of(&self, run_key: i64) -> Result<Vec<RunRecord>, StorageError> {
        self.related(run::Column::ReplayOf, run_key).await
    }

    async fn related(&self, column: run::Column, run_key: i64) -> Result<Vec<RunRecord>, StorageError> {
        let rows = run::Entity::find()
            .filter(column.eq(run_key))
            .order_by_desc(run::Column::Id)
            .limit(MOST_RELATED)
            .all(self.read())
            .await?;
        records(self.read(), rows).await
    }
}
