//! Manifests of the nodes that are written in Rust: a JSON file beside each, in the same form that a connector's has.

use crate::manifest::NodeType;

/// Reads a manifest that is part of the program. A test loads them all, so a fault cannot reach anyone.
pub(crate) fn node_type(manifest: &str, icon: &str) -> NodeType {
    let node_type: NodeType = serde_json::from_str(manifest).expect("a built-in manifest is valid");
    NodeType { icon: icon.trim().to_owned(), ..node_type }
}
