//! JSON text.

use rhai::{Dynamic, Engine};
use serde_json::Value;

use super::{Fallible, convert, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("parse_json", |text: Dynamic| -> Fallible<Dynamic> {
        let text = text_of(&text)?;
        // The smallest JSON item takes two bytes and a value of many times that, so a longer text is not even read.
        running::work(text.len() * 16)?;
        let value: Value = serde_json::from_str(&text).map_err(|error| format!("This is not JSON: {error}."))?;
        running::room_for_items(count(&value, 0))?;
        Ok(convert::to_dynamic(&value)?)
    });
    engine.register_fn("to_json", |value: Dynamic| -> Fallible<String> {
        let text = convert::to_value(&value)?.to_string();
        running::room_for_text(text.len())?;
        Ok(text)
    });
    engine.register_fn("to_json_pretty", |value: Dynamic| -> Fallible<String> {
        let value = convert::to_value(&value)?;
        let text = serde_json::to_string_pretty(&value).unwrap_or_default();
        running::room_for_text(text.len())?;
        Ok(text)
    });
}

fn count(value: &Value, depth: usize) -> usize {
    match value {
        _ if depth > convert::DEEPEST => 1,
        Value::Array(items) => items.iter().map(|item| 1 + count(item, depth + 1)).sum(),
        Value::Object(entries) => entries.values().map(|item| 1 + count(item, depth + 1)).sum(),
        _ => 0,
    }
}
