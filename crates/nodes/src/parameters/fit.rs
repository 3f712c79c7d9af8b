//! Makes a value fit its parameter's kind where that is harmless, and says what is wrong where it is not.

use model::{ErrorCode, NodeError};
use serde_json::{Map, Value, json};

use crate::manifest::{Parameter, ParameterKind};

/// Why a value does not fit its parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Misfit {
    /// `wrong_type`, `not_a_choice` or `out_of_range`.
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
        ParameterKind::Text | ParameterKind::LongText => text("", value).map(Value::String),
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
    use crate::manifest::{Choice, Text};

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
            visible_when: None,
            placeholder: String::new(),
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
        ] {
            let misfit = fit(&parameter(kind), given.clone()).unwrap_err();
            assert_eq!((misfit.code, misfit.path.as_str()), (code, path), "{kind:?} {given}: {}", misfit.message);
        }
    }
}
