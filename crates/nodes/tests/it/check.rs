//! Checking drafts: every problem is found, tied to its node and parameter, and says what to do.

use model::{Definition, Problem};
use nodes::check::check;
use serde_json::{Value, json};

use crate::run::catalogue;

fn problems(definition: Value) -> Vec<Problem> {
    let definition: Definition = serde_json::from_value(definition).unwrap();
    check(&definition, catalogue())
}

/// The problems of a workflow "webhook → the given node".
fn problems_of(node_type: &str, params: Value) -> Vec<(String, String)> {
    let definition = json!({
        "nodes": [{ "id": "start", "type": "webhook" }, { "id": "n", "type": node_type, "params": params }],
        "edges": [{ "from": "start", "to": "n" }],
    });
    let brief = |problem: Problem| (problem.code, problem.parameter.unwrap_or_default());
    problems(definition).into_iter().map(brief).collect()
}

#[test]
fn the_first_workflow_has_no_problem() {
    let definition = json!({
        "nodes": [
            { "id": "order", "type": "webhook", "params": { "methods": ["POST"], "verify": { "kind": "none" }, "respond": "accepted",
                "slug": "order-paid", "deduplicate": { "path": "$.body.id" } } },
            { "id": "large", "type": "filter", "params": { "when": { "all": [
                { "left": "{{ $.trigger.body.amount }}", "op": "greater_than", "right": 100 } ] } } },
            { "id": "notify", "type": "http.request", "params": { "method": "POST", "url": "https://erp.example/orders",
                "body": { "ref": "{{ $.trigger.body.id }}" } } },
            { "id": "contact", "type": "contacts.upsert", "params": { "email": "{{ $.trigger.body.email }}" } },
            { "id": "mail", "type": "email.send", "params": { "to": ["{{ $.steps.contact.contact.email }}"], "subject": "Danke", "text": "…" } },
        ],
        "edges": [{ "from": "order", "to": "large" }, { "from": "large", "to": "notify" }, { "from": "large", "to": "contact" },
            { "from": "contact", "to": "mail" }],
    });
    assert_eq!(problems(definition), []);
}

#[test]
fn every_parameter_is_checked_against_its_manifest() {
    let url = "https://a.example";
    for (node_type, params, code, parameter) in [
        ("http.request", json!({}), "missing_parameter", "url"),
        ("http.request", json!({ "url": "" }), "missing_parameter", "url"),
        ("http.request", json!({ "url": url, "uri": 1 }), "unknown_parameter", "uri"),
        ("http.request", json!({ "url": {} }), "wrong_type", "url"),
        ("http.request", json!({ "url": url, "method": "FETCH" }), "not_a_choice", "method"),
        ("http.request", json!({ "url": url, "method": "{{ 1 }}" }), "expression_not_allowed", "method"),
        ("http.request", json!({ "url": url, "redirects": 99 }), "out_of_range", "redirects"),
        ("http.request", json!({ "url": url, "headers": [1] }), "wrong_type", "headers"),
        ("http.request", json!({ "url": "https://a.example/{{ $.[ }}" }), "invalid_expression", "url"),
        ("http.request", json!({ "url": url, "body": { "a": ["{{ 1 + }}"] } }), "invalid_expression", "body.a[0]"),
        ("email.send", json!({ "subject": "x", "to": ["a@b.example", {}] }), "wrong_type", "to[1]"),
        ("filter", json!({}), "missing_parameter", "when"),
        ("filter", json!({ "when": true }), "wrong_type", "when"),
        ("filter", json!({ "when": { "left": 1, "op": "resembles", "right": 2 } }), "invalid_condition", "when.op"),
        ("switch", json!({ "cases": [] }), "missing_parameter", "cases"),
        ("switch", json!({ "cases": [3] }), "invalid_case", "cases[0]"),
        ("switch", json!({ "cases": [{ "port": "a" }] }), "invalid_case", "cases[0].when"),
        ("switch", json!({ "cases": [{ "when": { "all": [] } }] }), "invalid_case", "cases[0].port"),
        ("switch", json!({ "cases": [{ "port": "a b", "when": { "all": [] } }] }), "invalid_case", "cases[0].port"),
        ("switch", json!({ "cases": [{ "port": "error", "when": { "all": [] } }] }), "invalid_case", "cases[0].port"),
        ("switch", json!({ "cases": [{ "port": "default", "when": { "all": [] } }] }), "invalid_case", "cases[0].port"),
        (
            "switch",
            json!({ "cases": [{ "port": "a", "when": { "all": [] }, "then": 1 }] }),
            "invalid_case",
            "cases[0].then",
        ),
        ("set_fields", json!({ "fields": { "a..b": 1 } }), "invalid_field_name", "fields.a..b"),
        ("code", json!({ "script": "let = 1" }), "invalid_script", "script"),
        ("code", json!({ "script": 1 }), "wrong_type", "script"),
    ] {
        let found = problems_of(node_type, params.clone());
        assert_eq!(found, [(code.to_owned(), parameter.to_owned())], "{node_type} {params}");
    }
    let twice = json!({ "cases": [{ "port": "a", "when": { "all": [] } }, { "port": "a", "when": { "all": [] } }] });
    assert_eq!(problems_of("switch", twice), [("invalid_case".to_owned(), "cases[1].port".to_owned())]);
}

