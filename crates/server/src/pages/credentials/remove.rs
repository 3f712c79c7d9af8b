//! Deletes a credential.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use model::CredentialId;
use serde::Deserialize;
use storage::Storage;

use super::super::layout::see_other;
use crate::api::credentials::used_by;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;

#[derive(Deserialize)]
pub(super) struct Confirmation {
    /// How many workflows the person was told of.
    #[serde(default)]
    used_by: usize,
}

/// Deletes a credential for good. When more workflows use it than the person was told of, they are named first.
pub(super) async fn delete(
    form: CheckedForm<Confirmation>,
    _signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<CredentialId>,
) -> Result<HttpResponse, Problem> {
    let CheckedForm(Confirmation { used_by: told }) = form;
    let users = used_by(&storage).await?.remove(&*id).unwrap_or_default();
    if users.len() > told {
        return Ok(see_other(&format!("/credentials/{id}?notice=credential_in_use")));
    }
    storage.delete_credential(*id).await?;
    Ok(see_other("/credentials?notice=deleted"))
}
