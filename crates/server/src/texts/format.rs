//! Numbers, times and durations the way a reader writes them.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use model::Timestamp;

use super::{Language, Texts};

const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;
const DAY_MS: u64 = 24 * HOUR_MS;

/// Writes values for a reader's language and time zone.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    texts: Texts,
    zone: Option<Tz>,
}

impl Format {
    /// For a language and the name of a time zone. Without one that is known, times are in UTC and say so.
    pub fn new(language: Language, zone: Option<&str>) -> Self {
        Self { texts: Texts::of(language), zone: zone.and_then(|name| name.parse().ok()) }
    }

    /// A moment to the minute: "22 Nov 2026, 08:30", "22.11.2026, 08:30".
    pub fn date_time(&self, moment: Timestamp) -> String {
        self.written(moment, ["%-d %b %Y, %H:%M", "%d.%m.%Y, %H:%M"])
    }

    /// A moment to the second.
    pub fn exact(&self, moment: Timestamp) -> String {
        self.written(moment, ["%-d %b %Y, %H:%M:%S", "%d.%m.%Y, %H:%M:%S"])
    }

    /// How long ago a moment is; beyond a month, its date.
    pub fn ago(&self, moment: Timestamp, now: Timestamp) -> String {
        let counted = |one: &str, many: &str, count: u64| match count {
            1 => self.texts.t(one).to_owned(),
            _ => self.texts.t1(many, "count", count),
        };
        match now.ms_since(moment) {
            age if age < MINUTE_MS => self.texts.t("time.now").to_owned(),
            age if age < HOUR_MS => counted("time.minute", "time.minutes", age / MINUTE_MS),
            age if age < DAY_MS => counted("time.hour", "time.hours", age / HOUR_MS),
            age if age < 30 * DAY_MS => counted("time.day", "time.days", age / DAY_MS),
            _ => self.written(moment, ["%-d %b %Y", "%d.%m.%Y"]),
        }
    }

    /// A duration in its natural unit: "340 ms", "2.4 s", "3 min 5 s", "2 h 10 min".
    pub fn duration(&self, duration_ms: u64) -> String {
        let pair = |large: u64, unit: &str, small: u64, small_unit: &str| match small {
            0 => format!("{large} {unit}"),
            _ => format!("{large} {unit} {small} {small_unit}"),
        };
        let days = self.texts.t("time.unit_days");
        match duration_ms {
            0..1_000 => format!("{duration_ms} ms"),
            1_000..MINUTE_MS => format!("{} s", self.tenths(duration_ms, 1_000)),
            MINUTE_MS..HOUR_MS => pair(duration_ms / MINUTE_MS, "min", duration_ms % MINUTE_MS / 1_000, "s"),
            HOUR_MS..DAY_MS => pair(duration_ms / HOUR_MS, "h", duration_ms % HOUR_MS / MINUTE_MS, "min"),
            _ => pair(duration_ms / DAY_MS, days, duration_ms % DAY_MS / HOUR_MS, "h"),
        }
    }

