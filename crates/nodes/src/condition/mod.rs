//! Condition lists: what `filter`, `if` and `switch` ask.

use model::{ErrorCode, NodeError};
use serde::Serialize;
use serde_json::Value;

use crate::manifest::Text;

/// How a condition came out, with every comparison for display.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether the condition as a whole holds.
    pub passed: bool,
    /// Every comparison that was made, in order.
    pub rows: Vec<Row>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Where it stands: `all[0]`.
    pub path: String,
    /// The left value.
    pub left: Value,
    /// The operator.
    pub op: String,
    /// The right value; null when the operator needs none.
    pub right: Value,
    /// Whether it holds.
    pub passed: bool,
}

/// One way to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// Its name in definitions.
    pub name: &'static str,
    /// Its label.
    pub title: Text,
    /// Whether it compares with a right value.
    pub needs_right: bool,
}

/// Decides a condition whose expressions are computed.
pub fn evaluate(resolved: &Value) -> Result<Verdict, NodeError> {
    let _ = resolved;
    Err(NodeError::permanent(ErrorCode::Parameter, "not ready"))
}

/// Every problem of a condition's shape as (path, message); paths begin with `path`.
pub fn check(value: &Value, path: &str) -> Vec<(String, String)> {
    let _ = (value, path);
    Vec::new()
}

/// Every operator, in the order of the form.
pub fn operators() -> &'static [Operator] {
    &[]
}
