//! What a step would have done outside, in the form in which the history shows what was really sent.

use model::WorkflowId;
use nodes::effect::{Effect, HttpBody, HttpRequest};
use nodes::node::WaitFor;
use reqwest::header::HeaderName;
use serde::Serialize;
use serde_json::{Map, Value, json};
use url::Url;

use crate::effects::{MASK, is_sensitive};

/// What was held back.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldBack {
    /// `http`, `mail`, `contacts`, `table`, `seen`, `wait` or `call`.
    pub kind: String,
    /// The request: for HTTP `method`, `url`, `headers` and `body`; otherwise the effect itself. Never a secret of a credential,
    /// because that is added on the way out only.
    pub request: Value,
}

impl HeldBack {
    /// An effect.
    pub(crate) fn effect(effect: &Effect) -> Self {
        if let Effect::Http(request) = effect {
            return Self { kind: "http".to_owned(), request: http(request) };
        }
        // An effect is written as an object with one member, named after its kind.
        match serde_json::to_value(effect) {
            Ok(Value::Object(fields)) => {
                let (kind, request) = fields.into_iter().next().unwrap_or_default();
                Self { kind, request }
            }
            _ => Self { kind: "effect".to_owned(), request: Value::Null },
        }
    }

    /// A time or a signal that is waited for.
    pub(super) fn wait(until: WaitFor) -> Self {
        Self { kind: "wait".to_owned(), request: json!({ "until": until.at, "signal": until.signal }) }
    }

    /// Another workflow that is called.
    pub(super) fn call(workflow: WorkflowId, input: &Value) -> Self {
        Self { kind: "call".to_owned(), request: json!({ "workflow": workflow, "input": input }) }
    }
}

fn http(request: &HttpRequest) -> Value {
    let url = Url::parse(&request.url).map(|mut url| {
        if !request.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&request.query);
        }
        url.to_string()
    });
    let mut headers = Map::new();
    for (name, value) in &request.headers {
        let name = name.to_ascii_lowercase();
        let is_secret = HeaderName::try_from(name.as_str()).is_ok_and(|name| is_sensitive(&name));
        headers.insert(name, if is_secret { MASK.into() } else { value.clone().into() });
    }
    let body = match &request.body {
        HttpBody::None => Value::Null,
        HttpBody::Json(value) => value.clone(),
        HttpBody::Text(text) => Value::String(text.clone()),
        HttpBody::Form(pairs) => {
            pairs.iter().map(|(name, value)| (name.clone(), Value::String(value.clone()))).collect::<Map<_, _>>().into()
        }
        HttpBody::File(file) => json!({ "file": file }),
        HttpBody::Multipart(parts) => serde_json::to_value(parts).unwrap_or_default(),
    };
    json!({
        "method": request.method,
        "url": url.unwrap_or_else(|_| request.url.clone()),
        "headers": headers,
        "body": body,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_back_request_reads_like_one_that_was_sent_and_tells_no_secret() {
        let effect: Effect = serde_json::from_value(json!({"http": {
            "method": "POST", "url": "https://erp.example/orders?a=1", "query": [["b", "2 3"]],
            "headers": [["X-Api-Key", "s3cret"], ["Accept", "text/plain"]], "body": {"json": {"id": 7}},
        }}))
        .unwrap();
        let held = HeldBack::effect(&effect);
        assert_eq!(held.kind, "http");
        let expected = json!({
            "method": "POST", "url": "https://erp.example/orders?a=1&b=2+3",
            "headers": {"x-api-key": MASK, "accept": "text/plain"}, "body": {"id": 7},
        });
        assert_eq!(held.request, expected);
        let contacts = serde_json::from_value(json!({"contacts": {"find": {"email": "ada@example.com"}}})).unwrap();
        let held = HeldBack::effect(&contacts);
        assert_eq!((held.kind.as_str(), &held.request["find"]["email"]), ("contacts", &json!("ada@example.com")));
    }
}
