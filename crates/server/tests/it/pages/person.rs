//! Somebody who is signed in to the real server with a browser.

use crate::outside::http::{Answer, Request};
use crate::outside::product::Product;

/// A signed-in browser.
pub(crate) struct Person<'a> {
    product: &'a Product,
    cookies: String,
    language: &'static str,
}

impl<'a> Person<'a> {
    /// Signs in as the owner.
    pub(crate) fn signed_in(product: &'a Product, language: &'static str) -> Self {
        let mut person = Self { product, cookies: String::new(), language };
        let page = person.open("/sign-in");
        person.keep_cookies(&page);
        let fields = [
            ("csrf", token(&page)),
            ("email", "owner@example.com".into()),
            ("password", "correct horse battery".into()),
        ];
        let answer = person.post("/sign-in", &fields);
        assert_eq!(answer.status, 303, "{}", answer.text());
        person.keep_cookies(&answer);
        person
    }

    /// Opens a page.
    pub(crate) fn open(&self, path: &str) -> Answer {
        self.product.send(&self.request("GET", path))
    }

    /// Opens a page that must be there; its text.
    pub(crate) fn read(&self, path: &str) -> String {
        let page = self.open(path);
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        page.text()
    }

    /// Sends a form as it stands on the list of workflows, which leads on to another address.
    pub(crate) fn submit(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let mut all = vec![("csrf", token(&self.open("/")))];
        all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
        let answer = self.post(path, &all);
        assert_eq!(answer.status, 303, "{path}: {}", answer.text());
        answer.header("location").to_owned()
    }

    /// Sends a form with just these fields.
    pub(crate) fn post(&self, path: &str, fields: &[(&str, String)]) -> Answer {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        self.product.send(&self.request("POST", path).body("application/x-www-form-urlencoded", body))
    }

    /// Sends a file and a text to the import.
    pub(crate) fn import(&self, file: &str, text: &str) -> Answer {
        let part = |head: &str, content: &str| {
            format!("--edge\r\nContent-Disposition: form-data; {head}\r\n\r\n{content}\r\n")
        };
        let body = [
            part("name=\"csrf\"", &token(&self.open("/workflows/import"))),
            part("name=\"file\"; filename=\"flow.json\"", file),
            part("name=\"text\"", text),
            "--edge--\r\n".to_owned(),
        ];
        let request = self.request("POST", "/workflows/import");
        self.product.send(&request.body("multipart/form-data; boundary=edge", body.concat()))
    }

    /// How many bytes an address sends when it may be compressed.
    pub(crate) fn weight(&self, path: &str) -> usize {
        let answer = self.product.send(&self.request("GET", path).header("Accept-Encoding", "gzip"));
        assert_eq!((answer.status, answer.header("content-encoding")), (200, "gzip"), "{path}");
        answer.body.len()
    }

    fn request(&self, method: &str, path: &str) -> Request {
        Request::new(method, path).header("Accept-Language", self.language).header("Cookie", &self.cookies)
    }

    fn keep_cookies(&mut self, answer: &Answer) {
        for (_, value) in answer.headers.iter().filter(|(name, _)| name == "set-cookie") {
            let pair = value.split(';').next().unwrap();
            self.cookies = if self.cookies.is_empty() { pair.to_owned() } else { format!("{}; {pair}", self.cookies) };
        }
    }
}

/// The token of a page's first form.
pub(crate) fn token(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form in {text}"));
    rest.split('"').next().unwrap().to_owned()
}
