//! The REST API as programs use it.

use serde_json::{Value, json};

use crate::outside::http::Request;
use crate::outside::product::{Product, step};

fn filter_flow() -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook", "params": {"deduplicate": {"header": "X-Id"}}},
            {"id": "large", "type": "filter", "params": {"when": {"all": [
                {"left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100},
            ]}}},
            {"id": "sum", "type": "set_fields", "params": {"fields": {"ref": "{{ $.trigger.body.id }}"}}},
        ],
        "edges": [{"from": "order", "to": "large"}, {"from": "large", "to": "sum"}],
    })
}

#[test]
fn a_workflow_lives_from_draft_to_deletion() {
    let product = Product::start(&[]);
    let id = product.create("Order paid", &filter_flow());
    let workflow = product.get(&format!("/workflows/{id}"));
    assert_eq!((&workflow["state"], &workflow["revision"]), (&json!("draft"), &json!(1)));
    let early = product.api("POST", &format!("/workflows/{id}/activate"), None).must_be(409);
    assert_eq!(early["code"], "wrong_state");

    let published = product.api("POST", &format!("/workflows/{id}/publish"), None).must_be(200);
    assert_eq!((&published["version"], &published["active"]), (&json!(1), &json!(false)));
    let active = product.api("POST", &format!("/workflows/{id}/activate"), None).must_be(200);
    assert_eq!(active["active"], true);

    let change = json!({"revision": 1, "name": "Order paid in full"});
    let changed = product.api("PUT", &format!("/workflows/{id}"), Some(&change)).must_be(200);
    assert_eq!((&changed["revision"], &changed["name"]), (&json!(2), &json!("Order paid in full")));
    let late = product.api("PUT", &format!("/workflows/{id}"), Some(&change)).must_be(409);
    assert_eq!((&late["code"], &late["revision"]), (&json!("revision_conflict"), &json!(2)));

    let copy = product.api("POST", &format!("/workflows/{id}/duplicate"), None).must_be(201);
    assert_eq!(copy["name"], "Order paid in full (copy)");
    let addresses = |id: &Value| product.get(&format!("/workflows/{}/webhooks", id.as_str().unwrap()));
    assert_ne!(addresses(&json!(id))["items"][0]["url"], addresses(&copy["id"])["items"][0]["url"]);

    let versions = product.get(&format!("/workflows/{id}/versions"));
    assert_eq!(versions["items"][0]["version"], 1);
    let version = product.get(&format!("/workflows/{id}/versions/1"));
    assert_eq!(version["definition"]["nodes"].as_array().unwrap().len(), 3);

    product.api("DELETE", &format!("/workflows/{id}"), None).must_be(204);
    product.api("GET", &format!("/workflows/{id}"), None).must_be(404);
    assert_eq!(product.get("/workflows")["items"].as_array().unwrap().len(), 1);
}

#[test]
fn publishing_names_every_problem_with_its_node_and_parameter() {
    let product = Product::start(&[]);
    let definition = json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "call", "type": "http.request", "params": {"url": "{{ $.trigger..[ }}"}},
            {"id": "odd", "type": "no.such_type"},
        ],
        "edges": [{"from": "order", "to": "call"}, {"from": "order", "port": "sideways", "to": "odd"}],
    });
    let id = product.create("Broken", &definition);
    let refused = product.api("POST", &format!("/workflows/{id}/publish"), None).must_be(422);
    let problems = refused["problems"].as_array().unwrap();
    let has =
        |code: &str, node: &str| problems.iter().any(|problem| problem["code"] == code && problem["node"] == node);
    assert!(has("invalid_expression", "call"), "{refused:#}");
    assert!(has("unknown_node_type", "odd"), "{refused:#}");
    assert!(has("unknown_port", "order"), "{refused:#}");
    let checked = product.get(&format!("/workflows/{id}/check"));
    assert_eq!(checked["problems"], refused["problems"]);
}

