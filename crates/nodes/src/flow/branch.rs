//! `if`: one of two ways.

use model::NodeError;
use serde_json::json;

use super::judge;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Goes on along `true` or `false`.
#[derive(Debug)]
pub struct If {
    node_type: NodeType,
}

impl If {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("if.json"), include_str!("if.svg")) }
    }
}

impl Default for If {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for If {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let verdict = judge(input.params, "when")?;
        let port = if verdict.passed { "true" } else { "false" };
        Ok(Outcome::Done { port: port.to_owned(), output: json!(verdict) })
    }
}
