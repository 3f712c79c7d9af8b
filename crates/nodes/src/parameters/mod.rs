//! Parameters: what a node type declares, what a definition gives, and what a node gets in the end.

mod declared;
mod fit;

use model::{ErrorCode, Node as NodeDefinition, NodeError};
use serde_json::{Map, Value, json};

use crate::expression::{self, Scope};
use crate::manifest::{NodeType, Parameter, VisibleWhen};
use crate::node::Surroundings;

pub use declared::{check_declarations, is_name, is_port_name};
pub(crate) use fit::unknown_cell;
pub use fit::{Misfit, fit};

/// The parameters as the node gets them: every declared one is there, expressions are computed, defaults filled in, and
/// each value has the kind that its declaration asks for. What is not there and has no default is null. What a person has
/// `given` counts as it stands, in place of what the definition says.
pub fn resolve(
    node_type: &NodeType,
    node: &NodeDefinition,
    given: &Map<String, Value>,
    context: &Value,
    surroundings: &Surroundings,
) -> Result<Map<String, Value>, NodeError> {
    let scope = Scope { context, surroundings };
    let mut resolved = Map::new();
    for parameter in &node_type.parameters {
        let value = match given.get(&parameter.name) {
            Some(value) => fitting(parameter, value.clone())?,
            None => compute(parameter, node, &scope)?,
        };
        resolved.insert(parameter.name.clone(), value);
    }
    for parameter in &node_type.parameters {
        if parameter.required
            && is_missing(&resolved[&parameter.name])
            && is_shown(parameter, &node_type.parameters, &resolved)
        {
            return Err(missing(parameter, node.params.get(&parameter.name)));
        }
    }
    Ok(resolved)
}

/// The same one by one, as far as it can be computed: what cannot is null. Parameters that have no meaning with the others as
/// they are, are left out.
pub fn resolve_each(
    node_type: &NodeType,
    node: &NodeDefinition,
    context: &Value,
    surroundings: &Surroundings,
) -> Map<String, Value> {
    let scope = Scope { context, surroundings };
    let value = |parameter: &Parameter| compute(parameter, node, &scope).unwrap_or_default();
    let declared = &node_type.parameters;
    let resolved: Map<_, _> = declared.iter().map(|known| (known.name.clone(), value(known))).collect();
    let shown = declared.iter().filter(|known| is_shown(known, declared, &resolved));
    shown.map(|known| (known.name.clone(), resolved[&known.name].clone())).collect()
}

fn compute(parameter: &Parameter, node: &NodeDefinition, scope: &Scope<'_>) -> Result<Value, NodeError> {
    let given = node.params.get(&parameter.name).unwrap_or(&Value::Null);
    let value = if parameter.kind.takes_expressions() && !given.is_null() {
        expression::resolve(given, scope, &parameter.name)?
    } else {
        given.clone()
    };
    fitting(parameter, value)
}

fn fitting(parameter: &Parameter, value: Value) -> Result<Value, NodeError> {
    let value = if is_missing(&value) { parameter.default.clone() } else { value };
    fit(parameter, value).map_err(|misfit| misfit.into_error(parameter))
}

/// Whether a value counts as not given: null, or an empty text.
pub fn is_missing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

/// Whether a parameter has a meaning with the others as they are. `declared` are all parameters of its form or row.
pub fn is_shown(parameter: &Parameter, declared: &[Parameter], params: &Map<String, Value>) -> bool {
    parameter.visible_when.as_ref().is_none_or(|condition| holds(condition, declared, params))
}

/// Whether a parameter has one of the values that a condition names.
pub fn holds(condition: &VisibleWhen, declared: &[Parameter], params: &Map<String, Value>) -> bool {
    let other = declared.iter().find(|other| other.name == condition.parameter);
    let default = other.map_or(&Value::Null, |other| &other.default);
    let value = params.get(&condition.parameter).filter(|value| !is_missing(value)).unwrap_or(default);
    condition.is.contains(value)
}

fn missing(parameter: &Parameter, given: Option<&Value>) -> NodeError {
    let name = format!("“{}” (`{}`)", parameter.title.en, parameter.name);
    let message = match given {
        Some(given) if !is_missing(given) => {
            format!("{name} is empty: {given} gave nothing. Check that the data it points to was sent.")
        }
        _ => format!("{name} is missing. Fill it in."),
    };
    let error = NodeError::permanent(ErrorCode::Parameter, message).at(&parameter.name);
    match given {
        Some(given) => error.with_details(json!({ "given": given })),
        None => error,
    }
}
