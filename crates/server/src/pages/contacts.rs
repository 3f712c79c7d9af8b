//! The built-in contact table.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use storage::{Contact, ContactFilter, Storage};
use uuid::Uuid;

use super::form;
use super::layout::{Layout, page, see_other};
use super::query::{Batch, with_query};
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;

/// The addresses of the contacts.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/contacts").route(get().to(list)))
        .service(form("/contacts/{id}/delete").route(post().to(delete)));
}

#[derive(Deserialize)]
struct Wish {
    #[serde(default)]
    text: String,
    #[serde(default)]
    after: String,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Template)]
#[template(path = "contacts.html")]
struct ContactsPage {
    l: Layout,
    text: String,
    /// How many there are in all, in words.
    count: String,
    has_any: bool,
    contacts: Vec<Row>,
    /// Whether the list does not begin at its beginning.
    is_later_page: bool,
    first: String,
    next: Option<String>,
}

struct Row {
    id: Uuid,
    email: String,
    name: String,
    phone: String,
    company: String,
    fields: Vec<(String, String)>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Lists contacts by e-mail address.
async fn list(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let Wish { text, after } = wish.into_inner();
    let text = text.trim().to_owned();
    let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let filter = ContactFilter { text: given(&text), after: given(&after), limit: Batch::<Row>::ASKED };
    let batch = Batch::of(storage.find_contacts(&filter).await?, Row::from);
    let count = storage.count_contacts().await?;
    let template = ContactsPage {
        count: l.count("contacts.one", "contacts.many", count),
        has_any: count > 0,
        next: batch.last_if_more().map(|row| with_query("/contacts", &[("text", &text), ("after", &row.email)])),
        first: with_query("/contacts", &[("text", &text)]),
        is_later_page: !after.is_empty(),
        contacts: batch.items,
        text,
        l,
    };
    page(StatusCode::OK, &template)
}

/// Deletes a contact for good.
async fn delete(
    _form: CheckedForm<Nothing>,
    _signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    storage.delete_contact(*id).await?;
    Ok(see_other("/contacts?notice=deleted"))
}

impl From<Contact> for Row {
    fn from(contact: Contact) -> Self {
        let text = |(name, value): (String, Value)| match value {
            Value::String(text) => (name, text),
            other => (name, other.to_string()),
        };
        Self {
            id: contact.id,
            email: contact.email,
            name: contact.name.unwrap_or_default(),
            phone: contact.phone.unwrap_or_default(),
            company: contact.company.unwrap_or_default(),
            fields: contact.fields.into_iter().map(text).collect(),
            created_at: contact.created_at,
            updated_at: contact.updated_at,
        }
    }
}
