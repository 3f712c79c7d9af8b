//! What a trigger received, as a run sees it.

use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::id::EventId;
use crate::states::states;

/// A received event in the form in which expressions see it under `trigger`. It never changes.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Its id.
    pub id: EventId,
    /// When it arrived.
    pub received_at: Timestamp,
    /// HTTP method, in capitals. `POST` for events that did not come over HTTP.
    pub method: String,
    /// Header names in lower case; several of the same name are joined by `, `.
    pub headers: Map<String, Value>,
    /// Query parameters; one that occurs several times is an array.
    pub query: Map<String, Value>,
    /// The parsed body; null when there was none.
    pub body: Value,
}

impl Event {
    /// The value that expressions see as `trigger`.
    pub fn to_context(&self) -> Value {
        self.clone().take_context()
    }

    /// The same without a copy of what may be large: the event has neither headers nor query nor body afterwards.
    pub fn take_context(&mut self) -> Value {
        // Not by `json!`, which would serialise the whole body only to build it anew.
        Value::Object(Map::from_iter([
            ("event".to_owned(), json!(self.id)),
            ("received_at".to_owned(), json!(self.received_at)),
            ("method".to_owned(), Value::String(self.method.clone())),
            ("headers".to_owned(), Value::Object(std::mem::take(&mut self.headers))),
            ("query".to_owned(), Value::Object(std::mem::take(&mut self.query))),
            ("body".to_owned(), self.body.take()),
        ]))
    }
}

states! {
    /// What became of an event on arrival.
    EventStatus {
        /// It started a run.
        Accepted = "accepted",
        /// It was kept for later, because the workflow is a draft or paused.
        Kept = "kept",
        /// It was delivered before and started nothing.
        Duplicate = "duplicate",
        /// It was turned away; the reason stands beside it.
        Refused = "refused",
    }
}
