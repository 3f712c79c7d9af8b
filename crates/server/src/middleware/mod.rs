//! What happens to every request and answer. In the app they stand, from the outside in: log, headers, compression, errors.

mod compress;
mod errors;
mod headers;
mod request_log;

pub(crate) use compress::accepts_gzip;
pub use compress::compress;
pub use errors::present_errors;
pub(crate) use headers::Policy;
pub use headers::security_headers;
pub use request_log::log_requests;

/// Addresses that programs use; all others are pages.
pub(crate) fn is_for_programs(path: &str) -> bool {
    path.starts_with("/api/")
        || path.starts_with("/hooks/")
        || matches!(path, "/api" | "/hooks" | "/healthz" | "/readyz")
}
