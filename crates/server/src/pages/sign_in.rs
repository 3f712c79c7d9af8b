//! Signing in and out.

use actix_web::http::StatusCode;
use actix_web::http::header::RETRY_AFTER;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::language;
use super::layout::{Layout, Visitor, see_other};
use super::next::local_path;
use crate::auth::{Accounts, CheckedForm, SessionToken, SignedIn};
use crate::problem::{Problem, ProblemCode};
use crate::texts::{LANGUAGE_COOKIE, Language};

#[derive(Deserialize)]
pub(super) struct Detour {
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Form {
    email: String,
    password: String,
    next: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Nothing {}

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignInPage<'a> {
    l: &'a Layout,
    email: &'a str,
    next: &'a str,
    /// What went wrong; empty at first.
    fault: String,
}

/// The sign-in page; who is signed in already goes on, and a server without an owner is set up first.
pub(super) async fn show(
    request: HttpRequest,
    detour: Query<Detour>,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let next = local_path(detour.next.as_deref());
    if accounts.signed_in(&request).await.is_ok() {
        return Ok(see_other(next));
    }
    if accounts.needs_setup().await? {
        return Ok(see_other("/setup"));
    }
    let visitor = Visitor::of(&request, &accounts)?;
    let template = SignInPage { l: &visitor.layout, email: "", next, fault: String::new() };
    visitor.page(StatusCode::OK, &template)
}

/// Signs in, or shows the page again and says why not.
pub(super) async fn sign_in(
    request: HttpRequest,
    form: CheckedForm<Form>,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let CheckedForm(Form { email, password, next }) = form;
    let next = local_path(next.as_deref());
    let problem = match accounts.sign_in(&request, &email, password).await {
        Ok((user, session)) => {
            let chosen = user.language.as_deref().and_then(Language::from_code);
            return signed_in(&request, &accounts, &session, chosen, next);
        }
        Err(problem) => problem,
    };
    let mut visitor = Visitor::of(&request, &accounts)?;
    "/sign-in".clone_into(&mut visitor.layout.path);
    let l = &visitor.layout;
    let fault = match (problem.code(), problem.retry_after_s()) {
        (ProblemCode::WrongCredentials, _) => l.t("form.wrong_credentials").to_owned(),
        (ProblemCode::TooManyRequests, Some(seconds)) => l.t1("form.too_many_attempts", "seconds", seconds),
        _ => return Err(problem),
    };
    let status = StatusCode::from_u16(problem.document().status).unwrap_or(StatusCode::UNAUTHORIZED);
    let mut response = visitor.page(status, &SignInPage { l, email: &email, next, fault })?;
    if let Some(seconds) = problem.retry_after_s() {
        response.headers_mut().insert(RETRY_AFTER, seconds.into());
    }
    Ok(response)
}

/// Ends the session.
pub(super) async fn sign_out(
    _form: CheckedForm<Nothing>,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    accounts.sign_out(&signed_in.session).await?;
    let mut response = see_other("/sign-in");
    let removal = SessionToken::removal_cookie(accounts.settings().is_https);
    response.add_cookie(&removal).map_err(Problem::unexpected)?;
    Ok(response)
}

/// Goes on with the session's cookie, and with the language that the person chose on another device.
pub(super) fn signed_in(
    request: &HttpRequest,
    accounts: &Accounts,
    session: &SessionToken,
    chosen: Option<Language>,
    next: &str,
) -> Result<HttpResponse, Problem> {
    let settings = accounts.settings();
    let mut response = see_other(next);
    let cookie = session.session_cookie(settings.is_https, settings.session_days);
    response.add_cookie(&cookie).map_err(Problem::unexpected)?;
    if let Some(chosen) = chosen.filter(|_| request.cookie(LANGUAGE_COOKIE).is_none()) {
        response.add_cookie(&language::cookie(chosen, settings.is_https)).map_err(Problem::unexpected)?;
    }
    Ok(response)
}
