//! Everything that effects keep in storage or read from it.

use std::time::Instant;

use model::{ErrorCode, FileId, NodeError, RunId, Timestamp};
use nodes::effect::{ContactChange, ContactsReply, ContactsRequest, FileRef, Reply};
use serde::Serialize;
use serde_json::{Value, json};
use storage::{Contact, ContactInput, NewFile, NewMail, Storage, StorageError, StoredFile};

use super::exchange::Record;
use super::mail::check_email;
use super::redact::Redactor;
use super::{Done, EffectError};

/// The storage as effects see it.
#[derive(Debug, Clone)]
pub(super) struct Stored {
    storage: Storage,
}

impl Stored {
    pub(super) fn new(storage: Storage) -> Self {
        Self { storage }
    }

    /// The moment now, by the clock of the storage.
    pub(super) fn now(&self) -> Timestamp {
        self.storage.now()
    }

    /// The content of a file, at most `limit` bytes. Name and type are those that the step gave, if any.
    pub(super) async fn file(&self, reference: &FileRef, limit: usize) -> Result<StoredFile, NodeError> {
        let id = reference.file_id;
        let found = self.storage.load_file(id).await.map_err(|error| unavailable("read a file", &error))?;
        let Some(mut file) = found else {
            let message = format!("The file `{}` ({id}) does not exist any more.", reference.name);
            return Err(NodeError::permanent(ErrorCode::FileMissing, message));
        };
        if file.bytes.len() > limit {
            let size = file.bytes.len();
            let message = format!("The file `{}` has {size} bytes, more than the {limit} that may be sent.", file.name);
            return Err(NodeError::permanent(ErrorCode::TooLarge, message));
        }
        if !reference.name.is_empty() {
            file.name.clone_from(&reference.name);
        }
        Ok(file)
    }

    /// Stores what a service answered to a run.
    pub(super) async fn keep_file(
        &self,
        run: Option<RunId>,
        name: String,
        content_type: String,
        bytes: Vec<u8>,
    ) -> Result<FileRef, NodeError> {
        let size = bytes.len() as u64;
        let file = NewFile { id: FileId::generate(), name: name.clone(), content_type: content_type.clone(), bytes };
        let file_id =
            self.storage.store_file(file, run).await.map_err(|error| unavailable("store the answer", &error))?;
        Ok(FileRef { file_id, name, content_type, size })
    }

    /// Keeps a mail in the outbox.
    pub(super) async fn keep_mail(&self, mail: NewMail) -> Result<model::MailId, NodeError> {
        self.storage.add_mail(mail).await.map_err(|error| unavailable("keep the mail in the outbox", &error))
    }

    /// Uses the built-in contact table.
    pub(super) async fn contacts(&self, request: &ContactsRequest) -> Result<Done, EffectError> {
        let started = Instant::now();
        recorded(json!(request), started, self.use_contacts(request).await, Reply::Contacts)
    }

    /// The storage itself, for what else is kept in it.
    pub(super) fn storage(&self) -> &Storage {
        &self.storage
    }

    async fn use_contacts(&self, request: &ContactsRequest) -> Result<ContactsReply, NodeError> {
        match request {
            ContactsRequest::Upsert(change) => {
                check_email("email", &change.email)?;
                let changed = self.storage.upsert_contact(input(change)).await;
                let (result, contact) = changed.map_err(|error| unavailable("store the contact", &error))?;
                Ok(ContactsReply { result: result.as_str().to_owned(), contact: shown_contact(&contact)? })
            }
            ContactsRequest::Find { email } => {
                let found = self.storage.find_contact(email).await;
                match found.map_err(|error| unavailable("look the contact up", &error))? {
                    Some(contact) => {
                        Ok(ContactsReply { result: "found".to_owned(), contact: shown_contact(&contact)? })
                    }
                    None => Ok(ContactsReply { result: "not_found".to_owned(), contact: Value::Null }),
                }
            }
        }
    }
}

/// What came of an effect on our own storage, with what the history shows of it.
pub(super) fn recorded<T: Serialize>(
    request: Value,
    started: Instant,
    result: Result<T, NodeError>,
    reply: impl FnOnce(T) -> Reply,
) -> Result<Done, EffectError> {
    let mut record = Record::default();
    if let Value::Object(fields) = request {
        record.request = fields;
    }
    if let Ok(reply) = &result
        && let Value::Object(fields) = json!(reply)
    {
        record.response = fields;
    }
    let exchange = record.finish(started.elapsed(), &Redactor::new(None));
    match result {
        Ok(done) => Ok(Done { reply: reply(done), exchange }),
        Err(error) => Err(EffectError::new(error, exchange)),
    }
}

fn input(change: &ContactChange) -> ContactInput {
    let ContactChange { email, name, phone, company, fields } = change.clone();
    ContactInput { email, name, phone, company, fields }
}

fn shown_contact(contact: &Contact) -> Result<Value, NodeError> {
    serde_json::to_value(contact)
        .map_err(|error| NodeError::permanent(ErrorCode::Internal, format!("The contact cannot be shown: {error}.")))
}

pub(super) fn unavailable(doing: &str, error: &StorageError) -> NodeError {
    NodeError::passing(ErrorCode::Internal, format!("Stellwerk could not {doing}: {error}."))
}
