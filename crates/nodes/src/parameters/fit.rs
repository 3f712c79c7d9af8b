//! Makes a value fit its parameter's kind where that is harmless, and says what is wrong where it is not.

use model::{ErrorCode, NodeError, WorkflowId};
use serde_json::{Map, Value, json};

use super::{is_missing, is_shown};
use crate::duration;
use crate::manifest::{Parameter, ParameterKind};

/// Why a value does not fit its parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Misfit {
    /// `wrong_type`, `not_a_choice`, `out_of_range` or, of a cell, `missing_parameter`.
    pub code: &'static str,
    /// The path below the parameter, for example `[2]`; usually empty.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl Misfit {
    /// The failure of a step.
    pub(super) fn into_error(self, parameter: &Parameter) -> NodeError {
        let message = format!("“{}” (`{}{}`): {}", parameter.title.en, parameter.name, self.path, self.message);
        NodeError::permanent(ErrorCode::Parameter, message)
            .at(format!("{}{}", parameter.name, self.path))
            .with_details(json!({ "problem": self.code }))
    }
}

/// The value in its parameter's kind. Null, which means "not given", always fits.
///
/// Gentle only where nothing can be meant otherwise: a number as text is a number, one text is a list of one, a number is
/// also a text, `true`, `yes`, `ja` and `1` mean yes.
pub fn fit(parameter: &Parameter, value: Value) -> Result<Value, Misfit> {
    if value.is_null() {
        return Ok(value);
    }
    match parameter.kind {
        ParameterKind::Text
        | ParameterKind::LongText
        | ParameterKind::Cron
        | ParameterKind::Timezone
        | ParameterKind::Table => text("", value).map(Value::String),
        ParameterKind::Number => number(parameter, &value),
        ParameterKind::Boolean => boolean(&value),
        ParameterKind::Choice => {
            choice(parameter, "", &value)?;
            Ok(value)
        }
        ParameterKind::Choices => choices(parameter, value),
        ParameterKind::KeyValues => key_values(value),
        ParameterKind::TextList => text_list(value),
        ParameterKind::Code => match value {
            Value::String(_) => Ok(value),
            other => Err(wrong("", "a script as text", &other)),
        },
        ParameterKind::Cases => match value {
            Value::Array(_) => Ok(value),
            other => Err(wrong("", "a list of cases, each with `port` and `when`", &other)),
        },
        ParameterKind::Conditions => match value {
            Value::Array(_) | Value::Object(_) => Ok(value),
            other => Err(wrong("", "conditions such as {\"all\": [{\"left\", \"op\", \"right\"}]}", &other)),
        },
        ParameterKind::List => match value {
            Value::Array(_) => Ok(value),
            other => Err(wrong("", "a list", &other)),
        },
        ParameterKind::Duration => match duration::milliseconds(&value) {
            Ok(_) => Ok(value),
            Err(message) => Err(Misfit { code: "wrong_type", path: String::new(), message }),
        },
        ParameterKind::Workflow => workflow("", value),
        ParameterKind::Workflows => {
            let items = if let Value::Array(items) = value { items } else { vec![value] };
            let items = items.into_iter().enumerate();
            items.map(|(index, item)| workflow(&format!("[{index}]"), item)).collect()
        }
        ParameterKind::Rows => rows(parameter, value),
        ParameterKind::Json | ParameterKind::Settings => Ok(value),
    }
}

fn wrong(path: &str, expected: &str, value: &Value) -> Misfit {
    let message = format!("expected {expected}, but got {}.", described(value));
    Misfit { code: "wrong_type", path: path.to_owned(), message }
}

fn described(value: &Value) -> String {
    match value {
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".to_owned(),
        other => {
            let text = other.to_string();
            if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
        }
    }
}

fn text(path: &str, value: Value) -> Result<String, Misfit> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(wrong(path, "a text", &other)),
    }
}

fn number(parameter: &Parameter, value: &Value) -> Result<Value, Misfit> {
    let number = match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => parse_number(text.trim()),
        _ => None,
    };
    let Some(number) = number else { return Err(wrong("", "a number", value)) };
    let size = number.as_f64().unwrap_or(f64::NAN);
    let low = parameter.minimum.filter(|minimum| size < *minimum).map(|minimum| format!("at least {minimum}"));
    let high = parameter.maximum.filter(|maximum| size > *maximum).map(|maximum| format!("at most {maximum}"));
    match low.or(high) {
        None => Ok(Value::Number(number)),
        Some(bound) => {
            let message = format!("{number} is out of range: it must be {bound}.");
            Err(Misfit { code: "out_of_range", path: String::new(), message })
        }
    }
}

fn parse_number(text: &str) -> Option<serde_json::Number> {
    // Only what JSON calls a number, so that neither `inf` nor `0x10` slips in.
    serde_json::from_str::<serde_json::Number>(text).ok().filter(|number| number.as_f64().is_some_and(f64::is_finite))
}

