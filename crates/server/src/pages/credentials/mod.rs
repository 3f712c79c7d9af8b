//! Credentials: their secrets go in and are never shown again.

mod edit;
mod fields;
mod remove;
mod trial;

use actix_web::http::StatusCode;
use actix_web::web::{Data, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::CredentialId;
use nodes::Catalogue;
use storage::Storage;

use super::form;
use super::layout::{Layout, page};
use super::titles::in_language;
use crate::api::credentials::used_by;
use crate::auth::SignedIn;
use crate::problem::Problem;

/// The addresses of the credentials.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(form("/credentials").route(get().to(list)).route(post().to(edit::create)))
        .service(resource("/credentials/new").route(get().to(edit::show_new)))
        .service(form("/credentials/{id}").route(get().to(edit::show)).route(post().to(edit::update)))
        .service(form("/credentials/{id}/test").route(post().to(trial::test)))
        .service(form("/credentials/{id}/delete").route(post().to(remove::delete)));
}

#[derive(Template)]
#[template(path = "credentials.html")]
struct CredentialsPage {
    l: Layout,
    credentials: Vec<Row>,
}

struct Row {
    id: CredentialId,
    name: String,
    kind: String,
    icon: String,
    hosts: String,
    /// The names of the workflows that use it.
    users: Vec<String>,
}

/// Lists credentials by name.
async fn list(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    let mut users = used_by(&storage).await?;
    let row = |record: storage::CredentialRecord| Row {
        id: record.id,
        kind: catalogue
            .credential_kind(&record.kind)
            .map_or_else(|| record.kind.clone(), |kind| in_language(&l, &kind.title).to_owned()),
        icon: fields::icon_of(&catalogue, &record.kind),
        hosts: record.hosts.join(", "),
        users: users.remove(&record.id).unwrap_or_default().into_iter().map(|user| user.name).collect(),
        name: record.name,
    };
    let credentials = storage.credentials().await?.into_iter().map(row).collect();
    page(StatusCode::OK, &CredentialsPage { l, credentials })
}
