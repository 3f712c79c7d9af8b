//! Credentials. Their secrets go in and never come out.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use engine::Engine;
use engine::effects::hosts;
use model::{CredentialId, Timestamp};
use nodes::Catalogue;
use nodes::manifest::{Apply, CredentialKind};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use storage::{CredentialRecord, NewCredential, Storage, StorageError};
use utoipa::{IntoParams, ToSchema};

use super::Items;
pub use super::credential_usage::{CredentialUser, used_by};
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};

/// A credential without its secrets.
#[derive(Debug, Serialize, ToSchema)]
pub struct Credential {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: CredentialId,
    /// What a person calls it.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The hosts that it may be sent to.
    pub hosts: Vec<String>,
    /// The fields that are no secrets.
    #[schema(value_type = Object)]
    pub fields: Map<String, Value>,
    /// The workflows whose draft or published version uses it.
    pub used_by: Vec<CredentialUser>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// A credential to store.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialInput {
    /// What a person calls it.
    pub name: String,
    /// Its kind, see `/api/v1/credential-kinds`.
    pub kind: String,
    /// The hosts that it may be sent to. Left out when the kind or its address says it.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Its fields. In a change, a secret that is left out stays as it is.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// Lists all credentials.
#[utoipa::path(get, path = "/api/v1/credentials", tag = "credentials", responses((status = 200, body = Items<Credential>)))]
pub async fn list(_caller: Caller, storage: Data<Storage>) -> Result<Json<Items<Credential>>, Problem> {
    let mut users = used_by(&storage).await?;
    let view = |record: CredentialRecord| {
        let used_by = users.remove(&record.id).unwrap_or_default();
        Credential { used_by, ..record.into() }
    };
    let items = storage.credentials().await?.into_iter().map(view).collect();
    Ok(Json(Items { items }))
}

/// Lists the kinds of credential with their fields.
#[utoipa::path(get, path = "/api/v1/credential-kinds", tag = "credentials", responses((status = 200, body = Items<Object>)))]
pub async fn kinds(_caller: Caller, catalogue: Data<Catalogue>) -> Json<Items<CredentialKind>> {
    Json(Items { items: catalogue.credential_kinds().cloned().collect() })
}

/// Stores a credential; its secrets are sealed.
#[utoipa::path(post, path = "/api/v1/credentials", tag = "credentials", request_body = CredentialInput,
    responses((status = 201, body = Credential), (status = 422, body = ProblemDocument)))]
pub async fn create(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    engine: Data<Engine>,
    input: Json<CredentialInput>,
) -> Result<HttpResponse, Problem> {
    let id = CredentialId::generate();
    let new = sealed(&engine, &catalogue, id, input.into_inner(), BTreeMap::new())?;
    let view = Credential::from(storage.create_credential(id, new).await?);
    let location = format!("/api/v1/credentials/{id}");
    Ok(HttpResponse::Created().insert_header((header::LOCATION, location)).json(view))
}

/// Reads a credential without its secrets.
#[utoipa::path(get, path = "/api/v1/credentials/{id}", tag = "credentials", params(("id" = Uuid, Path)),
    responses((status = 200, body = Credential), (status = 404, body = ProblemDocument)))]
pub async fn read(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<CredentialId>,
) -> Result<Json<Credential>, Problem> {
    let record = storage.credential(*id).await?;
    Ok(Json(with_users(&storage, record).await?))
}

/// Replaces a credential. Secrets that are left out stay as they are, unless kind or hosts change: a secret never goes to
/// a host that it was not made for.
#[utoipa::path(put, path = "/api/v1/credentials/{id}", tag = "credentials", params(("id" = Uuid, Path)),
    request_body = CredentialInput, responses((status = 200, body = Credential), (status = 422, body = ProblemDocument)))]
pub async fn update(
    _caller: Caller,
    storage: Data<Storage>,
    catalogue: Data<Catalogue>,
    engine: Data<Engine>,
    id: Path<CredentialId>,
    input: Json<CredentialInput>,
) -> Result<Json<Credential>, Problem> {
    let input = input.into_inner();
    let record = storage.credential(*id).await?;
    let same_target = record.kind == input.kind && record.hosts == hosts_of(&catalogue, &input)?;
    let known = if same_target { engine.vault().secret_fields(&record)? } else { BTreeMap::new() };
    let new = sealed(&engine, &catalogue, *id, input, known)?;
    let record = storage.replace_credential(*id, new).await?;
    Ok(Json(with_users(&storage, record).await?))
}

async fn with_users(storage: &Storage, record: CredentialRecord) -> Result<Credential, Problem> {
    let used_by = used_by(storage).await?.remove(&record.id).unwrap_or_default();
    Ok(Credential { used_by, ..record.into() })
}

/// Whether to delete what is in use.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Deletion {
    /// Delete it although workflows use it; their steps fail from then on.
    #[serde(default)]
    pub force: bool,
}

/// Deletes a credential. While workflows use it, that must be asked for with `force`.
#[utoipa::path(delete, path = "/api/v1/credentials/{id}", tag = "credentials", params(("id" = Uuid, Path), Deletion),
    responses((status = 204), (status = 409, body = ProblemDocument)))]