fn boolean(value: &Value) -> Result<Value, Misfit> {
    let meaning = match value {
        Value::Bool(flag) => Some(*flag),
        Value::Number(number) if number.as_i64() == Some(1) => Some(true),
        Value::Number(number) if number.as_i64() == Some(0) => Some(false),
        Value::String(text) => match text.trim().to_lowercase().as_str() {
            "true" | "yes" | "ja" | "1" => Some(true),
            "false" | "no" | "nein" | "0" => Some(false),
            _ => None,
        },
        _ => None,
    };
    meaning.map(Value::Bool).ok_or_else(|| wrong("", "true or false", value))
}

fn choice(parameter: &Parameter, path: &str, value: &Value) -> Result<(), Misfit> {
    if value.as_str().is_some_and(|text| parameter.choices.iter().any(|choice| choice.value == text)) {
        return Ok(());
    }
    let allowed = parameter.choices.iter().map(|choice| format!("`{}`", choice.value)).collect::<Vec<_>>().join(", ");
    let message = format!("{} is not one of {allowed}.", described(value));
    Err(Misfit { code: "not_a_choice", path: path.to_owned(), message })
}

fn choices(parameter: &Parameter, value: Value) -> Result<Value, Misfit> {
    let items = match value {
        Value::Array(items) => items,
        text @ Value::String(_) => vec![text],
        other => return Err(wrong("", "a list of choices", &other)),
    };
    for (index, item) in items.iter().enumerate() {
        choice(parameter, &format!("[{index}]"), item)?;
    }
    Ok(Value::Array(items))
}

fn key_values(value: Value) -> Result<Value, Misfit> {
    match value {
        Value::Object(_) => Ok(value),
        // An empty row editor.
        Value::Array(items) if items.is_empty() => Ok(Value::Object(Map::new())),
        Value::String(text) if text.is_empty() => Ok(Value::Object(Map::new())),
        other => Err(wrong("", "an object of names and values", &other)),
    }
}

fn workflow(path: &str, value: Value) -> Result<Value, Misfit> {
    if value.as_str().is_some_and(|id| id.parse::<WorkflowId>().is_ok()) {
        return Ok(value);
    }
    Err(wrong(path, "the id of a workflow", &value))
}

/// Rows with every cell in the kind of its column, and defaults filled in.
fn rows(parameter: &Parameter, value: Value) -> Result<Value, Misfit> {
    let Value::Array(rows) = value else { return Err(wrong("", "a list of rows", &value)) };
    rows.into_iter().enumerate().map(|(index, row)| self::row(&parameter.columns, index, row)).collect()
}

fn row(columns: &[Parameter], index: usize, row: Value) -> Result<Value, Misfit> {
    let Value::Object(mut cells) = row else { return Err(wrong(&format!("[{index}]"), "a row of cells", &row)) };
    let mut fitted = Map::new();
    for column in columns {
        let path = format!("[{index}].{}", column.name);
        let given = cells.remove(&column.name).filter(|value| !is_missing(value));
        let value = fit(column, given.unwrap_or_else(|| column.default.clone()))
            .map_err(|misfit| Misfit { path: format!("{path}{}", misfit.path), ..misfit })?;
        fitted.insert(column.name.clone(), value);
    }
    if let Some(name) = cells.keys().next() {
        return Err(unknown_cell(&format!("[{index}]"), name));
    }
    for column in columns {
        if column.required && is_missing(&fitted[&column.name]) && is_shown(column, columns, &fitted) {
            let message = format!("“{}” is missing in row {}.", column.title.en, index + 1);
            return Err(Misfit { code: "missing_parameter", path: format!("[{index}].{}", column.name), message });
        }
    }
    Ok(Value::Object(fitted))
}

/// A cell that no column has.
pub(crate) fn unknown_cell(path: &str, name: &str) -> Misfit {
    let message = format!("a row has no cell `{name}`. Remove it.");
    Misfit { code: "wrong_type", path: format!("{path}.{name}"), message }
}

