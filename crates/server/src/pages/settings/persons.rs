//! One person across everything that is kept: counted, given out, erased. Only for the owner.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::Subject;
use serde::Deserialize;
use storage::{Storage, SubjectCounts};

use super::super::layout::{Layout, page};
use super::Place;
use crate::api::persons::{erased, exported};
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;

#[derive(Deserialize)]
pub(super) struct Wish {
    email: String,
    /// What to do with what is found: nothing, `export` or `erase`.
    #[serde(default)]
    action: String,
}

#[derive(Template)]
#[template(path = "settings_persons.html")]
struct PersonsPage {
    l: Layout,
    place: Place,
    /// What was typed.
    email: String,
    fault: String,
    /// What was found: what it is and how much; none before anything was asked.
    found: Option<Vec<(&'static str, String)>>,
    is_nothing: bool,
    accounts: u64,
    unfinished: String,
    is_erased: bool,
}

/// Asks for an address.
pub(super) async fn show(request: HttpRequest, signed_in: SignedIn) -> Result<HttpResponse, Problem> {
    must_be_owner(&signed_in)?;
    let l = Layout::for_user(&request, &signed_in);
    page(StatusCode::OK, &persons_page(l, String::new(), None))
}

/// Counts, gives out or erases what mentions an address.
pub(super) async fn act(
    request: HttpRequest,
    form: CheckedForm<Wish>,
    signed_in: SignedIn,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    must_be_owner(&signed_in)?;
    let CheckedForm(Wish { email, action }) = form;
    let l = Layout::for_user(&request, &signed_in);
    let Some(subject) = Subject::parse(&email) else {
        let fault = l.t("form.email_invalid").to_owned();
        return page(StatusCode::UNPROCESSABLE_ENTITY, &PersonsPage { fault, ..persons_page(l, email, None) });
    };
    let who = &signed_in.user.email;
    match action.as_str() {
        "export" => exported(who, &storage, &subject).await,
        "erase" => {
            let counts = erased(who, &storage, &subject).await?;
            page(StatusCode::OK, &PersonsPage { is_erased: true, ..persons_page(l, email, Some(counts)) })
        }
        _ => {
            let counts = storage.find_subject(&subject).await?.counts;
            page(StatusCode::OK, &persons_page(l, email, Some(counts)))
        }
    }
}

fn persons_page(l: Layout, email: String, counts: Option<SubjectCounts>) -> PersonsPage {
    let number = |count: u64| l.format().number(count);
    let found = counts.map(|counts| {
        vec![
            ("persons.events", number(counts.events)),
            ("persons.runs", number(counts.runs)),
            ("persons.steps", number(counts.steps)),
            ("persons.attempts", number(counts.attempts)),
            ("persons.contacts", number(counts.contacts)),
            ("persons.mails", number(counts.mails)),
            ("persons.table_rows", number(counts.table_rows)),
            ("persons.samples", number(counts.samples)),
        ]
    });
    let counts = counts.unwrap_or_default();
    PersonsPage {
        place: Place { tab: "persons", is_owner: true },
        email,
        fault: String::new(),
        found,
        is_nothing: counts.is_nothing(),
        accounts: counts.accounts,
        unfinished: if counts.unfinished_runs > 0 { number(counts.unfinished_runs) } else { String::new() },
        is_erased: false,
        l,
    }
}

fn must_be_owner(signed_in: &SignedIn) -> Result<(), Problem> {
    if signed_in.user.is_owner { Ok(()) } else { Err(Problem::forbidden()) }
}
