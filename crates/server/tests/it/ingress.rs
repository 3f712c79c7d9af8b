//! What comes in at a webhook's address: every kind of body, every refusal, repeats, and every way to answer.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outside::eventually;
use crate::outside::http::Request;
use crate::outside::product::{Product, step};
use crate::outside::sink::Sink;

/// A webhook with these parameters, and a node that sends back what expressions see of the request.
fn mirror(webhook: &Value) -> Value {
    json!({
        "nodes": [
            { "id": "in", "type": "webhook", "params": webhook },
            { "id": "back", "type": "respond", "params": {
                "status": 200,
                "headers": { "X-Mirror": "{{ $.trigger.method }}" },
                "body": { "body": "{{ $.trigger.body }}", "query": "{{ $.trigger.query }}" } } }
        ],
        "edges": [{ "from": "in", "to": "back" }]
    })
}

/// A webhook with these parameters, and a node that keeps a value.
fn keeper(webhook: &Value) -> Value {
    json!({
        "nodes": [
            { "id": "in", "type": "webhook", "params": webhook },
            { "id": "keep", "type": "set_fields", "params": { "fields": { "id": "{{ $.trigger.body.id }}" } } }
        ],
        "edges": [{ "from": "in", "to": "keep" }]
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn bodies_that_would_take_too_much_memory_together_come_again_later() {
    use std::io::Write as _;
    let product = Product::start(&[
        ("STELLWERK_INGRESS__MAX_BODY_BYTES", "1000000"),
        ("STELLWERK_INGRESS__BODY_MEMORY_BYTES", "1000000"),
    ]);
    let ready = product.ready("Keep", &keeper(&json!({})));
    let large = json!({ "id": 1, "pad": "x".repeat(600_000) });
    // A sender that stops in the middle holds what it has sent so far.
    let mut slow = std::net::TcpStream::connect(product.address()).unwrap();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 900000\r\n\r\n",
        ready.path
    );
    slow.write_all(head.as_bytes()).unwrap();
    slow.write_all(&vec![b' '; 700_000]).unwrap();
    let answer = eventually("what has arrived is counted", || {
        Some(product.post(&ready.path, &large)).filter(|answer| answer.status == 503)
    });
    assert!(!answer.header("retry-after").is_empty());
    assert_eq!(product.post(&ready.path, &json!({ "id": 2 })).status, 202, "there is room for a small one");
    drop(slow);
    eventually("the room is free again", || (product.post(&ready.path, &large).status == 202).then_some(()));
}

#[test]
fn every_kind_of_body_becomes_a_value() {
    let product = Product::start(&[]);
    let ready = product.ready("Mirror", &mirror(&json!({ "respond": "node" })));
    let multipart = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nJörg\r\n--b--\r\n";
    let table: &[(&str, &[u8], Value)] = &[
        ("application/json", br#"{"id":9007199254740993}"#, json!({ "id": 9_007_199_254_740_993_u64 })),
        ("application/vnd.shop+json; charset=utf-8", "[\"ü\"]".as_bytes(), json!(["ü"])),
        (
            "application/x-www-form-urlencoded",
            b"a=1&tag=x&tag=y&n=J%C3%B6rg",
            json!({ "a": "1", "tag": ["x", "y"], "n": "Jörg" }),
        ),
        ("application/xml", b"<o id=\"7\"><i>A</i></o>", json!({ "o": { "@id": "7", "i": "A" } })),
        ("multipart/form-data; boundary=b", multipart.as_bytes(), json!({ "name": "Jörg" })),
        ("text/plain; charset=iso-8859-1", b"Gr\xf6\xdfe", json!("Größe")),
        ("text/csv", b"a;b", json!("a;b")),
        ("application/json", b"", Value::Null),
    ];
    for (content_type, body, expected) in table {
        let answer = product.send(&Request::new("POST", &ready.path).body(content_type, *body));
        assert_eq!(answer.must_be(200)["body"], *expected, "{content_type}");
        assert_eq!(answer.header("x-mirror"), "POST");
    }
    let packed = Request::new("POST", &ready.path).header("Content-Encoding", "gzip");
    let packed = packed.body("application/json", gzip(br#"{"packed":true}"#));
    assert_eq!(product.send(&packed).must_be(200)["body"], json!({ "packed": true }));
    let asked = product.send(&Request::new("POST", &format!("{}?a=1&b=x&b=y", ready.path)));
    assert_eq!(asked.must_be(200)["query"], json!({ "a": "1", "b": ["x", "y"] }));

    // Anything else is a file; its bytes can be read back as they came.
    let bytes = [0_u8, 159, 146, 150];
    let answer = product.send(&Request::new("POST", &ready.path).body("application/octet-stream", bytes));
    assert_eq!(answer.must_be(200)["body"]["file"]["size"], 4);
    let events = product.get(&format!("/events?workflow={}&limit=1", ready.workflow));
    let event = events["items"][0]["id"].as_str().unwrap();
    assert_eq!(product.api("GET", &format!("/events/{event}/body"), None).body, bytes);
}

#[test]
fn what_cannot_be_taken_is_refused_with_its_reason() {
    let product = Product::start(&[("STELLWERK_INGRESS__MAX_BODY_BYTES", "4096")]);
    let ready = product.ready("Keeper", &keeper(&json!({ "methods": ["POST", "PUT"], "max_body_bytes": 2048 })));
    let post = |content_type: &str, body: &[u8]| Request::new("POST", &ready.path).body(content_type, body);

    let wrong_method = product.send(&Request::new("GET", &ready.path));
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, "POST, PUT"));
    let (folder, _) = ready.path.rsplit_once('/').unwrap();
    let unknown = format!("{folder}/01900000-0000-7000-8000-000000000000");
    let large = vec![b'x'; 3000];
    let larger = vec![b'x'; 5000];
    let bomb = gzip(&vec![b' '; 64 * 1024 * 1024]);
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let table: &[(&str, Request, u16, &str)] = &[
        ("unknown address", Request::new("POST", &unknown).json(&json!({})), 404, "not_found"),
        ("not a UUID", Request::new("POST", &format!("{folder}/nothing")).json(&json!({})), 404, "not_found"),
        ("broken JSON", post("application/json", b"{\"a\":"), 400, "invalid_body"),
        ("broken XML", post("text/xml", b"<a><b></a>"), 400, "invalid_body"),
        ("declared entities", post("text/xml", b"<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"), 400, "invalid_body"),
        ("too deep", post("application/json", deep.as_bytes()), 400, "body_too_complex"),
        ("the webhook's limit", post("text/plain", &large), 413, "too_large"),
        ("the server's limit", post("text/plain", &larger), 413, "too_large"),
        ("a gzip bomb", post("text/plain", &bomb).header("Content-Encoding", "gzip"), 413, "too_large"),
        ("brotli", post("text/plain", b"x").header("Content-Encoding", "br"), 415, "unsupported_content_encoding"),
        ("unknown charset", post("text/plain; charset=klingon", b"x"), 415, "unsupported_charset"),
    ];
    for (what, request, status, code) in table {
        let answer = product.send(request);
        assert_eq!(answer.must_be(*status)["code"], *code, "{what}");
        assert_eq!(answer.header("content-type"), "application/problem+json", "{what}");
    }
    assert_eq!(product.get("/stats")["runs"]["succeeded"], 0, "nothing of this started a run");

    let refused = product.get(&format!("/events?workflow={}&status=refused&limit=200", ready.workflow));
    let reasons: Vec<_> = refused["items"].as_array().unwrap().iter().map(|event| &event["reason"]["code"]).collect();
    assert!(reasons.contains(&&json!("invalid_body")), "{reasons:?}");
    let event = refused["items"].as_array().unwrap().iter().find(|event| event["reason"]["code"] == "invalid_body");
    let raw = product.api("GET", &format!("/events/{}/body", event.unwrap()["id"].as_str().unwrap()), None);
    assert!(!raw.body.is_empty(), "the bytes of what could not be read are kept");
}

#[test]
fn a_full_queue_says_when_to_come_back_and_never_acknowledges() {
    let sink = Sink::open(Duration::from_secs(2));
    let product = Product::start(&[("STELLWERK_INGRESS__QUEUE_CAPACITY", "1")]);
    let mut definition = keeper(&json!({}));
    definition["nodes"][1] =
        json!({ "id": "keep", "type": "http.request", "params": { "method": "POST", "url": sink.url("/") } });
    let ready = product.ready("Slow", &definition);
    let first = product.post(&ready.path, &json!({ "id": 1 })).must_be(202);
    let second = product.post(&ready.path, &json!({ "id": 2 }));
    assert_eq!(second.must_be(503)["code"], "unavailable");
    assert!(second.header("retry-after").parse::<u32>().unwrap() >= 1);
    product.finished(&first["run"]);
    product.post(&ready.path, &json!({ "id": 2 })).must_be(202);
}

#[test]
fn fifty_deliveries_at_once_with_one_id_start_one_run() {
    let product = Product::start(&[]);
    let by_header = product.ready("Header", &keeper(&json!({ "deduplicate": { "header": "X-Delivery-Id" } })));
    let by_path = product.ready("Path", &keeper(&json!({ "deduplicate": { "path": "$.body.id" } })));
    for ready in [by_header, by_path] {
        let request = Request::new("POST", &ready.path).header("X-Delivery-Id", "d-1").json(&json!({ "id": "d-1" }));
        let receipts: Vec<Value> = std::thread::scope(|scope| {
            let senders: Vec<_> = (0..50).map(|_| scope.spawn(|| product.send(&request).must_be(202))).collect();
            senders.into_iter().map(|sender| sender.join().unwrap()).collect()
        });
        let accepted: Vec<_> = receipts.iter().filter(|receipt| receipt["status"] == "accepted").collect();
        assert_eq!(accepted.len(), 1);
        for receipt in &receipts {
            assert_eq!((&receipt["event"], &receipt["run"]), (&accepted[0]["event"], &accepted[0]["run"]));
            assert!(["accepted", "duplicate"].contains(&receipt["status"].as_str().unwrap()), "{receipt}");
        }
        assert_eq!(product.finished(&accepted[0]["run"])["status"], "succeeded");
        let runs = product.get(&format!("/runs?workflow={}", ready.workflow));
        assert_eq!(runs["items"].as_array().unwrap().len(), 1);
    }
}

#[test]
fn the_events_of_a_draft_and_of_a_paused_workflow_are_kept() {
    let product = Product::start(&[]);
    let workflow = product.create("Keeper", &keeper(&json!({ "slug": "orders" })));
    let path = product.webhook(&workflow);
    assert!(path.starts_with("/hooks/v1/orders/"), "{path}");
    let kept = |id: u32| {
        let receipt = product.post(&path, &json!({ "id": id })).must_be(202);
        assert_eq!((&receipt["status"], &receipt["run"]), (&json!("kept"), &Value::Null));
        receipt["event"].as_str().unwrap().to_owned()
    };
    kept(1);
    product.api("POST", &format!("/workflows/{workflow}/publish"), None).must_be(200);
    kept(2);
    product.api("POST", &format!("/workflows/{workflow}/activate"), None).must_be(200);
    assert_eq!(product.post(&path, &json!({ "id": 3 })).must_be(202)["status"], "accepted");
    product.api("POST", &format!("/workflows/{workflow}/pause"), None).must_be(200);
    let event = kept(4);

    let events = product.get(&format!("/events?workflow={workflow}&status=kept"));
    assert_eq!(events["items"].as_array().unwrap().len(), 3);
    assert_eq!(product.get(&format!("/events/{event}"))["body"], json!({ "id": 4 }));
    // A kept event can be run at any time, and serves as sample data.
    let run = product.api("POST", &format!("/workflows/{workflow}/run"), Some(&json!({ "event": event })));
    let run = product.finished(&run.must_be(202)["run"]);
    assert_eq!(step(&run, "keep")["output"], json!({ "id": 4 }));
    // The readable part of the address does not matter.
    let renamed = path.replace("/orders/", "/anything/");
    product.post(&renamed, &json!({ "id": 5 })).must_be(202);
}

#[test]
fn the_sender_gets_the_answer_that_the_webhook_is_set_to() {
    let product = Product::start(&[("STELLWERK_INGRESS__FINISHED_WAIT_MS", "500")]);
    let own = json!({ "respond": "accepted", "response_status": 200, "response_body": "[accepted]" });
    let ready = product.ready("Own words", &keeper(&own));
    let answer = product.post(&ready.path, &json!({ "id": 1 }));
    assert_eq!((answer.status, answer.text().as_str()), (200, "[accepted]"));

    let ready = product.ready("Finished", &keeper(&json!({ "respond": "finished" })));
    let answer = product.post(&ready.path, &json!({ "id": 7 })).must_be(200);
    assert_eq!((&answer["status"], &answer["output"]), (&json!("succeeded"), &json!({ "id": 7 })), "{answer}");
    assert!(answer["run"].is_string() && answer["event"].is_string(), "{answer}");

    // A run that takes longer than a sender may wait goes on behind a 202.
    let sink = Sink::open(Duration::from_secs(2));
    let mut slow = keeper(&json!({ "respond": "finished" }));
    slow["nodes"][1] = json!({ "id": "keep", "type": "http.request", "params": { "url": sink.url("/") } });
    let ready = product.ready("Slow", &slow);
    let answer = product.post(&ready.path, &json!({})).must_be(202);
    assert_eq!(product.finished(&answer["run"])["status"], "succeeded");

    // One that fails before it comes to its "respond" node is answered all the same.
    let mut failing = mirror(&json!({ "respond": "node" }));
    failing["nodes"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "id": "stock", "type": "code", "params": { "script": "throw \"none\"" } }));
    failing["edges"] = json!([{ "from": "in", "to": "stock" }, { "from": "stock", "to": "back" }]);
    let ready = product.ready("Failing", &failing);
    let answer = product.post(&ready.path, &json!({})).must_be(500);
    assert_eq!((&answer["status"], &answer["error"]["node"]), (&json!("dead"), &json!("stock")), "{answer}");
    assert_eq!(product.finished(&answer["run"])["status"], "dead");
}
