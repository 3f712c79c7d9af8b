//! Failures in words: what it means, where, why, and what to do.

use model::{ErrorCode, Node, NodeError};
use nodes::Catalogue;
use serde::Deserialize;
use serde_json::Value;

use super::layout::Layout;
use super::titles::field_title;
use crate::texts::{Language, Texts};

/// The failures whose message was written by somebody else: the workflow's author, a service, a mail server, the script
/// language. It is quoted in whatever language it is.
const QUOTED: &[ErrorCode] = &[ErrorCode::Mail, ErrorCode::Script, ErrorCode::Service, ErrorCode::Stopped];

/// A failure as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The node; empty when it concerns the whole run.
    pub(super) node: String,
    /// What it means.
    pub(super) title: String,
    /// What exactly happened, in the reader's language; empty when nothing more than the title is known.
    pub(super) reason: String,
    /// What the other side said, or the exact message when the reader reads its language; empty when there is neither.
    pub(super) said: String,
    /// The exact message, which is English; empty when `said` is it.
    pub(super) message: String,
    /// What to do.
    pub(super) advice: String,
    /// The field; empty when no field is to blame.
    pub(super) parameter: String,
}

/// How a run keeps its error.
#[derive(Deserialize)]
struct RunError {
    node: Option<String>,
    error: NodeError,
}

impl Failure {
    /// The failure that a run's record holds.
    pub(super) fn of_run(texts: Texts, error: &Value) -> Option<Self> {
        let RunError { node, error } = serde_json::from_value(error.clone()).ok()?;
        Some(Self { node: node.unwrap_or_default(), ..Self::of(texts, &error) })
    }

    /// The failure of a step.
    pub(super) fn of(texts: Texts, error: &NodeError) -> Self {
        let (key, status) = (key_of(error), status_of(error).unwrap_or_default());
        let message = error.message.clone();
        let is_read = texts.language() == Language::En || QUOTED.contains(&error.code);
        let (reason, said, message) = if is_read {
            (String::new(), message, String::new())
        } else {
            (reason_of(texts, error), body_of(error).to_owned(), message)
        };
        Self {
            node: String::new(),
            title: texts.t1(&format!("{key}.title"), "status", status),
            reason,
            said,
            message,
            advice: texts.t1(&format!("{key}.advice"), "status", status),
            parameter: error.parameter.clone().unwrap_or_default(),
        }
    }

    /// The same failure with the field named as the step's form names it.
    pub(super) fn in_form(mut self, l: &Layout, catalogue: &Catalogue, node: Option<&Node>) -> Self {
        if !self.parameter.is_empty() {
            self.parameter = field_title(l, catalogue, node, &self.parameter);
        }
        self
    }

    /// What exactly happened in a line; empty when the title says it all.
    pub(super) fn words(&self) -> &str {
        if self.reason.is_empty() { &self.said } else { &self.reason }
    }
}

/// Why it happened, as far as the facts tell it without the message. The editor does the same.
fn reason_of(texts: Texts, error: &NodeError) -> String {
    let fact = |name: &str| error.details.as_ref().and_then(|details| details.get(name));
    // A failure inside a failure: of the called workflow, or the one that left a doubt.
    let inner = fact("error").or_else(|| fact("cause")).and_then(|inner| NodeError::deserialize(inner).ok());
    if let Some(inner) = inner {
        return Failure::of(texts, &inner).title;
    }
    if let Some(problem) = fact("problem").and_then(Value::as_str) {
        let key = format!("draft.{problem}");
        return Some(texts.t(&key)).filter(|text| *text != key).unwrap_or_default().to_owned();
    }
    let key = format!("failure.{}.reason", error.code);
    let text = texts.t(&key);
    if text == key { String::new() } else { filled(text, fact).unwrap_or_default() }
}

/// A text with each `{name}` replaced by the fact of that name; none when one is not known.
fn filled<'a>(text: &str, fact: impl Fn(&str) -> Option<&'a Value>) -> Option<String> {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        filled += &fact(name).map(written).filter(|value| !value.is_empty())?;
        filled += rest;
    }
    Some(filled)
}

