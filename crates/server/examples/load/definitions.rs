//! The workflows that are measured.

use std::net::SocketAddr;

use serde_json::{Value, json};

/// Webhook → filter → set fields. `respond` says when the sender gets its answer.
pub(crate) fn pure(respond: Option<&str>) -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook", "params": trigger(respond) },
            { "id": "large", "type": "filter", "params": {
                "when": { "all": [{ "left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100 }] } } },
            { "id": "fields", "type": "set_fields", "params": { "fields": {
                "reference": "{{ $.trigger.body.id }}", "label": "Order {{ $.trigger.body.id }}" } } }
        ],
        "edges": [{ "from": "order", "to": "large" }, { "from": "large", "to": "fields" }]
    })
}

/// Webhook → set fields → one request. What is not safe to repeat costs a write of its own before it goes out. The other side
/// takes as much as it gets, so more runs than usual may be at work. `respond` says when the sender gets its answer.
pub(crate) fn calling(sink: SocketAddr, method: &str, respond: Option<&str>) -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook", "params": trigger(respond) },
            { "id": "fields", "type": "set_fields", "params": { "fields": { "reference": "{{ $.trigger.body.id }}" } } },
            { "id": "tell", "type": "http.request", "params": {
                "method": method, "url": format!("http://{sink}/orders"),
                "body": { "reference": "{{ $.steps.fields.reference }}" } } }
        ],
        "edges": [{ "from": "order", "to": "fields" }, { "from": "fields", "to": "tell" }],
        "settings": { "max_parallel_runs": 64 }
    })
}

/// Webhook → a box that runs one node for each item. The sender gets its answer when the run has ended.
pub(crate) fn walking() -> Value {
    json!({
        "nodes": [
            { "id": "order", "type": "webhook", "params": trigger(Some("finished")) },
            { "id": "each", "type": "for_each", "params": { "items": "{{ $.trigger.body.items }}", "parallel": 8 } },
            { "id": "line", "type": "set_fields", "parent": "each", "params": { "fields": { "price": "{{ $.item.price }}" } } }
        ],
        "edges": [{ "from": "order", "to": "each" }]
    })
}

fn trigger(respond: Option<&str>) -> Value {
    respond.map_or(json!({}), |respond| json!({ "respond": respond }))
}
