//! Everything about a person as one JSON document, with the real values.

use model::Subject;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};

use super::SubjectFindings;
use super::case::Case;
use crate::entities::{contact, outbox, sample, step, table_row};
use crate::error::StorageError;
use crate::events::content;
use crate::storage::Storage;

/// How many cases one document holds at the most.
const MAX_CASES: usize = 2_000;

impl Storage {
    /// Everything that was found, to be given to the person. `left_out` says how many cases did not fit.
    pub async fn export_subject(&self, subject: &Subject, findings: &SubjectFindings) -> Result<Value, StorageError> {
        let mut events = Vec::new();
        let exported = &findings.cases[..findings.cases.len().min(MAX_CASES)];
        for keys in exported.chunks(50) {
            for event in self.events_by_key(keys).await? {
                let case = self.case(event).await?;
                events.push(self.exported(case).await?);
            }
        }
        let contacts = contact::Entity::find().filter(contact::Column::Id.is_in(findings.contacts.iter().copied()));
        let contacts = contacts.all(self.read()).await?.into_iter().map(|row| {
            json!({ "id": row.id, "email": row.email, "name": row.name, "phone": row.phone, "company": row.company,
                "fields": parsed(&row.fields) })
        });
        let mails = outbox::Entity::find().filter(outbox::Column::Id.is_in(findings.mails.iter().copied()));
        let mails = mails.all(self.read()).await?.into_iter().map(|row| {
            json!({ "id": row.id, "sender": row.sender, "recipients": parsed(&row.recipients), "subject": row.subject,
                "message": String::from_utf8_lossy(&row.message) })
        });
        let rows = table_row::Entity::find().filter(table_row::Column::Id.is_in(findings.table_rows.iter().copied()));
        let rows = rows.all(self.read()).await?.into_iter();
        let rows = rows.map(|row| json!({ "table": row.table_id, "key": row.key, "data": parsed(&row.data) }));
        let samples = sample::Entity::find().filter(Expr::cust("rowid").is_in(findings.samples.iter().copied()));
        let samples = samples.all(self.read()).await?.into_iter();
        let samples = samples.map(|row| json!({ "node": row.node_id, "value": parsed(&row.value) }));
        Ok(json!({
            "subject": subject.address(),
            "made_at": self.now(),
            "counts": findings.counts,
            "left_out": findings.cases.len() - exported.len(),
            "events": events,
            "contacts": contacts.collect::<Vec<_>>(),
            "mails": mails.collect::<Vec<_>>(),
            "table_rows": rows.collect::<Vec<_>>(),
            "samples": samples.collect::<Vec<_>>(),
        }))
    }

    async fn exported(&self, case: Case) -> Result<Value, StorageError> {
        let runs: Vec<Value> = case.runs.iter().map(|run| exported_run(&case, run.id)).collect();
        let raw = case.event.body.clone().unwrap_or_default();
        let (id, status, received_at) = (case.event.public_id, case.event.status.clone(), case.event.received_at);
        let sender = case.event.remote_address.clone();
        let mut event = match content(self.read(), case.event).await {
            Ok(content) => content.to_context(),
            Err(_) => json!({ "raw_body": String::from_utf8_lossy(&raw) }),
        };
        event["event"] = json!(id);
        event["received_at"] = json!(model::Timestamp(received_at));
        event["status"] = json!(status);
        event["remote_address"] = json!(sender);
        event["runs"] = json!(runs);
        Ok(event)
    }
}

fn exported_run(case: &Case, key: i64) -> Value {
    let run = case.runs.iter().find(|run| run.id == key);
    let value = |inline: Option<&str>, aside: Option<i64>| -> Value {
        let aside = || case.payloads.get(&aside?).and_then(|bytes| serde_json::from_slice(bytes).ok());
        inline.map(parsed).or_else(aside).unwrap_or_default()
    };
    let attempts_of = |step: &step::Model| -> Vec<Value> {
        let own = case.attempts.iter().filter(|attempt| {
            attempt.run_id == key && attempt.node_id == step.node_id && attempt.iteration == step.iteration
        });
        own.map(|attempt| {
            json!({ "number": attempt.number, "status": attempt.status,
                "exchanges": value(attempt.exchanges.as_deref(), attempt.exchanges_payload_id),
                "error": attempt.error.as_deref().map(parsed) })
        })
        .collect()
    };
    let steps = case.steps.iter().filter(|step| step.run_id == key).map(|step| {
        json!({ "node": step.node_id, "iteration": step.iteration, "status": step.status,
            "output": value(step.output.as_deref(), step.output_payload_id), "attempts": attempts_of(step),
            "error": step.error.as_deref().map(parsed) })
    });
    json!({
        "run": run.map(|run| run.public_id), "status": run.map(|run| run.status.clone()),
        "error": run.and_then(|run| run.error.as_deref().map(parsed)),
        "given_params": run.and_then(|run| run.given_params.as_deref().map(parsed)), "steps": steps.collect::<Vec<_>>(),
    })
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|_| Value::from(text))
}
