//! Keeps the stored schedules of a workflow in step with what is published and active.

use model::Definition;
use serde_json::Value;
use storage::{NewSchedule, Storage, WorkflowRecord};

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
