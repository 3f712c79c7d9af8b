//! A browser with cookies that is signed in at a running server.

use std::collections::BTreeMap;

use crate::outside::http::{Answer, Request};
use crate::outside::product::Product;

const EMAIL: &str = "owner@example.com";
const PASSWORD: &str = "correct horse battery";

/// A browser.
pub(super) struct Browser<'a> {
    product: &'a Product,
    cookies: BTreeMap<String, String>,
    language: &'static str,
}

impl<'a> Browser<'a> {
    /// The owner's browser.
    pub(super) fn of_owner(product: &'a Product) -> Self {
        Self::signed_in(product, EMAIL, PASSWORD)
    }

    /// Somebody's browser.
    pub(super) fn signed_in(product: &'a Product, email: &str, password: &str) -> Self {
        let mut browser = Self { product, cookies: BTreeMap::new(), language: "en" };
        let answer = browser.sign_in(email, password);
        assert_eq!(answer.status, 303, "{}", answer.text());
        browser
    }

    /// Signs in, or tries to.
    pub(super) fn sign_in(&mut self, email: &str, password: &str) -> Answer {
        let page = self.open("/sign-in");
        self.send_form(&page, "/sign-in", &[("email", email), ("password", password), ("next", "/")])
    }

    /// A browser of nobody.
    pub(super) fn of_stranger(product: &'a Product) -> Self {
        Self { product, cookies: BTreeMap::new(), language: "en" }
    }

    pub(super) fn speaking(mut self, language: &'static str) -> Self {
        self.language = language;
        self
    }

    /// Opens an address.
    pub(super) fn open(&mut self, path: &str) -> Answer {
        self.send(Request::new("GET", path))
    }

    /// Opens a page that must be there; its HTML.
    pub(super) fn page(&mut self, path: &str) -> String {
        let answer = self.open(path);
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        answer.text()
    }

    /// Opens a page with a form, and sends that form to `to`.
    pub(super) fn submit(&mut self, on: &str, to: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.open(on);
        self.send_form(&page, to, fields)
    }

    /// Sends a form without the token that protects it.
    pub(super) fn submit_bare(&mut self, to: &str, fields: &[(&str, &str)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.send(Request::new("POST", to).body("application/x-www-form-urlencoded", body))
    }

    fn send_form(&mut self, page: &Answer, to: &str, fields: &[(&str, &str)]) -> Answer {
        let html = page.text();
        let (_, rest) = html.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form in {html}"));
        let token = rest.split('"').next().unwrap();
        let all: Vec<(&str, &str)> = fields.iter().copied().chain([("csrf", token)]).collect();
        self.submit_bare(to, &all)
    }

    fn send(&mut self, request: Request) -> Answer {
        let cookies = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let request = request.header("Cookie", &cookies).header("Accept-Language", self.language);
        let answer = self.product.send(&request);
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, rest) = value.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else if name != "stellwerk_language" {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        answer
    }
}

/// What a page must, and must not, hold.
pub(super) fn must_show(html: &str, texts: &[&str]) {
    for text in texts {
        assert!(html.contains(text), "`{text}` is missing in:\n{html}");
    }
}

pub(super) fn must_hide(html: &str, texts: &[&str]) {
    for text in texts {
        assert!(!html.contains(text), "`{text}` must not stand in:\n{html}");
    }
}