pub async fn delete(
    _caller: Caller,
    storage: Data<Storage>,
    id: Path<CredentialId>,
    wish: Query<Deletion>,
) -> Result<HttpResponse, Problem> {
    storage.credential(*id).await?;
    if !wish.force {
        must_be_unused(&storage, *id).await?;
    }
    storage.delete_credential(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Fails and names the workflows when a credential is in use.
pub(crate) async fn must_be_unused(storage: &Storage, id: CredentialId) -> Result<(), Problem> {
    let users = used_by(storage).await?.remove(&id).unwrap_or_default();
    let names: Vec<String> = users.iter().take(NAMED_USERS).map(|user| format!("“{}”", user.name)).collect();
    let used_by = match users.len().saturating_sub(NAMED_USERS) {
        _ if users.is_empty() => return Ok(()),
        0 if users.len() == 1 => format!("the workflow {}", names[0]),
        0 => format!("the workflows {}", names.join(", ")),
        more => format!("the workflows {} and {more} more", names.join(", ")),
    };
    Err(StorageError::InUse { what: "credential", used_by }.into())
}

/// How many of the workflows that use a credential are named.
const NAMED_USERS: usize = 5;

/// Makes a credential ready for storage: its fields are checked, its hosts found, its secrets sealed. Secrets that `input`
/// leaves out are taken from `known_secrets`.
pub(crate) fn sealed(
    engine: &Engine,
    catalogue: &Catalogue,
    id: CredentialId,
    input: CredentialInput,
    known_secrets: BTreeMap<String, String>,
) -> Result<NewCredential, Problem> {
    let name = input.name.trim().to_owned();
    if name.is_empty() || name.chars().count() > 200 {
        return Err(Problem::invalid_request("`name` must have between 1 and 200 characters."));
    }
    let hosts = hosts_of(catalogue, &input)?;
    let kind = kind_of(catalogue, &input.kind)?;
    let mut fields = known_secrets;
    fields.extend(input.fields);
    check_fields(kind, &fields)?;
    Ok(engine.vault().seal(id, name, kind, hosts, fields)?)
}

fn check_fields(kind: &CredentialKind, fields: &BTreeMap<String, String>) -> Result<(), Problem> {
    let refuse =
        |field: &str, detail: String| Err(Problem::invalid_request(detail).at_parameter(format!("fields.{field}")));
    for name in fields.keys() {
        if !kind.fields.iter().any(|field| &field.name == name) {
            let known = kind.fields.iter().map(|field| field.name.as_str()).collect::<Vec<_>>().join("`, `");
            return refuse(name, format!("The kind `{}` has no field `{name}`. It has: `{known}`.", kind.name));
        }
    }
    for field in &kind.fields {
        let value = fields.get(&field.name).map_or(field.default.as_str(), String::as_str);
        if field.required && value.is_empty() {
            return refuse(&field.name, format!("The field `{}` ({}) is missing.", field.name, field.title.en));
        }
        let is_choice = field.choices.is_empty() || field.choices.iter().any(|choice| choice.value == value);
        if !value.is_empty() && !is_choice {
            let allowed = field.choices.iter().map(|choice| choice.value.as_str()).collect::<Vec<_>>().join("`, `");
            return refuse(&field.name, format!("The field `{}` must be one of `{allowed}`.", field.name));
        }
        if value.chars().any(char::is_control) && !value.contains("-----BEGIN") {
            return refuse(&field.name, format!("The field `{}` holds a line break or control character.", field.name));
        }
    }
    Ok(())
}

/// The hosts that a credential is bound to: those of its kind, that of its address, or those that the person names.
pub(crate) fn hosts_of(catalogue: &Catalogue, input: &CredentialInput) -> Result<Vec<String>, Problem> {
    let kind = kind_of(catalogue, &input.kind)?;
    if !kind.hosts.is_empty() {
        return Ok(kind.hosts.clone());
    }
    if let Some(field) = &kind.hosts_from {
        let address = input.fields.get(field).map_or("", String::as_str).trim();
        if kind.apply == Apply::Smtp && !address.is_empty() {
            return Ok(vec![address.to_owned()]);
        }
        let host = hosts::pattern_of(address).ok_or_else(|| {
            Problem::invalid_request(format!("The field `{field}` must be an address like https://example.com."))
                .for_people("form.address_invalid", &[])
                .at_parameter(format!("fields.{field}"))
        })?;
        return Ok(vec![host]);
    }
    let hosts: Vec<String> =
        input.hosts.iter().map(|host| host.trim().to_owned()).filter(|host| !host.is_empty()).collect();
    if hosts.is_empty() {
        let detail =
            "Name the hosts that this credential may be sent to, for example `api.example.com`. It goes nowhere else.";
        return Err(Problem::invalid_request(detail).at_parameter("hosts"));
    }
    Ok(hosts)
}

fn kind_of<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a CredentialKind, Problem> {
    catalogue.credential_kind(name).ok_or_else(|| {
        let known = catalogue.credential_kinds().map(|kind| kind.name.as_str()).collect::<Vec<_>>().join("`, `");
        Problem::invalid_request(format!("There is no credential kind `{name}`. There are: `{known}`."))
            .at_parameter("kind")
    })
}

impl From<CredentialRecord> for Credential {
    fn from(record: CredentialRecord) -> Self {
        Self {
            id: record.id,
            name: record.name,
            kind: record.kind,
            hosts: record.hosts,
            fields: record.public_fields,
            used_by: Vec::new(),
            created_at: record.created_at,
            updated_at: record.updated_at,
        }
    }
}
