//! What the scripted server of a scenario expects and answers.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::expected::differences;
use crate::effects::server::Answer;
use crate::sink::{Reaction, Received};

/// One exchange.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scripted {
    expect: Request,
    #[serde(default)]
    reply: Reply,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    method: String,
    path: String,
    /// Header fields that must be there, names in lower case.
    #[serde(default)]
    headers: BTreeMap<String, String>,
    /// The body as JSON; a text stands for a text body.
    #[serde(default)]
    body: Option<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Reply {
    status: u16,
    headers: BTreeMap<String, String>,
    /// Sent as JSON, a text as plain text, null as nothing.
    body: Value,
    /// The request is never answered at all.
    never: bool,
    /// The connection is broken off instead of an answer.
    #[serde(rename = "break")]
    breaks: bool,
}

impl Default for Reply {
    fn default() -> Self {
        Self { status: 200, headers: BTreeMap::new(), body: Value::Null, never: false, breaks: false }
    }
}

/// The exchanges that are still to come, and the requests that nobody expected.
#[derive(Debug, Default)]
pub(super) struct Script {
    left: Vec<Scripted>,
    unexpected: Vec<String>,
}

impl Script {
    pub(super) fn fill(&mut self, exchanges: Vec<Scripted>) {
        self.left = exchanges;
    }

    pub(super) fn react(&mut self, received: &Received) -> Reaction {
        if let Some(position) = self.left.iter().position(|scripted| scripted.expect.fits(received)) {
            return self.left.remove(position).reply.reaction();
        }
        let headers = received.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        let headers = headers.collect::<Vec<_>>().join(", ");
        self.unexpected.push(format!("{} ({headers}) {}", received.line, received.text()));
        // A status that is never tried again, so that the scenario ends soon.
        Reaction::json(418, &Value::Null)
    }

    /// What did not happen as scripted.
    pub(super) fn faults(&self) -> Vec<String> {
        let missed = self.left.iter().map(|scripted| format!("was never sent: {:?}", scripted.expect));
        let unexpected = self.unexpected.iter().map(|request| format!("was sent but not expected: {request}"));
        missed.chain(unexpected).collect()
    }
}

impl Request {
    fn fits(&self, received: &Received) -> bool {
        let body = received.text();
        let body_fits = self.body.as_ref().is_none_or(|expected| {
            let sent = serde_json::from_str(&body).unwrap_or(Value::String(body));
            differences(&sent, expected, "").is_empty()
        });
        received.line.split(' ').next() == Some(self.method.as_str())
            && received.path() == self.path
            && self.headers.iter().all(|(name, value)| received.header(name) == Some(value))
            && body_fits
    }
}

impl Reply {
    fn reaction(self) -> Reaction {
        if self.never {
            return Reaction::Never;
        }
        if self.breaks {
            return Reaction::Break;
        }
        let (kind, body) = match self.body {
            Value::Null => ("text/plain", String::new()),
            Value::String(text) => ("text/plain", text),
            other => ("application/json", other.to_string()),
        };
        let mut headers = vec![("Content-Type", kind)];
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Reaction::Answer(Answer::of(self.status, &headers, body))
    }
}
