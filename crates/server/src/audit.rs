//! Notes who changed or decided what. What was done stays done even if the note cannot be stored; then the log has it.

use serde_json::Value;
use storage::Storage;

/// Notes what somebody did to something. `details` is an object and never holds a secret.
pub(crate) async fn note(
    storage: &Storage,
    who: impl Into<String>,
    action: &'static str,
    (subject_kind, subject_id): (&'static str, String),
    details: Value,
) {
    let who = who.into();
    if let Err(error) = storage.audit(&who, action, subject_kind, &subject_id, details).await {
        tracing::error!(%error, who, action, subject_kind, subject_id, "an entry of the audit log could not be stored");
    }
}
