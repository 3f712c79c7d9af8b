//! The desk for runs that gave up: groups, replays, decisions, doubts, and what is noted of all that.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outside::eventually;
use crate::outside::http::Request;
use crate::outside::product::{Product, step};
use crate::outside::sink::Sink;
use crate::pages::person::Person;

/// Calls an address, once; what comes before it is not to be done twice.
fn flow(url: &str) -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "ref", "type": "set_fields", "params": {"fields": {"ref": "{{ $.trigger.body.id }}"}}},
            {"id": "tell", "type": "http.request", "title": "Tell <b>the ERP", "retry": {"attempts": 1}, "safe_to_repeat": true,
                "params": {"method": "POST", "url": url, "body": {"ref": "{{ $.steps.ref.ref }}"}}},
        ],
        "edges": [{"from": "order", "to": "ref"}, {"from": "ref", "to": "tell"}],
    })
}

/// Nothing listens there.
const NOWHERE: &str = "http://127.0.0.1:9/orders";

fn dead(product: &Product, path: &str, ids: &[&str]) -> Vec<String> {
    let run = |id: &&str| {
        let receipt = product.post(path, &json!({"id": id})).must_be(202);
        let run = product.finished(&receipt["run"]);
        assert_eq!(run["status"], "dead", "{run:#}");
        run["id"].as_str().unwrap().to_owned()
    };
    ids.iter().map(run).collect()
}

fn publish(product: &Product, workflow: &str, definition: &Value) {
    let revision = product.get(&format!("/workflows/{workflow}"))["revision"].clone();
    let change = json!({"revision": revision, "definition": definition});
    product.api("PUT", &format!("/workflows/{workflow}"), Some(&change)).must_be(200);
    product.api("POST", &format!("/workflows/{workflow}/publish"), None).must_be(200);
}

fn open_count(product: &Product) -> usize {
    product.get("/dead-letters")["items"].as_array().unwrap().len()
}

#[test]
fn runs_that_gave_up_are_grouped_and_replayed_with_the_mended_version() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let ready = product.ready("Orders", &flow(NOWHERE));
    let runs = dead(&product, &ready.path, &["A-1", "A-2", "A-3"]);
    let groups = product.get("/dead-letters/groups");
    let [group] = groups["items"].as_array().unwrap().as_slice() else { panic!("{groups:#}") };
    assert_eq!((&group["count"], &group["newest"]["node"]), (&json!(3), &json!("tell")));
    assert_eq!((&group["newest"]["run"], &group["newest"]["reason"]), (&json!(runs[2]), &json!("failed")));

    publish(&product, &ready.workflow, &flow(&sink.url("/orders")));
    let nothing = product.api("POST", "/dead-letters/replay", Some(&json!({}))).must_be(422);
    assert_eq!(nothing["code"], "invalid_request");
    let wish = json!({"group": group["group"], "version": "current", "rate": 100});
    let job = product.api("POST", "/dead-letters/replay", Some(&wish)).must_be(202);
    assert_eq!((&job["total"], &job["state"]), (&json!(3), &json!("running")));
    let path = format!("/dead-letters/replays/{}", job["id"].as_str().unwrap());
    let over = eventually("the replays are through", || {
        let job = product.get(&path);
        (job["state"] == "done").then_some(job)
    });
    assert_eq!((&over["done"], &over["failed"]), (&json!(3), &json!(0)), "{over}");
    assert_eq!(open_count(&product), 0);
    let replayed = product.get("/dead-letters?state=replayed");
    let new = replayed["items"][2]["replayed_as"].clone();
    let run = product.finished(&new);
    assert_eq!((&run["status"], &run["mode"], &run["version"]), (&json!("succeeded"), &json!("replay"), &json!(2)));
    assert_eq!(step(&run, "ref")["output"], json!({"ref": "A-1"}), "what was done is taken over");
    assert_eq!(run["event"], product.get(&format!("/runs/{}", runs[0]))["event"], "the event is the same one");
    eventually("each was told once", || (sink.received().len() == 3).then_some(()));
    assert_eq!(product.get("/events")["items"].as_array().unwrap().len(), 3, "no event was copied");
    let again = product.api("POST", "/dead-letters/replay", Some(&json!({"all": true}))).must_be(409);
    assert_eq!(again["code"], "wrong_state");
}

