//! The settings of a webhook trigger, read once for many requests.

use model::Node;
use serde_json::Value;

/// The node type of webhook triggers.
pub const WEBHOOK: &str = "webhook";

/// How a trigger receives and answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Trigger {
    /// The methods that it takes, in capitals.
    pub(super) methods: Vec<String>,
    /// When and what it answers.
    pub(super) respond: Respond,
    /// Where the sender's own id of an event stands.
    pub(super) deduplicate: Option<Deduplicate>,
    /// Its own limit for a body, in bytes.
    pub(super) max_body_bytes: Option<usize>,
}

/// When and what a trigger answers.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Respond {
    /// At once, when the event is stored. Status and body may be the person's own.
    Accepted { status: u16, body: Option<Value> },
    /// When the run is over.
    Finished,
    /// What a "respond" node says.
    Node,
}

/// Where the sender's own id of an event stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Deduplicate {
    /// In a header, by its name in lower case.
    Header(String),
    /// At a JSONPath over the trigger's data.
    Path(String),
}

impl Trigger {
    /// The settings in a node's parameters. Publishing has checked them; in a draft, what cannot be used has its default.
    pub(super) fn of(node: Option<&Node>) -> Self {
        let param = |name: &str| node.and_then(|node| node.params.get(name)).filter(|value| !value.is_null());
        let text = |name: &str| param(name).and_then(Value::as_str);
        let number = |name: &str| param(name).and_then(Value::as_u64);
        let methods = param("methods")
            .and_then(Value::as_array)
            .map(|methods| methods.iter().filter_map(Value::as_str).map(str::to_ascii_uppercase).collect::<Vec<_>>());
        let status = number("response_status").and_then(|status| u16::try_from(status).ok());
        let text_at = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            methods: methods.filter(|methods| !methods.is_empty()).unwrap_or_else(|| vec!["POST".to_owned()]),
            respond: match text("respond") {
                Some("finished") => Respond::Finished,
                Some("node") => Respond::Node,
                _ => Respond::Accepted {
                    status: status.filter(|status| (200..300).contains(status)).unwrap_or(202),
                    body: param("response_body").cloned(),
                },
            },
            deduplicate: param("deduplicate").and_then(|value| {
                let header = text_at(value, "header").map(|name| Deduplicate::Header(name.to_ascii_lowercase()));
                header.or_else(|| text_at(value, "path").map(Deduplicate::Path))
            }),
            max_body_bytes: number("max_body_bytes").and_then(|bytes| usize::try_from(bytes).ok()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn trigger(params: &Value) -> Trigger {
        let node = serde_json::from_value(json!({"id": "order", "type": WEBHOOK, "params": params})).unwrap();
        Trigger::of(Some(&node))
    }

    #[test]
    fn what_is_not_set_has_its_default() {
        let expected = Trigger {
            methods: vec!["POST".to_owned()],
            respond: Respond::Accepted { status: 202, body: None },
            deduplicate: None,
            max_body_bytes: None,
        };
        assert_eq!(trigger(&json!({})), expected);
        assert_eq!(
            trigger(&json!({"methods": [], "respond": "what", "response_status": 999, "deduplicate": {}})),
            expected
        );
        assert_eq!(Trigger::of(None), expected);
    }

    #[test]
    fn what_is_set_is_read() {
        let read = trigger(&json!({
            "methods": ["get", "PUT"], "respond": "finished", "deduplicate": {"header": "X-Id"}, "max_body_bytes": 10,
        }));
        assert_eq!(read.methods, ["GET", "PUT"]);
        assert_eq!(read.respond, Respond::Finished);
        assert_eq!(read.deduplicate, Some(Deduplicate::Header("x-id".to_owned())));
        assert_eq!(read.max_body_bytes, Some(10));
    }
}
