//! `stellwerk person …`.

use model::Subject;
use serde_json::json;
use storage::Storage;

use super::{Failure, PersonCommand};
use crate::console::Console;

/// Who it is that the audit names.
const WHO: &str = "command line";

pub(super) async fn carry_out(storage: &Storage, command: PersonCommand, console: Console) -> Result<(), Failure> {
    let (PersonCommand::Find { email } | PersonCommand::Export { email } | PersonCommand::Erase { email, .. }) =
        &command;
    let subject = Subject::parse(email).ok_or_else(|| Failure::new(format!("`{email}` is no e-mail address.")))?;
    match command {
        PersonCommand::Export { .. } => {
            let findings = storage.find_subject(&subject).await?;
            let document = storage.export_subject(&subject, &findings).await?;
            note(storage, &subject, "person.exported", json!(findings.counts)).await?;
            console.result(serde_json::to_string_pretty(&document).map_err(|error| Failure::new(error.to_string()))?);
        }
        PersonCommand::Erase { yes: true, .. } => {
            let findings = storage.find_subject(&subject).await?;
            note(storage, &subject, "person.erased", json!(findings.counts)).await?;
            let left = storage.erase_subject(&subject, &findings).await?;
            console.result(serde_json::to_string_pretty(&findings.counts).unwrap_or_default());
            let unfinished = findings.counts.unfinished_runs + left;
            if unfinished > 0 {
                console.hint(format!("Left alone, because their runs are not over: {unfinished}. Erase again later."));
            }
        }
        PersonCommand::Find { .. } | PersonCommand::Erase { .. } => {
            let counts = storage.find_subject(&subject).await?.counts;
            console.result(serde_json::to_string_pretty(&counts).unwrap_or_default());
            if matches!(command, PersonCommand::Erase { .. }) {
                console.hint("Nothing was erased. Give --yes to do it; it cannot be undone.");
            }
        }
    }
    Ok(())
}

async fn note(storage: &Storage, subject: &Subject, action: &str, details: serde_json::Value) -> Result<(), Failure> {
    Ok(storage.audit(WHO, action, "person", &crate::api::persons::mark_of(subject), details).await?)
}
