//! `webhook`: starts a run for every request to its address.

use model::NodeError;

use super::event;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Starts a run for every request to its address.
#[derive(Debug)]
pub struct Webhook {
    node_type: NodeType,
}

impl Webhook {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("webhook.json"), include_str!("webhook.svg")) }
    }
}

impl Default for Webhook {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Webhook {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        Ok(event(input))
    }
}
