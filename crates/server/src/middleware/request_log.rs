//! One line in the log for a request, and an id by which the line and the answer find each other.

use std::borrow::Cow;
use std::time::Instant;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Instrument;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Logs what was asked and answered: faults of ours as warnings, everything else for debugging only, because a busy
/// server answers thousands a second. The query string is left out, it may hold secrets.
pub async fn log_requests(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let began = Instant::now();
    let id = model::id::time_ordered().to_string();
    let span = tracing::info_span!("request", id, method = %request.method(), path = %shown_path(request.path()));
    let mut response = next.call(request).instrument(span.clone()).await?;
    let status = response.status().as_u16();
    let duration_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    span.in_scope(|| {
        if status >= 500 {
            tracing::warn!(status, duration_ms, "answered");
        } else {
            tracing::debug!(status, duration_ms, "answered");
        }
    });
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    Ok(response)
}

/// Who knows a webhook's whole address may send to it, so the log shows only its beginning.
fn shown_path(path: &str) -> Cow<'_, str> {
    let Some(rest) = path.strip_prefix("/hooks/v1/") else { return Cow::Borrowed(path) };
    let (slug, id) = rest.split_once('/').unwrap_or((rest, ""));
    Cow::Owned(format!("/hooks/v1/{slug}/{}…", id.chars().take(8).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::shown_path;

    #[test]
    fn the_secret_part_of_a_webhook_address_is_not_logged() {
        let path = "/hooks/v1/order/0e8fd1d3-6a25-4b0a-a4c5-6f8ae5f3a111";
        assert_eq!(shown_path(path), "/hooks/v1/order/0e8fd1d3…");
        assert_eq!(shown_path("/api/v1/runs"), "/api/v1/runs");
    }
}
