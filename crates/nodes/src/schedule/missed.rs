//! What becomes of times that passed while nothing could run.

use model::Timestamp;
use serde::{Deserialize, Serialize};

use super::Schedule;

/// What is done about missed times.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missed {
    /// Nothing: the next run is that of the next time to come.
    Skip,
    /// One run, for the latest of them.
    #[default]
    Once,
    /// A run for each of them, for the latest hundred at the most.
    All,
}

/// A schedule that came due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The times for which runs start now, in order.
    pub runs: Vec<Timestamp>,
    /// The next time to come; none when there is none.
    pub next: Option<Timestamp>,
}

/// What happens at `now` with a schedule whose next time was planned for `planned`.
///
/// A time counts as missed when it passed more than a minute ago, or when a later one has passed as well.
pub fn due(schedule: &Schedule, planned: Timestamp, now: Timestamp, missed: Missed) -> Due {
    if planned > now {
        return Due { runs: Vec::new(), next: Some(planned) };
    }
    let mut passed = Vec::new();
    let mut at = schedule.last_until(now);
    while let Some(moment) = at.filter(|moment| *moment > planned && passed.len() < MOST_RUNS) {
        passed.push(moment);
        at = moment.0.checked_sub(1).and_then(|before| schedule.last_until(Timestamp(before)));
    }
    if passed.len() < MOST_RUNS {
        passed.push(planned);
    }
    passed.reverse();
    let runs = match missed {
        Missed::All => passed,
        Missed::Once => passed.split_off(passed.len() - 1),
        Missed::Skip if passed.len() == 1 && now.ms_since(passed[0]) <= LATE_MS => passed,
        Missed::Skip => Vec::new(),
    };
    Due { runs, next: schedule.next_after(now) }
}

/// The most runs that one schedule starts at once.
const MOST_RUNS: usize = 100;

/// How late a time may be without counting as missed, in milliseconds.
const LATE_MS: u64 = 60_000;
