//! Condition lists: what `filter`, `if` and `switch` ask.
//!
//! ```json
//! { "all": [ { "left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100 },
//!            { "any": [ { "left": "…", "op": "is_empty" } ] } ] }
//! ```
//!
//! A list is `all` or `any`, nested at will; a single comparison may stand alone. An empty list holds. Conditions are
//! data, so the form and the code say the same thing. `compare` says how values of different kinds are compared.

mod compare;
mod operators;

use model::{ErrorCode, NodeError};
use serde::Serialize;
use serde_json::{Map, Value};

pub(crate) use compare::order_numbers;
pub use operators::{Operator, operators};

use crate::expression;

/// How a condition came out, with every comparison for display.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Verdict {
    /// Whether the condition as a whole holds.
    pub passed: bool,
    /// Every comparison, in order, also those that no longer mattered.
    pub rows: Vec<Row>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// Where it stands: `all[0]`; empty when it stands alone.
    pub path: String,
    /// The left value; a long one is cut for display.
    pub left: Value,
    /// The operator.
    pub op: String,
    /// The right value; null when the operator needs none.
    pub right: Value,
    /// Whether it holds.
    pub passed: bool,
}

/// The deepest nesting of lists.
const DEEPEST: usize = 20;

/// Decides a condition whose expressions are computed. Errors name the place as a path without the parameter's name.
///
/// Comparing values that cannot be compared is not an error: the comparison does not hold.
pub fn evaluate(resolved: &Value) -> Result<Verdict, NodeError> {
    if let Some((path, message)) = check(resolved, "").into_iter().next() {
        return Err(NodeError::permanent(ErrorCode::Parameter, message).at(path));
    }
    let mut rows = Vec::new();
    let passed = decide(resolved, "", &mut rows)
        .map_err(|(path, message)| NodeError::permanent(ErrorCode::Parameter, message).at(path))?;
    Ok(Verdict { passed, rows })
}

/// Every problem of a condition's shape as (path, message); paths begin with `path`. A value that holds an expression
/// may be anything.
pub fn check(value: &Value, path: &str) -> Vec<(String, String)> {
    let mut problems = Vec::new();
    check_level(value, path, 0, &mut problems);
    problems
}

fn decide(value: &Value, path: &str, rows: &mut Vec<Row>) -> Result<bool, (String, String)> {
    let Some(object) = value.as_object() else { return Ok(true) };
    for (name, is_all) in [("all", true), ("any", false)] {
        if let Some(items) = object.get(name).and_then(Value::as_array) {
            let mut passed = is_all || items.is_empty();
            for (index, item) in items.iter().enumerate() {
                let held = decide(item, &join(path, &format!("{name}[{index}]")), rows)?;
                passed = if is_all { passed && held } else { passed || held };
            }
            return Ok(passed);
        }
    }
    if object.is_empty() {
        return Ok(true);
    }
    let text = |name: &str| object.get(name).and_then(Value::as_str).unwrap_or_default();
    let at = |name: &str| object.get(name).unwrap_or(&Value::Null);
    let ignore_case = at("ignore_case").as_bool().unwrap_or(false);
    let (left, op, right) = (at("left"), text("op"), at("right"));
    let passed = compare::holds(left, op, right, ignore_case).map_err(|message| (join(path, "right"), message))?;
    rows.push(Row {
        path: path.to_owned(),
        left: for_display(left),
        op: op.to_owned(),
        right: for_display(right),
        passed,
    });
    Ok(passed)
}

fn check_level(value: &Value, path: &str, depth: usize, problems: &mut Vec<(String, String)>) {
    if depth > DEEPEST {
        problems.push((path.to_owned(), format!("Conditions may be nested at most {DEEPEST} levels deep.")));
        return;
    }
    match value {
        Value::Null => {}
        Value::Object(object) if object.contains_key("all") || object.contains_key("any") => {
            check_list(object, path, depth, problems);
        }
        Value::Object(object) if object.is_empty() => {}
        Value::Object(object) => check_row(object, path, problems),
        _ => {
            let message =
                "A condition is an object: `{\"all\": […]}`, `{\"any\": […]}` or `{\"left\", \"op\", \"right\"}`.";
            problems.push((path.to_owned(), message.to_owned()));
        }
    }
}

fn check_list(object: &Map<String, Value>, path: &str, depth: usize, problems: &mut Vec<(String, String)>) {
    if object.len() > 1 {
        let message = "A list of conditions has either `all` or `any`, and nothing beside it. Nest one in the other.";
        problems.push((path.to_owned(), message.to_owned()));
    }
    for name in ["all", "any"] {
        match object.get(name) {
            None => {}
            Some(Value::Array(items)) => {
                for (index, item) in items.iter().enumerate() {
                    check_level(item, &join(path, &format!("{name}[{index}]")), depth + 1, problems);
                }
            }
            Some(_) => problems.push((join(path, name), format!("`{name}` must be a list of conditions."))),
        }
    }
}

fn check_row(object: &Map<String, Value>, path: &str, problems: &mut Vec<(String, String)>) {
    for name in object.keys() {
        if !["left", "op", "right", "ignore_case"].contains(&name.as_str()) {
            let message =
                format!("`{name}` is not part of a comparison; it has `left`, `op`, `right` and `ignore_case`.");
            problems.push((join(path, name), message));
        }
    }
    if !matches!(object.get("ignore_case"), None | Some(Value::Bool(_))) {
        problems.push((join(path, "ignore_case"), "`ignore_case` must be true or false.".to_owned()));
    }
    let Some(op) = object.get("op").and_then(Value::as_str) else {
        problems.push((join(path, "op"), "The comparison needs an operator in `op`, for example `equals`.".to_owned()));
        return;
    };
    let Some(operator) = operators::find(op) else {
        let names: Vec<&str> = operators().iter().map(|operator| operator.name).collect();
        problems.push((join(path, "op"), format!("`{op}` is not an operator. Known are: {}.", names.join(", "))));
        return;
    };
    if !object.contains_key("left") {
        problems.push((join(path, "left"), "The comparison needs a value in `left`.".to_owned()));
    }
    match object.get("right") {
        None if operator.needs_right => {
            problems.push((join(path, "right"), format!("`{op}` needs a value in `right`.")));
        }
        Some(Value::String(pattern)) if op == "matches" && !expression::is_template(pattern) => {
            if let Err(message) = compare::pattern(pattern, false) {
                problems.push((join(path, "right"), message));
            }
        }
        _ => {}
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A verdict is stored with every step, so it does not repeat whole bodies.
fn for_display(value: &Value) -> Value {
    const LONGEST: usize = 500;
    match value {
        Value::String(text) => match text.char_indices().nth(LONGEST) {
            Some((end, _)) => Value::String(format!("{}…", &text[..end])),
            None => value.clone(),
        },
        Value::Array(_) | Value::Object(_) => {
            let text = value.to_string();
            if text.len() <= LONGEST { value.clone() } else { for_display(&Value::String(text)) }
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests;
