//! A workflow's definition: the one JSON document that says what a workflow does.
//!
//! The types follow the document field by field. Reading refuses unknown fields, so nothing a person wrote is lost in
//! silence; writing leaves out what has its default, so a definition reads well in a version history.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::id::CredentialId;
use crate::retry::RetryPolicy;
pub use crate::settings::{Callback, Settings};

/// A graph of nodes and edges with its settings.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The boxes; their order has no meaning for a run, only for reading.
    #[serde(default)]
    pub nodes: Vec<Node>,
    /// The lines between them.
    #[serde(default)]
    pub edges: Vec<Edge>,
    /// What holds for the whole workflow.
    #[serde(default)]
    pub settings: Settings,
}

impl Definition {
    /// The node with this id.
    pub fn node(&self, id: &NodeId) -> Option<&Node> {
        self.nodes.iter().find(|node| &node.id == id)
    }

    /// The boxes around a node, the innermost first. It does not end when boxes lie in each other in a circle.
    pub fn boxes_around<'a>(&'a self, node: &'a Node) -> impl Iterator<Item = &'a Node> {
        std::iter::successors(Some(node), |inner| self.node(inner.parent.as_ref()?)).skip(1)
    }
}

/// One box of a definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Node {
    /// Unique in the definition; the step's output is found under this name.
    pub id: NodeId,
    /// The node type, for example `http.request`.
    #[serde(rename = "type")]
    pub node_type: String,
    /// What a person calls it. Empty means the node type's own title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Where it lies on the canvas.
    #[serde(default)]
    pub position: Position,
    /// The node type's parameters; strings may hold expressions.
    #[serde(default)]
    pub params: Map<String, Value>,
    /// The stored secret that the node uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
    /// What happens when it fails for a passing reason. None means the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<RetryPolicy>,
    /// How long one attempt may take, in milliseconds. None means the server's default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// What happens when it has failed for good and its `error` port leads nowhere.
    #[serde(default, skip_serializing_if = "OnError::is_stop")]
    pub on_error: OnError,
    /// The user's word on whether the step may simply be done again after it was cut off in the middle. None means that
    /// the node type and its effect say so themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_to_repeat: Option<bool>,
    /// The loop box that contains it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<NodeId>,
}

/// A node's id: a short slug such as `order` or `tell_erp`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct NodeId(pub String);

impl NodeId {
    /// The longest allowed id, in characters.
    pub const MAX_LENGTH: usize = 64;

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is a slug: ASCII letters, digits, `_` and `-`, not starting with `-`, not too long.
    pub fn is_valid(&self) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        !self.0.is_empty()
            && self.0.len() <= Self::MAX_LENGTH
            && !self.0.starts_with('-')
            && self.0.bytes().all(allowed)
    }
}

impl From<&str> for NodeId {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A place on the canvas, in canvas units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Position {
    /// To the right.
    pub x: f64,
    /// Downwards.
    pub y: f64,
}

/// A line from a port of one node to another node.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edge {
    /// Where it starts.
    pub from: NodeId,
    /// The port it starts at: `out`, `true`, `false`, `error` or a switch case.
    #[serde(default = "out_port")]
    pub port: String,
    /// Where it leads.
    pub to: NodeId,
}

/// The port that a node goes on along when it has no choice.
pub const OUT: &str = "out";

/// The port along which a failed node goes on, when an edge starts there.
pub const ERROR: &str = "error";

fn out_port() -> String {
    OUT.to_owned()
}

/// What happens when a node failed for good and its `error` port leads nowhere.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// The run ends as a dead letter.
    #[default]
    Stop,
    /// The run goes on along `out`; the output is `{"error": …}`.
    Continue,
}

impl OnError {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
    fn is_stop(&self) -> bool {
        *self == Self::Stop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_field_is_named_instead_of_dropped() {
        let text = r#"{"nodes":[{"id":"a","type":"manual","colour":"red"}]}"#;
        let error = serde_json::from_str::<Definition>(text).unwrap_err();
        assert!(error.to_string().contains("colour"), "{error}");
    }

    #[test]
    fn defaults_are_not_written() {
        let text = r#"{"nodes":[{"id":"a","type":"manual"}]}"#;
        let definition: Definition = serde_json::from_str(text).unwrap();
        let node = serde_json::to_value(&definition.nodes[0]).unwrap();
        assert_eq!(node, serde_json::json!({"id":"a","type":"manual","position":{"x":0.0,"y":0.0},"params":{}}));
    }

    #[test]
    fn a_node_id_is_a_slug() {
        for good in ["order", "tell_erp", "a-1", "1st"] {
            assert!(NodeId::from(good).is_valid(), "{good}");
        }
        for bad in ["", "-a", "a b", "ä", "a.b", &"x".repeat(65)] {
            assert!(!NodeId::from(bad).is_valid(), "{bad}");
        }
    }
}
