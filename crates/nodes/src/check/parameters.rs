//! One node's parameters against its manifest.

use model::{Node as NodeDefinition, Problem};
use serde_json::{Map, Value};

use super::nearest;
use crate::manifest::{NodeType, Parameter, ParameterKind};
use crate::parameters::{fit, is_missing, is_port_name, is_shown, unknown_cell};
use crate::schedule::Schedule;
use crate::{condition, data, duration, expression};

pub(super) fn check(node: &NodeDefinition, node_type: &NodeType, problems: &mut Vec<Problem>) {
    for name in node.params.keys() {
        if !node_type.parameters.iter().any(|parameter| &parameter.name == name) {
            problems.push(unknown(node, node_type, name));
        }
    }
    for parameter in &node_type.parameters {
        let value = node.params.get(&parameter.name).unwrap_or(&Value::Null);
        if is_missing(value) {
            if parameter.required && is_shown(parameter, &node_type.parameters, &node.params) {
                let message = format!("“{}” is missing. Fill it in.", parameter.title.en);
                problems.push(Problem::of_node(&node.id, "missing_parameter", message).at(&parameter.name));
            }
            continue;
        }
        check_value(node, parameter, &parameter.name, value, problems);
    }
}

fn unknown(node: &NodeDefinition, node_type: &NodeType, name: &str) -> Problem {
    let known = node_type.parameters.iter().map(|parameter| parameter.name.as_str());
    let hint = nearest(name, known).map_or_else(|| "Remove it.".to_owned(), |near| format!("Did you mean `{near}`?"));
    let message = format!("“{}” has no parameter `{name}`. {hint}", node_type.title.en);
    Problem::of_node(&node.id, "unknown_parameter", message).at(name)
}

/// Checks the value that stands at `name`: a parameter's own name, or the path of a cell.
fn check_value(node: &NodeDefinition, parameter: &Parameter, name: &str, value: &Value, problems: &mut Vec<Problem>) {
    let of_node = |code: &str, message: String| Problem::of_node(&node.id, code, message);
    let expressions = parameter.kind.takes_expressions();
    if expressions {
        for fault in expression::check(value, name) {
            let message = format!("{} (at character {})", fault.message, fault.position + 1);
            problems.push(of_node("invalid_expression", message).at(fault.path));
        }
    } else if parameter.kind != ParameterKind::Code && is_template(value) {
        let message = format!("“{}” takes no expression; write the value itself.", parameter.title.en);
        problems.push(of_node("expression_not_allowed", message).at(name));
        return;
    }
    // What a template gives is known only in a run, and checked there.
    if expressions && is_template(value) {
        return;
    }
    if let (ParameterKind::Rows, Value::Array(rows)) = (parameter.kind, value) {
        check_rows(node, parameter, name, rows, problems);
        return;
    }
    if let Err(misfit) = fit(parameter, without_templates(parameter.kind, value)) {
        let message = format!("“{}”: {}", parameter.title.en, misfit.message);
        problems.push(of_node(misfit.code, message).at(format!("{name}{}", misfit.path)));
        return;
    }
    match parameter.kind {
        ParameterKind::Conditions => check_conditions(node, value, name, problems),
        ParameterKind::Cases => check_cases(node, value, name, problems),
        ParameterKind::Code => {
            if let Some(fault) = value.as_str().and_then(data::code::check) {
                let message = format!("{} (line {}, column {})", fault.message, fault.line, fault.column);
                problems.push(of_node("invalid_script", message).at(name));
            }
        }
        ParameterKind::Cron => check_cron(node, value, name, problems),
        ParameterKind::Timezone if value.as_str().is_some_and(|zone| zone.parse::<chrono_tz::Tz>().is_err()) => {
            let message = format!("{value} is not a time zone; write one like `Europe/Berlin`.");
            problems.push(of_node("invalid_timezone", message).at(name));
        }
        ParameterKind::KeyValues if node.node_type == "set_fields" => {
            for field in value.as_object().into_iter().flat_map(Map::keys) {
                if let Some(message) = data::set_fields::fault_of_name(field) {
                    problems.push(of_node("invalid_field_name", message).at(format!("{name}.{field}")));
                }
            }
        }
        _ => {}
    }
}

/// Whether a value is a text with an expression in it.
fn is_template(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text.contains("{{"))
}

