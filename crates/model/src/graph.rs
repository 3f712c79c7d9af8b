//! A definition's edges, looked up from either end.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::definition::{Definition, Edge, NodeId};

/// An index over a definition's edges. Edges whose nodes do not exist are left out.
#[derive(Debug, Default)]
pub struct Graph<'a> {
    nodes: Vec<&'a NodeId>,
    incoming: BTreeMap<&'a NodeId, Vec<&'a Edge>>,
    outgoing: BTreeMap<&'a NodeId, Vec<&'a Edge>>,
}

impl<'a> Graph<'a> {
    /// The graph of a definition.
    pub fn of(definition: &'a Definition) -> Self {
        let mut graph = Self { nodes: definition.nodes.iter().map(|node| &node.id).collect(), ..Self::default() };
        let known: BTreeSet<_> = graph.nodes.iter().copied().collect();
        for edge in &definition.edges {
            if known.contains(&edge.from) && known.contains(&edge.to) {
                graph.incoming.entry(&edge.to).or_default().push(edge);
                graph.outgoing.entry(&edge.from).or_default().push(edge);
            }
        }
        graph
    }

    /// The edges that end at a node.
    pub fn incoming(&self, node: &NodeId) -> &[&'a Edge] {
        self.incoming.get(node).map_or(&[], Vec::as_slice)
    }

    /// The edges that start at a node.
    pub fn outgoing(&self, node: &NodeId) -> &[&'a Edge] {
        self.outgoing.get(node).map_or(&[], Vec::as_slice)
    }

    /// Whether an edge starts at this port of a node.
    pub fn has_edge_from(&self, node: &NodeId, port: &str) -> bool {
        self.outgoing(node).iter().any(|edge| edge.port == port)
    }

    /// All nodes that can be reached from one node along any port, itself included.
    pub fn reachable_from(&self, start: &'a NodeId) -> BTreeSet<&'a NodeId> {
        let mut seen = BTreeSet::from([start]);
        let mut left = VecDeque::from([start]);
        while let Some(node) = left.pop_front() {
            for edge in self.outgoing(node) {
                if seen.insert(&edge.to) {
                    left.push_back(&edge.to);
                }
            }
        }
        seen
    }

    /// The nodes so ordered that every edge leads forward, or the nodes of a circle when there is one.
    pub fn order(&self) -> Result<Vec<&'a NodeId>, Vec<&'a NodeId>> {
        let mut undecided: BTreeMap<_, _> = self.nodes.iter().map(|node| (*node, self.incoming(node).len())).collect();
        let mut ready: VecDeque<_> = self.nodes.iter().copied().filter(|node| undecided[*node] == 0).collect();
        let mut ordered = Vec::with_capacity(self.nodes.len());
        while let Some(node) = ready.pop_front() {
            undecided.remove(node);
            ordered.push(node);
            for edge in self.outgoing(node) {
                if let Some(count) = undecided.get_mut(&edge.to) {
                    *count -= 1;
                    if *count == 0 {
                        ready.push_back(&edge.to);
                    }
                }
            }
        }
        if undecided.is_empty() { Ok(ordered) } else { Err(undecided.into_keys().collect()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn definition(edges: &[(&str, &str)]) -> Definition {
        let names: BTreeSet<_> = edges.iter().flat_map(|(from, to)| [*from, *to]).collect();
        serde_json::from_value(serde_json::json!({
            "nodes": names.iter().map(|id| serde_json::json!({"id": id, "type": "manual"})).collect::<Vec<_>>(),
            "edges": edges.iter().map(|(from, to)| serde_json::json!({"from": from, "to": to})).collect::<Vec<_>>(),
        }))
        .unwrap()
    }

    #[test]
    fn the_order_leads_forward_along_every_edge() {
        let definition = definition(&[("a", "c"), ("b", "c"), ("c", "d")]);
        let graph = Graph::of(&definition);
        let order = graph.order().unwrap();
        let place = |id: &str| order.iter().position(|node| node.as_str() == id).unwrap();
        assert!(place("a") < place("c") && place("b") < place("c") && place("c") < place("d"));
    }

    #[test]
    fn a_circle_is_found() {
        let definition = definition(&[("a", "b"), ("b", "c"), ("c", "b")]);
        let circle = Graph::of(&definition).order().unwrap_err();
        assert_eq!(circle, [&NodeId::from("b"), &NodeId::from("c")]);
    }
}
