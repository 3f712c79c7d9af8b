//! The outbox: mails that were kept because no mail server is set up, and each as it would look.

mod letter;

use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path, Query, ServiceConfig, get, post, resource};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{MailId, RunId, Timestamp};
use serde::Deserialize;
use storage::{MailRecord, MailSummary, Storage};

use self::letter::{Attachment, Letter};
use super::form;
use super::layout::{Layout, page, see_other};
use super::query::{Batch, with_query};
use crate::auth::{CheckedForm, SignedIn};
use crate::middleware::Policy;
use crate::problem::Problem;

/// The addresses of the outbox.
pub(super) fn routes(config: &mut ServiceConfig) {
    config
        .service(resource("/outbox").route(get().to(list)))
        .service(form("/outbox/delete-all").route(post().to(delete_all)))
        .service(resource("/outbox/{id}").route(get().to(show)))
        .service(resource("/outbox/{id}/html").route(get().to(html)))
        .service(form("/outbox/{id}/delete").route(post().to(delete)));
}

#[derive(Deserialize)]
struct Place {
    before: Option<MailId>,
}

#[derive(Deserialize)]
struct View {
    #[serde(default)]
    view: String,
}

#[derive(Deserialize)]
struct Nothing {}

#[derive(Template)]
#[template(path = "outbox.html")]
struct OutboxPage {
    l: Layout,
    /// How many there are in all, in words.
    count: String,
    mails: Vec<Row>,
    /// Whether the list does not begin at the latest.
    is_later_page: bool,
    older: Option<String>,
}

struct Row {
    id: MailId,
    at: Timestamp,
    recipients: String,
    subject: String,
    run: Option<RunId>,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct MailPage {
    l: Layout,
    id: MailId,
    at: Timestamp,
    node: String,
    run: Option<RunId>,
    subject: String,
    letter: Letter,
    /// Name, type and size of each file.
    attachments: Vec<String>,
    /// `text`, `html` or `source`.
    view: &'static str,
    source: String,
}

/// Lists mails, the latest first.
async fn list(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    place: Query<Place>,
) -> Result<HttpResponse, Problem> {
    let rows = storage.mails(place.before, Batch::<Row>::ASKED).await?;
    let batch = Batch::of(rows, Row::from);
    let older = batch.last_if_more().map(|row| with_query("/outbox", &[("before", &row.id.to_string())]));
    let l = Layout::for_user(&request, &signed_in);
    let count = l.count("outbox.one", "outbox.many", storage.count_mails().await?);
    page(StatusCode::OK, &OutboxPage { l, count, is_later_page: place.before.is_some(), older, mails: batch.items })
}

/// Shows a mail as it would look.
async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<MailId>,
    wanted: Query<View>,
) -> Result<HttpResponse, Problem> {
    let MailRecord { summary: mail, message } = storage.mail(*id).await?;
    let letter = Letter::read(&message, &mail.recipients);
    let view = match (wanted.view.as_str(), &letter.text, &letter.html) {
        ("source", ..) => "source",
        ("text", Some(_), _) | (_, _, None) => "text",
        _ => "html",
    };
    let l = Layout::for_user(&request, &signed_in);
    let label = |file: &Attachment| {
        let size = l.format().bytes(u64::try_from(file.size_bytes).unwrap_or(u64::MAX));
        format!("{} · {} · {size}", file.name, file.content_type)
    };
    let template = MailPage {
        attachments: letter.attachments.iter().map(label).collect(),
        id: mail.id,
        at: mail.created_at,
        node: mail.node.0,
        run: mail.run,
        subject: mail.subject,
        source: if view == "source" { letter::source(&message) } else { String::new() },
        letter,
        view,
        l,
    };
    Ok(Policy::PageWithFrame.applied_to(page(StatusCode::OK, &template)?))
}

/// The HTML of a mail, for the frame on its page. It can run nothing and load nothing.
async fn html(_signed_in: SignedIn, storage: Data<Storage>, id: Path<MailId>) -> Result<HttpResponse, Problem> {
    let mail = storage.mail(*id).await?;
    let html = Letter::read(&mail.message, &mail.summary.recipients).html.ok_or_else(|| Problem::not_found("page"))?;
    Ok(Policy::Framed.applied_to(HttpResponse::Ok().content_type(ContentType::html()).body(html)))
}

/// Deletes a mail for good.
async fn delete(
    _form: CheckedForm<Nothing>,
    _signed_in: SignedIn,
    storage: Data<Storage>,
    id: Path<MailId>,
) -> Result<HttpResponse, Problem> {
    storage.delete_mail(*id).await?;
    Ok(see_other("/outbox?notice=deleted"))
}

/// Deletes every mail for good.
async fn delete_all(
    _form: CheckedForm<Nothing>,
    _signed_in: SignedIn,
    storage: Data<Storage>,
) -> Result<HttpResponse, Problem> {
    storage.delete_mails().await?;
    Ok(see_other("/outbox?notice=deleted"))
}

impl From<MailSummary> for Row {
    fn from(mail: MailSummary) -> Self {
        Self {
            id: mail.id,
            at: mail.created_at,
            recipients: mail.recipients.join(", "),
            subject: mail.subject,
            run: mail.run,
        }
    }
}
