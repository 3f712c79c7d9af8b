//! What must hold whatever is tried: nothing is done twice in silence, schedules follow what is published, order is kept, and
//! every decision is written down.

use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database};
use serde_json::{Value, json};

use crate::outside::eventually;
use crate::outside::product::{Product, Ready};
use crate::outside::sink::Sink;
use crate::pages::person::{Person, token};

/// Charges once for every event; nobody answers in time.
fn charging(sink: &Sink) -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "charge", "type": "http.request", "safe_to_repeat": false, "timeout_ms": 600_000,
                "params": {"method": "POST", "url": sink.url("/charge"), "body": {"ref": "{{ $.trigger.body.id }}"}}},
        ],
        "edges": [{"from": "order", "to": "charge"}],
    })
}

/// Runs that were cut off while they charged.
fn in_doubt(product: &mut Product, sink: &Sink, count: usize) -> (Ready, Vec<String>) {
    let ready = product.ready("Orders", &charging(sink));
    let receipts: Vec<Value> =
        (0..count).map(|id| product.post(&ready.path, &json!({"id": id})).must_be(202)).collect();
    eventually("all are sent", || (sink.received().len() == count).then_some(()));
    product.kill();
    product.start_again();
    for receipt in &receipts {
        assert_eq!(product.finished(&receipt["run"])["status"], "dead");
    }
    (ready, receipts.iter().map(|receipt| receipt["run"].as_str().unwrap().to_owned()).collect())
}

/// The newest entries of the audit log with this action, with who did it.
fn noted(product: &Product, action: &str) -> Vec<Value> {
    let log = product.get("/audit?limit=200");
    log["items"].as_array().unwrap().iter().filter(|entry| entry["action"] == action).cloned().collect()
}

/// Writes straight into the database.
fn execute(product: &Product, sql: &str) {
    let file = format!("sqlite://{}", product.database().display());
    actix_web::rt::System::new().block_on(async {
        let database = Database::connect(file).await.unwrap();
        database.execute_unprepared(sql).await.unwrap();
        database.close().await.unwrap();
    });
}

#[test]
fn a_run_in_doubt_is_not_replayed_in_passing_neither_over_the_api_nor_on_the_page() {
    let sink = Sink::open(Duration::from_mins(10));
    let mut product = Product::start(&[]);
    let (_, runs) = in_doubt(&mut product, &sink, 2);
    let replay = format!("/runs/{}/replay", runs[0]);
    for wish in [json!({}), json!({"from": "start"}), json!({"from": "charge", "although_in_doubt": true})] {
        let refused = product.api("POST", &replay, Some(&wish)).must_be(409);
        let detail = refused["detail"].as_str().unwrap();
        for word in ["`charge`", "`happened`", "`again`", "`give_up`", "although_in_doubt"] {
            assert!(detail.contains(word), "{word} is missing in {detail}");
        }
    }
    let person = Person::signed_in(&product, "en");
    let page = person.read(&format!("/runs/{}", runs[0]));
    assert!(!page.contains("value=\"failed_step\"") && !page.contains("value=\"start\""), "{page}");
    assert!(page.contains(&format!("href=\"#doubt-{}\"", runs[0])), "{page}");
    let form = person.read(&replay);
    assert!(form.contains("it happened, do it again, or give up") && !form.contains("failed_step"), "{form}");
    let csrf = token(&person.open("/"));
    let refused = person.post(&replay, &[("csrf", csrf.clone()), ("from", "failed_step".into())]);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("it happened, do it again, or give up"), "{}", refused.text());
    let letters = product.get("/dead-letters");
    let group = person.read(&format!("/dead-letters?group={}", letters["items"][0]["group"].as_str().unwrap()));
    assert!(!group.contains("Edit and replay") && group.contains("Decide"), "{group}");
    assert_eq!(sink.received().len(), 2, "nothing was charged a second time");

    // Who wants it all the same says so.
    let wish = json!({"from": "start", "although_in_doubt": true});
    product.api("POST", &replay, Some(&wish)).must_be(202);
    let other = format!("/runs/{}/replay", runs[1]);
    let fields = [("csrf", csrf), ("from", "start".into()), ("although_in_doubt", "yes".into())];
    assert_eq!(person.post(&other, &fields).status, 303);
    eventually("both are charged again", || (sink.received().len() == 4).then_some(()));
    let entries = noted(&product, "run.replayed");
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| entry["details"]["although_in_doubt"] == true), "{entries:?}");
}

