//! What the steps of a run and of a turn see.

use std::sync::Arc;

use model::{NodeId, RunId, Timestamp};
use serde_json::{Map, Value, json};

use crate::engine::Shared;
use crate::links::step_name;
use crate::prepared::Prepared;

/// What the steps outside of any box see when none has ended; `trigger` is what they see of the event.
///
/// Put together by hand: the macro for JSON would serialise the event's body only to build it anew.
pub(crate) fn of_run(
    shared: &Shared,
    prepared: &Prepared,
    (trigger, run): (Value, RunId),
    started_at: Timestamp,
) -> Arc<Value> {
    let mut of_run = Map::from_iter([("id".to_owned(), json!(run)), ("started_at".to_owned(), json!(started_at))]);
    let waiting = prepared.waiting_in(None);
    if !waiting.is_empty() {
        of_run.insert("links".to_owned(), links(shared, run, waiting, ""));
    }
    Arc::new(Value::Object(Map::from_iter([
        ("trigger".to_owned(), trigger),
        ("steps".to_owned(), Value::Object(Map::new())),
        ("vars".to_owned(), Value::Object(Map::new())),
        ("run".to_owned(), Value::Object(of_run)),
        ("workflow".to_owned(), json!({ "id": prepared.workflow, "name": prepared.workflow_name })),
    ])))
}

/// Fits the context of what lies around a box, or of another turn that is over, to a turn.
pub(super) fn enter_turn(context: &mut Value, index: usize, item: Value) {
    context["item"] = item;
    context["index"] = index.into();
}

/// Adds the addresses at which the waiting steps of a turn are answered.
pub(super) fn add_links(shared: &Shared, run: RunId, context: &mut Value, waiting: &[NodeId], iteration: &str) {
    if waiting.is_empty() {
        return;
    }
    let Value::Object(added) = links(shared, run, waiting, iteration) else { return };
    match context["run"].get_mut("links") {
        Some(Value::Object(known)) => known.extend(added),
        _ => context["run"]["links"] = Value::Object(added),
    }
}

/// Takes everything of a turn that is over out of its context.
pub(super) fn leave_turn<'n>(context: &mut Value, nodes: impl Iterator<Item = &'n NodeId>) {
    if let Some(steps) = context.get_mut("steps").and_then(Value::as_object_mut) {
        for node in nodes {
            steps.remove(node.as_str());
        }
    }
}

fn links(shared: &Shared, run: RunId, waiting: &[NodeId], iteration: &str) -> Value {
    let base = shared.settings.public_address.trim_end_matches('/');
    let link = |node: &NodeId| {
        let name = step_name(node, iteration);
        let token = shared.vault.link_token(run, &name);
        let of_step = format!("{run}/{name}/{token}");
        let links = json!({ "callback": format!("{base}/hooks/v1/resume/{of_step}"), "approve": format!("{base}/approve/{of_step}") });
        (node.0.clone(), links)
    };
    Value::Object(waiting.iter().map(link).collect::<Map<_, _>>())
}
