//! Dates. A date is RFC 3339 text, in the workflow's time zone unless another one is named.

use chrono::format::{Item, StrftimeItems};
use chrono::{
    DateTime, Datelike, Days, Duration, LocalResult, Months, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat,
    TimeZone, Timelike,
};
use chrono_tz::Tz;
use rhai::{Dynamic, Engine, INT, ImmutableString};

use super::{Fallible, running, text_of};

type Date = DateTime<Tz>;

pub(super) fn add(engine: &mut Engine) {
    making(engine);
    showing(engine);
    moving(engine);
    asking(engine);
}

fn making(engine: &mut Engine) {
    engine.register_fn("now", || -> Fallible<String> {
        let millis = running::with(|run| run.surroundings.now.0);
        Ok(show(&of_millis(millis)?))
    });
    engine.register_fn("today", || -> Fallible<String> {
        let millis = running::with(|run| run.surroundings.now.0);
        Ok(of_millis(millis)?.format("%Y-%m-%d").to_string())
    });
    engine.register_fn("parse_date", |text: Dynamic| Fallible::Ok(show(&parse(&text)?)));
    engine.register_fn("parse_date", |text: Dynamic, pattern: ImmutableString| -> Fallible<String> {
        let text = text_of(&text)?;
        let local = NaiveDateTime::parse_from_str(&text, &pattern)
            .or_else(|_| NaiveDate::parse_from_str(&text, &pattern).map(|day| day.and_time(NaiveTime::MIN)))
            .map_err(|_| format!("`{}` does not have the form `{pattern}`.", beginning(&text)))?;
        Ok(show(&in_zone(local, own_zone()?)?))
    });
    engine.register_fn("from_unix", |seconds: INT| -> Fallible<String> {
        Ok(show(&of_millis(seconds.checked_mul(1_000).ok_or(OUT_OF_RANGE)?)?))
    });
}

fn showing(engine: &mut Engine) {
    engine.register_fn("format_date", |date: Dynamic, pattern: ImmutableString| format(&parse(&date)?, &pattern));
    engine.register_fn("format_date", |date: Dynamic, pattern: ImmutableString, zone: ImmutableString| {
        format(&parse(&date)?.with_timezone(&zone_of(&zone)?), &pattern)
    });
    engine.register_fn("to_zone", |date: Dynamic, zone: ImmutableString| -> Fallible<String> {
        Ok(show(&parse(&date)?.with_timezone(&zone_of(&zone)?)))
    });
    engine.register_fn("to_unix", |date: Dynamic| Fallible::Ok(parse(&date)?.timestamp()));
}

fn moving(engine: &mut Engine) {
    engine.register_fn("add_minutes", |date: Dynamic, count: INT| add_minutes(&date, Some(count)));
    engine.register_fn("add_hours", |date: Dynamic, count: INT| add_minutes(&date, count.checked_mul(60)));
    engine.register_fn("add_days", |date: Dynamic, count: INT| {
        let days = Days::new(count.unsigned_abs());
        move_day(&date, |day| if count < 0 { day.checked_sub_days(days) } else { day.checked_add_days(days) })
    });
    engine.register_fn("add_months", |date: Dynamic, count: INT| {
        let months = Months::new(u32::try_from(count.unsigned_abs()).map_err(|_| OUT_OF_RANGE)?);
        move_day(&date, |day| if count < 0 { day.checked_sub_months(months) } else { day.checked_add_months(months) })
    });
    engine.register_fn("start_of_day", |date: Dynamic| start(&date, Some));
    engine.register_fn("start_of_month", |date: Dynamic| start(&date, |day| day.with_day(1)));
}

fn asking(engine: &mut Engine) {
    engine.register_fn("difference", |from: Dynamic, to: Dynamic, unit: ImmutableString| -> Fallible<INT> {
        let (from, to) = (parse(&from)?, parse(&to)?);
        let between = to.signed_duration_since(from);
        match unit.as_str() {
            "seconds" => Ok(between.num_seconds()),
            "minutes" => Ok(between.num_minutes()),
            "hours" => Ok(between.num_hours()),
            "days" => Ok(to.date_naive().signed_duration_since(from.date_naive()).num_days()),
            _ => Err(format!("`{unit}` is not a known unit; write `seconds`, `minutes`, `hours` or `days`.").into()),
        }
    });
    engine
        .register_fn("weekday", |date: Dynamic| Fallible::Ok(INT::from(parse(&date)?.weekday().number_from_monday())));
    engine.register_fn("is_before", |date: Dynamic, other: Dynamic| Fallible::Ok(parse(&date)? < parse(&other)?));
    engine.register_fn("is_after", |date: Dynamic, other: Dynamic| Fallible::Ok(parse(&date)? > parse(&other)?));
}

