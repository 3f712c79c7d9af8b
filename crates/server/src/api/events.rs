//! Events: everything that triggers received.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use model::{EndpointId, EventId, EventStatus, RunId, Timestamp, WorkflowId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storage::{EventFilter, EventRecord, Storage};
use utoipa::{IntoParams, ToSchema};

use super::{Page, paging};
use crate::auth::{Caller, Owner};
use crate::problem::{Problem, ProblemDocument};
use crate::redaction::{masked_event, note_reveal, personal_of};

/// Which events to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Only those of this workflow.
    #[param(value_type = Option<Uuid>)]
    pub workflow: Option<WorkflowId>,
    /// Only those that came in at this endpoint: the last part of its URL.
    #[param(value_type = Option<Uuid>)]
    pub endpoint: Option<EndpointId>,
    /// `accepted`, `kept`, `duplicate` or `refused`.
    #[param(value_type = Option<String>)]
    pub status: Option<EventStatus>,
    /// Only those received at or after this time (RFC 3339).
    pub since: Option<String>,
    /// Only those received before this time (RFC 3339).
    pub until: Option<String>,
    /// Only those with this event, run or delivery id, or with this value in a field that their workflow names for it. When
    /// there is none: those with this text in the body. That looks through the newest events and says by `partial` when it
    /// stopped before the end; `next` goes on.
    pub text: Option<String>,
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// An event in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventSummary {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: EventId,
    /// Its workflow.
    #[schema(value_type = Uuid)]
    pub workflow: WorkflowId,
    /// What became of it.
    #[schema(value_type = String)]
    pub status: EventStatus,
    /// Why it was refused.
    pub reason: Option<Reason>,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// Its method.
    pub method: String,
    /// The sender's address.
    pub remote_address: Option<String>,
    /// Its `Content-Type`.
    pub content_type: Option<String>,
    /// The size of its body as sent, in bytes.
    pub body_bytes: i64,
    /// The sender's id for it.
    pub delivery_id: Option<String>,
    /// The first event with the same delivery id, when this is a later one.
    #[schema(value_type = Option<Uuid>)]
    pub duplicate_of: Option<EventId>,
    /// The latest run that it started.
    #[schema(value_type = Option<Uuid>)]
    pub run: Option<RunId>,
}

/// Why an event was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct Reason {
    /// A stable code.
    pub code: String,
    /// The reason in words.
    pub message: String,
}

/// An event with its content.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventDetail {
    /// What the list shows, too.
    #[serde(flatten)]
    pub summary: EventSummary,
    /// Header names in lower case. Values that are secrets of the sender are masked.
    #[schema(value_type = Object)]
    pub headers: Map<String, Value>,
    /// Query parameters.
    #[schema(value_type = Object)]
    pub query: Map<String, Value>,
    /// The parsed body.
    #[schema(value_type = Object)]
    pub body: Value,
}

/// Whether an event has a content that can be a sample, or run. What was refused was not read, so its body would be empty.
pub(crate) fn is_usable(event: &EventRecord) -> bool {
    event.status != EventStatus::Refused
}

/// An event of this workflow that has a content to work with.
pub(crate) async fn usable_event(storage: &Storage, workflow: WorkflowId, id: EventId) -> Result<EventRecord, Problem> {
    let event = storage.event(id).await?;
    if event.workflow != workflow {
        return Err(Problem::not_found("event of this workflow"));
    }
    if !is_usable(&event) {
        return Err(Problem::not_now("problem.refused_event"));
    }
    Ok(event)
}

/// Lists events, the latest first.
#[utoipa::path(get, path = "/api/v1/events", tag = "events", params(EventQuery),
    responses((status = 200, body = Page<EventSummary>), (status = 400, body = ProblemDocument)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    query: Query<EventQuery>,
) -> Result<Json<Page<EventSummary>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let mut filter = EventFilter {
        status: query.status,
        since: paging::moment("since", query.since.as_deref())?,
        until: paging::moment("until", query.until.as_deref())?,
        text: query.text.clone(),
        before_key: paging::key(query.cursor.as_deref())?,
        limit,
        ..EventFilter::default()
    };
    if let Some(workflow) = query.workflow {
        filter.workflow_key = Some(storage.workflow_key(workflow).await?);
    }
    if let Some(endpoint) = query.endpoint {
        let target = storage.endpoint_target(endpoint).await?.ok_or_else(|| Problem::not_found("endpoint"))?;
        filter.endpoint_key = Some(target.endpoint.key);
    }
    Ok(Json(Page::found(storage.find_events(&filter).await?, EventSummary::from)))
}

/// Reads one event.
#[utoipa::path(get, path = "/api/v1/events/{id}", tag = "events", params(("id" = Uuid, Path)),
    responses((status = 200, body = EventDetail), (status = 404, body = ProblemDocument)))]
pub async fn read(_caller: Caller, storage: Data<Storage>, id: Path<EventId>) -> Result<Json<EventDetail>, Problem> {
    let record = storage.event(*id).await?;
    let content = masked_event(&storage, record.workflow, *id).await?;
    Ok(Json(EventDetail { summary: record.into(), headers: content.headers, query: content.query, body: content.body }))
}

/// Reads one event with what is masked otherwise, because it is personal. Only the owner may, and it is written down.
#[utoipa::path(post, path = "/api/v1/events/{id}/reveal", tag = "events", params(("id" = Uuid, Path)),
    responses((status = 200, body = EventDetail), (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub async fn reveal(owner: Owner, storage: Data<Storage>, id: Path<EventId>) -> Result<Json<EventDetail>, Problem> {
    let record = storage.event(*id).await?;
    note_reveal(&storage, &owner.0.name(), "event", &id.to_string()).await?;
    let content = storage.event_content(*id).await?;
    Ok(Json(EventDetail { summary: record.into(), headers: content.headers, query: content.query, body: content.body }))
}

/// Reads the body of an event exactly as it was sent, as a download. When its workflow has personal fields, only the owner
/// may, and it is written down.
#[utoipa::path(get, path = "/api/v1/events/{id}/body", tag = "events", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "application/octet-stream"),
        (status = 403, body = ProblemDocument), (status = 404, body = ProblemDocument)))]
pub async fn raw_body(
    caller: Caller,
    owner: Result<Owner, Problem>,
    storage: Data<Storage>,
    id: Path<EventId>,
) -> Result<HttpResponse, Problem> {
    let workflow = storage.event(*id).await?.workflow;
    if !personal_of(&storage, workflow, None).await?.is_empty() {
        owner?;
        note_reveal(&storage, &caller.name(), "event", &id.to_string()).await?;
    }
    let (content_type, bytes) = storage.event_raw_body(*id).await?;
    // What a sender wrote must never be shown as a page of ours, whatever type it says it has.
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.body\"")))
        .insert_header(("x-original-content-type", content_type.unwrap_or_default()))
        .body(bytes))
}

impl From<EventRecord> for EventSummary {
    fn from(record: EventRecord) -> Self {
        Self {
            id: record.id,
            workflow: record.workflow,
            status: record.status,
            reason: record.reason.map(|(code, message)| Reason { code, message }),
            received_at: record.received_at,
            method: record.method,
            remote_address: record.remote_address,
            content_type: record.content_type,
            body_bytes: record.body_bytes,
            delivery_id: record.delivery_id,
            duplicate_of: record.duplicate_of,
            run: record.run,
        }
    }
}
