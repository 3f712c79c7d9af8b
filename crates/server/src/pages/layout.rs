//! What all pages have in common.

use std::borrow::Borrow;

use actix_web::cookie::Cookie;
use actix_web::http::StatusCode;
use actix_web::http::header::{self, ContentType};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::Timestamp;
use model::clock::{Clock as _, SystemClock};

use super::assets;
use super::markup::{self, Markup};
use super::navigation::{DEAD_LETTERS, DESTINATIONS, Destination};
use super::notice::{Notice, without_notice};
use crate::auth::{Accounts, MOST_COUNTED, SessionToken, SignedIn, csrf};
use crate::problem::Problem;
use crate::texts::{Format, Language, Texts};

/// The cookie in which a page's script tells the browser's time zone.
const ZONE_COOKIE: &str = "stellwerk_zone";

/// The frame around a page: language, who is signed in, the token for forms, and how values are written.
#[derive(Debug)]
pub(super) struct Layout {
    texts: Texts,
    format: Format,
    now: Timestamp,
    /// The address of the icons.
    sprite: String,
    /// The e-mail address of who is signed in; empty when nobody is.
    pub(super) email: String,
    /// The token that every form on the page carries.
    pub(super) csrf: String,
    /// How many runs wait for a decision, see [`SignedIn::open_dead_letters`].
    open_dead_letters: u64,
    /// The address of this page, for the links that change the language.
    pub(super) path: String,
    /// What just happened.
    pub(super) notice: Option<Notice>,
}

impl Layout {
    /// The frame for somebody who is signed in.
    pub(super) fn for_user(request: &HttpRequest, signed_in: &SignedIn) -> Self {
        let language = Language::of_request(request);
        let zone = request.cookie(ZONE_COOKIE);
        Self {
            format: Format::new(language, zone.as_ref().map(Cookie::value)),
            email: signed_in.user.email.clone(),
            csrf: signed_in.csrf.clone(),
            open_dead_letters: signed_in.open_dead_letters,
            notice: Notice::of_query(request.query_string(), Texts::of(language)),
            ..Self::plain(language, &without_notice(&path_of(request)))
        }
    }

    /// The frame for a page without forms, shown to anybody.
    pub(super) fn plain(language: Language, path: &str) -> Self {
        Self {
            texts: Texts::of(language),
            format: Format::new(language, None),
            now: SystemClock.now(),
            sprite: assets::url("icons.svg"),
            email: String::new(),
            csrf: String::new(),
            open_dead_letters: 0,
            path: path.to_owned(),
            notice: None,
        }
    }

    /// The text for a key.
    pub(super) fn t<'a>(&self, key: &'a str) -> &'a str {
        self.texts.t(key)
    }

    /// The text for a key with `{name}` replaced.
    pub(super) fn t1(&self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.texts.t1(key, name, value)
    }

    /// The text for a key, with one for exactly one thing and one for any other count, in which `{count}` is replaced.
    pub(super) fn count(&self, one: &str, many: &str, count: impl Borrow<u64>) -> String {
        let count = *count.borrow();
        if count == 1 { self.t(one).to_owned() } else { self.t1(many, "count", self.format.number(count)) }
    }

    /// The word for a state of a workflow, a run, a step or an event.
    pub(super) fn state(&self, state: &str) -> String {
        let key = format!("status.{state}");
        self.t(&key).to_owned()
    }

    /// A state as icon and word.
    pub(super) fn pill(&self, state: &str) -> Markup {
        markup::pill(&self.sprite, state, &self.state(state))
    }

    /// An icon; a word has to stand beside it.
    pub(super) fn icon(&self, name: &str) -> Markup {
        markup::icon(&self.sprite, name)
    }

    /// How values are written for this reader.
    pub(super) fn format(&self) -> Format {
        self.format
    }

    /// A moment to the minute.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(super) fn date_time(&self, moment: &Timestamp) -> String {
        self.format.date_time(*moment)
    }

    /// A moment to the second.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(super) fn exact(&self, moment: &Timestamp) -> String {
        self.format.exact(*moment)
    }

    /// How long ago a moment is.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(super) fn ago(&self, moment: &Timestamp) -> String {
        self.format.ago(*moment, self.now)
    }

    /// A duration.
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "templates hand references")]
    pub(super) fn duration(&self, duration_ms: &u64) -> String {
        self.format.duration(*duration_ms)
    }

    /// The links of the navigation.
    #[expect(clippy::unused_self, reason = "templates call it on the layout")]
    pub(super) fn navigation(&self) -> &'static [Destination] {
        DESTINATIONS
    }

    /// How many things behind a link of the navigation wait for a person; empty when none does.
    pub(super) fn waiting(&self, place: &Destination) -> String {
        match self.open_dead_letters {
            _ if place.href != DEAD_LETTERS => String::new(),
            0 => String::new(),
            MOST_COUNTED.. => format!("{}+", self.format.number(MOST_COUNTED - 1)),
            count => self.format.number(count),
        }
    }

    /// The language.
    pub(super) fn texts(&self) -> Texts {
        self.texts
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
        layout.csrf = csrf::token_for(&secret)?;
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
