//! Why a request got no answer, told so that a person can act and the engine can decide about a retry.

use std::io;

use model::{ErrorCode, NodeError};

use super::super::cause::{find, innermost, tls_failure};
use super::super::resolve::ResolveFailure;

/// Whether the request certainly never went out: no connection came about.
pub(super) fn was_not_sent(error: &reqwest::Error) -> bool {
    error.is_connect() || error.is_builder() || find::<ResolveFailure>(error).is_some()
}

/// The failure behind `error`, which ended `request` (`POST to api.example.com`) to `host`.
pub(super) fn failure(error: &reqwest::Error, request: &str, host: &str) -> NodeError {
    if let Some(failure) = find::<ResolveFailure>(error) {
        return failure.error();
    }
    if let Some(failure) = tls_failure(error, host) {
        return failure;
    }
    if error.is_timeout() {
        let message =
            format!("{request} failed: no connection could be set up in time. Check that the host can be reached.");
        return NodeError::passing(ErrorCode::Timeout, message);
    }
    if error.is_builder() {
        let message = format!("{request} cannot be sent: {}.", innermost(error));
        return NodeError::permanent(ErrorCode::Parameter, message).at("url");
    }
    let http = find::<hyper::Error>(error);
    if http.is_some_and(|http| http.is_parse() && !error.is_body() && !error.is_decode()) {
        let message = format!("{request} was answered with something that is not HTTP. Check the port and the scheme.");
        return NodeError::permanent(ErrorCode::Response, message);
    }
    let reason = match find::<io::Error>(error).map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => {
            "the connection was refused. Check the port, and that the service is running".to_owned()
        }
        Some(io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe) => {
            "the other side broke the connection off".to_owned()
        }
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => {
            "there is no way to the host. Check its address and this server's network".to_owned()
        }
        _ if error.is_body() || error.is_decode() => {
            format!("the answer broke off before its end ({})", innermost(error))
        }
        _ if http.is_some_and(|http| http.is_incomplete_message() || http.is_closed() || http.is_canceled()) => {
            "the other side closed the connection without an answer".to_owned()
        }
        _ => innermost(error).to_string(),
    };
    NodeError::passing(ErrorCode::Connection, format!("{request} failed: {reason}."))
}

/// The failure of a request that took longer than its step may.
pub(super) fn timed_out(request: &str, timeout_ms: u64) -> NodeError {
    NodeError::passing(
        ErrorCode::Timeout,
        format!(
            "{request} got no complete answer within {}. Raise the step's time limit if the service needs longer.",
            duration(timeout_ms)
        ),
    )
}

fn duration(millis: u64) -> String {
    if millis.is_multiple_of(1000) { format!("{} s", millis / 1000) } else { format!("{millis} ms") }
}
