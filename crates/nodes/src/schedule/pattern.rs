//! Reads cron patterns, and says which field is wrong.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

/// The longest pattern, in bytes.
const LONGEST_BYTES: usize = 200;

/// Names for the patterns that people want most.
const NAMED: [(&str, &str); 6] = [
    ("@hourly", "0 * * * *"),
    ("@daily", "0 0 * * *"),
    ("@midnight", "0 0 * * *"),
    ("@weekly", "0 0 * * 1"),
    ("@monthly", "0 0 1 * *"),
    ("@yearly", "0 0 1 1 *"),
];

/// What stands in each field of a pattern with seconds.
const FIELDS: [(&str, &str); 6] = [
    ("second", "0 to 59"),
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last day"),
    ("month", "1 to 12, or JAN to DEC"),
    ("weekday", "0 (Sunday) to 6, or SUN to SAT"),
];

pub(super) fn read(pattern: &str) -> Result<Cron, String> {
    if pattern.len() > LONGEST_BYTES {
        return Err(format!("A schedule has at most {LONGEST_BYTES} characters."));
    }
    let pattern = pattern.trim();
    let named = NAMED.iter().find(|(name, _)| name.eq_ignore_ascii_case(pattern)).map(|(_, meaning)| *meaning);
    if named.is_none() && pattern.starts_with('@') {
        let names = NAMED.map(|(name, _)| format!("`{name}`")).join(", ");
        return Err(format!("`{pattern}` is no known schedule; these have a name: {names}."));
    }
    let pattern = named.unwrap_or(pattern);
    let mut fields: Vec<&str> = pattern.split_whitespace().collect();
    match fields.len() {
        5 => fields.insert(0, "0"),
        6 => {}
        count => {
            let message = "A schedule has 5 fields (minute hour day month weekday), for example `30 7 * * 1-5`, or 6 with the \
                           second before them";
            return Err(format!("{message}; this one has {count}."));
        }
    }
    let wrong = (0..FIELDS.len()).find(|place| {
        let mut alone = ["*"; 6];
        alone[*place] = fields[*place];
        parse(&alone).is_none()
    });
    if let Some(place) = wrong {
        let (name, allowed) = FIELDS[place];
        let field = fields[place];
        return Err(format!(
            "`{field}` is no {name}: write {allowed}, `*` for every one, `*/5` for every fifth, `1-5` for a range or `1,3` \
             for a list."
        ));
    }
    let cron = parse(&fields).ok_or_else(|| format!("`{pattern}` is no schedule."))?;
    if never_comes(&cron) {
        return Err(format!("`{pattern}` never comes: there is no such day."));
    }
    Ok(cron)
}

/// Whether a pattern names every hour of the day, and so means an interval.
pub(super) fn is_every_hour(cron: &Cron) -> bool {
    (0..24).all(|hour| cron.pattern.hour_match(hour).unwrap_or(false))
}

fn parse(fields: &[&str]) -> Option<Cron> {
    let parser = CronParser::builder().seconds(Seconds::Required).year(Year::Disallowed).build();
    parser.parse(&fields.join(" ")).ok()
}

/// Whether a pattern has no day in the nine years around a leap year that is left out.
fn never_comes(cron: &Cron) -> bool {
    let midnight = |year: i32| chrono::NaiveDate::from_ymd_opt(year, 1, 1).and_then(|day| day.and_hms_opt(0, 0, 0));
    let (Some(from), Some(until)) = (midnight(2096), midnight(2105)) else { return false };
    !cron.find_next_occurrence(&from, true).is_ok_and(|next| next < until)
}
