//! The log beside the database, which takes what is written first. It starts anew by itself only at a moment without readers;
//! under load there may be none for long, so the writer sees to it before it grows without bound.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DatabaseConnection};

use super::connect::BUSY_TIMEOUT_MS;

/// A longer log is moved into the database and begun anew, in bytes.
const LONG_BYTES: u64 = 64 * 1024 * 1024;

/// How many batches may pass before its length is looked at again.
const LOOK_EVERY: u32 = 16;

/// How long to wait before it is tried again, because somebody was reading.
const TRY_AGAIN: Duration = Duration::from_secs(1);

/// How long readers are waited for, in milliseconds. Nothing is written meanwhile.
const PATIENCE_MS: u64 = 50;

/// Keeps the log short.
pub(super) struct Log {
    file: PathBuf,
    batches: u32,
    tried_at: Option<Instant>,
}

impl Log {
    /// The log of a database file.
    pub(super) fn of(database_file: &Path) -> Self {
        let mut file = database_file.as_os_str().to_owned();
        file.push("-wal");
        Self { file: file.into(), batches: 0, tried_at: None }
    }

    /// A batch was written: now and then, a log that is too long is begun anew.
    pub(super) async fn after_batch(&mut self, connection: &DatabaseConnection) {
        self.batches += 1;
        if self.batches < LOOK_EVERY {
            return;
        }
        self.batches = 0;
        if self.tried_at.is_none_or(|tried_at| tried_at.elapsed() >= TRY_AGAIN) && self.bytes() > LONG_BYTES {
            self.tried_at = Some(Instant::now());
            self.begin_anew(connection).await;
        }
    }

    /// Moves what the log holds into the database, unless somebody reads for longer than we wait.
    pub(super) async fn begin_anew(&self, connection: &DatabaseConnection) {
        let short = format!("PRAGMA busy_timeout = {PATIENCE_MS}");
        let usual = format!("PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}");
        for sql in [short.as_str(), "PRAGMA wal_checkpoint(TRUNCATE)", &usual] {
            if let Err(error) = connection.execute_unprepared(sql).await {
                tracing::warn!(%error, "the database's log could not be shortened");
            }
        }
    }

    fn bytes(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |file| file.len())
    }
}
