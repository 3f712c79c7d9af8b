//! Keeps the stored schedules of a workflow in step with what is published and active.

use std::collections::{BTreeMap, BTreeSet};

use model::Definition;
use serde_json::Value;
use storage::{ActiveVersion, NewSchedule, ScheduleRecord, Storage, StorageError, WorkflowRecord};

use crate::problem::Problem;

/// The node type of schedule triggers.
const SCHEDULE: &str = "schedule";

/// What happens to times that were missed when the trigger does not say.
const USUAL_MISSED: &str = "once";

/// After a workflow was published, activated, paused, deleted or brought back: its schedules are those of the version that
/// runs, as long as it is active.
pub(crate) async fn follow(storage: &Storage, workflow: &WorkflowRecord) -> Result<(), Problem> {
    let Some(number) = workflow.published_version.filter(|_| workflow.active) else {
        return Ok(storage.stop_schedules(workflow.key).await?);
    };
    let version = storage.version(workflow.key, number).await?;
    let definition = storage.definition(version.definition_key).await?;
    let schedules = schedules_of(&definition, storage);
    Ok(storage.set_schedules(workflow.key, version.definition_key, Some(number), schedules).await?)
}

/// At the start of the server: brings the schedules of every workflow in step with what is published and active. The process
/// before this one may have ended between publishing and that. What is in step already is not touched.
pub(crate) async fn reconcile(storage: &Storage) -> Result<(), StorageError> {
    let mut stored: BTreeMap<i64, Vec<ScheduleRecord>> = BTreeMap::new();
    for schedule in storage.all_schedules().await? {
        stored.entry(schedule.workflow_key).or_default().push(schedule);
    }
    for active in storage.active_versions().await? {
        let there = stored.remove(&active.workflow_key).unwrap_or_default();
        if let Err(error) = bring_in_step(storage, &active, &there).await {
            tracing::error!(%error, workflow = %active.workflow, "the schedules of a workflow could not be brought in step");
        }
    }
    // What is left belongs to workflows that are paused or removed.
    for (workflow_key, _) in stored.into_iter().filter(|(_, there)| there.iter().any(|schedule| schedule.is_enabled)) {
        storage.stop_schedules(workflow_key).await?;
    }
    Ok(())
}

async fn bring_in_step(
    storage: &Storage,
    active: &ActiveVersion,
    there: &[ScheduleRecord],
) -> Result<(), StorageError> {
    let schedules = schedules_of(&storage.definition(active.definition_key).await?, storage);
    let wanted: BTreeSet<_> = schedules
        .iter()
        .map(|new| {
            (&new.node, &new.cron, &new.timezone, &new.missed, active.definition_key, Some(active.version), true)
        })
        .collect();
    let found = there
        .iter()
        .map(|old| (&old.node, &old.cron, &old.timezone, &old.missed, old.definition_key, old.version, old.is_enabled));
    if wanted == found.collect() {
        return Ok(());
    }
    storage.set_schedules(active.workflow_key, active.definition_key, Some(active.version), schedules).await
}

fn schedules_of(definition: &Definition, storage: &Storage) -> Vec<NewSchedule> {
    let nodes = definition.nodes.iter().filter(|node| node.node_type == SCHEDULE);
    let schedule = |node: &model::Node| {
        let text =
            |name: &str| node.params.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
        let timezone = text("timezone").unwrap_or(&definition.settings.timezone).to_owned();
        let cron = text("cron").unwrap_or_default().to_owned();
        NewSchedule {
            // Publishing has checked the pattern; one that cannot be read all the same never comes due.
            next_at: nodes::schedule::next_after(&cron, &timezone, storage.now()).ok().flatten(),
            node: node.id.clone(),
            missed: text("missed").unwrap_or(USUAL_MISSED).to_owned(),
            cron,
            timezone,
        }
    };
    nodes.map(schedule).collect()
}
