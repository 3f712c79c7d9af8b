//! Around the days on which the clocks change: in Europe/Berlin 2026-03-29 02:00 → 03:00 and 2026-10-25 03:00 → 02:00.

use super::*;

const BERLIN: &str = "Europe/Berlin";

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// The next times in UTC, without the date's year and the seconds.
fn times(pattern: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let times = preview(pattern, zone, moment(after), count).unwrap();
    times.into_iter().map(|time| time.to_string()[5..16].to_owned()).collect()
}

#[test]
fn a_pattern_goes_by_the_clock_on_the_wall() {
    assert_eq!(times("30 7 * * *", BERLIN, "2026-01-10T00:00:00Z", 2), ["01-10T06:30", "01-11T06:30"]);
    assert_eq!(times("30 7 * * *", BERLIN, "2026-07-10T00:00:00Z", 1), ["07-10T05:30"]);
    assert_eq!(times("0 9 * * 1-5", "UTC", "2026-11-20T09:00:00Z", 2), ["11-23T09:00", "11-24T09:00"]);
    assert_eq!(times("0 0 L * *", "UTC", "2026-02-01T00:00:00Z", 2), ["02-28T00:00", "03-31T00:00"]);
    assert_eq!(times("@weekly", "UTC", "2026-11-22T08:00:00Z", 1), ["11-23T00:00"]);
}

#[test]
fn seconds_may_stand_before_the_minute() {
    let next = next_after("15 30 7 * * *", BERLIN, moment("2026-01-10T06:30:14.900Z")).unwrap();
    assert_eq!(next, Some(moment("2026-01-10T06:30:15Z")));
}

#[test]
fn the_moment_itself_does_not_come_again() {
    assert_eq!(times("30 7 * * *", BERLIN, "2026-01-10T06:30:00Z", 1), ["01-11T06:30"]);
    assert_eq!(times("30 7 * * *", BERLIN, "2026-01-10T06:29:59.999Z", 1), ["01-10T06:30"]);
}

#[test]
fn a_time_that_the_clock_leaves_out_comes_once_right_after_the_gap() {
    // 02:30 does not exist on 2026-03-29; the clock jumps at 01:00 UTC.
    let around = ["03-28T01:30", "03-29T01:00", "03-30T00:30"];
    assert_eq!(times("30 2 * * *", BERLIN, "2026-03-28T00:00:00Z", 3), around);
    // Several of them are one.
    assert_eq!(times("*/20 2 * * *", BERLIN, "2026-03-29T00:00:00Z", 2), ["03-29T01:00", "03-30T00:00"]);
    // One that exists right after the gap is the same one.
    assert_eq!(times("0,30 2,3 * * *", BERLIN, "2026-03-29T00:00:00Z", 2), ["03-29T01:00", "03-29T01:30"]);
    assert_eq!(times("30 2 29 3 *", BERLIN, "2026-01-01T00:00:00Z", 1), ["03-29T01:00"]);
}

#[test]
fn a_time_that_the_clock_shows_twice_comes_once() {
    // 02:30 is there at 00:30 UTC and again at 01:30 UTC on 2026-10-25.
    let around = ["10-24T00:30", "10-25T00:30", "10-26T01:30"];
    assert_eq!(times("30 2 * * *", BERLIN, "2026-10-24T00:00:00Z", 3), around);
    assert_eq!(times("30 2 * * *", BERLIN, "2026-10-25T00:45:00Z", 1), ["10-26T01:30"]);
    assert_eq!(times("30 2 * * *", BERLIN, "2026-10-25T01:10:00Z", 1), ["10-26T01:30"]);
    assert_eq!(times("*/30 2 * * *", BERLIN, "2026-10-25T00:00:00Z", 2), ["10-25T00:30", "10-26T01:00"]);
}

#[test]
fn an_interval_goes_by_the_time_that_passes() {
    let spring = ["03-29T00:30", "03-29T01:30", "03-29T02:30"];
    assert_eq!(times("30 * * * *", BERLIN, "2026-03-29T00:00:00Z", 3), spring);
    let autumn = ["10-25T00:30", "10-25T01:30", "10-25T02:30"];
    assert_eq!(times("30 * * * *", BERLIN, "2026-10-25T00:00:00Z", 3), autumn);
    let quarters = times("*/15 * * * *", BERLIN, "2026-10-25T00:40:00Z", 8);
    assert_eq!((quarters[0].as_str(), quarters[7].as_str()), ("10-25T00:45", "10-25T02:30"));
    let quarters = times("*/15 * * * *", BERLIN, "2026-03-29T00:40:00Z", 3);
    assert_eq!(quarters, ["03-29T00:45", "03-29T01:00", "03-29T01:15"]);
}

