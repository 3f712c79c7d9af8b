//! Which runs of a workflow must go one after the other.

use model::{Event, NodeError, Settings};
use nodes::Surroundings;
use nodes::expression::evaluate;
use serde_json::{Value, json};

use crate::computing_time::stop_after_computing;

/// How long the key may take to compute, in milliseconds.
const COMPUTING_LIMIT_MS: u64 = 100;

/// Longer keys are a mistake, in bytes.
const LONGEST_KEY_BYTES: usize = 500;

/// What keeps the runs of events in order whose key cannot be computed: they go one after the other, too. No text that
/// a person writes begins like this.
const NO_KEY: &str = "\u{0}no key";

/// What an event gives for the workflow's `order_by`. An event whose key cannot be computed keeps its place among its like.
pub fn order_key_or_own(settings: &Settings, event: &Event) -> Option<String> {
    order_key(settings, event).unwrap_or_else(|_| Some(NO_KEY.to_owned()))
}

/// What an event gives for the workflow's `order_by`. Runs with the same key go one at a time; none: in any order.
pub fn order_key(settings: &Settings, event: &Event) -> Result<Option<String>, NodeError> {
    if settings.order_by.trim().is_empty() {
        return Ok(None);
    }
    let surroundings = Surroundings {
        now: event.received_at,
        timezone: settings.timezone.clone(),
        seed: 0,
        interrupt: stop_after_computing(COMPUTING_LIMIT_MS),
    };
    let context = json!({ "trigger": event.to_context() });
    let value = evaluate(&settings.order_by, &context, &surroundings).map_err(|error| error.at("settings.order_by"))?;
    let mut key = match value {
        Value::Null => String::new(),
        Value::String(text) => text.trim().to_owned(),
        other => other.to_string(),
    };
    key.truncate(key.floor_char_boundary(LONGEST_KEY_BYTES));
    Ok(Some(key).filter(|key| !key.is_empty()))
}

#[cfg(test)]
mod tests {
    use model::{EventId, Timestamp};
    use serde_json::Map;

    use super::*;

    #[test]
    fn the_key_is_the_text_of_what_the_template_gives() {
        let key = |order_by: &str, body: Value| {
            let settings = Settings { order_by: order_by.to_owned(), ..Settings::default() };
            let event = Event {
                id: EventId::generate(),
                received_at: Timestamp(0),
                method: "POST".to_owned(),
                headers: Map::new(),
                query: Map::new(),
                body,
            };
            order_key(&settings, &event).unwrap()
        };
        assert_eq!(key("", json!({"customer": 7})), None);
        assert_eq!(key("{{ $.trigger.body.customer }}", json!({"customer": 7})), Some("7".to_owned()));
        assert_eq!(key("c-{{ $.trigger.body.customer }}", json!({"customer": "ann"})), Some("c-ann".to_owned()));
        assert_eq!(key("{{ $.trigger.body.customer }}", json!({})), None);
    }
}
