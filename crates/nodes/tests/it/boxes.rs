//! Checking boxes: what may lie in them, what sees what, and what the settings mean for waits.

use model::Definition;
use nodes::check::check;
use serde_json::{Value, json};

use crate::run::catalogue;

fn problems(definition: Value) -> Vec<(String, String)> {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let brief = |problem: model::Problem| (problem.node.map_or(String::new(), |id| id.0), problem.code);
    check(&definition, catalogue()).into_iter().map(brief).collect()
}

fn expected(problems: &[(&str, &str)]) -> Vec<(String, String)> {
    problems.iter().map(|(node, code)| ((*node).to_owned(), (*code).to_owned())).collect()
}

/// `start → before → loop → after`, with `first → second` in the box; `second` uses `reference`.
fn with_box(second: Value, after: Value) -> Value {
    json!({
        "nodes": [
            { "id": "start", "type": "webhook" },
            { "id": "before", "type": "set_fields", "params": { "fields": { "a": 1 } } },
            { "id": "loop", "type": "for_each", "params": { "items": "{{ $.trigger.body.lines }}" } },
            { "id": "first", "type": "set_fields", "parent": "loop", "params": { "fields": { "a": "{{ $.item.sku }}" } } },
            { "id": "second", "type": "set_fields", "parent": "loop", "params": { "fields": { "a": second } } },
            { "id": "after", "type": "set_fields", "params": { "fields": { "a": after } } },
        ],
        "edges": [
            { "from": "start", "to": "before" }, { "from": "before", "to": "loop" }, { "from": "loop", "to": "after" },
            { "from": "first", "to": "second" },
        ],
    })
}

#[test]
fn a_node_in_a_box_sees_what_is_before_it_and_before_its_box() {
    let second = json!("{{ $.steps.before.a }} {{ $.steps.first.a }} {{ index }}");
    assert_eq!(problems(with_box(second, json!("{{ $.steps.loop.items }}"))), []);
}

#[test]
fn what_never_ran_before_is_not_seen() {
    for name in ["second", "loop", "after"] {
        let second = json!(format!("{{{{ $.steps.{name}.a }}}}"));
        let found = problems(with_box(second, json!(1)));
        assert_eq!(found, expected(&[("second", "reference_not_before")]), "{name}");
    }
}

#[test]
fn what_is_inside_is_not_seen_outside_and_the_message_names_the_boxes_output() {
    let definition = with_box(json!(1), json!("{{ $.steps.second.a }}"));
    let definition: Definition = serde_json::from_value(definition).unwrap();
    let found = check(&definition, catalogue());
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, "reference_not_before");
    assert!(found[0].message.contains("`steps.loop.items`"), "{}", found[0].message);
}

#[test]
fn a_trigger_and_an_answer_lie_outside_and_a_box_holds_something() {
    let found = problems(json!({
        "nodes": [
            { "id": "start", "type": "webhook", "params": { "respond": "node" } },
            { "id": "loop", "type": "for_each", "params": { "items": [1, 2] } },
            { "id": "empty", "type": "for_each", "params": { "items": [1] } },
            { "id": "answer", "type": "respond", "parent": "loop" },
            { "id": "again", "type": "manual", "parent": "loop" },
            { "id": "odd", "type": "set_fields", "parent": "answer", "params": { "fields": { "a": 1 } } },
        ],
        "edges": [{ "from": "start", "to": "loop" }, { "from": "start", "to": "empty" }],
    }));
    for problem in
        [("answer", "not_in_a_box"), ("again", "not_in_a_box"), ("odd", "invalid_parent"), ("empty", "empty_box")]
    {
        assert!(found.contains(&expected(&[problem])[0]), "{problem:?} in {found:?}");
    }
    assert!(!found.iter().any(|(node, code)| code == "unreachable_node" && node == "odd"), "{found:?}");
}

#[test]
fn a_box_that_no_trigger_leads_to_is_reported_without_its_contents() {
    let found = problems(json!({
        "nodes": [
            { "id": "start", "type": "webhook" },
            { "id": "loop", "type": "for_each", "params": { "items": [1] } },
            { "id": "inner", "type": "set_fields", "parent": "loop", "params": { "fields": { "a": 1 } } },
        ],
    }));
    assert_eq!(found, expected(&[("loop", "unreachable_node")]));
}

#[test]
fn a_wait_is_not_longer_than_its_run_may_take() {
    let wait = |params: Value, run_timeout_ms: u64| {
        problems(json!({
            "nodes": [{ "id": "start", "type": "webhook" }, { "id": "pause", "type": "wait", "params": params }],
            "edges": [{ "from": "start", "to": "pause" }],
            "settings": { "run_timeout_ms": run_timeout_ms },
        }))
    };
    let two_days = json!({ "amount": 2, "unit": "days" });
    let too_long = expected(&[("pause", "wait_too_long")]);
    assert_eq!(wait(json!({ "duration": two_days }), 3_600_000), too_long);
    assert_eq!(wait(json!({ "mode": "approval", "expires": two_days }), 3_600_000), too_long);
    assert_eq!(wait(json!({ "duration": two_days }), 172_800_000), []);
    assert_eq!(wait(json!({ "duration": { "amount": "{{ $.trigger.body.days }}", "unit": "days" } }), 3_600_000), []);
    assert_eq!(wait(json!({ "mode": "until", "until": "2026-12-24" }), 1_000), []);
    assert_eq!(wait(json!({ "mode": "until", "duration": null }), 1_000), expected(&[("pause", "missing_parameter")]));
    assert_eq!(
        wait(json!({ "duration": { "amount": 2, "unit": "moons" } }), 1_000),
        expected(&[("pause", "wrong_type")])
    );
}

