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
    fn a_parameter_that_occurs_several_times_is_an_array() {
        let request = TestRequest::with_uri("/?a=1&b=x%20y&a=2&a=3").to_http_request();
        assert_eq!(query(&request), *json!({"a": ["1", "2", "3"], "b": "x y"}).as_object().unwrap());
    }
}