#[test]
fn a_template_may_stand_wherever_expressions_may() {
    for (node_type, params) in [
        (
            "http.request",
            json!({ "url": "{{ $.trigger.body.url }}", "headers": "{{ $.trigger.headers }}", "redirects": "{{ 1 }}" }),
        ),
        ("filter", json!({ "when": "{{ $.trigger.body.rules }}" })),
        ("code", json!({ "script": "\"{{ not a template }}\"" })),
        ("email.send", json!({ "to": "{{ $.trigger.body.email }}", "subject": "x" })),
    ] {
        assert_eq!(problems_of(node_type, params), [], "{node_type}");
    }
}

#[test]
fn a_webhooks_settings_are_checked() {
    for (params, parameter) in [
        (json!({ "slug": "Order Paid" }), "slug"),
        (json!({ "slug": "{{ $.x }}" }), "slug"),
        (json!({ "methods": [] }), "methods"),
        (json!({ "verify": { "kind": "magic" } }), "verify.kind"),
        (json!({ "verify": { "kind": "none", "secret": "x" } }), "verify.secret"),
        (json!({ "verify": "none" }), "verify"),
        (json!({ "deduplicate": { "header": "X Id" } }), "deduplicate.header"),
        (json!({ "deduplicate": { "path": "body.id" } }), "deduplicate.path"),
        (json!({ "deduplicate": { "path": "$.body[" } }), "deduplicate.path"),
        (json!({ "deduplicate": { "header": "X-Id", "path": "$.id" } }), "deduplicate"),
        (json!({ "max_body_bytes": "{{ 1 }}" }), "max_body_bytes"),
    ] {
        let found = problems(json!({ "nodes": [{ "id": "w", "type": "webhook", "params": params }] }));
        let brief = found.iter().map(|p| (p.code.as_str(), p.parameter.as_deref().unwrap_or(""))).collect::<Vec<_>>();
        assert_eq!(brief, [("invalid_setting", parameter)], "{params}: {found:?}");
    }
}

#[test]
fn the_graph_is_checked_as_a_whole() {
    let definition = json!({
        "nodes": [
            { "id": "start", "type": "webhook", "params": { "respond": "node" } },
            { "id": "notify", "type": "http.requset", "params": { "anything": 1 } },
            { "id": "big", "type": "if", "params": { "when": { "left": "{{ $.steps.later.a }}", "op": "equals", "right": "{{ $.steps.nowhere.a }}" } } },
            { "id": "later", "type": "set_fields", "params": { "fields": { "a": "{{ $.steps.later.a }}" } } },
            { "id": "alone", "type": "respond", "credential": "01900000-0000-7000-8000-000000000001" },
            { "id": "crm", "type": "tryton.upsert_party", "params": { "email": "a@b.example" }, "parent": "big" },
            { "id": "end", "type": "stop_with_error", "params": { "message": "x" } },
        ],
        "edges": [
            { "from": "start", "to": "notify" }, { "from": "notify", "port": "whatever", "to": "big" },
            { "from": "big", "port": "yes", "to": "later" }, { "from": "big", "port": "truee", "to": "crm" },
            { "from": "later", "port": "error", "to": "end" }, { "from": "end", "to": "later" },
        ],
    });
    let found = problems(definition);
    let brief =
        found.iter().map(|p| (p.node.as_ref().map_or("", |id| id.as_str()), p.code.as_str())).collect::<Vec<_>>();
    for expected in [
        ("notify", "unknown_node_type"),
        ("big", "unknown_port"),
        ("end", "unknown_port"),
        ("end", "circle"),
        ("crm", "missing_credential"),
        ("crm", "invalid_parent"),
        ("alone", "unexpected_credential"),
        ("alone", "unreachable_node"),
        ("start", "no_respond_node"),
        ("big", "unknown_reference"),
        ("big", "reference_not_before"),
        ("later", "reference_not_before"),
    ] {
        assert!(brief.contains(&expected), "{expected:?} is missing in {brief:?}");
    }
    let message = |node: &str, code: &str| {
        let is = |p: &&Problem| p.code == code && p.node.as_ref().is_some_and(|id| id.as_str() == node);
        found.iter().find(is).unwrap().message.clone()
    };
    assert!(message("notify", "unknown_node_type").contains("Did you mean `http.request`?"));
    assert!(message("end", "unknown_port").contains("no port at all"));
    assert_eq!(brief.iter().filter(|(node, code)| (*node, *code) == ("big", "unknown_port")).count(), 2);
}

#[test]
fn a_workflow_needs_a_trigger_and_nothing_leads_into_it() {
    let codes = |definition: Value| problems(definition).into_iter().map(|problem| problem.code).collect::<Vec<_>>();
    let fields = json!({ "fields": { "a": 1 } });
    let without = json!({ "nodes": [{ "id": "a", "type": "set_fields", "params": fields }] });
    assert_eq!(codes(without), ["no_trigger"]);
    assert_eq!(codes(json!({})), ["empty"]);
    let into = json!({
        "nodes": [{ "id": "m", "type": "manual" }, { "id": "w", "type": "webhook" }],
        "edges": [{ "from": "m", "to": "w" }],
    });
    assert_eq!(codes(into), ["edge_into_trigger"]);
}

#[test]
fn every_problem_says_what_to_do() {
    let definition = json!({ "nodes": [
        { "id": "a", "type": "webhook", "params": { "respond": "node", "methods": [], "colour": 1 } },
        { "id": "b", "type": "http.request", "params": { "redirects": 99 } },
        { "id": "c", "type": "nothing" },
    ] });
    for problem in problems(definition) {
        let text = &problem.message;
        assert!(text.len() > 25 && text.ends_with(['.', '?']), "{}: {text}", problem.code);
    }
}
