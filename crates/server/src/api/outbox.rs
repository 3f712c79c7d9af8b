//! Mails that were kept because no mail server is set up.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Json, Path, Query};
use model::{MailId, RunId, Timestamp};
use serde::{Deserialize, Serialize};
use storage::{MailSummary, Storage};
use utoipa::{IntoParams, ToSchema};

use super::{Page, paging};
use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};

/// Which mails to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct MailQuery {
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// A kept mail.
#[derive(Debug, Serialize, ToSchema)]
pub struct Mail {
    /// Its id.
    #[schema(value_type = Uuid)]
    pub id: MailId,
    /// Always `outbox`: it was not sent, because no mail server is set up.
    pub delivered_by: &'static str,
    /// The run that wrote it.
    #[schema(value_type = Option<Uuid>)]
    pub run: Option<RunId>,
    /// The node that wrote it.
    pub node: String,
    /// The sender.
    pub from: String,
    /// Every address that it would go to.
    pub recipients: Vec<String>,
    /// The subject.
    pub subject: String,
    /// When it was kept.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Lists kept mails, the latest first.
#[utoipa::path(get, path = "/api/v1/outbox", tag = "outbox", params(MailQuery), responses((status = 200, body = Page<Mail>)))]
pub async fn list(
    _caller: Caller,
    storage: Data<Storage>,
    query: Query<MailQuery>,
) -> Result<Json<Page<Mail>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let parse =
        |text: &str| text.parse().map_err(|_| paging::invalid("`cursor` must be the `next` of an earlier page."));
    let before = query.cursor.as_deref().map(parse).transpose()?;
    let rows = storage.mails(before, limit + 1).await?;
    Ok(Json(Page::of(rows, limit, |mail| mail.id.to_string(), Mail::from)))
}

/// Reads a kept mail as it would go out (RFC 5322), as a download.
#[utoipa::path(get, path = "/api/v1/outbox/{id}/message", tag = "outbox", params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<u8>, content_type = "message/rfc822"), (status = 404, body = ProblemDocument)))]
pub async fn message(_caller: Caller, storage: Data<Storage>, id: Path<MailId>) -> Result<HttpResponse, Problem> {
    let mail = storage.mail(*id).await?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "message/rfc822"))
        .insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{id}.eml\"")))
        .body(mail.message))
}

/// Deletes a kept mail.
#[utoipa::path(delete, path = "/api/v1/outbox/{id}", tag = "outbox", params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = ProblemDocument)))]
pub async fn delete(_caller: Caller, storage: Data<Storage>, id: Path<MailId>) -> Result<HttpResponse, Problem> {
    storage.delete_mail(*id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Deletes every kept mail.
#[utoipa::path(delete, path = "/api/v1/outbox", tag = "outbox", responses((status = 204)))]
pub async fn delete_all(_caller: Caller, storage: Data<Storage>) -> Result<HttpResponse, Problem> {
    storage.delete_mails().await?;
    Ok(HttpResponse::NoContent().finish())
}

impl From<MailSummary> for Mail {
    fn from(record: MailSummary) -> Self {
        Self {
            id: record.id,
            delivered_by: "outbox",
            run: record.run,
            node: record.node.0,
            from: record.sender,
            recipients: record.recipients,
            subject: record.subject,
            created_at: record.created_at,
        }
    }
}
