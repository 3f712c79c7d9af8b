//! Tries a credential: the request of its kind, an address that a person names, or a sign-in to a mail server.

use model::{CredentialId, ErrorCode, NodeError, NodeId};
use nodes::effect::{Effect, HttpBody, HttpReply, HttpRequest, Reply, ResponseFormat};
use nodes::manifest::{Apply, CredentialTest};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::effects::{Call, EffectError, Exchange, OpenCredential};
use crate::engine::{Engine, Shared};

/// What came of trying a credential.
#[derive(Debug, Clone, PartialEq)]
pub struct CredentialVerdict {
    /// The status of the answer, if there was one.
    pub status: Option<u16>,
    /// Why it did not work; none when it did.
    pub error: Option<NodeError>,
    /// What was sent and what came back, without secrets.
    pub exchange: Option<Exchange>,
}

impl CredentialVerdict {
    fn refused(error: NodeError) -> Self {
        Self { status: None, error: Some(error), exchange: None }
    }
}

impl Engine {
    /// Tries a stored credential. `url` is the address to try it at when its kind has no test of its own.
    pub async fn test_credential(&self, id: CredentialId, url: Option<String>, limit_ms: u64) -> CredentialVerdict {
        let shared = self.shared().clone();
        let home = shared.home.get().cloned().unwrap_or_else(Handle::current);
        let task = home.spawn(async move { test(&shared, id, url, limit_ms).await });
        task.await.unwrap_or_else(|_| CredentialVerdict::refused(crate::step::panicked()))
    }
}

async fn test(shared: &Shared, id: CredentialId, url: Option<String>, limit_ms: u64) -> CredentialVerdict {
    let kind = match shared.storage.credential(id).await {
        Ok(record) => record.kind,
        Err(error) => {
            return CredentialVerdict::refused(NodeError::permanent(ErrorCode::Credential, error.to_string()));
        }
    };
    let credential = match shared.vault.open(id, &[kind]).await {
        Ok(credential) => credential,
        Err(error) => return CredentialVerdict::refused(error),
    };
    if credential.kind.apply == Apply::Smtp {
        return match shared.effects.try_mail_server(&credential, limit_ms).await {
            Ok(exchange) => CredentialVerdict { status: None, error: None, exchange: Some(exchange) },
            Err(failed) => failure(failed),
        };
    }
    let expected = credential.kind.test.clone();
    let request = match request(&credential, expected.as_ref(), url) {
        Ok(request) => request,
        Err(error) => return CredentialVerdict::refused(error),
    };
    let node = NodeId::from("credential-test");
    let call = Call {
        credential: Some(&credential),
        // None of its own: only the credential's hosts may be reached.
        allowed_hosts: &[],
        idempotency_key: "credential-test",
        timeout_ms: limit_ms,
        run: None,
        workflow_key: None,
        node: &node,
        iteration: "",
    };
    match shared.effects.carry_out(&Effect::Http(request), &call).await {
        Ok(done) => {
            let Reply::Http(reply) = done.reply else {
                return CredentialVerdict::refused(NodeError::permanent(ErrorCode::Internal, "No answer came back."));
            };
            CredentialVerdict {
                status: Some(reply.status),
                error: judge(&reply, expected.as_ref()),
                exchange: Some(done.exchange),
            }
        }
        Err(failed) => failure(failed),
    }
}

fn failure(failed: EffectError) -> CredentialVerdict {
    CredentialVerdict { status: None, error: Some(failed.error), exchange: failed.exchange.map(|exchange| *exchange) }
}

fn request(
    credential: &OpenCredential,
    test: Option<&CredentialTest>,
    url: Option<String>,
) -> Result<HttpRequest, NodeError> {
    let (method, url, body) = if let Some(test) = test {
        (test.method.clone(), filled(credential, &test.url), test.body.clone())
    } else {
        let url = url.map(|url| url.trim().to_owned()).filter(|url| !url.is_empty()).ok_or_else(|| {
            let message = "Name an address of the service to try the credential at.";
            NodeError::permanent(ErrorCode::Parameter, message).at("url")
        })?;
        ("GET".to_owned(), url, Value::Null)
    };
    Ok(HttpRequest {
        method,
        url,
        query: Vec::new(),
        headers: Vec::new(),
        body: if body.is_null() { HttpBody::None } else { HttpBody::Json(body) },
        response: ResponseFormat::Text,
        redirects: None,
        safe_to_repeat: true,
    })
}

/// The address with the fields that are no secrets. The field that is itself an address stays one; every other is a piece of
/// the path.
fn filled(credential: &OpenCredential, template: &str) -> String {
    let mut url = template.to_owned();
    for field in credential.kind.fields.iter().filter(|field| !field.secret) {
        let value = credential.field(&field.name).trim();
        let value = if credential.kind.hosts_from.as_ref() == Some(&field.name) {
            value.trim_end_matches('/').to_owned()
        } else {
            percent_encoding::utf8_percent_encode(value, percent_encoding::NON_ALPHANUMERIC).to_string()
        };
        url = url.replace(&format!("{{{}}}", field.name), &value);
    }
    url
}

/// Why an answer means that the credential does not work; none when it does.
fn judge(reply: &HttpReply, test: Option<&CredentialTest>) -> Option<NodeError> {
    let expected = test.map(|test| test.statuses.as_slice()).unwrap_or_default();
    let is_good =
        if expected.is_empty() { (200..300).contains(&reply.status) } else { expected.contains(&reply.status) };
    if !is_good {
        let message = match reply.status {
            401 | 403 => format!(
                "The service answered {}: it does not accept this credential, or not for this. Check the secret and its rights.",
                reply.status
            ),
            404 => {
                "The service answered 404: there is nothing at this address, so nothing is known about the credential. \
                    Check the address."
                    .to_owned()
            }
            429 => "The service answered 429: too many requests for now. Try again later.".to_owned(),
            status => {
                format!("The service answered {status}, so nothing is known about the credential. Try again later.")
            }
        };
        let code = if matches!(reply.status, 401 | 403) { ErrorCode::Credential } else { ErrorCode::HttpStatus };
        return Some(NodeError::permanent(code, message).with_details(json!({ "status": reply.status })));
    }
    let told = test?.error_at.as_ref().and_then(|member| {
        let body = serde_json::from_str::<Value>(reply.body.as_str()?).ok()?;
        body.get(member).filter(|told| !told.is_null() && **told != Value::Bool(false)).cloned()
    })?;
    let told = told.as_str().map_or_else(|| told.to_string(), str::to_owned);
    let told: String = told.chars().take(300).collect();
    let message = format!("The service does not accept this credential: {told}. Check the secret and its rights.");
    Some(NodeError::permanent(ErrorCode::Credential, message))
}
