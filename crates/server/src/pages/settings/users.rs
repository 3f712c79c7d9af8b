//! Who may sign in. Only the owner sees and changes it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::UserId;
use serde::Deserialize;
use storage::UserRecord;

use super::super::layout::{Layout, page, see_other};
use super::super::looks_like_an_address;
use super::{Nothing, Place, password_fault};
use crate::auth::{Accounts, CheckedForm, NewPerson, SignedIn};
use crate::problem::{Problem, ProblemCode};
use crate::texts::Language;

#[derive(Deserialize)]
pub(super) struct NewUser {
    email: String,
    password: String,
    #[serde(default)]
    language: String,
}

#[derive(Template)]
#[template(path = "settings_users.html")]
struct UsersPage {
    l: Layout,
    place: Place,
    users: Vec<UserRecord>,
    /// What was typed.
    email: String,
    /// The language that is chosen for the new account.
    language: String,
    min_characters: usize,
    faults: Faults,
}

/// What is wrong with each field; empty when nothing is.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults {
    email: String,
    password: String,
}

/// Lists the accounts.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    must_be_owner(&signed_in)?;
    let l = Layout::for_user(&request, &signed_in);
    let language = l.language().to_owned();
    users_page(StatusCode::OK, l, &accounts, (String::new(), language), Faults::default()).await
}

/// Makes an account, or says why not.
pub(super) async fn add(
    request: HttpRequest,
    form: CheckedForm<NewUser>,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
) -> Result<HttpResponse, Problem> {
    must_be_owner(&signed_in)?;
    let CheckedForm(NewUser { email, password, language }) = form;
    let l = Layout::for_user(&request, &signed_in);
    let mut faults = Faults {
        password: password_fault(&l, &password, accounts.settings().password_min_characters),
        ..Faults::default()
    };
    if !looks_like_an_address(&email) {
        l.t("form.email_invalid").clone_into(&mut faults.email);
    }
    if faults == Faults::default() {
        let new = NewPerson { email: email.clone(), password, language: Language::from_code(&language) };
        match accounts.add_user(&signed_in.user, new).await {
            Ok(_) => return Ok(see_other("/settings/users?notice=user_added")),
            Err(problem) if problem.code() == ProblemCode::AlreadyExists => {
                l.t("form.email_taken").clone_into(&mut faults.email);
            }
            Err(problem) => return Err(problem),
        }
    }
    users_page(StatusCode::UNPROCESSABLE_ENTITY, l, &accounts, (email, language), faults).await
}

/// Removes an account.
pub(super) async fn remove(
    _form: CheckedForm<Nothing>,
    signed_in: SignedIn,
    accounts: Data<Accounts>,
    id: Path<UserId>,
) -> Result<HttpResponse, Problem> {
    accounts.remove_user(&signed_in.user, *id).await?;
    Ok(see_other("/settings/users?notice=user_removed"))
}

async fn users_page(
    status: StatusCode,
    l: Layout,
    accounts: &Accounts,
    (email, language): (String, String),
    faults: Faults,
) -> Result<HttpResponse, Problem> {
    let users = accounts.users().await?;
    let min_characters = accounts.settings().password_min_characters;
    let place = Place { tab: "users", is_owner: true };
    page(status, &UsersPage { l, place, users, email, language, min_characters, faults })
}

fn must_be_owner(signed_in: &SignedIn) -> Result<(), Problem> {
    if signed_in.user.is_owner { Ok(()) } else { Err(Problem::forbidden()) }
}
