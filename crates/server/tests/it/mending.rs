//! One run is mended by hand: a step gets other input, a step in doubt the result that the other side has.

use std::time::Duration;

use serde_json::{Value, json};

use crate::outside::product::{Product, step};
use crate::outside::sink::Sink;
use crate::pages::person::Person;

/// Tells another system of an order, which must not be done twice, and notes what came of it.
fn flow(url: &str) -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook"},
            {"id": "tell", "type": "http.request", "title": "Tell <b>the ERP", "retry": {"attempts": 1},
                "params": {"method": "POST", "url": url, "body": {"to": "{{ $.trigger.body.email }}"}}},
            {"id": "note", "type": "set_fields", "params": {"fields": {"got": "{{ $.steps.tell.body.ok }}"}}},
        ],
        "edges": [{"from": "order", "to": "tell"}, {"from": "tell", "to": "note"}],
    })
}

fn dead(product: &Product, definition: &Value) -> String {
    let ready = product.ready("Orders", definition);
    let receipt = product.post(&ready.path, &json!({"email": "ann@example.com"})).must_be(202);
    let run = product.finished(&receipt["run"]);
    assert_eq!(run["status"], "dead", "{run:#}");
    run["id"].as_str().unwrap().to_owned()
}

fn new_run(after: &str) -> Value {
    json!(after.strip_prefix("/runs/").unwrap().split('?').next().unwrap())
}

#[test]
fn a_failed_step_is_given_other_input_on_its_page_and_the_new_run_says_so() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let run = dead(&product, &flow("http://127.0.0.1:9/orders"));
    let person = Person::signed_in(&product, "en");
    let page = person.read(&format!("/runs/{run}"));
    assert!(page.contains(&format!("/runs/{run}/replay?step=tell")), "{page}");
    let path = format!("/runs/{run}/replay");
    let form = person.read(&format!("{path}?step=tell"));
    assert!(form.contains("name=\"input\"") && form.contains("value=\"node:tell\" selected"), "{form}");
    assert!(form.contains("&#34;to&#34;: &#34;ann@example.com&#34;") && !form.contains("<b>the ERP"), "{form}");

    let token = crate::pages::person::token(&person.open("/"));
    let of_step = |input: &str| vec![("csrf", token.clone()), ("input_of", "tell".into()), ("input", input.to_owned())];
    let broken = person.post(&path, &of_step("[1"));
    assert_eq!(broken.status, 422);
    assert!(
        broken.text().contains("This is no JSON") && broken.text().contains("id=\"input-fault\""),
        "{}",
        broken.text()
    );
    let unknown = person.post(&path, &of_step("{\"addres\": 1}"));
    assert_eq!(unknown.status, 422);
    assert!(unknown.text().contains("no parameter “addres”"), "{}", unknown.text());

    let input = json!({"url": sink.url("/orders"), "body": {"to": "{{ $.trigger.body.email }}"}}).to_string();
    let after = person.submit(&path, &[("from", "failed_step"), ("input_of", "tell"), ("input", &input)]);
    let over = product.finished(&new_run(&after));
    assert_eq!((&over["status"], &step(&over, "note")["output"]), (&json!("succeeded"), &json!({"got": true})));
    let sent: Value = serde_json::from_str(&sink.received()[0].body).unwrap();
    assert_eq!(sent, json!({"to": "{{ $.trigger.body.email }}"}), "what a person writes is data, not an expression");
    let page = person.read(&after);
    assert!(page.contains("A person changed this step") && page.contains(&sink.url("/orders")), "{page}");
    let german = Person::signed_in(&product, "de");
    let token = crate::pages::person::token(&german.open("/"));
    let twice = [("csrf", token), ("from", "failed_step".to_owned())];
    let refused = german.post(&format!("{}/replay", after.split('?').next().unwrap()), &twice);
    assert_eq!(refused.status, 422);
    assert!(refused.text().contains("Kein Schritt des Laufs ist fehlgeschlagen."), "{}", refused.text());
    let noted = product.get("/audit")["items"][0].clone();
    assert_eq!((&noted["action"], &noted["details"]["edited"]), (&json!("run.replayed"), &json!(true)), "{noted}");
    let wish = json!({"params": {"note": {"nothing": 1}}});
    let refused = product.api("POST", &format!("/runs/{run}/replay"), Some(&wish)).must_be(422);
    assert_eq!(refused["parameter"], "params");
}

