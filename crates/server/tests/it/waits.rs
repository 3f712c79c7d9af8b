//! Runs that wait for another system or a person, the links that let them go on, and loops on the page of a run.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outside::eventually;
use crate::outside::http::Request;
use crate::outside::product::{Product, step};
use crate::outside::sink::Sink;
use crate::pages::person::Person;

fn flow(mode: &str) -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "links", "type": "set_fields", "params": {"fields": {
                "callback": "{{ $.run.links.ask.callback }}", "approve": "{{ $.run.links.ask.approve }}",
            }}},
            {"id": "ask", "type": "wait", "title": "May it go out?", "params": {
                "mode": mode, "message": "Order {{ $.trigger.body.id }} for <b>{{ $.trigger.body.name }}",
                "expires": {"amount": 30, "unit": "minutes"},
            }},
            {"id": "yes", "type": "set_fields", "params": {"fields": {"answer": "{{ $.steps.ask }}"}}},
        ],
        "edges": [
            {"from": "order", "to": "links"}, {"from": "links", "to": "ask"},
            {"from": "ask", "port": if mode == "approval" { "approved" } else { "out" }, "to": "yes"},
        ],
    })
}

/// A run that waits: its id, and the path of one of its links.
fn waiting(product: &Product, mode: &str, link: &str) -> (String, String) {
    let ready = product.ready("Orders", &flow(mode));
    let receipt = product.post(&ready.path, &json!({"id": "A-1", "name": "Ada"})).must_be(202);
    let run = receipt["run"].as_str().unwrap().to_owned();
    let record = eventually("the run waits", || {
        let record = product.get(&format!("/runs/{run}"));
        (record["status"] == "waiting").then_some(record)
    });
    let url = step(&record, "links")["output"][link].as_str().unwrap().to_owned();
    let (_, path) = url.split_once("//").and_then(|(_, rest)| rest.split_once('/')).unwrap();
    (run, format!("/{path}"))
}

#[test]
fn a_call_back_lets_the_run_go_on_once_and_a_guessed_link_does_nothing() {
    let product = Product::start(&[]);
    let (run, path) = waiting(&product, "callback", "callback");
    let record = product.get(&format!("/runs/{run}"));
    let waits = &step(&record, "ask")["waiting"];
    assert!(waits["signal"] == "callback" && waits["until"].is_string(), "{record:#}");
    let (start, token) = path.rsplit_once('/').unwrap();
    assert_eq!(token.len(), 32);
    for wrong in
        [format!("{start}/{}", "0".repeat(32)), path.replace("/ask/", "/order/"), path.replace("resume", "approve")]
    {
        let answer = product.send(&Request::new("GET", &wrong));
        assert_eq!(answer.status, 404, "{wrong}");
    }
    let page = Person::signed_in(&product, "en").read(&format!("/runs/{run}"));
    assert!(page.contains(&path) && page.contains("Waits until"), "{page}");
    let body = json!({"paid": true});
    let first = product.send(&Request::new("PUT", &format!("{path}?from=bank")).json(&body)).must_be(202);
    assert_eq!((&first["run"], &first["status"]), (&json!(run), &json!("received")));
    let over = product.finished(&json!(run));
    let answer = &step(&over, "yes")["output"]["answer"];
    assert_eq!((&answer["method"], &answer["body"], &answer["query"]["from"]), (&json!("PUT"), &body, &json!("bank")));
    product.send(&Request::new("POST", &path)).must_be(409);
}

#[test]
fn opening_an_approval_decides_nothing_and_the_first_button_counts() {
    let product = Product::start(&[]);
    let (run, path) = waiting(&product, "approval", "approve");
    for _ in 0..2 {
        let page = product.send(&Request::new("GET", &path).header("Accept-Language", "de"));
        let text = page.text();
        assert_eq!(page.status, 200, "{text}");
        for shown in
            ["May it go out?", "Order A-1 for &#60;b&#62;Ada", "Zustimmen", "Ablehnen", "Ihr Name", "Offen bis"]
        {
            assert!(text.contains(shown), "{shown} is missing in {text}");
        }
        assert_eq!((page.header("cache-control"), page.header("referrer-policy")), ("no-store", "no-referrer"));
    }
    assert_eq!(product.get(&format!("/runs/{run}"))["status"], "waiting", "looking decides nothing");
    let send = |body: &str| {
        product.send(&Request::new("POST", &path).body("application/x-www-form-urlencoded", body.to_owned()))
    };
    assert_eq!(send("decision=approve&by=").status, 422, "somebody must say who");
    assert_eq!(send("decision=maybe&by=Ada").status, 422);
    assert_eq!(send("decision=approve&by=Ada&comment=fine").status, 303);
    assert_eq!(send("decision=reject&by=Bob").status, 303);
    let over = product.finished(&json!(run));
    let answer = &step(&over, "yes")["output"]["answer"];
    assert_eq!(*answer, json!({"approved": true, "comment": "fine", "by": "Ada"}));
    let page = product.send(&Request::new("GET", &path)).text();
    assert!(page.contains("Approved by Ada.") && !page.contains("Reject</button>"), "{page}");
    assert_eq!(product.get("/audit")["items"][0]["details"]["step"], "ask");
}