#[test]
fn it_is_done_again_over_the_api_and_on_the_page_under_the_same_key() {
    let sink = Sink::open(Duration::from_mins(10));
    let mut product = Product::start(&[]);
    let (_, runs) = in_doubt(&mut product, &sink, 2);
    let again = json!({"answer": "again"});
    product.api("POST", &format!("/dead-letters/{}/answer", runs[0]), Some(&again)).must_be(200);
    let person = Person::signed_in(&product, "en");
    let back = format!("/runs/{}", runs[1]);
    let after = person.submit(&format!("/dead-letters/{}/answer", runs[1]), &[("answer", "again"), ("back", &back)]);
    assert_eq!(after, format!("{back}?notice=doubt_answered"));
    eventually("both are sent again", || (sink.received().len() == 4).then_some(()));
    for run in &runs {
        let keys: Vec<_> = sink.received().iter().map(|sent| sent.header("idempotency-key").to_owned()).collect();
        assert_eq!(keys.iter().filter(|key| key.contains(run.as_str())).count(), 2, "{run}: {keys:?}");
    }
    let entries = noted(&product, "run.doubt_answered");
    let told: Vec<_> = entries.iter().map(|entry| (entry["details"]["answer"].clone(), entry["who"].clone())).collect();
    assert_eq!(told, [(json!("again"), json!("owner@example.com")), (json!("again"), json!("token tests"))]);
}

#[test]
fn discarding_everything_leaves_what_is_in_doubt() {
    let sink = Sink::open(Duration::from_mins(10));
    let mut product = Product::start(&[]);
    let (ready, runs) = in_doubt(&mut product, &sink, 1);
    for choice in [json!({"all": true}), json!({"workflow": ready.workflow})] {
        assert_eq!(product.api("POST", "/dead-letters/discard", Some(&choice)).must_be(200)["count"], 0);
    }
    let letter = product.get("/dead-letters")["items"][0].clone();
    assert_eq!((&letter["reason"], &letter["run"]), (&json!("in_doubt"), &json!(runs[0])));
    let named = json!({"runs": runs});
    assert_eq!(product.api("POST", "/dead-letters/discard", Some(&named)).must_be(200)["count"], 1);
}

/// Starts by the clock, once a year.
fn yearly(month: u32) -> Value {
    json!({
        "nodes": [{"id": "clock", "type": "schedule", "params": {"cron": format!("0 0 1 {month} *"), "timezone": "UTC"}}],
        "edges": [],
    })
}

fn next_times(product: &Product) -> Vec<(String, bool, String)> {
    let file = format!("sqlite://{}?mode=ro", product.database().display());
    actix_web::rt::System::new().block_on(async {
        let database = Database::connect(file).await.unwrap();
        let sql = "SELECT cron, enabled, strftime('%m', next_at / 1000, 'unixepoch') FROM schedules ORDER BY cron";
        let statement = sea_orm::Statement::from_string(sea_orm::DbBackend::Sqlite, sql);
        let rows = database.query_all_raw(statement).await.unwrap();
        database.close().await.unwrap();
        let read = |row: &sea_orm::QueryResult| {
            (row.try_get_by_index(0).unwrap(), row.try_get_by_index(1).unwrap(), row.try_get_by_index(2).unwrap())
        };
        rows.iter().map(read).collect()
    })
}

