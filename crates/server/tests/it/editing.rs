//! What the editor and the pages need of the API.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outside::http::Request;
use crate::outside::product::Product;
use crate::outside::sink::Sink;

fn flow(url: &str) -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "tell", "type": "http.request", "params": {"method": "POST", "url": url, "body": {
                "ref": "{{ $.trigger.body.id }}", "shop": "{{ $.trigger.headers['x-shop'] }}",
            }}},
            {"id": "note", "type": "set_fields", "params": {"fields": {"ok": "{{ $.steps.tell.body.ok }}"}}},
        ],
        "edges": [{"from": "order", "to": "tell"}, {"from": "tell", "to": "note"}],
    })
}

#[test]
fn samples_are_kept_for_each_node_and_taken_from_events_with_their_secrets_masked() {
    let product = Product::start(&[("STELLWERK_API__MAX_SAMPLE_BYTES", "2000")]);
    let id = product.create("Order paid", &flow("http://127.0.0.1:1/"));
    let request = Request::new("POST", &product.webhook(&id)).header("Authorization", "Bearer of-the-sender");
    let kept = product.send(&request.header("X-Shop", "Köln 7").json(&json!({"id": "A-1"}))).must_be(202);
    let path = |node: &str| format!("/workflows/{id}/samples/{node}");
    let set = |node: &str, sample: Value| product.api("PUT", &path(node), Some(&sample));

    let taken = set("order", json!({"source": "event", "event": kept["event"]})).must_be(200);
    assert_eq!((&taken["value"]["body"], &taken["value"]["method"]), (&json!({"id": "A-1"}), &json!("POST")));
    assert_eq!(taken["value"]["headers"]["authorization"], "•••");
    let own = json!({"source": "edited", "value": {"headers": {"X-Shop": 7, "Cookie": "secret"}, "body": null}});
    let own = set("order", own).must_be(200);
    let received = json!({"method": "POST", "headers": {"x-shop": "7", "cookie": "•••"}, "query": {}, "body": null});
    assert_eq!((&own["value"], &own["event"]), (&received, &Value::Null));
    set("tell", json!({"source": "test", "value": null})).must_be(200);
    set("not-drawn-yet", json!({"source": "edited", "value": [1]})).must_be(200);
    let all = product.get(&format!("/workflows/{id}/samples"));
    let nodes: Vec<_> = all["items"].as_array().unwrap().iter().map(|sample| sample["node"].clone()).collect();
    assert_eq!(nodes, ["not-drawn-yet", "order", "tell"]);

    assert_eq!(set("a%20b", json!({"source": "edited", "value": 1})).must_be(422)["parameter"], "node");
    assert_eq!(set("order", json!({"source": "event"})).must_be(422)["parameter"], "value");
    let large = set("order", json!({"source": "edited", "value": {"body": "x".repeat(3_000)}})).must_be(413);
    assert!(large["detail"].as_str().unwrap().contains("2000 bytes"), "{large}");
    let other = product.create("Another", &flow("http://127.0.0.1:1/"));
    let foreign = json!({"source": "event", "event": kept["event"]});
    product.api("PUT", &format!("/workflows/{other}/samples/order"), Some(&foreign)).must_be(404);

    let copy = product.api("POST", &format!("/workflows/{id}/duplicate"), None).must_be(201);
    let copied = product.get(&format!("/workflows/{}/samples", copy["id"].as_str().unwrap()));
    assert_eq!(copied["items"].as_array().unwrap().len(), 3);
    product.api("DELETE", &path("order"), None).must_be(204);
    product.api("DELETE", &path("order"), None).must_be(404);
}

#[test]
fn one_step_is_tried_with_a_context_or_with_the_samples() {
    let product = Product::start(&[]);
    let sink = Sink::open(Duration::ZERO);
    let id = product.create("Order paid", &flow(&sink.url("/orders")));
    let try_step = |body: Value| product.api("POST", &format!("/workflows/{id}/test-step"), Some(&body));
    let trigger = json!({"headers": {"X-Shop": 7}, "body": {"id": "A-1"}});
    let tried = try_step(json!({"node": "tell", "context": {"trigger": trigger}})).must_be(200);
    assert_eq!((&tried["status"], &tried["port"]), (&json!("succeeded"), &json!("out")), "{tried:#}");
    assert_eq!(tried["params"]["body"], json!({"ref": "A-1", "shop": "7"}));
    assert_eq!(tried["exchanges"][0]["response"]["status"], 200);
    assert_eq!(sink.received().len(), 1);
    assert_eq!(product.get("/runs")["items"], json!([]));

    for (node, value) in [("order", json!({"body": {"id": "B-2"}})), ("tell", tried["output"].clone())] {
        let sample = json!({"source": "test", "value": value});
        product.api("PUT", &format!("/workflows/{id}/samples/{node}"), Some(&sample)).must_be(200);
    }
    assert_eq!(try_step(json!({"node": "note"})).must_be(200)["output"], json!({"ok": true}));
    assert_eq!(try_step(json!({"node": "order"})).must_be(200)["output"]["body"], json!({"id": "B-2"}));

    // The definition on the canvas need not be the one that is saved.
    let mut drawn = flow(&sink.url("/orders"));
    drawn["nodes"][2]["params"]["fields"] = json!({"n": "{{ 6 * 7 }}"});
    let tried = try_step(json!({"node": "note", "definition": drawn})).must_be(200);
    assert_eq!(tried["output"], json!({"n": 42}));
    drawn["nodes"][1]["params"] = json!({"method": "POST"});
    let tried = try_step(json!({"node": "tell", "definition": drawn})).must_be(200);
    assert_eq!((&tried["status"], &tried["error"]["parameter"]), (&json!("failed"), &json!("url")), "{tried:#}");
    assert_eq!(try_step(json!({"node": "nobody"})).must_be(422)["parameter"], "node");
    assert_eq!(sink.received().len(), 1);
}

