//! Forms that bring a file along.

use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_TYPE;
use serde_json::Value;

use crate::auth::{SignedIn, csrf};
use crate::config::Config;
use crate::problem::Problem;
use crate::webhooks::body::{self, Limits, Parsed};

/// Reads a form with at most one file that came from one of our own pages.
pub(super) fn read(
    request: &HttpRequest,
    signed_in: &SignedIn,
    config: &Config,
    bytes: &[u8],
) -> Result<Parsed, Problem> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let limits = Limits {
        max_decompressed_bytes: config.api.max_body_bytes,
        max_files: 1,
        max_file_bytes: config.api.max_body_bytes,
        ..Limits::from(&config.ingress)
    };
    let sent = body::parse(content_type, None, bytes, &limits)?;
    if csrf::is_valid(&signed_in.session, field(&sent, "csrf")) { Ok(sent) } else { Err(Problem::cross_site()) }
}

/// A field of the form; empty when it is not there.
pub(super) fn field<'a>(form: &'a Parsed, name: &str) -> &'a str {
    form.value.get(name).and_then(Value::as_str).unwrap_or_default()
}
