//! Whether there is room on the disk for more. New events are turned away before it is full, so that the runs which are under
//! way can still be written to their end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

use crate::error::StorageError;

/// How often it is looked at, in milliseconds.
const LOOK_EVERY_MS: u64 = 250;

/// The room on the disk that holds the data directory.
#[derive(Debug)]
pub(crate) struct Room {
    directory: PathBuf,
    min_free_bytes: u64,
    max_log_bytes: u64,
    began: Instant,
    looked_at_ms: AtomicU64,
    is_short: AtomicBool,
}

impl Room {
    /// Looks for the first time; an error when there is too little already.
    pub(crate) fn open(directory: &Path, min_free_bytes: u64, max_log_bytes: u64) -> Result<Self, StorageError> {
        let room = Self {
            directory: directory.to_owned(),
            min_free_bytes,
            max_log_bytes,
            began: Instant::now(),
            looked_at_ms: AtomicU64::new(0),
            is_short: AtomicBool::new(false),
        };
        // A long log is no reason not to start: the process before this one may have left it, and it is shortened soon.
        room.look_at_disk()?;
        Ok(room)
    }

    /// Whether new events may come in. It looks now and then, and remembers in between.
    pub(crate) fn check(&self) -> Result<(), StorageError> {
        let now_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let looked_at_ms = self.looked_at_ms.load(Ordering::Relaxed);
        if now_ms < looked_at_ms.saturating_add(LOOK_EVERY_MS) {
            return if self.is_short.load(Ordering::Relaxed) { self.look() } else { Ok(()) };
        }
        self.looked_at_ms.store(now_ms, Ordering::Relaxed);
        let looked = self.look();
        if self.is_short.swap(looked.is_err(), Ordering::Relaxed) != looked.is_err() {
            if let Err(error) = &looked {
                tracing::error!(%error, "no new events are taken");
            } else {
                tracing::info!("there is room on the disk again; new events are taken");
            }
        }
        looked
    }

    fn look(&self) -> Result<(), StorageError> {
        let log_bytes = std::fs::metadata(self.directory.join("stellwerk.sqlite-wal")).map_or(0, |file| file.len());
        if log_bytes > self.max_log_bytes {
            return Err(StorageError::LogFull { bytes: log_bytes, most: self.max_log_bytes });
        }
        self.look_at_disk()
    }

    fn look_at_disk(&self) -> Result<(), StorageError> {
        // A file system that does not say how much is free keeps nobody from working.
        let Ok(disk) = rustix::fs::statvfs(&self.directory) else { return Ok(()) };
        let free_bytes = disk.f_bavail.saturating_mul(disk.f_frsize);
        if free_bytes < self.min_free_bytes {
            let directory = self.directory.display().to_string();
            return Err(StorageError::DiskLow { directory, free_bytes, floor_bytes: self.min_free_bytes });
        }
        Ok(())
    }
}
