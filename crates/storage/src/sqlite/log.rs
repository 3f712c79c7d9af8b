//! The log beside the database, which takes what is written first. A connection of its own moves its content into the
//! database while the writer goes on: a sender would otherwise wait for thousands of pages. The log then starts anew by itself
//! at a moment without readers; under load there may be none for long, so the writer sees to it before it grows without bound.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, Statement};
use tokio::task::JoinHandle;

use super::connect::{BUSY_TIMEOUT_MS, open_mover};

/// A longer log is moved into the database and begun anew while everything waits, in bytes.
const LONG_BYTES: u64 = 64 * 1024 * 1024;

/// From so many pages on that the database does not have yet, they are moved: 16 MB.
const MANY_PAGES: i32 = 4_000;

/// How many batches may pass before its length is looked at again.
const LOOK_EVERY: u32 = 4;

/// How long to wait before it is tried again, because somebody was reading.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// How long readers are waited for, in milliseconds. Nothing is written meanwhile.
const PATIENCE_MS: u64 = 50;

/// Keeps the log short.
pub(super) struct Log {
    database: PathBuf,
    file: PathBuf,
    batches: u32,
    tried_at: Option<Instant>,
    mover: Mover,
}

/// The connection that moves the log's content, opened when it is needed first.
enum Mover {
    Idle(Option<DatabaseConnection>),
    Busy(JoinHandle<Option<DatabaseConnection>>),
}

impl Log {
    /// The log of a database file.
    pub(super) fn of(database: &Path) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-wal");
        let mover = Mover::Idle(None);
        Self { database: database.to_owned(), file: file.into(), batches: 0, tried_at: None, mover }
    }

    /// A batch was written: now and then, what the log holds is moved, and a log that is too long is begun anew.
    pub(super) async fn after_batch(&mut self, writer: &DatabaseConnection) {
        self.batches += 1;
        if self.batches < LOOK_EVERY {
            return;
        }
        self.batches = 0;
        if self.tried_at.is_none_or(|tried_at| tried_at.elapsed() >= TRY_AGAIN) && self.bytes() > LONG_BYTES {
            self.tried_at = Some(Instant::now());
            self.begin_anew(writer).await;
        } else {
            self.move_pages(writer).await;
        }
    }

    /// Starts moving when it is worth it. When that is done, the writer moves the few pages that have come meanwhile, so that
    /// the log can start anew with its next transaction.
    async fn move_pages(&mut self, writer: &DatabaseConnection) {
        match &mut self.mover {
            Mover::Busy(moving) if !moving.is_finished() => {}
            Mover::Busy(moving) => {
                self.mover = Mover::Idle(moving.await.ok().flatten());
                warn_of(checkpoint(writer, "PASSIVE").await);
            }
            Mover::Idle(connection) => {
                if checkpoint(writer, "NOOP").await.is_ok_and(|missing| missing >= MANY_PAGES) {
                    let (database, connection) = (self.database.clone(), connection.take());
                    self.mover = Mover::Busy(tokio::spawn(move_most(database, connection)));
                }
            }
        }
    }

    /// Moves what the log holds into the database, unless somebody reads for longer than we wait.
    pub(super) async fn begin_anew(&self, writer: &DatabaseConnection) {
        let short = format!("PRAGMA busy_timeout = {PATIENCE_MS}");
        let usual = format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}");
        for sql in [short.as_str(), "PRAGMA wal_checkpoint(TRUNCATE)", &usual] {
            warn_of(writer.execute_unprepared(sql).await);
        }
    }

    /// Ends what is under way beside the writer.
    pub(super) async fn close(self) {
        let connection = match self.mover {
            Mover::Idle(connection) => connection,
            Mover::Busy(moving) => moving.await.ok().flatten(),
        };
        if let Some(connection) = connection {
            warn_of(connection.close().await);
        }
    }

    fn bytes(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |file| file.len())
    }
}

/// Moves what the log holds by now. The connection comes back unless it could not be opened.
async fn move_most(database: PathBuf, connection: Option<DatabaseConnection>) -> Option<DatabaseConnection> {
    let connection = match connection {
        Some(connection) => connection,
        None => open_mover(&database).await.inspect_err(warn).ok()?,
    };
    warn_of(checkpoint(&connection, "PASSIVE").await);
    Some(connection)
}

/// How many pages the database still lacks afterwards. Mode `NOOP` only counts them, `PASSIVE` waits for nobody
/// (<https://sqlite.org/pragma.html#pragma_wal_checkpoint>).
async fn checkpoint(connection: &DatabaseConnection, mode: &str) -> Result<i32, DbErr> {
    let statement = Statement::from_string(sea_orm::DbBackend::Sqlite, format!("PRAGMA wal_checkpoint({mode})"));
    let Some(row) = connection.query_one_raw(statement).await? else { return Ok(0) };
    let (written, moved): (i32, i32) = (row.try_get_by_index(1)?, row.try_get_by_index(2)?);
    Ok(written - moved)
}

fn warn_of<T>(result: Result<T, DbErr>) {
    if let Err(error) = result {
        warn(&error);
    }
}

fn warn(error: &DbErr) {
    tracing::warn!(%error, "the database's log could not be shortened");
}
