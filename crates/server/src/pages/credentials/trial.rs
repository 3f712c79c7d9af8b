//! Tries a credential and says in words what came of it.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use engine::Engine;
use engine::credential_test::CredentialVerdict;
use model::{CredentialId, ErrorCode};
use nodes::Catalogue;
use serde::Deserialize;
use storage::Storage;

use super::super::failure::Failure;
use super::super::layout::{Layout, page};
use super::edit::stored_page;
use crate::auth::{CheckedForm, SignedIn};
use crate::problem::Problem;

/// How long a person waits for the outcome at the most, in milliseconds.
const PATIENCE_MS: u64 = 15_000;

#[derive(Deserialize)]
pub(super) struct Try {
    #[serde(default)]
    url: String,
}

/// What came of trying a credential.
pub(super) struct Verdict {
    pub(super) is_good: bool,
    pub(super) words: String,
    /// What exactly happened; empty when the words say it all.
    pub(super) detail: String,
}

/// Tries a stored credential and shows its page with the outcome.
pub(super) async fn test(
    request: HttpRequest,
    form: CheckedForm<Try>,
    signed_in: SignedIn,
    (storage, catalogue, engine): (Data<Storage>, Data<Catalogue>, Data<Engine>),
    id: Path<CredentialId>,
) -> Result<HttpResponse, Problem> {
    let CheckedForm(Try { url }) = form;
    let record = storage.credential(*id).await?;
    let mut l = Layout::for_user(&request, &signed_in);
    l.path = format!("/credentials/{id}");
    let tried_at = Some(url.clone()).filter(|url| !url.trim().is_empty());
    let verdict = Verdict::of(&l, engine.test_credential(*id, tried_at, PATIENCE_MS).await);
    let mut shown = stored_page(l, &storage, &catalogue, &engine, &record, Some(verdict)).await?;
    shown.test_url = url;
    page(StatusCode::OK, &shown)
}

impl Verdict {
    fn of(l: &Layout, verdict: CredentialVerdict) -> Self {
        let Some(error) = verdict.error else {
            let words = match verdict.status {
                Some(status) => l.t1("credentials.test.works", "status", status),
                None => l.t("credentials.test.signed_in").to_owned(),
            };
            return Self { is_good: true, words, detail: String::new() };
        };
        let words = match error.code {
            ErrorCode::Credential => l.t("credentials.test.refused"),
            ErrorCode::HostRefused => l.t("credentials.test.host_refused"),
            ErrorCode::AddressRefused => l.t("credentials.test.address_refused"),
            ErrorCode::Dns => l.t("credentials.test.dns"),
            ErrorCode::Connection => l.t("credentials.test.connection"),
            ErrorCode::Tls => l.t("credentials.test.tls"),
            ErrorCode::Timeout => l.t("credentials.test.timeout"),
            ErrorCode::Mail => l.t("credentials.test.mail"),
            ErrorCode::Parameter => l.t("credentials.test.address"),
            _ => l.t("credentials.test.unclear"),
        };
        let detail = Failure::of(l.texts(), &error).words().to_owned();
        Self { is_good: false, words: words.to_owned(), detail }
    }
}
