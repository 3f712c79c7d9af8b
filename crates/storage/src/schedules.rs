//! When schedule triggers start their next runs. What a schedule's text means is not known here.

use model::{NodeId, Timestamp, WorkflowId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

use crate::entities::{schedule, workflow};
use crate::error::StorageError;
use crate::storage::Storage;

/// A schedule trigger of the version of a workflow that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchedule {
    /// The trigger.
    pub node: NodeId,
    /// When, as the trigger says it.
    pub cron: String,
    /// The time zone that it is meant in.
    pub timezone: String,
    /// What becomes of times that were missed, as the trigger says it.
    pub missed: String,
    /// When its next run begins; none: never.
    pub next_at: Option<Timestamp>,
}

/// A schedule as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleRecord {
    /// The workflow, by its key.
    pub workflow_key: i64,
    /// The workflow.
    pub workflow: WorkflowId,
    /// The trigger.
    pub node: NodeId,
    /// The definition that its runs follow, by its key.
    pub definition_key: i64,
    /// The version's number.
    pub version: Option<i32>,
    /// When, as the trigger says it.
    pub cron: String,
    /// The time zone that it is meant in.
    pub timezone: String,
    /// What becomes of times that were missed, as the trigger says it.
    pub missed: String,
    /// When its next run begins; none: never.
    pub next_at: Option<Timestamp>,
    /// Whether it starts runs.
    pub is_enabled: bool,
}

impl Storage {
    /// Makes these the schedules of a workflow, and lets them start runs. One that was at work already with the same times
    /// keeps its next one, so that none is left out; of any other the next one is as given.
    pub async fn set_schedules(
        &self,
        workflow_key: i64,
        definition_key: i64,
        version: Option<i32>,
        schedules: Vec<NewSchedule>,
    ) -> Result<(), StorageError> {
        self.write(move |transaction| Box::pin(replace(transaction, workflow_key, definition_key, version, schedules)))
            .await
    }

    /// Keeps the schedules of a workflow from starting runs, for example because it is paused.
    pub async fn stop_schedules(&self, workflow_key: i64) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                schedule::Entity::update_many()
                    .col_expr(schedule::Column::Enabled, Expr::value(false))
                    .filter(schedule::Column::WorkflowId.eq(workflow_key))
                    .exec(transaction)
                    .await?;
                Ok(())
            })
        })
        .await
    }

    /// The schedules of active workflows whose moment has come, the earliest first.
    pub async fn due_schedules(&self, now: Timestamp, limit: u64) -> Result<Vec<ScheduleRecord>, StorageError> {
        let rows = at_work().filter(schedule::Column::NextAt.lte(now.0)).limit(limit).all(self.read()).await?;
        Ok(rows.into_iter().filter_map(|(row, workflow)| Some(record(row, &workflow?))).collect())
    }

    /// When the next schedule is due after a moment; none when nothing is planned.
    pub async fn next_schedule_after(&self, moment: Timestamp) -> Result<Option<Timestamp>, StorageError> {
        let next = at_work().filter(schedule::Column::NextAt.gt(moment.0)).limit(1).one(self.read()).await?;
        Ok(next.and_then(|(row, _)| row.next_at).map(Timestamp))
    }

    /// The schedules of every workflow, those that start nothing included.
    pub async fn all_schedules(&self) -> Result<Vec<ScheduleRecord>, StorageError> {
        let rows = schedule::Entity::find()
            .find_also_related(workflow::Entity)
            .order_by_asc(schedule::Column::WorkflowId)
            .order_by_asc(schedule::Column::NodeId)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().filter_map(|(row, workflow)| Some(record(row, &workflow?))).collect())
    }

    /// The schedules of a workflow.
    pub async fn schedules(&self, workflow_key: i64) -> Result<Vec<ScheduleRecord>, StorageError> {
        let rows = schedule::Entity::find()
            .find_also_related(workflow::Entity)
            .filter(schedule::Column::WorkflowId.eq(workflow_key))
            .order_by_asc(schedule::Column::NodeId)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().filter_map(|(row, workflow)| Some(record(row, &workflow?))).collect())
    }

    /// Moves a schedule on without a run, for example past times that are not made up for.
    pub async fn move_schedule(
        &self,
        workflow_key: i64,
        node: &NodeId,
        next_at: Option<Timestamp>,
    ) -> Result<(), StorageError> {
        let node = node.0.clone();
        self.write(move |transaction| {
            Box::pin(async move {
                schedule::Entity::update_many()
                    .col_expr(schedule::Column::NextAt, Expr::value(next_at.map(|time| time.0)))
                    .filter(schedule::Column::WorkflowId.eq(workflow_key))
                    .filter(schedule::Column::NodeId.eq(node))
                    .exec(transaction)
                    .await?;
                Ok(())
            })
        })
        .await
    }
}

type AtWork = sea_orm::SelectTwo<schedule::Entity, workflow::Entity>;

fn at_work() -> AtWork {
    schedule::Entity::find()
        .find_also_related(workflow::Entity)
        .filter(schedule::Column::Enabled.eq(true))
        .filter(workflow::Column::Active.eq(true))
        .filter(workflow::Column::DeletedAt.is_null())
        .order_by_asc(schedule::Column::NextAt)
}

fn record(row: schedule::Model, workflow: &workflow::Model) -> ScheduleRecord {
    ScheduleRecord {
        workflow_key: row.workflow_id,
        workflow: WorkflowId(workflow.public_id),
        node: NodeId(row.node_id),
        definition_key: row.definition_id,
        version: row.version,
        cron: row.cron,
        timezone: row.timezone,
        missed: row.missed,
        next_at: row.next_at.map(Timestamp),
        is_enabled: row.enabled,
    }
}

async fn replace(
    transaction: &DatabaseTransaction,
    workflow_key: i64,
    definition_key: i64,
    version: Option<i32>,
    schedules: Vec<NewSchedule>,
) -> Result<(), StorageError> {
    let of_workflow = schedule::Column::WorkflowId.eq(workflow_key);
    let before = schedule::Entity::find().filter(of_workflow.clone()).all(transaction).await?;
    schedule::Entity::delete_many().filter(of_workflow).exec(transaction).await?;
    for new in schedules {
        let is_same =
            |old: &&schedule::Model| old.node_id == new.node.0 && old.cron == new.cron && old.timezone == new.timezone;
        let kept = before.iter().find(is_same).filter(|old| old.enabled).and_then(|old| old.next_at);
        let row = schedule::ActiveModel {
            workflow_id: Set(workflow_key),
            node_id: Set(new.node.0),
            definition_id: Set(definition_key),
            version: Set(version),
            cron: Set(new.cron),
            timezone: Set(new.timezone),
            missed: Set(new.missed),
            next_at: Set(kept.or(new.next_at.map(|time| time.0))),
            enabled: Set(true),
        };
        row.insert(transaction).await?;
    }
    Ok(())
}
