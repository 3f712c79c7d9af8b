//! Who changed or decided what, and when.

use actix_web::web::{Data, Json, Query};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::{AuditEntry as Record, Storage};
use utoipa::{IntoParams, ToSchema};

use super::{Page, paging};
use crate::auth::Owner;
use crate::problem::{Problem, ProblemDocument};

/// Which part of the log to read.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// How many at the most, 50 when left out, 200 at the most.
    pub limit: Option<u64>,
    /// The `next` of an earlier page.
    pub cursor: Option<String>,
}

/// Something that somebody did.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who: an e-mail address, or `token` with the token's name.
    pub who: String,
    /// What was done, by a stable code such as `run.replayed`.
    pub action: String,
    /// What it was done to: `run`, `workflow`, …
    pub subject_kind: String,
    /// Its id; empty when it has none.
    pub subject_id: String,
    /// What else is worth knowing.
    #[schema(value_type = Object)]
    pub details: Value,
}

/// Reads the log, the latest entry first. Only for the owner, and for tokens that the owner made.
#[utoipa::path(get, path = "/api/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, body = Page<AuditEntry>), (status = 403, body = ProblemDocument)))]
pub async fn list(
    _owner: Owner,
    storage: Data<Storage>,
    query: Query<AuditQuery>,
) -> Result<Json<Page<AuditEntry>>, Problem> {
    let limit = paging::limit(query.limit)?;
    let rows = storage.audit_entries(paging::key(query.cursor.as_deref())?, limit + 1).await?;
    Ok(Json(Page::of(rows, limit, |row| row.key.to_string(), AuditEntry::from)))
}

impl From<Record> for AuditEntry {
    fn from(record: Record) -> Self {
        Self {
            at: record.at,
            who: record.who,
            action: record.action,
            subject_kind: record.subject_kind,
            subject_id: record.subject_id,
            details: record.details,
        }
    }
}
