//! `call_workflow`: starts another workflow, and goes on with its result or at once.

use model::{ErrorCode, NodeError, RunStatus, WorkflowId};
use serde_json::{Value, json};

use super::unexpected_reply;
use crate::built_in;
use crate::effect::{CalledReply, Reply};
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Starts another workflow with some data as its event's body.
#[derive(Debug)]
pub struct CallWorkflow {
    node_type: NodeType,
}

impl CallWorkflow {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("call_workflow.json"), include_str!("call_workflow.svg")) }
    }
}

impl Default for CallWorkflow {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for CallWorkflow {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let id = input.params.get("workflow").and_then(Value::as_str).and_then(|id| id.parse::<WorkflowId>().ok());
        let workflow = id.ok_or_else(|| {
            let message = "It is not said which workflow to call. Choose one.";
            NodeError::permanent(ErrorCode::Parameter, message).at("workflow")
        })?;
        let wait = input.params.get("wait").and_then(Value::as_bool).unwrap_or(true);
        let body = input.params.get("input").cloned().unwrap_or_default();
        Ok(Outcome::Call { workflow, input: body, wait, state: json!({ "wait": wait }) })
    }

    fn resume(&self, _input: &Input<'_>, state: Value, reply: Reply) -> Result<Outcome, NodeError> {
        let Reply::Called(called) = reply else { return Err(unexpected_reply(&self.node_type)) };
        let waited = state["wait"] != Value::Bool(false);
        if waited && called.status != RunStatus::Succeeded {
            return Err(failed(&called));
        }
        Ok(Outcome::done(json!({ "run": called.run, "status": called.status, "output": called.output })))
    }
}

/// The failure of a step whose workflow did not end well. No retry: the called run made its own.
fn failed(called: &CalledReply) -> NodeError {
    let said = called.error["error"]["message"].as_str().or_else(|| called.error["message"].as_str());
    let reason = said.map(|text| format!(" It said: {text}")).unwrap_or_default();
    let how = match called.status {
        RunStatus::Cancelled => "was ended by a person",
        RunStatus::Failed => "was stopped on purpose",
        _ => "failed",
    };
    let message = format!("The called workflow's run {} {how}.{reason}", called.run);
    let details = json!({ "run": called.run, "status": called.status, "error": called.error });
    NodeError::permanent(ErrorCode::Called, message).with_details(details)
}