    /// A whole number with groups of three digits.
    pub fn number(&self, number: u64) -> String {
        let digits = number.to_string();
        let mut grouped = String::new();
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                grouped.push(match self.texts.language() {
                    Language::En => ',',
                    Language::De => '.',
                });
            }
            grouped.push(digit);
        }
        grouped
    }

    /// A size in its natural unit: "340 B", "2.4 kB", "1.1 MB".
    pub fn bytes(&self, bytes: u64) -> String {
        match bytes {
            0..1_000 => format!("{bytes} B"),
            1_000..1_000_000 => format!("{} kB", self.tenths(bytes, 1_000)),
            _ => format!("{} MB", self.tenths(bytes, 1_000_000)),
        }
    }

    /// The moment at which a day begins in the reader's time zone; the day as a form's field has it: `2026-11-22`.
    pub fn start_of_day(&self, day: &str) -> Option<Timestamp> {
        self.begin(day.parse().ok()?)
    }

    /// The moment at which a day is over.
    pub fn end_of_day(&self, day: &str) -> Option<Timestamp> {
        self.begin(day.parse::<NaiveDate>().ok()?.succ_opt()?)
    }

    fn begin(self, day: NaiveDate) -> Option<Timestamp> {
        let midnight = day.and_hms_opt(0, 0, 0)?;
        let moment = match self.zone {
            None => midnight.and_utc(),
            // A day that begins with a gap, because clocks go forward at midnight, begins an hour later.
            Some(zone) => {
                let begin = midnight.and_local_timezone(zone).earliest();
                begin.or_else(|| (midnight + TimeDelta::hours(1)).and_local_timezone(zone).earliest())?.to_utc()
            }
        };
        Some(Timestamp(moment.timestamp_millis()))
    }

    fn tenths(self, value: u64, unit: u64) -> String {
        let tenths = value * 10 / unit;
        let point = match self.texts.language() {
            Language::En => '.',
            Language::De => ',',
        };
        match tenths % 10 {
            0 => self.number(tenths / 10),
            rest => format!("{}{point}{rest}", self.number(tenths / 10)),
        }
    }

    fn written(self, moment: Timestamp, patterns: [&str; 2]) -> String {
        let Some(utc) = DateTime::<Utc>::from_timestamp_millis(moment.0) else { return moment.to_string() };
        let pattern = patterns[self.texts.language() as usize];
        match self.zone {
            Some(zone) => utc.with_timezone(&zone).format(pattern).to_string(),
            None => format!("{} UTC", utc.format(pattern)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: Timestamp = Timestamp(1_700_000_000_123);

    #[test]
    fn a_moment_is_written_in_the_readers_language_and_time_zone() {
        let english = Format::new(Language::En, Some("Europe/Berlin"));
        let german = Format::new(Language::De, Some("Europe/Berlin"));
        assert_eq!(english.date_time(MOMENT), "14 Nov 2023, 23:13");
        assert_eq!(german.exact(MOMENT), "14.11.2023, 23:13:20");
        for unknown in [None, Some(""), Some("Mars/Base"), Some("../etc/passwd")] {
            assert_eq!(Format::new(Language::De, unknown).date_time(MOMENT), "14.11.2023, 22:13 UTC");
        }
    }

    #[test]
    fn how_long_ago_is_said_in_one_unit() {
        let (english, german) = (Format::new(Language::En, None), Format::new(Language::De, None));
        for (age_ms, in_english, in_german) in [
            (900, "just now", "gerade eben"),
            (MINUTE_MS, "1 minute ago", "vor 1 Minute"),
            (3 * MINUTE_MS + 5, "3 minutes ago", "vor 3 Minuten"),
            (HOUR_MS, "1 hour ago", "vor 1 Stunde"),
            (DAY_MS, "1 day ago", "vor 1 Tag"),
            (3 * DAY_MS, "3 days ago", "vor 3 Tagen"),
            (40 * DAY_MS, "14 Nov 2023 UTC", "14.11.2023 UTC"),
        ] {
            let now = MOMENT.plus_ms(age_ms);
            assert_eq!((english.ago(MOMENT, now), german.ago(MOMENT, now)), (in_english.into(), in_german.into()));
        }
    }

    #[test]
    fn durations_numbers_and_sizes_follow_the_language() {
        let (english, german) = (Format::new(Language::En, None), Format::new(Language::De, None));
        for (duration_ms, in_english, in_german) in [
            (340, "340 ms", "340 ms"),
            (2_450, "2.4 s", "2,4 s"),
            (5_000, "5 s", "5 s"),
            (185_000, "3 min 5 s", "3 min 5 s"),
            (7_800_000, "2 h 10 min", "2 h 10 min"),
            (90_000_000, "1 d 1 h", "1 T 1 h"),
        ] {
            assert_eq!(english.duration(duration_ms), in_english);
            assert_eq!(german.duration(duration_ms), in_german);
        }
        assert_eq!((english.number(1_234_567), german.number(1_234)), ("1,234,567".into(), "1.234".into()));
        assert_eq!((english.bytes(1_240), german.bytes(999)), ("1.2 kB".into(), "999 B".into()));
    }

    #[test]
    fn a_day_begins_at_midnight_where_the_reader_lives() {
        let here = Format::new(Language::De, Some("Europe/Berlin"));
        assert_eq!(here.start_of_day("2026-11-22"), Timestamp::parse("2026-11-21T23:00:00Z"));
        assert_eq!(
            Format::new(Language::De, None).start_of_day("2026-11-22"),
            Timestamp::parse("2026-11-22T00:00:00Z")
        );
        assert_eq!(here.end_of_day("2026-11-22"), Timestamp::parse("2026-11-22T23:00:00Z"));
        assert_eq!(here.start_of_day("yesterday"), None);
    }
}