#[test]
fn what_the_other_side_has_of_a_step_in_doubt_is_fetched_looked_over_and_taken() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let run = dead(&product, &flow(&sink.url("/silent")));
    let person = Person::signed_in(&product, "de");
    let page = person.read(&format!("/runs/{run}"));
    assert!(page.contains(&format!("value=\"{}\"", sink.url("/silent"))) && page.contains("Abrufen"), "{page}");
    let token = crate::pages::person::token(&person.open("/"));
    let fetch = |url: &str| {
        let fields = [("csrf", token.clone()), ("url", url.to_owned())];
        person.post(&format!("/dead-letters/{run}/fetch"), &fields)
    };
    let nobody = fetch("http://127.0.0.1:9/orders");
    assert_eq!(nobody.status, 422);
    assert!(nobody.text().contains("Es wurde nichts entschieden."), "{}", nobody.text());
    let answer = fetch(&sink.url("/orders/1"));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let page = answer.text();
    assert!(page.contains("&#34;ok&#34;: true") && page.contains("name=\"port\" value=\"out\""), "{page}");
    assert_eq!(sink.received().last().unwrap().line, "GET /orders/1");
    assert_eq!(product.get(&format!("/runs/{run}"))["status"], "dead", "asking decides nothing");

    let fetched =
        product.api("POST", &format!("/dead-letters/{run}/fetch"), Some(&json!({"url": sink.url("/orders/1")})));
    let result = fetched.must_be(200)["result"].to_string();
    let fields =
        [("answer", "happened"), ("result", result.as_str()), ("port", "out"), ("back", &format!("/runs/{run}"))];
    person.submit(&format!("/dead-letters/{run}/answer"), &fields);
    let over = product.finished(&json!(run));
    assert_eq!((&over["status"], &step(&over, "note")["output"]), (&json!("succeeded"), &json!({"got": true})));
    let late = product.api("POST", &format!("/dead-letters/{run}/fetch"), Some(&json!({"url": sink.url("/orders/1")})));
    late.must_be(409);
    let posts = sink.received().iter().filter(|received| received.line.starts_with("POST")).count();
    assert_eq!(posts, 1, "nothing was sent a second time");
}

#[test]
fn a_result_that_is_personal_is_masked_and_taken_over_as_it_is() {
    let sink = Sink::open(Duration::ZERO);
    let product = Product::start(&[]);
    let mut definition = flow(&sink.url("/silent"));
    definition["settings"] = json!({"personal": ["email", "status"]});
    let run = dead(&product, &definition);
    let person = Person::signed_in(&product, "en");
    let token = crate::pages::person::token(&person.open("/"));
    let fields = [("csrf", token), ("url", sink.url("/orders/1"))];
    let page = person.post(&format!("/dead-letters/{run}/fetch"), &fields).text();
    assert!(!page.contains("&#34;status&#34;: 200") && page.contains("&#34;status&#34;"), "{page}");
    assert!(page.contains(&format!("name=\"fetch\" value=\"{}\"", sink.url("/orders/1"))), "{page}");
    let form = person.read(&format!("/runs/{run}/replay?step=tell"));
    assert!(!form.contains("ann@example.com") && !form.contains("name=\"input\""), "{form}");
    let fields = [("answer", "happened"), ("fetch", &sink.url("/orders/1")), ("result", ""), ("port", "out")];
    person.submit(&format!("/dead-letters/{run}/answer"), &fields);
    let over = product.finished(&json!(run));
    assert_eq!(
        (&over["status"], &step(&over, "note")["output"]),
        (&json!("succeeded"), &json!({"got": true})),
        "{over:#}"
    );
}
