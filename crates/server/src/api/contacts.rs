//! The built-in contact table.

use actix_web::web::{Data, Json, Query};
use serde::Deserialize;
use storage::{Contact, Storage};
use utoipa::IntoParams;

use super::{Page, paging};
use crate::auth::Caller;
use crate::problem::Problem;

/// Which contacts to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ContactQuery {
    /// Only the one with this e-mail address.
    pub email: Option<String>,
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
    let rows = match &query.email {
        Some(email) => storage.find_contact(email).await?.into_iter().collect(),
        None => storage.contacts(query.cursor.as_deref(), limit + 1).await?,
    };
    Ok(Json(Page::of(rows, limit, |contact| contact.email.clone(), |contact| contact)))
}
