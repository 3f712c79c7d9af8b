//! The inbox: the addresses that listen, and every request that came in, also those that started nothing.

mod answer;

use std::collections::BTreeMap;

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query, ServiceConfig, get, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{EndpointId, EventId, EventStatus, RunId, Timestamp, WorkflowId};
use serde::Deserialize;
use storage::{EndpointOverview, EventFilter, EventRecord, Storage};

pub(super) use self::answer::Answer;
use super::Site;
use super::layout::{Layout, page};
use super::query::{PAGE_ROWS, with_query};
use crate::auth::SignedIn;
use crate::problem::Problem;

/// How many addresses the page shows at the most.
const MAX_ENDPOINTS: usize = 200;

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// The addresses of the inbox.
pub(super) fn routes(config: &mut ServiceConfig) {
    config.service(resource("/inbox").route(get().to(show)));
}

/// What to show, as it stands in the query string. A form sends empty fields, too.
#[derive(Debug, Default, Deserialize)]
struct Wish {
    #[serde(default)]
    endpoint: String,
    #[serde(default)]
    workflow: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    before: String,
}

#[derive(Template)]
#[template(path = "inbox.html")]
struct InboxPage {
    l: Layout,
    wish: Wish,
    endpoints: Vec<EndpointRow>,
    /// The address whose requests are shown; none when those of all are.
    chosen: Option<EndpointRow>,
    requests: Vec<RequestRow>,
    statuses: Vec<&'static str>,
    is_filtered: bool,
    /// Whether a search stopped before it had looked through everything.
    is_partial: bool,
    /// The address of the first page with the same filter.
    latest: String,
    older: Option<String>,
}

/// An address that listens.
struct EndpointRow {
    id: EndpointId,
    url: String,
    workflow: WorkflowId,
    workflow_name: String,
    node: String,
    /// `active`, `paused` or `draft`.
    state: &'static str,
    recent: String,
    last_at: Option<Timestamp>,
}

impl EndpointRow {
    /// The part of the URL that tells it from the others.
    fn path(&self) -> &str {
        self.url.split_once("/hooks/v1/").map_or(self.url.as_str(), |(_, path)| path)
    }
}

struct RequestRow {
    id: EventId,
    at: Timestamp,
    method: String,
    answer: Answer,
    /// Whether conditions ended its latest run.
    was_filtered: bool,
    size: String,
    sender: String,
    delivery_id: String,
    /// The workflow and the trigger that it came in at; empty when the workflow was deleted.
    target: String,
    /// Whether a person started it, so that no sender got an answer.
    is_by_hand: bool,
}

/// Shows the inbox.
async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    site: Data<Site>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let wish = wish.into_inner();
    let overview = storage.endpoint_overview(storage.now().minus_ms(DAY_MS)).await?;
    let by_key: BTreeMap<i64, &EndpointOverview> = overview.iter().map(|one| (one.endpoint.key, one)).collect();
    let names: BTreeMap<WorkflowId, &str> =
        overview.iter().map(|one| (one.workflow, one.workflow_name.as_str())).collect();
    let chosen = wish.endpoint.parse::<EndpointId>().ok();
    let chosen = chosen.and_then(|id| overview.iter().find(|one| one.endpoint.id == id));
    let filter = filter_of(&wish, chosen, &storage).await?;
    let found = storage.find_events(&filter).await?;
    let runs: Vec<RunId> = found.items.iter().filter_map(|event| event.run).collect();
    let filtered = storage.filtered_runs(&runs).await?;
    let row = |event: EventRecord| {
        let origin = event.endpoint_key.and_then(|key| by_key.get(&key));
        let target = match origin {
            Some(one) => format!("{} · {}", one.workflow_name, one.endpoint.node),
            None => names.get(&event.workflow).copied().unwrap_or_default().to_owned(),
        };
        let was_filtered = event.run.is_some_and(|run| filtered.contains(&run));
        RequestRow { was_filtered, ..request_row(&l, event, target) }
    };
    let requests = found.items.into_iter().map(row).collect();
    let with = |before: &str| {
        let (endpoint, workflow) = (wish.endpoint.as_str(), wish.workflow.as_str());
        let (status, text) = (wish.status.as_str(), wish.text.as_str());
        let parameters =
            [("endpoint", endpoint), ("workflow", workflow), ("status", status), ("text", text), ("before", before)];
        with_query("/inbox", &parameters)
    };
    let template = InboxPage {
        chosen: chosen.map(|one| endpoint_row(&l, &site, one)),
        endpoints: overview.iter().take(MAX_ENDPOINTS).map(|one| endpoint_row(&l, &site, one)).collect(),
        requests,
        statuses: EventStatus::ALL.iter().map(|status| status.as_str()).collect(),
        is_filtered: !wish.status.is_empty() || !wish.text.trim().is_empty() || !wish.workflow.is_empty(),
        is_partial: found.is_partial,
        latest: with(""),
        older: found.next_key.map(|key| with(&key.to_string())),
        wish,
        l,
    };
    page(StatusCode::OK, &template)
}

fn endpoint_row(l: &Layout, site: &Site, one: &EndpointOverview) -> EndpointRow {
    EndpointRow {
        id: one.endpoint.id,
        url: format!("{}hooks/v1/{}/{}", site.base_url, one.endpoint.slug, one.endpoint.id),
        workflow: one.workflow,
        workflow_name: one.workflow_name.clone(),
        node: one.endpoint.node.clone(),
        state: match (one.is_published, one.active) {
            (false, _) => "draft",
            (true, true) => "active",
            (true, false) => "paused",
        },
        recent: l.format().number(u64::try_from(one.recent_events).unwrap_or_default()),
        last_at: one.last_event_at,
    }
}

async fn filter_of(wish: &Wish, chosen: Option<&EndpointOverview>, storage: &Storage) -> Result<EventFilter, Problem> {
    // What cannot be read in the address is as if it were not there: the page shows which filter holds.
    let workflow_key = match wish.workflow.parse::<WorkflowId>() {
        Ok(id) => Some(storage.workflow_key(id).await?),
        Err(_) => None,
    };
    Ok(EventFilter {
        workflow_key,
        endpoint_key: chosen.map(|one| one.endpoint.key),
        status: wish.status.parse().ok(),
        text: Some(wish.text.trim().to_owned()).filter(|text| !text.is_empty()),
        before_key: wish.before.parse().ok(),
        limit: PAGE_ROWS,
        ..EventFilter::default()
    })
}

fn request_row(l: &Layout, event: EventRecord, target: String) -> RequestRow {
    RequestRow {
        answer: Answer::of(l, &event),
        was_filtered: false,
        id: event.id,
        at: event.received_at,
        method: event.method,
        size: l.format().bytes(u64::try_from(event.body_bytes).unwrap_or_default()),
        sender: event.remote_address.unwrap_or_default(),
        delivery_id: event.delivery_id.unwrap_or_default(),
        target,
        is_by_hand: event.endpoint_key.is_none(),
    }
}
