//! A new credential, and changing one.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use engine::Engine;
use model::CredentialId;
use nodes::Catalogue;
use nodes::manifest::CredentialKind;
use serde::Deserialize;
use serde_json::Value;
use storage::{CredentialRecord, Storage};

use super::super::layout::{Layout, page, see_other};
use super::super::query::with_query;
use super::super::titles::in_language;
use super::fields::{self, Entries, Faults, FieldRow};
use super::trial::Verdict;
use crate::api::credentials::{CredentialInput, CredentialUser, hosts_of, sealed, used_by};
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::{Problem, ProblemCode};

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    kind: String,
}

#[derive(Template)]
#[template(path = "credential_kinds.html")]
struct KindsPage {
    l: Layout,
    kinds: Vec<KindCard>,
}

struct KindCard {
    name: String,
    title: String,
    description: String,
    icon: String,
}

#[derive(Template)]
#[template(path = "credential.html")]
pub(super) struct CredentialPage {
    l: Layout,
    /// None while it is new.
    id: Option<CredentialId>,
    kind: String,
    kind_title: String,
    kind_description: String,
    icon: String,
    /// What it is called; what was typed while that is not stored.
    name: String,
    name_fault: String,
    asks_for_hosts: bool,
    hosts: String,
    hosts_fault: String,
    /// The hosts that it is bound to now.
    bound_to: String,
    rows: Vec<FieldRow>,
    users: Vec<CredentialUser>,
    /// Whether a test needs an address, because the kind alone does not say one.
    needs_address: bool,
    verdict: Option<Verdict>,
    /// The address that was just tried.
    pub(super) test_url: String,
}

/// Asks for the kind, then for what that kind needs.
pub(super) async fn show_new(
    request: HttpRequest,
    signed_in: SignedIn,
    catalogue: Data<Catalogue>,
    wanted: Query<Wanted>,
) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    if wanted.kind.is_empty() {
        let card = |kind: &CredentialKind| KindCard {
            name: kind.name.clone(),
            title: in_language(&l, &kind.title).to_owned(),
            description: in_language(&l, &kind.description).to_owned(),
            icon: fields::icon_of(&catalogue, &kind.name),
        };
        let mut kinds: Vec<KindCard> = catalogue.credential_kinds().map(card).collect();
        kinds.sort_by_key(|kind| kind.title.to_lowercase());
        return page(StatusCode::OK, &KindsPage { l, kinds });
    }
    let kind = kind_of(&catalogue, &wanted.kind)?;
    let entries = Entries { name: in_language(&l, &kind.title).to_owned(), ..Entries::default() };
    page(StatusCode::OK, &new_page(l, &catalogue, kind, &entries, &Faults::default()))
}

/// Stores a new credential, or shows the form again and says what is wrong.
pub(super) async fn create(
    request: HttpRequest,
    form: CheckedForm<BTreeMap<String, String>>,
    signed_in: SignedIn,
    (storage, catalogue, engine): (Data<Storage>, Data<Catalogue>, Data<Engine>),
) -> Result<HttpResponse, Problem> {
    let CheckedForm(mut form) = form;
    let mut l = Layout::for_user(&request, &signed_in);
    let kind = kind_of(&catalogue, &form.remove("kind").unwrap_or_default())?;
    l.path = with_query("/credentials/new", &[("kind", &kind.name)]);
    let entries = Entries::of_form(form);
    let mut faults = fields::check(&l, kind, &entries, &BTreeSet::new());
    if faults.is_empty() {
        let id = CredentialId::generate();
        match sealed(&engine, &catalogue, id, input(kind, &entries), BTreeMap::new()) {
            Ok(new) => {
                storage.create_credential(id, new).await?;
                return Ok(see_other(&format!("/credentials/{id}?notice=saved")));
            }
            Err(problem) => put(&l, &mut faults, problem)?,
        }
    }
    page(StatusCode::UNPROCESSABLE_ENTITY, &new_page(l, &catalogue, kind, &entries, &faults))
}

/// Shows a stored credential without its secrets.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, catalogue, engine): (Data<Storage>, Data<Catalogue>, Data<Engine>),
    id: Path<CredentialId>,
) -> Result<HttpResponse, Problem> {
    let record = storage.credential(*id).await?;
    let l = Layout::for_user(&request, &signed_in);
    page(StatusCode::OK, &stored_page(l, &storage, &catalogue, &engine, &record, None).await?)
}

