//! The page after signing in: workflows with their state and addresses, the latest runs, and what to do next.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{RunStatus, Timestamp, WorkflowId};
use std::collections::HashMap;
use storage::{RunFilter, Storage, WorkflowRecord};

use super::Site;
use super::layout::{Layout, page};
use crate::auth::SignedIn;
use crate::problem::Problem;

/// How many workflows and runs the page shows at the most.
const MAX_WORKFLOWS: usize = 50;
const MAX_RUNS: u64 = 10;

#[derive(Template)]
#[template(path = "home.html")]
struct HomePage {
    l: Layout,
    base_url: String,
    workflows: Vec<WorkflowRow>,
    runs: Vec<RunRow>,
}

struct WorkflowRow {
    name: String,
    /// `active`, `paused` or `draft`.
    state: &'static str,
    version: String,
    urls: Vec<String>,
}

struct RunRow {
    workflow: String,
    id: String,
    status: &'static str,
    at: Timestamp,
}

impl RunRow {
    fn shown_time(&self) -> String {
        let text = self.at.to_string();
        text.get(..16).map_or(text.clone(), |minutes| format!("{} UTC", minutes.replace('T', " ")))
    }
}

/// The home page.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    site: Data<Site>,
) -> Result<HttpResponse, Problem> {
    let records = storage.workflows().await?;
    let names: HashMap<WorkflowId, String> = records.iter().map(|record| (record.id, record.name.clone())).collect();
    let mut workflows = Vec::new();
    for record in records.into_iter().take(MAX_WORKFLOWS) {
        workflows.push(row_of(&storage, &site, record).await?);
    }
    let filter = RunFilter { limit: MAX_RUNS, ..RunFilter::default() };
    let runs = storage.runs(&filter).await?.into_iter().map(|run| RunRow {
        workflow: names.get(&run.workflow).cloned().unwrap_or_else(|| "–".to_owned()),
        id: run.id.to_string(),
        status: RunStatus::as_str(run.status),
        at: run.created_at,
    });
    let template = HomePage {
        l: Layout::for_user(&request, &signed_in),
        base_url: site.base_url.to_string(),
        workflows,
        runs: runs.collect(),
    };
    page(StatusCode::OK, &template)
}

async fn row_of(storage: &Storage, site: &Site, record: WorkflowRecord) -> Result<WorkflowRow, Problem> {
    let endpoints = storage.endpoints(record.key).await?;
    let url_of = |slug: &str, id| format!("{}hooks/v1/{slug}/{id}", site.base_url);
    Ok(WorkflowRow {
        urls: endpoints.iter().map(|endpoint| url_of(&endpoint.slug, endpoint.id)).collect(),
        state: match (record.published_version, record.active) {
            (None, _) => "draft",
            (Some(_), true) => "active",
            (Some(_), false) => "paused",
        },
        version: record.published_version.map(|version| version.to_string()).unwrap_or_default(),
        name: record.name,
    })
}
