//! Expressions in parameters: `{{ … }}` in a string.

use model::{ErrorCode, NodeError};
use serde_json::Value;

use crate::node::Surroundings;

/// What an expression sees.
#[derive(Debug, Clone, Copy)]
pub struct Scope<'a> {
    /// The run's context document.
    pub context: &'a Value,
    /// Time, zone, seed and the right to go on computing.
    pub surroundings: &'a Surroundings,
}

/// A problem of a template that can be seen without running it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where the template stands: `body.items[2].name`.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// Where in the template, in characters from 0.
    pub position: usize,
}

/// Computes every template in a parameter's value. `path` names the parameter.
pub fn resolve(value: &Value, scope: &Scope<'_>, path: &str) -> Result<Value, NodeError> {
    let _ = (value, scope);
    Err(NodeError::permanent(ErrorCode::Expression, "not ready").at(path))
}

/// Computes `{{ … }}` text or a bare expression.
pub fn evaluate(text: &str, context: &Value, surroundings: &Surroundings) -> Result<Value, NodeError> {
    let _ = (text, context, surroundings);
    Err(NodeError::permanent(ErrorCode::Expression, "not ready"))
}

/// Every syntax problem of the templates in a value; paths begin with `path`.
pub fn check(value: &Value, path: &str) -> Vec<Problem> {
    let _ = (value, path);
    Vec::new()
}

/// The ids of the nodes whose output the templates in a value refer to.
pub fn references(value: &Value) -> Vec<String> {
    let _ = value;
    Vec::new()
}

/// The names of a context that scripts see as variables, with their values; null for those that are not there.
pub fn top_level(context: &Value) -> Vec<(&'static str, &Value)> {
    NAMES.iter().map(|name| (*name, &context[*name])).collect()
}

const NAMES: &[&str] = &["trigger", "steps", "item", "index", "vars", "run", "workflow"];
