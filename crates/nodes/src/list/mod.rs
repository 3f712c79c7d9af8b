//! Nodes that work on lists: sort, limit, group, aggregate, keep what is different, split a text.
//!
//! Numbers are compared and added exactly, whatever their size; texts are compared without regard to case, letter by letter,
//! and in the same way everywhere in the world.

mod aggregate;
mod decimal;
mod group;
mod key;
mod limit;
mod sort;
mod split;
mod unique;

use std::sync::Arc;

use model::{ErrorCode, NodeError};
use serde_json::Value;

use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// All nodes that work on lists.
pub(crate) fn nodes() -> Vec<Arc<dyn Node>> {
    let made = |manifest: &str, icon: &str, work: Work| -> Arc<dyn Node> {
        Arc::new(ListNode { node_type: built_in::node_type(manifest, icon), work })
    };
    vec![
        made(include_str!("sort.json"), include_str!("sort.svg"), sort::work),
        made(include_str!("limit.json"), include_str!("limit.svg"), limit::work),
        made(include_str!("group.json"), include_str!("group.svg"), group::work),
        made(include_str!("aggregate.json"), include_str!("aggregate.svg"), aggregate::work),
        made(include_str!("unique.json"), include_str!("unique.svg"), unique::work),
        made(include_str!("split.json"), include_str!("split.svg"), split::work),
    ]
}

/// What a list node computes: its whole output.
type Work = fn(&Input<'_>) -> Result<Value, NodeError>;

struct ListNode {
    node_type: NodeType,
    work: Work,
}

impl Node for ListNode {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        (self.work)(input).map(Outcome::done)
    }
}

/// The list that a node works on.
fn items<'a>(input: &'a Input<'_>) -> Result<&'a [Value], NodeError> {
    match input.params.get("items") {
        Some(Value::Array(items)) => Ok(items),
        _ => Err(fault("items", "This step needs a list.")),
    }
}

/// A parameter that is a text; empty when it is not given.
fn text<'a>(input: &'a Input<'_>, name: &str) -> &'a str {
    input.params.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn flag(input: &Input<'_>, name: &str) -> bool {
    input.params.get(name).and_then(Value::as_bool).unwrap_or_default()
}

fn fault(parameter: &str, message: impl Into<String>) -> NodeError {
    NodeError::permanent(ErrorCode::Parameter, message).at(parameter)
}
