//! Trying a credential before a run needs it.

use actix_web::web::{Data, Json, Path};
use engine::Engine;
use engine::credential_test::CredentialVerdict;
use model::{CredentialId, NodeError};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::Storage;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::config::Config;
use crate::problem::{Problem, ProblemDocument};

/// How to try a credential.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CredentialTrial {
    /// An address of the service that the credential may be sent to. Needed when its kind has no test of its own.
    pub url: Option<String>,
}

/// What came of trying a credential.
#[derive(Debug, Serialize, ToSchema)]
pub struct CredentialTrialResult {
    /// Whether it works.
    pub ok: bool,
    /// What happened and, if it does not work, what to do.
    pub message: String,
    /// The status of the service's answer, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Why it does not work, with a stable code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub error: Option<NodeError>,
    /// What was sent and what came back, without secrets.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub exchange: Option<Value>,
}

/// Tries a credential with a request that changes nothing, or by signing in to the mail server.
#[utoipa::path(post, path = "/api/v1/credentials/{id}/test", tag = "credentials", params(("id" = Uuid, Path)),
    request_body = Option<CredentialTrial>,
    responses((status = 200, body = CredentialTrialResult), (status = 404, body = ProblemDocument)))]
pub async fn test(
    _caller: Caller,
    storage: Data<Storage>,
    engine: Data<Engine>,
    config: Data<Config>,
    id: Path<CredentialId>,
    wish: Option<Json<CredentialTrial>>,
) -> Result<Json<CredentialTrialResult>, Problem> {
    storage.credential(*id).await?;
    let url = wish.and_then(|wish| wish.into_inner().url);
    let verdict = engine.test_credential(*id, url, config.api.test_timeout_ms).await;
    Ok(Json(CredentialTrialResult::from(verdict)))
}

impl From<CredentialVerdict> for CredentialTrialResult {
    fn from(verdict: CredentialVerdict) -> Self {
        let message = match (&verdict.error, verdict.status) {
            (Some(error), _) => error.message.clone(),
            (None, Some(status)) => format!("The service accepted the credential ({status})."),
            (None, None) => "The mail server accepted the credential.".to_owned(),
        };
        Self {
            ok: verdict.error.is_none(),
            message,
            status: verdict.status,
            error: verdict.error,
            exchange: verdict.exchange.and_then(|exchange| serde_json::to_value(exchange).ok()),
        }
    }
}
