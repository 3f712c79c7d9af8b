//! The process dies in the middle of its work, without any warning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use sea_orm::{ConnectionTrait as _, Database, DbBackend, Statement};
use serde_json::{Value, json};

use crate::outside::eventually;
use crate::outside::http::Request;
use crate::outside::product::Product;
use crate::outside::sink::Sink;

const EVENTS: usize = 200;
const SENDERS: usize = 8;

/// Runs at the same time. With an answer every 400 ms all events take four seconds, much longer than to deliver them.
const AT_ONCE: usize = 20;

fn definition(sink: &Sink) -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook", "params": { "deduplicate": { "header": "X-Delivery-Id" } } },
            // The sink is a receiver that honours the idempotency key, so a step that was cut off may be done again.
            { "id": "book", "type": "http.request", "safe_to_repeat": true, "params": {
                "method": "POST", "url": sink.url("/orders"), "body": { "number": "{{ $.trigger.body.number }}" } } },
            { "id": "note", "type": "set_fields", "params": { "fields": { "booked": "{{ $.steps.book.body.ok }}" } } }
        ],
        "edges": [{ "from": "order", "to": "book" }, { "from": "book", "to": "note" }],
        "settings": { "max_parallel_runs": AT_ONCE }
    })
}

/// Delivers these events from several senders at once; the ids of event and run of those that were acknowledged.
fn deliver(product: &Product, path: &str, numbers: &[usize]) -> BTreeMap<usize, (Value, Value)> {
    let acknowledged = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for share in numbers.chunks(numbers.len().div_ceil(SENDERS).max(1)) {
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                for number in share {
                    let request = Request::new("POST", path).header("X-Delivery-Id", &format!("delivery-{number}"));
                    // A sender whose server is gone learns nothing, and delivers again later.
                    let Ok(answer) = request.json(&json!({ "number": number })).try_send(product.address()) else {
                        continue;
                    };
                    let receipt = answer.must_be(202);
                    let ids = (receipt["event"].clone(), receipt["run"].clone());
                    acknowledged.lock().unwrap().insert(*number, ids);
                }
            });
        }
    });
    acknowledged.into_inner().unwrap()
}

#[test]
fn every_acknowledged_event_ends_in_exactly_one_finished_run_although_the_server_was_killed() {
    let sink = Sink::open(Duration::from_millis(400));
    let mut product = Product::start(&[]);
    let ready = product.ready("Orders", &definition(&sink));

    let all: Vec<_> = (0..EVENTS).collect();
    let before = deliver(&product, &ready.path, &all);
    assert_eq!(before.len(), EVENTS);
    eventually("a part of the runs is done", || (sink.received().len() > 2 * AT_ONCE).then_some(()));
    product.kill();
    assert!(sink.received().len() < EVENTS, "the server was killed too late to prove anything");
    let booked = booked_on_disk(&product);
    product.start_again();

    // A careful sender repeats what it is not sure of; the second delivery gets the ids of the first.
    let after = deliver(&product, &ready.path, &all);
    assert_eq!(before, after);
    let counts = eventually("all runs end", || {
        let counts = product.get("/stats");
        ["queued", "running", "waiting"].iter().all(|status| counts["runs"][status] == 0).then_some(counts)
    });
    assert_eq!(counts["runs"]["succeeded"], EVENTS, "{counts}");

    let mut runs_of_events: BTreeMap<String, usize> = BTreeMap::new();
    let mut next = String::new();
    loop {
        let page = product.get(&format!("/runs?workflow={}&limit=50{next}", ready.workflow));
        for run in page["items"].as_array().unwrap() {
            assert!(run["finished_at"].is_string(), "{run}");
            *runs_of_events.entry(run["event"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let Some(cursor) = page["next"].as_str() else { break };
        next = format!("&cursor={cursor}");
    }
    let events: BTreeSet<_> = before.values().map(|(event, _)| event.as_str().unwrap().to_owned()).collect();
    assert_eq!(runs_of_events.keys().cloned().collect::<BTreeSet<_>>(), events);
    assert!(runs_of_events.values().all(|runs| *runs == 1), "{runs_of_events:?}");
    every_order_reached_the_other_system_under_one_key(&sink, &booked);
}

/// The orders whose step is on disk as done, although the server is dead.
fn booked_on_disk(product: &Product) -> BTreeSet<u64> {
    const BOOKED: &str = "SELECT e.body FROM steps s JOIN runs r ON r.id = s.run_id JOIN events e ON e.id = r.event_id \
                          WHERE s.node_id = 'book' AND s.status = 'succeeded'";
    let file = format!("sqlite://{}", product.database().display());
    let rows = actix_web::rt::System::new().block_on(async {
        let database = Database::connect(file).await.unwrap();
        let rows = database.query_all_raw(Statement::from_string(DbBackend::Sqlite, BOOKED)).await.unwrap();
        database.close().await.unwrap();
        rows
    });
    rows.iter().map(|row| number_of(&row.try_get_by_index::<Vec<u8>>(0).unwrap())).collect()
}

fn number_of(order: &[u8]) -> u64 {
    serde_json::from_slice::<Value>(order).unwrap()["number"].as_u64().unwrap()
}

/// What was cut off is done again, recognisably: the other system can tell a repetition from a second order. What was on disk
/// as done is not repeated.
fn every_order_reached_the_other_system_under_one_key(sink: &Sink, booked: &BTreeSet<u64>) {
    let mut keys: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    for request in sink.received() {
        let key = request.header("idempotency-key").to_owned();
        keys.entry(number_of(request.body.as_bytes())).or_default().push(key);
    }
    assert_eq!(keys.len(), EVENTS, "every order arrived");
    for (order, keys) in &keys {
        assert!(!keys[0].is_empty() && keys.iter().all(|key| *key == keys[0]), "order {order}: {keys:?}");
        let most = if booked.contains(order) { 1 } else { 2 };
        assert!(keys.len() <= most, "order {order} was sent {} times instead of at most {most}", keys.len());
    }
    assert!(!booked.is_empty(), "some were done when the server was killed");
}

#[test]
fn what_was_acknowledged_in_the_moment_before_the_end_is_there_afterwards() {
    let sink = Sink::open(Duration::from_millis(1));
    let mut product = Product::start(&[]);
    let ready = product.ready("Orders", &definition(&sink));
    let acknowledged = Mutex::new(BTreeSet::new());
    let address = product.address();
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let (acknowledged, path) = (&acknowledged, &ready.path);
            scope.spawn(move || {
                // Until the server is gone.
                for number in 0.. {
                    let order = json!({ "number": format!("{sender}-{number}") });
                    let Ok(answer) = Request::new("POST", path).json(&order).try_send(address) else { break };
                    let receipt = answer.must_be(202);
                    acknowledged.lock().unwrap().insert(receipt["run"].as_str().unwrap().to_owned());
                }
            });
        }
        eventually("events come in", || (acknowledged.lock().unwrap().len() > 100).then_some(()));
        product.kill();
    });
    product.start_again();
    let acknowledged = acknowledged.into_inner().unwrap();
    for run in &acknowledged {
        assert_eq!(product.finished(&json!(run))["status"], "succeeded", "{run}");
    }
}
