//! What of the history is shown, found, given out and removed.

use std::time::Duration;

use serde_json::{Value, json};

use super::browser::{Browser, must_hide, must_show};
use crate::outside::eventually;
use crate::outside::http::Request;
use crate::outside::product::{Product, Ready, step};
use crate::outside::sink::Sink;

const ADDRESS: &str = "ann@example.com";

/// A workflow that tells a sink about a person, with what it names as personal.
fn person_flow(sink: &Sink) -> Value {
    json!({
        "nodes": [
            {"id": "form", "type": "webhook"},
            {"id": "pick", "type": "set_fields", "params": {"fields": {
                "phone": "{{ $.trigger.body.phone }}", "total": "{{ $.trigger.body.total }}",
            }}},
            {"id": "tell", "type": "http.request", "params": {
                "method": "POST", "url": format!("{}?q={{{{ $.trigger.body.email }}}}", sink.url("/people")),
                "body": {"ref": "{{ $.trigger.body.email }}"},
            }},
        ],
        "edges": [{"from": "form", "to": "pick"}, {"from": "pick", "to": "tell"}],
        "settings": {"personal": ["email", "$.steps.pick.phone"], "search": ["order_id"]},
    })
}

fn with_a_person(sink: &Sink) -> (Product, Ready, Value) {
    let product = Product::start(&[("STELLWERK_OUTGOING_ALLOW", "127.0.0.0/8")]);
    let ready = product.ready("Newsletter", &person_flow(sink));
    let body = json!({"email": ADDRESS, "phone": 491_512_345, "total": 12, "order_id": "ORD-7"});
    let receipt = product.post(&ready.path, &body).must_be(202);
    product.finished(&receipt["run"]);
    (product, ready, receipt)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

#[test]
fn personal_fields_are_masked_for_everybody_while_the_run_works_with_them() {
    let sink = Sink::open(Duration::ZERO);
    let (product, _, receipt) = with_a_person(&sink);
    let (run, event) = (text(&receipt["run"]), text(&receipt["event"]));
    let sent = sink.received();
    assert_eq!(sent[0].body, json!({"ref": ADDRESS}).to_string(), "the run itself sees the real value");

    let shown = product.get(&format!("/runs/{run}"));
    assert_eq!(step(&shown, "pick")["output"], json!({"phone": "•••", "total": 12}));
    let all = shown.to_string();
    assert!(!all.contains("ann") && !all.contains("491512345"), "{all}");
    let shown = product.get(&format!("/events/{event}"));
    assert_eq!((&shown["body"]["email"], &shown["body"]["total"]), (&json!("•••"), &json!(12)));
    // The phone is personal where a step gives it, and by name nowhere else.
    assert_eq!(shown["body"]["phone"], 491_512_345);

    let mut owner = Browser::of_owner(&product);
    for path in [format!("/runs/{run}"), format!("/events/{event}")] {
        let page = owner.page(&path);
        must_show(&page, &["•••", "Show them"]);
        must_hide(&page, &[ADDRESS, "ann%40example.com"]);
        let revealed = owner.submit(&path, &format!("{path}/reveal"), &[]);
        assert_eq!(revealed.status, 200);
        must_show(&revealed.text(), &[ADDRESS]);
        must_hide(&owner.page(&path), &[ADDRESS]);
    }
    let fields = [("email", "eve@example.com"), ("password", "another fine password"), ("language", "en")];
    owner.submit("/settings/users", "/settings/users", &fields);
    let mut eve = Browser::signed_in(&product, "eve@example.com", "another fine password");
    let page = eve.page(&format!("/runs/{run}"));
    must_hide(&page, &[ADDRESS, "Show them"]);
    assert_eq!(eve.submit("/settings", &format!("/runs/{run}/reveal"), &[]).status, 403);
    assert_eq!(eve.submit("/settings", &format!("/events/{event}/reveal"), &[]).status, 403);
    assert_eq!(eve.open(&format!("/api/v1/events/{event}/body")).status, 403);
    must_show(&owner.open(&format!("/api/v1/events/{event}/body")).text(), &[ADDRESS]);

    // The token was made on the command line, so it may, too.
    let revealed = product.api("POST", &format!("/runs/{run}/reveal"), None).must_be(200);
    assert_eq!(step(&revealed, "pick")["output"]["phone"], 491_512_345);
    product.api("POST", &format!("/events/{event}/reveal"), None).must_be(200);
}

#[test]
fn a_field_that_is_named_for_all_workflows_is_masked_in_headers_samples_and_errors() {
    let product = Product::start(&[("STELLWERK_HISTORY__PERSONAL", "x-customer,iban")]);
    let flow = json!({
        "nodes": [
            {"id": "form", "type": "webhook"},
            {"id": "fail", "type": "stop_with_error", "params": {"message": "no account {{ $.trigger.body.iban }}"}},
        ],
        "edges": [{"from": "form", "to": "fail"}],
    });
    let ready = product.ready("Bank", &flow);
    let request = Request::new("POST", &ready.path).json(&json!({"iban": "DE021234", "n": 1}));
    let receipt = product.send(&request.header("X-Customer", "Ann Miller")).must_be(202);
    product.finished(&receipt["run"]);
    let listed = product.get("/runs");
    assert_eq!(listed["items"][0]["error"]["error"]["message"], "no account •••");
    let mut owner = Browser::of_owner(&product);
    must_hide(&owner.page("/runs"), &["DE021234"]);
    let event = product.get(&format!("/events/{}", text(&receipt["event"])));
    assert_eq!((&event["headers"]["x-customer"], &event["body"]), (&json!("•••"), &json!({"iban": "•••", "n": 1})));
    let sample = json!({"source": "event", "event": receipt["event"]});
    let path = format!("/workflows/{}/samples/form", ready.workflow);
    let sample = product.api("PUT", &path, Some(&sample)).must_be(200);
    assert_eq!(sample["value"]["body"], json!({"iban": "•••", "n": 1}));
}

#[test]
fn a_run_is_found_by_the_value_of_a_field() {
    let sink = Sink::open(Duration::ZERO);
    let (product, _, receipt) = with_a_person(&sink);
    eventually("the event is entered", || {
        let found = product.get("/runs?text=ord-7");
        let is_exact = found["partial"].is_null();
        (is_exact && found["items"][0]["id"] == receipt["run"]).then_some(())
    });
    let mut owner = Browser::of_owner(&product);
    must_show(&owner.page("/runs?text=ORD-7"), &[text(&receipt["run"])]);
}

#[test]
fn a_person_is_found_given_out_and_erased_by_the_owner_alone() {
    let sink = Sink::open(Duration::ZERO);
    let (product, _, receipt) = with_a_person(&sink);
    let mut owner = Browser::of_owner(&product);
    let ask = |browser: &mut Browser, email: &str, action: &str| {
        browser.submit("/settings/persons", "/settings/persons", &[("email", email), ("action", action)])
    };
    assert_eq!(ask(&mut owner, "nobody", "").status, 422);
    must_show(&ask(&mut owner, "nobody@example.com", "").text(), &["Nothing mentions this address"]);
    let found = ask(&mut owner, ADDRESS, "").text();
    must_show(&found, &["What mentions ann@example.com", "Save as a file", "Erase for good"]);
    let given = ask(&mut owner, ADDRESS, "export");
    assert!(given.header("content-disposition").contains("attachment"));
    let given: Value = serde_json::from_str(&given.text()).unwrap();
    assert_eq!(given["events"][0]["body"]["email"], ADDRESS);

    let find = json!({"email": ADDRESS});
    assert_eq!(product.api("POST", "/persons/find", Some(&find)).must_be(200)["events"], 1);
    product.api("POST", "/persons/find", Some(&json!({"email": "x"}))).must_be(422);
    assert_eq!(product.api("POST", "/persons/export", Some(&find)).must_be(200)["counts"]["runs"], 1);
    must_show(&ask(&mut owner, ADDRESS, "erase").text(), &["ann@example.com was erased"]);
    assert_eq!(product.api("POST", "/persons/erase", Some(&find)).must_be(200)["events"], 0);
    let event = product.api("POST", &format!("/events/{}/reveal", text(&receipt["event"])), None).must_be(200);
    assert_eq!((&event["body"]["email"], &event["body"]["total"]), (&json!("[erased]"), &json!(12)));

    let fields = [("email", "eve@example.com"), ("password", "another fine password"), ("language", "en")];
    owner.submit("/settings/users", "/settings/users", &fields);
    let mut eve = Browser::signed_in(&product, "eve@example.com", "another fine password");
    assert_eq!(eve.open("/settings/persons").status, 403);
    assert_eq!(eve.submit("/settings", "/settings/persons", &[("email", ADDRESS), ("action", "erase")]).status, 403);
    must_hide(&eve.page("/settings"), &["/settings/persons"]);
    must_show(&product.command(&["person", "find", "form@example.com"]), &["\"events\": 0"]);
}

#[test]
fn the_storage_page_tells_what_there_is_and_what_goes_and_removes_on_demand() {
    let sink = Sink::open(Duration::ZERO);
    let (product, ready, _) = with_a_person(&sink);
    let mut owner = Browser::of_owner(&product);
    let page = owner.page("/storage");
    must_show(&page, &["Newsletter", "≈", "30 days", "The oldest run goes on", "Remove now"]);
    assert!(page.len() < 30_000, "{}", page.len());
    let report = product.get("/storage");
    let one = &report["workflows"][0];
    assert_eq!((&one["runs"], &one["events"], &one["keep_days"]), (&json!(1), &json!(1), &json!(30)));
    assert!(one["estimated_bytes"].as_u64().unwrap() > 500, "{report}");

    let path = format!("/storage/remove?workflow={}&days=0", ready.workflow);
    let confirm = owner.page(&path);
    must_show(&confirm, &["Of “Newsletter”", "cannot be brought back"]);
    assert_eq!(product.get("/runs")["items"].as_array().unwrap().len(), 1, "looking removes nothing");
    let fields = [("workflow", ready.workflow.as_str()), ("days", "0")];
    let begun = owner.submit(&path, "/storage/remove", &fields);
    assert_eq!(begun.header("location"), "/storage?notice=removal_begun");
    eventually("the run is removed", || product.get("/runs")["items"].as_array().unwrap().is_empty().then_some(()));
    must_show(&owner.page("/storage/remove?days=7"), &["There is nothing to remove"]);
    assert_eq!(owner.open("/storage/remove?days=many").status, 422);
    let preview = product.get("/storage/sweep?older_than_days=0");
    assert_eq!(preview["runs"], 0);
    product.api("POST", "/storage/sweep", Some(&json!({"older_than_days": 3}))).must_be(202);

    let fields = [("email", "eve@example.com"), ("password", "another fine password"), ("language", "en")];
    owner.submit("/settings/users", "/settings/users", &fields);
    let mut eve = Browser::signed_in(&product, "eve@example.com", "another fine password");
    must_hide(&eve.page("/storage"), &["Remove now"]);
    assert_eq!(eve.open("/storage/remove?days=7").status, 403);
    assert_eq!(eve.submit("/settings", "/storage/remove", &[("days", "0")]).status, 403);
    let german = eve.speaking("de").page("/storage");
    must_show(&german, &["Speicher", "Nichts.", "30 Tage"]);
}
