//! What became of a request, in words.

use model::{EventId, EventStatus, RunId};
use storage::EventRecord;

use super::super::layout::Layout;
use crate::problem::ProblemCode;

/// What the sender was told, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Answer {
    /// One of the model's states of an event.
    pub(in super::super) state: &'static str,
    /// What happened; empty when the state says it all.
    pub(in super::super) words: String,
    /// What to do about it; empty when there is nothing to do.
    pub(in super::super) advice: String,
    /// The HTTP status of a refusal.
    pub(in super::super) status: Option<u16>,
    pub(in super::super) run: Option<RunId>,
    pub(in super::super) duplicate_of: Option<EventId>,
}

impl Answer {
    /// The answer to an event.
    pub(in super::super) fn of(l: &Layout, event: &EventRecord) -> Self {
        let (words, advice) = match (event.status, &event.reason) {
            (EventStatus::Accepted, _) => (String::new(), String::new()),
            (EventStatus::Kept, _) => (l.t("inbox.answer.kept").to_owned(), l.t("inbox.answer.kept_advice").to_owned()),
            (EventStatus::Duplicate, _) => (l.t("inbox.answer.duplicate").to_owned(), String::new()),
            (EventStatus::Refused, None) => (l.t("inbox.answer.refused").to_owned(), String::new()),
            (EventStatus::Refused, Some((code, reason))) => refusal(l, code, reason, &event.method),
        };
        let code = event.reason.as_ref().map(|(code, _)| code.as_str());
        let known = ProblemCode::ALL.iter().find(|known| Some(known.as_str()) == code);
        Self {
            state: event.status.as_str(),
            words,
            advice,
            status: known.map(|known| known.status()),
            run: event.run,
            duplicate_of: event.duplicate_of,
        }
    }
}

/// Why a request was turned away and what to do. A reason without a text of its own is told as it was stored.
fn refusal(l: &Layout, code: &str, reason: &str, method: &str) -> (String, String) {
    let (key, advice_key) = (format!("error.refused.{code}"), format!("error.refused.{code}.advice"));
    let words = l.t1(&key, "method", method);
    if words == key {
        return (reason.to_owned(), String::new());
    }
    let advice = l.t(&advice_key);
    (words, if advice == advice_key { String::new() } else { advice.to_owned() })
}

#[cfg(test)]
mod tests {
    use model::{EventId, Timestamp, WorkflowId};
    use serde_json::Map;

    use super::*;
    use crate::texts::Language;

    fn refused(code: &str) -> EventRecord {
        EventRecord {
            key: 1,
            id: EventId::generate(),
            workflow: WorkflowId::generate(),
            endpoint_key: Some(1),
            status: EventStatus::Refused,
            reason: Some((code.to_owned(), "as stored".to_owned())),
            received_at: Timestamp(0),
            method: "PUT".to_owned(),
            remote_address: None,
            headers: Map::new(),
            query: Map::new(),
            content_type: None,
            body_bytes: 0,
            delivery_id: None,
            duplicate_of: None,
            run: None,
        }
    }

    #[test]
    fn a_refusal_is_told_with_its_reason_and_what_to_do() {
        for language in [Language::En, Language::De] {
            let l = Layout::plain(language, "/inbox");
            let answer = Answer::of(&l, &refused("method_not_allowed"));
            assert!(answer.words.contains("PUT") && !answer.advice.is_empty(), "{answer:?}");
            assert_eq!(answer.status, Some(405));
        }
    }

    #[test]
    fn every_reason_for_which_the_ingress_refuses_has_words() {
        let l = Layout::plain(Language::De, "/inbox");
        for code in [
            "method_not_allowed",
            "too_large",
            "invalid_body",
            "body_too_complex",
            "unsupported_content_encoding",
            "unsupported_charset",
            "invalid_request",
            "bad_request",
        ] {
            let answer = Answer::of(&l, &refused(code));
            assert!(answer.words != "as stored" && !answer.advice.is_empty(), "{code}");
        }
        assert_eq!(Answer::of(&l, &refused("something_new")).words, "as stored");
    }
}
