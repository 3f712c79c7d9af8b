//! `for_each`: the nodes in this box run once for every item of a list.

use model::{ErrorCode, NodeError, OnError};
use serde_json::{Value, json};

use super::unexpected_reply;
use crate::built_in;
use crate::effect::{Reply, TurnsReply};
use crate::manifest::NodeType;
use crate::node::{EachRules, Input, Node, Outcome};

/// Runs the nodes in it once for every item. Each turn sees `item` and `index`, and is checkpointed and retried by itself.
#[derive(Debug)]
pub struct ForEach {
    node_type: NodeType,
}

impl ForEach {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("for_each.json"), include_str!("for_each.svg")) }
    }
}

impl Default for ForEach {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for ForEach {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let Some(Value::Array(items)) = input.params.get("items") else {
            let message = "The box needs a list to walk through.";
            return Err(NodeError::permanent(ErrorCode::Parameter, message).at("items"));
        };
        if items.is_empty() {
            return Ok(done(TurnsReply { count: 0, succeeded: 0, failed: 0, skipped: 0, outputs: Vec::new() }));
        }
        let parallel = input.params.get("parallel").and_then(Value::as_u64).unwrap_or(1);
        let goes_on = input.params.get("on_failure").and_then(Value::as_str) == Some("continue");
        let rules = EachRules {
            parallel: u32::try_from(parallel).unwrap_or(1).max(1),
            on_failure: if goes_on { OnError::Continue } else { OnError::Stop },
            collect: input.params.get("collect").and_then(Value::as_bool).unwrap_or(true),
        };
        Ok(Outcome::Each { items: items.clone(), rules, state: Value::Null })
    }

    fn resume(&self, _input: &Input<'_>, _state: Value, reply: Reply) -> Result<Outcome, NodeError> {
        match reply {
            Reply::Turns(turns) => Ok(done(turns)),
            _ => Err(unexpected_reply(&self.node_type)),
        }
    }
}

fn done(turns: TurnsReply) -> Outcome {
    let TurnsReply { count, succeeded, failed, skipped, outputs } = turns;
    let mut output = json!({ "count": count, "succeeded": succeeded, "failed": failed, "skipped": skipped });
    // Moved in: the macro would serialise all of them only to build them anew.
    output["items"] = Value::Array(outputs);
    Outcome::done(output)
}