#[test]
fn each_day_of_a_year_has_its_time_once_in_every_kind_of_zone() {
    for zone in [BERLIN, "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kathmandu", "UTC"] {
        for pattern in ["30 2 * * *", "0 0 * * *", "15 1 * * *"] {
            let times = preview(pattern, zone, moment("2025-12-31T12:00:00Z"), 366).unwrap();
            let apart = times.windows(2).map(|pair| pair[1].ms_since(pair[0]) / 3_600_000);
            assert!(apart.into_iter().all(|hours| (22..=26).contains(&hours)), "{zone} {pattern}");
        }
    }
}

#[test]
fn the_last_time_is_found_as_the_next_one_is() {
    for pattern in ["30 2 * * *", "*/20 2 * * *", "30 * * * *", "0 8-17 * * 1-5"] {
        let schedule = Schedule::read(pattern, BERLIN).unwrap();
        for (from, until) in [("2026-03-27T00:00:00Z", 60), ("2026-10-23T00:00:00Z", 60)] {
            let mut known = schedule.next_after(moment(from)).unwrap();
            for _ in 0..until {
                let next = schedule.next_after(known).unwrap();
                assert_eq!(schedule.last_until(Timestamp(next.0 - 1)), Some(known), "{pattern} before {next}");
                assert_eq!(schedule.last_until(next), Some(next), "{pattern} at {next}");
                known = next;
            }
        }
    }
}

#[test]
fn a_faulty_pattern_names_its_field() {
    for (pattern, expected) in [
        ("", "this one has 0"),
        ("* * * *", "this one has 4"),
        ("0 0 * * * * 2030", "this one has 7"),
        ("60 * * * *", "`60` is no minute: write 0 to 59"),
        ("0 24 * * *", "`24` is no hour"),
        ("0 0 32 * *", "`32` is no day of the month"),
        ("0 0 * 13 *", "`13` is no month"),
        ("0 0 * * 8", "`8` is no weekday"),
        ("61 0 0 * * *", "`61` is no second"),
        ("a 0 * * *", "`a` is no minute"),
        ("@reboot", "these have a name"),
        ("0 0 30 2 *", "never comes"),
    ] {
        let fault = Schedule::read(pattern, BERLIN).unwrap_err();
        assert!(fault.message.contains(expected) && !fault.of_timezone, "{pattern}: {fault}");
    }
    assert!(Schedule::read("0 0 29 2 *", BERLIN).is_ok());
    assert!(Schedule::read("0 0 * * *", "Mars/Base").unwrap_err().of_timezone);
}

#[test]
fn what_was_missed_is_left_out_made_up_for_once_or_in_full() {
    let hourly = Schedule::read("0 * * * *", "UTC").unwrap();
    let planned = moment("2026-11-22T08:00:00Z");
    let runs = |now: &str, missed| due(&hourly, planned, moment(now), missed);
    let hours =
        |hours: &[&str]| hours.iter().map(|hour| moment(&format!("2026-11-22T{hour}:00:00Z"))).collect::<Vec<_>>();

    let before = runs("2026-11-22T07:59:59Z", Missed::All);
    assert_eq!((before.runs, before.next), (vec![], Some(planned)));
    for missed in [Missed::Skip, Missed::Once, Missed::All] {
        let in_time = runs("2026-11-22T08:00:05Z", missed);
        assert_eq!((in_time.runs, in_time.next), (hours(&["08"]), Some(moment("2026-11-22T09:00:00Z"))));
    }
    let late = "2026-11-22T10:20:00Z";
    assert_eq!(runs(late, Missed::Skip).runs, hours(&[]));
    assert_eq!(runs(late, Missed::Once).runs, hours(&["10"]));
    assert_eq!(runs(late, Missed::All).runs, hours(&["08", "09", "10"]));
    assert_eq!(runs(late, Missed::All).next, Some(moment("2026-11-22T11:00:00Z")));
}

#[test]
fn at_most_a_hundred_missed_times_are_made_up_for() {
    let every_second = Schedule::read("* * * * * *", "UTC").unwrap();
    let all = due(&every_second, moment("2026-01-01T00:00:00Z"), moment("2026-11-22T08:00:00.500Z"), Missed::All);
    assert_eq!(all.runs.len(), 100);
    assert_eq!(all.runs.last(), Some(&moment("2026-11-22T08:00:00Z")));
    assert_eq!(all.next, Some(moment("2026-11-22T08:00:01Z")));
}

#[test]
fn an_event_says_for_which_time_it_is() {
    let schedule = Schedule::read("30 7 * * *", BERLIN).unwrap();
    let body = schedule.event_body(moment("2026-11-22T06:30:00Z"));
    let expected = json!({
        "scheduled_at": "2026-11-22T06:30:00.000Z", "local": "2026-11-22T07:30:00+01:00", "date": "2026-11-22",
        "time": "07:30", "weekday": 7,
    });
    assert_eq!(body, expected);
}
