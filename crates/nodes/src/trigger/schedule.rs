//! `schedule`: starts runs at certain times. The times are computed in [`crate::schedule`].

use model::NodeError;

use super::event;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Starts a run at each time of its schedule. The event's body says for which time.
#[derive(Debug)]
pub struct ScheduleTrigger {
    node_type: NodeType,
}

impl ScheduleTrigger {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("schedule.json"), include_str!("schedule.svg")) }
    }
}

impl Default for ScheduleTrigger {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for ScheduleTrigger {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        Ok(event(input))
    }
}
