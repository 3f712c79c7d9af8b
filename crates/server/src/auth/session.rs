//! The session cookie: 256 random bits of which only the SHA-256 is stored.

use std::fmt;

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use sha2::{Digest, Sha256};
use storage::TokenHash;

use super::random;
use crate::problem::Problem;

/// The name of the session cookie; `__Host-` stands before it when the site speaks https (RFC 6265bis §4.1.3.2).
const SESSION: &str = "stellwerk_session";

/// The cookie that protects forms before anybody is signed in.
const FORM: &str = "stellwerk_form";

/// The secret in a session cookie.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionToken(String);

impl SessionToken {
    /// A new session's secret.
    pub fn generate() -> Result<Self, Problem> {
        Ok(Self(hex::encode(random::bytes::<32>()?)))
    }

    /// The secret that a request's session cookie holds.
    pub fn of_request(request: &HttpRequest, is_https: bool) -> Option<Self> {
        secret_in(request, SESSION, is_https).map(Self)
    }

    /// The secret in the cookie that protects forms before anybody is signed in.
    pub fn of_form(request: &HttpRequest, is_https: bool) -> Option<Self> {
        secret_in(request, FORM, is_https).map(Self)
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }

    /// The secret itself, from which the tokens of forms are derived.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }

    /// The session cookie, kept for so many days.
    pub fn session_cookie(&self, is_https: bool, days: u32) -> Cookie<'static> {
        let mut cookie = cookie(SESSION, self.0.clone(), is_https);
        cookie.set_max_age(Duration::days(i64::from(days)));
        cookie
    }

    /// The cookie for forms, kept as long as the browser is open.
    pub fn form_cookie(&self, is_https: bool) -> Cookie<'static> {
        cookie(FORM, self.0.clone(), is_https)
    }

    /// The cookie that removes the session's.
    pub fn removal_cookie(is_https: bool) -> Cookie<'static> {
        let mut cookie = cookie(SESSION, String::new(), is_https);
        cookie.make_removal();
        cookie
    }
}

impl fmt::Debug for SessionToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SessionToken(•••)")
    }
}

fn cookie(name: &str, value: String, is_https: bool) -> Cookie<'static> {
    Cookie::build(full_name(name, is_https), value)
        .path("/")
        .http_only(true)
        .secure(is_https)
        .same_site(SameSite::Lax)
        .finish()
}

fn full_name(name: &str, is_https: bool) -> String {
    if is_https { format!("__Host-{name}") } else { name.to_owned() }
}

fn secret_in(request: &HttpRequest, name: &str, is_https: bool) -> Option<String> {
    let cookie = request.cookie(&full_name(name, is_https))?;
    let value = cookie.value();
    (value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_cookie_is_closed_to_scripts_and_other_sites() {
        let token = SessionToken::generate().unwrap();
        let plain = token.session_cookie(false, 14).to_string();
        assert!(plain.starts_with("stellwerk_session="), "{plain}");
        for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=1209600"] {
            assert!(plain.contains(attribute), "{attribute} is missing in {plain}");
        }
        assert!(!plain.contains("Secure"));
        let secure = token.session_cookie(true, 14).to_string();
        assert!(secure.starts_with("__Host-stellwerk_session=") && secure.contains("Secure"), "{secure}");
        assert!(!secure.contains("Domain"), "a __Host- cookie has no domain");
    }

    #[test]
    fn a_cookie_that_is_no_secret_is_ignored() {
        let request = |value: &str| {
            let cookie = Cookie::new(SESSION, value.to_owned());
            actix_web::test::TestRequest::default().cookie(cookie).to_http_request()
        };
        let token = SessionToken::generate().unwrap();
        assert_eq!(SessionToken::of_request(&request(token.secret()), false), Some(token.clone()));
        assert_eq!(SessionToken::of_request(&request(token.secret()), true), None, "https asks for the other name");
        assert_eq!(SessionToken::of_request(&request("abc"), false), None);
    }
}
