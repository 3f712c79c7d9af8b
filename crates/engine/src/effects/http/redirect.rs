//! Where an answer sends a request next. Nothing here sends anything.

use model::{ErrorCode, NodeError};
use reqwest::StatusCode;
use reqwest::header::{HeaderMap, LOCATION};
use url::Url;

use super::outgoing::{Outgoing, check_address, host_and_port};

/// The address that an answer points to, or nothing when it is the final one.
pub(super) fn target(status: StatusCode, headers: &HeaderMap, from: &Url) -> Result<Option<Url>, NodeError> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return Ok(None);
    }
    let Some(location) = headers.get(LOCATION) else { return Ok(None) };
    let fault = |what: String| {
        let message = format!("{} answered {status} and pointed to an address that {what}.", host_and_port(from));
        NodeError::permanent(ErrorCode::Response, message)
    };
    let text = std::str::from_utf8(location.as_bytes()).map_err(|_| fault("is not text".to_owned()))?;
    let url = from.join(text).map_err(|error| fault(format!("is not valid ({error})")))?;
    check_address(url)
        .map(Some)
        .map_err(|error| fault(format!("cannot be followed ({})", error.message.trim_end_matches('.'))))
}

/// Turns the request into the one that follows the redirect. `credential_in_use` says whether it carried one.
///
/// Gives back whether the credential may go along: only to the same scheme, host and port.
pub(super) fn follow(
    outgoing: &mut Outgoing,
    status: StatusCode,
    to: Url,
    credential_in_use: bool,
) -> Result<bool, NodeError> {
    let same_origin = outgoing.url.origin() == to.origin();
    if credential_in_use && outgoing.url.scheme() == "https" && to.scheme() == "http" {
        return Err(NodeError::permanent(
            ErrorCode::HostRefused,
            format!(
                "{} answered {status} and pointed to the unencrypted address http://{}. A request with a credential \
                 does not follow there.",
                host_and_port(&outgoing.url),
                host_and_port(&to)
            ),
        ));
    }
    if matches!(status.as_u16(), 301..=303) {
        outgoing.become_get();
    }
    if !same_origin {
        outgoing.forget_secrets();
    }
    outgoing.url = to;
    Ok(credential_in_use && same_origin)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use reqwest::Method;
    use reqwest::header::HeaderValue;
    use serde_json::Value;

    use super::*;

    fn post(url: &str) -> Outgoing {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("content-type", "text/plain"),
            ("authorization", "Bearer x"),
            ("cookie", "a=b"),
            ("x-api-key", "k"),
            ("accept", "*/*"),
            ("idempotency-key", "i"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        Outgoing {
            method: Method::POST,
            url: Url::parse(url).unwrap(),
            headers,
            body: Some(Bytes::from_static(b"x")),
            shown_body: Value::from("x"),
        }
    }

    fn names(outgoing: &Outgoing) -> Vec<&str> {
        let mut names: Vec<_> = outgoing.headers.keys().map(reqwest::header::HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn the_method_and_body_survive_only_307_and_308() {
        for (status, method, body) in
            [(301, "GET", false), (302, "GET", false), (303, "GET", false), (307, "POST", true), (308, "POST", true)]
        {
            let mut outgoing = post("https://a.test/x");
            let status = StatusCode::from_u16(status).unwrap();
            let goes_along = follow(&mut outgoing, status, Url::parse("https://a.test/y").unwrap(), true).unwrap();
            assert!(goes_along, "{status}");
            assert_eq!((outgoing.method.as_str(), outgoing.body.is_some()), (method, body), "{status}");
            assert_eq!(outgoing.headers.contains_key("content-type"), body, "{status}");
            assert!(outgoing.headers.contains_key("authorization"), "{status}");
        }
    }

    #[test]
    fn nothing_secret_goes_to_another_origin() {
        for to in ["https://b.test/", "https://a.test:8443/", "https://sub.a.test/"] {
            let mut outgoing = post("https://a.test/x");
            let to = Url::parse(to).unwrap();
            assert!(!follow(&mut outgoing, StatusCode::TEMPORARY_REDIRECT, to, true).unwrap());
            assert_eq!(names(&outgoing), ["accept", "content-type", "idempotency-key"]);
        }
    }

    #[test]
    fn a_credential_does_not_follow_to_an_unencrypted_address() {
        let to = Url::parse("http://a.test/").unwrap();
        let error = follow(&mut post("https://a.test/"), StatusCode::FOUND, to.clone(), true).unwrap_err();
        assert_eq!(error.code, ErrorCode::HostRefused);
        assert!(!follow(&mut post("https://a.test/"), StatusCode::FOUND, to, false).unwrap());
    }

    #[test]
    fn only_a_usable_location_is_followed() {
        let from = Url::parse("https://a.test/dir/x").unwrap();
        let with = |location: &'static str| HeaderMap::from_iter([(LOCATION, HeaderValue::from_static(location))]);
        let next = |status, location| target(StatusCode::from_u16(status).unwrap(), &with(location), &from);
        assert_eq!(next(302, "../y?z").unwrap().unwrap().as_str(), "https://a.test/y?z");
        assert_eq!(next(302, "//b.test/").unwrap().unwrap().as_str(), "https://b.test/");
        assert_eq!(next(304, "/y").unwrap(), None);
        assert_eq!(next(200, "/y").unwrap(), None);
        assert_eq!(target(StatusCode::FOUND, &HeaderMap::new(), &from).unwrap(), None);
        for bad in ["file:///etc/passwd", "javascript:alert(1)", "https://ann:pw@b.test/", "https://[::1"] {
            assert_eq!(next(302, bad).unwrap_err().code, ErrorCode::Response, "{bad}");
        }
    }
}
