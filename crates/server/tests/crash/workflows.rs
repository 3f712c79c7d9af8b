//! The workflows that the server is loaded with, and what must become of their events.

use serde_json::{Value, json};

use crate::sink::Sink;

/// A workflow and its part of the load.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// How many of a hundred events are for it.
    pub(crate) share: u64,
    /// Whether its trigger knows deliveries by their id, so that a sender may repeat what it is not sure of.
    pub(crate) knows_deliveries: bool,
    /// How its runs end.
    pub(crate) ends: &'static str,
}

/// What a step does outside must be done for each event: a kind of request, and which item of the event it is for.
pub(crate) type Effect = (&'static str, u64);

pub(crate) const ALL: &[Workload] = &[
    Workload { name: "filtered", share: 30, knows_deliveries: false, ends: "succeeded" },
    Workload { name: "slow", share: 12, knows_deliveries: true, ends: "succeeded" },
    Workload { name: "flaky", share: 20, knows_deliveries: true, ends: "succeeded" },
    Workload { name: "refused", share: 6, knows_deliveries: true, ends: "dead" },
    Workload { name: "box", share: 12, knows_deliveries: true, ends: "succeeded" },
    Workload { name: "pause", share: 10, knows_deliveries: true, ends: "succeeded" },
    // Only the next one starts it.
    Workload { name: "called", share: 0, knows_deliveries: false, ends: "succeeded" },
    Workload { name: "caller", share: 10, knows_deliveries: true, ends: "succeeded" },
];

/// The one that the event with this number is for.
pub(crate) fn of(number: u64) -> usize {
    // 37 and 100 have no common divisor, so the shares are mixed.
    let mut place = number * 37 % 100;
    for (index, workload) in ALL.iter().enumerate() {
        if place < workload.share {
            return index;
        }
        place -= workload.share;
    }
    0
}

/// The body of the event with this number.
pub(crate) fn body(number: u64) -> Value {
    json!({ "number": number, "amount": number % 20, "items": [1, 2, 3] })
}

/// What must have been done outside when the run of this event has succeeded.
pub(crate) fn effects(name: &str, number: u64) -> Vec<Effect> {
    match name {
        "filtered" if number % 20 > 10 => vec![("safe", 0)],
        "slow" => vec![("slow", 0), ("unsafe", 0)],
        "flaky" => vec![("flaky", 0)],
        "box" => (1..=3).map(|item| ("item", item)).collect(),
        "pause" => vec![("later", 0)],
        "called" => vec![("child", 0)],
        "caller" => vec![("parent", 0)],
        _ => Vec::new(),
    }
}

/// Whether requests of this kind carry a key. One that only reads needs none.
pub(crate) fn has_key(what: &str) -> bool {
    what != "slow"
}

/// Whether this must never be done twice, not even under one key.
pub(crate) fn is_unsafe(what: &str) -> bool {
    what == "unsafe"
}

/// The definition of a workload. `called` is the id of the workflow that another one calls.
pub(crate) fn definition(name: &str, sink: &Sink, called: &str) -> Value {
    match name {
        "filtered" => {
            let large =
                json!({ "all": [{ "left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 10 }] });
            line(name, &[json!({ "id": "large", "type": "filter", "params": { "when": large } }), post(sink, "safe")])
        }
        "slow" => line(name, &[look_up(sink), charge(sink)]),
        "flaky" => line(name, &[post(sink, "flaky"), note()]),
        "box" => boxed(name, sink),
        "pause" => {
            let second = json!({ "mode": "duration", "duration": { "amount": 1, "unit": "seconds" } });
            line(name, &[json!({ "id": "pause", "type": "wait", "params": second }), post(sink, "later")])
        }
        "called" => line(name, &[post(sink, "child")]),
        "caller" => {
            let params = json!({ "workflow": called, "input": { "number": "{{ $.trigger.body.number }}" } });
            line(name, &[json!({ "id": "call", "type": "call_workflow", "params": params }), post(sink, "parent")])
        }
        _ => line(name, &[post(sink, "refuse"), note()]),
    }
}

/// A webhook, a box with one step in it, and a step after it.
fn boxed(name: &str, sink: &Sink) -> Value {
    let each = json!({ "items": "{{ $.trigger.body.items }}", "parallel": 2 });
    let mut definition = line(name, &[json!({ "id": "each", "type": "for_each", "params": each }), note()]);
    let mut inside = post(sink, "item");
    inside["parent"] = json!("each");
    inside["params"]["body"]["item"] = json!("{{ $.item }}");
    if let Some(nodes) = definition["nodes"].as_array_mut() {
        nodes.push(inside);
    }
    definition
}

/// A webhook and these nodes one after the other.
fn line(name: &str, nodes: &[Value]) -> Value {
    let knows_deliveries = ALL.iter().any(|workload| workload.name == name && workload.knows_deliveries);
    let params = if knows_deliveries { json!({ "deduplicate": { "header": "X-Delivery-Id" } }) } else { json!({}) };
    let mut all = vec![json!({ "id": "order", "type": "webhook", "params": params })];
    all.extend_from_slice(nodes);
    let pairs = all.windows(2).map(|pair| json!({ "from": pair[0]["id"], "to": pair[1]["id"] }));
    json!({ "edges": pairs.collect::<Vec<_>>(), "nodes": all, "settings": { "max_parallel_runs": 40 } })
}

/// A step that its author calls safe to repeat: the other system knows it by its key.
fn post(sink: &Sink, what: &str) -> Value {
    json!({ "id": what, "type": "http.request", "retry": patient(), "safe_to_repeat": true, "params": {
        "method": "POST", "url": sink.url(what), "body": { "number": "{{ $.trigger.body.number }}" } } })
}

/// A step that takes 300 ms and only reads.
fn look_up(sink: &Sink) -> Value {
    let url = sink.url("slow?number={{ $.trigger.body.number }}");
    json!({ "id": "look", "type": "http.request", "retry": patient(), "params": { "method": "GET", "url": url } })
}

/// A step that must not be done twice.
fn charge(sink: &Sink) -> Value {
    json!({ "id": "charge", "type": "http.request", "params": {
        "method": "POST", "url": sink.url("unsafe"), "body": { "number": "{{ $.trigger.body.number }}" } } })
}

fn note() -> Value {
    json!({ "id": "note", "type": "set_fields", "params": { "fields": { "number": "{{ $.trigger.body.number }}" } } })
}

fn patient() -> Value {
    json!({ "attempts": 20, "backoff": "fixed", "first_delay_ms": 200, "max_delay_ms": 200 })
}
