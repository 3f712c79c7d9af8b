//! The desk for runs that gave up: what failed, where and how often, and what to do about it.

mod actions;
mod doubt;
mod group;

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{Timestamp, WorkflowId};
use serde::Deserialize;
use storage::{
    DeadLetterFilter, DeadLetterGroup, DeadLetterReason, DeadLetterRecord, DeadLetterState, ReplayJob, ReplayJobState,
    Storage,
};
use uuid::Uuid;

pub(super) use self::doubt::{Doubt, as_people_count};
use super::failure::Failure;
use super::form;
use super::layout::{Layout, page};
use super::query::{Batch, with_query};
use crate::api::dead_letters::mask_letters;
use crate::auth::SignedIn;
use crate::problem::Problem;
use crate::redaction::mask_errors;

/// How long a job that is over is still told of, in milliseconds.
const TELL_MS: u64 = 10 * 60 * 1_000;

/// How many jobs are told of.
const MOST_JOBS: u64 = 5;

/// How many dead letters the page counts exactly.
const MOST_COUNTED: u64 = 1_000_000;

/// How fast many runs may be replayed: replays per second, and the text's key.
const RATES: &[(&str, &str)] = &[
    ("0.1", "replay.rate_slow"),
    ("1", "replay.rate_1"),
    ("5", "replay.rate_5"),
    ("20", "replay.rate_20"),
    ("100", "replay.rate_100"),
];

/// The addresses of the desk.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/dead-letters").route(get().to(show)))
        .service(form("/dead-letters/replay").route(post().to(actions::replay)))
        .service(form("/dead-letters/discard").route(post().to(actions::discard)))
        .service(form("/dead-letters/replays/{id}/stop").route(post().to(actions::stop)))
        .service(form("/dead-letters/{run}/undo").route(post().to(actions::undo)))
        .service(form("/dead-letters/{run}/answer").route(post().to(actions::answer)))
        .service(form("/dead-letters/{run}/fetch").route(post().to(doubt::fetch)));
}

/// What the address of the page says. Forms send empty fields, so everything is text first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    workflow: String,
    /// `decided`, or empty for what is open.
    show: String,
    /// The cause whose runs are shown.
    group: String,
    before: String,
    skip: u64,
}

#[derive(Template)]
#[template(path = "dead_letters.html")]
struct DeadLettersPage {
    l: Layout,
    workflow: String,
    workflows: Vec<(WorkflowId, String)>,
    is_open: bool,
    /// How many there are that fit the filter, without those in doubt.
    total: u64,
    open_count: u64,
    jobs: Vec<JobRow>,
    groups: Vec<GroupRow>,
    rates: &'static [(&'static str, &'static str)],
    is_first: bool,
    first: String,
    next: Option<String>,
}

struct GroupRow {
    fingerprint: String,
    href: String,
    title: String,
    /// What exactly happened to the newest; empty when the title says it all.
    reason: String,
    is_in_doubt: bool,
    workflow: WorkflowId,
    name: String,
    node: String,
    count: u64,
    oldest: Timestamp,
    newest: Timestamp,
}

/// Replays that begin one after the other.
struct JobRow {
    id: Uuid,
    is_running: bool,
    words: String,
    note: String,
    total: u64,
    done: u64,
    failed: u64,
}

/// The desk, or the runs of one cause.
async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let wish = wish.into_inner();
    if !wish.group.is_empty() {
        return group::show(l, &storage, wish).await;
    }
    let filter = wish.filter(&storage).await?;
    let names: BTreeMap<WorkflowId, String> = storage.workflow_names().await?.into_iter().collect();
    let groups = storage.dead_letter_groups(&filter, wish.skip, Batch::<GroupRow>::ASKED).await?;
    let mut rows = Vec::new();
    for group in groups {
        rows.push(GroupRow::of(&l, &storage, &wish, &names, group).await?);
    }
    let batch = Batch::of(rows, |row| row);
    let has_more = batch.last_if_more().is_some();
    let open = DeadLetterFilter { states: vec![DeadLetterState::Open], ..DeadLetterFilter::default() };
    let replayable = DeadLetterFilter { without_doubt: true, ..filter };
    let jobs = storage.recent_replay_jobs(storage.now().minus_ms(TELL_MS), MOST_JOBS).await?;
    let template = DeadLettersPage {
        is_open: wish.is_open(),
        total: storage.count_dead_letters(&replayable, MOST_COUNTED).await?,
        open_count: storage.count_dead_letters(&open, MOST_COUNTED).await?,
        jobs: jobs.into_iter().map(|job| JobRow::of(&l, job)).collect(),
        groups: batch.items,
        rates: RATES,
        is_first: wish.skip == 0,
        first: wish.page(0),
        next: has_more.then(|| wish.page(wish.skip + super::query::PAGE_ROWS)),
        workflows: names.into_iter().collect(),
        workflow: wish.workflow,
        l,
    };
    page(StatusCode::OK, &template)
}

