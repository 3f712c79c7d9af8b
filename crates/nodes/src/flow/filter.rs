//! `filter`: lets a branch go on, or ends it without an error.

use model::NodeError;
use serde_json::json;

use super::judge;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Goes on when its conditions hold; otherwise its branch ends as skipped.
#[derive(Debug)]
pub struct Filter {
    node_type: NodeType,
}

impl Filter {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("filter.json"), include_str!("filter.svg")) }
    }
}

impl Default for Filter {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Filter {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let verdict = judge(input.params, "when")?;
        let output = json!(verdict);
        Ok(if verdict.passed { Outcome::done(output) } else { Outcome::Skip { output } })
    }
}