#[test]
fn what_is_wrong_with_a_request_is_said_with_its_place() {
    let product = Product::start(&[]);
    let send = |body: &str| {
        let token = product.command(&["token", "create", "--name", "more"]);
        let request =
            Request::new("POST", "/api/v1/workflows").header("Authorization", &format!("Bearer {}", token.trim()));
        product.send(&request.body("application/json", body))
    };
    assert_eq!(send("{\"name\": ").must_be(400)["code"], "invalid_json");
    let unknown =
        send("{\"name\": \"x\", \"definition\": {\"nodes\": [{\"id\": \"a\", \"type\": \"manual\", \"colour\": 1}]}}");
    let unknown = unknown.must_be(422);
    assert!(unknown["detail"].as_str().unwrap().contains("colour"), "{unknown}");
    assert_eq!(unknown["position"]["line"], 1);
    assert_eq!(send("{\"name\": \" \"}").must_be(422)["code"], "invalid_request");
    assert_eq!(product.api("GET", "/runs?status=lost", None).must_be(400)["code"], "invalid_query");
    assert_eq!(product.api("GET", "/runs?limit=0", None).must_be(400)["code"], "invalid_query");
    assert_eq!(product.api("GET", "/runs/not-an-id", None).must_be(404)["code"], "not_found");
    assert_eq!(product.api("GET", "/nowhere", None).must_be(404)["code"], "not_found");
    let wrong_method = product.api("DELETE", "/runs", None);
    assert_eq!((wrong_method.status, wrong_method.header("allow")), (405, "GET"));
}

#[test]
fn runs_and_events_are_listed_filtered_and_read_back_in_pages() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &filter_flow());
    let mut runs = Vec::new();
    for amount in [50, 150, 250] {
        let request = Request::new("POST", &flow.path).header("X-Id", &format!("delivery-{amount}"));
        let receipt = product.send(&request.json(&json!({"id": amount, "amount": amount}))).must_be(202);
        runs.push(product.finished(&receipt["run"]));
    }
    assert_eq!(step(&runs[0], "large")["status"], "skipped");
    assert_eq!(step(&runs[0], "sum")["status"], "skipped");
    assert_eq!(step(&runs[1], "sum")["output"], json!({"ref": 150}));
    assert_eq!(step(&runs[1], "sum")["attempts"][0]["status"], "succeeded");

    let first = product.get(&format!("/runs?workflow={}&limit=2", flow.workflow));
    let second = product.get(&format!("/runs?limit=2&cursor={}", first["next"].as_str().unwrap()));
    let ids = |page: &Value| page["items"].as_array().unwrap().iter().map(|run| run["id"].clone()).collect::<Vec<_>>();
    assert_eq!([ids(&first), ids(&second)].concat(), [&runs[2], &runs[1], &runs[0]].map(|run| run["id"].clone()));
    assert_eq!(second["next"], Value::Null);

    assert_eq!(ids(&product.get("/runs?text=delivery-150")), [runs[1]["id"].clone()]);
    assert_eq!(ids(&product.get("/runs?status=dead,failed")), Vec::<Value>::new());
    let stats = product.get("/stats");
    assert_eq!((&stats["runs"]["succeeded"], &stats["events"]["accepted"]), (&json!(3), &json!(3)));

    let event = product.get(&format!("/events/{}", runs[1]["event"].as_str().unwrap()));
    assert_eq!((&event["body"]["amount"], &event["delivery_id"]), (&json!(150), &json!("delivery-150")));
    let raw = product.api("GET", &format!("/events/{}/body", event["id"].as_str().unwrap()), None);
    assert_eq!(raw.json(), json!({"id": 150, "amount": 150}));
    assert_eq!(product.get("/events?status=refused")["items"], json!([]));
}

