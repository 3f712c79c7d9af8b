//! Runs one node by hand, as the engine would.

use std::sync::LazyLock;

use model::{NodeError, Timestamp};
use nodes::effect::Reply;
use nodes::{Catalogue, Incoming, Input, Interrupt, Node, Outcome, Surroundings};
use serde_json::{Value, json};

/// Always the same world.
pub(crate) fn surroundings() -> Surroundings {
    let now = Timestamp::parse("2026-01-31T09:30:00Z").unwrap();
    Surroundings { now, timezone: "Europe/Berlin".to_owned(), seed: 7, interrupt: Interrupt::never() }
}

/// The catalogue without any further folder.
pub(crate) fn catalogue() -> &'static Catalogue {
    static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| Catalogue::load(&[]).unwrap());
    &CATALOGUE
}

/// Starts a node of this type with these parameters.
pub(crate) fn start(node_type: &str, params: Value, context: &Value) -> Result<Outcome, NodeError> {
    with_input(node_type, params, context, |node, input| node.start(input))
}

/// Starts a node to which these edges lead.
pub(crate) fn start_where_ways_meet(
    node_type: &str,
    params: Value,
    context: &Value,
    incoming: &[Incoming],
) -> Result<Outcome, NodeError> {
    with_input(node_type, params, context, |node, input| node.start(&Input { incoming, ..*input }))
}

/// Goes on with a node of this type after it asked for something.
pub(crate) fn resume(node_type: &str, params: Value, state: Value, reply: Reply) -> Result<Outcome, NodeError> {
    let context = json!({ "trigger": { "body": { "days": 3, "id": 7 } } });
    with_input(node_type, params, &context, |node, input| node.resume(input, state, reply))
}

fn with_input(
    node_type: &str,
    params: Value,
    context: &Value,
    act: impl FnOnce(&dyn Node, &Input<'_>) -> Result<Outcome, NodeError>,
) -> Result<Outcome, NodeError> {
    let catalogue = catalogue();
    let node: model::Node = serde_json::from_value(json!({ "id": "n", "type": node_type, "params": params })).unwrap();
    let surroundings = surroundings();
    let params = catalogue.resolve_params(&node, context, &surroundings)?;
    let input = Input {
        node: &node,
        params: &params,
        context,
        incoming: &[],
        credential: &Value::Null,
        surroundings: &surroundings,
    };
    act(catalogue.get(node_type).unwrap().as_ref(), &input)
}
