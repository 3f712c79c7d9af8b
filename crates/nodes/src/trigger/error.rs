//! `error`: starts a run when a run of another workflow failed.

use model::NodeError;

use super::event;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Starts a run when a run of another workflow failed. The event's body says which, where and why.
#[derive(Debug)]
pub struct ErrorTrigger {
    node_type: NodeType,
}

impl ErrorTrigger {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("error.json"), include_str!("error.svg")) }
    }
}

impl Default for ErrorTrigger {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for ErrorTrigger {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        Ok(event(input))
    }
}
