//! `respond`: what the sender of the event gets as an answer. The node only says it; the engine sends it.

use model::{ErrorCode, NodeError};
use serde_json::{Map, Value, json};

use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Makes the answer to a webhook whose `respond` is `node`. Its output is `{status, headers, body}`.
#[derive(Debug)]
pub struct Respond {
    node_type: NodeType,
}

impl Respond {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("respond.json"), include_str!("respond.svg")) }
    }
}

impl Default for Respond {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Respond {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let given = input.params.get("headers").and_then(Value::as_object);
        let mut headers = Map::new();
        for (name, value) in given.into_iter().flatten() {
            if value.is_null() {
                continue;
            }
            let text = header_value(name, value)?;
            headers.insert(name.to_ascii_lowercase(), Value::String(text));
        }
        let status = input.params.get("status").and_then(Value::as_u64).unwrap_or(200);
        let body = input.params.get("body").cloned().unwrap_or_default();
        Ok(Outcome::done(json!({ "status": status, "headers": headers, "body": body })))
    }
}

/// Header fields that belong to the server, or would give a sender a session here.
const RESERVED: [&str; 6] = ["connection", "content-length", "set-cookie", "transfer-encoding", "upgrade", "trailer"];

/// Whether a text can be a header field's name (RFC 9110 §5.6.2), and one that a workflow may set in an answer.
pub(crate) fn is_free_header_name(name: &str) -> bool {
    is_header_name(name) && !RESERVED.contains(&name.to_ascii_lowercase().as_str())
}

/// Whether a text can be a header field's name (RFC 9110 §5.6.2).
pub(crate) fn is_header_name(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.len() <= 128 && name.bytes().all(allowed)
}

fn header_value(name: &str, value: &Value) -> Result<String, NodeError> {
    let refuse =
        |message: String| Err(NodeError::permanent(ErrorCode::Parameter, message).at(format!("headers.{name}")));
    if !is_free_header_name(name) {
        return refuse(format!("An answer cannot set the header `{name}`. Choose another name, or leave it out."));
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return refuse(format!("The header `{name}` must be a text.")),
    };
    if text.chars().any(|letter| letter.is_control() && letter != '\t') {
        return refuse(format!("The header `{name}` holds a line break or another control character. Remove it."));
    }
    Ok(text)
}
