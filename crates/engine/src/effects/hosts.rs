//! Host patterns: where a node type or a credential may go.
//!
//! A pattern is `*`, `api.example.com` or `*.example.com` (any name below, not the name itself), optionally with
//! `scheme://` in front and `:port` behind. Without a scheme only `https` matches, without a port only the scheme's own.
//! A bare loopback host (`localhost`, `127.0.0.1`, `[::1]`) matches every port and `http` too, because nothing leaves
//! the machine.

use model::{ErrorCode, NodeError};
use url::{Host, Url};

/// Whether one of `patterns` matches the scheme, host and port of `url`.
pub fn matches_any<S: AsRef<str>>(patterns: &[S], url: &Url) -> bool {
    patterns.iter().any(|pattern| matches(pattern.as_ref(), url))
}

/// The narrowest pattern for an address: its scheme, host and port, where they are not the usual ones.
///
/// For a credential that is bound to the address in one of its own fields. None when it is not an `http` or `https` address.
pub fn pattern_of(address: &str) -> Option<String> {
    let url = Url::parse(address.trim()).ok()?;
    let host = url.host_str()?;
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    match url.scheme() {
        "https" => Some(format!("{host}{port}")),
        "http" => Some(format!("http://{host}{port}")),
        _ => None,
    }
}

/// Fails when a node type with `allowed` hosts may not go to `url`. A lone `*` stands for everything, `http` included.
pub(crate) fn check_node(allowed: &[String], url: &Url) -> Result<(), NodeError> {
    if allowed.iter().any(|pattern| pattern == "*") || matches_any(allowed, url) {
        return Ok(());
    }
    Err(refused(url, "this node", "may only talk to", allowed))
}

/// Fails when a credential that is bound to `hosts` may not be sent to `url`.
pub(crate) fn check_credential(hosts: &[String], url: &Url) -> Result<(), NodeError> {
    if matches_any(hosts, url) {
        return Ok(());
    }
    Err(refused(url, "the credential", "was made for", hosts))
}

fn refused(url: &Url, who: &str, may: &str, patterns: &[String]) -> NodeError {
    let origin = url.origin().ascii_serialization();
    let listed = if patterns.is_empty() { "no host at all".to_owned() } else { patterns.join(", ") };
    let hint = if patterns.iter().any(|pattern| matches_host(pattern, url)) {
        " Scheme and port count too: a pattern without them stands for https on its usual port."
    } else {
        ""
    };
    NodeError::permanent(
        ErrorCode::HostRefused,
        format!("The address {origin} is not one that {who} may be used with: it {may} {listed}.{hint}"),
    )
    .with_details(serde_json::json!({ "address": origin, "allowed": patterns }))
}

struct Parts<'a> {
    scheme: Option<&'a str>,
    host: &'a str,
    port: Option<u16>,
}

/// None when the port is no number, so that a mistyped pattern matches nothing.
fn split(pattern: &str) -> Option<Parts<'_>> {
    let pattern = pattern.trim().trim_end_matches('/');
    let (scheme, rest) = match pattern.split_once("://") {
        Some((scheme, rest)) => (Some(scheme), rest),
        None => (None, pattern),
    };
    let after_brackets = rest.rfind(']').map_or(0, |end| end + 1);
    let (host, port) = match rest[after_brackets..].rfind(':') {
        Some(colon) => {
            let colon = after_brackets + colon;
            (&rest[..colon], Some(rest[colon + 1..].parse().ok()?))
        }
        None => (rest, None),
    };
    Some(Parts { scheme, host: host.trim_end_matches('.'), port })
}

fn matches(pattern: &str, url: &Url) -> bool {
    let Some(parts) = split(pattern) else { return false };
    if !host_matches(parts.host, url) {
        return false;
    }
    let local = is_loopback(parts.host);
    let scheme_fits = match parts.scheme {
        Some(scheme) => scheme.eq_ignore_ascii_case(url.scheme()),
        None => url.scheme() == "https" || (local && url.scheme() == "http"),
    };
    let port_fits = match parts.port {
        Some(port) => url.port_or_known_default() == Some(port),
        None => url.port().is_none() || local,
    };
    scheme_fits && port_fits
}

