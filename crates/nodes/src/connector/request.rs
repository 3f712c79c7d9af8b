//! The request that a script returns, in the forms that are easy to write in a script, made into an [`HttpRequest`].

use model::{ErrorCode, NodeError};
use serde_json::{Map, Value, json};

use super::step::{broken, kind_of};
use crate::effect::{FileRef, HttpRequest};

/// Reads a request. Beside the exact fields of [`HttpRequest`] these forms are understood: maps for `query`, `headers`
/// and `form` (a list gives several entries, null none), `#{auto: value}` for a body by the value's own type, a map of
/// names for `multipart`. Fields that are null count as absent.
pub(super) fn read(content: Value) -> Result<HttpRequest, NodeError> {
    let Value::Object(mut fields) = without_nulls(content) else {
        return Err(broken("`request` must be a map"));
    };
    for name in ["query", "headers"] {
        if let Some(value) = fields.remove(name) {
            fields.insert(name.to_owned(), pairs(name, value)?);
        }
    }
    if let Some(value) = fields.remove("body") {
        fields.insert("body".to_owned(), body(value)?);
    }
    serde_json::from_value(Value::Object(fields)).map_err(|error| broken(format!("`request`: {error}")))
}

/// A map without the fields that are null; other values as they are.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields.into_iter().filter(|(_, field)| !field.is_null()).collect::<Map<_, _>>().into(),
        other => other,
    }
}

fn body(value: Value) -> Result<Value, NodeError> {
    let Value::Object(fields) = value else { return Ok(value) };
    let one = fields.len() == 1;
    match fields.into_iter().next() {
        Some((kind, value)) if one => Ok(match kind.as_str() {
            "auto" => by_type(value),
            "form" => json!({ "form": pairs("body", value)? }),
            "multipart" => json!({ "multipart": parts(value)? }),
            "text" => json!({ "text": text("body", value)? }),
            "file" => json!({ "file": file(value)? }),
            _ => json!({ kind: value }),
        }),
        _ => Err(broken("`body` must be a map with one entry such as #{json: …}")),
    }
}

/// A list or a map goes as JSON, a text as text, a stored file as a file, nothing as nothing.
fn by_type(value: Value) -> Value {
    match value {
        Value::Null => json!("none"),
        Value::String(text) => json!({ "text": text }),
        Value::Object(ref fields) if is_file(fields) => json!({ "file": value }),
        other => json!({ "json": other }),
    }
}

fn is_file(fields: &Map<String, Value>) -> bool {
    fields.contains_key("file_id") && serde_json::from_value::<FileRef>(Value::Object(fields.clone())).is_ok()
}

fn file(value: Value) -> Result<Value, NodeError> {
    match value {
        Value::Object(ref fields) if is_file(fields) => Ok(value),
        other => Err(wrong("body", &format!("expected a stored file, but got {}", kind_of(&other)))),
    }
}

fn pairs(parameter: &str, value: Value) -> Result<Value, NodeError> {
    let entries: Vec<(String, Value)> = match value {
        Value::Object(fields) => fields.into_iter().collect(),
        Value::Array(items) => serde_json::from_value(Value::Array(items))
            .map_err(|_| wrong(parameter, "expected names and values, or a list of [name, value]"))?,
        other => return Err(wrong(parameter, &format!("expected names and values, but got {}", kind_of(&other)))),
    };
    let mut pairs = Vec::with_capacity(entries.len());
    for (name, value) in entries {
        let path = format!("{parameter}.{name}");
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values.into_iter().filter(|value| !value.is_null()) {
            pairs.push(json!([name, text(&path, value)?]));
        }
    }
    Ok(Value::Array(pairs))
}

fn parts(value: Value) -> Result<Value, NodeError> {
    let Value::Object(fields) = value else {
        // A list of parts in the exact form.
        return Ok(value);
    };
    let mut parts = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let path = format!("body.{name}");
        let values = if let Value::Array(values) = value { values } else { vec![value] };
        for value in values.into_iter().filter(|value| !value.is_null()) {
            parts.push(match value {
                Value::Object(ref fields) if is_file(fields) => json!({ "name": name, "file": value }),
                other => json!({ "name": name, "value": text(&path, other)? }),
            });
        }
    }
    Ok(Value::Array(parts))
}

fn text(path: &str, value: Value) -> Result<String, NodeError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        other => Err(wrong(path, &format!("expected a text or a number, but got {}", kind_of(&other)))),
    }
}

fn wrong(path: &str, message: &str) -> NodeError {
    NodeError::permanent(ErrorCode::Parameter, format!("`{path}`: {message}.")).at(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{HttpBody, Part};

    fn body_of(body: &Value) -> HttpBody {
        read(json!({ "url": "https://a.example", "body": body })).unwrap().body
    }

    #[test]
    fn maps_become_pairs_and_nulls_are_left_out() {
        let request = read(json!({
            "url": "https://a.example", "method": null, "query": { "a": [1, null, "x"], "b": null, "c": true },
            "headers": [["x-a", "1"], ["x-a", 2]],
        }))
        .unwrap();
        let text =
            |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect::<Vec<_>>();
        assert_eq!(request.method, "GET");
        assert_eq!(request.query, text(&[("a", "1"), ("a", "x"), ("c", "true")]));
        assert_eq!(request.headers, text(&[("x-a", "1"), ("x-a", "2")]));
    }

    #[test]
    fn a_body_goes_by_its_type() {
        let file = json!({ "file_id": "01890000-0000-7000-8000-000000000001", "name": "a.pdf" });
        assert_eq!(body_of(&json!({ "auto": null })), HttpBody::None);
        assert_eq!(body_of(&json!({ "auto": "hallo" })), HttpBody::Text("hallo".to_owned()));
        assert_eq!(body_of(&json!({ "auto": [1] })), HttpBody::Json(json!([1])));
        assert_eq!(body_of(&json!({ "auto": { "file_id": "x" } })), HttpBody::Json(json!({ "file_id": "x" })));
        assert!(matches!(body_of(&json!({ "auto": file })), HttpBody::File(_)));
        assert_eq!(body_of(&json!({ "json": null })), HttpBody::Json(Value::Null));
        let HttpBody::Multipart(parts) = body_of(&json!({ "multipart": { "doc": file, "note": "ü", "tags": [1, 2] } }))
        else {
            panic!("expected multipart");
        };
        let names = parts.iter().map(|part: &Part| (part.name.as_str(), part.value.as_deref())).collect::<Vec<_>>();
        assert_eq!(names, [("doc", None), ("note", Some("ü")), ("tags", Some("1")), ("tags", Some("2"))]);
    }

    #[test]
    fn a_value_that_cannot_be_sent_is_named() {
        let error = read(json!({ "url": "https://a.example", "query": { "a": { "b": 1 } } })).unwrap_err();
        assert_eq!(error.parameter.as_deref(), Some("query.a"));
        assert_eq!(error.code, ErrorCode::Parameter);
    }
}