/// What a dead letter is about.
struct Words {
    title: String,
    /// What to do; empty when the title says it all.
    advice: String,
    /// What exactly happened, without what is personal; empty when the title says it all.
    reason: String,
}

async fn words_of(l: &Layout, storage: &Storage, letter: &DeadLetterRecord) -> Result<Words, Problem> {
    let mut run = storage.run(letter.run).await?;
    mask_errors(storage, std::slice::from_mut(&mut run)).await?;
    let failure = run.error.as_ref().and_then(|error| Failure::of_run(l.texts(), error));
    let reason = failure.as_ref().map_or(letter.message.as_str(), Failure::words).to_owned();
    let (title, advice) = match (letter.reason, failure) {
        (DeadLetterReason::InDoubt, _) => (l.t("dead.reason.in_doubt").to_owned(), l.t("doubt.text").to_owned()),
        (_, Some(failure)) => (failure.title, failure.advice),
        (DeadLetterReason::Crashed, None) => (l.t("dead.reason.crashed").to_owned(), String::new()),
        (DeadLetterReason::Failed, None) => (l.t("dead.reason.failed").to_owned(), String::new()),
    };
    Ok(Words { title, advice, reason })
}

impl Wish {
    fn is_open(&self) -> bool {
        self.show != "decided"
    }

    async fn filter(&self, storage: &Storage) -> Result<DeadLetterFilter, Problem> {
        let workflow_key = match self.workflow.trim() {
            "" => None,
            id => Some(storage.workflow_key(id.parse().map_err(|_| Problem::not_found("workflow"))?).await?),
        };
        let states = if self.is_open() {
            vec![DeadLetterState::Open]
        } else {
            vec![DeadLetterState::Replayed, DeadLetterState::Discarded, DeadLetterState::Resolved]
        };
        Ok(DeadLetterFilter { workflow_key, states, ..DeadLetterFilter::default() })
    }

    fn page(&self, skip: u64) -> String {
        let skip = if skip == 0 { String::new() } else { skip.to_string() };
        with_query("/dead-letters", &[("workflow", &self.workflow), ("show", &self.show), ("skip", &skip)])
    }

    fn of_group(&self, group: &str, before: &str) -> String {
        with_query("/dead-letters", &[("group", group), ("show", &self.show), ("before", before)])
    }
}

impl GroupRow {
    async fn of(
        l: &Layout,
        storage: &Storage,
        wish: &Wish,
        names: &BTreeMap<WorkflowId, String>,
        group: DeadLetterGroup,
    ) -> Result<Self, Problem> {
        let mut newest = group.newest;
        mask_letters(storage, std::iter::once(&mut newest)).await?;
        let Words { title, reason, .. } = words_of(l, storage, &newest).await?;
        Ok(Self {
            href: wish.of_group(&group.fingerprint, ""),
            fingerprint: group.fingerprint,
            title,
            is_in_doubt: newest.reason == DeadLetterReason::InDoubt,
            name: names.get(&newest.workflow).cloned().unwrap_or_else(|| l.t("runs.deleted").to_owned()),
            workflow: newest.workflow,
            node: newest.node.map(|node| node.0).unwrap_or_default(),
            reason,
            count: group.count,
            oldest: group.oldest_at,
            newest: newest.created_at,
        })
    }
}

impl JobRow {
    #[expect(clippy::needless_pass_by_value, reason = "the job becomes the row")]
    fn of(l: &Layout, job: ReplayJob) -> Self {
        let key = match job.state {
            ReplayJobState::Running => "dead.job.running",
            ReplayJobState::Done => "dead.job.done",
            ReplayJobState::Stopped => "dead.job.stopped",
        };
        let total = l.format().number(job.total);
        let words = l.t1(key, "done", l.format().number(job.done)).replace("{total}", &total);
        let note = match job.failed {
            0 => String::new(),
            failed => l.t1("dead.job.failed", "count", l.format().number(failed)).replace("{reason}", &job.note),
        };
        Self {
            id: job.id,
            is_running: job.state == ReplayJobState::Running,
            words,
            note,
            total: job.total,
            done: job.done + job.failed,
            failed: job.failed,
        }
    }
}
