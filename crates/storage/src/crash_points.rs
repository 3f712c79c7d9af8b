//! Named places at which the process ends at once, as if it had been killed just there. Tests arm one to prove that nothing
//! is lost there; in a released program there are none.

use model::RunStatus;

use crate::queue::Next;

/// A place where an end is worth a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CrashPoint {
    /// Events are stored, and nobody has been told.
    AfterAccept,
    /// A step is about to write down that it will do what must not be done twice.
    BeforeIntent,
    /// That is written down, and nothing has been done.
    AfterIntent,
    /// Something was done outside that the database does not know.
    AfterEffect,
    /// The outcome of a step is stored.
    AfterCheckpoint,
    /// The end of a run is written, but not committed.
    BeforeFinish,
    /// The end of a run is stored.
    AfterFinish,
    /// A run that waits is written, but not committed.
    BeforePark,
    /// A run that waits is stored.
    AfterPark,
    /// A run that has waited was taken up again.
    AfterResume,
    /// A dead letter is written, but not committed.
    BeforeDeadLetter,
    /// A dead letter is stored.
    AfterDeadLetter,
}

impl CrashPoint {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::AfterAccept,
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::AfterEffect,
        Self::AfterCheckpoint,
        Self::BeforeFinish,
        Self::AfterFinish,
        Self::BeforePark,
        Self::AfterPark,
        Self::AfterResume,
        Self::BeforeDeadLetter,
        Self::AfterDeadLetter,
    ];

    /// Its name, as in `STELLWERK_CRASH_AT=after-accept:3`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AfterAccept => "after-accept",
            Self::BeforeIntent => "before-intent",
            Self::AfterIntent => "after-intent",
            Self::AfterEffect => "after-effect",
            Self::AfterCheckpoint => "after-checkpoint",
            Self::BeforeFinish => "before-finish",
            Self::AfterFinish => "after-finish",
            Self::BeforePark => "before-park",
            Self::AfterPark => "after-park",
            Self::AfterResume => "after-resume",
            Self::BeforeDeadLetter => "before-dead-letter",
            Self::AfterDeadLetter => "after-dead-letter",
        }
    }
}

/// The process has come to this place. It goes on, unless a test wants it to end here.
#[cfg(not(any(debug_assertions, feature = "crash-points")))]
pub const fn reached(_: CrashPoint) {}

/// The writer has come so far with a transaction: `events` new events, and what becomes of the runs that it records.
pub(crate) fn passed<'a>(progress: Transaction, events: usize, records: impl Iterator<Item = &'a Next>) {
    if cfg!(any(debug_assertions, feature = "crash-points")) {
        if events > 0 && progress == Transaction::Committed {
            reached(CrashPoint::AfterAccept);
        }
        records.filter_map(|next| progress.point(next)).for_each(reached);
    }
}

/// How far a transaction has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transaction {
    /// Everything is written, and a crash undoes it.
    Written,
    /// It is on disk, and nobody has been told.
    Committed,
}

impl Transaction {
    fn point(self, next: &Next) -> Option<CrashPoint> {
        match (self, next) {
            (Self::Written, Next::Continue) => None,
            (Self::Committed, Next::Continue) => Some(CrashPoint::AfterCheckpoint),
            (Self::Written, Next::Park { .. }) => Some(CrashPoint::BeforePark),
            (Self::Committed, Next::Park { .. }) => Some(CrashPoint::AfterPark),
            (Self::Written, Next::End(ending)) if ending.status == RunStatus::Dead => {
                Some(CrashPoint::BeforeDeadLetter)
            }
            (Self::Committed, Next::End(ending)) if ending.status == RunStatus::Dead => {
                Some(CrashPoint::AfterDeadLetter)
            }
            (Self::Written, Next::End(_)) => Some(CrashPoint::BeforeFinish),
            (Self::Committed, Next::End(_)) => Some(CrashPoint::AfterFinish),
        }
    }
}

#[cfg(any(debug_assertions, feature = "crash-points"))]
pub use armed::{arm, reached};

#[cfg(any(debug_assertions, feature = "crash-points"))]
mod armed {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::CrashPoint;

    struct Armed {
        point: CrashPoint,
        left: AtomicU64,
    }

    static ARMED: OnceLock<Armed> = OnceLock::new();

    /// Arms `<point>:<nth>`: the process ends when it comes to the point for the nth time. Fails when there is no such point.
    pub fn arm(text: &str) -> Result<(), String> {
        let (name, nth) = text.split_once(':').unwrap_or((text, "1"));
        let point = CrashPoint::ALL.into_iter().find(|point| point.name() == name);
        let nth = nth.parse::<u64>().ok().filter(|nth| *nth > 0);
        let (Some(point), Some(nth)) = (point, nth) else {
            let names = CrashPoint::ALL.map(CrashPoint::name).join(", ");
            return Err(format!("`{text}` is no crash point; write one of these and how often it is passed: {names}."));
        };
        let _ = ARMED.set(Armed { point, left: AtomicU64::new(nth) });
        Ok(())
    }

    /// The process has come to this place. It goes on, unless a test wants it to end here.
    pub fn reached(point: CrashPoint) {
        let Some(armed) = ARMED.get().filter(|armed| armed.point == point) else { return };
        if armed.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            // No destructor runs and nothing is flushed: to the files this is what a kill is.
            std::process::abort();
        }
    }
}
