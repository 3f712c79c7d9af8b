//! The history: every run, filtered, page by page, and one row of it for pages that follow along.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{NodeId, RunId, RunStatus, Timestamp, WorkflowId};
use nodes::Catalogue;
use serde::Deserialize;
use storage::{RunFilter, RunRecord, Storage};

use super::failure::Failure;
use super::layout::{Layout, page};
use super::query::{PAGE_ROWS, with_query};
use super::titles::step_titles;
use crate::auth::SignedIn;
use crate::problem::Problem;
use crate::redaction::mask_errors;
use crate::texts::Format;

/// How many pages back the link to newer runs remembers.
const MAX_TRAIL: usize = 20;

/// What the address of the page says. Forms send empty fields, so everything is text first.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    workflow: String,
    status: String,
    text: String,
    since: String,
    until: String,
    before: String,
    /// The `before` of the pages that lie between this one and the newest, the nearest last.
    trail: String,
}

#[derive(Template)]
#[template(path = "runs.html")]
struct RunsPage {
    l: Layout,
    wish: Wish,
    since_is_wrong: bool,
    until_is_wrong: bool,
    is_partial: bool,
    workflows: Vec<(WorkflowId, String)>,
    statuses: Vec<&'static str>,
    rows: Vec<Row>,
    newer: String,
    older: String,
}

/// One row by itself.
#[derive(Template)]
#[template(path = "runs_row.html")]
struct RowPart {
    l: Layout,
    row: Row,
}

struct Row {
    id: RunId,
    /// Its place in the order of all runs.
    key: i64,
    /// A state of a run, or `filtered` when conditions ended it.
    status: &'static str,
    workflow: WorkflowId,
    /// The workflow's name; empty when it was deleted.
    name: String,
    version: Option<i32>,
    created_at: Timestamp,
    duration_ms: Option<u64>,
    failure: Option<Failure>,
    /// What a person calls the failed step; empty when it concerns the whole run.
    step: String,
}

/// What rows need to know beside their runs.
#[derive(Default)]
struct Known {
    /// The names of the workflows that are not deleted.
    names: BTreeMap<WorkflowId, String>,
    /// The runs that conditions ended.
    filtered: BTreeSet<RunId>,
    /// What the failed step of each failed run is called.
    steps: BTreeMap<RunId, String>,
}

/// The history.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let wish = wish.into_inner();
    let filter = wish.filter(&storage, l.format()).await?;
    let mut found = storage.find_runs(&filter).await?;
    mask_errors(&storage, &mut found.items).await?;
    let known = Known { names: names(&storage).await?, ..Known::of(&l, &storage, &catalogue, &found.items).await? };
    let rows: Vec<_> = found.items.into_iter().map(|run| Row::of(&l, &run, &known)).collect();
    let template = RunsPage {
        since_is_wrong: filter.since.is_none() && !wish.since.trim().is_empty(),
        until_is_wrong: filter.until.is_none() && !wish.until.trim().is_empty(),
        is_partial: found.is_partial,
        newer: wish.newer(),
        older: found.next_key.map(|key| wish.older(key)).unwrap_or_default(),
        workflows: known.names.into_iter().collect(),
        statuses: RunStatus::ALL.iter().map(|status| status.as_str()).collect(),
        rows,
        wish,
        l,
    };
    page(StatusCode::OK, &template)
}

/// One run as a row of the list, when it fits the filter; else no content.
pub(super) async fn row(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, catalogue): (Data<Storage>, Data<Catalogue>),
    id: Path<RunId>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let mut run = storage.run(*id).await?;
    mask_errors(&storage, std::slice::from_mut(&mut run)).await?;
    let filter = wish.filter(&storage, l.format()).await?;
    let workflow_key = storage.workflow_key(run.workflow).await?;
    let fits = filter.workflow_key.is_none_or(|key| key == workflow_key)
        && (filter.statuses.is_empty() || filter.statuses.contains(&run.status))
        && filter.since.is_none_or(|since| run.created_at >= since)
        && filter.until.is_none_or(|until| run.created_at < until);
    if !fits {
        return Ok(HttpResponse::NoContent().finish());
    }
    let names = match storage.workflow(run.workflow).await {
        Ok(workflow) => BTreeMap::from([(workflow.id, workflow.name)]),
        Err(_) => BTreeMap::new(),
    };
    let known = Known { names, ..Known::of(&l, &storage, &catalogue, std::slice::from_ref(&run)).await? };
    page(StatusCode::OK, &RowPart { row: Row::of(&l, &run, &known), l })
}

/// The names of all workflows that are not deleted.
async fn names(storage: &Storage) -> Result<BTreeMap<WorkflowId, String>, Problem> {
    Ok(storage.workflow_names().await?.into_iter().collect())
}

