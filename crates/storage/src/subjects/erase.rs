//! Erasing a person, in small transactions.

use model::Subject;
use model::subject::ERASED;
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DatabaseTransaction, EntityTrait,
    IntoActiveModel, PaginatorTrait, QueryFilter,
};

use super::SubjectFindings;
use super::case::Changes;
use super::eraser::Eraser;
use crate::entities::{contact, event_field, file, outbox, payload, queue, sample, table_row};
use crate::error::StorageError;
use crate::field_index;
use crate::payload::compressed;
use crate::storage::Storage;

/// How many cases or rows one transaction changes.
const BATCH: usize = 50;

impl Storage {
    /// Erases a person from everything that was found. What was erased is overwritten on disk, not only let go. Returns how
    /// many cases were left alone, because one of their runs went on meanwhile.
    pub async fn erase_subject(&self, subject: &Subject, findings: &SubjectFindings) -> Result<u64, StorageError> {
        let mut left = 0;
        for keys in findings.cases.chunks(BATCH) {
            let mut changes = Vec::with_capacity(keys.len());
            for event in self.events_by_key(keys).await? {
                let case = self.case(event).await?;
                let definition = case.runs.first().map(|run| run.definition_id);
                let personal = self.personal_fields(case.event.workflow_id, definition).await?;
                changes.push(case.without(Eraser::new(subject, personal))?);
            }
            left += self
                .write(move |transaction| {
                    Box::pin(async move {
                        overwrite(transaction).await?;
                        let mut left = 0;
                        for one in changes {
                            left += u64::from(!erase_case(transaction, one).await?);
                        }
                        Ok(left)
                    })
                })
                .await?;
        }
        self.erase_rows(subject, findings).await?;
        // The log would keep what stood in the changed pages until it is written over.
        self.empty_log().await?;
        Ok(left)
    }

    async fn erase_rows(&self, subject: &Subject, findings: &SubjectFindings) -> Result<(), StorageError> {
        let (contacts, mails) = (findings.contacts.clone(), findings.mails.clone());
        let (table_rows, samples) = (findings.table_rows.clone(), findings.samples.clone());
        let subject = subject.clone();
        self.write(move |transaction| {
            Box::pin(async move {
                overwrite(transaction).await?;
                for id in contacts {
                    erase_contact(transaction, &subject, id).await?;
                }
                for id in mails {
                    erase_mail(transaction, id).await?;
                }
                for id in table_rows {
                    erase_table_row(transaction, &subject, id).await?;
                }
                erase_samples(transaction, &subject, samples).await
            })
        })
        .await
    }
}

/// From here on, what a change lets go of is overwritten with zeros. It costs little, so the connection keeps it.
async fn overwrite(transaction: &DatabaseTransaction) -> Result<(), StorageError> {
    transaction.execute_unprepared("PRAGMA secure_delete = ON").await?;
    Ok(())
}

/// False: a run of the case went on meanwhile, so nothing was changed.
async fn erase_case(transaction: &DatabaseTransaction, changes: Changes) -> Result<bool, StorageError> {
    let open = queue::Entity::find().filter(queue::Column::RunId.is_in(changes.runs_of_case));
    if open.count(transaction).await? > 0 {
        return Ok(false);
    }
    if let Some(row) = changes.event {
        row.reset_all().update(transaction).await?;
    }
    for row in changes.runs {
        row.reset_all().update(transaction).await?;
    }
    for row in changes.steps {
        row.reset_all().update(transaction).await?;
    }
    for row in changes.attempts {
        row.reset_all().update(transaction).await?;
    }
    for row in changes.signals {
        row.reset_all().update(transaction).await?;
    }
    for row in changes.dead_letters {
        row.reset_all().update(transaction).await?;
    }
    for (id, bytes) in changes.payloads {
        let (bytes, size_bytes) = compressed(&bytes)?;
        payload::Entity::update_many()
            .col_expr(payload::Column::Bytes, Expr::value(bytes))
            .col_expr(payload::Column::SizeBytes, Expr::value(size_bytes))
            .filter(payload::Column::Id.eq(id))
            .exec(transaction)
            .await?;
    }
    file::Entity::update_many()
        .col_expr(file::Column::Bytes, Expr::value(Vec::<u8>::new()))
        .col_expr(file::Column::Name, Expr::value(ERASED))
        .filter(file::Column::Id.is_in(changes.files))
        .exec(transaction)
        .await?;
    let (event, texts) = changes.found_by;
    let hashes: Vec<i64> = texts.iter().filter_map(|text| field_index::hash_of(text)).collect();
    event_field::Entity::delete_many()
        .filter(event_field::Column::EventId.eq(event))
        .filter(event_field::Column::ValueHash.is_in(hashes))
        .exec(transaction)
        .await?;
    Ok(true)
}

