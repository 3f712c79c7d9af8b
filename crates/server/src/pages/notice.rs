//! What just happened, told once on the page that a form leads on to.
//!
//! A form that succeeded leads to an address with `notice=<code>`, and `of=<id>` when it can be undone. Both are only
//! looked up here, so an address made by somebody else cannot put words into the page.

use url::form_urlencoded;

use crate::texts::Texts;

/// Every notice: its code, what its sign is, and the form that undoes it with `{id}` for the thing's id.
const NOTICES: &[(&str, Tone, Option<&str>)] = &[
    ("saved", Tone::Good, None),
    ("deleted", Tone::Good, None),
    ("workflow_deleted", Tone::Good, Some("/workflows/{id}/restore")),
    ("active_workflow_deleted", Tone::Good, Some("/workflows/{id}/restore?active=true")),
    ("workflow_restored", Tone::Good, None),
    ("active_workflow_restored", Tone::Good, None),
    ("workflow_duplicated", Tone::Good, None),
    ("workflow_activated", Tone::Good, None),
    ("workflow_paused", Tone::Good, None),
    ("run_cancelled", Tone::Good, None),
    ("run_over", Tone::Bad, None),
    ("replayed", Tone::Good, None),
    ("replay_begun", Tone::Good, None),
    ("replay_stopped", Tone::Good, None),
    ("nothing_chosen", Tone::Bad, None),
    ("dead_letters_discarded", Tone::Good, Some("/dead-letters/{id}/undo")),
    ("dead_letters_restored", Tone::Good, None),
    ("doubt_answered", Tone::Good, None),
    ("doubt_given_up", Tone::Good, None),
    ("approval_decided", Tone::Good, None),
    ("already_decided", Tone::Bad, None),
    ("credential_in_use", Tone::Bad, None),
    ("password_changed", Tone::Good, None),
    ("user_added", Tone::Good, None),
    ("user_removed", Tone::Good, None),
    ("token_revoked", Tone::Good, None),
    ("removal_begun", Tone::Good, None),
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tone {
    Good,
    Bad,
}

/// A notice on a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Notice {
    /// What happened.
    pub(super) text: String,
    /// Whether it is a failure.
    pub(super) is_bad: bool,
    /// Where to post to undo it; empty when it cannot be undone.
    pub(super) undo: String,
}

impl Notice {
    /// The notice that a query string asks for, when it is one of ours.
    pub(super) fn of_query(query: &str, texts: Texts) -> Option<Self> {
        let value = |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted);
        let (_, code) = value("notice")?;
        let (code, tone, undo) = NOTICES.iter().find(|(known, ..)| *known == code)?;
        let id = value("of").and_then(|(_, id)| id.parse::<uuid::Uuid>().ok());
        let undo = undo.zip(id).map(|(path, id)| path.replace("{id}", &id.to_string()));
        let key = format!("notice.{code}");
        Some(Self { text: texts.t(&key).to_owned(), is_bad: *tone == Tone::Bad, undo: undo.unwrap_or_default() })
    }
}

/// A path and query without what asks for a notice.
pub(super) fn without_notice(path_and_query: &str) -> String {
    let Some((path, query)) = path_and_query.split_once('?') else { return path_and_query.to_owned() };
    if !query.contains("notice=") {
        return path_and_query.to_owned();
    }
    let kept = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "notice" && name != "of");
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Language;

    const ID: &str = "0e8fd1d3-6a25-4b0a-a4c5-6f8ae5f3a111";

    #[test]
    fn only_known_codes_and_ids_are_told() {
        let texts = Texts::of(Language::En);
        let deleted = Notice::of_query(&format!("notice=workflow_deleted&of={ID}"), texts).unwrap();
        assert_eq!(deleted.undo, format!("/workflows/{ID}/restore"));
        assert_eq!(Notice::of_query("notice=workflow_deleted&of=../../sign-out", texts).unwrap().undo, "");
        assert_eq!(Notice::of_query("notice=Your+account+is+locked", texts), None);
        for (code, ..) in NOTICES {
            let text = Notice::of_query(&format!("notice={code}"), texts).unwrap().text;
            assert!(!text.starts_with("notice."), "there is no text for {code}");
        }
    }

    #[test]
    fn the_address_of_a_page_does_not_repeat_its_notice() {
        assert_eq!(without_notice("/?notice=saved&of=1"), "/");
        assert_eq!(without_notice("/runs?status=dead&notice=saved"), "/runs?status=dead");
        assert_eq!(without_notice("/runs?status=dead"), "/runs?status=dead");
    }
}