#[test]
fn one_run_is_replayed_with_edited_data_and_both_show_each_other() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let ready = product.ready("Orders", &flow(NOWHERE));
    let runs = dead(&product, &ready.path, &["A-1"]);
    publish(&product, &ready.workflow, &flow(&sink.url("/orders")));
    let person = Person::signed_in(&product, "en");
    let form = person.read(&format!("/runs/{}/replay", runs[0]));
    assert!(form.contains("&#34;A-1&#34;") && form.contains("the failed step"), "{form}");
    let path = format!("/runs/{}/replay", runs[0]);
    let token = crate::pages::person::token(&person.open("/"));
    let broken = person.post(&path, &[("csrf", token.clone()), ("from", "start".into()), ("body", "{oops".into())]);
    assert_eq!(broken.status, 422);
    assert!(broken.text().contains("This is no JSON") && broken.text().contains("{oops"), "{}", broken.text());
    let fields = [("from", "start"), ("version", "current"), ("body", "{\"id\": \"B-7\"}")];
    let after = person.submit(&path, &fields);
    let new = after.strip_prefix("/runs/").unwrap().split('?').next().unwrap().to_owned();
    let run = product.finished(&json!(new));
    assert_eq!((&run["status"], step(&run, "ref")["output"].clone()), (&json!("succeeded"), json!({"ref": "B-7"})));
    assert!(sink.received()[0].body.contains("B-7"));
    let original =
        product.get(&format!("/events/{}", product.get(&format!("/runs/{}", runs[0]))["event"].as_str().unwrap()));
    assert_eq!(original["body"], json!({"id": "A-1"}), "the stored event stays as it is");
    let page = person.read(&after);
    assert!(page.contains("This is the new run.") && page.contains(&format!("href=\"/runs/{}\"", runs[0])), "{page}");
    let page = person.read(&format!("/runs/{}", runs[0]));
    assert!(page.contains("Replayed as") && page.contains(&format!("/runs/{new}")), "{page}");
    assert_eq!(open_count(&product), 0);
    let unknown = json!({"from": "nowhere"});
    let refused = product.api("POST", &format!("/runs/{new}/replay"), Some(&unknown)).must_be(422);
    assert_eq!(refused["parameter"], "from");
    let fine = product.api("POST", &format!("/runs/{new}/replay"), None).must_be(409);
    assert!(fine["detail"].as_str().unwrap().contains("No step of the run failed"), "{fine}");
}

#[test]
fn what_was_discarded_comes_back_and_everything_is_noted() {
    let product = Product::start(&[]);
    let ready = product.ready("Orders", &flow(NOWHERE));
    let runs = dead(&product, &ready.path, &["A-1", "A-2"]);
    let person = Person::signed_in(&product, "en");
    let home = person.read("/");
    assert!(home.contains("<b class=\"count\"") && home.contains(">2</b>"), "{home}");
    let page = person.read("/dead-letters");
    for text in ["No connection to the other side", "Orders", "tell", "Replay all", "To decide (2)"] {
        assert!(page.contains(text), "{text} is missing in {page}");
    }
    assert!(person.weight("/dead-letters") < 30_000);
    let (_, rest) = page.split_once("name=\"group\" value=\"").unwrap();
    let group = rest.split('"').next().unwrap().to_owned();
    let runs_page = person.read(&format!("/dead-letters?group={group}"));
    assert!(runs_page.contains(&runs[0]) && runs_page.contains("Replay 2 runs"), "{runs_page}");
    assert!(person.weight(&format!("/dead-letters?group={group}")) < 30_000);
    let german = Person::signed_in(&product, "de").read(&format!("/dead-letters?group={group}"));
    let english = product.get("/dead-letters")["items"][0]["message"].as_str().unwrap().to_owned();
    assert!(runs_page.contains(&english) && !german.contains(&english), "{english} in {german}");
    assert_eq!(person.submit("/dead-letters/discard", &[]), "/dead-letters?notice=nothing_chosen");
    let after = person.submit("/dead-letters/discard", &[("group", &group)]);
    assert!(after.starts_with("/dead-letters?notice=dead_letters_discarded&of="), "{after}");
    let page = person.read(&after);
    assert!(page.contains("Nothing is left lying") && page.contains("/undo\""), "{page}");
    assert!(person.read("/dead-letters?show=decided").contains("Tell") || open_count(&product) == 0);
    let late = product.api("POST", &format!("/dead-letters/{}/discard", runs[0]), None).must_be(409);
    assert_eq!(late["code"], "wrong_state");
    let undo = format!("/dead-letters/{}/undo", runs[1]);
    assert_eq!(person.submit(&undo, &[]), "/dead-letters?notice=dead_letters_restored");
    assert_eq!(open_count(&product), 2);
    product.api("POST", &undo, None).must_be(409);
    let both = json!({"runs": runs});
    assert_eq!(product.api("POST", "/dead-letters/discard", Some(&both)).must_be(200)["count"], 2);
    let log = product.get("/audit");
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|entry| entry["action"].clone()).collect();
    let expected = [
        "dead_letters.discarded",
        "dead_letters.reopened",
        "dead_letters.discarded",
        "workflow.activated",
        "workflow.published",
    ];
    assert_eq!(actions, expected.map(|action| json!(action)));
    assert_eq!(
        (&log["items"][0]["who"], &log["items"][1]["who"]),
        (&json!("token tests"), &json!("owner@example.com"))
    );
    let page = Person::signed_in(&product, "de").read("/audit");
    assert!(page.contains("Verwerfen rückgängig gemacht") && page.contains("Ablauf veröffentlicht"), "{page}");
    assert_eq!(Request::new("GET", "/audit").send(product.address()).status, 303);
}

