//! `stop_with_error`: ends the run as failed, on purpose.

use model::{ErrorCode, NodeError};
use serde_json::Value;

use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Ends the run as failed with a message.
#[derive(Debug)]
pub struct StopWithError {
    node_type: NodeType,
}

impl StopWithError {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self {
            node_type: built_in::node_type(include_str!("stop_with_error.json"), include_str!("stop_with_error.svg")),
        }
    }
}

impl Default for StopWithError {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for StopWithError {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let message = input.params.get("message").and_then(Value::as_str).unwrap_or_default();
        Err(NodeError::permanent(ErrorCode::Stopped, message))
    }
}
