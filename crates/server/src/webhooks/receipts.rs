//! What a sender may ask later: what became of the event that it was given an id for.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, RETRY_AFTER};
use model::{ErrorCode, EventId, EventStatus, RunId, RunStatus, Timestamp};
use serde::Serialize;
use serde_json::Value;
use storage::{RunRecord, Storage, StorageError};
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemDocument};

/// The slug under which receipts are found. A webhook may have it, too: ids of events and of addresses never meet.
pub(super) const SLUG: &str = "receipts";

/// When a sender should ask again while its run is not over, in seconds.
const ASK_AGAIN_S: u32 = 2;

/// What became of an event. It holds nothing of what was sent or computed.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptState {
    /// The event.
    #[schema(value_type = Uuid)]
    pub event: EventId,
    /// `accepted`, `kept`, `duplicate` or `refused`.
    #[schema(value_type = String)]
    pub status: EventStatus,
    /// When it arrived.
    #[schema(value_type = String, format = DateTime)]
    pub received_at: Timestamp,
    /// The first event with the same delivery id, when this is a later one: its receipt says how it went.
    #[schema(value_type = Option<Uuid>)]
    pub duplicate_of: Option<EventId>,
    /// The latest run that it started; null as long as there is none.
    pub run: Option<ReceiptRun>,
}

/// The run of an event.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReceiptRun {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: RunId,
    /// `queued`, `running`, `waiting`, `succeeded`, `failed`, `dead` or `cancelled`.
    #[schema(value_type = String)]
    pub status: RunStatus,
    /// When it was first worked on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
    /// The stable code of why it did not end well.
    #[schema(value_type = Option<String>)]
    pub error_code: Option<ErrorCode>,
}

/// Tells what became of an event to whoever knows its id, which is its sender.
#[utoipa::path(get, path = "/hooks/v1/receipts/{event}", tag = "webhooks", params(("event" = Uuid, Path)), security(()),
    responses((status = 200, body = ReceiptState), (status = 404, body = ProblemDocument)))]
pub async fn receipt(storage: &Storage, id: &str) -> Result<HttpResponse, Problem> {
    let no_such_event = || Problem::not_found("event");
    let id: EventId = id.parse().map_err(|_| no_such_event())?;
    let event = match storage.event(id).await {
        Err(StorageError::NotFound { .. }) => return Err(no_such_event()),
        other => other?,
    };
    let run = match event.run {
        Some(run) => Some(ReceiptRun::from(storage.run(run).await?)),
        None => None,
    };
    let mut response = HttpResponse::Ok();
    response.insert_header((CACHE_CONTROL, "no-store"));
    if run.as_ref().is_some_and(|run| !run.status.is_final()) {
        response.insert_header((RETRY_AFTER, ASK_AGAIN_S));
    }
    Ok(response.json(ReceiptState {
        event: event.id,
        status: event.status,
        received_at: event.received_at,
        duplicate_of: event.duplicate_of,
        run,
    }))
}

impl From<RunRecord> for ReceiptRun {
    fn from(run: RunRecord) -> Self {
        let code = run.error.as_ref().and_then(|error| error.pointer("/error/code")).and_then(Value::as_str);
        Self {
            id: run.id,
            status: run.status,
            started_at: run.started_at,
            finished_at: run.finished_at,
            error_code: code.and_then(|code| code.parse().ok()),
        }
    }
}
