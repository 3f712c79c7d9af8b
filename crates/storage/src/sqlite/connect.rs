//! How connections to the embedded database are set up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr};

use crate::error::StorageError;

/// How long a command beside the server waits for the server's transaction to end, in milliseconds.
pub(super) const BUSY_TIMEOUT_MS: u64 = 10_000;

/// Opens the one connection that writes, and makes the file when it is not there.
pub(crate) async fn open_writer(file: &Path) -> Result<DatabaseConnection, StorageError> {
    let file = file.to_owned();
    let mut options = options(1);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(PathBuf::clone(&file))
            .create_if_missing(true)
            .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
            .pragma("journal_mode", "WAL")
            // FULL, not NORMAL: in WAL mode only FULL syncs at every commit, and an acknowledged event must survive a power cut.
            .pragma("synchronous", "FULL")
            .pragma("auto_vacuum", "INCREMENTAL")
            .pragma("mmap_size", "0")
            .pragma("cache_size", "-16000")
            .pragma("journal_size_limit", "67108864")
            // The writer sees to the log by itself (`log.rs`); this is for the moment when that fails: 64 MB.
            .pragma("wal_autocheckpoint", "16000")
            // Joined writes differ in their number of rows, so few statements ever occur twice.
            .statement_cache_capacity(24)
    });
    let connection = Database::connect(options).await?;
    enable_incremental_vacuum(&connection).await?;
    Ok(connection)
}

/// Opens a connection that moves the log's content into the database, and has nothing else to do.
pub(super) async fn open_mover(file: &Path) -> Result<DatabaseConnection, DbErr> {
    let file = file.to_owned();
    let mut options = options(1);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(PathBuf::clone(&file))
            // What was moved is synced before the log may be overwritten.
            .pragma("synchronous", "FULL")
            .pragma("mmap_size", "0")
            .pragma("cache_size", "-64")
    });
    Database::connect(options).await
}

/// Opens a pool of connections that can only read.
pub(crate) async fn open_reader(file: &Path, connections: u32) -> Result<DatabaseConnection, StorageError> {
    let file = file.to_owned();
    let mut options = options(connections);
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(PathBuf::clone(&file))
            .read_only(true)
            .busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
            .pragma("mmap_size", "0")
            .pragma("cache_size", "-4000")
            .pragma("wal_autocheckpoint", "0")
            .pragma("query_only", "ON")
    });
    Ok(Database::connect(options).await?)
}

fn options(connections: u32) -> ConnectOptions {
    let mut options = ConnectOptions::new("sqlite://stellwerk.sqlite");
    options
        .max_connections(connections)
        .min_connections(1)
        .sqlx_logging(false)
        .record_stmt_in_spans(false)
        .test_before_acquire(false)
        .idle_timeout(None::<Duration>)
        .max_lifetime(None::<Duration>);
    options
}

/// A fresh file takes the setting only before its first page is written; `VACUUM` writes the file anew with it.
async fn enable_incremental_vacuum(connection: &DatabaseConnection) -> Result<(), StorageError> {
    const INCREMENTAL: i32 = 2;
    let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, "PRAGMA auto_vacuum");
    let row = connection.query_one_raw(statement).await?;
    let mode = row.map(|row| row.try_get_by_index::<i32>(0)).transpose()?;
    if mode != Some(INCREMENTAL) {
        connection.execute_unprepared("PRAGMA auto_vacuum = INCREMENTAL; VACUUM").await?;
    }
    Ok(())
}
