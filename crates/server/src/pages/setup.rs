//! The first page of a new server: makes the owner's account for whoever knows the code from the console.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::Deserialize;

use super::layout::{Layout, Visitor};
use super::sign_in::signed_in;
use crate::auth::password::{self, PasswordFault};
use crate::auth::{Accounts, CheckedForm, NewOwner};
use crate::problem::Problem;
use crate::texts::Language;

#[derive(Deserialize)]
pub(super) struct Key {
    #[serde(default)]
    code: String,
}

#[derive(Deserialize)]
pub(super) struct Form {
    code: String,
    email: String,
    password: String,
    repeated: String,
}

#[derive(Template)]
#[template(path = "setup_code.html")]
struct CodePage<'a> {
    l: &'a Layout,
    is_wrong: bool,
}

#[derive(Template)]
#[template(path = "setup.html")]
struct SetupPage<'a> {
    l: &'a Layout,
    code: &'a str,
    email: &'a str,
    min_characters: String,
    faults: Faults,
}

/// What is wrong with each field; empty when nothing is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults {
    email: String,
    password: String,
    repeated: String,
}

/// Asks for the account, or for the code when it is missing or wrong. Gone once there is an owner.
pub(super) async fn show(
    request: HttpRequest,
    key: Query<Key>,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    must_need_setup(&accounts).await?;
    let visitor = Visitor::of(&request, &accounts)?;
    if key.code.is_empty() || !accounts.check_setup_code(&request, &key.code)? {
        return ask_for_code(&visitor, !key.code.is_empty());
    }
    ask_for_account(&visitor, &accounts, StatusCode::OK, (&key.code, ""), Faults::default())
}

/// Makes the owner's account and signs in.
pub(super) async fn create_owner(
    request: HttpRequest,
    form: CheckedForm<Form>,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    must_need_setup(&accounts).await?;
    let CheckedForm(form) = form;
    let mut visitor = Visitor::of(&request, &accounts)?;
    visitor.layout.path = format!("/setup?code={}", form.code);
    if !accounts.check_setup_code(&request, &form.code)? {
        return ask_for_code(&visitor, true);
    }
    let faults = check(&visitor.layout, &form, accounts.settings().password_min_characters);
    if faults != Faults::default() {
        let filled = (form.code.as_str(), form.email.as_str());
        return ask_for_account(&visitor, &accounts, StatusCode::UNPROCESSABLE_ENTITY, filled, faults);
    }
    let language = Some(Language::of_request(&request));
    let owner = accounts.create_owner(NewOwner { email: form.email, password: form.password, language }).await?;
    let session = accounts.begin_session(&owner).await?;
    signed_in(&request, &accounts, &session, language, "/")
}

async fn must_need_setup(accounts: &Accounts) -> Result<(), Problem> {
    if accounts.needs_setup().await? { Ok(()) } else { Err(Problem::not_found("page")) }
}

fn ask_for_code(visitor: &Visitor, is_wrong: bool) -> Result<HttpResponse, Problem> {
    let status = if is_wrong { StatusCode::FORBIDDEN } else { StatusCode::OK };
    visitor.page(status, &CodePage { l: &visitor.layout, is_wrong })
}

fn ask_for_account(
    visitor: &Visitor,
    accounts: &Accounts,
    status: StatusCode,
    (code, email): (&str, &str),
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let min_characters = accounts.settings().password_min_characters.to_string();
    visitor.page(status, &SetupPage { l: &visitor.layout, code, email, min_characters, faults })
}

fn check(l: &Layout, form: &Form, min_characters: usize) -> Faults {
    let mut faults = Faults::default();
    if !looks_like_an_address(&form.email) {
        l.t("form.email_invalid").clone_into(&mut faults.email);
    }
    faults.password = match password::check(&form.password, min_characters) {
        Ok(()) => String::new(),
        Err(PasswordFault::TooShort(count)) => l.t1("form.password_too_short", "count", count),
        Err(PasswordFault::TooLong(count)) => l.t1("form.password_too_long", "count", count),
    };
    if form.password != form.repeated {
        l.t("form.password_differs").clone_into(&mut faults.repeated);
    }
    faults
}

/// Only a mail can prove an address; this catches slips of the pen.
pub(crate) fn looks_like_an_address(email: &str) -> bool {
    let email = email.trim();
    let Some((name, host)) = email.rsplit_once('@') else { return false };
    let is_plain = email.len() <= 254 && !email.contains(|letter: char| letter.is_whitespace() || letter.is_control());
    is_plain && !name.is_empty() && !host.is_empty() && !host.starts_with('.') && !host.ends_with('.')
}

#[cfg(test)]
mod tests {
    use super::looks_like_an_address;

    #[test]
    fn slips_in_an_address_are_noticed() {
        for good in ["a@b.example", "Jürgen.M+x@köln.example", "root@localhost", " a@b.example "] {
            assert!(looks_like_an_address(good), "{good}");
        }
        for bad in ["", "a", "@b", "a@", "a b@c.example", "a@.example", "a@example."] {
            assert!(!looks_like_an_address(bad), "{bad}");
        }
    }
}
