//! Call-backs: another system requests the link that it was given, and the run that waits for it goes on.

use actix_web::web::{Bytes, Data, Path};
use actix_web::{HttpRequest, HttpResponse};
use engine::Engine;
use model::RunId;
use serde::Serialize;
use serde_json::json;
use storage::Storage;
use storage::queue::SignalOutcome;
use utoipa::ToSchema;

use super::body::{self, Limits};
use super::links::WaitLink;
use super::request as parts;
use crate::auth::Accounts;
use crate::config::Config;
use crate::problem::{Problem, ProblemDocument};

/// What became of a call-back.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resumed {
    /// The run that goes on.
    #[schema(value_type = Uuid)]
    pub run: RunId,
    /// `received`, or `already_received` when another request was there first: that one counts.
    pub status: &'static str,
}

/// Takes a call-back. Every method is taken; the first request counts, later ones change nothing.
#[utoipa::path(post, path = "/hooks/v1/resume/{run}/{node}/{token}", tag = "webhooks", security(()),
    params(("run" = Uuid, Path), ("node" = String, Path), ("token" = String, Path)),
    request_body(content = Vec<u8>, content_type = "*/*"),
    responses((status = 202, body = Resumed), (status = 404, body = ProblemDocument), (status = 409, body = ProblemDocument)))]
pub async fn resume(
    request: HttpRequest,
    path: Path<(String, String, String)>,
    raw_body: Bytes,
    (storage, engine): (Data<Storage>, Data<Engine>),
    (config, accounts): (Data<Config>, Data<Accounts>),
) -> Result<HttpResponse, Problem> {
    accounts.count_link(&request)?;
    let link = WaitLink::open(&storage, &engine, (&path.0, &path.1, &path.2), "callback").await?;
    let header = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    let limits = Limits::from(&config.ingress);
    let parsed = body::parse(header("content-type"), header("content-encoding"), &raw_body, &limits)?;
    if !parsed.files.is_empty() {
        return Err(Problem::invalid_request("A call-back cannot carry files. Send JSON, a form or text."));
    }
    let value = json!({
        "method": request.method().as_str(),
        "headers": parts::headers(request.headers()),
        "query": parts::query(&request),
        "body": parsed.value,
    });
    let run = link.run.id;
    let status = match storage.queue().signal(run, &link.node.id, &link.iteration, value).await? {
        SignalOutcome::Stored => "received",
        SignalOutcome::AlreadyThere => "already_received",
        SignalOutcome::RunOver => {
            return Err(Problem::not_now("problem.wait_over"));
        }
    };
    Ok(HttpResponse::Accepted().json(Resumed { run, status }))
}
