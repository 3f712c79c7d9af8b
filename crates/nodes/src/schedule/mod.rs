//! When a schedule comes due. Pure: a cron pattern, a time zone and a moment go in, the next moment comes out.
//!
//! A pattern speaks of the clock on the wall. Where that clock jumps, two rules hold:
//!
//! - A pattern that names hours means times of the day, and each of them comes once a day: one that the clock leaves out in
//!   spring comes right after the gap, one that it shows twice in autumn comes at the first of the two.
//! - A pattern for every hour of the day means an interval, and goes by the time that really passes.

mod missed;
mod pattern;

use chrono::{DateTime, LocalResult, NaiveDateTime, TimeDelta, TimeZone};
use chrono_tz::{GapInfo, Tz};
use croner::Cron;
use model::Timestamp;
use serde_json::{Value, json};

pub use missed::{Due, Missed, due};

/// A cron pattern in a time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
}

/// Why something is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ScheduleFault {
    /// What is wrong and what would be right, in English.
    pub message: String,
    /// Whether the time zone is to blame, and not the pattern.
    pub of_timezone: bool,
}

impl Schedule {
    /// Reads a pattern of 5 fields (minute, hour, day, month, weekday), or of 6 with the second before them, and an IANA
    /// time zone.
    pub fn read(pattern: &str, timezone: &str) -> Result<Self, ScheduleFault> {
        let cron = pattern::read(pattern).map_err(|message| ScheduleFault { message, of_timezone: false })?;
        let zone = timezone.parse().map_err(|_| ScheduleFault {
            message: format!("`{timezone}` is not a time zone; write one like `Europe/Berlin`."),
            of_timezone: true,
        })?;
        Ok(Self { cron, zone })
    }

    /// The first moment after `moment`; none when it never comes again.
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let from = self.at(moment)?;
        if pattern::is_every_hour(&self.cron) {
            let next = self.cron.find_next_occurrence(&from, false).ok()?;
            return Some(Timestamp(next.timestamp_millis()));
        }
        let mut on_the_wall = from.naive_local();
        loop {
            on_the_wall = self.cron.find_next_occurrence(&on_the_wall, false).ok()?;
            let found = Timestamp(self.moment_of(on_the_wall)?.timestamp_millis());
            if found > moment {
                return Some(found);
            }
        }
    }

    /// The last moment that is not after `moment`; none when it never came before.
    pub fn last_until(&self, moment: Timestamp) -> Option<Timestamp> {
        let until = self.at(moment)?;
        if pattern::is_every_hour(&self.cron) {
            let last = self.cron.find_previous_occurrence(&until, true).ok()?;
            return Some(Timestamp(last.timestamp_millis()));
        }
        // A wall clock that was put back shows earlier times than it showed before.
        let mut on_the_wall = until.naive_local().checked_add_signed(LARGEST_JUMP)?;
        loop {
            on_the_wall = self.cron.find_previous_occurrence(&on_the_wall, false).ok()?;
            let found = Timestamp(self.moment_of(on_the_wall)?.timestamp_millis());
            if found <= moment {
                return Some(found);
            }
        }
    }

    /// The body of the event with which a run for `moment` starts:
    /// `{scheduled_at, local, date, time, weekday}`, the weekday from 1 for Monday.
    pub fn event_body(&self, moment: Timestamp) -> Value {
        use chrono::Datelike;
        let Some(local) = self.at(moment) else { return json!({ "scheduled_at": moment }) };
        json!({
            "scheduled_at": moment,
            "local": local.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            "date": local.format("%Y-%m-%d").to_string(),
            "time": local.format("%H:%M").to_string(),
            "weekday": local.weekday().number_from_monday(),
        })
    }

    fn at(&self, moment: Timestamp) -> Option<DateTime<Tz>> {
        DateTime::from_timestamp_millis(moment.0).map(|utc| utc.with_timezone(&self.zone))
    }

    /// The moment at which the clock on the wall shows this time, or would have shown it.
    fn moment_of(&self, on_the_wall: NaiveDateTime) -> Option<DateTime<Tz>> {
        match self.zone.from_local_datetime(&on_the_wall) {
            LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Some(moment),
            LocalResult::None => GapInfo::new(&on_the_wall, &self.zone)?.end,
        }
    }
}

/// No clock was ever put back by more.
const LARGEST_JUMP: TimeDelta = TimeDelta::hours(25);

/// The first moment after `moment` at which a pattern comes due in a time zone; none when it never comes again.
pub fn next_after(pattern: &str, timezone: &str, moment: Timestamp) -> Result<Option<Timestamp>, ScheduleFault> {
    Ok(Schedule::read(pattern, timezone)?.next_after(moment))
}

/// The next `count` moments after `after`.
pub fn preview(pattern: &str, timezone: &str, after: Timestamp, count: usize) -> Result<Vec<Timestamp>, ScheduleFault> {
    let schedule = Schedule::read(pattern, timezone)?;
    Ok(std::iter::successors(schedule.next_after(after), |moment| schedule.next_after(*moment)).take(count).collect())
}

#[cfg(test)]
mod tests;
