//! The process dies in the middle of its work, without any warning.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

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
    let sent_before = sink.received().len();
    assert!(sent_before < EVENTS, "the server was killed too late to prove anything");
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
    every_order_reached_the_other_system_under_one_key(&sink);
}

/// What was cut off is done again, recognisably: the other system can tell a repetition from a second order.
fn every_order_reached_the_other_system_under_one_key(sink: &Sink) {
    let mut keys: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let received = sink.received();
    for request in &received {
        keys.entry(request.body.clone()).or_default().insert(request.header("idempotency-key").to_owned());
    }
    assert_eq!(keys.len(), EVENTS, "every order arrived");
    assert!(keys.values().all(|keys| keys.len() == 1 && !keys.contains("")), "{keys:?}");
    // As many are under way as the workflow allows, and as many may have ended a moment ago without being on disk yet.
    let repeated = received.len().saturating_sub(EVENTS);
    assert!(repeated <= 2 * AT_ONCE, "only what was under way is repeated, not {repeated} requests");
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
