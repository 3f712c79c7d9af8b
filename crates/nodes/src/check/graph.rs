//! The lines between the nodes, as far as they depend on node types.

use std::collections::BTreeSet;

use model::check::unreachable_nodes;
use model::graph::Graph;
use model::{Definition, Problem};
use serde_json::Value;

use super::{nearest, nodes_of_kind};
use crate::catalogue::Catalogue;
use crate::manifest::NodeKind;

pub(super) fn check(definition: &Definition, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    check_ports(definition, catalogue, problems);
    let triggers: Vec<_> = nodes_of_kind(definition, catalogue, NodeKind::Trigger).collect();
    for edge in &definition.edges {
        if triggers.iter().any(|trigger| trigger.id == edge.to) {
            let message =
                format!("The edge from `{}` leads into a trigger, which starts runs itself. Remove it.", edge.from);
            problems.push(Problem::of_node(&edge.to, "edge_into_trigger", message));
        }
    }
    if triggers.is_empty() {
        // Which nodes cannot be reached says nothing before there is a trigger.
        if !definition.nodes.is_empty() {
            let message = "Nothing starts this workflow. Add a trigger, for example a webhook.";
            problems.push(Problem::of_workflow("no_trigger", message));
        }
        return;
    }
    let ids: Vec<_> = triggers.iter().map(|trigger| &trigger.id).collect();
    for id in unreachable_nodes(definition, &ids) {
        let message = "No trigger leads here, so it would never run. Connect it or remove it.";
        problems.push(Problem::of_node(id, "unreachable_node", message));
    }
    check_answers(definition, catalogue, problems);
}

fn check_ports(definition: &Definition, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    for edge in &definition.edges {
        let Some(node) = definition.node(&edge.from).filter(|node| catalogue.get(&node.node_type).is_some()) else {
            continue;
        };
        let ports = catalogue.ports_of(node);
        if ports.contains(&edge.port) {
            continue;
        }
        let hint = match (ports.as_slice(), nearest(&edge.port, ports.iter().map(String::as_str))) {
            ([], _) => "It has no port at all: the run ends there.".to_owned(),
            (_, Some(near)) => format!("Did you mean `{near}`?"),
            (all, None) => {
                format!("It has {}.", all.iter().map(|port| format!("`{port}`")).collect::<Vec<_>>().join(", "))
            }
        };
        let message =
            format!("The edge to `{}` starts at the port `{}`, which is not there. {hint}", edge.to, edge.port);
        problems.push(Problem::of_node(&edge.from, "unknown_port", message));
    }
}

/// A webhook that leaves its answer to a node needs one that it can reach.
fn check_answers(definition: &Definition, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let graph = Graph::of(definition);
    let responders: BTreeSet<_> =
        definition.nodes.iter().filter(|node| node.node_type == "respond").map(|node| &node.id).collect();
    for trigger in nodes_of_kind(definition, catalogue, NodeKind::Trigger) {
        let by_node = trigger.params.get("respond").and_then(Value::as_str) == Some("node");
        if by_node && graph.reachable_from(&trigger.id).is_disjoint(&responders) {
            let message = "The answer is to come from a “Respond” node, but none can be reached from here. Add one, or \
                           choose another answer.";
            problems.push(Problem::of_node(&trigger.id, "no_respond_node", message).at("respond"));
        }
    }
}
