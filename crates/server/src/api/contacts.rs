//! The built-in contact table.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json, Path, Query};
use serde::Deserialize;
use storage::{Contact, ContactFilter, Storage};
use utoipa::IntoParams;
use uuid::Uuid;

use super::{Page, paging};
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};

/// Which contacts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContactQuery {
    /// Only the one with this e-mail address.
    pub email: Option<String>,
    /// Only those with this text in address, name, phone, company or another field.
    pub text: Option<String>,
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// Lists contacts by e-mail address.
#[utoipa::path(get, path = "/api/v1/contacts", tag = "contacts", params(ContactQuery), responses((status = 200, body = Page<Object>)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    query: Query<ContactQuery>,
) -> Result<Json<Page<Contact>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let rows = if let Some(email) = &query.email {
        storage.find_contact(email).await?.into_iter().collect()
    } else {
        let (text, after) = (query.text.clone(), query.cursor.clone());
        storage.find_contacts(&ContactFilter { text, after, limit: limit + 1 }).await?
    };
    Ok(Json(Page::of(rows, limit, |contact| contact.email.clone(), |contact| contact)))
}

/// Deletes a contact.
#[utoipa::path(delete, path = "/api/v1/contacts/{id}", tag = "contacts", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(_caller: Caller, storage: Data<Storage>, id: Path<Uuid>) -> Result<HttpResponse, Problem> {
    storage.delete_contact(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}
