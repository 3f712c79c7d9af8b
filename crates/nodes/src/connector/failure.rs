//! What an HTTP status that counts as an error means to a person. The one place where that is said.

use model::{ErrorCode, NodeError};
use serde_json::{Value, json};

use crate::effect::HttpReply;

/// The failure that an answer's status says. `method` is that of the request.
///
/// 408, 425, 429 and every 5xx may pass by themselves (RFC 9110 §15, RFC 8470 §5.2, RFC 6585 §4); the rest will not.
pub fn status_error(method: &str, reply: &HttpReply) -> NodeError {
    let status = reply.status;
    let place = place(&reply.url);
    let excerpt = excerpt(&reply.body);
    let said = if excerpt.is_empty() { String::new() } else { format!(" It said: {excerpt}") };
    let name = reason(status).map(|reason| format!(" {reason}")).unwrap_or_default();
    let message = format!("{method} {place} answered {status}{name}. {}{said}", advice(status));
    let retryable = matches!(status, 408 | 425 | 429 | 500..=599);
    NodeError {
        code: ErrorCode::HttpStatus,
        message,
        retryable,
        retry_after_ms: reply.retry_after_ms.filter(|_| retryable),
        parameter: None,
        details: Some(json!({ "status": status, "body": excerpt, "url": place })),
    }
}

/// The longest part of an answer's body that an error message shows, in characters.
const MAX_EXCERPT_CHARS: usize = 500;

/// Host and path only: a query may hold what is nobody's business.
fn place(url: &str) -> String {
    url::Url::parse(url).map_or_else(
        |_| "The other side".to_owned(),
        |url| {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            format!("{}{port}{}", url.host_str().unwrap_or_default(), url.path())
        },
    )
}

fn advice(status: u16) -> &'static str {
    match status {
        401 => "Check this node's credential: it is missing, wrong or has expired.",
        403 => "Check this node's credential: it has no right to do this.",
        404 | 410 => "Check the address and the ids in it: there is nothing there.",
        405 => "Check the method: this address does not take it.",
        407 => "A proxy wants a sign-in; ask whoever runs the network.",
        408 | 425 => "The other side did not get the request in time; it is tried again.",
        409 | 412 | 423 => "It clashes with what is there already; look at the data that was sent.",
        413 => "What was sent is too large for the other side; send less.",
        400 | 406 | 415 | 422 => "Check the data that was sent: the other side cannot use it.",
        429 => "Too many requests; it is tried again later, as the other side asks.",
        300..=399 => "It wants to send on to another address, which was not followed; write the final address.",
        400..=499 => "The other side refuses the request; check address and data.",
        500..=599 => "The other side has a fault of its own; it is tried again.",
        _ => "This status counts as an error here.",
    }
}

/// The names of the statuses that people meet (RFC 9110 §15).
fn reason(status: u16) -> Option<&'static str> {
    Some(match status {
        301 => "Moved Permanently",
        302 => "Found",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        422 => "Unprocessable Content",
        423 => "Locked",
        425 => "Too Early",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => return None,
    })
}

/// The beginning of a body as one line of text. Markup is left out, so that an error page reads as a sentence.
fn excerpt(body: &Value) -> String {
    let text = match body {
        Value::Null => return String::new(),
        Value::String(text) if text.trim_start().starts_with('<') => without_markup(text),
        Value::String(text) => text.chars().take(MAX_EXCERPT_CHARS * 4).collect(),
        Value::Object(fields) if fields.contains_key("file_id") => return String::new(),
        other => other.to_string(),
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MAX_EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn without_markup(text: &str) -> String {
    let mut plain = String::new();
    let mut inside = false;
    for letter in text.chars().take(MAX_EXCERPT_CHARS * 20) {
        match letter {
            '<' => inside = true,
            '>' => {
                inside = false;
                plain.push(' ');
            }
            _ if !inside => plain.push(letter),
            _ => {}
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use serde_json::Map;

    use super::*;

    fn reply(status: u16, body: Value) -> HttpReply {
        let url = "https://erp.example:8443/orders?token=hush".to_owned();
        HttpReply { status, headers: Map::new(), body, url, retry_after_ms: Some(7_000) }
    }

    #[test]
    fn a_status_says_what_to_do_and_whether_waiting_helps() {
        for (status, retryable, expected) in [
            (301, false, "write the final address"),
            (401, false, "missing, wrong or has expired"),
            (403, false, "no right"),
            (404, false, "Check the address"),
            (408, true, "tried again"),
            (422, false, "Check the data"),
            (425, true, "tried again"),
            (429, true, "tried again later"),
            (451, false, "refuses the request"),
            (500, true, "fault of its own"),
            (503, true, "fault of its own"),
        ] {
            let error = status_error("POST", &reply(status, Value::Null));
            assert!(error.message.contains(expected), "{status}: {}", error.message);
            assert_eq!(error.retryable, retryable, "{status}");
            assert_eq!(error.retry_after_ms, retryable.then_some(7_000), "{status}");
        }
    }

    #[test]
    fn a_message_names_method_host_path_status_and_the_answer_but_no_query() {
        let error = status_error("POST", &reply(422, json!({ "error": "Größe fehlt" })));
        assert_eq!(
            error.message,
            "POST erp.example:8443/orders answered 422 Unprocessable Content. Check the data that was sent: the other \
             side cannot use it. It said: {\"error\":\"Größe fehlt\"}"
        );
        assert!(!format!("{error:?}").contains("hush"));
    }

    #[test]
    fn a_long_page_becomes_a_short_line() {
        let page = format!("<!doctype html>\n<h1>Sorry</h1>\n<p>{}</p>", "ü".repeat(2_000));
        let error = status_error("GET", &reply(500, json!(page)));
        let said = error.details.unwrap()["body"].as_str().unwrap().to_owned();
        assert!(said.starts_with("Sorry üü") && said.ends_with('…'), "{said}");
        assert_eq!(said.chars().count(), MAX_EXCERPT_CHARS + 1);
    }
}
