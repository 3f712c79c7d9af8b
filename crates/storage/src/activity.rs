//! What workflows did lately, for their list.

use std::collections::BTreeMap;

use model::{RunId, RunStatus, Timestamp, WorkflowId};
use sea_orm::{ConnectionTrait, Statement};
use uuid::Uuid;

use crate::error::StorageError;
use crate::moments::{self, Timeline};
use crate::storage::Storage;

/// What a workflow did lately.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkflowActivity {
    /// Its latest run.
    pub last_run: Option<LastRun>,
    /// How many of its runs since the asked moment have which status; every status is there.
    pub recent: BTreeMap<RunStatus, i64>,
}

/// The latest run of a workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastRun {
    /// Its id.
    pub id: RunId,
    /// Where it stands.
    pub status: RunStatus,
    /// When it was accepted.
    pub created_at: Timestamp,
}

impl Storage {
    /// What these workflows did lately, except the deleted ones; their runs since `since` are counted by status.
    pub async fn workflow_activity(
        &self,
        workflow_keys: &[i64],
        since: Timestamp,
    ) -> Result<BTreeMap<WorkflowId, WorkflowActivity>, StorageError> {
        let backend = self.read().get_database_backend();
        let first_key = moments::first_key_since(self.read(), Timeline::Runs, since).await?;
        let counts = Statement::from_sql_and_values(backend, count_by_status(workflow_keys), [first_key.into()]);
        let mut activity: BTreeMap<WorkflowId, WorkflowActivity> = BTreeMap::new();
        for row in self.read().query_all_raw(counts).await? {
            let workflow = WorkflowId(row.try_get_by_index::<Uuid>(0)?);
            let status = parsed(&row.try_get_by_index::<String>(1)?)?;
            activity.entry(workflow).or_default().recent.insert(status, row.try_get_by_index(2)?);
        }
        for row in self.read().query_all_raw(Statement::from_string(backend, last_runs(workflow_keys))).await? {
            let last_run = LastRun {
                id: RunId(row.try_get_by_index::<Uuid>(1)?),
                status: parsed(&row.try_get_by_index::<String>(2)?)?,
                created_at: Timestamp(row.try_get_by_index(3)?),
            };
            activity.entry(WorkflowId(row.try_get_by_index::<Uuid>(0)?)).or_default().last_run = Some(last_run);
        }
        Ok(activity)
    }
}

/// The newest run of each workflow, by one step down the index for each.
fn last_runs(workflow_keys: &[i64]) -> String {
    format!(
        "SELECT w.public_id, r.public_id, r.status, r.created_at FROM workflows w \
         JOIN runs r ON r.id = (SELECT MAX(id) FROM runs WHERE workflow_id = w.id) \
         WHERE w.deleted_at IS NULL AND w.id IN ({})",
        listed(workflow_keys)
    )
}

/// Counts within the index alone: the statuses are joined in, so that each count is one range of it.
fn count_by_status(workflow_keys: &[i64]) -> String {
    let statuses = RunStatus::ALL.iter().map(|status| format!("SELECT '{status}' AS status"));
    format!(
        "SELECT w.public_id, s.status, \
         (SELECT COUNT(*) FROM runs r WHERE r.workflow_id = w.id AND r.status = s.status AND r.id >= ?) \
         FROM workflows w CROSS JOIN ({}) s WHERE w.deleted_at IS NULL AND w.id IN ({})",
        statuses.collect::<Vec<_>>().join(" UNION ALL "),
        listed(workflow_keys)
    )
}

fn listed(keys: &[i64]) -> String {
    keys.iter().map(i64::to_string).collect::<Vec<_>>().join(", ")
}

fn parsed(status: &str) -> Result<RunStatus, StorageError> {
    status.parse().map_err(|_| StorageError::Corrupt(format!("run status {status}")))
}
