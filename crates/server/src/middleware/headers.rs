//! Headers that keep a browser from doing what no page of ours needs.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;

use crate::auth::Accounts;

/// For our own pages: only our own scripts, styles and forms, and no frames.
const OWN_PAGES: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
     connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// For what a workflow answers: it may be a page, but never one that acts as one of ours.
const ANSWERS: &str = "sandbox allow-forms allow-popups; default-src 'none'; style-src 'unsafe-inline'; \
     img-src data: https:; frame-ancestors 'none'; base-uri 'none'";

const ALWAYS: &[(&str, &str)] = &[
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), microphone=(), geolocation=(), payment=()"),
];

/// What a workflow's answer may not say, because it would hold for our own pages too, which share its host.
const NEVER_IN_ANSWERS: &[&str] =
    &["set-cookie", "clear-site-data", "strict-transport-security", "service-worker-allowed", "alt-svc"];

/// Adds the headers to every answer. A workflow may set others for its own answer, but not what would reach our pages.
pub async fn security_headers(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let is_answer = request.path().starts_with("/hooks/");
    let is_https = request.app_data::<Data<Accounts>>().is_some_and(|accounts| accounts.settings().is_https);
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    if is_answer {
        for name in NEVER_IN_ANSWERS {
            headers.remove(*name);
        }
    }
    let policy = if is_answer { ANSWERS } else { OWN_PAGES };
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    for (name, value) in ALWAYS {
        add(headers, HeaderName::from_static(name), value);
    }
    if is_https {
        add(headers, header::STRICT_TRANSPORT_SECURITY, "max-age=31536000");
    }
    if !is_answer {
        add(headers, header::CACHE_CONTROL, "no-store");
    }
    Ok(response)
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
