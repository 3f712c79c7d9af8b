//! Stored files: uploads that came with an event, and bytes that a step received.

use model::{FileId, RunId, Timestamp};
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use crate::entities::{file, run};
use crate::error::StorageError;
use crate::storage::Storage;

/// A file to store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Its id, so that whoever refers to it can do so before it is stored.
    pub id: FileId,
    /// The name it came with, without any path.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// A file from storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// The name it came with.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl NewFile {
    pub(crate) fn to_row(&self, created_at: i64, event_key: Option<i64>) -> file::ActiveModel {
        file::ActiveModel {
            id: Set(self.id.0),
            name: Set(self.name.clone()),
            content_type: Set(self.content_type.clone()),
            size_bytes: Set(i64::try_from(self.bytes.len()).unwrap_or(i64::MAX)),
            bytes: Set(self.bytes.clone()),
            created_at: Set(created_at),
            event_id: Set(event_key),
        }
    }
}

impl Storage {
    /// Stores a file that a run received: it stays as long as the run's event. Without a run it stays for a time of its own.
    pub async fn store_file(&self, file: NewFile, run: Option<RunId>) -> Result<FileId, StorageError> {
        let Timestamp(now) = self.now();
        let id = file.id;
        self.write(move |transaction| {
            Box::pin(async move {
                let event = match run {
                    Some(run) => {
                        let of_run = run::Entity::find().filter(run::Column::PublicId.eq(run.0));
                        let event = of_run.select_only().column(run::Column::EventId);
                        event.into_tuple::<i64>().one(transaction).await?
                    }
                    None => None,
                };
                file.to_row(now, event).insert(transaction).await?;
                Ok(id)
            })
        })
        .await
    }

    /// Reads a file; none when it is not there any more.
    pub async fn load_file(&self, id: FileId) -> Result<Option<StoredFile>, StorageError> {
        let row = file::Entity::find_by_id(id.0).one(self.read()).await?;
        Ok(row.map(|row| StoredFile { name: row.name, content_type: row.content_type, bytes: row.bytes }))
    }
}
