//! The draft against real events, with effects held back.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outside::product::Product;
use crate::outside::sink::Sink;
use crate::pages::person::Person;

/// Orders above a limit are told to another system, and then noted.
fn flow(sink: &Sink, limit: u32) -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "large", "type": "filter", "title": "Only large ones", "params": {"when": {"all": [
                {"left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": limit},
            ]}}},
            {"id": "tell", "type": "http.request", "title": "Tell the ERP", "params": {
                "method": "POST", "url": sink.url("/orders"), "body": {"ref": "{{ $.trigger.body.id }}", "limit": limit},
            }},
            {"id": "note", "type": "set_fields", "params": {"fields": {"status": "{{ $.steps.tell.status }}"}}},
        ],
        "edges": [{"from": "order", "to": "large"}, {"from": "large", "to": "tell"}, {"from": "tell", "to": "note"}],
    })
}

fn difference<'a>(item: &'a Value, node: &str, what: &str) -> &'a Value {
    let found = item["differences"].as_array().unwrap().iter();
    let mut found = found.filter(|one| one["node"] == node && one["what"] == what);
    found.next().unwrap_or_else(|| panic!("no {what} of {node} in {item:#}"))
}

#[test]
fn a_draft_shows_what_it_would_have_done_and_sends_nothing() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let ready = product.ready("Orders", &flow(&sink, 100));
    for (id, amount) in [("A-1", 50), ("A-2", 150), ("A-3", 500)] {
        let receipt = product.post(&ready.path, &json!({"id": id, "amount": amount})).must_be(202);
        assert_eq!(product.finished(&receipt["run"])["status"], "succeeded");
    }
    let sent = sink.received().len();
    assert_eq!(sent, 2);
    let path = format!("/workflows/{}/dry-run", ready.workflow);
    let same = product.api("POST", &path, None).must_be(200);
    assert_eq!((&same["changed"], &same["unchanged"]), (&json!(0), &json!(3)), "{same:#}");

    let change = json!({"revision": 1, "definition": flow(&sink, 200)});
    product.api("PUT", &format!("/workflows/{}", ready.workflow), Some(&change)).must_be(200);
    let report = product.api("POST", &path, Some(&json!({"last": 2}))).must_be(200);
    let [latest, before] = report["items"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
    assert_eq!((&report["changed"], &report["unchanged"]), (&json!(2), &json!(0)));
    // The largest one is still told, with another body; the one in the middle no longer is.
    let request = difference(latest, "tell", "request");
    assert_eq!((&request["before"]["body"]["limit"], &request["after"]["body"]["limit"]), (&json!(100), &json!(200)));
    let step =
        |node: &str| latest["would"]["steps"].as_array().unwrap().iter().find(|step| step["node"] == node).unwrap();
    let tell = step("tell");
    assert_eq!((&tell["held_back"]["kind"], &tell["stand_in"]), (&json!("http"), &json!("run")));
    assert_eq!(tell["held_back"]["request"]["body"], json!({"ref": "A-3", "limit": 200}));
    assert_eq!(step("note")["output"], json!({"status": 200}), "it goes on with the real answer");
    difference(before, "large", "status");
    difference(before, "tell", "gone");
    assert_eq!(sink.received().len(), sent, "a dry run must not send anything");
    assert_eq!(product.get("/runs")["items"].as_array().unwrap().len(), 3, "a dry run is no run");
}

#[test]
fn kept_events_of_a_draft_are_tried_and_a_broken_draft_is_refused() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let id = product.create("Orders", &flow(&sink, 100));
    product.post(&product.webhook(&id), &json!({"id": "A-9", "amount": 900})).must_be(202);
    let path = format!("/workflows/{id}/dry-run");
    let report = product.api("POST", &path, None).must_be(200);
    let item = &report["items"][0];
    assert_eq!((&item["run"], &item["would"]["status"]), (&Value::Null, &json!("succeeded")));
    assert_eq!((&report["changed"], &report["unchanged"]), (&json!(0), &json!(0)));
    let tell = &item["would"]["steps"][1];
    assert_eq!((&tell["node"], &tell["stand_in"]), (&json!("tell"), &json!("nothing")));
    let broken = json!({"definition": {"nodes": [{"id": "a", "type": "no.such"}]}});
    assert_eq!(product.api("POST", &path, Some(&broken)).must_be(422)["code"], "invalid_definition");
    assert!(sink.received().is_empty());
}