/// Reads RFC 3339, or a date with or without a time of day in the ISO or the German order; without an offset it is
/// meant in the workflow's zone.
fn parse(value: &Dynamic) -> Fallible<Date> {
    let zone = own_zone()?;
    let text = text_of(value)?;
    let text = text.trim();
    read_moment(text, zone).ok_or_else(|| {
        format!("`{}` is not a date; write one like `2026-11-22` or `2026-11-22T08:30:00+01:00`.", beginning(text))
            .into()
    })
}

/// Reads a moment from text; see [`parse`].
pub(crate) fn read_moment(text: &str, zone: Tz) -> Option<Date> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment.with_timezone(&zone));
    }
    let with_time = MOMENT_FORMS.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let local = with_time.or_else(|| {
        DAY_FORMS
            .iter()
            .find_map(|form| NaiveDate::parse_from_str(text, form).ok())
            .map(|day| day.and_time(NaiveTime::MIN))
    })?;
    in_zone(local, zone).ok()
}

/// A wall-clock time as a moment. One that the clocks skip in spring is taken an hour later, one that they show twice in
/// autumn is the first of the two.
fn in_zone(local: NaiveDateTime, zone: Tz) -> Fallible<Date> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Ok(moment),
        LocalResult::None => {
            let later = local.checked_add_signed(Duration::hours(1)).ok_or(OUT_OF_RANGE)?;
            zone.from_local_datetime(&later).earliest().ok_or_else(|| OUT_OF_RANGE.into())
        }
    }
}

fn own_zone() -> Fallible<Tz> {
    zone_of(&running::with(|run| run.surroundings.timezone.clone()))
}

fn zone_of(name: &str) -> Fallible<Tz> {
    name.parse()
        .map_err(|_| format!("`{}` is not a time zone; write one like `Europe/Berlin`.", beginning(name)).into())
}

fn of_millis(millis: i64) -> Fallible<Date> {
    let moment = DateTime::from_timestamp_millis(millis).ok_or(OUT_OF_RANGE)?;
    Ok(moment.with_timezone(&own_zone()?))
}

fn show(date: &Date) -> String {
    let form = if date.nanosecond() == 0 { SecondsFormat::Secs } else { SecondsFormat::Millis };
    date.to_rfc3339_opts(form, true)
}

fn format(date: &Date, pattern: &str) -> Fallible<String> {
    if pattern.len() > 200 || StrftimeItems::new(pattern).any(|item| matches!(item, Item::Error)) {
        return Err(format!("`{}` is not a pattern for dates; write one like `%d.%m.%Y`.", beginning(pattern)).into());
    }
    Ok(date.format(pattern).to_string())
}

/// Hours and minutes are moments apart, whatever the clocks on the wall do between them.
fn add_minutes(date: &Dynamic, minutes: Option<INT>) -> Fallible<String> {
    let minutes = minutes.and_then(Duration::try_minutes).ok_or(OUT_OF_RANGE)?;
    Ok(show(&parse(date)?.checked_add_signed(minutes).ok_or(OUT_OF_RANGE)?))
}

/// Days and months keep the time of day.
fn move_day(date: &Dynamic, to: impl FnOnce(NaiveDateTime) -> Option<NaiveDateTime>) -> Fallible<String> {
    let date = parse(date)?;
    let moved = to(date.naive_local()).ok_or(OUT_OF_RANGE)?;
    Ok(show(&in_zone(moved, date.timezone())?))
}

fn start(date: &Dynamic, of: impl FnOnce(NaiveDate) -> Option<NaiveDate>) -> Fallible<String> {
    let date = parse(date)?;
    let day = of(date.date_naive()).ok_or(OUT_OF_RANGE)?;
    Ok(show(&in_zone(day.and_time(NaiveTime::MIN), date.timezone())?))
}

fn beginning(text: &str) -> String {
    text.chars().take(50).collect()
}

const MOMENT_FORMS: &[&str] = &[
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M",
    "%Y-%m-%d %H:%M",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
];
const DAY_FORMS: &[&str] = &["%Y-%m-%d", "%d.%m.%Y"];
const OUT_OF_RANGE: &str = "The date is too far away.";
