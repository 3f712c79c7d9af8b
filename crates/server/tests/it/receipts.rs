//! What a sender learns later about its event.

use serde_json::{Value, json};

use crate::outside::eventually;
use crate::outside::http::Request;
use crate::outside::product::Product;

fn flow() -> Value {
    json!({
        "nodes": [
            {"id": "order", "type": "webhook", "params": {"deduplicate": {"header": "X-Id"}, "slug": "receipts"}},
            {"id": "bad", "type": "filter", "params": {"when": {"all": [
                {"left": "{{ $.trigger.body.bad }}", "op": "equals", "right": true},
            ]}}},
            {"id": "stop", "type": "stop_with_error", "params": {"message": "No stock for {{ $.trigger.body.name }}"}},
        ],
        "edges": [{"from": "order", "to": "bad"}, {"from": "bad", "to": "stop"}],
    })
}

fn receipt(product: &Product, event: &Value) -> Value {
    product.send(&Request::new("GET", &format!("/hooks/v1/receipts/{}", event.as_str().unwrap()))).must_be(200)
}

#[test]
fn a_sender_looks_up_what_became_of_its_event_without_its_content() {
    let product = Product::start(&[]);
    let flow = product.ready("Order paid", &flow());
    let send = |id: &str, body: &Value| product.send(&Request::new("POST", &flow.path).header("X-Id", id).json(body));
    let fine = send("1", &json!({"name": "Ada Lovelace"})).must_be(202);
    let state = eventually("the run ends", || {
        let state = receipt(&product, &fine["event"]);
        (state["run"]["status"] == "succeeded").then_some(state)
    });
    assert_eq!((&state["event"], &state["status"]), (&fine["event"], &json!("accepted")));
    assert_eq!((&state["run"]["id"], &state["run"]["error_code"]), (&fine["run"], &Value::Null));
    let bad = send("2", &json!({"name": "Ada Lovelace", "bad": true})).must_be(202);
    product.finished(&bad["run"]);
    let state = receipt(&product, &bad["event"]);
    assert_eq!((&state["run"]["status"], &state["run"]["error_code"]), (&json!("failed"), &json!("stopped")));
    assert!(!state.to_string().contains("Lovelace"), "{state}");
    let repeated = product.get("/events?status=duplicate")["items"].clone();
    assert_eq!(repeated, json!([]));
    send("1", &json!({})).must_be(202);
    let repeated = product.get("/events?status=duplicate")["items"][0]["id"].clone();
    assert_eq!(receipt(&product, &repeated)["duplicate_of"], fine["event"]);
}

#[test]
fn nobody_learns_anything_by_guessing_and_a_webhook_may_be_called_receipts() {
    let product = Product::start(&[("STELLWERK_INGRESS__RECEIPTS_PER_MINUTE", "3")]);
    let flow = product.ready("Receipts", &flow());
    assert!(flow.path.starts_with("/hooks/v1/receipts/"), "{}", flow.path);
    product.send(&Request::new("GET", &flow.path)).must_be(405);
    let event = product.post(&flow.path, &json!({})).must_be(202)["event"].clone();
    let unknown = "/hooks/v1/receipts/01a2012f-d099-74a4-9d6e-e393cc06b234";
    product.send(&Request::new("POST", unknown)).must_be(404);
    product.send(&Request::new("GET", "/hooks/v1/receipts/nothing")).must_be(404);
    for _ in 0..2 {
        product.send(&Request::new("GET", unknown)).must_be(404);
    }
    receipt(&product, &event);
    let refused = product.send(&Request::new("GET", unknown));
    assert_eq!((refused.status, refused.json()["code"].clone()), (429, json!("too_many_requests")));
    assert!(!refused.header("retry-after").is_empty());
}
