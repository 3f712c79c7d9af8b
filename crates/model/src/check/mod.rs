//! The rules that a definition's shape must follow, whatever its node types are.

mod boxes;
mod retry;
mod settings;

use std::collections::{BTreeMap, BTreeSet};

use crate::definition::{Definition, NodeId};
use crate::graph::Graph;
use crate::problem::Problem;

/// The most nodes that one definition may have.
pub const MAX_NODES: usize = 1_000;

/// How deep boxes may lie in boxes.
pub const MAX_BOX_DEPTH: usize = 3;

/// The longest time limit for a node or a run, in milliseconds: 90 days.
pub const MAX_TIMEOUT_MS: u64 = 90 * 24 * 60 * 60 * 1_000;

/// Every problem of a definition's shape: ids, edges, circles, settings. Node types are checked by those who know them.
pub fn check_shape(definition: &Definition) -> Vec<Problem> {
    let mut problems = Vec::new();
    check_nodes(definition, &mut problems);
    check_edges(definition, &mut problems);
    boxes::check(definition, &mut problems);
    settings::check(&definition.settings, &mut problems);
    problems
}

/// The nodes that no trigger leads to, given which nodes are triggers. A node in a box is reached with its box.
pub fn unreachable_nodes<'a>(definition: &'a Definition, triggers: &[&'a NodeId]) -> Vec<&'a NodeId> {
    let graph = Graph::of(definition);
    let reached: BTreeSet<_> = triggers.iter().flat_map(|trigger| graph.reachable_from(trigger)).collect();
    let outside = definition.nodes.iter().filter(|node| node.parent.is_none());
    outside.map(|node| &node.id).filter(|id| !reached.contains(id)).collect()
}

fn check_nodes(definition: &Definition, problems: &mut Vec<Problem>) {
    if definition.nodes.is_empty() {
        problems.push(Problem::of_workflow("empty", "The workflow has no nodes yet. Add a trigger to begin with."));
    }
    if definition.nodes.len() > MAX_NODES {
        let message = format!("The workflow has {} nodes; at most {MAX_NODES} are allowed.", definition.nodes.len());
        problems.push(Problem::of_workflow("too_many_nodes", message));
    }
    let mut times_seen = BTreeMap::new();
    for node in &definition.nodes {
        *times_seen.entry(&node.id).or_insert(0) += 1;
        if !node.id.is_valid() {
            let message = format!("`{}` cannot be a node id: use up to 64 letters, digits, `_` and `-`.", node.id);
            problems.push(Problem::of_node(&node.id, "invalid_node_id", message));
        }
        if let Some(retry) = &node.retry {
            retry::check(&node.id, retry, problems);
        }
        if node.timeout_ms.is_some_and(|timeout| timeout == 0 || timeout > MAX_TIMEOUT_MS) {
            let message = format!("The time limit must lie between 1 ms and {MAX_TIMEOUT_MS} ms.");
            problems.push(Problem::of_node(&node.id, "invalid_timeout", message).at("timeout_ms"));
        }
    }
    for (id, times) in times_seen {
        if times > 1 {
            let message = format!("The node id `{id}` is used {times} times; each node needs its own.");
            problems.push(Problem::of_node(id, "duplicate_node_id", message));
        }
    }
}

fn check_edges(definition: &Definition, problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for edge in &definition.edges {
        for (end, other) in [(&edge.from, &edge.to), (&edge.to, &edge.from)] {
            if definition.node(end).is_none() {
                let message = format!("An edge between `{other}` and `{end}` leads nowhere: there is no node `{end}`.");
                problems.push(Problem::of_node(other, "unknown_edge_end", message));
            }
        }
        if !seen.insert((&edge.from, &edge.port, &edge.to)) {
            let message = format!("The edge from `{}` ({}) to `{}` is there twice.", edge.from, edge.port, edge.to);
            problems.push(Problem::of_node(&edge.from, "duplicate_edge", message));
        }
    }
    if let Err(circle) = Graph::of(definition).order() {
        let names = circle.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ");
        let message = format!("Edges lead round in a circle among or before these nodes: {names}. Remove one of them.");
        problems.push(Problem::of_node(circle[0], "circle", message));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn codes(definition: serde_json::Value) -> Vec<String> {
        let definition: Definition = serde_json::from_value(definition).unwrap();
        check_shape(&definition).into_iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn a_sound_definition_has_no_problem() {
        let definition = json!({
            "nodes": [{"id": "a", "type": "manual"}, {"id": "b", "type": "filter"}],
            "edges": [{"from": "a", "to": "b"}],
        });
        assert_eq!(codes(definition), Vec::<String>::new());
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let definition = json!({
            "nodes": [
                {"id": "a", "type": "manual"},
                {"id": "a", "type": "manual"},
                {"id": "b c", "type": "manual", "timeout_ms": 0, "retry": {"attempts": 0}},
            ],
            "edges": [{"from": "a", "to": "x"}, {"from": "a", "to": "a"}],
            "settings": {"timezone": "Mars/Base", "max_parallel_runs": 0, "run_timeout_ms": 0},
        });
        assert_eq!(
            codes(definition),
            [
                "invalid_node_id",
                "invalid_retry",
                "invalid_timeout",
                "duplicate_node_id",
                "unknown_edge_end",
                "circle",
                "invalid_timezone",
                "invalid_max_parallel_runs",
                "invalid_run_timeout",
            ]
        );
    }

    #[test]
    fn a_node_that_no_trigger_leads_to_is_found() {
        let definition: Definition = serde_json::from_value(json!({
            "nodes": [{"id": "a", "type": "manual"}, {"id": "b", "type": "x"}, {"id": "c", "type": "x"}],
            "edges": [{"from": "a", "to": "b"}],
        }))
        .unwrap();
        assert_eq!(unreachable_nodes(&definition, &[&NodeId::from("a")]), [&NodeId::from("c")]);
    }
}
