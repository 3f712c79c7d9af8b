//! The step runner: it turns a connector's operation into a node.

use std::fmt;

use model::{ErrorCode, NodeError};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::description::OperationManifest;
use super::failure::status_error;
use super::opaque::Opaque;
use super::step::{self, Decision, broken};
use crate::effect::{Effect, Reply};
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};
use crate::sandbox::{Sandbox, Script};

/// One operation of a connector, as a node.
pub struct Operation {
    node_type: NodeType,
    function: String,
    opaque: Vec<String>,
    script: Script,
    sandbox: Sandbox,
}

impl Operation {
    /// An operation whose functions are in `script`.
    pub fn new(node_type: NodeType, manifest: &OperationManifest, script: Script, sandbox: Sandbox) -> Self {
        Self { node_type, function: manifest.name.clone(), opaque: manifest.opaque.clone(), script, sandbox }
    }

    fn call(&self, function: &str, input: &Input<'_>, state: Value, reply: Value) -> Result<Decision, NodeError> {
        let mut call = Map::new();
        call.insert("params".to_owned(), Value::Object(input.params.clone()));
        call.insert("credential".to_owned(), input.credential.clone());
        call.insert("now".to_owned(), json!(input.surroundings.now));
        call.insert("state".to_owned(), state);
        call.insert("reply".to_owned(), reply);
        let mut opaque = Opaque::of(input);
        for path in &self.opaque {
            opaque.take(&mut call, path);
        }
        let mut returned = self
            .sandbox
            .call(&self.script, function, vec![Value::Object(call)], input.surroundings)
            .map_err(|error| self.script_failed(function, error.into()))?;
        opaque.put_back(&mut returned);
        step::read(returned).map_err(|error| self.script_failed(function, error))
    }

    /// Says in which connector and function a script failed. What the person's own data caused stays as it is.
    fn script_failed(&self, function: &str, error: NodeError) -> NodeError {
        if error.code == ErrorCode::Parameter {
            return error;
        }
        let message = format!("`{}`, function `{function}`: {}", self.node_type.name, error.message);
        NodeError { message, ..error }
    }

    fn outcome(&self, decision: Decision, answered: Option<NodeError>) -> Result<Outcome, NodeError> {
        match decision {
            Decision::Done { port, output } => {
                if self.node_type.ports.iter().any(|known| known.name == port) {
                    return Ok(Outcome::Done { port, output });
                }
                Err(broken(format!("it went on along `{port}`, which the manifest does not name")))
            }
            Decision::Do { effect, state } => {
                let request = match &effect {
                    Effect::Http(request) => request.method.clone(),
                    _ => String::new(),
                };
                Ok(Outcome::Do { effect, state: json!(Kept { state, method: request }) })
            }
            Decision::Failed(error) => Err(error),
            Decision::StatusError => {
                Err(answered.unwrap_or_else(|| broken("it gave `status_error` without an answer")))
            }
        }
    }
}

/// What a step remembers from an effect to its reply.
#[derive(Serialize, Deserialize)]
struct Kept {
    #[serde(default)]
    state: Value,
    /// The request's method, for messages.
    #[serde(default)]
    method: String,
}

impl Node for Operation {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let decision = self.call(&self.function, input, Value::Null, Value::Null)?;
        self.outcome(decision, None)
    }

    fn resume(&self, input: &Input<'_>, state: Value, reply: Reply) -> Result<Outcome, NodeError> {
        let kept: Kept = serde_json::from_value(state).map_err(|error| {
            NodeError::permanent(ErrorCode::Internal, format!("The saved state is damaged: {error}"))
        })?;
        let (answer, failed) = match &reply {
            Reply::Http(http) => (json!(http), Some(http)),
            Reply::Mail(mail) => (json!(mail), None),
            Reply::Contacts(contacts) => (json!(contacts), None),
            Reply::Table(table) => (json!(table), None),
            Reply::Seen(seen) => (json!(seen), None),
            Reply::Time | Reply::Signal(_) | Reply::Called(_) | Reply::Turns(_) => {
                return Err(broken("it got an answer that it never asked for"));
            }
        };
        let error = failed.map(|http| status_error(&kept.method, http));
        if failed.is_none_or(|http| (200..300).contains(&http.status)) {
            let decision = self.call(&format!("{}_reply", self.function), input, kept.state, answer)?;
            return self.outcome(decision, error);
        }
        let function = format!("{}_error", self.function);
        let decision = if Sandbox::has_function(&self.script, &function, 1) {
            self.call(&function, input, kept.state, answer)?
        } else {
            Decision::StatusError
        };
        self.outcome(decision, error)
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Operation({})", self.node_type.name)
    }
}