fn text_list(value: Value) -> Result<Value, Misfit> {
    let items = match value {
        Value::Array(items) => items,
        single => return text("", single).map(|text| if text.is_empty() { json!([]) } else { json!([text]) }),
    };
    let mut texts = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        if item.is_null() {
            continue;
        }
        let text = text(&format!("[{index}]"), item)?;
        if !text.is_empty() {
            texts.push(Value::String(text));
        }
    }
    Ok(Value::Array(texts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Choice, Text, VisibleWhen};

    const ID: &str = "01900000-0000-7000-8000-000000000001";

    fn parameter(kind: ParameterKind) -> Parameter {
        let choice = |value: &str| Choice { value: value.to_owned(), title: Text::new("x", "x") };
        Parameter {
            name: "p".to_owned(),
            kind,
            title: Text::new("P", "P"),
            help: None,
            required: false,
            default: Value::Null,
            choices: vec![choice("a"), choice("b")],
            minimum: Some(1.0),
            maximum: Some(10.0),
            columns: Vec::new(),
            visible_when: None,
            placeholder: String::new(),
        }
    }

    fn operations() -> Parameter {
        let column = |name: &str, kind, required| {
            let choices = if kind == ParameterKind::Choice { parameter(kind).choices } else { Vec::new() };
            Parameter { name: name.to_owned(), required, choices, ..parameter(kind) }
        };
        let mut columns = vec![
            column("operation", ParameterKind::Choice, true),
            column("field", ParameterKind::Text, true),
            column("factor", ParameterKind::Number, false),
        ];
        columns[1].visible_when = Some(VisibleWhen { parameter: "operation".to_owned(), is: vec![json!("a")] });
        columns[2].default = json!(2);
        Parameter { columns, ..parameter(ParameterKind::Rows) }
    }

    #[test]
    fn the_cells_of_a_row_fit_their_columns() {
        let given = json!([{ "operation": "a", "field": 7 }, { "operation": "b", "field": "", "factor": "3" }]);
        let expected = json!([
            { "operation": "a", "field": "7", "factor": 2 }, { "operation": "b", "field": null, "factor": 3 },
        ]);
        assert_eq!(fit(&operations(), given), Ok(expected));
        for (given, code, path) in [
            (json!({}), "wrong_type", ""),
            (json!([3]), "wrong_type", "[0]"),
            (json!([{ "operation": "c" }]), "not_a_choice", "[0].operation"),
            (json!([{ "operation": "a" }]), "missing_parameter", "[0].field"),
            (json!([{ "operation": "b", "factor": 99 }]), "out_of_range", "[0].factor"),
            (json!([{ "operation": "b", "x": 1 }]), "wrong_type", "[0].x"),
        ] {
            let misfit = fit(&operations(), given.clone()).unwrap_err();
            assert_eq!((misfit.code, misfit.path.as_str()), (code, path), "{given}: {}", misfit.message);
        }
    }

    #[test]
    fn harmless_differences_are_smoothed() {
        use ParameterKind::{Boolean, Choice, Choices, KeyValues, LongText, Number, Text, TextList};
        for (kind, given, expected) in [
            (Text, json!(12), json!("12")),
            (LongText, json!(true), json!("true")),
            (Number, json!(" 2.5 "), json!(2.5)),
            (Number, json!("7"), json!(7)),
            (Boolean, json!("Ja"), json!(true)),
            (Boolean, json!(0), json!(false)),
            (Choice, json!("a"), json!("a")),
            (Choices, json!("b"), json!(["b"])),
            (KeyValues, json!([]), json!({})),
            (TextList, json!("a@b.example"), json!(["a@b.example"])),
            (TextList, json!(["x", null, 3, ""]), json!(["x", "3"])),
            (Number, Value::Null, Value::Null),
            (ParameterKind::Workflows, json!(ID), json!([ID])),
            (ParameterKind::Duration, json!({"amount": "2", "unit": "days"}), json!({"amount": "2", "unit": "days"})),
        ] {
            assert_eq!(fit(&parameter(kind), given.clone()), Ok(expected), "{kind:?} {given}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        use ParameterKind::{Boolean, Cases, Choice, Choices, Code, Conditions, KeyValues, Number, Text, TextList};
        for (kind, given, code, path) in [
            (Text, json!({}), "wrong_type", ""),
            (Number, json!("1e999"), "wrong_type", ""),
            (Number, json!("inf"), "wrong_type", ""),
            (Number, json!(11), "out_of_range", ""),
            (Number, json!("0"), "out_of_range", ""),
            (Boolean, json!("maybe"), "wrong_type", ""),
            (Choice, json!("c"), "not_a_choice", ""),
            (Choices, json!(["a", "c"]), "not_a_choice", "[1]"),
            (KeyValues, json!("x"), "wrong_type", ""),
            (TextList, json!(["x", {}]), "wrong_type", "[1]"),
            (Code, json!(1), "wrong_type", ""),
            (Cases, json!({}), "wrong_type", ""),
            (Conditions, json!(true), "wrong_type", ""),
            (ParameterKind::List, json!("a,b"), "wrong_type", ""),
            (ParameterKind::Duration, json!({"amount": 2}), "wrong_type", ""),
            (ParameterKind::Workflow, json!("orders"), "wrong_type", ""),
            (ParameterKind::Workflows, json!([ID, "x"]), "wrong_type", "[1]"),
        ] {
            let misfit = fit(&parameter(kind), given.clone()).unwrap_err();
            assert_eq!((misfit.code, misfit.path.as_str()), (code, path), "{kind:?} {given}: {}", misfit.message);
        }
    }
}