/// The contact of this address is about nobody any more; one that only mentions the address keeps the rest.
async fn erase_contact(
    transaction: &DatabaseTransaction,
    subject: &Subject,
    id: uuid::Uuid,
) -> Result<(), StorageError> {
    let Some(row) = contact::Entity::find_by_id(id).one(transaction).await? else { return Ok(()) };
    let mut change = row.clone().into_active_model();
    if subject.is_in(row.email.as_bytes()) {
        change.email = Set(format!("{ERASED} {id}"));
        (change.name, change.phone, change.company) = (Set(None), Set(None), Set(None));
        change.fields = Set("{}".to_owned());
    } else {
        let without = |text: Option<String>| text.map(|text| subject.erased(&text).unwrap_or(text));
        (change.name, change.company) = (Set(without(row.name)), Set(without(row.company)));
        change.fields = Set(json_without(subject, &row.fields)?.unwrap_or(row.fields));
    }
    change.update(transaction).await?;
    Ok(())
}

/// A mail to or about the person goes as a whole; that there was one, and when, stays.
async fn erase_mail(transaction: &DatabaseTransaction, id: uuid::Uuid) -> Result<(), StorageError> {
    let message = format!("Subject: {ERASED}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{ERASED}\r\n");
    outbox::Entity::update_many()
        .col_expr(outbox::Column::Recipients, Expr::value(serde_json::to_string(&[ERASED])?))
        .col_expr(outbox::Column::Subject, Expr::value(ERASED))
        .col_expr(outbox::Column::Message, Expr::value(message.into_bytes()))
        .filter(outbox::Column::Id.eq(id))
        .exec(transaction)
        .await?;
    Ok(())
}

async fn erase_table_row(transaction: &DatabaseTransaction, subject: &Subject, id: i64) -> Result<(), StorageError> {
    let Some(row) = table_row::Entity::find_by_id(id).one(transaction).await? else { return Ok(()) };
    let mut change = row.clone().into_active_model();
    if let Some(data) = json_without(subject, &row.data)? {
        change.data = Set(data);
    }
    if row.key.as_deref().is_some_and(|key| subject.is_in(key.as_bytes())) {
        change.key = Set(Some(format!("{ERASED} {id}")));
    }
    change.update(transaction).await?;
    Ok(())
}

async fn erase_samples(
    transaction: &DatabaseTransaction,
    subject: &Subject,
    numbers: Vec<i64>,
) -> Result<(), StorageError> {
    if numbers.is_empty() {
        return Ok(());
    }
    let rows = sample::Entity::find().filter(Expr::cust("rowid").is_in(numbers)).all(transaction).await?;
    for row in rows {
        if let Some(value) = json_without(subject, &row.value)? {
            sample::ActiveModel { value: Set(value), ..row.into_active_model() }.update(transaction).await?;
        }
    }
    Ok(())
}

fn json_without(subject: &Subject, document: &str) -> Result<Option<String>, StorageError> {
    let mut value = serde_json::from_str(document)?;
    Ok(if subject.erase_in(&mut value) { Some(serde_json::to_string(&value)?) } else { None })
}
