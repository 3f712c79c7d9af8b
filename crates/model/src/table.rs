//! The columns of a built-in table, and whether values fit them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::error::{ErrorCode, NodeError};

/// One column of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// Its name in rows: lower-case letters, digits and `_`.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub column_type: ColumnType,
}

/// What a column holds. Null, which means "nothing", fits every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day (`2026-11-22`), or a moment with its zone, kept in UTC.
    Date,
    /// Any JSON value.
    Json,
}

/// The most columns of a table.
pub const MAX_COLUMNS: usize = 100;

/// Names that every row has by itself.
const RESERVED: [&str; 4] = ["id", "key", "created_at", "updated_at"];

/// What is wrong with a table's columns, if anything, in English.
pub fn fault_of_columns(columns: &[Column]) -> Option<String> {
    if columns.len() > MAX_COLUMNS {
        return Some(format!("A table has at most {MAX_COLUMNS} columns."));
    }
    let mut seen = BTreeSet::new();
    columns.iter().find_map(|column| {
        let name = column.name.as_str();
        if !is_column_name(name) {
            Some(format!(
                "`{name}` cannot name a column: use up to 64 lower-case letters, digits and `_`, a letter first."
            ))
        } else if RESERVED.contains(&name) {
            Some(format!("Every row has `{name}` by itself. Choose another name for the column."))
        } else {
            (!seen.insert(name)).then(|| format!("There are two columns `{name}`. Each needs its own name."))
        }
    })
}

/// Whether a text can name a column.
pub fn is_column_name(text: &str) -> bool {
    let tail = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= 64 && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase) && text.bytes().all(tail)
}

/// The values of a row, each in the type of its column. The error names the column and what it takes.
///
/// Gentle only where nothing else can be meant: a number as text is a number, a number is also a text, the texts `true` and
/// `false` are booleans.
pub fn fit_values(columns: &[Column], values: Map<String, Value>) -> Result<Map<String, Value>, NodeError> {
    values.into_iter().map(|(name, value)| fit_value(columns, &name, value).map(|value| (name, value))).collect()
}

/// One value in the type of the column `name`.
pub fn fit_value(columns: &[Column], name: &str, value: Value) -> Result<Value, NodeError> {
    let Some(column) = columns.iter().find(|column| column.name == name) else {
        let known = columns.iter().map(|column| format!("`{}`", column.name)).collect::<Vec<_>>().join(", ");
        let has = if known.is_empty() { "It has none yet.".to_owned() } else { format!("It has {known}.") };
        let message = format!("The table has no column `{name}`. {has}");
        return Err(NodeError::permanent(ErrorCode::Parameter, message).at(format!("values.{name}")));
    };
    let fitted = match (column.column_type, value) {
        (_, Value::Null) => Ok(Value::Null),
        (ColumnType::Json, value) => Ok(value),
        (ColumnType::Text, Value::String(text)) => Ok(Value::String(text)),
        (ColumnType::Text, value @ (Value::Number(_) | Value::Bool(_))) => Ok(Value::String(value.to_string())),
        (ColumnType::Number, Value::Number(number)) => Ok(Value::Number(number)),
        (ColumnType::Number, Value::String(text)) => {
            serde_json::from_str::<serde_json::Number>(text.trim()).map(Value::Number).map_err(|_| Value::String(text))
        }
        (ColumnType::Boolean, Value::Bool(flag)) => Ok(Value::Bool(flag)),
        (ColumnType::Boolean, Value::String(text)) => match text.trim() {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(Value::String(text)),
        },
        (ColumnType::Date, Value::String(text)) => date(text.trim()).map(Value::String).ok_or(Value::String(text)),
        (_, other) => Err(other),
    };
    fitted.map_err(|value| misfit(column, &value))
}

/// A day as it stands, or a moment in UTC.
fn date(text: &str) -> Option<String> {
    if NaiveDate::parse_from_str(text, "%Y-%m-%d").is_ok_and(|day| day.format("%Y-%m-%d").to_string() == text) {
        return Some(text.to_owned());
    }
    let moment = DateTime::parse_from_rfc3339(text).ok()?;
    Some(moment.with_timezone(&Utc).to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn misfit(column: &Column, value: &Value) -> NodeError {
    let expected = match column.column_type {
        ColumnType::Text => "a text",
        ColumnType::Number => "a number",
        ColumnType::Boolean => "true or false",
        ColumnType::Date => "a day such as 2026-11-22 or a moment such as 2026-11-22T08:30:00+01:00",
        ColumnType::Json => "any value",
    };
    let shown: String = value.to_string().chars().take(60).collect();
    let message = format!("The column `{}` takes {expected}, but got {shown}.", column.name);
    NodeError::permanent(ErrorCode::Parameter, message).at(format!("values.{}", column.name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn columns() -> Vec<Column> {
        serde_json::from_value(json!([
            {"name": "sku", "type": "text"}, {"name": "stock", "type": "number"}, {"name": "sold_out", "type": "boolean"},
            {"name": "since", "type": "date"}, {"name": "extra", "type": "json"},
        ]))
        .unwrap()
    }

    #[test]
    fn values_take_the_type_of_their_column() {
        for (name, given, expected) in [
            ("sku", json!("A-1"), json!("A-1")),
            ("sku", json!(17), json!("17")),
            ("stock", json!(18_446_744_073_709_551_615_u64), json!(18_446_744_073_709_551_615_u64)),
            ("stock", json!(" 2.5"), json!(2.5)),
            ("sold_out", json!("true"), json!(true)),
            ("since", json!("2026-11-22"), json!("2026-11-22")),
            ("since", json!("2026-11-22T08:30:00+01:00"), json!("2026-11-22T07:30:00.000Z")),
            ("extra", json!({"a": [1]}), json!({"a": [1]})),
            ("stock", Value::Null, Value::Null),
        ] {
            assert_eq!(fit_value(&columns(), name, given.clone()), Ok(expected), "{name} {given}");
        }
    }

    #[test]
    fn what_does_not_fit_names_the_column_and_what_it_takes() {
        for (name, given, expected) in [
            ("sku", json!({}), "takes a text"),
            ("stock", json!("many"), "takes a number, but got \"many\""),
            ("stock", json!(true), "takes a number"),
            ("sold_out", json!(1), "takes true or false"),
            ("since", json!("22.11.2026"), "takes a day"),
            ("since", json!("2026-2-30"), "takes a day"),
            ("colour", json!(1), "no column `colour`. It has `sku`, `stock`"),
        ] {
            let error = fit_value(&columns(), name, given.clone()).unwrap_err();
            assert!(error.message.contains(expected), "{name} {given}: {error}");
            assert_eq!(error.parameter, Some(format!("values.{name}")));
        }
    }

    #[test]
    fn a_column_has_a_name_of_its_own() {
        assert_eq!(fault_of_columns(&columns()), None);
        let named = |names: &[&str]| {
            let columns = names.iter().map(|name| Column { name: (*name).to_owned(), column_type: ColumnType::Text });
            fault_of_columns(&columns.collect::<Vec<_>>()).unwrap_or_default()
        };
        assert!(named(&["a", "a"]).contains("two columns `a`"));
        assert!(named(&["key"]).contains("by itself"));
        for bad in ["", "A", "1a", "a-b", "ä", &"x".repeat(65)] {
            assert!(named(&[bad]).contains("cannot name a column"), "{bad}");
        }
        let many = vec!["a"; 101];
        assert!(named(&many).contains("at most 100"));
    }
}