#[test]
fn the_editor_opens_saves_and_meets_a_conflict_in_one_round_trip_each() {
    let product = Product::start(&[]);
    let id = product.create("Order paid", &flow(""));
    let path = format!("/workflows/{id}");
    let detail = product.get(&path);
    assert_eq!((&detail["draft_differs"], &detail["problems"][0]["node"]), (&json!(true), &json!("tell")));
    let change = |revision: i64, url: &str| json!({"revision": revision, "definition": flow(url)});
    let saved = product.api("PUT", &path, Some(&change(1, "https://example.com/"))).must_be(200);
    assert_eq!((&saved["problems"], &saved["draft_differs"]), (&json!([]), &json!(true)));
    product.api("POST", &format!("{path}/publish"), None).must_be(200);
    assert_eq!(product.get(&path)["draft_differs"], false);
    let late = product.api("PUT", &path, Some(&change(1, "https://example.org/"))).must_be(409);
    assert_eq!((&late["code"], &late["revision"]), (&json!("revision_conflict"), &json!(2)));
    assert!(late["changed_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{late}");
    product.api("PUT", &path, Some(&change(2, "https://example.org/"))).must_be(200);
    assert_eq!(product.get(&path)["draft_differs"], true);

    product.api("DELETE", &path, None).must_be(204);
    let back = product.api("POST", &format!("{path}/restore"), None).must_be(200);
    assert_eq!((&back["state"], &back["published_version"]), (&json!("paused"), &json!(1)));
    product.post(&product.webhook(&id), &json!({"id": 1})).must_be(202);
}

#[test]
fn the_list_shows_the_last_run_and_a_run_its_own_definition() {
    let product = Product::start(&[]);
    let sink = Sink::open(Duration::ZERO);
    let ready = product.ready("Order paid", &flow(&sink.url("/")));
    let receipt = product.post(&ready.path, &json!({"id": 1})).must_be(202);
    let run = product.finished(&receipt["run"]);
    assert_eq!(run["status"], "succeeded", "{run:#}");
    let list = product.get("/workflows");
    let item = &list["items"][0];
    assert_eq!((&item["last_run"]["id"], &item["last_run"]["status"]), (&run["id"], &json!("succeeded")));
    assert_eq!((&item["runs_last_day"]["succeeded"], &item["runs_last_day"]["dead"]), (&json!(1), &json!(0)));

    let change = json!({"revision": 1, "name": "Paid", "definition": {"nodes": [{"id": "go", "type": "manual"}]}});
    product.api("PUT", &format!("/workflows/{}", ready.workflow), Some(&change)).must_be(200);
    let ran = product.get(&format!("/runs/{}/definition", run["id"].as_str().unwrap()));
    assert_eq!(ran["definition"]["nodes"].as_array().unwrap().len(), 3);
    assert_eq!((&ran["version"], &ran["workflow"]["name"]), (&json!(1), &json!("Paid")));
    let found = product.get(&format!("/events?text={}", run["id"].as_str().unwrap()));
    assert_eq!((&found["items"][0]["id"], found.get("partial")), (&receipt["event"], None));
}

#[test]
fn a_run_of_a_draft_with_a_sample_sees_what_a_request_would_show_it() {
    let product = Product::start(&[]);
    let sink = Sink::open(Duration::ZERO);
    let id = product.create("Order paid", &flow(&sink.url("/")));
    let sample = json!({"headers": {"X-Shop": "Köln", "Authorization": "Bearer s3cret"}, "query": {"page": 2}, "body": {"id": "A-1"}});
    let wish = json!({"version": "draft", "node": "order", "sample": sample});
    let receipt = product.api("POST", &format!("/workflows/{id}/run"), Some(&wish)).must_be(202);
    let by_sample = product.finished(&receipt["run"]);
    product.api("POST", &format!("/workflows/{id}/publish"), None).must_be(200);
    product.api("POST", &format!("/workflows/{id}/activate"), None).must_be(200);
    let path = format!("{}?page=2", product.webhook(&id));
    let request = Request::new("POST", &path).header("X-Shop", "Köln").header("Authorization", "Bearer s3cret");
    let receipt = product.send(&request.json(&json!({"id": "A-1"}))).must_be(202);
    let live = product.finished(&receipt["run"]);

    let event = |run: &Value| product.get(&format!("/events/{}", run["event"].as_str().unwrap()));
    let (drawn, real) = (event(&by_sample), event(&live));
    for part in ["method", "query", "body"] {
        assert_eq!(drawn[part], real[part], "{part}");
    }
    for header in ["x-shop", "authorization"] {
        assert_eq!(drawn["headers"][header], real["headers"][header], "{header}");
    }
    assert!(!drawn.to_string().contains("s3cret") && !by_sample.to_string().contains("s3cret"));
    assert_eq!(sink.received()[0].body, sink.received()[1].body);
    let other = product.create("Another", &flow(&sink.url("/")));
    let foreign = json!({"event": receipt["event"]});
    product.api("POST", &format!("/workflows/{other}/run"), Some(&foreign)).must_be(404);
}

#[test]
fn a_kept_request_is_news_that_names_its_trigger() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let product = Product::start(&[]);
    let id = product.create("Order paid", &flow("https://example.com/"));
    let token = product.command(&["token", "create", "--name", "live"]);
    let mut stream = std::net::TcpStream::connect(product.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head =
        format!("GET /api/v1/live?workflow={id} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", token.trim());
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line == ": following"), "the stream did not begin");
    let kept = product.post(&product.webhook(&id), &json!({"id": 1})).must_be(202);
    let line = lines.find(|line| line.starts_with("data: ") && line.contains("\"event\"")).unwrap();
    let news: Value = serde_json::from_str(line.trim_start_matches("data: ")).unwrap();
    assert_eq!((&news["type"], &news["node"]), (&json!("event"), &json!("order")));
    assert_eq!((&news["event"], &news["status"]), (&kept["event"], &json!("kept")));
}

