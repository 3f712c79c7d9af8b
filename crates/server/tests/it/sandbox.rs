//! Hostile scripts inside the real server, while a normal run proceeds.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::outside::http::Request;
use crate::outside::product::{Product, step};

/// Each one wants the server's time, memory or stack, or something that a script must not have.
const HOSTILE: &[(&str, &str)] = &[
    ("endless loop", "loop { }"),
    ("deep recursion", "fn f(n) { f(n + 1) } f(0)"),
    ("text growth", "let s = \"x\"; loop { s += s; }"),
    ("list growth", "let a = [1]; loop { a += a; }"),
    ("map growth", "let m = #{}; let i = 0; loop { m[\"k\" + i] = i; i += 1; }"),
    ("nested doubling", "let a = [1]; loop { a = [a, a]; }"),
    ("many large texts", "let a = []; for i in 0..10000 { a.push(repeat(\"x\", 200_000) + i); } a.len()"),
    ("sleep", "sleep(10)"),
    ("import", "import \"os\" as os; os::run()"),
    ("eval", "eval(\"1 + 1\")"),
];

/// How much the server may grow by while all of them run, one after the other.
const GROWTH_BYTES: u64 = 16 * 1024 * 1024;

fn with_code(script: &str) -> Value {
    json!({
        "nodes": [
            { "id": "in", "type": "webhook", "params": { "respond": "finished" } },
            { "id": "compute", "type": "code", "params": { "script": script } }
        ],
        "edges": [{ "from": "in", "to": "compute" }]
    })
}

#[test]
fn a_hostile_script_fails_its_own_step_within_a_second_while_others_go_on() {
    let product = Product::start(&[]);
    let normal = product.ready("Normal", &with_code("trigger.body.amount * 2"));
    let answer = product.post(&normal.path, &json!({ "amount": 21 })).must_be(200);
    assert_eq!(answer["output"], 42, "{answer}");

    let mut ready = Vec::new();
    for (what, script) in HOSTILE {
        // What is refused before it can run is contained even earlier.
        let workflow = product.create(what, &with_code(script));
        let published = product.api("POST", &format!("/workflows/{workflow}/publish"), None);
        if published.status == 200 {
            product.api("POST", &format!("/workflows/{workflow}/activate"), None).must_be(200);
            ready.push((*what, product.webhook(&workflow)));
        } else {
            assert_eq!(published.must_be(422)["code"], "invalid_definition", "{what}");
        }
    }
    assert!(ready.len() >= 6, "too few of the scripts run at all: {ready:?}");

    let before = product.memory_bytes();
    let mut largest = 0;
    for (what, path) in &ready {
        let (answer, others) = std::thread::scope(|scope| {
            let hostile = scope.spawn(|| Request::new("POST", path).json(&json!({})).send(product.address()));
            let mut others = 0;
            while !hostile.is_finished() {
                let begin = Instant::now();
                let answer = product.post(&normal.path, &json!({ "amount": others })).must_be(200);
                assert_eq!(answer["output"], others * 2, "{what}");
                assert!(begin.elapsed() < Duration::from_secs(1), "{what}: a normal run had to wait");
                largest = largest.max(product.memory_bytes());
                others += 1;
            }
            (hostile.join().unwrap(), others)
        });
        assert!(others > 0, "{what}");
        let run = product.finished(&answer.json()["run"]);
        let failed = step(&run, "compute");
        assert!(["script", "script_limit"].contains(&failed["error"]["code"].as_str().unwrap()), "{what}: {failed}");
        let took = milliseconds(&failed["finished_at"]) - milliseconds(&failed["started_at"]);
        assert!(took < 1000, "{what} took {took} ms");
    }
    let growth = largest.saturating_sub(before);
    assert!(growth < GROWTH_BYTES, "the server grew by {} KiB", growth / 1024);
}

fn milliseconds(moment: &Value) -> u64 {
    let moment = model::Timestamp::parse(moment.as_str().unwrap()).unwrap();
    u64::try_from(moment.0).unwrap()
}
