//! A request that was checked and is ready to be sent, once or to several addresses in turn.

use bytes::Bytes;
use model::{ErrorCode, NodeError};
use nodes::effect::HttpRequest;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use url::Url;

use super::super::exchange::is_sensitive;
use super::super::settings::EffectSettings;
use super::super::stored::Stored;
use super::body::Content;

/// Longer addresses are refused by most servers, and a script can make them without end.
const LONGEST_URL_BYTES: usize = 32 * 1024;

/// More header fields than this are a mistake, and servers refuse them.
const MOST_HEADERS: usize = 200;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Header fields that belong to the connection or to how the body is sent. Setting one by hand could smuggle a request.
const NOT_BY_HAND: [&str; 12] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "proxy-authorization",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept-encoding",
];

/// A request that was checked.
pub(super) struct Outgoing {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Bytes>,
    /// What the history shows of the body.
    pub(super) shown_body: Value,
}

impl Outgoing {
    /// Checks `request` and builds what is to be sent, without a credential.
    pub(super) async fn prepare(
        request: &HttpRequest,
        idempotency_key: &str,
        stored: &Stored,
        settings: &EffectSettings,
    ) -> Result<Self, NodeError> {
        let method = method(&request.method)?;
        let url = address(&request.url, &request.query)?;
        let mut headers = headers(&request.headers)?;
        let limits = (settings.max_request_bytes, settings.exchange_excerpt_bytes);
        let content = Content::build(&request.body, stored, limits.0, limits.1).await?;
        if let Some(content_type) = &content.media_type {
            if content.fixed_type && headers.contains_key(CONTENT_TYPE) {
                let message = "A multipart body sets its own `Content-Type`. Remove the header field.";
                return Err(NodeError::permanent(ErrorCode::Parameter, message).at("headers.Content-Type"));
            }
            if !headers.contains_key(CONTENT_TYPE) {
                let value = HeaderValue::try_from(content_type.as_str()).map_err(|_| {
                    NodeError::permanent(ErrorCode::Parameter, "The file's content type is not valid.").at("body")
                })?;
                headers.insert(CONTENT_TYPE, value);
            }
        }
        if !request.safe_to_repeat && !headers.contains_key(IDEMPOTENCY_KEY) {
            let value = HeaderValue::try_from(idempotency_key).map_err(|_| {
                NodeError::permanent(ErrorCode::Internal, "The idempotency key does not fit into a header field.")
            })?;
            headers.insert(IDEMPOTENCY_KEY, value);
        }
        Ok(Self { method, url, headers, body: content.bytes, shown_body: content.shown })
    }

    /// Turns the request into a `GET` without a body, as browsers do after most redirects.
    pub(super) fn become_get(&mut self) {
        if self.method != Method::HEAD {
            self.method = Method::GET;
        }
        self.body = None;
        self.shown_body = Value::Null;
        let content: Vec<HeaderName> =
            self.headers.keys().filter(|name| name.as_str().starts_with("content-")).cloned().collect();
        for name in content.iter().chain([&IDEMPOTENCY_KEY]) {
            self.headers.remove(name);
        }
    }

    /// Removes every header field that is nobody else's business, before the request goes to another origin.
    pub(super) fn forget_secrets(&mut self) {
        let secret: Vec<HeaderName> = self.headers.keys().filter(|name| is_sensitive(name)).cloned().collect();
        for name in secret {
            self.headers.remove(name);
        }
    }

    /// `POST to api.example.com`, for messages.
    pub(super) fn name(&self) -> String {
        format!("{} to {}", self.method, host_and_port(&self.url))
    }
}

