//! `code`: a script whose last value is the output.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use model::{ErrorCode, NodeError};
use serde_json::Value;

use crate::built_in;
use crate::expression;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};
use crate::sandbox::{Limits, Sandbox, Script, ScriptError};

/// Runs a script over the context.
#[derive(Debug)]
pub struct Code {
    node_type: NodeType,
}

impl Code {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("code.json"), include_str!("code.svg")) }
    }
}

impl Default for Code {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for Code {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let source =
            input.params.get("script").and_then(Value::as_str).ok_or_else(|| {
                NodeError::permanent(ErrorCode::Parameter, "The code node needs a script.").at("script")
            })?;
        let failed = |error: ScriptError| NodeError::from(error).at("script");
        let script = compiled(source).map_err(failed)?;
        let scope = expression::top_level(input.context);
        SANDBOX.run(&script, &scope, input.surroundings).map(Outcome::done).map_err(failed)
    }
}

/// What is wrong with a script, as far as that can be seen without running it.
pub fn check(source: &str) -> Option<ScriptError> {
    SANDBOX.compile(source).err()
}

static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(Limits::for_code()));

/// The scripts used last; a workflow that is busy runs the same few again and again.
static LATEST: Mutex<Vec<(Arc<str>, Script)>> = Mutex::new(Vec::new());

const LATEST_SCRIPTS: usize = 64;

fn compiled(source: &str) -> Result<Script, ScriptError> {
    let mut latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(at) = latest.iter().position(|(known, _)| **known == *source) {
        let found = latest.remove(at);
        let script = found.1.clone();
        latest.insert(0, found);
        return Ok(script);
    }
    drop(latest);
    let script = SANDBOX.compile(source)?;
    latest = LATEST.lock().unwrap_or_else(PoisonError::into_inner);
    latest.truncate(LATEST_SCRIPTS - 1);
    latest.insert(0, (source.into(), script.clone()));
    Ok(script)
}

#[cfg(test)]
mod tests {
    use model::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::node::{Interrupt, Surroundings};

    fn start(script: &str, context: &Value) -> Result<Outcome, NodeError> {
        let node = serde_json::from_value(json!({"id": "calc", "type": "code", "params": {"script": script}})).unwrap();
        let surroundings = Surroundings {
            now: Timestamp::parse("2026-11-22T08:30:00Z").unwrap(),
            timezone: "Europe/Berlin".to_owned(),
            seed: 7,
            interrupt: Interrupt::never(),
        };
        let model::Node { params, .. } = &node;
        let input = Input {
            node: &node,
            params,
            context,
            incoming: &[],
            credential: &Value::Null,
            surroundings: &surroundings,
        };
        Code::new().start(&input)
    }

    #[test]
    fn the_last_value_is_the_output() {
        let context = json!({"trigger": {"body": {"items": [{"price": 2}, {"price": 3}]}}, "steps": {"a": 1}});
        let script = "let total = 0;\nfor item in trigger.body.items { total += item.price }\n#{ total: total, a: steps.a, none: vars.x }";
        for _ in 0..2 {
            assert_eq!(start(script, &context), Ok(Outcome::done(json!({"total": 5, "a": 1, "none": null}))));
        }
        assert_eq!(start("let x = 1;", &context), Ok(Outcome::done(Value::Null)));
    }

    #[test]
    fn an_error_carries_its_line_and_column() {
        let error = start("let x = 1;\nx.no_such_function()", &json!({})).unwrap_err();
        assert_eq!((error.code, error.parameter.as_deref()), (ErrorCode::Script, Some("script")));
        assert_eq!(error.details, Some(json!({"line": 2, "column": 3})));
        let error = start("loop { }", &json!({})).unwrap_err();
        assert_eq!(error.code, ErrorCode::ScriptLimit);
    }

    #[test]
    fn check_reads_without_running() {
        assert_eq!(check("let x = 1; x"), None);
        assert_eq!(check("let = 1").unwrap().line, 1);
    }
}
