//! Expressions that speak of other nodes' outputs.

use std::collections::BTreeMap;

use model::graph::Graph;
use model::{Definition, NodeId, Problem};

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
                        (other.id == node.id || !later.contains(&node.id)).then(|| not_before(&node.id, &name))
                    }
                };
                problems.extend(problem.map(|problem| problem.at(&parameter.name)));
            }
        }
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

fn not_before(node: &NodeId, name: &str) -> Problem {
    let message = format!(
        "An expression uses the output of `{name}`, which never runs before this node, so it would always be empty. \
         Connect `{name}` to a node before this one, or use another value."
    );
    Problem::of_node(node, "reference_not_before", message)
}
