//! The own account: address, language, password.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::super::layout::{Layout, page, see_other};
use super::{Place, password_fault};
use crate::auth::{Accounts, CheckedForm, SignedIn};
use crate::problem::{Problem, ProblemCode};

#[derive(Deserialize)]
pub(super) struct NewPassword {
    current: String,
    password: String,
    repeated: String,
}

#[derive(Template)]
#[template(path = "settings_account.html")]
struct AccountPage {
    l: Layout,
    place: Place,
    email: String,
    is_owner: bool,
    min_characters: usize,
    faults: Faults,
}

/// What is wrong with each field; empty when nothing is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults {
    current: String,
    password: String,
    repeated: String,
}

/// Shows the own account.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    page(StatusCode::OK, &account_page(l, &signed_in, &accounts, Faults::default()))
}

/// Changes the password, or says why not. Other browsers of the same person are signed out.
pub(super) async fn change_password(
    request: HttpRequest,
    form: CheckedForm<NewPassword>,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    let CheckedForm(NewPassword { current, password, repeated }) = form;
    let mut l = Layout::for_user(&request, &signed_in);
    "/settings".clone_into(&mut l.path);
    let mut faults = Faults {
        password: password_fault(&l, &password, accounts.settings().password_min_characters),
        ..Faults::default()
    };
    if password != repeated {
        l.t("form.password_differs").clone_into(&mut faults.repeated);
    }
    if faults == Faults::default() {
        match accounts.change_password(&request, &signed_in, current, password).await {
            Ok(()) => return Ok(see_other("/settings?notice=password_changed")),
            Err(problem) => faults.current = wrong_current(&l, problem)?,
        }
    }
    page(StatusCode::UNPROCESSABLE_ENTITY, &account_page(l, &signed_in, &accounts, faults))
}

fn wrong_current(l: &Layout, problem: Problem) -> Result<String, Problem> {
    match (problem.code(), problem.retry_after_s()) {
        (ProblemCode::WrongCredentials, _) => Ok(l.t("form.password_wrong").to_owned()),
        (ProblemCode::TooManyRequests, Some(seconds)) => Ok(l.t1("form.too_many_attempts", "seconds", seconds)),
        _ => Err(problem),
    }
}

fn account_page(l: Layout, signed_in: &SignedIn, accounts: &Accounts, faults: Faults) -> AccountPage {
    AccountPage {
        l,
        place: Place { tab: "account", is_owner: signed_in.user.is_owner },
        email: signed_in.user.email.clone(),
        is_owner: signed_in.user.is_owner,
        min_characters: accounts.settings().password_min_characters,
        faults,
    }
}
