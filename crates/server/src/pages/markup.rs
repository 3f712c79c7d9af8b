//! Pieces of HTML that many pages use and that hold nothing a person typed.

use std::fmt;

use askama::filters::HtmlSafe;

/// HTML that templates put out as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Markup(String);

impl fmt::Display for Markup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl HtmlSafe for Markup {}

/// An icon out of the sprite at this address. It says nothing by itself: a word stands beside it.
pub(super) fn icon(sprite: &str, name: &str) -> Markup {
    let is_name = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let name = if is_name { name } else { "info" };
    Markup(format!("<svg class=\"icon\" aria-hidden=\"true\"><use href=\"{sprite}#{name}\"/></svg>"))
}

/// A state as icon and word. `state` is one of the model's states, `word` comes from the catalogue.
pub(super) fn pill(sprite: &str, state: &str, word: &str) -> Markup {
    let known = icon_of(state);
    let class = if known.is_some() { state } else { "" };
    Markup(format!("<span class=\"pill {class}\">{}{word}</span>", icon(sprite, known.unwrap_or("info"))))
}

/// The icon of a state of a workflow, a run, a step, an attempt or an event.
fn icon_of(state: &str) -> Option<&'static str> {
    Some(match state {
        "active" => "radio",
        "paused" => "circle-pause",
        "draft" => "pencil",
        "queued" | "waiting" => "clock",
        "running" | "started" => "loader-circle",
        "succeeded" | "accepted" => "circle-check",
        "failed" => "circle-x",
        "dead" | "in_doubt" => "octagon-alert",
        "cancelled" | "refused" => "ban",
        "skipped" => "circle-dashed",
        "filtered" => "filter",
        "kept" => "inbox",
        "duplicate" => "copy",
        "problems" => "triangle-alert",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use model::{AttemptStatus, EventStatus, RunStatus, StepStatus};

    use super::*;

    #[test]
    fn every_state_has_an_icon_of_the_sprite() {
        let sprite = include_str!("../../assets/icons.svg");
        let states = RunStatus::ALL.iter().map(|state| state.as_str());
        let states = states.chain(StepStatus::ALL.iter().map(|state| state.as_str()));
        let states = states.chain(AttemptStatus::ALL.iter().map(|state| state.as_str()));
        let states = states.chain(EventStatus::ALL.iter().map(|state| state.as_str()));
        for state in states.chain(["active", "paused", "draft", "filtered", "problems"]) {
            let icon = icon_of(state).unwrap_or_else(|| panic!("{state} has no icon"));
            assert!(sprite.contains(&format!("id=\"{icon}\"")), "{icon} is not in the sprite");
        }
    }

    #[test]
    fn what_is_no_state_becomes_no_class() {
        let pill = pill("/icons.svg", "\"><b>", "Word").to_string();
        assert!(!pill.contains("<b>"), "{pill}");
        assert!(icon("/icons.svg", "\"><b>").to_string().ends_with("#info\"/></svg>"));
    }
}