fn matches_host(pattern: &str, url: &Url) -> bool {
    split(pattern).is_some_and(|parts| host_matches(parts.host, url))
}

fn host_matches(pattern: &str, url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let host = host.trim_end_matches('.');
    if pattern == "*" {
        return true;
    }
    if let Some(parent) = pattern.strip_prefix("*.") {
        let Ok(parent) = Host::parse(parent) else { return false };
        let is_name = matches!(url.host(), Some(Host::Domain(_)));
        return is_name
            && host.strip_suffix(&parent.to_string()).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    }
    Host::parse(pattern).is_ok_and(|pattern| pattern.to_string() == host)
}

fn is_loopback(host: &str) -> bool {
    match Host::parse(host) {
        Ok(Host::Domain(name)) => name == "localhost",
        Ok(Host::Ipv4(address)) => address.is_loopback(),
        Ok(Host::Ipv6(address)) => address.is_loopback(),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_exactly_what_it_says() {
        for (pattern, url, expected) in [
            ("*", "https://anything.example/", true),
            ("*", "http://anything.example/", false),
            ("http://*", "http://anything.example/", true),
            ("api.example.com", "https://api.example.com/v1", true),
            ("API.Example.com", "https://api.example.com/v1", true),
            ("api.example.com", "https://api.example.com./v1", true),
            ("api.example.com", "http://api.example.com/v1", false),
            ("http://api.example.com", "http://api.example.com/v1", true),
            ("http://api.example.com", "https://api.example.com/v1", false),
            ("api.example.com", "https://api.example.com:8443/", false),
            ("api.example.com:8443", "https://api.example.com:8443/", true),
            ("api.example.com:443", "https://api.example.com/", true),
            ("api.example.com:x", "https://api.example.com/", false),
            ("api.example.com", "https://api.example.com.evil.test/", false),
            ("api.example.com", "https://evil-api.example.com/", false),
            ("*.example.com", "https://a.b.example.com/", true),
            ("*.example.com", "https://example.com/", false),
            ("*.example.com", "https://badexample.com/", false),
            ("müller.example", "https://xn--mller-kva.example/", true),
            ("localhost", "http://localhost:3000/", true),
            ("127.0.0.1:8000", "http://127.0.0.1:8000/", true),
            ("127.0.0.1:8000", "http://127.0.0.1:8001/", false),
            ("[::1]", "http://[::1]:8000/", true),
            ("[::1]:9", "http://[::1]:8000/", false),
            ("10.0.0.1", "http://10.0.0.1/", false),
            ("", "https://api.example.com/", false),
        ] {
            assert_eq!(matches(pattern, &Url::parse(url).unwrap()), expected, "{pattern} on {url}");
        }
    }

    #[test]
    fn the_pattern_of_an_address_matches_it_and_its_paths() {
        for (address, pattern) in [
            ("https://erp.example/db", "erp.example"),
            ("https://erp.example:8443", "erp.example:8443"),
            ("http://127.0.0.1:8000/demo/", "http://127.0.0.1:8000"),
        ] {
            assert_eq!(pattern_of(address).as_deref(), Some(pattern));
            assert!(matches(pattern, &Url::parse(address).unwrap()), "{address}");
        }
        assert_eq!(pattern_of("ftp://files.example"), None);
        assert_eq!(pattern_of("erp.example"), None);
    }

    #[test]
    fn a_refusal_names_the_address_and_what_is_allowed() {
        let url = Url::parse("https://evil.test/x?y=z").unwrap();
        let error = check_credential(&["api.example.com".to_owned()], &url).unwrap_err();
        assert_eq!(error.code, ErrorCode::HostRefused);
        assert!(error.message.contains("https://evil.test") && error.message.contains("api.example.com"), "{error}");
        assert!(check_node(&["*".to_owned()], &url).is_ok());
        assert!(check_node(&[], &url).is_err());
    }
}