#[test]
fn a_credential_is_tried_tells_who_uses_it_and_is_deleted_only_on_purpose_while_in_use() {
    let product = Product::start(&[]);
    let sink = Sink::open(Duration::ZERO);
    let host = sink.url("");
    let input = json!({"name": "ERP", "kind": "http_bearer", "hosts": [host], "fields": {"token": "tok-4f9a"}});
    let made = product.api("POST", "/credentials", Some(&input)).must_be(201);
    let path = format!("/credentials/{}", made["id"].as_str().unwrap());
    assert_eq!(made["used_by"], json!([]));
    let good = product.api("POST", &format!("{path}/test"), Some(&json!({"url": sink.url("/me")}))).must_be(200);
    assert_eq!((&good["ok"], &good["status"]), (&json!(true), &json!(200)), "{good:#}");
    assert!(!good.to_string().contains("tok-4f9a"), "{good}");
    assert_eq!(sink.received()[0].header("authorization"), "Bearer tok-4f9a");
    let unnamed = product.api("POST", &format!("{path}/test"), None).must_be(200);
    assert_eq!((&unnamed["ok"], &unnamed["error"]["parameter"]), (&json!(false), &json!("url")));

    let mut definition = flow(&sink.url("/"));
    definition["nodes"][1]["credential"] = made["id"].clone();
    let id = product.create("Order paid", &definition);
    let user = json!({"id": id, "name": "Order paid", "nodes": ["tell"]});
    assert_eq!(product.get(&path)["used_by"], json!([user]));
    assert_eq!(product.get("/credentials")["items"][0]["used_by"], json!([user]));
    let refused = product.api("DELETE", &path, None).must_be(409);
    assert!(refused["detail"].as_str().unwrap().contains("“Order paid”"), "{refused}");
    product.api("DELETE", &format!("{path}?force=true"), None).must_be(204);
    product.api("GET", &path, None).must_be(404);
}

#[test]
fn contacts_and_kept_mails_are_searched_and_deleted() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "go", "type": "webhook"},
            {"id": "keep", "type": "contacts.upsert", "params": {"email": "{{ $.trigger.body.email }}"}},
            {"id": "mail", "type": "email.send", "params": {"to": ["ada@example.com"], "subject": "Hi", "text": "x"}},
        ],
        "edges": [{"from": "go", "to": "keep"}, {"from": "keep", "to": "mail"}],
    });
    let ready = product.ready("Signed up", &definition);
    for email in ["ada@example.com", "grace@example.com"] {
        let receipt = product.post(&ready.path, &json!({"email": email})).must_be(202);
        assert_eq!(product.finished(&receipt["run"])["status"], "succeeded");
    }
    let found = product.get("/contacts?text=GRACE");
    assert_eq!(found["items"].as_array().unwrap().len(), 1);
    product.api("DELETE", &format!("/contacts/{}", found["items"][0]["id"].as_str().unwrap()), None).must_be(204);
    assert_eq!(product.get("/contacts?text=grace")["items"], json!([]));
    let mails = product.get("/outbox");
    assert_eq!(mails["items"].as_array().unwrap().len(), 2);
    product.api("DELETE", &format!("/outbox/{}", mails["items"][0]["id"].as_str().unwrap()), None).must_be(204);
    product.api("DELETE", "/outbox", None).must_be(204);
    assert_eq!(product.get("/outbox")["items"], json!([]));
}
