//! Whether a manifest's parameters are declared soundly.

use serde_json::Value;

use super::fit;
use crate::manifest::{Parameter, ParameterKind};

/// What a cell of a row can hold.
const CELL_KINDS: [ParameterKind; 5] =
    [ParameterKind::Text, ParameterKind::Number, ParameterKind::Boolean, ParameterKind::Choice, ParameterKind::Json];

/// Whether a text can name a parameter, an operation or a credential's field.
pub fn is_name(text: &str) -> bool {
    let tail = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64 && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && text.bytes().all(tail)
}

/// Whether a text can name a port: up to 64 ASCII letters, digits, `_` and `-`.
pub fn is_port_name(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    !text.is_empty() && text.len() <= 64 && text.bytes().all(allowed)
}

/// The first fault of a list of parameters: its path below the list (`[2].default`) and what is wrong.
pub fn check_declarations(parameters: &[Parameter]) -> Result<(), (String, String)> {
    for (index, parameter) in parameters.iter().enumerate() {
        let fault = |place: &str, message: String| Err((format!("[{index}]{place}"), message));
        if !is_name(&parameter.name) {
            return fault(".name", format!("`{}` must be lower-case letters, digits and `_`", parameter.name));
        }
        if parameters[..index].iter().any(|other| other.name == parameter.name) {
            return fault(".name", format!("`{}` is there twice", parameter.name));
        }
        let texts = [(".title", Some(&parameter.title)), (".help", parameter.help.as_ref())];
        for (place, text) in texts {
            if text.is_some_and(|text| text.en.trim().is_empty() || text.de.trim().is_empty()) {
                return fault(place, "the English or the German text is missing".to_owned());
            }
        }
        let has_choices = matches!(parameter.kind, ParameterKind::Choice | ParameterKind::Choices);
        if has_choices == parameter.choices.is_empty() {
            return fault(".choices", "a `choice` and `choices` need choices, every other kind has none".to_owned());
        }
        for (place, choice) in parameter.choices.iter().enumerate() {
            let empty = choice.title.en.trim().is_empty() || choice.title.de.trim().is_empty();
            if empty || choice.value.is_empty() {
                return fault(&format!(".choices[{place}]"), "the value or a text is missing".to_owned());
            }
        }
        if (parameter.kind == ParameterKind::Rows) == parameter.columns.is_empty() {
            return fault(".columns", "`rows` need columns, every other kind has none".to_owned());
        }
        if let Some(column) = parameter.columns.iter().find(|column| !CELL_KINDS.contains(&column.kind)) {
            return fault(".columns", format!("`{}` is of a kind that a cell cannot have", column.name));
        }
        check_declarations(&parameter.columns)
            .map_err(|(inner, message)| (format!("[{index}].columns{inner}"), message))?;
        if let Err(misfit) = fit(parameter, parameter.default.clone()) {
            return fault(".default", misfit.message);
        }
        if parameter.required && parameter.default != Value::Null {
            return fault(".default", "a required parameter has no default".to_owned());
        }
        if let Some(condition) = &parameter.visible_when
            && !parameters.iter().any(|other| other.name == condition.parameter)
        {
            return fault(".visible_when", format!("there is no parameter `{}`", condition.parameter));
        }
    }
    Ok(())
}