#[test]
fn somebody_who_is_signed_in_decides_on_the_page_of_the_run() {
    let product = Product::start(&[]);
    let (run, _) = waiting(&product, "approval", "approve");
    let person = Person::signed_in(&product, "en");
    assert!(person.read(&format!("/runs/{run}")).contains("Approve</button>"));
    let path = format!("/runs/{run}/approve");
    let after = person.submit(&path, &[("node", "ask"), ("decision", "reject"), ("comment", "too much")]);
    assert_eq!(after, format!("/runs/{run}?notice=approval_decided"));
    let over = product.finished(&json!(run));
    assert_eq!(step(&over, "ask")["port"], "rejected");
    assert_eq!(step(&over, "ask")["output"]["by"], "owner@example.com");
    let late = person.submit(&path, &[("node", "ask"), ("decision", "approve")]);
    assert!(late.ends_with("notice=already_decided"), "{late}");
    let token = crate::pages::person::token(&person.open("/"));
    let odd = person.post(&path, &[("csrf", token), ("node", "order".into()), ("decision", "approve".into())]);
    assert_eq!(odd.status, 404);
}

#[test]
fn links_may_be_tried_only_so_often() {
    let product = Product::start(&[("STELLWERK_INGRESS__LINKS_PER_MINUTE", "2")]);
    let path = "/approve/01a2012f-d099-74a4-9d6e-e393cc06b234/ask/00000000000000000000000000000000";
    for _ in 0..2 {
        assert_eq!(product.send(&Request::new("GET", path)).status, 404);
    }
    let decision =
        Request::new("POST", path).body("application/x-www-form-urlencoded", "decision=approve&by=Eve".to_owned());
    assert_eq!(product.send(&decision).status, 429);
}

#[test]
fn a_long_loop_is_looked_at_fifty_turns_at_a_time() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "go", "type": "webhook"},
            {"id": "each", "type": "for_each", "title": "Every line", "params": {"items": "{{ $.trigger.body.lines }}", "on_failure": "continue"}},
            {"id": "odd", "type": "if", "parent": "each", "params": {"when": {"all": [
                {"left": "{{ $.item.n }}", "op": "equals", "right": 77},
            ]}}},
            {"id": "stop", "type": "stop_with_error", "parent": "each", "params": {"message": "Line {{ $.item.n }} is bad"}},
            {"id": "fine", "type": "set_fields", "parent": "each", "params": {"fields": {"n": "{{ $.item.n }}"}}},
        ],
        "edges": [
            {"from": "go", "to": "each"}, {"from": "odd", "port": "true", "to": "stop"}, {"from": "odd", "port": "false", "to": "fine"},
        ],
    });
    let ready = product.ready("Lines", &definition);
    let lines: Vec<Value> = (0..120).map(|n| json!({"n": n})).collect();
    let receipt = product.post(&ready.path, &json!({"lines": lines})).must_be(202);
    let run = receipt["run"].as_str().unwrap();
    assert_eq!(product.finished(&receipt["run"])["status"], "succeeded");
    let person = Person::signed_in(&product, "en");
    let page = person.read(&format!("/runs/{run}"));
    assert!(page.contains("120 of 120 done, 1 failed") && page.contains("?loop=each"), "{page}");
    let turns = person.read(&format!("/runs/{run}?loop=each"));
    assert_eq!(turns.matches("&#38;turn=").count().max(turns.matches("&amp;turn=").count()), 50, "{turns}");
    assert!(person.weight(&format!("/runs/{run}?loop=each")) < 30_000);
    let turn = person.read(&format!("/runs/{run}?loop=each&turn=78"));
    assert!(turn.contains("Every line: turn 78") && turn.contains("Line 77 is bad"), "{turn}");
    assert_eq!(person.open(&format!("/runs/{run}?loop=nothing")).status, 404);
}

#[test]
fn a_full_queue_of_one_workflow_turns_requests_away_before_anything_is_stored() {
    let sink = Sink::open(Duration::from_mins(10));
    let product = Product::start(&[]);
    let slow = json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "slow", "type": "http.request", "params": {"url": sink.url("/slow")}, "timeout_ms": 600_000},
        ],
        "edges": [{"from": "order", "to": "slow"}],
        "settings": {"max_parallel_runs": 1, "max_queued_runs": 2},
    });
    let full = product.ready("Full", &slow);
    let other = product.ready("Other", &flow("callback"));
    product.post(&full.path, &json!({})).must_be(202);
    eventually("the first one is at work", || (sink.received().len() == 1).then_some(()));
    for _ in 0..2 {
        product.post(&full.path, &json!({})).must_be(202);
    }
    let refused = product.post(&full.path, &json!({}));
    assert_eq!((refused.status, refused.header("retry-after").is_empty()), (503, false));
    product.post(&other.path, &json!({})).must_be(202);
    let events = product.get(&format!("/events?workflow={}", full.workflow));
    assert_eq!(events["items"].as_array().unwrap().len(), 3, "the one that was turned away is not stored");
}

#[test]
fn runs_that_wait_for_a_person_do_not_fill_the_queue_of_their_workflow() {
    let product = Product::start(&[]);
    let mut definition = flow("approval");
    definition["settings"] = json!({"max_queued_runs": 2});
    let ready = product.ready("Asks", &definition);
    for _ in 0..5 {
        let receipt = product.post(&ready.path, &json!({"id": "A-1", "name": "Ada"})).must_be(202);
        let path = format!("/runs/{}", receipt["run"].as_str().unwrap());
        eventually("it waits for a person", || (product.get(&path)["status"] == "waiting").then_some(()));
    }
}
