//! The door to all that is remembered.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use migrations::{Migrator, MigratorTrait};
use model::{Clock, Timestamp};
use sea_orm::{ConnectionTrait, DatabaseConnection, DatabaseTransaction};

use crate::crash_marks::CrashMarks;
use crate::error::StorageError;
use crate::queue::Queue;
use crate::room::Room;
use crate::schema;
use crate::sqlite::{Connections, SqliteQueue, Writer, open_reader, open_writer};

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
    /// With fewer free bytes on the disk the server does not start, and takes no new events.
    pub min_free_bytes: u64,
    /// With a larger log (the file beside the database that takes what is written first), in bytes, no new events are taken.
    pub max_log_bytes: u64,
    /// How many rows a built-in table may have.
    pub max_table_rows: u64,
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
            min_free_bytes: 100 * 1024 * 1024,
            max_log_bytes: 1024 * 1024 * 1024,
            max_table_rows: 100_000,
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
    /// A command beside a running server. It never touches the queue, and brings the schema up to date only while there is no
    /// server, which might know the present one only.
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
    marks: CrashMarks,
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
        let floor = if role == Role::Server { settings.min_free_bytes } else { 0 };
        let room = Room::open(&settings.directory, floor, settings.max_log_bytes)?;
        let (marks, crashed) = match role {
            Role::Server => CrashMarks::open(&settings.directory)?,
            Role::Tool => (CrashMarks::nowhere(), Vec::new()),
        };
        let write_connection = open_writer(&settings.database_file()).await?;
        migrate(&write_connection, &settings.directory, role).await?;
        let reader = open_reader(&settings.database_file(), settings.reader_connections).await?;
        let writer =
            Writer::start(settings.database_file(), write_connection, reader.clone(), settings.batch_limit, lock)
                .await?;
        let connections = Connections { writer: writer.clone(), reader: reader.clone() };
        let queue =
            SqliteQueue::open(connections, clock.clone(), &settings, room, (role, marks.clone(), crashed)).await?;
        marks.clear();
        Ok(Self { inner: Arc::new(Inner { reader, writer, queue: Arc::new(queue), clock, settings, marks }) })
    }

    /// The queue of unfinished runs.
    pub fn queue(&self) -> Arc<dyn Queue> {
        self.inner.queue.clone()
    }

    /// Where to mark which runs are at work.
    pub fn crash_marks(&self) -> &CrashMarks {
        &self.inner.marks
    }

    /// How many rows a built-in table may have.
    pub(crate) fn max_table_rows(&self) -> u64 {
        self.inner.settings.max_table_rows
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
        self.inner.queue.stop_loading();
        self.inner.writer.close().await;
        // What is still at work now was stopped in good order, which is no run's fault.
        self.inner.marks.clear();
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

async fn migrate(connection: &DatabaseConnection, directory: &Path, role: Role) -> Result<(), StorageError> {
    schema::must_not_be_newer(connection).await?;
    if role == Role::Server {
        return Ok(Migrator::up(connection, None).await?);
    }
    let Some(database) = schema::older_than_program(connection).await? else { return Ok(()) };
    let _lock = lock_directory(directory).map_err(|error| match error {
        StorageError::DirectoryInUse { .. } => StorageError::SchemaOlder { database, program: schema::of_program() },
        other => other,
    })?;
    Ok(Migrator::up(connection, None).await?)
}

/// Takes the data directory for this process, which fails while a server has it.
pub(crate) fn lock_directory(directory: &Path) -> Result<File, StorageError> {
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(directory.join("stellwerk.lock"))?;
    file.try_lock().map_err(|_| StorageError::DirectoryInUse { directory: directory.display().to_string() })?;
    Ok(file)
}
