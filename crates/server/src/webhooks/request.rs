//! A request's parts in the form in which they are kept and seen by expressions.

use actix_web::HttpRequest;
use actix_web::http::header::{self, HeaderMap, HeaderName};
use serde_json::{Map, Value};
use url::form_urlencoded;

/// What stands in place of a value that is a secret of the sender.
const MASK: &str = "•••";

/// Headers that carry secrets: they are kept by name only.
const SECRET_HEADERS: [HeaderName; 3] = [header::AUTHORIZATION, header::COOKIE, header::PROXY_AUTHORIZATION];

/// Header names in lower case with their values; several of the same name are joined by `, ` (RFC 9110 §5.3).
pub(super) fn headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut kept: Map<String, Value> = Map::new();
    for (name, value) in headers {
        let is_secret = SECRET_HEADERS.contains(name);
        let text = if is_secret { MASK.into() } else { String::from_utf8_lossy(value.as_bytes()) };
        match kept.get_mut(name.as_str()) {
            Some(Value::String(known)) => {
                known.push_str(", ");
                known.push_str(&text);
            }
            _ => {
                kept.insert(name.as_str().to_owned(), Value::String(text.into_owned()));
            }
        }
    }
    kept
}

/// Query parameters; one that occurs several times is an array.
pub(super) fn query(request: &HttpRequest) -> Map<String, Value> {
    let mut kept: Map<String, Value> = Map::new();
    for (name, value) in form_urlencoded::parse(request.query_string().as_bytes()) {
        let value = Value::String(value.into_owned());
        match kept.get_mut(name.as_ref()) {
            Some(Value::Array(values)) => values.push(value),
            Some(known) => *known = Value::Array(vec![known.take(), value]),
            None => {
                kept.insert(name.into_owned(), value);
            }
        }
    }
    kept
}

/// A sample in the form in which a request is received: header names in lower case, their values and those of the query as
/// text, secrets of the sender masked, nothing missing. What works with a sample then works with a request.
pub(crate) fn as_received(sample: Value) -> Value {
    let Value::Object(mut fields) = sample else { return sample };
    let method = fields.get("method").and_then(Value::as_str).filter(|method| !method.is_empty()).unwrap_or("POST");
    let method = Value::String(method.to_ascii_uppercase());
    fields.insert("method".to_owned(), method);
    let mut headers = Map::new();
    if let Some(Value::Object(given)) = fields.remove("headers") {
        for (name, value) in given {
            let name = name.to_ascii_lowercase();
            let is_secret = SECRET_HEADERS.iter().any(|secret| secret.as_str() == name);
            headers.insert(name, if is_secret { MASK.into() } else { as_text(value) });
        }
    }
    fields.insert("headers".to_owned(), Value::Object(headers));
    let query = match fields.remove("query") {
        Some(Value::Object(given)) => given.into_iter().map(|(name, value)| (name, as_texts(value))).collect(),
        _ => Map::new(),
    };
    fields.insert("query".to_owned(), Value::Object(query));
    fields.entry("body").or_insert(Value::Null);
    Value::Object(fields)
}

/// A parameter that occurs several times is an array of texts.
fn as_texts(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(as_text).collect()),
        other => as_text(other),
    }
}

fn as_text(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text),
        Value::Null => Value::String(String::new()),
        other => Value::String(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_of_the_sender_are_kept_by_name_only() {
        let request = TestRequest::default()
            .insert_header(("Authorization", "Bearer s3cret"))
            .append_header(("X-Tag", "a"))
            .append_header(("X-Tag", "b"))
            .to_http_request();
        assert_eq!(headers(request.headers()), *json!({"authorization": MASK, "x-tag": "a, b"}).as_object().unwrap());
    }

    #[test]
    fn a_sample_is_brought_into_the_form_of_a_request() {
        let sample = json!({
            "method": "put", "headers": {"X-Number": 7, "Authorization": "Bearer s3cret"}, "query": {"a": [1, "2"], "b": true},
        });
        let expected = json!({
            "method": "PUT", "headers": {"x-number": "7", "authorization": MASK}, "query": {"a": ["1", "2"], "b": "true"},
            "body": null,
        });
        assert_eq!(as_received(sample), expected);
        assert_eq!(as_received(expected.clone()), expected);
        assert_eq!(as_received(json!({"body": [1]}))["method"], "POST");
    }

    #[test]
    fn a_parameter_that_occurs_several_times_is_an_array() {
        let request = TestRequest::with_uri("/?a=1&b=x%20y&a=2&a=3").to_http_request();
        assert_eq!(query(&request), *json!({"a": ["1", "2", "3"], "b": "x y"}).as_object().unwrap());
    }
}