/// A list of texts is checked item by item; its templates stand for texts.
fn without_templates(kind: ParameterKind, value: &Value) -> Value {
    match value {
        Value::Array(items) if kind == ParameterKind::TextList => {
            items.iter().map(|item| if is_template(item) { Value::Null } else { item.clone() }).collect()
        }
        other if kind == ParameterKind::Duration => duration::with_any_amount(other),
        other => other.clone(),
    }
}

/// Checks rows cell by cell, so that a template in one cell hides no fault in another.
fn check_rows(node: &NodeDefinition, parameter: &Parameter, path: &str, rows: &[Value], problems: &mut Vec<Problem>) {
    for (index, row) in rows.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let Value::Object(cells) = row else {
            let message = format!("“{}”: row {} is no object of cells.", parameter.title.en, index + 1);
            problems.push(Problem::of_node(&node.id, "wrong_type", message).at(path));
            continue;
        };
        for name in cells.keys().filter(|name| !parameter.columns.iter().any(|column| column.name == **name)) {
            let misfit = unknown_cell("", name);
            let message = format!("“{}”: {}", parameter.title.en, misfit.message);
            problems.push(Problem::of_node(&node.id, misfit.code, message).at(format!("{path}{}", misfit.path)));
        }
        for column in &parameter.columns {
            let path = format!("{path}.{}", column.name);
            let value = cells.get(&column.name).unwrap_or(&Value::Null);
            if !is_missing(value) {
                check_value(node, column, &path, value, problems);
            } else if column.required && is_shown(column, &parameter.columns, cells) {
                let message = format!("“{}” is missing in row {}. Fill it in.", column.title.en, index + 1);
                problems.push(Problem::of_node(&node.id, "missing_parameter", message).at(path));
            }
        }
    }
}

fn check_cron(node: &NodeDefinition, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    if let Err(fault) = Schedule::read(value.as_str().unwrap_or_default(), "UTC") {
        problems.push(Problem::of_node(&node.id, "invalid_setting", fault.message).at(path));
    }
}

fn check_conditions(node: &NodeDefinition, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    for (place, message) in condition::check(value, path) {
        problems.push(Problem::of_node(&node.id, "invalid_condition", message).at(place));
    }
}

fn check_cases(node: &NodeDefinition, value: &Value, path: &str, problems: &mut Vec<Problem>) {
    let cases = value.as_array().map_or(&[][..], Vec::as_slice);
    if cases.is_empty() {
        let message = "The switch has no case yet. Add one, or leave the node out.";
        problems.push(Problem::of_node(&node.id, "missing_parameter", message).at(path));
    }
    for (index, case) in cases.iter().enumerate() {
        let path = format!("{path}[{index}]");
        let mut report = |code: &str, message: String, place: &str| {
            problems.push(Problem::of_node(&node.id, code, message).at(format!("{path}{place}")));
        };
        let Value::Object(fields) = case else {
            report("invalid_case", "A case is an object with `port` and `when`.".to_owned(), "");
            continue;
        };
        for name in fields.keys().filter(|name| !["port", "when"].contains(&name.as_str())) {
            report(
                "invalid_case",
                format!("A case has `port` and `when`, but no `{name}`. Remove it."),
                &format!(".{name}"),
            );
        }
        match fields.get("port").and_then(Value::as_str) {
            None | Some("") => report("invalid_case", "The case has no name. Give it one.".to_owned(), ".port"),
            Some(port) if !is_port_name(port) => {
                let message = format!("`{port}` cannot name a case: use up to 64 letters, digits, `_` and `-`.");
                report("invalid_case", message, ".port");
            }
            Some(port) if RESERVED_PORTS.contains(&port) => {
                report("invalid_case", format!("`{port}` has a meaning of its own. Choose another name."), ".port");
            }
            Some(port) => {
                let twice = cases[..index].iter().any(|other| other.get("port").and_then(Value::as_str) == Some(port));
                if twice {
                    report("invalid_case", format!("Two cases are called `{port}`. Each needs its own name."), ".port");
                }
            }
        }
        match fields.get("when") {
            None => report("invalid_case", "The case has no conditions. Add some.".to_owned(), ".when"),
            Some(when) if is_template(when) => {}
            Some(when) => check_conditions(node, when, &format!("{path}.when"), problems),
        }
    }
}

const RESERVED_PORTS: [&str; 2] = ["default", model::definition::ERROR];
