//! The door to all that is remembered.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use migrations::{Migrator, MigratorTrait};
use model::{Clock, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};

use crate::error::StorageError;
use crate::queue::Queue;
use crate::sqlite::{SqliteQueue, Writer, open_reader, open_writer};

/// Where the database lies and how much it may hold back.
#[derive(Debug, Clone)]
pub struct StorageSettings {
    /// The data directory; made when missing.
    pub directory: PathBuf,
    /// Values up to this size stand in their row; larger ones go compressed beside it, in bytes.
    pub payload_inline_bytes: usize,
    /// How many unfinished runs there may be before new events are turned away.
    pub queue_capacity: usize,
    /// How many writes one transaction may join.
    pub batch_limit: usize,
    /// How many connections read at the same time.
    pub reader_connections: u32,
    /// Fields that are about people in every workflow: names or paths.
    pub personal: Vec<String>,
    /// How many bytes of fresh events may wait in memory; the others are read again from the database.
    pub event_memory_bytes: usize,
}

impl StorageSettings {
    /// The usual settings for a data directory.
    pub fn for_directory(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            payload_inline_bytes: 16 * 1024,
            queue_capacity: 100_000,
            batch_limit: 512,
            reader_connections: 4,
            personal: Vec::new(),
            event_memory_bytes: 32 * 1024 * 1024,
        }
    }

    /// The database file.
    pub fn database_file(&self) -> PathBuf {
        self.directory.join("stellwerk.sqlite")
    }
}

/// What the process that opens the storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The one server of this data directory: it brings the schema up to date and works on the queue.
    Server,
    /// A command beside a running server. It never touches the queue.
    Tool,
}

/// The door to all that is remembered. Cheap to clone.
#[derive(Clone)]
pub struct Storage {
    inner: Arc<Inner>,
}

struct Inner {
    reader: DatabaseConnection,
    writer: Writer,
    queue: Arc<SqliteQueue>,
    clock: Arc<dyn Clock>,
    settings: StorageSettings,
    /// Held as long as the storage is open; the operating system frees it when the process dies.
    _lock: Option<File>,
}

impl std::fmt::Debug for Storage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Storage").field("directory", &self.inner.settings.directory).finish_non_exhaustive()
    }
}

impl Storage {
    /// Opens the embedded database in a data directory, makes it when it is not there, and brings its schema up to date.
    pub async fn open(settings: StorageSettings, role: Role, clock: Arc<dyn Clock>) -> Result<Self, StorageError> {
        std::fs::create_dir_all(&settings.directory).map_err(|error| {
            StorageError::Io(format!("cannot make the data directory {}: {error}", settings.directory.display()))
        })?;
        let lock = match role {
            Role::Server => Some(lock_directory(&settings.directory)?),
            Role::Tool => None,
        };
        let write_connection = open_writer(&settings.database_file()).await?;
        migrate(&write_connection).await?;
        let reader = open_reader(&settings.database_file(), settings.reader_connections).await?;
        let writer =
            Writer::start(settings.database_file(), write_connection, reader.clone(), settings.batch_limit).await?;
        let queue = SqliteQueue::open(writer.clone(), reader.clone(), clock.clone(), &settings, role).await?;
        Ok(Self { inner: Arc::new(Inner { reader, writer, queue: Arc::new(queue), clock, settings, _lock: lock }) })
    }

    /// The queue of unfinished runs.
    pub fn queue(&self) -> Arc<dyn Queue> {
        self.inner.queue.clone()
    }

    /// The moment now, by the clock that the storage was opened with.
    pub fn now(&self) -> Timestamp {
        self.inner.clock.now()
    }

    /// Whether the database answers to a reader and takes writes.
    pub async fn is_ready(&self) -> bool {
        self.inner.reader.ping().await.is_ok() && self.write(|_| Box::pin(async { Ok(()) })).await.is_ok()
    }

    /// Ends all writing after what is under way, and closes the database.
    pub async fn close(&self) {
        self.inner.writer.close().await;
        if let Err(error) = self.inner.reader.close_by_ref().await {
            tracing::warn!(%error, "the database did not close cleanly");
        }
    }

    /// A connection for reading only.
    pub(crate) fn read(&self) -> &DatabaseConnection {
        &self.inner.reader
    }

    /// The directory that everything lies in.
    pub fn directory(&self) -> &Path {
        &self.inner.settings.directory
    }

    /// Fields that are about people in every workflow.
    pub(crate) fn personal_everywhere(&self) -> &[String] {
        &self.inner.settings.personal
    }

    /// Takes over what is in the log into the file and empties the log, as far as no reader needs it.
    pub(crate) async fn empty_log(&self) -> Result<(), StorageError> {
        // Not through the writer: inside of a transaction it cannot be done.
        let connection = open_writer(&self.inner.settings.database_file()).await?;
        let done = connection.execute_unprepared("PRAGMA wal_checkpoint(TRUNCATE)").await;
        connection.close().await?;
        done?;
        Ok(())
    }

    /// Writes all of `work` or nothing of it; it is on disk when this returns.
    pub(crate) async fn write<T, F>(&self, work: F) -> Result<T, StorageError>
    where
        T: Send + 'static,
        F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, StorageError>> + Send + 'static,
    {
        self.inner.writer.write(work).await
    }
}

async fn migrate(connection: &DatabaseConnection) -> Result<(), StorageError> {
    Migrator::up(connection, None).await.map_err(|error| {
        let text = error.to_string();
        if text.contains("is missing") { StorageError::SchemaNewer } else { StorageError::Database(text) }
    })
}

/// Takes the data directory for this process, which fails while a server has it.
pub(crate) fn lock_directory(directory: &Path) -> Result<File, StorageError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join("stellwerk.lock"))?;
    file.try_lock().map_err(|_| StorageError::DirectoryInUse { directory: directory.display().to_string() })?;
    Ok(file)
}
