//! What may lie in a box, and that something does.

use model::{Definition, Node as NodeDefinition, Problem};

use crate::catalogue::Catalogue;
use crate::manifest::NodeKind;

pub(super) fn check(definition: &Definition, catalogue: &Catalogue, problems: &mut Vec<Problem>) {
    let is_box = |node: &NodeDefinition| catalogue.get(&node.node_type).is_some_and(|known| known.node_type().contains);
    for node in &definition.nodes {
        if let Some(parent) = node.parent.as_ref().and_then(|parent| definition.node(parent)) {
            if catalogue.get(&parent.node_type).is_some() && !is_box(parent) {
                let message = "Its `parent` is not a box that can contain nodes. Remove `parent`.";
                problems.push(Problem::of_node(&node.id, "invalid_parent", message).at("parent"));
            }
            if !may_repeat(node, catalogue) {
                let message = "It happens once in a run, so it cannot lie in a box. Move it out.";
                problems.push(Problem::of_node(&node.id, "not_in_a_box", message).at("parent"));
            }
        }
        if is_box(node) && !definition.nodes.iter().any(|inner| inner.parent.as_ref() == Some(&node.id)) {
            let message = "The box is empty, so nothing would happen for the entries. Put a step into it.";
            problems.push(Problem::of_node(&node.id, "empty_box", message));
        }
    }
}

/// Whether a node can run several times in one run: a run starts once and is answered once.
fn may_repeat(node: &NodeDefinition, catalogue: &Catalogue) -> bool {
    let is_trigger = catalogue.get(&node.node_type).is_some_and(|known| known.node_type().kind == NodeKind::Trigger);
    !is_trigger && node.node_type != "respond"
}
