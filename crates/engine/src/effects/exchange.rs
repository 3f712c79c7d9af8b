//! What the history of a run shows of an effect: what was sent and what came back, shortened and without secrets.

use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName};
use serde_json::{Map, Value, json};

use super::redact::{MASK, Redactor};

/// What was sent and what came back.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Exchange {
    /// For HTTP `method`, `url`, `headers`, `body`; for a mail its envelope and texts; otherwise the effect itself.
    pub request: Value,
    /// For HTTP `status`, `url`, `headers`, `body`, `redirects`; always `duration_ms`.
    pub response: Value,
}

/// An exchange while it happens. It is kept outside of the work itself, so that also a step that was cut off by its time
/// limit shows how far it came.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// What was sent.
    pub(crate) request: Map<String, Value>,
    /// What came back so far.
    pub(crate) response: Map<String, Value>,
    /// Whether something may have gone out of which nobody knows what became of it.
    pub(crate) is_out: bool,
}

impl Record {
    /// Notes one redirect.
    pub(crate) fn redirected(&mut self, status: u16, location: &str) {
        let hop = json!({ "status": status, "location": location });
        match self.response.entry("redirects").or_insert_with(|| json!([])) {
            Value::Array(hops) => hops.push(hop),
            other => *other = json!([hop]),
        }
    }

    /// The finished exchange, without secrets.
    pub(crate) fn finish(mut self, duration: Duration, redactor: &Redactor) -> Exchange {
        let duration_ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
        let mut response = redactor.value(Value::Object(std::mem::take(&mut self.response)));
        if let Value::Object(fields) = &mut response {
            fields.insert("duration_ms".to_owned(), duration_ms.into());
        }
        Exchange { request: redactor.value(Value::Object(self.request)), response }
    }
}

/// Header fields for the history: names in lower case, equal names joined, values that let somebody in masked.
pub(crate) fn shown_headers(headers: &HeaderMap) -> Value {
    let mut shown = joined_headers(headers);
    for name in headers.keys() {
        let masked = is_sensitive(name) || headers.get_all(name).iter().any(reqwest::header::HeaderValue::is_sensitive);
        if masked {
            shown.insert(name.as_str().to_owned(), MASK.into());
        }
    }
    Value::Object(shown)
}

/// Header fields by name in lower case; several of the same name are joined by `, `.
pub(crate) fn joined_headers(headers: &HeaderMap) -> Map<String, Value> {
    let mut joined = Map::new();
    for name in headers.keys() {
        let values: Vec<_> =
            headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
        joined.insert(name.as_str().to_owned(), values.join(", ").into());
    }
    joined
}

/// Whether a header field by this name usually lets its bearer in somewhere.
pub(crate) fn is_sensitive(name: &HeaderName) -> bool {
    const PARTS: [&str; 8] = ["auth", "cookie", "token", "secret", "password", "session", "signature", "credential"];
    let name = name.as_str();
    name != "idempotency-key"
        && name != "www-authenticate"
        && (PARTS.iter().any(|part| name.contains(part))
            || name == "key"
            || name.contains("-key")
            || name.contains("apikey"))
}

/// `value` when it is short enough as JSON, otherwise the beginning of its text.
pub(crate) fn shortened(value: Value, limit: usize) -> Value {
    match value {
        Value::String(text) => Value::String(excerpt(&text, limit)),
        Value::Null | Value::Bool(_) | Value::Number(_) => value,
        other => {
            let text = other.to_string();
            if text.len() <= limit { other } else { Value::String(excerpt(&text, limit)) }
        }
    }
}

/// The first `limit` bytes of `text`, saying how long the whole is when something was cut off.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(limit);
    format!("{}… ({} bytes in all)", &text[..end], text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_bodies_are_cut_at_a_character_and_say_so() {
        assert_eq!(excerpt("aüb", 2), "a… (4 bytes in all)");
        assert_eq!(shortened(json!({ "a": 1 }), 100), json!({ "a": 1 }));
        assert_eq!(shortened(json!({ "a": [1, 2, 3] }), 5), json!("{\"a\":… (13 bytes in all)"));
    }

    #[test]
    fn header_fields_that_let_somebody_in_are_masked() {
        let mut headers = HeaderMap::new();
        for (name, value) in
            [("authorization", "Bearer x"), ("x-api-key", "k"), ("accept", "*/*"), ("idempotency-key", "i")]
        {
            headers.insert(HeaderName::from_static(name), value.parse().unwrap());
        }
        let shown = shown_headers(&headers);
        assert_eq!(shown, json!({ "authorization": MASK, "x-api-key": MASK, "accept": "*/*", "idempotency-key": "i" }));
    }
}
