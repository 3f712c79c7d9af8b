//! The runs of one cause.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use model::{RunId, Timestamp, WorkflowId};
use storage::{DeadLetterFilter, DeadLetterReason, DeadLetterRecord, DeadLetterState, Storage};

use super::super::failure::Failure;
use super::super::layout::{Layout, page};
use super::super::query::Batch;
use super::super::shown::Reader;
use super::{Doubt, RATES, Wish, Words, words_of};
use crate::api::dead_letters::mask_letters;
use crate::problem::Problem;
use crate::redaction::mask_errors;
use crate::texts::Language;

/// How many runs in doubt are shown with their requests at a time.
const MOST_DOUBTS: usize = 5;

#[derive(Template)]
#[template(path = "dead_letter_group.html")]
struct GroupPage {
    l: Layout,
    fingerprint: String,
    title: String,
    advice: String,
    reason: String,
    is_open: bool,
    is_in_doubt: bool,
    workflow: WorkflowId,
    name: String,
    node: String,
    count: u64,
    oldest: Timestamp,
    newest: Timestamp,
    doubts: Vec<Doubt>,
    rows: Vec<Row>,
    rates: &'static [(&'static str, &'static str)],
    is_first: bool,
    first: String,
    older: Option<String>,
}

struct Row {
    key: i64,
    run: RunId,
    at: Timestamp,
    message: String,
    /// What was decided, by whom and when; empty while nothing was.
    decision: String,
    replayed_as: Option<RunId>,
    can_undo: bool,
}

/// Shows the runs of a cause. A cause of which nothing is left leads to an empty list, not to an error: somebody was quicker.
pub(super) async fn show(l: Layout, storage: &Storage, wish: Wish) -> Result<HttpResponse, Problem> {
    let filter = DeadLetterFilter { fingerprint: Some(wish.group.clone()), ..wish.filter(storage).await? };
    let group = storage.dead_letter_groups(&filter, 0, 1).await?.pop();
    let Some(group) = group else { return Ok(super::super::layout::see_other("/dead-letters")) };
    let filter = DeadLetterFilter { before_key: wish.before.parse().ok(), ..filter };
    let mut letters = storage.dead_letters(&filter, Batch::<Row>::ASKED).await?;
    mask_letters(storage, letters.iter_mut()).await?;
    say_in_words(&l, storage, &mut letters).await?;
    let mut newest = group.newest;
    mask_letters(storage, std::iter::once(&mut newest)).await?;
    let Words { title, advice, reason } = words_of(&l, storage, &newest).await?;
    let is_in_doubt = newest.reason == DeadLetterReason::InDoubt;
    let mut doubts = Vec::new();
    if is_in_doubt && wish.is_open() {
        let mut reader = Reader::new(&l);
        for letter in letters.iter().take(MOST_DOUBTS) {
            doubts.extend(Doubt::of_letter(&mut reader, storage, letter).await?);
        }
    }
    let (_, name) = storage.workflow_name(storage.workflow_key(newest.workflow).await?).await?;
    let batch = Batch::of(letters, |letter| Row::of(&l, letter));
    let template = GroupPage {
        older: batch.last_if_more().map(|row| wish.of_group(&wish.group, &row.key.to_string())),
        first: wish.of_group(&wish.group, ""),
        is_first: wish.before.is_empty(),
        is_open: wish.is_open(),
        fingerprint: wish.group,
        title,
        advice,
        is_in_doubt,
        workflow: newest.workflow,
        name,
        node: newest.node.map(|node| node.0).unwrap_or_default(),
        reason,
        count: group.count,
        oldest: group.oldest_at,
        newest: newest.created_at,
        doubts,
        rows: batch.items,
        rates: RATES,
        l,
    };
    page(StatusCode::OK, &template)
}

/// Puts what happened to each run into the person's language, as far as that can be said without the message, which is English.
async fn say_in_words(l: &Layout, storage: &Storage, letters: &mut [DeadLetterRecord]) -> Result<(), Problem> {
    if l.texts().language() == Language::En {
        return Ok(());
    }
    let mut runs = Vec::with_capacity(letters.len());
    for letter in letters.iter() {
        runs.push(storage.run(letter.run).await?);
    }
    mask_errors(storage, &mut runs).await?;
    for (letter, run) in letters.iter_mut().zip(&runs) {
        if let Some(failure) = run.error.as_ref().and_then(|error| Failure::of_run(l.texts(), error)) {
            failure.words().clone_into(&mut letter.message);
        }
    }
    Ok(())
}

impl Row {
    fn of(l: &Layout, letter: DeadLetterRecord) -> Self {
        let key = match letter.state {
            DeadLetterState::Open => None,
            DeadLetterState::Replayed => Some("dead.state.replayed"),
            DeadLetterState::Discarded => Some("dead.state.discarded"),
            DeadLetterState::Resolved => Some("dead.state.resolved"),
        };
        let when = letter.decided_at.map(|at| l.ago(&at)).unwrap_or_default();
        let who = letter.decided_by.unwrap_or_default();
        Self {
            key: letter.run_key,
            run: letter.run,
            at: letter.created_at,
            message: letter.message,
            decision: key.map(|key| l.t1(key, "who", who).replace("{when}", &when)).unwrap_or_default(),
            replayed_as: letter.replayed_as,
            can_undo: letter.state == DeadLetterState::Discarded,
        }
    }
}
