//! A run that is in doubt: what was being sent when it was cut off.

use model::{AttemptStatus, RunId};
use serde_json::Value;
use storage::{DeadLetterReason, DeadLetterRecord, DeadLetterState, Storage};

use super::super::shown::{Reader, Shown};
use crate::problem::Problem;
use crate::redaction::mask_words;

/// What a person needs to know to decide.
pub(in super::super) struct Doubt {
    pub(in super::super) run: RunId,
    /// What a person calls the step.
    pub(in super::super) step: String,
    /// Which turn of a loop, from 0; empty outside of loops.
    pub(in super::super) iteration: String,
    /// The turn as people count, from 1.
    pub(in super::super) turn: String,
    /// `POST https://…`; empty for what is no HTTP request.
    pub(in super::super) line: String,
    pub(in super::super) request: Option<Shown>,
}

impl Doubt {
    /// What is in doubt about a run; none when nothing is, or when somebody has decided.
    pub(in super::super) async fn of_letter(
        reader: &mut Reader<'_>,
        storage: &Storage,
        letter: &DeadLetterRecord,
    ) -> Result<Option<Self>, Problem> {
        if letter.reason != DeadLetterReason::InDoubt || letter.state != DeadLetterState::Open {
            return Ok(None);
        }
        let Some(node) = &letter.node else { return Ok(None) };
        let run = storage.run(letter.run).await?;
        let definition = storage.definition(run.definition_key).await?;
        let title = definition.node(node).map(|node| node.title.clone()).filter(|title| !title.is_empty());
        let attempts = storage.attempts_of_turn(run.key, &letter.iteration).await?;
        let attempt = attempts
            .into_iter()
            .filter(|attempt| attempt.node == *node)
            .max_by_key(|attempt| (attempt.status == AttemptStatus::InDoubt, attempt.number));
        let mut exchange = attempt.and_then(|attempt| attempt.exchanges.last().cloned());
        mask_words(storage, &run, &mut String::new(), exchange.as_mut()).await?;
        let request = exchange.as_ref().and_then(|exchange| exchange.get("request"));
        let text =
            |name: &str| request.and_then(|request| request.get(name)).and_then(Value::as_str).unwrap_or_default();
        Ok(Some(Self {
            run: letter.run,
            step: title.unwrap_or_else(|| node.0.clone()),
            turn: as_people_count(&letter.iteration),
            iteration: letter.iteration.clone(),
            line: format!("{} {}", text("method"), text("url")).trim().to_owned(),
            request: request.map(|request| reader.show(request)),
        }))
    }
}

/// Turns from 1: `0/2` becomes `1/3`.
pub(in super::super) fn as_people_count(iteration: &str) -> String {
    let one_more =
        |number: &str| number.parse::<u64>().map_or_else(|_| number.to_owned(), |turn| (turn + 1).to_string());
    iteration.split('/').filter(|number| !number.is_empty()).map(one_more).collect::<Vec<_>>().join("/")
}
