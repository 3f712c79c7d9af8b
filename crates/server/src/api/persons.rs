//! One person across everything that is kept: found by their e-mail address, given out, erased.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json};
use model::Subject;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use storage::{Storage, SubjectCounts, SubjectFindings};
use utoipa::ToSchema;

use crate::auth::Owner;
use crate::problem::{Problem, ProblemDocument};

/// Whom to look for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The e-mail address.
    pub email: String,
}

/// How many things mention a person.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "`SubjectCounts` documents them")]
pub struct PersonCounts {
    pub events: u64,
    pub runs: u64,
    pub steps: u64,
    pub attempts: u64,
    pub contacts: u64,
    pub mails: u64,
    pub table_rows: u64,
    pub samples: u64,
    pub accounts: u64,
    /// Runs that are not over: their events are left alone until they are.
    pub unfinished_runs: u64,
}

/// Counts what mentions a person. In a long history this takes some seconds.
#[utoipa::path(post, path = "/api/v1/persons/find", tag = "history", request_body = Person,
    responses((status = 200, body = PersonCounts), (status = 403, body = ProblemDocument)))]
pub async fn find(_owner: Owner, storage: Data<Storage>, person: Json<Person>) -> Result<Json<PersonCounts>, Problem> {
    let subject = subject_of(&person.email)?;
    Ok(Json(storage.find_subject(&subject).await?.counts.into()))
}

/// Gives out everything about a person as one JSON document, as a download.
#[utoipa::path(post, path = "/api/v1/persons/export", tag = "history", request_body = Person,
    responses((status = 200, body = Object), (status = 403, body = ProblemDocument)))]
pub async fn export(owner: Owner, storage: Data<Storage>, person: Json<Person>) -> Result<HttpResponse, Problem> {
    exported(&owner.0.name(), &storage, &subject_of(&person.email)?).await
}

/// Erases a person everywhere: a mark takes the place of the values, the rows stay. What was found before is the answer.
#[utoipa::path(post, path = "/api/v1/persons/erase", tag = "history", request_body = Person,
    responses((status = 200, body = PersonCounts), (status = 403, body = ProblemDocument)))]
pub async fn erase(owner: Owner, storage: Data<Storage>, person: Json<Person>) -> Result<Json<PersonCounts>, Problem> {
    Ok(Json(erased(&owner.0.name(), &storage, &subject_of(&person.email)?).await?.into()))
}

/// Reads an address.
pub(crate) fn subject_of(email: &str) -> Result<Subject, Problem> {
    Subject::parse(email).ok_or_else(|| {
        let detail = "This is not an e-mail address. Give one such as `ann@example.com`.";
        Problem::invalid_request(detail).at_parameter("email")
    })
}

/// Everything about a person as a file. It is written down that somebody took it, though not about whom.
pub(crate) async fn exported(who: &str, storage: &Storage, subject: &Subject) -> Result<HttpResponse, Problem> {
    let findings = storage.find_subject(subject).await?;
    let document = storage.export_subject(subject, &findings).await?;
    note(who, "person.exported", storage, subject, &findings).await?;
    let text = serde_json::to_string_pretty(&document).map_err(Problem::unexpected)?;
    Ok(HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"person.json\""))
        .body(text + "\n"))
}

/// Erases a person and writes down who did it.
pub(crate) async fn erased(who: &str, storage: &Storage, subject: &Subject) -> Result<SubjectCounts, Problem> {
    let findings = storage.find_subject(subject).await?;
    // Written down first: an erasure that breaks off half-way must not go unnoticed.
    note(who, "person.erased", storage, subject, &findings).await?;
    let left = storage.erase_subject(subject, &findings).await?;
    if left > 0 {
        tracing::warn!(cases = left, "runs went on while a person was erased; their cases were left alone");
    }
    Ok(findings.counts)
}

/// By what the audit names a person: the address itself would be kept there for long; by its hash, who knows the address can
/// find the entry again.
pub(crate) fn mark_of(subject: &Subject) -> String {
    hex::encode(&Sha256::digest(subject.address().as_bytes())[..8])
}

async fn note(
    who: &str,
    action: &str,
    storage: &Storage,
    subject: &Subject,
    findings: &SubjectFindings,
) -> Result<(), Problem> {
    Ok(storage.audit(who, action, "person", &mark_of(subject), json!(findings.counts)).await?)
}

impl From<SubjectCounts> for PersonCounts {
    fn from(counts: SubjectCounts) -> Self {
        let SubjectCounts {
            events,
            runs,
            steps,
            attempts,
            contacts,
            mails,
            table_rows,
            samples,
            accounts,
            unfinished_runs,
        } = counts;
        Self { events, runs, steps, attempts, contacts, mails, table_rows, samples, accounts, unfinished_runs }
    }
}
