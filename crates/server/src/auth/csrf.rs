//! Forms and writes that carry a cookie must come from our own pages.
//!
//! Every form carries a token derived from the secret in the visitor's cookie, which another site cannot read. Beside it
//! the browser's own word counts: `Sec-Fetch-Site` and `Origin` must not name another site.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{self, HeaderMap};
use actix_web::web::{Bytes, Data, Query};
use actix_web::{FromRequest, HttpRequest};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::Sha256;
use subtle::ConstantTimeEq;

use super::{Accounts, SessionToken, random};
use crate::problem::Problem;

/// The header in which scripts of our own pages send the token.
pub const HEADER: &str = "X-CSRF-Token";

/// The largest form that a page may send.
pub(crate) const MAX_FORM_BYTES: usize = 128 * 1024;

/// A form that came from one of our own pages.
#[derive(Debug)]
pub struct CheckedForm<T>(pub T);

/// A token that goes with a visitor's secret. It is masked with random bytes that stand before it, so that it looks
/// different in each page and the length of compressed pages tells nothing about it.
pub fn token_for(secret: &SessionToken) -> Result<String, Problem> {
    let mask = random::bytes()?;
    Ok(hex::encode([mask, xor(mask, bare_token(secret))].concat()))
}

/// Whether a token goes with a visitor's secret; in constant time.
pub fn is_valid(secret: &SessionToken, token: &str) -> bool {
    let mut bytes = [0; 2 * TOKEN_BYTES];
    if hex::decode_to_slice(token, &mut bytes).is_err() {
        return false;
    }
    let (mut mask, mut masked) = ([0; TOKEN_BYTES], [0; TOKEN_BYTES]);
    mask.copy_from_slice(&bytes[..TOKEN_BYTES]);
    masked.copy_from_slice(&bytes[TOKEN_BYTES..]);
    xor(mask, masked).ct_eq(&bare_token(secret)).into()
}

const TOKEN_BYTES: usize = 32;

fn xor(mut one: [u8; TOKEN_BYTES], other: [u8; TOKEN_BYTES]) -> [u8; TOKEN_BYTES] {
    one.iter_mut().zip(other).for_each(|(byte, other)| *byte ^= other);
    one
}

fn bare_token(secret: &SessionToken) -> [u8; TOKEN_BYTES] {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.secret().as_bytes()).unwrap_or_else(|_| unreachable!("any key fits"));
    mac.update(b"stellwerk form");
    mac.finalize().into_bytes().into()
}

/// Whether a write with a session cookie comes from our own pages: by its token, or by the browser's word.
pub fn is_own_write(request: &HttpRequest, session: &SessionToken) -> bool {
    let headers = request.headers();
    let token = headers.get(HEADER).and_then(|value| value.to_str().ok());
    match token {
        Some(token) => is_valid(session, token) && site(headers) != Site::Other,
        None => site(headers) == Site::Own,
    }
}

/// What a browser says about where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    Own,
    Other,
    Unknown,
}

fn site(headers: &HeaderMap) -> Site {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    match text("sec-fetch-site") {
        Some("same-origin") => return Site::Own,
        // The address bar or a bookmark.
        Some("none") | None => {}
        Some(_) => return Site::Other,
    }
    let origin = text(header::ORIGIN.as_str()).map(|origin| origin.split_once("://").map_or("", |(_, host)| host));
    match (origin, text(header::HOST.as_str())) {
        (None, _) => Site::Unknown,
        (Some(origin), Some(host)) if origin == host => Site::Own,
        _ => Site::Other,
    }
}

/// The secret that protects this visitor's forms: the session's, else that of the cookie for forms.
pub fn visitor_secret(request: &HttpRequest, is_https: bool) -> Option<SessionToken> {
    SessionToken::of_request(request, is_https).or_else(|| SessionToken::of_form(request, is_https))
}

#[derive(Deserialize)]
struct TokenField {
    csrf: String,
}

impl<T: DeserializeOwned + 'static> FromRequest for CheckedForm<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let bytes = Bytes::from_request(&request, payload);
        Box::pin(async move {
            let accounts = request.app_data::<Data<Accounts>>().ok_or_else(|| Problem::unexpected("no accounts"))?;
            let bytes = bytes.await.map_err(|_| Problem::too_large(MAX_FORM_BYTES))?;
            let text = std::str::from_utf8(&bytes).map_err(|_| Problem::invalid_request("The form is not UTF-8."))?;
            let secret = visitor_secret(&request, accounts.settings().is_https).ok_or_else(Problem::cross_site)?;
            let token = Query::<TokenField>::from_query(text).map_err(|_| Problem::cross_site())?.into_inner().csrf;
            if !is_valid(&secret, &token) || site(request.headers()) == Site::Other {
                return Err(Problem::cross_site());
            }
            let form = Query::<T>::from_query(text);
            form.map(|form| Self(form.into_inner()))
                .map_err(|error| Problem::invalid_request(format!("The form does not fit: {error}.")))
        })
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_token_fits_only_its_own_visitor() {
        let (one, other) = (SessionToken::generate().unwrap(), SessionToken::generate().unwrap());
        let token = token_for(&one).unwrap();
        assert!(is_valid(&one, &token));
        assert!(!is_valid(&other, &token));
        assert_ne!(token, token_for(&one).unwrap(), "each page has another mask");
        assert!(!is_valid(&one, ""));
    }

    #[test]
    fn a_write_with_a_cookie_must_come_from_our_own_pages() {
        let session = SessionToken::generate().unwrap();
        let token = token_for(&session).unwrap();
        let cases: &[(&[(&str, &str)], bool)] = &[
            (&[], false),
            (&[("x-csrf-token", &token)], true),
            (&[("x-csrf-token", "wrong")], false),
            (&[("x-csrf-token", "wrong"), ("sec-fetch-site", "same-origin")], false),
            (&[("x-csrf-token", &token), ("sec-fetch-site", "cross-site")], false),
            (&[("sec-fetch-site", "same-origin")], true),
            (&[("sec-fetch-site", "same-site")], false),
            (&[("sec-fetch-site", "none")], false),
            (&[("origin", "http://flows.example:8080"), ("host", "flows.example:8080")], true),
            (&[("origin", "http://evil.example"), ("host", "flows.example:8080")], false),
            (&[("origin", "null"), ("host", "flows.example:8080")], false),
            (&[("origin", "http://flows.example:8080")], false),
        ];
        for (headers, expected) in cases {
            let mut request = TestRequest::post();
            for (name, value) in *headers {
                request = request.insert_header((*name, *value));
            }
            assert_eq!(is_own_write(&request.to_http_request(), &session), *expected, "{headers:?}");
        }
    }
}
