//! Who changed or decided what, and when. Entries are only ever added.

use model::Timestamp;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use serde_json::Value;

use crate::entities::audit;
use crate::error::StorageError;
use crate::storage::Storage;

/// Something that was noted.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditEntry {
    /// Its key, for paging.
    pub key: i64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What was done.
    pub action: String,
    /// What it was done to.
    pub subject_kind: String,
    /// Its id.
    pub subject_id: String,
    /// What else is worth knowing.
    pub details: Value,
}

impl Storage {
    /// Notes what somebody did. `who` is an e-mail address, or `token` with the token's name; `action` a stable code such as
    /// `run.replayed`; the subject's id may be empty. `details` is an object and never holds a secret.
    pub async fn audit(
        &self,
        who: &str,
        action: &str,
        subject_kind: &str,
        subject_id: &str,
        details: Value,
    ) -> Result<(), StorageError> {
        let row = audit::ActiveModel {
            at: Set(self.now().0),
            who: Set(who.to_owned()),
            action: Set(action.to_owned()),
            subject_kind: Set(subject_kind.to_owned()),
            subject_id: Set(subject_id.to_owned()),
            details: Set(details.to_string()),
            ..Default::default()
        };
        self.write(move |transaction| {
            Box::pin(async move {
                audit::Entity::insert(row).exec_without_returning(transaction).await?;
                Ok(())
            })
        })
        .await
    }

    /// Lists what was noted, the latest first, before the entry with this key.
    pub async fn audit_entries(&self, before_key: Option<i64>, limit: u64) -> Result<Vec<AuditEntry>, StorageError> {
        let rows = audit::Entity::find()
            .filter(before_key.map_or_else(|| audit::Column::Id.is_not_null(), |key| audit::Column::Id.lt(key)))
            .order_by_desc(audit::Column::Id)
            .limit(limit)
            .all(self.read())
            .await?;
        Ok(rows.into_iter().map(AuditEntry::from).collect())
    }
}

impl From<audit::Model> for AuditEntry {
    fn from(row: audit::Model) -> Self {
        Self {
            key: row.id,
            at: Timestamp(row.at),
            who: row.who,
            action: row.action,
            subject_kind: row.subject_kind,
            subject_id: row.subject_id,
            details: serde_json::from_str(&row.details).unwrap_or_default(),
        }
    }
}
