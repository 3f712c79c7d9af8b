//! Who changed or decided what, and when. Only for the owner.

use actix_web::http::StatusCode;
use actix_web::web::{Data, Query};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use storage::{AuditEntry, Storage};

use super::layout::{Layout, page};
use super::query::{Batch, with_query};
use crate::auth::SignedIn;
use crate::problem::Problem;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wish {
    before: String,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditPage {
    l: Layout,
    rows: Vec<Row>,
    is_first: bool,
    older: Option<String>,
}

struct Row {
    key: i64,
    at: Timestamp,
    who: String,
    what: String,
    /// Where what it is about can be looked at; empty when nowhere.
    href: String,
    details: Vec<(String, String)>,
}

/// Lists what was noted, the latest first.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    wish: Query<Wish>,
) -> Result<HttpResponse, Problem> {
    if !signed_in.user.is_owner {
        return Err(Problem::forbidden());
    }
    let l = Layout::for_user(&request, &signed_in);
    let entries = storage.audit_entries(wish.before.parse().ok(), Batch::<Row>::ASKED).await?;
    let batch = Batch::of(entries, |entry| Row::of(&l, entry));
    let older = batch.last_if_more().map(|row| with_query("/audit", &[("before", &row.key.to_string())]));
    page(StatusCode::OK, &AuditPage { is_first: wish.before.is_empty(), older, rows: batch.items, l })
}

impl Row {
    fn of(l: &Layout, entry: AuditEntry) -> Self {
        let key = format!("audit.action.{}", entry.action);
        let href = match (entry.subject_kind.as_str(), entry.subject_id.as_str()) {
            (_, "") => String::new(),
            ("run", id) => format!("/runs/{id}"),
            ("workflow", id) => format!("/workflows/{id}"),
            ("table", id) => format!("/tables/{id}"),
            ("credential", id) => format!("/credentials/{id}"),
            _ => String::new(),
        };
        let details = match entry.details {
            Value::Object(details) => details,
            _ => serde_json::Map::new(),
        };
        let told = details.into_iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)));
        Self {
            key: entry.key,
            at: entry.at,
            who: entry.who,
            what: l.t(&key).to_owned(),
            href,
            details: told.map(text).collect(),
        }
    }
}

fn text((name, value): (String, Value)) -> (String, String) {
    match value {
        Value::String(text) => (name, text),
        other => (name, other.to_string()),
    }
}
