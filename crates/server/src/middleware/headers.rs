//! Headers that keep a browser from doing what no page of ours needs.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web::Data;
use actix_web::{Error, HttpResponse};

use crate::auth::Accounts;

/// What a browser may do with an answer. A handler of ours can choose another one than the usual with
/// [`Policy::applied_to`]; what a workflow answers is always [`Policy::Answer`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Policy {
    /// For our own pages: only our own scripts, styles and forms, and no frames.
    #[default]
    Page,
    /// The same for a page that shows a document of ours in a frame.
    PageWithFrame,
    /// For a document that somebody else wrote and that a page of ours shows in a frame: it is shown, and that is all.
    Framed,
    /// For a script or a style sheet of ours: what rules a document means nothing there, and they are many and small.
    Part,
    /// For what a workflow answers: it may be a page, but never one that acts as one of ours.
    Answer,
}

const ALWAYS: &[(&str, &str)] = &[("x-content-type-options", "nosniff"), ("referrer-policy", "same-origin")];

/// What is said about documents only.
const FOR_DOCUMENTS: &[(&str, &str)] = &[
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
    let chosen = response.response().extensions().get::<Policy>().copied().unwrap_or_default();
    let policy = if is_answer { Policy::Answer } else { chosen };
    let headers = response.headers_mut();
    if is_answer {
        for name in NEVER_IN_ANSWERS {
            headers.remove(*name);
        }
    }
    let further = if policy == Policy::Part {
        &[][..]
    } else {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy.content_security()));
        add(headers, header::X_FRAME_OPTIONS, policy.frame_options());
        FOR_DOCUMENTS
    };
    for (name, value) in ALWAYS.iter().chain(further) {
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

impl Policy {
    /// The response, under this policy.
    pub(crate) fn applied_to(self, mut response: HttpResponse) -> HttpResponse {
        response.extensions_mut().insert(self);
        response
    }

    fn content_security(self) -> &'static str {
        match self {
            Self::Page | Self::Part => {
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
            }
            Self::PageWithFrame => {
                "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                 connect-src 'self'; form-action 'self'; frame-src 'self'; frame-ancestors 'none'; base-uri 'none'"
            }
            Self::Framed => {
                "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; \
                 form-action 'none'; frame-ancestors 'self'; base-uri 'none'"
            }
            Self::Answer => {
                "sandbox allow-forms allow-popups; default-src 'none'; style-src 'unsafe-inline'; \
                 img-src data: https:; frame-ancestors 'none'; base-uri 'none'"
            }
        }
    }

    fn frame_options(self) -> &'static str {
        if self == Self::Framed { "SAMEORIGIN" } else { "DENY" }
    }
}

fn add(headers: &mut HeaderMap, name: HeaderName, value: &'static str) {
    if !headers.contains_key(&name) {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
