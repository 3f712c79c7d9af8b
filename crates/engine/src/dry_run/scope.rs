//! What belongs together: the nodes outside of all boxes, or those that lie in one box.

use std::collections::BTreeMap;

use model::definition::OUT;
use model::graph::Graph;
use model::{Definition, Edge, NodeId};
use nodes::Incoming;

/// The nodes of one scope in an order in which every edge leads forward.
pub(super) fn nodes_in_order<'a>(
    definition: &'a Definition,
    graph: &Graph<'a>,
    parent: Option<&NodeId>,
) -> Vec<&'a NodeId> {
    let belongs = |id: &NodeId| definition.node(id).is_some_and(|node| node.parent.as_ref() == parent);
    graph.order().unwrap_or_default().into_iter().filter(|id| belongs(id)).collect()
}

/// Whether a node is reached: where it begins its scope, or when a decided edge leads to it.
pub(super) fn is_reached(
    graph: &Graph<'_>,
    node: &NodeId,
    begins_at: Option<&NodeId>,
    ports: &BTreeMap<NodeId, Option<String>>,
) -> bool {
    let incoming = graph.incoming(node);
    if incoming.is_empty() {
        // Inside a box, whatever nothing leads to begins each turn; outside, only the trigger begins.
        return begins_at.is_none();
    }
    ways(graph, node, begins_at, ports).iter().any(|way| way.taken)
}

/// The edges that lead to a node, and how they were decided.
pub(super) fn ways(
    graph: &Graph<'_>,
    node: &NodeId,
    begins_at: Option<&NodeId>,
    ports: &BTreeMap<NodeId, Option<String>>,
) -> Vec<Incoming> {
    let way = |edge: &&Edge| {
        let taken = match ports.get(&edge.from) {
            Some(port) => port.as_deref() == Some(&edge.port),
            None => begins_at == Some(&edge.from) && edge.port == OUT,
        };
        Incoming { from: edge.from.clone(), port: edge.port.clone(), taken }
    };
    graph.incoming(node).iter().map(way).collect()
}

/// The nodes of a scope that lead nowhere: their outputs are what the scope gives.
pub(super) fn last_nodes<'a>(graph: &Graph<'_>, nodes: &[&'a NodeId]) -> Vec<&'a NodeId> {
    nodes.iter().copied().filter(|node| graph.outgoing(node).is_empty()).collect()
}
