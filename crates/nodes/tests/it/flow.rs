//! Flow, data and trigger nodes.

use model::ErrorCode;
use nodes::Outcome;
use serde_json::{Value, json};

use crate::run::start;

fn context() -> Value {
    json!({ "trigger": { "method": "POST", "body": { "amount": 120, "customer": { "email": "joerg@example.com" } } }, "steps": {} })
}

fn above(limit: i64) -> Value {
    json!({ "all": [{ "left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": limit }] })
}

#[test]
fn a_filter_lets_through_or_ends_its_branch_and_shows_what_it_compared() {
    let passed = start("filter", json!({ "when": above(100) }), &context()).unwrap();
    let Outcome::Done { port, output } = passed else { panic!("{passed:?}") };
    assert_eq!((port.as_str(), &output["passed"], &output["rows"][0]["left"]), ("out", &json!(true), &json!(120)));
    let stopped = start("filter", json!({ "when": above(200) }), &context()).unwrap();
    let Outcome::Skip { output } = stopped else { panic!("{stopped:?}") };
    assert_eq!((&output["passed"], &output["rows"][0]["right"]), (&json!(false), &json!(200)));
}

#[test]
fn an_if_takes_one_of_two_ways() {
    for (limit, way) in [(100, "true"), (200, "false")] {
        let outcome = start("if", json!({ "when": above(limit) }), &context()).unwrap();
        assert!(matches!(&outcome, Outcome::Done { port, .. } if port == way), "{outcome:?}");
    }
}

#[test]
fn a_switch_takes_the_first_case_that_holds() {
    let cases = |first: i64, second: i64| json!({ "cases": [{ "port": "huge", "when": above(first) }, { "port": "large", "when": above(second) }] });
    for (params, way) in [(cases(1000, 100), "large"), (cases(10, 100), "huge"), (cases(1000, 500), "default")] {
        let outcome = start("switch", params, &context()).unwrap();
        let Outcome::Done { port, output } = outcome else { panic!("{outcome:?}") };
        assert_eq!(port, way);
        assert_eq!(output["port"], way);
    }
}

#[test]
fn a_faulty_condition_is_named_with_its_place() {
    let params =
        json!({ "cases": [{ "port": "a", "when": { "all": [{ "left": 1, "op": "resembles", "right": 1 }] } }] });
    let error = start("switch", params, &context()).unwrap_err();
    assert!(error.parameter.as_deref().unwrap().starts_with("cases[0].when.all[0]"), "{error:?}");
}

#[test]
fn set_fields_keeps_types_and_nests_dotted_names() {
    let fields = json!({ "total": "{{ $.trigger.body.amount }}", "customer.email": "{{ $.trigger.body.customer.email }}",
        "note": "{{ $.trigger.body.amount }} EUR", "list": ["{{ $.trigger.method }}", 2] });
    let outcome = start("set_fields", json!({ "fields": fields }), &context()).unwrap();
    let expected =
        json!({ "total": 120, "customer": { "email": "joerg@example.com" }, "note": "120 EUR", "list": ["POST", 2] });
    assert_eq!(outcome, Outcome::done(expected));
}

#[test]
fn respond_gives_status_headers_and_body() {
    let params =
        json!({ "status": "422", "headers": { "X-Order": 7 }, "body": { "amount": "{{ $.trigger.body.amount }}" } });
    let outcome = start("respond", params, &context()).unwrap();
    assert_eq!(
        outcome,
        Outcome::done(json!({ "status": 422, "headers": { "x-order": "7" }, "body": { "amount": 120 } }))
    );
    let plain = start("respond", json!({}), &context()).unwrap();
    assert_eq!(plain, Outcome::done(json!({ "status": 200, "headers": {}, "body": null })));
}

#[test]
fn respond_refuses_headers_that_would_break_the_answer_or_sign_somebody_in() {
    for (name, value) in [("Set-Cookie", "a=b"), ("Content-Length", "5"), ("X-A", "1\r\nX-B: 2"), ("X A", "1")] {
        let error = start("respond", json!({ "headers": { name: value } }), &context()).unwrap_err();
        assert_eq!(error.parameter, Some(format!("headers.{name}")), "{error:?}");
    }
}

#[test]
fn stop_with_error_ends_the_run_with_its_message() {
    let params = json!({ "message": "Amount {{ $.trigger.body.amount }} is too high" });
    let error = start("stop_with_error", params, &context()).unwrap_err();
    assert_eq!(
        (error.code, error.message.as_str(), error.retryable),
        (ErrorCode::Stopped, "Amount 120 is too high", false)
    );
}

#[test]
fn a_trigger_gives_the_event() {
    for trigger in ["webhook", "manual"] {
        assert_eq!(start(trigger, json!({}), &context()).unwrap(), Outcome::done(context()["trigger"].clone()));
    }
}

#[test]
fn a_parameter_that_turns_out_empty_or_wrong_is_named() {
    for (node_type, params, parameter, message) in [
        ("http.request", json!({ "url": "{{ $.trigger.body.link }}" }), "url", "gave nothing"),
        ("http.request", json!({}), "url", "Fill it in"),
        ("http.request", json!({ "url": "https://a.example", "redirects": "{{ 7 * 7 }}" }), "redirects", "at most 20"),
        (
            "http.request",
            json!({ "url": "https://a.example", "headers": "{{ $.trigger.method }}" }),
            "headers",
            "an object",
        ),
        ("email.send", json!({ "to": [{ "a": 1 }], "subject": "x" }), "to[0]", "expected a text"),
    ] {
        let error = start(node_type, params, &context()).unwrap_err();
        assert_eq!(error.parameter.as_deref(), Some(parameter), "{error:?}");
        assert!(error.message.contains(message), "{error:?}");
    }
}
