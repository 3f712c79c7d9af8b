//! The whole database as one file, and back again.
//!
//! A backup is taken through a connection that only reads, also while a server writes: it is the database as it was at one
//! moment, packed and in one piece. Secrets in it are sealed as they are in the database, and the key is not in it.

use std::ffi::OsString;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use model::Timestamp;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};

use crate::error::StorageError;
use crate::schema;
use crate::storage::{StorageSettings, lock_directory};

/// What is in a backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BackupContent {
    /// The size of the file, in bytes.
    pub file_bytes: u64,
    /// The name of the last change of the schema that it has.
    pub schema: String,
    /// How many workflows it holds that are not deleted.
    pub workflows: i64,
    /// How many runs it holds.
    pub runs: i64,
    /// How many of them were not over. A server that starts with this database goes on with them.
    pub unfinished_runs: i64,
    /// How many credentials it holds; they open only with the key that sealed them.
    pub credentials: i64,
}

/// What a restore did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// What is in the database now.
    pub content: BackupContent,
    /// Where the database that was there before lies now.
    pub replaced: Option<PathBuf>,
}

/// How long a backup waits for a lock of the server's, in milliseconds.
const BUSY_TIMEOUT_MS: u64 = 30_000;

/// Writes the database of a data directory into a new file that only its owner may read. A server may be at work meanwhile.
pub async fn back_up(settings: &StorageSettings, target: &Path) -> Result<BackupContent, StorageError> {
    let database = settings.database_file();
    if !database.exists() {
        return Err(StorageError::Backup(format!("there is no database at {}", database.display())));
    }
    if target.exists() {
        return Err(StorageError::Backup(format!("{} exists already; give another name", target.display())));
    }
    let unfinished = with_ending(target, ".partial");
    let written = write_copy(&database, &unfinished).await;
    let examined = match written {
        Ok(()) => examine_backup(&unfinished).await,
        Err(error) => Err(error),
    };
    let content = match examined {
        Ok(content) => content,
        Err(error) => {
            let _ = std::fs::remove_file(&unfinished);
            return Err(error);
        }
    };
    put_in_place(&unfinished, target)?;
    Ok(content)
}

/// Reads through a backup: whether it is whole, and whether this version can work with it.
pub async fn examine_backup(file: &Path) -> Result<BackupContent, StorageError> {
    let file_bytes = std::fs::metadata(file).map_err(|error| cannot("read", file, &error))?.len();
    let not_ours =
        |error: StorageError| StorageError::Backup(format!("{} is no backup of Stellwerk: {error}", file.display()));
    let connection = open_to_read(file).await.map_err(not_ours)?;
    let content = content_of(&connection, file_bytes).await;
    let closed = connection.close().await;
    let content = content.map_err(|error| match error {
        StorageError::Database(_) => not_ours(error),
        other => other,
    })?;
    closed?;
    Ok(content)
}

/// Puts a backup in place of a data directory's database. Refuses while a server works there, when the backup is damaged or
/// newer than this version, and, unless `replace` is set, when there is a database already. What is replaced is kept beside
/// it under another name.
pub async fn restore(
    settings: &StorageSettings,
    backup: &Path,
    replace: bool,
    now: Timestamp,
) -> Result<Restored, StorageError> {
    let content = examine_backup(backup).await?;
    std::fs::create_dir_all(&settings.directory).map_err(|error| cannot("make", &settings.directory, &error))?;
    let _lock = lock_directory(&settings.directory)?;
    let database = settings.database_file();
    if database.exists() && !replace {
        return Err(StorageError::Backup(format!(
            "there is a database at {} already; --replace puts it aside",
            database.display()
        )));
    }
    let incoming = with_ending(&database, ".incoming");
    copy(backup, &incoming)?;
    let replaced = if database.exists() { Some(put_aside(&database, now)?) } else { None };
    put_in_place(&incoming, &database)?;
    Ok(Restored { content, replaced })
}