#[test]
fn a_secret_goes_in_and_never_comes_out() {
    let product = Product::start(&[]);
    let input = json!({
        "name": "ERP", "kind": "http_bearer", "hosts": ["erp.example.com"], "fields": {"token": "s3cret-value"},
    });
    let made = product.api("POST", "/credentials", Some(&input)).must_be(201);
    let id = made["id"].as_str().unwrap().to_owned();
    for answer in [made, product.get("/credentials"), product.get(&format!("/credentials/{id}"))] {
        assert!(!answer.to_string().contains("s3cret-value"), "{answer}");
    }
    let without_hosts = json!({"name": "ERP", "kind": "http_bearer", "fields": {"token": "x"}});
    let refused = product.api("POST", "/credentials", Some(&without_hosts)).must_be(422);
    assert_eq!(refused["parameter"], "hosts");
    // A secret never follows to a host that it was not made for: naming another one asks for the secret again.
    let moved = json!({"name": "ERP", "kind": "http_bearer", "hosts": ["evil.example.com"]});
    let refused = product.api("PUT", &format!("/credentials/{id}"), Some(&moved)).must_be(422);
    assert_eq!(refused["parameter"], "fields.token");
    let renamed = json!({"name": "Our ERP", "kind": "http_bearer", "hosts": ["erp.example.com"]});
    product.api("PUT", &format!("/credentials/{id}"), Some(&renamed)).must_be(200);

    let definition = json!({
        "nodes": [
            {"id": "go", "type": "manual"},
            {"id": "call", "type": "http.request", "params": {"url": "https://erp.example.com"}, "credential": id},
        ],
        "edges": [{"from": "go", "to": "call"}],
    });
    product.create("Uses it", &definition);
    let used = product.api("DELETE", &format!("/credentials/{id}"), None).must_be(409);
    assert!(used["detail"].as_str().unwrap().contains("Uses it"), "{used}");
}

#[test]
fn an_expression_is_computed_or_its_fault_is_placed() {
    let product = Product::start(&[]);
    let evaluate = |body: &Value| product.api("POST", "/expressions/evaluate", Some(body));
    let context = json!({"trigger": {"body": {"amount": 7, "name": "Ada"}}});
    let value = evaluate(&json!({"expression": "{{ $.trigger.body.amount }}", "context": context})).must_be(200);
    assert_eq!(value["value"], 7);
    let value = evaluate(&json!({"expression": "trigger.body.amount * 6", "context": context})).must_be(200);
    assert_eq!(value["value"], 42);
    let value =
        evaluate(&json!({"expression": "Dear {{ upper(trigger.body.name) }}", "context": context})).must_be(200);
    assert_eq!(value["value"], "Dear ADA");
    let condition = json!({"all": [{"left": "{{ $.trigger.body.amount }}", "op": "less_than", "right": 10}]});
    let value = evaluate(&json!({"condition": condition, "context": context})).must_be(200);
    assert_eq!((&value["value"], &value["verdict"]["rows"][0]["left"]), (&json!(true), &json!(7)));
    let fault = evaluate(&json!({"expression": "{{ trigger.body.amount * }}", "context": context})).must_be(422);
    assert_eq!((&fault["code"], &fault["parameter"]), (&json!("invalid_expression"), &json!("expression")));
    assert!(!fault["position"].is_null(), "{fault}");
}

