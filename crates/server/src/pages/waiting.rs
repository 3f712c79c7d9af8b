//! What a step that waits for a person asks.

use std::time::{Duration, Instant};

use engine::Suspended;
use model::{Node, NodeId};
use nodes::Catalogue;
use nodes::node::{Interrupt, Surroundings};
use serde_json::{Map, Value, json};
use storage::{RunRecord, Storage};

use crate::problem::Problem;

/// How long computing a question may take.
const PATIENCE: Duration = Duration::from_millis(100);

/// What a waiting step asks a person, computed with the run's own data; empty when it asks nothing or it cannot be computed.
pub(super) async fn message_of(
    storage: &Storage,
    catalogue: &Catalogue,
    run: &RunRecord,
    node: &Node,
    iteration: &str,
) -> Result<String, Problem> {
    let definition = storage.definition(run.definition_key).await?;
    let trigger = storage.event_content(run.event).await?;
    let (_, name) = storage.workflow_name(storage.workflow_key(run.workflow).await?).await?;
    let mut outputs = Map::new();
    let mut steps = storage.outer_steps(run.key).await?;
    if !iteration.is_empty() {
        steps.extend(storage.steps_of_turn(run.key, iteration).await?);
    }
    for step in steps {
        if let Some(output) = step.output {
            outputs.insert(step.node.0, output);
        }
    }
    let mut context = json!({
        "trigger": trigger.to_context(),
        "steps": outputs,
        "vars": {},
        "run": { "id": run.id, "started_at": run.started_at },
        "workflow": { "id": run.workflow, "name": name },
    });
    if let Some((item, index)) = item_of(storage, run, node.parent.as_ref(), iteration).await? {
        context["item"] = item;
        context["index"] = index.into();
    }
    let stop_at = Instant::now() + PATIENCE;
    let surroundings = Surroundings {
        now: storage.now(),
        timezone: definition.settings.timezone.clone(),
        seed: 0,
        interrupt: Interrupt::when(move || Instant::now() >= stop_at),
    };
    let params = catalogue.resolve_params(node, &context, &surroundings).unwrap_or_default();
    Ok(params.get("message").and_then(Value::as_str).unwrap_or_default().to_owned())
}

/// The item of a turn, as long as the box remembers its items.
async fn item_of(
    storage: &Storage,
    run: &RunRecord,
    parent: Option<&NodeId>,
    iteration: &str,
) -> Result<Option<(Value, u64)>, Problem> {
    let Some(parent) = parent else { return Ok(None) };
    let (outer, index) = iteration.rsplit_once('/').unwrap_or(("", iteration));
    let Ok(index) = index.parse::<u64>() else { return Ok(None) };
    let step = storage.run_step(run.key, parent, outer).await?;
    let items = step.and_then(|step| step.state).and_then(Suspended::from_value);
    let Some(Suspended::Each { items, .. }) = items else { return Ok(None) };
    let item = usize::try_from(index).ok().and_then(|index| items.get(index).cloned());
    Ok(item.map(|item| (item, index)))
}