/// Changes a credential, or shows the form again and says what is wrong.
pub(super) async fn update(
    request: HttpRequest,
    form: CheckedForm<BTreeMap<String, String>>,
    signed_in: SignedIn,
    (storage, catalogue, engine): (Data<Storage>, Data<Catalogue>, Data<Engine>),
    id: Path<CredentialId>,
) -> Result<HttpResponse, Problem> {
    let CheckedForm(form) = form;
    let l = Layout::for_user(&request, &signed_in);
    let record = storage.credential(*id).await?;
    let kind = kind_of(&catalogue, &record.kind)?;
    let entries = Entries::of_form(form);
    let known = engine.vault().secret_fields(&record).unwrap_or_default();
    let mut faults = fields::check(&l, kind, &entries, &names_of(&known));
    if faults.is_empty() {
        let input = input(kind, &entries);
        let keeps_its_target = hosts_of(&catalogue, &input).is_ok_and(|hosts| hosts == record.hosts);
        if !keeps_its_target {
            // A secret never goes to a host that it was not made for, so it has to be typed again.
            for name in known.keys().filter(|name| !entries.fields.contains_key(*name)) {
                faults.add(format!("{}{name}", fields::PREFIX), l.t("form.secret_again"));
            }
        }
        if faults.is_empty() {
            let known = if keeps_its_target { known } else { BTreeMap::new() };
            match sealed(&engine, &catalogue, *id, input, known) {
                Ok(new) => {
                    storage.replace_credential(*id, new).await?;
                    return Ok(see_other(&format!("/credentials/{id}?notice=saved")));
                }
                Err(problem) => put(&l, &mut faults, problem)?,
            }
        }
    }
    let mut shown = stored_page(l, &storage, &catalogue, &engine, &record, None).await?;
    let stored = names_of(&engine.vault().secret_fields(&record).unwrap_or_default());
    shown.rows = fields::rows(&shown.l, kind, &entries, &stored, &faults);
    faults.of("name").clone_into(&mut shown.name_fault);
    faults.of("hosts").clone_into(&mut shown.hosts_fault);
    (shown.name, shown.hosts) = (entries.name, entries.hosts);
    page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
}

/// The page of a stored credential, with the outcome of a test if there was one.
pub(super) async fn stored_page(
    l: Layout,
    storage: &Storage,
    catalogue: &Catalogue,
    engine: &Engine,
    record: &CredentialRecord,
    verdict: Option<Verdict>,
) -> Result<CredentialPage, Problem> {
    let kind = kind_of(catalogue, &record.kind)?;
    let text = |(name, value): (&String, &Value)| Some((name.clone(), value.as_str()?.to_owned()));
    let entries = Entries {
        name: record.name.clone(),
        hosts: record.hosts.join("\n"),
        fields: record.public_fields.iter().filter_map(text).collect(),
    };
    let stored = names_of(&engine.vault().secret_fields(record).unwrap_or_default());
    let rows = fields::rows(&l, kind, &entries, &stored, &Faults::default());
    let users = used_by(storage).await?.remove(&record.id).unwrap_or_default();
    Ok(CredentialPage {
        id: Some(record.id),
        bound_to: record.hosts.join(", "),
        rows,
        users,
        needs_address: kind.test.is_none() && kind.apply != nodes::manifest::Apply::Smtp,
        verdict,
        ..new_page(l, catalogue, kind, &entries, &Faults::default())
    })
}

fn new_page(
    l: Layout,
    catalogue: &Catalogue,
    kind: &CredentialKind,
    entries: &Entries,
    faults: &Faults,
) -> CredentialPage {
    CredentialPage {
        id: None,
        kind: kind.name.clone(),
        kind_title: in_language(&l, &kind.title).to_owned(),
        kind_description: in_language(&l, &kind.description).to_owned(),
        icon: fields::icon_of(catalogue, &kind.name),
        name: entries.name.clone(),
        name_fault: faults.of("name").to_owned(),
        asks_for_hosts: fields::asks_for_hosts(kind),
        hosts: entries.hosts.clone(),
        hosts_fault: faults.of("hosts").to_owned(),
        bound_to: kind.hosts.join(", "),
        rows: fields::rows(&l, kind, entries, &BTreeSet::new(), faults),
        users: Vec::new(),
        needs_address: false,
        verdict: None,
        test_url: String::new(),
        l,
    }
}

fn input(kind: &CredentialKind, entries: &Entries) -> CredentialInput {
    let hosts = if fields::asks_for_hosts(kind) { entries.host_list() } else { Vec::new() };
    let name = entries.name.trim().to_owned();
    CredentialInput { name, kind: kind.name.clone(), hosts, fields: entries.fields.clone() }
}

/// Puts a refusal at its field. Any other problem is one of the whole page.
fn put(l: &Layout, faults: &mut Faults, problem: Problem) -> Result<(), Problem> {
    if problem.code() != ProblemCode::InvalidRequest {
        return Err(problem);
    }
    let document = problem.document();
    let field = match document.parameter.as_deref() {
        Some("hosts") => "hosts".to_owned(),
        Some(place) => {
            place.strip_prefix("fields.").map_or("name".to_owned(), |name| format!("{}{name}", fields::PREFIX))
        }
        None => "name".to_owned(),
    };
    faults.add(field, problem.words(l.texts()));
    Ok(())
}

pub(super) fn kind_of<'a>(catalogue: &'a Catalogue, name: &str) -> Result<&'a CredentialKind, Problem> {
    catalogue.credential_kind(name).ok_or_else(|| Problem::not_found("kind of credential"))
}

fn names_of(secrets: &BTreeMap<String, String>) -> BTreeSet<String> {
    secrets.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.clone()).collect()
}
