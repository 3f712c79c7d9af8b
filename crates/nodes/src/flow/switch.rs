//! `switch`: the first case that holds.

use model::{ErrorCode, NodeError};
use serde_json::{Value, json};

use super::judge_value;
use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Goes on along the port of the first case whose conditions hold, or along `default`.
#[derive(Debug)]
pub struct Switch {
    node_type: NodeType,
}

impl Switch {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("switch.json"), include_str!("switch.svg")) }
    }
}

impl Default for Switch {
    fn default() -> Self {
        Self::new()
    }
}

/// The port that is taken when no case holds.
const DEFAULT_PORT: &str = "default";

impl Node for Switch {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let cases = input.params.get("cases").and_then(Value::as_array);
        for (index, case) in cases.into_iter().flatten().enumerate() {
            let Some(port) = case.get("port").and_then(Value::as_str) else {
                let message = format!("Case {} has no port. Give it a name.", index + 1);
                return Err(NodeError::permanent(ErrorCode::Parameter, message).at(format!("cases[{index}].port")));
            };
            let verdict = judge_value(case.get("when").unwrap_or(&Value::Null), &format!("cases[{index}].when"))?;
            if verdict.passed {
                let output = json!({ "port": port, "case": index, "verdict": verdict });
                return Ok(Outcome::Done { port: port.to_owned(), output });
            }
        }
        let output = json!({ "port": DEFAULT_PORT, "case": null, "verdict": null });
        Ok(Outcome::Done { port: DEFAULT_PORT.to_owned(), output })
    }
}
