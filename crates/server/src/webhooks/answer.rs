//! What the sender gets to hear.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use engine::live::{Answer, Watch};
use model::{EventId, EventStatus, RunId, RunStatus};
use serde::Serialize;
use serde_json::{Value, json};
use storage::queue::Accepted;
use utoipa::ToSchema;

use super::trigger::Respond;

/// What the sender of an event gets: where to look it up.
#[derive(Debug, Serialize, ToSchema)]
pub struct Receipt {
    /// The event; of a duplicate, the first one.
    #[schema(value_type = Uuid)]
    pub event: EventId,
    /// The run that it started; null when it was kept. Of a duplicate, the first one's.
    #[schema(value_type = Option<Uuid>)]
    pub run: Option<RunId>,
    /// `accepted`, `kept` or `duplicate`.
    #[schema(value_type = String)]
    pub status: EventStatus,
}

impl From<Accepted> for Receipt {
    fn from(accepted: Accepted) -> Self {
        Self { event: accepted.event, run: accepted.run, status: accepted.status }
    }
}

/// The answer to an event that is stored. Waits for the run when the trigger says so, for at most `patience`.
pub(super) async fn answer(
    respond: &Respond,
    accepted: Accepted,
    watch: Option<Watch>,
    patience: Duration,
) -> HttpResponse {
    if accepted.status != EventStatus::Accepted {
        return HttpResponse::Accepted().json(Receipt::from(accepted));
    }
    match (respond, watch) {
        (Respond::Accepted { status, body }, _) => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::ACCEPTED);
            match body {
                None => HttpResponse::build(status).json(Receipt::from(accepted)),
                Some(body) => with_body(status, Vec::new(), body),
            }
        }
        (_, None) => HttpResponse::Accepted().json(Receipt::from(accepted)),
        (respond, Some(watch)) => {
            let waiting = wait(respond, accepted, watch);
            match tokio::time::timeout(patience, waiting).await {
                Ok(Some(response)) => response,
                // The run goes on by itself; the sender may look it up later.
                Ok(None) | Err(_) => HttpResponse::Accepted().json(Receipt::from(accepted)),
            }
        }
    }
}

async fn wait(respond: &Respond, accepted: Accepted, mut watch: Watch) -> Option<HttpResponse> {
    loop {
        match watch.next().await? {
            Answer::Responded(said) if *respond == Respond::Node => return Some(as_said(&said)),
            Answer::Responded(_) => {}
            Answer::Waiting => return None,
            Answer::Finished { status, output, error } => return Some(finished(accepted, status, output, error)),
        }
    }
}

/// The answer that a "respond" node made.
fn as_said(said: &Value) -> HttpResponse {
    let status = said.get("status").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK);
    let headers = said.get("headers").and_then(Value::as_object).into_iter().flatten();
    let headers = headers.filter_map(|(name, value)| {
        let name = HeaderName::try_from(name.as_str()).ok()?;
        Some((name, HeaderValue::from_str(value.as_str()?).ok()?))
    });
    with_body(status, headers.collect(), said.get("body").unwrap_or(&Value::Null))
}

/// Text goes as text, nothing as nothing, everything else as JSON.
fn with_body(status: StatusCode, headers: Vec<(HeaderName, HeaderValue)>, body: &Value) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    let has_type = headers.iter().any(|(name, _)| *name == CONTENT_TYPE);
    for header in headers {
        response.insert_header(header);
    }
    let mut typed = |content_type: &'static str| {
        if !has_type {
            response.insert_header((CONTENT_TYPE, content_type));
        }
    };
    match body {
        Value::Null => response.finish(),
        Value::String(text) => {
            typed("text/plain; charset=utf-8");
            response.body(text.clone())
        }
        other => {
            typed("application/json");
            response.body(other.to_string())
        }
    }
}

/// The result of a run that is over. A run that did not end well is no success for its sender either.
fn finished(accepted: Accepted, status: RunStatus, output: Value, error: Option<Value>) -> HttpResponse {
    let http_status = match status {
        RunStatus::Succeeded => StatusCode::OK,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    };
    let mut result = json!({ "event": accepted.event, "run": accepted.run, "status": status });
    if status == RunStatus::Succeeded {
        result["output"] = output;
    } else if let Some(error) = error {
        // The details may hold data of other systems; the sender gets what it needs to report the failure.
        result["error"] = json!({
            "node": error["node"], "code": error["error"]["code"], "message": error["error"]["message"],
        });
    }
    HttpResponse::build(http_status).json(result)
}