impl Wish {
    async fn filter(&self, storage: &Storage, format: Format) -> Result<RunFilter, Problem> {
        let workflow_key = match self.workflow.trim() {
            "" => None,
            id => {
                let id = id.parse().map_err(|_| Problem::not_found("workflow"))?;
                Some(storage.workflow_key(id).await?)
            }
        };
        let names = self.status.split(',').map(str::trim).filter(|name| !name.is_empty());
        let statuses: Result<Vec<RunStatus>, _> = names.map(str::parse).collect();
        Ok(RunFilter {
            workflow_key,
            statuses: statuses.map_err(|_| Problem::not_found("status"))?,
            since: format.start_of_day(self.since.trim()),
            until: format.end_of_day(self.until.trim()),
            text: Some(self.text.trim().to_owned()).filter(|text| !text.is_empty()),
            before_key: self.before.parse().ok(),
            limit: PAGE_ROWS,
        })
    }

    fn is_filtered(&self) -> bool {
        [&self.workflow, &self.status, &self.text, &self.since, &self.until]
            .iter()
            .any(|value| !value.trim().is_empty())
    }

    /// The page with older runs.
    fn older(&self, key: i64) -> String {
        let mut trail: Vec<&str> = self.trail.split('.').filter(|key| !key.is_empty()).collect();
        if !self.before.is_empty() {
            trail.push(&self.before);
        }
        let from = trail.len().saturating_sub(MAX_TRAIL);
        self.page(&key.to_string(), &trail[from..].join("."))
    }

    /// The page with newer runs; empty on the newest.
    fn newer(&self) -> String {
        if self.before.is_empty() {
            return String::new();
        }
        let (trail, before) = self.trail.rsplit_once('.').unwrap_or(("", &self.trail));
        self.page(before, trail)
    }

    fn page(&self, before: &str, trail: &str) -> String {
        let parameters = [
            ("workflow", self.workflow.as_str()),
            ("status", &self.status),
            ("text", &self.text),
            ("since", &self.since),
            ("until", &self.until),
            ("before", before),
            ("trail", trail),
        ];
        with_query("/runs", &parameters)
    }
}

impl Known {
    /// All but the names.
    async fn of(l: &Layout, storage: &Storage, catalogue: &Catalogue, runs: &[RunRecord]) -> Result<Self, Problem> {
        let ended_well = runs.iter().filter(|run| run.status == RunStatus::Succeeded).map(|run| run.id);
        let filtered = storage.filtered_runs(&ended_well.collect::<Vec<_>>()).await?;
        let (mut definitions, mut steps) = (BTreeMap::new(), BTreeMap::new());
        for run in runs {
            let failure = run.error.as_ref().and_then(|error| Failure::of_run(l.texts(), error));
            let Some(failure) = failure.filter(|failure| !failure.node.is_empty()) else { continue };
            let definition = match definitions.entry(run.definition_key) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(new) => new.insert(storage.definition(run.definition_key).await?),
            };
            let title = step_titles(l, catalogue, definition.node(&NodeId(failure.node.clone()))).title;
            steps.insert(run.id, if title.is_empty() { failure.node } else { title });
        }
        Ok(Self { names: BTreeMap::new(), filtered, steps })
    }
}

impl Row {
    fn of(l: &Layout, run: &RunRecord, known: &Known) -> Self {
        Self {
            id: run.id,
            key: run.key,
            status: if known.filtered.contains(&run.id) { "filtered" } else { run.status.as_str() },
            step: known.steps.get(&run.id).cloned().unwrap_or_default(),
            workflow: run.workflow,
            name: known.names.get(&run.workflow).cloned().unwrap_or_default(),
            version: run.version,
            created_at: run.created_at,
            duration_ms: run.finished_at.zip(run.started_at).map(|(end, start)| end.ms_since(start)),
            failure: run.error.as_ref().and_then(|error| Failure::of_run(l.texts(), error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_older_and_newer_runs_keep_the_filter_and_find_back() {
        let wish = Wish { status: "dead".to_owned(), ..Wish::default() };
        assert_eq!(wish.newer(), "");
        assert_eq!(wish.older(100), "/runs?status=dead&before=100");
        let second = Wish { before: "100".to_owned(), ..wish };
        assert_eq!(second.newer(), "/runs?status=dead");
        assert_eq!(second.older(50), "/runs?status=dead&before=50&trail=100");
        let third = Wish { before: "50".to_owned(), trail: "100".to_owned(), ..second };
        assert_eq!(third.newer(), "/runs?status=dead&before=100");
        assert_eq!(third.older(20), "/runs?status=dead&before=20&trail=100.50");
        let fourth = Wish { before: "20".to_owned(), trail: "100.50".to_owned(), ..third };
        assert_eq!(fourth.newer(), "/runs?status=dead&before=50&trail=100");
    }
}
