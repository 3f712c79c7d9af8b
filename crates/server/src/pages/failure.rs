//! Failures in words: what it means, where, why, and what to do.

use model::{ErrorCode, NodeError};
use serde::Deserialize;
use serde_json::Value;

use crate::texts::Texts;

/// A failure as a person reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    /// The node; empty when it concerns the whole run.
    pub(super) node: String,
    /// What it means.
    pub(super) title: String,
    /// What exactly happened, in the words of whoever noticed it.
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
        Self {
            node: String::new(),
            title: texts.t1(&format!("{key}.title"), "status", status),
            message: error.message.clone(),
            advice: texts.t1(&format!("{key}.advice"), "status", status),
            parameter: error.parameter.clone().unwrap_or_default(),
        }
    }
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
                    assert_eq!((failure.node.as_str(), failure.message.as_str()), ("call", "m"));
                }
            }
        }
    }

    #[test]
    fn what_is_no_error_is_no_failure() {
        assert_eq!(Failure::of_run(Texts::of(Language::En), &json!({"odd": 1})), None);
    }
}
