//! The page after signing in: all workflows, how they are, and how to make one.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{RunStatus, Timestamp, WorkflowId};
use nodes::Catalogue;
use serde::Deserialize;
use storage::{Endpoint, LastRun, Storage, WorkflowActivity, WorkflowRecord};

use super::Site;
use super::layout::{Layout, page};
use super::query::with_query;
use super::templates;
use crate::api::definitions;
use crate::auth::SignedIn;
use crate::problem::Problem;
use crate::texts::Language;
use crate::webhooks::url_of;

/// How many workflows one page shows.
const PAGE_ROWS: usize = 50;

/// From how many workflows on there is a search field.
const SEARCH_FROM: usize = 10;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// What the address of the page says.
#[derive(Debug, Deserialize)]
pub(super) struct Wish {
    search: Option<String>,
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    l: Layout,
    /// How many workflows there are at all.
    total: usize,
    search: String,
    has_search: bool,
    workflows: Vec<WorkflowRow>,
    templates: Vec<TemplateCard>,
    /// Addresses of the pages before and after this one; empty when there are none.
    previous: String,
    next: String,
}

struct WorkflowRow {
    id: String,
    name: String,
    /// `active`, `paused` or `draft`.
    state: &'static str,
    problems: u64,
    last_run: Option<LastRun>,
    /// When a schedule starts its next run.
    next_at: Option<Timestamp>,
    recent: u64,
    recent_bad: u64,
    /// The addresses of its webhooks, whole and only the part that tells one from the others.
    urls: Vec<(String, String)>,
}

/// A template as the list of templates shows it.
struct TemplateCard {
    key: &'static str,
    icon: &'static str,
    name: String,
    description: String,
}

/// The home page.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    site: Data<Site>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let search = wish.search.as_deref().unwrap_or_default().trim().to_owned();
    let wanted = search.to_lowercase();
    let names = storage.workflow_names().await?;
    let total = names.len();
    let mut found = names.into_iter().filter(|(_, name)| name.to_lowercase().contains(&wanted)).map(|(id, _)| id);
    let number = wish.page.unwrap_or(1).max(1);
    let first = (number - 1).saturating_mul(PAGE_ROWS);
    let ids: Vec<WorkflowId> = found.by_ref().skip(first).take(PAGE_ROWS).collect();
    let has_more = found.next().is_some();
    let workflows = rows_of(&storage, &catalogue, &site, &ids).await?;
    let page_at = |number: usize| with_query("/", &[("search", &search), ("page", &number.to_string())]);
    let template = HomePage {
        templates: template_cards(l.texts().language()),
        total,
        has_search: total > SEARCH_FROM || !search.is_empty(),
        workflows,
        previous: if number > 1 { page_at(number - 1) } else { String::new() },
        next: if has_more { page_at(number + 1) } else { String::new() },
        search,
        l,
    };
    page(StatusCode::OK, &template)
}

/// The word for where a workflow stands.
pub(super) fn state_of(record: &WorkflowRecord) -> &'static str {
    match (record.published_version, record.active) {
        (None, _) => "draft",
        (Some(_), true) => "active",
        (Some(_), false) => "paused",
    }
}

fn template_cards(language: Language) -> Vec<TemplateCard> {
    let card = |(key, template): &'static (&'static str, templates::Template)| TemplateCard {
        key,
        icon: template.icon(),
        name: template.name(language),
        description: template.description(language),
    };
    templates::all().iter().map(card).collect()
}

/// The rows in the order of the ids. Only what is shown is read.
async fn rows_of(
    storage: &Storage,
    catalogue: &Catalogue,
    site: &Site,
    ids: &[WorkflowId],
) -> Result<Vec<WorkflowRow>, Problem> {
    let mut records = storage.workflows_of(ids).await?;
    records.sort_by_key(|record| ids.iter().position(|id| *id == record.id));
    let keys: Vec<i64> = records.iter().map(|record| record.key).collect();
    let mut activity = storage.workflow_activity(&keys, storage.now().minus_ms(DAY_MS)).await?;
    let mut rows = Vec::new();
    for record in records {
        let lately = activity.remove(&record.id).unwrap_or_default();
        rows.push(row_of(storage, catalogue, site, record, &lately).await?);
    }
    Ok(rows)
}

async fn row_of(
    storage: &Storage,
    catalogue: &Catalogue,
    site: &Site,
    record: WorkflowRecord,
    lately: &WorkflowActivity,
) -> Result<WorkflowRow, Problem> {
    let endpoints = storage.endpoints(record.key).await?;
    let in_draft = |node: &str| record.draft.nodes.iter().any(|known| known.id.as_str() == node);
    let urls = endpoints.iter().filter(|endpoint| in_draft(&endpoint.node));
    let count =
        |status: RunStatus| lately.recent.get(&status).and_then(|count| u64::try_from(*count).ok()).unwrap_or(0);
    let address = |endpoint: &Endpoint| {
        let url = url_of(&site.base_url, endpoint);
        let path = url.split_once("/hooks/v1/").map_or_else(|| url.clone(), |(_, path)| path.to_owned());
        (url, path)
    };
    let schedules = storage.schedules(record.key).await?;
    let next_at = schedules.iter().filter(|one| one.is_enabled && record.active).filter_map(|one| one.next_at).min();
    let problems = definitions::check(&record.draft, catalogue, storage).await?;
    Ok(WorkflowRow {
        id: record.id.to_string(),
        state: state_of(&record),
        problems: u64::try_from(problems.len()).unwrap_or(u64::MAX),
        last_run: lately.last_run,
        next_at,
        recent: RunStatus::ALL.iter().map(|status| count(*status)).sum(),
        recent_bad: count(RunStatus::Failed) + count(RunStatus::Dead),
        urls: urls.map(address).collect(),
        name: record.name,
    })
}
