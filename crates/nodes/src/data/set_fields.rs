//! `set_fields`: an object put together from names and values.

use model::{ErrorCode, NodeError};
use serde_json::{Map, Value};

use crate::built_in;
use crate::manifest::NodeType;
use crate::node::{Input, Node, Outcome};

/// Makes an object; `customer.email` as a name makes an object in the object.
#[derive(Debug)]
pub struct SetFields {
    node_type: NodeType,
}

impl SetFields {
    /// The node with its manifest.
    pub fn new() -> Self {
        Self { node_type: built_in::node_type(include_str!("set_fields.json"), include_str!("set_fields.svg")) }
    }
}

impl Default for SetFields {
    fn default() -> Self {
        Self::new()
    }
}

impl Node for SetFields {
    fn node_type(&self) -> &NodeType {
        &self.node_type
    }

    fn start(&self, input: &Input<'_>) -> Result<Outcome, NodeError> {
        let mut output = Map::new();
        for (name, value) in input.params.get("fields").and_then(Value::as_object).into_iter().flatten() {
            if let Some(message) = fault_of_name(name) {
                return Err(NodeError::permanent(ErrorCode::Parameter, message).at(format!("fields.{name}")));
            }
            set(&mut output, name, value.clone()).map_err(|error| error.at(format!("fields.{name}")))?;
        }
        Ok(Outcome::done(Value::Object(output)))
    }
}

const MAX_DEPTH: usize = 16;

/// What is wrong with a field's name, if anything.
pub(crate) fn fault_of_name(name: &str) -> Option<String> {
    if name.split('.').any(|part| part.trim().is_empty()) {
        return Some(format!("`{name}` is no field name: write `email`, or `customer.email` for a field in a field."));
    }
    let deep = name.split('.').count() > MAX_DEPTH;
    deep.then(|| format!("`{name}` goes deeper than {MAX_DEPTH} fields."))
}

fn set(output: &mut Map<String, Value>, name: &str, value: Value) -> Result<(), NodeError> {
    let Some((outer, inner)) = name.split_once('.') else {
        output.insert(name.to_owned(), value);
        return Ok(());
    };
    let place = output.entry(outer).or_insert_with(|| Value::Object(Map::new()));
    let Value::Object(fields) = place else {
        let message = format!("`{outer}` already has a value of its own, so `{outer}.{inner}` has no place.");
        return Err(NodeError::permanent(ErrorCode::Parameter, message));
    };
    set(fields, inner, value)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn dotted_names_make_nested_objects() {
        let mut output = Map::new();
        for (name, value) in [("a.b.c", json!(1)), ("a.d", json!(2)), ("e", json!([3]))] {
            set(&mut output, name, value).unwrap();
        }
        assert_eq!(Value::Object(output), json!({ "a": { "b": { "c": 1 }, "d": 2 }, "e": [3] }));
    }

    #[test]
    fn a_field_is_either_a_value_or_an_object() {
        let mut output = Map::new();
        set(&mut output, "a", json!(1)).unwrap();
        assert!(set(&mut output, "a.b", json!(2)).unwrap_err().message.contains("already has a value"));
    }

    #[test]
    fn a_name_has_no_empty_part_and_an_end() {
        for bad in ["", ".", "a..b", "a.", &["x"; 17].join(".")] {
            assert!(fault_of_name(bad).is_some(), "{bad}");
        }
        assert_eq!(fault_of_name("customer.e-mail"), None);
    }
}
