//! Runs one node by hand, as the engine would.

use std::sync::LazyLock;

use model::{NodeError, Timestamp};
use nodes::{Catalogue, Input, Interrupt, Outcome, Surroundings};
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
    let catalogue = catalogue();
    let node: model::Node = serde_json::from_value(json!({ "id": "n", "type": node_type, "params": params })).unwrap();
    let surroundings = surroundings();
    let params = catalogue.resolve_params(&node, context, &surroundings)?;
    let input = Input { node: &node, params: &params, context, credential: &Value::Null, surroundings: &surroundings };
    catalogue.get(node_type).unwrap().start(&input)
}