const DAY_MS: u64 = 86_400_000;

#[test]
fn attempts_do_not_take_longer_than_their_run_may() {
    let retry = |retry: Value, run_timeout_ms: u64| {
        problems(json!({
            "nodes": [
                { "id": "start", "type": "webhook" },
                { "id": "tell", "type": "http.request", "params": { "url": "https://a.example" }, "retry": retry },
            ],
            "edges": [{ "from": "start", "to": "tell" }],
            "settings": { "run_timeout_ms": run_timeout_ms },
        }))
    };
    let fixed = |attempts: u32, delay_ms: u64| json!({ "attempts": attempts, "backoff": "fixed", "first_delay_ms": delay_ms, "max_delay_ms": delay_ms });
    let too_long = expected(&[("tell", "retry_too_long")]);
    assert_eq!(retry(fixed(2, 2 * DAY_MS), 3_600_000), too_long);
    assert_eq!(retry(fixed(2, 2 * DAY_MS), 2 * DAY_MS), []);
    assert_eq!(retry(fixed(3, 2 * DAY_MS), 2 * DAY_MS), too_long, "both delays count");
    assert_eq!(retry(fixed(1, 2 * DAY_MS), 3_600_000), [], "one attempt waits for nothing");
    let doubling = json!({ "attempts": 20, "backoff": "exponential", "first_delay_ms": 1_000, "max_delay_ms": 60_000 });
    assert_eq!(retry(doubling.clone(), 3_600_000), [], "at most 13 times a minute and what comes before");
    assert_eq!(retry(doubling, 600_000), too_long);
}

#[test]
fn attempts_and_delays_have_their_bounds() {
    let retry = |attempts: u64, delay_ms: u64| {
        problems(json!({
            "nodes": [
                { "id": "start", "type": "webhook" },
                { "id": "tell", "type": "http.request", "params": { "url": "https://a.example" },
                    "retry": { "attempts": attempts, "first_delay_ms": delay_ms, "max_delay_ms": delay_ms } },
            ],
            "edges": [{ "from": "start", "to": "tell" }],
            "settings": { "run_timeout_ms": 7_776_000_000_u64 },
        }))
    };
    assert_eq!(retry(100, 1_000), []);
    assert_eq!(retry(2, 90 * DAY_MS), []);
    let invalid = expected(&[("tell", "invalid_retry")]);
    assert_eq!(retry(101, 1_000), invalid);
    assert_eq!(retry(0, 1_000), invalid);
    assert_eq!(retry(1, 90 * DAY_MS + 1), invalid);
}

#[test]
fn settings_hold_expressions_paths_and_addresses_that_can_be_read() {
    let of =
        |settings: Value| problems(json!({ "nodes": [{ "id": "start", "type": "webhook" }], "settings": settings }));
    for (settings, code) in [
        (json!({ "order_by": "{{ $.trigger.body. }}" }), "invalid_order_by"),
        (json!({ "order_by": "customer" }), "invalid_order_by"),
        (json!({ "order_by": "{{ $.steps.start.body.id }}" }), "invalid_order_by"),
        (json!({ "personal": ["email", "$.trigger.body["] }), "invalid_personal"),
        (json!({ "callback": { "url": "https://[::x]/" } }), "invalid_callback"),
    ] {
        assert_eq!(of(settings.clone()), expected(&[("", code)]), "{settings}");
    }
    let sound = json!({
        "order_by": "{{ $.trigger.body.customer.id }}", "personal": ["email", "$.trigger.body.iban"],
        "callback": { "url": "https://shop.example/finished" },
    });
    assert_eq!(of(sound), []);
}

#[test]
fn a_schedule_is_checked_before_it_is_published() {
    let of = |params: Value| problems(json!({ "nodes": [{ "id": "start", "type": "schedule", "params": params }] }));
    assert_eq!(of(json!({ "cron": "30 7 * * 1-5" })), []);
    assert_eq!(of(json!({ "cron": "30 25 * * *" })), expected(&[("start", "invalid_setting")]));
    assert_eq!(of(json!({})), expected(&[("start", "missing_parameter")]));
    assert_eq!(of(json!({ "cron": "{{ x }}" })), expected(&[("start", "expression_not_allowed")]));
    assert_eq!(of(json!({ "cron": "@daily", "timezone": "Mars" })), expected(&[("start", "invalid_timezone")]));
}
