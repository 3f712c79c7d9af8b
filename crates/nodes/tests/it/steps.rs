//! Flow nodes that wait, call and walk lists.

use model::{ErrorCode, OnError, RunId, RunStatus, Timestamp};
use nodes::effect::{CalledReply, Reply, TurnsReply};
use nodes::{EachRules, Incoming, Outcome, SignalKind, WaitFor};
use serde_json::{Value, json};

use crate::run::{resume, start, start_where_ways_meet};

const NOW: &str = "2026-01-31T09:30:00Z";

fn moment(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

#[test]
fn a_box_walks_its_list_by_its_rules() {
    let context = json!({ "trigger": { "body": { "lines": [{ "sku": "a" }, { "sku": "b" }] } } });
    let params =
        json!({ "items": "{{ $.trigger.body.lines }}", "parallel": "4", "on_failure": "continue", "collect": false });
    let outcome = start("for_each", params, &context).unwrap();
    let Outcome::Each { items, rules, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(items, [json!({ "sku": "a" }), json!({ "sku": "b" })]);
    assert_eq!(rules, EachRules { parallel: 4, on_failure: OnError::Continue, collect: false });

    let outcome = start("for_each", json!({ "items": [1] }), &context).unwrap();
    let Outcome::Each { rules, state, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(rules, EachRules { parallel: 1, on_failure: OnError::Stop, collect: true });
    let turns = TurnsReply { count: 1, succeeded: 1, failed: 0, skipped: 0, outputs: vec![json!({ "a": 1 })] };
    let done = resume("for_each", json!({ "items": [1] }), state, Reply::Turns(turns)).unwrap();
    let output = json!({ "count": 1, "succeeded": 1, "failed": 0, "skipped": 0, "items": [{ "a": 1 }] });
    assert_eq!(done, Outcome::done(output));
}

#[test]
fn a_box_with_an_empty_list_is_done_and_one_without_a_list_says_what_it_got() {
    let empty = json!({ "count": 0, "succeeded": 0, "failed": 0, "skipped": 0, "items": [] });
    assert_eq!(start("for_each", json!({ "items": [] }), &json!({})), Ok(Outcome::done(empty)));
    for (items, expected) in [("{{ $.trigger.body }}", "expected a list"), ("{{ $.trigger.nothing }}", "gave nothing")]
    {
        let error =
            start("for_each", json!({ "items": items }), &json!({ "trigger": { "body": { "a": 1 } } })).unwrap_err();
        assert_eq!((error.code, error.parameter.as_deref()), (ErrorCode::Parameter, Some("items")));
        assert!(error.message.contains(expected), "{error}");
    }
}

/// Starts a wait and gives what it waits for.
fn wait(params: Value) -> (WaitFor, Value) {
    match start("wait", params, &json!({ "trigger": { "body": { "days": 3 } } })).unwrap() {
        Outcome::Wait { until, state } => (until, state),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_wait_lasts_a_length_of_time() {
    let params = json!({ "duration": { "amount": "{{ $.trigger.body.days }}", "unit": "days" } });
    let (until, state) = wait(params.clone());
    assert_eq!(until, WaitFor { at: Some(moment("2026-02-03T09:30:00Z")), signal: None });
    let output = json!({ "waited_until": "2026-02-03T09:30:00.000Z" });
    assert_eq!(resume("wait", params, state, Reply::Time), Ok(Outcome::done(output)));
}

#[test]
fn a_wait_until_a_time_means_the_workflows_zone_and_does_not_wait_for_the_past() {
    for (text, expected) in [
        ("2026-02-01T08:00", "2026-02-01T07:00:00Z"),
        ("2026-07-01 08:00", "2026-07-01T06:00:00Z"),
        ("2026-02-01", "2026-01-31T23:00:00Z"),
        ("01.02.2026 08:00", "2026-02-01T07:00:00Z"),
        ("2026-02-01T08:00:00-05:00", "2026-02-01T13:00:00Z"),
    ] {
        let (until, _) = wait(json!({ "mode": "until", "until": text }));
        assert_eq!(until, WaitFor { at: Some(moment(expected)), signal: None }, "{text}");
    }
    let past = start("wait", json!({ "mode": "until", "until": NOW }), &json!({})).unwrap();
    assert_eq!(past, Outcome::done(json!({ "waited_until": "2026-01-31T09:30:00.000Z" })));
    let error = start("wait", json!({ "mode": "until", "until": "soon" }), &json!({})).unwrap_err();
    assert_eq!(error.parameter.as_deref(), Some("until"));
}

#[test]
fn a_wait_for_a_request_gives_the_request_or_times_out() {
    let params = json!({ "mode": "callback", "expires": { "amount": 1, "unit": "hours" } });
    let (until, state) = wait(params.clone());
    let expected = WaitFor { at: Some(moment("2026-01-31T10:30:00Z")), signal: Some(SignalKind::Callback) };
    assert_eq!(until, expected);
    let request = json!({ "method": "POST", "headers": {}, "query": {}, "body": { "paid": true } });
    let done = resume("wait", params.clone(), state.clone(), Reply::Signal(request.clone()));
    assert_eq!(done, Ok(Outcome::done(request)));
    let late = resume("wait", params, state, Reply::Time).unwrap();
    let output = json!({ "expired_at": "2026-01-31T10:30:00.000Z" });
    assert_eq!(late, Outcome::Done { port: "timeout".to_owned(), output });
    assert_eq!(wait(json!({ "mode": "callback" })).0, WaitFor { at: None, signal: Some(SignalKind::Callback) });
}

#[test]
fn an_approval_takes_one_of_two_ways() {
    let params = json!({ "mode": "approval", "message": "Pay it?" });
    for (approved, port) in [(json!(true), "approved"), (json!(false), "rejected"), (json!("true"), "rejected")] {
        let (until, state) = wait(params.clone());
        assert_eq!(until, WaitFor { at: None, signal: Some(SignalKind::Approval) });
        let answer = json!({ "approved": approved, "comment": "", "by": "ada" });
        let outcome = resume("wait", params.clone(), state, Reply::Signal(answer.clone())).unwrap();
        assert_eq!(outcome, Outcome::Done { port: port.to_owned(), output: answer });
    }
}

const WORKFLOW: &str = "01900000-0000-7000-8000-000000000003";

fn called(status: RunStatus) -> (RunId, Reply) {
    let run = RunId::generate();
    let error =
        json!({ "node": "pay", "error": { "code": "service", "message": "Card refused.", "retryable": false } });
    let error = if status == RunStatus::Succeeded { Value::Null } else { error };
    (run, Reply::Called(CalledReply { run, status, output: json!({ "ok": true }), error }))
}

#[test]
fn a_call_gives_the_result_of_the_other_workflow() {
    let params = json!({ "workflow": WORKFLOW, "input": { "order": "{{ $.trigger.body.id }}" } });
    let context = json!({ "trigger": { "body": { "id": 7 } } });
    let outcome = start("call_workflow", params.clone(), &context).unwrap();
    let Outcome::Call { workflow, input, wait, state } = outcome else { panic!("{outcome:?}") };
    assert_eq!((workflow.to_string().as_str(), input, wait), (WORKFLOW, json!({ "order": 7 }), true));
    let (run, reply) = called(RunStatus::Succeeded);
    let done = resume("call_workflow", params, state, reply).unwrap();
    assert_eq!(done, Outcome::done(json!({ "run": run, "status": "succeeded", "output": { "ok": true } })));
}

#[test]
fn the_failure_of_a_called_workflow_is_the_calls_failure_unless_nobody_waits() {
    let params = json!({ "workflow": WORKFLOW });
    let (run, reply) = called(RunStatus::Dead);
    let error = resume("call_workflow", params.clone(), json!({ "wait": true }), reply).unwrap_err();
    assert_eq!((error.code, error.retryable), (ErrorCode::Called, false));
    assert!(error.message.contains(&run.to_string()) && error.message.ends_with("It said: Card refused."), "{error}");
    let (run, reply) = called(RunStatus::Queued);
    let done = resume("call_workflow", params, json!({ "wait": false }), reply).unwrap();
    assert_eq!(done, Outcome::done(json!({ "run": run, "status": "queued", "output": { "ok": true } })));
}

#[test]
fn an_answer_of_another_kind_is_a_fault_of_the_engine() {
    for node_type in ["for_each", "call_workflow"] {
        let params = json!({ "items": [1], "workflow": WORKFLOW });
        let params =
            if node_type == "for_each" { json!({ "items": [1] }) } else { json!({ "workflow": params["workflow"] }) };
        let error = resume(node_type, params, Value::Null, Reply::Time).unwrap_err();
        assert_eq!(error.code, ErrorCode::Internal);
    }
}

/// What a merge makes of a branch that was taken twice over, one from the trigger, and one that was not taken.
fn merged(mode: Value) -> Value {
    let way = |from: &str, port: &str, taken| Incoming { from: from.into(), port: port.to_owned(), taken };
    let ways = [
        way("crm", "out", true),
        way("crm", "error", false),
        way("start", "out", true),
        way("mail", "out", false),
        way("erp", "out", true),
    ];
    let steps = json!({ "crm": { "id": 1, "by": "crm" }, "mail": { "old": true }, "erp": { "by": "erp" } });
    let context = json!({ "trigger": { "body": 7 }, "steps": steps });
    match start_where_ways_meet("merge", mode, &context, &ways).unwrap() {
        Outcome::Done { port, output } if port == "out" => output,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_merge_gives_what_the_branches_that_were_taken_gave() {
    let (crm, start, erp) = (json!({ "id": 1, "by": "crm" }), json!({ "body": 7 }), json!({ "by": "erp" }));
    assert_eq!(merged(json!({}))["result"], json!({ "crm": crm, "start": start, "erp": erp }));
    assert_eq!(merged(json!({ "mode": "list" }))["result"], json!([crm, start, erp]));
    assert_eq!(merged(json!({ "mode": "first" }))["result"], crm);
    assert_eq!(merged(json!({ "mode": "fields" }))["result"], json!({ "id": 1, "body": 7, "by": "erp" }));
}

#[test]
fn a_merge_says_which_ways_were_taken() {
    let branches = merged(json!({}))["branches"].clone();
    assert_eq!(branches[1], json!({ "step": "crm", "port": "error", "taken": false }));
    let taken: Vec<_> = branches.as_array().unwrap().iter().map(|way| way["taken"].clone()).collect();
    assert_eq!(taken, [true, false, true, false, true]);
}