#[test]
fn the_next_times_of_a_schedule_are_shown_before_it_is_saved() {
    let product = Product::start(&[]);
    let preview = |body: &Value| product.api("POST", "/schedules/preview", Some(body));
    let shown = preview(&json!({"cron": "30 7 * * *", "timezone": "Europe/Berlin"})).must_be(200);
    let times: Vec<&str> = shown["times"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(times.len(), 5);
    assert!(
        times.is_sorted() && times.iter().all(|time| time.contains("T05:30") || time.contains("T06:30")),
        "{times:?}"
    );
    let few = preview(&json!({"cron": "@hourly", "timezone": "UTC", "count": 2})).must_be(200);
    assert_eq!(few["times"].as_array().unwrap().len(), 2);
    let fault = preview(&json!({"cron": "61 * * * *", "timezone": "UTC"})).must_be(422);
    assert!(!fault["detail"].as_str().unwrap().is_empty());
    preview(&json!({"cron": "* * * * *", "timezone": "Middle/Earth"})).must_be(422);
}

#[test]
fn a_person_starts_a_run_with_a_sample_or_a_stored_event() {
    let product = Product::start(&[]);
    let id = product.create("Order paid", &filter_flow());
    let path = format!("/workflows/{id}/run");
    let sample = json!({"sample": {"body": {"id": "A-1", "amount": 500}}});
    let receipt = product.api("POST", &path, Some(&sample)).must_be(202);
    let run = product.finished(&receipt["run"]);
    assert_eq!((&run["mode"], &run["version"]), (&json!("manual"), &Value::Null));
    assert_eq!(step(&run, "sum")["output"], json!({"ref": "A-1"}));
    // The same address takes requests while the workflow is a draft; a kept one is run later.
    let kept = product.post(&product.webhook(&id), &json!({"id": "A-2", "amount": 900})).must_be(202);
    assert_eq!((&kept["status"], &kept["run"]), (&json!("kept"), &Value::Null));
    let receipt = product.api("POST", &path, Some(&json!({"event": kept["event"]}))).must_be(202);
    assert_eq!(step(&product.finished(&receipt["run"]), "sum")["output"], json!({"ref": "A-2"}));
}

#[test]
fn the_catalogue_says_everything_that_a_form_needs() {
    let product = Product::start(&[]);
    let catalogue = product.get("/node-types");
    let items = catalogue["items"].as_array().unwrap();
    let names: Vec<&str> = items.iter().filter_map(|item| item["name"].as_str()).collect();
    for name in [
        "webhook",
        "filter",
        "http.request",
        "email.send",
        "contacts.upsert",
        "tryton.upsert_party",
        "slack.send_message",
    ] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    let has_texts =
        |item: &Value| ["en", "de"].iter().all(|language| !item["title"][language].as_str().unwrap().is_empty());
    assert!(items.iter().all(has_texts));
    assert!(!catalogue["operators"].as_array().unwrap().is_empty());
    assert!(!catalogue["functions"].as_array().unwrap().is_empty());
    let kinds = product.get("/credential-kinds");
    assert!(kinds["items"].as_array().unwrap().iter().any(|kind| kind["name"] == "smtp"));
}

#[test]
fn news_of_a_run_arrive_as_they_happen_until_the_server_ends() {
    use std::io::{BufRead as _, BufReader, Write as _};
    let mut product = Product::start(&[]);
    let flow = product.ready("Order paid", &filter_flow());
    let token = product.command(&["token", "create", "--name", "live"]);
    let mut stream = std::net::TcpStream::connect(product.address()).unwrap();
    stream.set_read_timeout(Some(std::time::Duration::from_secs(30))).unwrap();
    let head = format!("GET /api/v1/live HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n\r\n", token.trim());
    stream.write_all(head.as_bytes()).unwrap();
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    assert!(lines.by_ref().any(|line| line == ": following"), "the stream did not begin");
    let receipt = product.post(&flow.path, &json!({"id": 1, "amount": 500})).must_be(202);
    let run = receipt["run"].as_str().unwrap().to_owned();
    let ended = lines.find(|line| line.contains(&run) && line.contains("succeeded") && line.contains("\"run\""));
    assert!(ended.is_some(), "the stream ended without the run's end");
    // Somebody who follows the news does not keep the server from ending.
    let took = product.stop();
    assert!(took < std::time::Duration::from_secs(10), "{took:?}");
    product.start_again();
    assert_eq!(product.finished(&receipt["run"])["status"], "succeeded");
}