async fn write_copy(database: &Path, target: &Path) -> Result<(), StorageError> {
    let _ = std::fs::remove_file(target);
    drop(new_file(target)?);
    let connection = open_to_read(database).await?;
    let name = target.to_str().ok_or_else(|| StorageError::Backup("the file's name must be text".to_owned()))?;
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [name.into()]);
    let written = connection.execute_raw(statement).await;
    connection.close().await?;
    written?;
    Ok(())
}

async fn open_to_read(file: &Path) -> Result<DatabaseConnection, StorageError> {
    let file = file.to_owned();
    let mut options = ConnectOptions::new("sqlite://backup.sqlite");
    options.max_connections(1).min_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(move |sqlite| {
        sqlite.filename(PathBuf::clone(&file)).read_only(true).busy_timeout(Duration::from_millis(BUSY_TIMEOUT_MS))
    });
    Ok(Database::connect(options).await?)
}

async fn content_of(connection: &DatabaseConnection, file_bytes: u64) -> Result<BackupContent, StorageError> {
    let verdict = texts(connection, "PRAGMA integrity_check(10)").await?;
    if verdict != ["ok"] {
        return Err(StorageError::Backup(format!("the file is damaged: {}", verdict.join("; "))));
    }
    let applied = texts(connection, "SELECT version FROM seaql_migrations ORDER BY version").await?;
    schema::must_not_be_newer(connection).await?;
    Ok(BackupContent {
        file_bytes,
        schema: applied.last().cloned().unwrap_or_else(|| "none".to_owned()),
        workflows: count(connection, "SELECT COUNT(*) FROM workflows WHERE deleted_at IS NULL").await?,
        runs: count(connection, "SELECT COUNT(*) FROM runs").await?,
        unfinished_runs: count(connection, "SELECT COUNT(*) FROM queue").await?,
        credentials: count(connection, "SELECT COUNT(*) FROM credentials").await?,
    })
}

async fn texts(connection: &DatabaseConnection, sql: &str) -> Result<Vec<String>, StorageError> {
    let rows = connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    rows.iter().map(|row| Ok(row.try_get_by_index(0)?)).collect()
}

async fn count(connection: &DatabaseConnection, sql: &str) -> Result<i64, StorageError> {
    let row = connection.query_one_raw(Statement::from_string(DbBackend::Sqlite, sql)).await?;
    Ok(row.map(|row| row.try_get_by_index(0)).transpose()?.unwrap_or_default())
}

/// An empty file that only its owner may read.
fn new_file(path: &Path) -> Result<File, StorageError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|error| cannot("write", path, &error))
}

fn copy(from: &Path, to: &Path) -> Result<(), StorageError> {
    let _ = std::fs::remove_file(to);
    let mut source = File::open(from).map_err(|error| cannot("read", from, &error))?;
    let mut target = new_file(to)?;
    std::io::copy(&mut source, &mut target).map_err(|error| cannot("write", to, &error))?;
    Ok(())
}

/// Renames a file once all of it is on disk.
fn put_in_place(from: &Path, to: &Path) -> Result<(), StorageError> {
    let whole = File::open(from).and_then(|file| file.sync_all());
    whole.and_then(|()| std::fs::rename(from, to)).map_err(|error| cannot("write", to, &error))?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| cannot("write", folder, &error))
}

/// Gives the present database another name. What it had not yet taken over from its log goes with it; marks about who was at
/// work when belong to it, too.
fn put_aside(database: &Path, now: Timestamp) -> Result<PathBuf, StorageError> {
    let aside = with_ending(database, &format!(".replaced-{}", now.0));
    for ending in ["-wal", "-shm", ""] {
        let (from, to) = (with_ending(database, ending), with_ending(&aside, ending));
        if from.exists() {
            std::fs::rename(&from, &to).map_err(|error| cannot("rename", &from, &error))?;
        }
    }
    let marks = database.with_file_name("at-work");
    if marks.exists() {
        std::fs::remove_file(&marks).map_err(|error| cannot("remove", &marks, &error))?;
    }
    Ok(aside)
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(ending);
    PathBuf::from(name)
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> StorageError {
    StorageError::Backup(format!("cannot {what} {}: {error}", path.display()))
}