#[test]
fn schedules_are_brought_in_step_at_the_start_and_those_in_step_keep_their_next_time() {
    let mut product = Product::start(&[]);
    let begin = |name: &str, month: u32| {
        let id = product.create(name, &yearly(month));
        product.api("POST", &format!("/workflows/{id}/publish"), None).must_be(200);
        product.api("POST", &format!("/workflows/{id}/activate"), None).must_be(200);
        id
    };
    begin("In step", 3);
    begin("Cut off while it was published", 4);
    begin("Cut off before it had any", 5);
    let paused = begin("Cut off while it was paused", 6);
    product.kill();
    // In step, but due at another moment than a new one would be.
    execute(&product, "UPDATE schedules SET next_at = 1893456000000 WHERE cron = '0 0 1 3 *'");
    execute(&product, "UPDATE schedules SET cron = '0 0 1 8 *', next_at = 1911772800000 WHERE cron = '0 0 1 4 *'");
    execute(&product, "DELETE FROM schedules WHERE cron = '0 0 1 5 *'");
    let id = paused.replace('-', "");
    execute(&product, &format!("UPDATE workflows SET active = 0 WHERE lower(hex(public_id)) = '{id}'"));
    product.start_again();
    let expected =
        [("0 0 1 3 *", true, "01"), ("0 0 1 4 *", true, "04"), ("0 0 1 5 *", true, "05"), ("0 0 1 6 *", false, "06")];
    let expected = expected.map(|(cron, is_enabled, month)| (cron.to_owned(), is_enabled, month.to_owned()));
    assert_eq!(next_times(&product), expected);
}

