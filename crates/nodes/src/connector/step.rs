//! What a script's function returns: one decision.

use model::{ErrorCode, NodeError};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::request;
use crate::effect::{ContactsRequest, Effect, Mail, TableRequest};

/// What a function of a script decided.
#[derive(Debug, PartialEq)]
pub(super) enum Decision {
    /// The step is over.
    Done { port: String, output: Value },
    /// The engine is to act, and to give `state` back with the reply.
    Do { effect: Effect, state: Value },
    /// The step failed.
    Failed(NodeError),
    /// The answer counts as the error that its status says.
    StatusError,
}

/// Reads what a function returned: a map with exactly one of `request`, `mail`, `contacts`, `table`, `output`, `error`,
/// `status_error`; beside an effect there may be a `state`, beside an output a `port`.
pub(super) fn read(returned: Value) -> Result<Decision, NodeError> {
    let Value::Object(mut map) = returned else {
        return Err(broken(format!("it must return a map such as #{{output: …}}, not {}", kind_of(&returned))));
    };
    let given = DECISIONS.iter().filter(|name| map.contains_key(**name)).copied().collect::<Vec<_>>();
    let [decision] = given[..] else {
        let all = DECISIONS.join("`, `");
        return Err(broken(format!("the map that it returns must have exactly one of `{all}`; it has {given:?}")));
    };
    let content = map.remove(decision).unwrap_or_default();
    let result = match decision {
        "output" => Decision::Done { port: port(&mut map)?, output: content },
        "error" => Decision::Failed(error(content)?),
        "status_error" => Decision::StatusError,
        "request" => effect(Effect::Http(request::read(content)?), &mut map),
        "mail" => effect(Effect::Mail(mail(content)?), &mut map),
        "table" => effect(Effect::Table(table(content)?), &mut map),
        _ => effect(Effect::Contacts(contacts(content)?), &mut map),
    };
    match map.keys().next() {
        None => Ok(result),
        Some(extra) => Err(broken(format!("`{extra}` has no meaning beside `{decision}`"))),
    }
}

const DECISIONS: [&str; 7] = ["request", "mail", "contacts", "table", "output", "error", "status_error"];

/// A fault of the connector itself.
pub(super) fn broken(message: impl std::fmt::Display) -> NodeError {
    NodeError::permanent(ErrorCode::Script, format!("The connector's script is faulty: {message}."))
}

fn effect(effect: Effect, map: &mut Map<String, Value>) -> Decision {
    Decision::Do { effect, state: map.remove("state").unwrap_or_default() }
}

fn port(map: &mut Map<String, Value>) -> Result<String, NodeError> {
    match map.remove("port") {
        None | Some(Value::Null) => Ok(model::definition::OUT.to_owned()),
        Some(Value::String(port)) => Ok(port),
        Some(other) => Err(broken(format!("`port` must be a text, not {}", kind_of(&other)))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    message: String,
    #[serde(default)]
    code: Option<ErrorCode>,
    #[serde(default)]
    retry: bool,
    #[serde(default)]
    retry_after_ms: Option<u64>,
    #[serde(default)]
    parameter: Option<String>,
    #[serde(default)]
    details: Option<Value>,
}

fn error(content: Value) -> Result<NodeError, NodeError> {
    let failure: Failure = serde_json::from_value(content).map_err(|error| broken(format!("`error`: {error}")))?;
    Ok(NodeError {
        code: failure.code.unwrap_or(ErrorCode::Service),
        message: failure.message,
        retryable: failure.retry,
        retry_after_ms: failure.retry_after_ms,
        parameter: failure.parameter,
        details: failure.details,
    })
}

fn mail(content: Value) -> Result<Mail, NodeError> {
    serde_json::from_value(request::without_nulls(content)).map_err(|error| broken(format!("`mail`: {error}")))
}

fn contacts(content: Value) -> Result<ContactsRequest, NodeError> {
    serde_json::from_value(content).map_err(|error| broken(format!("`contacts`: {error}")))
}

fn table(content: Value) -> Result<TableRequest, NodeError> {
    serde_json::from_value(content).map_err(|error| broken(format!("`table`: {error}")))
}

/// What a value is, in words.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn message(returned: Value) -> String {
        read(returned).unwrap_err().message
    }

    #[test]
    fn an_output_goes_out_unless_a_port_is_named() {
        let out = Decision::Done { port: "out".to_owned(), output: Value::Null };
        assert_eq!(read(json!({ "output": null })), Ok(out));
        let found = Decision::Done { port: "found".to_owned(), output: json!(1) };
        assert_eq!(read(json!({ "output": 1, "port": "found" })), Ok(found));
    }

    #[test]
    fn whatever_is_not_one_decision_names_the_fault() {
        for (returned, expected) in [
            (json!(null), "not nothing"),
            (json!({}), "exactly one of"),
            (json!({ "output": 1, "error": { "message": "x" } }), "exactly one of"),
            (json!({ "output": 1, "state": 2 }), "`state` has no meaning beside `output`"),
            (json!({ "output": 1, "port": 2 }), "`port` must be a text, not a number"),
            (json!({ "error": { "text": "x" } }), "unknown field `text`"),
            (json!({ "error": { "message": "x", "code": "odd" } }), "unknown variant `odd`"),
            (json!({ "request": { "url": "https://a.example", "verb": "GET" } }), "unknown field `verb`"),
            (json!({ "request": { "method": "GET" } }), "missing field `url`"),
            (json!({ "mail": { "too": [] } }), "unknown field `too`"),
            (json!({ "contacts": { "drop": {} } }), "unknown variant `drop`"),
            (json!({ "table": { "find": { "table": "t" } } }), "missing field `limit`"),
        ] {
            let message = message(returned.clone());
            assert!(message.contains(expected), "{returned}: {message}");
        }
    }

    #[test]
    fn an_error_says_all_that_the_engine_needs() {
        let returned =
            json!({ "error": { "message": "Busy.", "retry": true, "retry_after_ms": 5, "parameter": "channel" } });
        let expected = NodeError { retry_after_ms: Some(5), ..NodeError::passing(ErrorCode::Service, "Busy.") };
        assert_eq!(read(returned), Ok(Decision::Failed(expected.at("channel"))));
    }
}
