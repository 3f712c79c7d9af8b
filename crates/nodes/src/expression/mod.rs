//! Expressions in parameters: `{{ … }}` in a string.
//!
//! | Inside the braces | Language | Result |
//! |---|---|---|
//! | begins with `$` | JSONPath (RFC 9535) over the context | one value or null; an array for a query |
//! | anything else | one Rhai expression, with the context's names as variables | its value |
//!
//! A string that is nothing but one expression takes its value with its type. In mixed text null is empty, text stands as
//! it is, and everything else is compact JSON. `\{{` stands for the braces themselves. Names of object members are never
//! templates, and **what an expression gave is never read as a template again**: data is never code.

mod compiled;
mod path;
mod references;
mod template;

use model::{ErrorCode, NodeError};
use serde_json::{Map, Value, json};

pub use references::in_script as references_in_script;

use crate::node::Surroundings;
use compiled::{Code, Expression, Part, SANDBOX, Template, Unreadable};

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
///
/// An error has the code [`ErrorCode::Expression`], the path of the string that holds it, and in its details the
/// `expression`, the `template` and the `position` in it, in characters from 0.
pub fn resolve(value: &Value, scope: &Scope<'_>, path: &str) -> Result<Value, NodeError> {
    match value {
        Value::String(text) if template::is_template(text) => {
            let unreadable = |error: Unreadable| from_unreadable(&error, text).at(path);
            let template = compiled::template(text).map_err(unreadable)?;
            compute(&template, scope, text).map_err(|error| error.at(path))
        }
        Value::Array(items) => {
            let items = items.iter().enumerate();
            items.map(|(index, item)| resolve(item, scope, &format!("{path}[{index}]"))).collect()
        }
        Value::Object(entries) => {
            let mut resolved = Map::new();
            for (name, value) in entries {
                resolved.insert(name.clone(), resolve(value, scope, &member(path, name))?);
            }
            Ok(Value::Object(resolved))
        }
        other => Ok(other.clone()),
    }
}

/// Computes a text with `{{ … }}`, or a bare expression.
pub fn evaluate(text: &str, context: &Value, surroundings: &Surroundings) -> Result<Value, NodeError> {
    let scope = Scope { context, surroundings };
    if template::is_template(text) {
        let template = compiled::template(text).map_err(|error| from_unreadable(&error, text))?;
        return compute(&template, &scope, text);
    }
    let template = compiled::bare(text).map_err(|error| from_unreadable(&error, text))?;
    compute(&template, &scope, text)
}

/// Every syntax problem of the templates in a value; paths begin with `path`.
pub fn check(value: &Value, path: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    for_each_template(value, path, &mut |text, path| {
        if let Err(Unreadable { message, position, .. }) = compiled::template(text) {
            problems.push(Problem { path: path.to_owned(), message, position });
        }
    });
    problems
}

/// The ids of the nodes whose output the templates in a value refer to, as far as that can be seen; sorted.
pub fn references(value: &Value) -> Vec<String> {
    let mut ids = std::collections::BTreeSet::new();
    for_each_template(value, "", &mut |text, _| {
        for part in compiled::template(text).iter().flat_map(|template| &template.parts) {
            if let Part::Expression(expression) = part {
                ids.extend(references::of(expression));
            }
        }
    });
    ids.into_iter().collect()
}

/// Whether a string holds an expression.
pub fn is_template(text: &str) -> bool {
    template::is_template(text)
}

/// The names of a context that scripts see as variables, with their values; null for those that are not there.
pub fn top_level(context: &Value) -> Vec<(&'static str, &Value)> {
    NAMES.iter().map(|name| (*name, &context[*name])).collect()
}

const NAMES: &[&str] = &["trigger", "steps", "item", "index", "vars", "run", "workflow"];

/// The longest text that a template may grow to, in bytes.
const LONGEST_TEXT_BYTES: usize = 16 * 1024 * 1024;

fn compute(template: &Template, scope: &Scope<'_>, text: &str) -> Result<Value, NodeError> {
    if let Some(expression) = only_expression(template) {
        return run(expression, scope, text);
    }
    let mut filled = String::new();
    for part in &template.parts {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Expression(expression) => match run(expression, scope, text)? {
                Value::Null => {}
                Value::String(text) => filled.push_str(&text),
                other => filled.push_str(&other.to_string()),
            },
        }
        if filled.len() > LONGEST_TEXT_BYTES {
            let message = format!("The text grew longer than {LONGEST_TEXT_BYTES} bytes.");
            return Err(NodeError::permanent(ErrorCode::TooLarge, message));
        }
    }
    Ok(Value::String(filled))
}

/// The expression, when there is nothing around it but white space.
fn only_expression(template: &Template) -> Option<&Expression> {
    let mut found = None;
    for part in &template.parts {
        match part {
            Part::Text(text) if text.trim().is_empty() => {}
            Part::Expression(expression) if found.is_none() => found = Some(expression),
            _ => return None,
        }
    }
    found
}

fn run(expression: &Expression, scope: &Scope<'_>, text: &str) -> Result<Value, NodeError> {
    match &expression.code {
        Code::Path(path) => path
            .evaluate(scope.context)
            .map_err(|message| failed(ErrorCode::Expression, &message, &expression.source, text, expression.position)),
        Code::Script(script) => SANDBOX.run(script, &top_level(scope.context), scope.surroundings).map_err(|error| {
            let position = expression.position + compiled::offset(&expression.source, error.line, error.column);
            failed(ErrorCode::Expression, &error.message, &expression.source, text, position)
        }),
    }
}

fn from_unreadable(error: &Unreadable, text: &str) -> NodeError {
    failed(ErrorCode::Expression, &error.message, &error.expression, text, error.position)
}

fn failed(code: ErrorCode, message: &str, expression: &str, template: &str, position: usize) -> NodeError {
    let before: Vec<&str> = template.split('\n').collect();
    let (mut line, mut column) = (1, position + 1);
    for text in before {
        let length = text.chars().count() + 1;
        if column <= length {
            break;
        }
        column -= length;
        line += 1;
    }
    let shown = if expression.is_empty() { String::new() } else { format!(" in `{}`", shorten(expression)) };
    let message = format!("{} (at character {}{shown})", message.trim_end_matches('.'), position + 1);
    NodeError::permanent(code, message).with_details(json!({
        "expression": expression, "template": shorten(template), "position": position, "line": line, "column": column,
    }))
}

fn shorten(text: &str) -> String {
    const LONGEST: usize = 300;
    text.char_indices().nth(LONGEST).map_or_else(|| text.to_owned(), |(end, _)| format!("{}…", &text[..end]))
}

fn for_each_template(value: &Value, path: &str, act: &mut impl FnMut(&str, &str)) {
    match value {
        Value::String(text) if template::is_template(text) => act(text, path),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                for_each_template(item, &format!("{path}[{index}]"), act);
            }
        }
        Value::Object(entries) => {
            for (name, value) in entries {
                for_each_template(value, &member(path, name), act);
            }
        }
        _ => {}
    }
}

fn member(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

#[cfg(test)]
mod tests;