#[test]
fn the_page_of_a_dry_run_reads_like_a_comparison_in_both_languages() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let ready = product.ready("Orders <b>", &flow(&sink, 100));
    let receipt = product.post(&ready.path, &json!({"id": "<i>A-2", "amount": 150})).must_be(202);
    product.finished(&receipt["run"]);
    let change = json!({"revision": 1, "definition": flow(&sink, 200)});
    product.api("PUT", &format!("/workflows/{}", ready.workflow), Some(&change)).must_be(200);
    let path = format!("/workflows/{}/dry-run", ready.workflow);
    let person = Person::signed_in(&product, "en");
    let page = person.read(&path);
    for text in
        ["1 would go differently", "“Only large ones” would end differently", "“Tell the ERP” would not be reached"]
    {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    assert!(!page.contains("Orders <b>") && !page.contains("<i>A-2"), "{page}");
    let open = person.read(&format!("{path}?last=5&event={}", receipt["event"].as_str().unwrap()));
    assert!(open.contains("Stopped by the filter"), "{open}");
    assert!(person.weight(&path) < 30_000);
    let german = Person::signed_in(&product, "de").read(&path);
    assert!(
        german.contains("Probelauf des Entwurfs") && german.contains("„Tell the ERP“ würde nicht erreicht"),
        "{german}"
    );
    let empty = product.create("Empty", &flow(&sink, 1));
    assert!(person.read(&format!("/workflows/{empty}/dry-run")).contains("No request to try with yet"));
}

#[test]
fn an_unchanged_draft_with_loops_waits_and_calls_changes_nothing_and_every_kind_of_request_is_compared() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let called = product.ready("Called", &json!({
        "nodes": [{"id": "go", "type": "webhook"}, {"id": "sum", "type": "set_fields", "params": {"fields": {"a": 1}}}],
        "edges": [{"from": "go", "to": "sum"}],
    }));
    let flow = |name: &str, seconds: u32, path: &str| {
        json!({
            "nodes": [
                {"id": "order", "type": "webhook"},
                {"id": "each", "type": "for_each", "params": {"items": "{{ $.trigger.body.lines }}"}},
                {"id": "large", "type": "filter", "parent": "each", "params": {"when": {"all": [
                    {"left": "{{ $.item.n }}", "op": "greater_than", "right": 1}]}}},
                {"id": "tell", "type": "http.request", "parent": "each",
                    "params": {"method": "POST", "url": sink.url(path), "body": {"n": "{{ $.item.n }}"}}},
                {"id": "pause", "type": "wait", "params": {"duration": {"amount": seconds, "unit": "seconds"}}},
                {"id": "person", "type": "contacts.upsert", "params": {"email": "ada@example.com", "name": name}},
                {"id": "call", "type": "call_workflow", "params": {"workflow": called.workflow, "input": {"name": name}}},
            ],
            "edges": [{"from": "order", "to": "each"}, {"from": "large", "to": "tell"}, {"from": "each", "to": "pause"},
                {"from": "pause", "to": "person"}, {"from": "person", "to": "call"}],
        })
    };
    let ready = product.ready("Lines", &flow("Ada", 1, "/lines"));
    let few = json!({"lines": [{"n": 1}, {"n": 2}, {"n": 3}]});
    let many = json!({"lines": (0..30).map(|n| json!({"n": n})).collect::<Vec<_>>()});
    for body in [&few, &many] {
        let receipt = product.post(&ready.path, body).must_be(202);
        assert_eq!(product.finished(&receipt["run"])["status"], "succeeded");
    }
    let path = format!("/workflows/{}/dry-run", ready.workflow);
    let same = product.api("POST", &path, None).must_be(200);
    assert_eq!((&same["changed"], &same["unchanged"]), (&json!(0), &json!(2)), "{same:#}");
    let steps = same["items"][1]["would"]["steps"].as_array().unwrap();
    let inner = steps.iter().find(|step| step["node"] == "tell" && step["iteration"] == "1").unwrap();
    assert_eq!((&inner["stand_in"], &inner["output"]["status"]), (&json!("run"), &json!(200)));

    let change = json!({"definition": flow("Grace", 2, "/other"), "last": 2});
    let report = product.api("POST", &path, Some(&change)).must_be(200);
    assert_eq!(report["changed"], 2, "{report:#}");
    let first = &report["items"][1];
    for (node, before, after) in [("person", "Ada", "Grace"), ("call", "Ada", "Grace")] {
        let request = difference(first, node, "request");
        assert!(request["before"].to_string().contains(before), "{request}");
        assert!(request["after"].to_string().contains(after), "{request}");
    }
    let pause = difference(first, "pause", "request");
    assert_ne!(pause["before"]["until"], pause["after"]["until"], "it would wait longer");
    let tell = difference(first, "tell", "request");
    assert!(tell["after"]["url"].as_str().unwrap().ends_with("/other"), "{tell}");
    assert_eq!(tell["iteration"], "1");
}