#[test]
fn replays_wait_for_each_other_go_on_after_a_kill_and_can_be_stopped() {
    let mut product = Product::start(&[]);
    let ready = product.ready("Orders", &flow(NOWHERE));
    dead(&product, &ready.path, &["A-1", "A-2", "A-3"]);
    // The first begins at once, the second so late that this test never sees it.
    let job = product.api("POST", "/dead-letters/replay", Some(&json!({"all": true, "rate": 0.001}))).must_be(202);
    let path = format!("/dead-letters/replays/{}", job["id"].as_str().unwrap());
    eventually("the first is replayed", || (product.get(&path)["done"] == 1).then_some(()));
    product.kill();
    product.start_again();
    eventually("the job goes on", || (product.get(&path)["done"] == 2).then_some(()));
    assert_eq!(product.get(&path)["state"], "running");
    let person = Person::signed_in(&product, "en");
    assert!(person.read("/dead-letters").contains("Replaying: 2 of 3"));
    let stopped = product.api("POST", &format!("{path}/stop"), None).must_be(200);
    assert_eq!(stopped["state"], "stopped");
    assert!(person.read("/dead-letters").contains("Stopped after 2 of 3"));
    let replayed = product.get("/dead-letters?state=replayed")["items"].as_array().unwrap().len();
    assert_eq!(replayed, 2, "each run was replayed once");
    // Nothing listens yet, so what was replayed gave up again, and one was never begun.
    eventually("the replays are over", || (open_count(&product) == 3).then_some(()));
}

#[test]
fn a_step_in_doubt_is_shown_with_its_request_and_decided_by_a_person() {
    let sink = Sink::open(Duration::from_mins(10));
    let mut product = Product::start(&[]);
    let mut definition = flow(&sink.url("/charge"));
    definition["nodes"][2]["safe_to_repeat"] = json!(false);
    definition["nodes"][2]["timeout_ms"] = json!(600_000);
    let next = json!({"id": "note", "type": "set_fields", "params": {"fields": {"charge": "{{ $.steps.tell.id }}"}}});
    definition["nodes"].as_array_mut().unwrap().push(next);
    definition["edges"].as_array_mut().unwrap().push(json!({"from": "tell", "to": "note"}));
    let ready = product.ready("Orders", &definition);
    let receipts: Vec<Value> =
        ["A-1", "A-2"].iter().map(|id| product.post(&ready.path, &json!({"id": id})).must_be(202)).collect();
    eventually("both are sent", || (sink.received().len() == 2).then_some(()));
    product.kill();
    product.start_again();
    for receipt in &receipts {
        assert_eq!(product.finished(&receipt["run"])["status"], "dead");
    }
    let letters = product.get("/dead-letters");
    assert_eq!(
        (&letters["items"][0]["reason"], &letters["items"][1]["reason"]),
        (&json!("in_doubt"), &json!("in_doubt"))
    );
    // Replaying many never touches what is in doubt.
    product.api("POST", "/dead-letters/replay", Some(&json!({"all": true}))).must_be(409);
    let person = Person::signed_in(&product, "en");
    let run = receipts[0]["run"].as_str().unwrap();
    for page in [
        person.read(&format!("/runs/{run}")),
        person.read(&format!("/dead-letters?group={}", letters["items"][0]["group"].as_str().unwrap())),
    ] {
        for text in ["did it happen?", "It happened", "Do it again", "Give up", "/charge", "&#34;A-1&#34;"] {
            assert!(page.contains(text), "{text} is missing in {page}");
        }
        assert!(!page.contains("<b>the ERP"), "{page}");
    }
    let fields = [("answer", "happened"), ("result", "{\"id\": 4711}"), ("back", &format!("/runs/{run}"))];
    let after = person.submit(&format!("/dead-letters/{run}/answer"), &fields);
    assert_eq!(after, format!("/runs/{run}?notice=doubt_answered"));
    let over = eventually("the run goes on", || {
        let run = product.get(&format!("/runs/{run}"));
        (run["status"] == "succeeded").then_some(run)
    });
    assert_eq!(step(&over, "note")["output"], json!({"charge": 4711}));
    let other = receipts[1]["run"].as_str().unwrap();
    let give_up = json!({"answer": "give_up"});
    product.api("POST", &format!("/dead-letters/{other}/answer"), Some(&give_up)).must_be(200);
    product.api("POST", &format!("/dead-letters/{other}/answer"), Some(&give_up)).must_be(409);
    assert_eq!((open_count(&product), sink.received().len()), (0, 2), "nothing was sent a second time");
}
