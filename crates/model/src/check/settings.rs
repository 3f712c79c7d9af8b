//! The rules of a workflow's settings, as far as they can be told without reading expressions and paths.

use super::MAX_TIMEOUT_MS;
use crate::definition::{Callback, Settings};
use crate::place::Place;
use crate::problem::Problem;

/// The longest template for the order of runs, in bytes.
const MAX_ORDER_BY_BYTES: usize = 1_000;

/// The most runs that a workflow may let wait.
const MAX_QUEUED_RUNS: u32 = 10_000_000;

/// The most personal fields.
const MAX_PERSONAL: usize = 200;

/// The most fields that events are found by: each costs room and time for every event.
const MAX_SEARCH: usize = 5;

/// The longest address of a call-back, in bytes.
const MAX_URL_BYTES: usize = 2_000;

/// The longest time that runs can be kept, in days: 100 years.
const MAX_KEEP_DAYS: u32 = 36_500;

/// The most runs that can be kept.
const MAX_KEEP_RUNS: u64 = 1_000_000_000;

pub(super) fn check(settings: &Settings, problems: &mut Vec<Problem>) {
    let mut report = |code: &str, message: String, place: &str| {
        problems.push(Problem::of_workflow(code, message).at(format!("settings.{place}")));
    };
    if settings.timezone.parse::<chrono_tz::Tz>().is_err() {
        let message = format!("`{}` is not a time zone; write one like `Europe/Berlin`.", settings.timezone);
        report("invalid_timezone", message, "timezone");
    }
    if settings.max_parallel_runs == 0 || settings.max_parallel_runs > 1_000 {
        let message = "The number of parallel runs must lie between 1 and 1000.".to_owned();
        report("invalid_max_parallel_runs", message, "max_parallel_runs");
    }
    if settings.run_timeout_ms == 0 || settings.run_timeout_ms > MAX_TIMEOUT_MS {
        let message = format!("The time limit of a run must lie between 1 ms and {MAX_TIMEOUT_MS} ms.");
        report("invalid_run_timeout", message, "run_timeout_ms");
    }
    if settings.order_by.len() > MAX_ORDER_BY_BYTES {
        let message = format!("The expression for the order of runs is longer than {MAX_ORDER_BY_BYTES} bytes.");
        report("invalid_order_by", message, "order_by");
    }
    if settings.max_queued_runs > MAX_QUEUED_RUNS {
        let message = format!("At most {MAX_QUEUED_RUNS} runs can wait; 0 leaves it to the server.");
        report("invalid_max_queued_runs", message, "max_queued_runs");
    }
    if let Some(message) = settings.callback.as_ref().and_then(fault_of_callback) {
        report("invalid_callback", message, "callback.url");
    }
    if settings.keep_days.is_some_and(|days| days > MAX_KEEP_DAYS) {
        report("invalid_keep", format!("Runs can be kept for at most {MAX_KEEP_DAYS} days; 0: no bound."), "keep_days");
    }
    if settings.keep_runs.is_some_and(|runs| runs > MAX_KEEP_RUNS) {
        report("invalid_keep", format!("At most {MAX_KEEP_RUNS} runs can be kept; 0: no bound."), "keep_runs");
    }
    check_personal(&settings.personal, &mut report);
    check_search(&settings.search, &mut report);
}

fn fault_of_callback(callback: &Callback) -> Option<String> {
    let url = callback.url.as_str();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if url.contains("{{") {
        Some("The address of the call-back takes no expression; write the address itself.".to_owned())
    } else if host.is_none_or(str::is_empty)
        || url.contains(|letter: char| letter.is_whitespace() || letter.is_control())
    {
        Some(format!("`{url}` is no address for a call-back; write one like `https://shop.example/finished`."))
    } else if host.is_some_and(|host| host.contains('@')) {
        Some("The address holds a user name or a password. Take it out; the credential signs the call-back.".to_owned())
    } else {
        (url.len() > MAX_URL_BYTES).then(|| format!("The address is longer than {MAX_URL_BYTES} bytes."))
    }
}

fn check_personal(personal: &[String], report: &mut impl FnMut(&str, String, &str)) {
    if personal.len() > MAX_PERSONAL {
        report("invalid_personal", format!("At most {MAX_PERSONAL} personal fields can be named."), "personal");
    }
    check_places(personal, "invalid_personal", "personal", report);
}

fn check_search(search: &[String], report: &mut impl FnMut(&str, String, &str)) {
    if search.len() > MAX_SEARCH {
        report("invalid_search", format!("Events can be found by at most {MAX_SEARCH} fields."), "search");
    }
    check_places(search, "invalid_search", "search", report);
}

fn check_places(entries: &[String], code: &str, list: &str, report: &mut impl FnMut(&str, String, &str)) {
    for (index, entry) in entries.iter().enumerate() {
        if entry.trim() != entry || Place::parse(entry).is_none() {
            let message = format!(
                "`{entry}` names no field. Write a name such as `email`, or a path such as `$.trigger.body.iban`, in \
                 which only names, numbers, `*` and `..` can stand."
            );
            report(code, message, &format!("{list}[{index}]"));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn places(settings: Value) -> Vec<String> {
        let mut problems = Vec::new();
        check(&serde_json::from_value(settings).unwrap(), &mut problems);
        problems.into_iter().map(|problem| problem.parameter.unwrap_or_default()).collect()
    }

    #[test]
    fn sound_settings_have_no_problem() {
        let settings = json!({
            "order_by": "{{ $.trigger.body.customer }}", "max_queued_runs": 500, "personal": ["email", "$.trigger.body.iban"],
            "callback": {"url": "https://shop.example:8443/finished?x=1"}, "keep_days": 0, "keep_runs": 1000,
            "search": ["order_id", "$.trigger.body.lines[*].sku"],
        });
        assert_eq!(places(settings), Vec::<String>::new());
    }

    #[test]
    fn what_lies_outside_its_bounds_is_named() {
        let settings = json!({
            "order_by": "x".repeat(1_001), "max_queued_runs": 10_000_001, "keep_days": 36_501, "keep_runs": 1_000_000_001_u64,
            "personal": ["", " a", "x".repeat(501), "$.a[?@.b]"], "search": ["a", "b", "c", "d", "e", "$"],
        });
        let expected = [
            "order_by",
            "max_queued_runs",
            "keep_days",
            "keep_runs",
            "personal[0]",
            "personal[1]",
            "personal[2]",
            "personal[3]",
            "search",
            "search[5]",
        ];
        assert_eq!(places(settings), expected.map(|place| format!("settings.{place}")));
    }

    #[test]
    fn a_call_back_goes_to_a_plain_address() {
        for bad in
            ["", "shop.example", "ftp://a", "https://", "https:///x", "https://a b", "{{ x }}", "https://me:pw@a/"]
        {
            assert_eq!(places(json!({"callback": {"url": bad}})), ["settings.callback.url"], "{bad}");
        }
    }
}
