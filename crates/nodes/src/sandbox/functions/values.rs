//! What kind of value something is, and what to take when there is none.

use rhai::{Dynamic, Engine};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("is_empty", |value: Dynamic| is_empty(&value));
    for name in ["or_else", "default"] {
        engine.register_fn(name, |value: Dynamic, fallback: Dynamic| if is_empty(&value) { fallback } else { value });
    }
    engine.register_fn("kind_of", |value: Dynamic| kind_of(&value));
}

/// Null, a text of nothing but white space, a list or map without entries. Zero and false are values.
fn is_empty(value: &Dynamic) -> bool {
    if let Ok(text) = value.as_immutable_string_ref() {
        return text.trim().is_empty();
    }
    if let Ok(items) = value.as_array_ref() {
        return items.is_empty();
    }
    if let Ok(entries) = value.as_map_ref() {
        return entries.is_empty();
    }
    value.is_unit()
}

fn kind_of(value: &Dynamic) -> &'static str {
    match value {
        _ if value.is_unit() => "null",
        _ if value.is_string() || value.is_char() => "text",
        _ if value.is_int() || value.is_float() => "number",
        _ if value.is_bool() => "boolean",
        _ if value.is_array() => "list",
        _ if value.is_map() => "object",
        _ if value.is_fnptr() => "function",
        _ => "other",
    }
}