fn written(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(written).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn body_of(error: &NodeError) -> &str {
    error.details.as_ref().and_then(|details| details.get("body")).and_then(Value::as_str).unwrap_or_default()
}

/// What the texts' keys begin with. A refusal over HTTP is explained by its status where that says more; the editor does the
/// same.
fn key_of(error: &NodeError) -> String {
    let key = format!("failure.{}", error.code);
    match status_of(error).filter(|_| error.code == ErrorCode::HttpStatus) {
        Some(status @ (400 | 401 | 403 | 404 | 405 | 409 | 422 | 429)) => format!("{key}_{status}"),
        Some(500..=599) => format!("{key}_5xx"),
        _ => key,
    }
}

fn status_of(error: &NodeError) -> Option<u64> {
    error.details.as_ref()?.get("status")?.as_u64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::texts::Language;

    #[test]
    fn every_failure_is_explained_with_what_to_do() {
        for language in [Language::En, Language::De] {
            for code in ErrorCode::ALL {
                for status in [200, 400, 401, 403, 404, 405, 409, 418, 422, 429, 500, 503] {
                    let error = json!({
                        "code": code, "message": "m", "retryable": false, "details": {"status": status},
                    });
                    let failure =
                        Failure::of_run(Texts::of(language), &json!({"node": "call", "error": error})).unwrap();
                    let texts = [&failure.title, &failure.advice];
                    assert!(texts.iter().all(|text| !text.starts_with("failure.")), "{failure:?}");
                    let exact = if failure.said.is_empty() { &failure.message } else { &failure.said };
                    assert_eq!((failure.node.as_str(), exact.as_str()), ("call", "m"));
                }
            }
        }
    }

    fn shown(language: Language, error: &Value) -> Failure {
        Failure::of_run(Texts::of(language), &json!({"node": "call", "error": error})).unwrap()
    }

    #[test]
    fn our_own_sentences_stand_in_the_readers_language_and_those_of_others_as_they_were_said() {
        let refused = json!({
            "code": "address_refused", "message": "`intern` leads to 10.0.0.8, which is private.", "retryable": false,
            "details": {"host": "intern", "address": "10.0.0.8"},
        });
        let german = shown(Language::De, &refused);
        assert_eq!(german.reason, "„intern“ führt zu 10.0.0.8.");
        assert_eq!((german.said.as_str(), german.message.as_str()), ("", refused["message"].as_str().unwrap()));
        let english = shown(Language::En, &refused);
        assert_eq!((english.words(), english.message.as_str()), (refused["message"].as_str().unwrap(), ""));

        let answered = json!({
            "code": "http_status", "message": "POST to erp answered 422: no such customer", "retryable": false,
            "details": {"status": 422, "body": "no such customer"},
        });
        let german = shown(Language::De, &answered);
        assert_eq!((german.reason.as_str(), german.said.as_str()), ("", "no such customer"));
        let stopped = json!({"code": "stopped", "message": "No stock", "retryable": false});
        assert_eq!(shown(Language::De, &stopped).words(), "No stock");
    }

    #[test]
    fn a_reason_is_left_out_where_a_fact_for_it_is_missing() {
        let reason = |error: Value| shown(Language::De, &error).reason;
        let of = |code: &str, details: Value| {
            reason(json!({"code": code, "message": "m", "retryable": false, "details": details}))
        };
        assert_eq!(of("address_refused", json!({"host": "intern"})), "");
        assert_eq!(of("host_refused", json!({"address": "https://a", "allowed": []})), "");
        assert!(of("host_refused", json!({"address": "https://a", "allowed": ["b", "c"]})).contains("b, c"));
        let not_a_choice = Texts::of(Language::De).t("draft.not_a_choice");
        assert_eq!(of("parameter", json!({"problem": "not_a_choice"})), not_a_choice);
        assert_eq!(of("parameter", json!({"problem": "something_new"})), "");
        let inner = json!({"code": "stopped", "message": "No stock", "retryable": false});
        assert_eq!(of("called", json!({"run": "1", "error": inner})), "Der Ablauf wurde absichtlich beendet");
        assert_eq!(of("timeout", json!({})), "");
    }

    #[test]
    fn what_is_no_error_is_no_failure() {
        assert_eq!(Failure::of_run(Texts::of(Language::En), &json!({"odd": 1})), None);
    }
}
