//! What the draft would do with the latest real events, beside what really happened.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use engine::dry_run::{Change, Difference, DryStep, StandInSource};
use model::{Definition, EventId, RunId, StepStatus, Timestamp, WorkflowId};
use nodes::Catalogue;
use serde::Deserialize;
use serde_json::Value;
use storage::Storage;

use super::event::in_words;
use super::failure::Failure;
use super::layout::{Layout, page};
use super::shown::{Reader, Shown, excerpt};
use crate::api::dry_run::{DryRunItem, DryRunWish, report};
use crate::auth::SignedIn;
use crate::config::Config;
use crate::problem::{Problem, ProblemCode};

/// How many events are tried when the address does not say.
const USUAL_EVENTS: u64 = 10;

/// How much of a value that differs is shown, in bytes.
const MOST_DIFFERENCE_BYTES: usize = 300;

/// How many differences of one event are shown.
const MOST_DIFFERENCES: usize = 12;

/// What the address of the page says.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    last: Option<u64>,
    /// The event whose steps are shown.
    event: Option<EventId>,
}

#[derive(Template)]
#[template(path = "dry_run.html")]
struct DryRunPage {
    l: Layout,
    workflow: WorkflowId,
    name: String,
    last: u64,
    /// What keeps the draft from being tried: node and words.
    problems: Vec<(String, String)>,
    rows: Vec<Row>,
    changed: usize,
    summary: String,
}

struct Row {
    event: EventId,
    at: Timestamp,
    run: Option<RunId>,
    real: Option<&'static str>,
    status: &'static str,
    is_open: bool,
    is_shortened: bool,
    failed: String,
    failure: Option<Failure>,
    /// What differs, how it was, how it would be.
    differences: Vec<(String, String, String)>,
    difference_count: u64,
    steps: Vec<StepRow>,
}

struct StepRow {
    title: String,
    iteration: String,
    state: &'static str,
    port: String,
    held_back: Option<Shown>,
    /// Where the output comes from.
    stand_in: String,
    output: Option<Shown>,
}

/// Tries the draft and shows what came out.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, catalogue, config): (Data<Storage>, Data<Catalogue>, Data<Config>),
    engine: Data<Engine>,
    id: Path<WorkflowId>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let workflow = storage.workflow(*id).await?;
    let (name, draft) = (workflow.name.clone(), workflow.draft.clone());
    let last = wish.last.unwrap_or(USUAL_EVENTS);
    let asked = DryRunWish { last: Some(last), ..DryRunWish::default() };
    let (status, problems, report) = match report(&storage, &catalogue, &engine, &config, workflow, asked).await {
        Ok(report) => (StatusCode::OK, Vec::new(), Some(report)),
        Err(problem) if problem.code() == ProblemCode::InvalidDefinition => {
            let words = |problem: &model::Problem| {
                (problem.node.as_ref().map(ToString::to_string).unwrap_or_default(), in_words(&l, problem))
            };
            let problems = problem.document().problems.iter().map(words).collect();
            (StatusCode::UNPROCESSABLE_ENTITY, problems, None)
        }
        Err(problem) => return Err(problem),
    };
    let mut reader = Reader::new(&l);
    let (mut rows, mut changed, mut summary) = (Vec::new(), 0, String::new());
    if let Some(report) = report {
        changed = report.changed;
        summary = l.t1("dry.summary", "changed", report.changed).replace("{same}", &report.unchanged.to_string());
        let draft = &draft;
        rows.extend(report.items.into_iter().map(|item| Row::of(&l, &mut reader, draft, item, wish.event)));
    }
    page(status, &DryRunPage { workflow: *id, name, last, problems, rows, changed, summary, l })
}

impl Row {
    fn of(l: &Layout, reader: &mut Reader, draft: &Definition, item: DryRunItem, open: Option<EventId>) -> Self {
        let title = |node: &model::NodeId| title_of(draft, node);
        let is_open = open == Some(item.event);
        let steps = if is_open { item.would.steps } else { Vec::new() };
        Self {
            event: item.event,
            at: item.received_at,
            run: item.run,
            real: item.real_status.map(model::RunStatus::as_str),
            status: item.would.status.as_str(),
            is_open,
            is_shortened: item.would.is_shortened,
            failed: item.would.error.as_ref().map(|(node, _)| title(node)).unwrap_or_default(),
            failure: item.would.error.as_ref().map(|(_, error)| Failure::of(l.texts(), error)),
            difference_count: u64::try_from(item.differences.len()).unwrap_or(u64::MAX),
            differences: item.differences.iter().take(MOST_DIFFERENCES).map(|one| words_of(l, draft, one)).collect(),
            steps: steps.into_iter().map(|step| StepRow::of(l, reader, draft, step)).collect(),
        }
    }
}

impl StepRow {
    fn of(l: &Layout, reader: &mut Reader, draft: &Definition, step: DryStep) -> Self {
        let stand_in = step.stand_in.map(|source| match source {
            StandInSource::Run => "dry.stand_in.run",
            StandInSource::Sample => "dry.stand_in.sample",
            StandInSource::Assumed => "dry.stand_in.assumed",
            StandInSource::Nothing => "dry.stand_in.nothing",
        });
        Self {
            title: title_of(draft, &step.node),
            iteration: step.iteration,
            state: if step.status == StepStatus::Skipped { "filtered" } else { step.status.as_str() },
            port: step.port.filter(|port| port != "out").unwrap_or_default(),
            held_back: step.held_back.map(|held| reader.show(&held.request)),
            stand_in: stand_in.map(|key| l.t(key).to_owned()).unwrap_or_default(),
            output: step.output.as_ref().map(|output| reader.show(output)),
        }
    }
}

fn words_of(l: &Layout, draft: &Definition, one: &Difference) -> (String, String, String) {
    let key = match one.what {
        Change::Added => "dry.change.added",
        Change::Gone => "dry.change.gone",
        Change::Status => "dry.change.status",
        Change::Port => "dry.change.port",
        Change::Output => "dry.change.output",
        Change::Request => "dry.change.request",
    };
    let mut step = title_of(draft, &one.node);
    if !one.iteration.is_empty() {
        step = format!("{step} ({})", one.iteration);
    }
    let is_told = !matches!(one.what, Change::Added | Change::Gone);
    let text = |value: &Value| match (is_told, one.what, value) {
        (false, ..) | (_, _, Value::Null) => String::new(),
        (_, Change::Status, Value::String(state)) => l.state(state),
        (_, _, Value::String(text)) => excerpt(text, MOST_DIFFERENCE_BYTES),
        (_, _, other) => excerpt(&other.to_string(), MOST_DIFFERENCE_BYTES),
    };
    (l.t1(key, "step", step), text(&one.before), text(&one.after))
}

fn title_of(draft: &Definition, node: &model::NodeId) -> String {
    let title = draft.node(node).map(|node| node.title.clone()).filter(|title| !title.is_empty());
    title.unwrap_or_else(|| node.to_string())
}
