//! `deduplicate`: goes on only with what was not seen before.

use model::{ErrorCode, NodeError};
use serde_json::{Value, json};

use super::unexpected_reply;
use crate::effect::{Effect, Reply, SeenRequest};
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};
use crate::{built_in, duration};

/// Asks whether a key was seen before within a window of time, across all runs of the workflow.
#[derive(Debug)]
pub struct Deduplicate {
    node_type: NodeType,
}

impl Deduplicate {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("deduplicate.json"), include_str!("deduplicate.svg")) }
    }
}

impl Default for Deduplicate {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Deduplicate {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let key = key(input);
        let window_ms = duration::milliseconds(&input.params["window"])
            .map_err(|message| NodeError::permanent(ErrorCode::Parameter, message).at("window"))?;
        Ok(Outcome::Do { effect: Effect::Seen(SeenRequest { key, window_ms }), state: Value::Null })
    }

    fn resume(&self, input: &Input<'_>, _state: Value, reply: Reply) -> Result<Outcome, NodeError> {
        let Reply::Seen(seen) = reply else { return Err(unexpected_reply(&self.node_type)) };
        let port = if seen.seen_before { "seen" } else { model::definition::OUT };
        let output = json!({ "key": key(input), "seen_before": seen.seen_before, "first_at": seen.first_at });
        Ok(Outcome::Done { port: port.to_owned(), output })
    }
}

fn key(input: &Input<'_>) -> String {
    input.params.get("key").and_then(Value::as_str).unwrap_or_default().trim().to_owned()
}
