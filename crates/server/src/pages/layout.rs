//! What all pages have in common.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;

use super::assets;
use crate::auth::{Accounts, SessionToken, SignedIn, csrf};
use crate::problem::Problem;
use crate::texts::{Language, Texts};

/// The frame around a page: language, who is signed in, the token for forms.
#[derive(Debug)]
pub(super) struct Layout {
    texts: Texts,
    /// The e-mail address of who is signed in; empty when nobody is.
    pub(super) email: String,
    /// The token that every form on the page carries.
    pub(super) csrf: String,
    /// The address of this page, for the links that change the language.
    pub(super) path: String,
}

impl Layout {
    /// The frame for somebody who is signed in.
    pub(super) fn for_user(request: &HttpRequest, signed_in: &SignedIn) -> Self {
        Self {
            texts: Texts::of(Language::of_request(request)),
            email: signed_in.user.email.clone(),
            csrf: signed_in.csrf.clone(),
            path: path_of(request),
        }
    }

    /// The frame for a page without forms, shown to anybody.
    pub(super) fn plain(language: Language, path: &str) -> Self {
        Self { texts: Texts::of(language), email: String::new(), csrf: String::new(), path: path.to_owned() }
    }

    /// The text for a key.
    pub(super) fn t<'a>(&self, key: &'a str) -> &'a str {
        self.texts.t(key)
    }

    /// The text for a key with `{name}` replaced.
    pub(super) fn t1(&self, key: &str, name: &str, value: &str) -> String {
        self.texts.t1(key, name, value)
    }

    /// The word for a state of a workflow or a run.
    pub(super) fn state(&self, state: &str) -> String {
        let key = format!("status.{state}");
        self.t(&key).to_owned()
    }

    /// The language's code.
    pub(super) fn language(&self) -> &'static str {
        self.texts.language().code()
    }

    /// The address of an asset.
    #[expect(clippy::unused_self, reason = "templates call it on the layout")]
    pub(super) fn asset(&self, name: &str) -> String {
        assets::url(name)
    }

    /// The address that changes the language and comes back here.
    pub(super) fn language_url(&self, code: &str) -> String {
        let next: String = url::form_urlencoded::byte_serialize(self.path.as_bytes()).collect();
        format!("/language/{code}?next={next}")
    }
}

/// The frame for a page with a form before anybody is signed in, and the cookie secret that protects the form.
pub(super) struct Visitor {
    pub(super) layout: Layout,
    secret: SessionToken,
    is_new: bool,
    is_https: bool,
}

impl Visitor {
    pub(super) fn of(request: &HttpRequest, accounts: &Data<Accounts>) -> Result<Self, Problem> {
        let is_https = accounts.settings().is_https;
        let known = csrf::visitor_secret(request, is_https);
        let is_new = known.is_none();
        let secret = known.map_or_else(SessionToken::generate, Ok)?;
        let mut layout = Layout::plain(Language::of_request(request), &path_of(request));
        layout.csrf = csrf::token_for(&secret);
        Ok(Self { layout, secret, is_new, is_https })
    }

    /// The page with the visitor's cookie, if that is new.
    pub(super) fn page(&self, status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
        let mut response = page(status, template)?;
        if self.is_new {
            response.add_cookie(&self.secret.form_cookie(self.is_https)).map_err(Problem::unexpected)?;
        }
        Ok(response)
    }
}

/// A template as an answer.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, Problem> {
    let html = template.render().map_err(Problem::unexpected)?;
    Ok(HttpResponse::build(status).content_type(ContentType::html()).body(html))
}

/// Leads on to another page, whatever the method was (303).
pub(super) fn see_other(location: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((header::LOCATION, location)).finish()
}

/// Where this page can be read again; a page that answers a form is read at the form's own address.
fn path_of(request: &HttpRequest) -> String {
    request.uri().path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string)
}