#[test]
fn what_is_imported_on_the_command_line_starts_by_the_clock_and_is_checked_like_anything_that_is_published() {
    let product = Product::start(&[]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("yearly.json");
    std::fs::write(&file, json!({"name": "Yearly", "definition": yearly(7)}).to_string()).unwrap();
    product.command(&["workflow", "import", file.to_str().unwrap(), "--activate"]);
    assert_eq!(next_times(&product), [("0 0 1 7 *".to_owned(), true, "07".to_owned())]);
    let mut lost = yearly(7);
    lost["nodes"].as_array_mut().unwrap().push(json!({
        "id": "tell", "type": "http.request", "params": {"url": "https://a.example"},
        "credential": "0190a5b0-0000-7000-8000-000000000000",
    }));
    lost["edges"] = json!([{"from": "clock", "to": "tell"}]);
    std::fs::write(&file, json!({"name": "Lost", "definition": lost}).to_string()).unwrap();
    let said = product.failing_command(&["workflow", "import", file.to_str().unwrap(), "--publish"]);
    assert!(said.contains("tell: The credential does not exist"), "{said}");
}

#[test]
fn runs_that_a_person_starts_keep_their_order_and_a_stored_request_that_is_run_again_is_noted() {
    let sink = Sink::open(Duration::from_mins(10));
    let product = Product::start(&[]);
    let mut definition = charging(&sink);
    definition["settings"] = json!({"order_by": "{{ $.trigger.body.customer }}"});
    let ready = product.ready("Orders", &definition);
    let path = format!("/workflows/{}/run", ready.workflow);
    let of = |customer: u32| json!({"sample": {"body": {"customer": customer, "id": customer}}});
    let first = product.api("POST", &path, Some(&of(7))).must_be(202);
    eventually("the first is at work", || (sink.received().len() == 1).then_some(()));
    let second = product.api("POST", &path, Some(&json!({"event": first["event"]}))).must_be(202);
    product.api("POST", &path, Some(&of(8))).must_be(202);
    eventually("the other customer's is at work", || (sink.received().len() == 2).then_some(()));
    let waiting = format!("/runs/{}", second["run"].as_str().unwrap());
    assert_eq!(product.get(&waiting)["status"], "queued", "it waits for its customer's first one");
    let entries = noted(&product, "run.started");
    assert_eq!(entries.len(), 1, "only what runs again with a stored request: {entries:?}");
    assert_eq!(
        (&entries[0]["subject_id"], &entries[0]["who"]),
        (&second["run"], &json!("token tests")),
        "{}",
        entries[0]
    );
    assert_eq!(entries[0]["details"]["event"], first["event"]);
    let run = first["run"].as_str().unwrap();
    product.api("POST", &format!("/runs/{run}/cancel"), None).must_be(200);
    assert_eq!(noted(&product, "run.cancelled").len(), 1);
    eventually("the second is at work", || (sink.received().len() == 3).then_some(()));
}

#[test]
fn replays_are_noted_when_they_begin_and_when_they_are_stopped() {
    let product = Product::start(&[]);
    let stop = json!({
        "nodes": [{"id": "order", "type": "webhook"},
            {"id": "call", "type": "http.request", "retry": {"attempts": 1}, "safe_to_repeat": true,
                "params": {"url": "http://127.0.0.1:9/"}}],
        "edges": [{"from": "order", "to": "call"}],
    });
    let ready = product.ready("Orders", &stop);
    for _ in 0..3 {
        let receipt = product.post(&ready.path, &json!({})).must_be(202);
        assert_eq!(product.finished(&receipt["run"])["status"], "dead");
    }
    let job = product.api("POST", "/dead-letters/replay", Some(&json!({"all": true, "rate": 0.001}))).must_be(202);
    let path = format!("/dead-letters/replays/{}", job["id"].as_str().unwrap());
    eventually("the first is replayed", || (product.get(&path)["done"] == 1).then_some(()));
    product.api("POST", &format!("{path}/stop"), None).must_be(200);
    product.api("POST", &format!("{path}/stop"), None).must_be(200);
    for (action, details) in [("replay_begun", json!({"count": 3})), ("replay_stopped", json!({"done": 1}))] {
        let entries = noted(&product, &format!("dead_letters.{action}"));
        assert_eq!((entries.len(), &entries[0]["who"]), (1, &json!("token tests")), "{action}: {entries:?}");
        let (name, value) = details.as_object().unwrap().iter().next().unwrap();
        assert_eq!((&entries[0]["details"][name], &entries[0]["subject_id"]), (value, &job["id"]), "{action}");
    }
    let open = product.get("/dead-letters");
    let run = open["items"][0]["run"].as_str().unwrap().to_owned();
    product.api("POST", &format!("/runs/{run}/replay"), None).must_be(202);
    let entries = noted(&product, "run.replayed");
    assert_eq!(
        (entries.len(), &entries[0]["subject_id"], &entries[0]["details"]["from"]),
        (1, &json!(run), &json!("failed_step"))
    );
}

#[test]
fn a_workflow_that_cannot_be_read_keeps_no_other_one_from_hearing_of_a_failure() {
    let mut product = Product::start(&[]);
    let watching = json!({"nodes": [{"id": "failed", "type": "error", "params": {"workflows": []}}], "edges": []});
    let broken = product.create("Broken", &watching);
    let sound = product.create(
        "Sound",
        &json!({
            "nodes": [{"id": "heard", "type": "error", "params": {"workflows": []}}], "edges": [],
        }),
    );
    for id in [&broken, &sound] {
        product.api("POST", &format!("/workflows/{id}/publish"), None).must_be(200);
        product.api("POST", &format!("/workflows/{id}/activate"), None).must_be(200);
    }
    let failing = product.ready(
        "Orders",
        &json!({
            "nodes": [{"id": "order", "type": "webhook"},
                {"id": "stop", "type": "stop_with_error", "params": {"message": "No stock"}}],
            "edges": [{"from": "order", "to": "stop"}],
        }),
    );
    product.kill();
    let id = broken.replace('-', "");
    execute(
        &product,
        &format!(
            "UPDATE definitions SET document = '{{' WHERE id IN (SELECT definition_id FROM workflow_versions JOIN workflows \
         ON workflows.id = workflow_id WHERE lower(hex(public_id)) = '{id}')"
        ),
    );
    product.start_again();
    let receipt = product.post(&failing.path, &json!({})).must_be(202);
    assert_eq!(product.finished(&receipt["run"])["status"], "failed");
    let heard = format!("/runs?workflow={sound}");
    eventually("the sound one has heard", || {
        (product.get(&heard)["items"].as_array().unwrap().len() == 1).then_some(())
    });
}
