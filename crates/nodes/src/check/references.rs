//! Expressions that speak of other nodes' outputs.

use std::collections::{BTreeMap, BTreeSet};

use model::check::MAX_BOX_DEPTH;
use model::graph::Graph;
use model::{Definition, Node as NodeDefinition, NodeId, Problem};

use super::nearest;
use crate::catalogue::Catalogue;
use crate::expression;

pub(super) fn check(definition: &Definition, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let graph = Graph::of(definition);
    let mut reachable = BTreeMap::new();
    for node in &definition.nodes {
        let Some(known) = catalogue.get(&node.node_type) else { continue };
        for parameter in known.node_type().parameters.iter().filter(|parameter| parameter.kind.takes_expressions()) {
            let Some(value) = node.params.get(&parameter.name) else { continue };
            for name in expression::references(value) {
                let problem = match definition.nodes.iter().find(|other| other.id.as_str() == name) {
                    None => Some(unknown(definition, &node.id, &name)),
                    Some(other) => {
                        let later = reachable.entry(&other.id).or_insert_with(|| graph.reachable_from(&other.id));
                        not_visible(definition, node, other, later)
                    }
                };
                problems.extend(problem.map(|problem| problem.at(&parameter.name)));
            }
        }
    }
}

/// Why a node cannot see the output of `other`, if so. It sees the steps before it in its own box, and those before each of
/// the boxes around it. `later` is what can be reached from `other`.
fn not_visible(
    definition: &Definition,
    node: &NodeDefinition,
    other: &NodeDefinition,
    later: &BTreeSet<&NodeId>,
) -> Option<Problem> {
    let around = definition.boxes_around(node).take(MAX_BOX_DEPTH + 1);
    let beside = std::iter::once(node).chain(around).find(|inner| inner.parent == other.parent);
    match (beside, &other.parent) {
        (Some(beside), _) if beside.id != other.id && later.contains(&beside.id) => None,
        (None, Some(around)) => Some(inside(&node.id, &other.id, around)),
        _ => Some(not_before(&node.id, &other.id)),
    }
}

fn unknown(definition: &Definition, node: &NodeId, name: &str) -> Problem {
    let hint = nearest(name, definition.nodes.iter().map(|node| node.id.as_str()))
        .map_or_else(|| "Choose a node of this workflow.".to_owned(), |near| format!("Did you mean `{near}`?"));
    Problem::of_node(
        node,
        "unknown_reference",
        format!("An expression uses `steps.{name}`, but there is no node `{name}`. {hint}"),
    )
}

fn inside(node: &NodeId, name: &NodeId, around: &NodeId) -> Problem {
    let message = format!(
        "An expression uses the output of `{name}`, which runs many times inside the box `{around}`. Use the box's own output \
         instead: `steps.{around}.items` holds the results of all turns."
    );
    Problem::of_node(node, "reference_not_before", message)
}

fn not_before(node: &NodeId, name: &NodeId) -> Problem {
    let message = format!(
        "An expression uses the output of `{name}`, which never runs before this node, so it would always be empty. \
         Connect `{name}` to a node before this one, or use another value."
    );
    Problem::of_node(node, "reference_not_before", message)
}
