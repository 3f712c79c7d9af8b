//! The rules of boxes: nodes that lie in another node.

use super::MAX_BOX_DEPTH;
use crate::definition::{Definition, Node};
use crate::problem::Problem;

pub(super) fn check(definition: &Definition, problems: &mut Vec<Problem>) {
    for node in &definition.nodes {
        let Some(parent) = &node.parent else { continue };
        if definition.node(parent).is_none() {
            let message = format!("The box `{parent}` that should contain this node does not exist.");
            problems.push(Problem::of_node(&node.id, "unknown_parent", message).at("parent"));
        } else if definition.boxes_around(node).take(MAX_BOX_DEPTH + 1).count() > MAX_BOX_DEPTH {
            let message = format!(
                "It lies more than {MAX_BOX_DEPTH} boxes deep, or boxes lie in each other in a circle. Move it out, or call \
                 another workflow from inside the box."
            );
            problems.push(Problem::of_node(&node.id, "box_too_deep", message).at("parent"));
        }
    }
    for edge in &definition.edges {
        let (Some(from), Some(to)) = (definition.node(&edge.from), definition.node(&edge.to)) else { continue };
        if from.parent != to.parent {
            let message = format!(
                "The edge from `{}` to `{}` crosses the border of a box. Connect the box itself: {}.",
                edge.from,
                edge.to,
                ends(from, to)
            );
            problems.push(Problem::of_node(&edge.from, "edge_leaves_box", message));
        }
    }
}

/// What the edge should join instead.
fn ends(from: &Node, to: &Node) -> String {
    match (&from.parent, &to.parent) {
        (Some(around), None) => format!("what follows it sees its result as `steps.{around}`"),
        (None, Some(around)) => format!("lead the edge to `{around}`"),
        _ => "each edge stays in one box".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn codes(definition: Value) -> Vec<(String, String)> {
        let definition: Definition = serde_json::from_value(definition).unwrap();
        let mut problems = Vec::new();
        check(&definition, &mut problems);
        problems.into_iter().map(|problem| (problem.node.unwrap().0, problem.code)).collect()
    }

    fn boxes(parents: &[(&str, &str)], edges: &[(&str, &str)]) -> Value {
        let node = |(id, parent): &(&str, &str)| {
            if parent.is_empty() {
                json!({"id": id, "type": "x"})
            } else {
                json!({"id": id, "type": "x", "parent": parent})
            }
        };
        let edge = |(from, to): &(&str, &str)| json!({"from": from, "to": to});
        json!({ "nodes": parents.iter().map(node).collect::<Vec<_>>(), "edges": edges.iter().map(edge).collect::<Vec<_>>() })
    }

    #[test]
    fn boxes_may_lie_in_boxes_three_deep() {
        let three = [("a", ""), ("b", "a"), ("c", "b"), ("d", "c")];
        assert_eq!(codes(boxes(&three, &[])), []);
        let four = [("a", ""), ("b", "a"), ("c", "b"), ("d", "c"), ("e", "d")];
        assert_eq!(codes(boxes(&four, &[])), [("e".to_owned(), "box_too_deep".to_owned())]);
    }

    #[test]
    fn a_box_does_not_lie_in_itself() {
        let found = codes(boxes(&[("a", "b"), ("b", "a"), ("c", "nowhere")], &[]));
        let expected = [("a", "box_too_deep"), ("b", "box_too_deep"), ("c", "unknown_parent")];
        assert_eq!(found, expected.map(|(node, code)| (node.to_owned(), code.to_owned())));
    }

    #[test]
    fn an_edge_stays_in_its_box() {
        let nodes = [("a", ""), ("b", ""), ("x", "a"), ("y", "a"), ("z", "b")];
        let found = codes(boxes(&nodes, &[("a", "b"), ("x", "y"), ("x", "b"), ("a", "x"), ("y", "z")]));
        let crossing = |node: &str| (node.to_owned(), "edge_leaves_box".to_owned());
        assert_eq!(found, [crossing("x"), crossing("a"), crossing("y")]);
    }
}
