//! Which runs were at work when the process died, so that one that takes it down again and again can be set aside.
//!
//! A file of fixed places, eight bytes for each run at work. Writing to it costs no sync: what a process has written is kept
//! by the operating system when the process dies, and a power cut is no run's fault.

use std::fs::{File, OpenOptions};
use std::future::poll_fn;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::StorageError;

/// The marks of the runs at work. Cheap to clone.
#[derive(Debug, Clone)]
pub struct CrashMarks {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    /// None beside a running server.
    file: Option<File>,
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    /// Places that are free again.
    free: Vec<u64>,
    /// How many places there are.
    count: u64,
}

/// Says that a run is at work, until it is dropped.
#[derive(Debug)]
pub struct AtWork {
    marks: CrashMarks,
    place: u64,
}

const BYTES: u64 = 8;

impl CrashMarks {
    /// Marks that are kept nowhere, for whoever does not work on runs.
    pub(crate) fn nowhere() -> Self {
        Self { inner: Arc::new(Inner { file: None, places: Mutex::default() }) }
    }

    /// Opens the file in a data directory. Returns also the keys of the runs that were at work when the process before this one
    /// died; they stay in the file until [`Self::clear`].
    pub(crate) fn open(directory: &Path) -> Result<(Self, Vec<i64>), StorageError> {
        let path = directory.join("at-work");
        let before = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        let (words, _) = before.as_chunks::<8>();
        let mut runs: Vec<i64> = words.iter().map(|word| i64::from_le_bytes(*word)).filter(|key| *key > 0).collect();
        runs.sort_unstable();
        runs.dedup();
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path)?;
        Ok((Self { inner: Arc::new(Inner { file: Some(file), places: Mutex::default() }) }, runs))
    }

    /// Forgets every mark.
    pub(crate) fn clear(&self) {
        if let Some(file) = &self.inner.file
            && let Err(error) = file.set_len(0)
        {
            tracing::warn!(%error, "the marks of the runs at work could not be cleared");
        }
    }

    /// Does something for a run that is marked while that keeps the processor busy, and not while it waits.
    pub(crate) async fn while_busy<T>(&self, run_key: i64, work: impl Future<Output = T>) -> T {
        let mut work = pin!(work);
        poll_fn(|context| {
            let _mark = self.enter(run_key);
            work.as_mut().poll(context)
        })
        .await
    }

    /// Marks a run as being at work, by its key.
    pub fn enter(&self, run_key: i64) -> AtWork {
        let place = {
            let mut places = self.places();
            places.free.pop().unwrap_or_else(|| {
                places.count += 1;
                places.count - 1
            })
        };
        self.write(place, run_key);
        AtWork { marks: self.clone(), place }
    }

    /// A mark that cannot be written is no reason to stop: it only helps against runs that do harm.
    fn write(&self, place: u64, run_key: i64) {
        if let Some(file) = &self.inner.file {
            let _ = file.write_all_at(&run_key.to_le_bytes(), place * BYTES);
        }
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.inner.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.marks.write(self.place, 0);
        self.marks.places().free.push(self.place);
    }
}
