//! How two values are compared.
//!
//! | | |
//! |---|---|
//! | numbers | by value, exactly: `1` equals `1.0`, and 64-bit integers keep every digit |
//! | a number and a text | the text counts as a number when it is written like one in JSON (`"12.5"`) |
//! | true, false and a text | the texts `"true"` and `"false"`, in any case, count as such |
//! | texts | letter by letter; case matters unless `ignore_case` is set |
//! | lists, objects | equal when all they contain is equal |
//! | null | equals only null |
//! | greater, less | two numbers (or texts that are numbers), else two texts by their letters; anything else does not hold |
//! | before, after | two dates: RFC 3339, `2026-11-22`, `22.11.2026`, with or without a time; without a zone they are UTC |
//! | `contains` | a text contains a text or number, a list an equal item, an object a member of that name |
//! | `in` | the right side is a list, or a text with commas: `"DE, AT, CH"` |
//! | empty | null, `""` or only white space, `[]`, `{}`; zero and false are not empty |

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::sandbox::functions::{Pattern, read_moment};

/// Whether `left op right` holds. The error is a message about the right side.
pub(super) fn holds(left: &Value, op: &str, right: &Value, ignore_case: bool) -> Result<bool, String> {
    let cased = |value: &Value| as_text(value).map(|text| if ignore_case { text.to_lowercase() } else { text });
    let texts = |test: fn(&str, &str) -> bool| match (cased(left), cased(right)) {
        (Some(left), Some(right)) => test(&left, &right),
        _ => false,
    };
    Ok(match op {
        "equals" => equal(left, right, ignore_case),
        "not_equals" => !equal(left, right, ignore_case),
        "contains" => contains(left, right, ignore_case),
        "not_contains" => !contains(left, right, ignore_case),
        "starts_with" => texts(|left, right| left.starts_with(right)),
        "ends_with" => texts(|left, right| left.ends_with(right)),
        "greater_than" => order(left, right, ignore_case).is_some_and(Ordering::is_gt),
        "greater_or_equal" => order(left, right, ignore_case).is_some_and(Ordering::is_ge),
        "less_than" => order(left, right, ignore_case).is_some_and(Ordering::is_lt),
        "less_or_equal" => order(left, right, ignore_case).is_some_and(Ordering::is_le),
        "in" => one_of(left, right, ignore_case),
        "not_in" => !one_of(left, right, ignore_case),
        "matches" => match (as_text(left), right) {
            (Some(text), Value::String(source)) => pattern(source, ignore_case)?.is_match(&text)?,
            _ => false,
        },
        "before" => moments(left, right).is_some_and(Ordering::is_lt),
        "after" => moments(left, right).is_some_and(Ordering::is_gt),
        "is_empty" => is_empty(left),
        "is_not_empty" => !is_empty(left),
        "exists" => !left.is_null(),
        "not_exists" => left.is_null(),
        "is_true" => as_boolean(left) == Some(true),
        "is_false" => as_boolean(left) == Some(false),
        _ => false,
    })
}

/// A pattern of bounded size; matching is linear in the text.
pub(super) fn pattern(source: &str, ignore_case: bool) -> Result<Pattern, String> {
    if ignore_case { Pattern::compile(&format!("(?i){source}")) } else { Pattern::compile(source) }
}

fn equal(left: &Value, right: &Value, ignore_case: bool) -> bool {
    match (left, right) {
        (Value::String(left), Value::String(right)) if ignore_case => left.to_lowercase() == right.to_lowercase(),
        (Value::String(left), Value::String(right)) => left == right,
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right, ignore_case))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(name, left)| right.get(name).is_some_and(|right| equal(left, right, ignore_case)))
        }
        (Value::Bool(_), _) | (_, Value::Bool(_)) => {
            matches!((as_boolean(left), as_boolean(right)), (Some(left), Some(right)) if left == right)
        }
        (Value::Number(_), _) | (_, Value::Number(_)) => match (as_number(left), as_number(right)) {
            (Some(left), Some(right)) => order_numbers(&left, &right) == Some(Ordering::Equal),
            _ => false,
        },
        (left, right) => left.is_null() && right.is_null(),
    }
}

fn contains(left: &Value, right: &Value, ignore_case: bool) -> bool {
    match left {
        Value::Array(items) => items.iter().any(|item| equal(item, right, ignore_case)),
        Value::Object(members) => right.as_str().is_some_and(|name| members.contains_key(name)),
        Value::String(text) => as_text(right).is_some_and(|part| {
            if ignore_case { text.to_lowercase().contains(&part.to_lowercase()) } else { text.contains(&part) }
        }),
        _ => false,
    }
}

fn one_of(left: &Value, right: &Value, ignore_case: bool) -> bool {
    match right {
        Value::String(list) => {
            list.split(',').any(|item| equal(left, &Value::String(item.trim().to_owned()), ignore_case))
        }
        other => contains(other, left, ignore_case),
    }
}

fn order(left: &Value, right: &Value, ignore_case: bool) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (as_number(left), as_number(right)) {
        return order_numbers(&left, &right);
    }
    match (left, right) {
        (Value::String(left), Value::String(right)) if ignore_case => {
            Some(left.to_lowercase().cmp(&right.to_lowercase()))
        }
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Orders two JSON numbers by their exact values.
pub(crate) fn order_numbers(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        (Some(left), None) => order_with_float(left, right.as_f64()?),
        (None, Some(right)) => order_with_float(right, left.as_f64()?).map(Ordering::reverse),
        (None, None) => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}

/// An integer against a float without rounding the integer.
fn order_with_float(integer: i128, float: f64) -> Option<Ordering> {
    const BEYOND: f64 = 1e30;
    if float.is_nan() {
        return None;
    }
    if float.abs() > BEYOND {
        return Some(if float > 0.0 { Ordering::Less } else { Ordering::Greater });
    }
    #[expect(clippy::cast_possible_truncation, reason = "smaller than 1e30, and the fraction is looked at below")]
    let whole = float.trunc() as i128;
    let fraction = float.fract();
    Some(integer.cmp(&whole).then_with(|| 0.0.partial_cmp(&fraction).unwrap_or(Ordering::Equal)))
}

fn integer(number: &Number) -> Option<i128> {
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from))
}

fn as_number(value: &Value) -> Option<Number> {
    match value {
        Value::Number(number) => Some(number.clone()),
        Value::String(text) => serde_json::from_str(text.trim()).ok(),
        _ => None,
    }
}

fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

fn as_boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.trim().eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.trim().eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

fn moments(left: &Value, right: &Value) -> Option<Ordering> {
    let moment = |value: &Value| read_moment(value.as_str()?.trim(), chrono_tz::UTC);
    Some(moment(left)?.cmp(&moment(right)?))
}
