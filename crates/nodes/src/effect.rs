//! What a node may ask the engine to do outside, and what comes back.
//!
//! The same shapes are what a connector's script writes and reads, so their field names are part of the connector
//! contract described in `docs/connectors.md`.

mod seen;
mod table;

use model::{RunId, RunStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use seen::{SeenReply, SeenRequest};
pub use table::{TableFilter, TableOrder, TableReply, TableRequest};

/// Something to do outside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Send an HTTP request.
    Http(HttpRequest),
    /// Send a mail.
    Mail(Mail),
    /// Use the built-in contact table.
    Contacts(ContactsRequest),
    /// Use one of the built-in tables.
    Table(TableRequest),
    /// Ask whether a key was seen before, and remember it.
    Seen(SeenRequest),
}

/// An HTTP request, without its credential: the engine adds that after checking the host.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpRequest {
    /// The method, in capitals.
    #[serde(default = "get")]
    pub method: String,
    /// Absolute `http` or `https` address.
    pub url: String,
    /// Added to the query of `url`, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// Header fields, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// What is sent.
    #[serde(default)]
    pub body: HttpBody,
    /// How the answer is given back.
    #[serde(default)]
    pub response: ResponseFormat,
    /// How many redirects to follow; none means the server's limit.
    #[serde(default)]
    pub redirects: Option<u32>,
    /// Whether the same request may be sent twice without harm. The engine gives every other one an `Idempotency-Key`.
    #[serde(default)]
    pub safe_to_repeat: bool,
}

fn get() -> String {
    "GET".to_owned()
}

/// The body of a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum HttpBody {
    /// None.
    #[default]
    None,
    /// JSON; `Content-Type: application/json` unless a header says otherwise.
    Json(Value),
    /// Pairs as `application/x-www-form-urlencoded`.
    Form(Vec<(String, String)>),
    /// Text as it stands; `text/plain; charset=utf-8` unless a header says otherwise.
    Text(String),
    /// A stored file as it stands, under its own content type unless a header says otherwise.
    File(FileRef),
    /// `multipart/form-data`.
    Multipart(Vec<Part>),
}

/// One part of a `multipart/form-data` body: either a `value` or a `file`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The field's name.
    pub name: String,
    /// A text field's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A stored file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<FileRef>,
}

/// A stored file, as it stands in a context: the bytes lie in storage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FileRef {
    /// Its id in storage.
    pub file_id: model::FileId,
    /// The name it came with, without any path.
    #[serde(default)]
    pub name: String,
    /// Its media type.
    #[serde(default = "octet_stream")]
    pub content_type: String,
    /// Its size in bytes.
    #[serde(default)]
    pub size: u64,
}

fn octet_stream() -> String {
    "application/octet-stream".to_owned()
}

/// How the body of an answer is given back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    /// By its `Content-Type`: JSON as a value, text as a string, everything else as a stored file.
    #[default]
    Auto,
    /// As JSON; anything else is a [`model::ErrorCode::Response`] failure unless the status is an error.
    Json,
    /// As a string.
    Text,
    /// As a stored file: the value is a [`FileRef`].
    Bytes,
}

/// A mail to send.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// The sender, `Name <address>` or an address; empty means the credential's or the server's default.
    #[serde(default)]
    pub from: String,
    /// The recipients; at least one over `to`, `cc` and `bcc`.
    #[serde(default)]
    pub to: Vec<String>,
    /// Recipients of a copy.
    #[serde(default)]
    pub cc: Vec<String>,
    /// Recipients that the others do not see.
    #[serde(default)]
    pub bcc: Vec<String>,
    /// Where answers go.
    #[serde(default)]
    pub reply_to: Vec<String>,
    /// The subject line.
    #[serde(default)]
    pub subject: String,
    /// The plain text.
    #[serde(default)]
    pub text: String,
    /// The HTML text.
    #[serde(default)]
    pub html: String,
    /// Files sent along.
    #[serde(default)]
    pub attachments: Vec<FileRef>,
}

/// A use of the built-in contact table. The e-mail address, in lower case, names a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum ContactsRequest {
    /// Create the contact or change the fields given.
    Upsert(ContactChange),
    /// Look it up.
    Find {
        /// The e-mail address.
        email: String,
    },
}

/// What is to be known of a contact; what is absent stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContactChange {
    /// The e-mail address.
    pub email: String,
    /// Full name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Telephone number as written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<String>,
    /// Further fields; merged by name, null removes one.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub fields: Map<String, Value>,
}

/// What came back from an effect, or what ended a wait. Failures to reach the other side never get here; the engine handles
/// them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The answer to an HTTP request, whatever its status.
    Http(HttpReply),
    /// The mail was taken over.
    Mail(MailReply),
    /// The contact table's answer.
    Contacts(ContactsReply),
    /// A built-in table's answer.
    Table(TableReply),
    /// Whether the key was seen before.
    Seen(SeenReply),
    /// The moment that the step waited for has come; of a wait for a signal, its end without one.
    Time,
    /// What the step waited for came. Of a call-back `{method, headers, query, body}`; of an approval
    /// `{approved, comment, by}`.
    Signal(Value),
    /// The workflow that was called has ended, or was started when nobody waits for its end.
    Called(CalledReply),
    /// Every turn of the box is over.
    Turns(TurnsReply),
}

/// What became of a called workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CalledReply {
    /// Its run.
    pub run: RunId,
    /// How it ended; `queued` when nobody waits for its end.
    pub status: RunStatus,
    /// The output of its last step.
    #[serde(default)]
    pub output: Value,
    /// Why it did not end well: `{node, error}`; null otherwise.
    #[serde(default)]
    pub error: Value,
}

/// What became of the turns of a box.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TurnsReply {
    /// How many there were.
    pub count: u64,
    /// How many ended well.
    pub succeeded: u64,
    /// How many failed.
    pub failed: u64,
    /// How many a filter ended.
    pub skipped: u64,
    /// Their outputs in the order of the items, null for those that failed or were skipped; empty unless they are collected.
    #[serde(default)]
    pub outputs: Vec<Value>,
}

/// The answer to an HTTP request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HttpReply {
    /// The status code.
    pub status: u16,
    /// Header names in lower case; several of the same name are joined by `, `.
    pub headers: Map<String, Value>,
    /// The body in the form that was asked for; null when empty.
    pub body: Value,
    /// The address that answered, after redirects.
    pub url: String,
    /// How long the other side asked to wait (`Retry-After`), in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}

/// What became of a mail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MailReply {
    /// Its `Message-ID`.
    pub message_id: String,
    /// `smtp` when a mail server took it, `outbox` when no server is set up and it was kept in the built-in outbox.
    pub delivered_by: String,
    /// Every address that it went to.
    pub recipients: Vec<String>,
    /// The outbox entry's id, when it went there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outbox_id: Option<model::MailId>,
}

/// The contact table's answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ContactsReply {
    /// `created`, `updated`, `unchanged`, `found` or `not_found`.
    pub result: String,
    /// The contact as it stands now; null when not found.
    pub contact: Value,
}
