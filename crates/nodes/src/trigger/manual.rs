//! `manual`: starts a run when a person or the API asks for it.

use model::NodeError;

use super::event;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Starts a run when a person or the API asks for it.
#[derive(Debug)]
pub struct Manual {
    node_type: NodeType,
}

impl Manual {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("manual.json"), include_str!("manual.svg")) }
    }
}

impl Default for Manual {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Manual {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        Ok(event(input))
    }
}
