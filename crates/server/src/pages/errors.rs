//! The page that says what went wrong.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use askama::Template;

use super::layout::{Layout, page, see_other};
use super::navigation::{DESTINATIONS, Destination};
use crate::auth::SignedIn;
use crate::problem::{Problem, ProblemCode};
use crate::texts::Language;

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    l: Layout,
    status: u16,
    title: String,
    text: String,
    /// What exactly happened, where the text cannot say it.
    detail: String,
    error_id: String,
    /// The list that the address belongs to, unless that is the overview.
    list: Option<Destination>,
}

/// Shows a problem to a person. Who is not signed in is led to the sign-in page; `path` is where they wanted to go. Who is
/// signed in keeps the navigation.
pub fn error_page(
    problem: &Problem,
    language: Language,
    path: Option<&str>,
    visitor: Option<(&HttpRequest, &SignedIn)>,
) -> HttpResponse {
    let document = problem.document();
    if problem.code() == ProblemCode::Unauthenticated {
        let next: String = url::form_urlencoded::byte_serialize(path.unwrap_or("/").as_bytes()).collect();
        return see_other(&if next == "%2F" { "/sign-in".to_owned() } else { format!("/sign-in?next={next}") });
    }
    let mut layout = match visitor {
        Some((request, signed_in)) => Layout::for_user(request, signed_in),
        None => Layout::plain(language, "/"),
    };
    path.unwrap_or("/").clone_into(&mut layout.path);
    layout.notice = None;
    let kind = match problem.code() {
        ProblemCode::CrossSite => "cross_site",
        ProblemCode::Forbidden => "forbidden",
        ProblemCode::NotFound => "not_found",
        ProblemCode::MethodNotAllowed => "method",
        ProblemCode::TooLarge => "too_large",
        ProblemCode::TooManyRequests => "too_many",
        ProblemCode::Unavailable => "unavailable",
        ProblemCode::Internal => "internal",
        ProblemCode::WrongState | ProblemCode::RevisionConflict | ProblemCode::InUse => "state",
        ProblemCode::InvalidDefinition => "draft",
        _ => "other",
    };
    let (title, text) = (format!("error.{kind}.title"), format!("error.{kind}.text"));
    let template = ErrorPage {
        status: document.status,
        title: layout.t(&title).to_owned(),
        text: layout.t(&text).to_owned(),
        detail: if matches!(kind, "other" | "state" | "draft") { problem.words(layout.texts()) } else { String::new() },
        error_id: document.error_id.clone().unwrap_or_default(),
        list: DESTINATIONS.iter().find(|list| list.href != "/" && list.holds(&layout.path)).copied(),
        l: layout,
    };
    let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = page(status, &template).unwrap_or_else(|problem| problem.error_response());
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    response
}