/// The host, with its port when it is not the usual one.
pub(super) fn host_and_port(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

/// Reads an address that may be requested: `http` or `https`, with a host, without a user name in it.
pub(super) fn check_address(url: Url) -> Result<Url, NodeError> {
    let fault = |message: String| Err(NodeError::permanent(ErrorCode::Parameter, message).at("url"));
    if !matches!(url.scheme(), "http" | "https") {
        return fault(format!("The address must begin with http:// or https://, not with `{}:`.", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return fault("The address must not hold a user name or password. Store them as a credential.".to_owned());
    }
    Ok(url)
}

fn address(text: &str, query: &[(String, String)]) -> Result<Url, NodeError> {
    let mut url = Url::parse(text.trim()).map_err(|error| {
        let message = format!("The address is not valid: {error}. It must look like https://api.example.com/path.");
        NodeError::permanent(ErrorCode::Parameter, message).at("url")
    })?;
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    if url.as_str().len() > LONGEST_URL_BYTES {
        let message = format!("The address is longer than {LONGEST_URL_BYTES} bytes. Send the data in the body.");
        return Err(NodeError::permanent(ErrorCode::TooLarge, message).at("url"));
    }
    check_address(url)
}

fn method(text: &str) -> Result<Method, NodeError> {
    let method = Method::from_bytes(text.trim().to_ascii_uppercase().as_bytes()).ok();
    // CONNECT opens a tunnel and TRACE exists to echo secrets; neither is a request that a workflow could want.
    method.filter(|method| *method != Method::CONNECT && *method != Method::TRACE).ok_or_else(|| {
        let message =
            format!("`{text}` is not a method that can be used. Use GET, POST, PUT, PATCH, DELETE, HEAD or OPTIONS.");
        NodeError::permanent(ErrorCode::Parameter, message).at("method")
    })
}

fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, NodeError> {
    if pairs.len() > MOST_HEADERS {
        let message = format!("There are {} header fields, more than {MOST_HEADERS}.", pairs.len());
        return Err(NodeError::permanent(ErrorCode::TooLarge, message).at("headers"));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in pairs {
        let fault = |what: &str| {
            NodeError::permanent(ErrorCode::Parameter, format!("The header field `{}` {what}", name.escape_debug()))
                .at(format!("headers.{name}"))
        };
        let parsed = HeaderName::try_from(name.trim())
            .map_err(|_| fault("has a name that is not valid. Use letters, digits and hyphens."))?;
        if NOT_BY_HAND.contains(&parsed.as_str()) {
            return Err(fault("is set by Stellwerk itself and cannot be chosen. Remove it."));
        }
        let value = HeaderValue::try_from(value.trim())
            .map_err(|_| fault("has a value with a line break or another control character. Remove that."))?;
        headers.append(parsed, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_fields_of_the_connection_cannot_be_set_by_hand() {
        for name in NOT_BY_HAND {
            let error = headers(&[(name.to_uppercase(), "x".to_owned())]).unwrap_err();
            assert_eq!(error.code, ErrorCode::Parameter, "{name}");
        }
    }

    #[test]
    fn a_line_break_cannot_add_a_header_field() {
        for (name, value) in [("X-A", "1\r\nX-B: 2"), ("X-A\r\nX-B", "1"), ("X-A", "1\n2"), ("X A", "1"), ("", "1")] {
            let error = headers(&[(name.to_owned(), value.to_owned())]).unwrap_err();
            assert_eq!(error.parameter, Some(format!("headers.{name}")));
        }
    }

    #[test]
    fn addresses_and_methods_that_cannot_be_used_are_explained() {
        for (url, expected) in [
            ("ftp://files.test/x", "http:// or https://"),
            ("file:///etc/passwd", "http:// or https://"),
            ("api.test/path", "not valid"),
            ("https://ann:pw@api.test/", "Store them as a credential"),
            ("https://", "not valid"),
        ] {
            let error = address(url, &[]).unwrap_err();
            assert!(error.message.contains(expected) && !error.message.contains("pw@"), "{url}: {error}");
        }
        let long = format!("https://a.test/?{}", "x".repeat(LONGEST_URL_BYTES));
        assert_eq!(address(&long, &[]).unwrap_err().code, ErrorCode::TooLarge);
        for method_name in ["CONNECT", "TRACE", "GE T", ""] {
            assert_eq!(method(method_name).unwrap_err().parameter.as_deref(), Some("method"));
        }
    }

    #[test]
    fn query_pairs_are_added_behind_those_of_the_address() {
        let pairs = [("q".to_owned(), "a b&c".to_owned()), ("q".to_owned(), "ü".to_owned())];
        let url = address("https://a.test/p?x=%20y#part", &pairs).unwrap();
        assert_eq!(url.as_str(), "https://a.test/p?x=%20y&q=a+b%26c&q=%C3%BC#part");
    }
}
