//! What entries of a list are compared by.

use std::cmp::Ordering;
use std::fmt::Write;

use serde_json::{Number, Value};

use super::decimal::Decimal;
use crate::condition::order_numbers;

/// The value in an entry that `path` names, such as `customer.name` or `lines.0.price`; the entry itself for an empty path.
/// None when it is not there or null.
pub(super) fn field<'a>(item: &'a Value, path: &str) -> Option<&'a Value> {
    let mut steps = path.split('.').map(str::trim).filter(|name| !name.is_empty());
    let found = steps.try_fold(item, |place, name| match place {
        Value::Object(fields) => fields.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    });
    found.filter(|value| !value.is_null())
}

/// A text that two values share when they are equal: numbers by value, so that `1` and `1.0` are the same, objects whatever
/// the order of their fields.
pub(super) fn identity(value: &Value) -> String {
    let mut text = String::new();
    write_identity(value, &mut text);
    text
}

fn write_identity(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match Decimal::of(number) {
            Some(decimal) => _ = write!(text, "{decimal}"),
            None => _ = write!(text, "{number}"),
        },
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_identity(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in fields {
                _ = write!(text, "{}:", Value::from(name.as_str()));
                write_identity(value, text);
                text.push(',');
            }
            text.push('}');
        }
        other => _ = write!(text, "{other}"),
    }
}

/// Something that can be put in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Key {
    Number(Number),
    /// The text in lower case, and as it stands.
    Text(String, String),
    Boolean(bool),
}

/// How values are read for an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// By their own kind, which must be the same for all.
    Own,
    /// As numbers; texts that are written like one count as such.
    Number,
    /// As texts.
    Text,
}

impl Key {
    /// The key of a value; none when it cannot be put in order that way.
    pub(super) fn of(value: &Value, reading: Reading) -> Option<Self> {
        match (value, reading) {
            (Value::Number(number), Reading::Own | Reading::Number) => Some(Self::Number(number.clone())),
            (Value::String(text), Reading::Number) => serde_json::from_str(text.trim()).ok().map(Self::Number),
            (Value::String(text), Reading::Own | Reading::Text) => Some(Self::text(text)),
            (Value::Number(_) | Value::Bool(_), Reading::Text) => Some(Self::text(&value.to_string())),
            (Value::Bool(flag), Reading::Own) => Some(Self::Boolean(*flag)),
            _ => None,
        }
    }

    fn text(text: &str) -> Self {
        Self::Text(text.to_lowercase(), text.to_owned())
    }

    /// What it is, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "a number",
            Self::Text(..) => "a text",
            Self::Boolean(_) => "true or false",
        }
    }

    /// The order of two keys; none when they are of different kinds.
    pub(super) fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(left), Self::Number(right)) => order_numbers(left, right),
            (Self::Text(left, left_own), Self::Text(right, right_own)) => {
                Some(left.cmp(right).then_with(|| left_own.cmp(right_own)))
            }
            (Self::Boolean(left), Self::Boolean(right)) => Some(left.cmp(right)),
            _ => None,
        }
    }
}

/// The beginning of a value, for messages.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() > 60 { format!("{}…", text.chars().take(60).collect::<String>()) } else { text }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_field_is_found_by_its_path() {
        let item = json!({"a": {"b": [{"c": 1}, null]}, "": 2, "n": null});
        assert_eq!(field(&item, "a.b.0.c"), Some(&json!(1)));
        assert_eq!(field(&item, " a . b "), Some(&json!([{"c": 1}, null])));
        assert_eq!(field(&item, ""), Some(&item));
        for nothing in ["a.b.1", "a.b.2", "a.x", "n", "a.b.c", "a.b.0.c.d"] {
            assert_eq!(field(&item, nothing), None, "{nothing}");
        }
    }

    #[test]
    fn equal_values_have_one_identity() {
        for (left, right) in
            [(json!(1), json!(1.0)), (json!(100), json!(1e2)), (json!({"a": 1, "b": [2.0]}), json!({"b": [2], "a": 1}))]
        {
            assert_eq!(identity(&left), identity(&right));
        }
        let different =
            [json!(1), json!("1"), json!(true), json!("true"), json!([1]), json!({"a": 1}), json!(null), json!("null")];
        for (index, left) in different.iter().enumerate() {
            for right in &different[index + 1..] {
                assert_ne!(identity(left), identity(right));
            }
        }
        assert_ne!(identity(&json!(9_007_199_254_740_993_u64)), identity(&json!(9_007_199_254_740_992_u64)));
    }
}
