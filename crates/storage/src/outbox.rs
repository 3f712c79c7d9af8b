//! Mails that were kept because no mail server is set up.

use model::{MailId, NodeId, RunId, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use crate::entities::outbox;
use crate::error::StorageError;
use crate::storage::Storage;

/// A mail to keep.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewMail {
    /// The run that sent it; none when a step was tried by itself.
    pub run: Option<RunId>,
    /// The node that sent it.
    pub node: NodeId,
    /// The sender.
    pub sender: String,
    /// Every address that it goes to.
    pub recipients: Vec<String>,
    /// The subject, readable.
    pub subject: String,
    /// The whole message as it would go out (RFC 5322).
    pub message: Vec<u8>,
    /// The same for each attempt of the same step, so that a mail is kept once.
    pub dedup_key: String,
}

/// A kept mail in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailSummary {
    /// Its id.
    pub id: MailId,
    /// The run that sent it.
    pub run: Option<RunId>,
    /// The node that sent it.
    pub node: NodeId,
    /// The sender.
    pub sender: String,
    /// Every address that it goes to.
    pub recipients: Vec<String>,
    /// The subject, readable.
    pub subject: String,
    /// When it was kept.
    pub created_at: Timestamp,
}

/// A kept mail with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailRecord {
    /// What a list shows of it, too.
    pub summary: MailSummary,
    /// The whole message (RFC 5322).
    pub message: Vec<u8>,
}

/// The columns of a summary; messages may be large.
#[derive(FromQueryResult)]
struct SummaryRow {
    id: Uuid,
    run_id: Option<Uuid>,
    node_id: String,
    sender: String,
    recipients: String,
    subject: String,
    created_at: i64,
}

impl Storage {
    /// Keeps a mail. One with the same `dedup_key` is kept only once; its id is returned.
    pub async fn add_mail(&self, mail: NewMail) -> Result<MailId, StorageError> {
        let row = outbox::ActiveModel {
            id: Set(MailId::generate().0),
            run_id: Set(mail.run.map(|run| run.0)),
            node_id: Set(mail.node.0),
            sender: Set(mail.sender),
            recipients: Set(serde_json::to_string(&mail.recipients)?),
            subject: Set(mail.subject),
            message: Set(mail.message),
            dedup_key: Set(mail.dedup_key.clone()),
            created_at: Set(self.now().0),
        };
        self.write(move |transaction| {
            Box::pin(async move {
                let keep_first = OnConflict::column(outbox::Column::DedupKey).do_nothing().to_owned();
                outbox::Entity::insert(row).on_conflict(keep_first).exec_without_returning(transaction).await?;
                let id = outbox::Entity::find()
                    .filter(outbox::Column::DedupKey.eq(mail.dedup_key))
                    .select_only()
                    .column(outbox::Column::Id)
                    .into_tuple::<Uuid>()
                    .one(transaction)
                    .await?;
                id.map(MailId).ok_or(StorageError::NotFound { what: "mail" })
            })
        })
        .await
    }

    /// The latest kept mails, at most `limit`, older than `before` when given.
    pub async fn mails(&self, before: Option<MailId>, limit: u64) -> Result<Vec<MailSummary>, StorageError> {
        let mut query = outbox::Entity::find().order_by_desc(outbox::Column::Id).limit(limit);
        if let Some(before) = before {
            query = query.filter(outbox::Column::Id.lt(before.0));
        }
        let rows = query
            .select_only()
            .columns([
                outbox::Column::Id,
                outbox::Column::RunId,
                outbox::Column::NodeId,
                outbox::Column::Sender,
                outbox::Column::Recipients,
                outbox::Column::Subject,
                outbox::Column::CreatedAt,
            ])
            .into_model::<SummaryRow>()
            .all(self.read())
            .await?;
        rows.into_iter().map(MailSummary::from_row).collect()
    }

    /// One kept mail.
    pub async fn mail(&self, id: MailId) -> Result<MailRecord, StorageError> {
        let row = outbox::Entity::find_by_id(id.0).one(self.read()).await?;
        MailRecord::from_row(row.ok_or(StorageError::NotFound { what: "mail" })?)
    }

    /// How many mails are kept.
    pub async fn count_mails(&self) -> Result<u64, StorageError> {
        Ok(outbox::Entity::find().count(self.read()).await?)
    }

    /// Removes a kept mail for good.
    pub async fn delete_mail(&self, id: MailId) -> Result<(), StorageError> {
        self.write(move |transaction| {
            Box::pin(async move {
                let deleted = outbox::Entity::delete_by_id(id.0).exec(transaction).await?;
                if deleted.rows_affected == 0 { Err(StorageError::NotFound { what: "mail" }) } else { Ok(()) }
            })
        })
        .await
    }

    /// Removes every kept mail for good, and says how many they were.
    pub async fn delete_mails(&self) -> Result<u64, StorageError> {
        self.write(|transaction| {
            Box::pin(async move { Ok(outbox::Entity::delete_many().exec(transaction).await?.rows_affected) })
        })
        .await
    }
}

impl MailRecord {
    fn from_row(row: outbox::Model) -> Result<Self, StorageError> {
        let outbox::Model { id, run_id, node_id, sender, recipients, subject, message, dedup_key: _, created_at } = row;
        let summary = SummaryRow { id, run_id, node_id, sender, recipients, subject, created_at };
        Ok(Self { summary: MailSummary::from_row(summary)?, message })
    }
}

impl MailSummary {
    fn from_row(row: SummaryRow) -> Result<Self, StorageError> {
        Ok(Self {
            id: MailId(row.id),
            run: row.run_id.map(RunId),
            node: NodeId(row.node_id),
            sender: row.sender,
            recipients: serde_json::from_str(&row.recipients)?,
            subject: row.subject,
            created_at: Timestamp(row.created_at),
        })
    }
}
