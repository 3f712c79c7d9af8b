//! JSON values to Rhai values and back, exactly.
//!
//! | JSON | Rhai | back |
//! |---|---|---|
//! | null | `()` | null |
//! | integer in i64 | `i64` | the same integer |
//! | integer above i64, exact as `f64` | `f64` | a float of the same value |
//! | integer above i64, not exact as `f64` | its digits as text | a string |
//! | other number | `f64` | a float; one that is no number or infinite becomes null |
//! | string, array, object | text, array, map | the same |

use rhai::{Dynamic, Map as RhaiMap, Position};
use serde_json::{Map, Number, Value};

use super::ScriptError;

/// The deepest nesting that may enter or leave a script. JSON readers commonly stop at 128.
pub(super) const DEEPEST: usize = 120;

/// A JSON value as a script sees it.
pub(super) fn to_dynamic(value: &Value) -> Result<Dynamic, ScriptError> {
    enter(value, 0)
}

/// What a script returned, as JSON.
pub(super) fn to_value(value: &Dynamic) -> Result<Value, ScriptError> {
    leave(value, 0)
}

fn enter(value: &Value, depth: usize) -> Result<Dynamic, ScriptError> {
    check_depth(depth)?;
    Ok(match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(flag) => Dynamic::from_bool(*flag),
        Value::Number(number) => enter_number(number),
        Value::String(text) => text.as_str().into(),
        Value::Array(items) => {
            Dynamic::from_array(items.iter().map(|item| enter(item, depth + 1)).collect::<Result<_, _>>()?)
        }
        Value::Object(entries) => {
            let mut map = RhaiMap::new();
            for (key, value) in entries {
                map.insert(key.as_str().into(), enter(value, depth + 1)?);
            }
            Dynamic::from_map(map)
        }
    })
}

fn enter_number(number: &Number) -> Dynamic {
    if let Some(integer) = number.as_i64() {
        return Dynamic::from_int(integer);
    }
    if let Some(large) = number.as_u64() {
        #[expect(clippy::cast_precision_loss, reason = "the next line asks whether anything was lost")]
        let float = large as f64;
        let is_exact = format!("{float:.0}") == large.to_string();
        return if is_exact { Dynamic::from_float(float) } else { Dynamic::from(large.to_string()) };
    }
    number.as_f64().map_or(Dynamic::UNIT, Dynamic::from_float)
}

fn leave(value: &Dynamic, depth: usize) -> Result<Value, ScriptError> {
    check_depth(depth)?;
    if value.is_unit() {
        return Ok(Value::Null);
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(Value::String(text.to_string()));
    }
    if let Ok(integer) = value.as_int() {
        return Ok(Value::from(integer));
    }
    if let Ok(float) = value.as_float() {
        return Ok(Number::from_f64(float).map_or(Value::Null, Value::Number));
    }
    if let Ok(flag) = value.as_bool() {
        return Ok(Value::Bool(flag));
    }
    if let Ok(letter) = value.as_char() {
        return Ok(Value::String(letter.to_string()));
    }
    if let Ok(items) = value.as_array_ref() {
        return items.iter().map(|item| leave(item, depth + 1)).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Ok(entries) = value.as_map_ref() {
        let mut map = Map::new();
        for (key, value) in entries.iter() {
            map.insert(key.to_string(), leave(value, depth + 1)?);
        }
        return Ok(Value::Object(map));
    }
    let message = format!("A script cannot give back a value of the type `{}`.", value.type_name());
    Err(ScriptError::script(message, Position::NONE))
}

fn check_depth(depth: usize) -> Result<(), ScriptError> {
    if depth > DEEPEST {
        let message = format!("The value is nested more than {DEEPEST} levels deep.");
        return Err(ScriptError::limit(message, Position::NONE));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn there_and_back(value: &Value) -> Value {
        to_value(&to_dynamic(value).unwrap()).unwrap()
    }

    #[test]
    fn a_value_comes_back_as_it_went_in() {
        let value = json!({
            "null": null, "yes": true, "max": i64::MAX, "min": i64::MIN, "float": 0.1, "whole": 1.0,
            "text": "Käse\u{0}", "list": [1, [2, {"x": []}]], "": {"": ""},
        });
        assert_eq!(there_and_back(&value), value);
    }

    #[test]
    fn an_integer_above_i64_never_changes_its_digits_in_silence() {
        assert_eq!(there_and_back(&json!(u64::MAX)), json!("18446744073709551615"));
        assert_eq!(there_and_back(&json!(1_u64 << 63)), json!(9_223_372_036_854_775_808.0));
    }

    #[test]
    fn what_is_no_number_becomes_null() {
        assert_eq!(to_value(&Dynamic::from_float(f64::NAN)).unwrap(), Value::Null);
        assert_eq!(to_value(&Dynamic::from_float(f64::INFINITY)).unwrap(), Value::Null);
    }

    #[test]
    fn nesting_that_no_json_reader_takes_is_refused() {
        let mut deep = Dynamic::UNIT;
        for _ in 0..200 {
            deep = Dynamic::from_array(vec![deep]);
        }
        assert_eq!(to_value(&deep).unwrap_err().code, model::ErrorCode::ScriptLimit);
    }
}
