//! The catalogue as a whole.

use nodes::manifest::{NodeKind, NodeType, Text};
use nodes::parameters::check_declarations;
use serde_json::json;

use crate::run::catalogue;

#[test]
fn every_node_of_the_first_workflow_is_there() {
    let catalogue = catalogue();
    for name in [
        "webhook",
        "manual",
        "filter",
        "if",
        "switch",
        "respond",
        "stop_with_error",
        "schedule",
        "error",
        "for_each",
        "wait",
        "call_workflow",
        "deduplicate",
        "merge",
        "list.sort",
        "list.limit",
        "list.group",
        "list.aggregate",
        "list.unique",
        "text.split",
        "table.insert",
        "table.upsert",
        "table.find",
        "table.update",
        "table.delete",
        "http.webhook",
        "set_fields",
        "code",
        "http.request",
        "email.send",
        "contacts.upsert",
        "contacts.find",
        "tryton.upsert_party",
        "tryton.create_opportunity",
        "hubspot.upsert_contact",
        "hubspot.find_contacts",
        "hubspot.create_deal",
        "pipedrive.upsert_person",
        "pipedrive.find_persons",
        "pipedrive.create_deal",
        "slack.send_message",
        "slack.upload_file",
    ] {
        assert!(catalogue.get(name).is_some(), "{name}");
    }
    assert!(catalogue.get("nothing.at_all").is_none());
}

#[test]
fn every_node_type_describes_itself_in_both_languages() {
    for node_type in catalogue().node_types() {
        for text in texts(node_type) {
            assert!(!text.en.trim().is_empty() && !text.de.trim().is_empty(), "{}: {text:?}", node_type.name);
        }
        assert_eq!(check_declarations(&node_type.parameters), Ok(()), "{}", node_type.name);
        assert!(node_type.icon.starts_with("<svg"), "{} has no icon", node_type.name);
        let has_output = !node_type.ports.is_empty();
        assert_eq!(!node_type.sample_output.is_null(), has_output && node_type.name != "code", "{}", node_type.name);
    }
}

#[test]
fn a_credential_never_goes_without_a_bound_to_hosts() {
    let catalogue = catalogue();
    for kind in catalogue.credential_kinds() {
        let secret = kind.fields.iter().any(|field| field.secret);
        let named_by_person = kind.name.starts_with("http_") || kind.name == "webhook_secret";
        assert!(secret, "{}", kind.name);
        assert_eq!(kind.hosts.is_empty() && kind.hosts_from.is_none(), named_by_person, "{}", kind.name);
        assert!(!kind.hosts.iter().any(|host| host == "*"), "{}", kind.name);
    }
    assert!(catalogue.credential_kind("smtp").is_some());
    assert!(catalogue.credential_kind("other").is_none());
}

#[test]
fn ports_come_from_the_manifest_the_cases_and_the_kind() {
    let catalogue = catalogue();
    let ports = |node: serde_json::Value| catalogue.ports_of(&serde_json::from_value(node).unwrap());
    assert_eq!(ports(json!({ "id": "n", "type": "filter" })), ["out"]);
    assert_eq!(ports(json!({ "id": "n", "type": "if" })), ["true", "false"]);
    assert_eq!(ports(json!({ "id": "n", "type": "http.request" })), ["out", "error"]);
    assert_eq!(ports(json!({ "id": "n", "type": "set_fields" })), ["out", "error"]);
    assert_eq!(ports(json!({ "id": "n", "type": "stop_with_error" })), [""; 0]);
    assert_eq!(ports(json!({ "id": "n", "type": "nothing" })), [""; 0]);
    let cases = json!([{ "port": "big", "when": [] }, { "port": "small", "when": [] }, { "when": [] }, 3]);
    assert_eq!(
        ports(json!({ "id": "n", "type": "switch", "params": { "cases": cases } })),
        ["default", "big", "small"]
    );
    assert_eq!(ports(json!({ "id": "n", "type": "for_each" })), ["out", "error"]);
    for (mode, expected) in [
        (json!({}), &["out"][..]),
        (json!({ "mode": "until" }), &["out"]),
        (json!({ "mode": "callback" }), &["out", "timeout"]),
        (json!({ "mode": "approval" }), &["approved", "rejected", "timeout"]),
    ] {
        assert_eq!(ports(json!({ "id": "n", "type": "wait", "params": mode })), expected);
    }
}

fn texts(node_type: &NodeType) -> Vec<&Text> {
    let mut texts = vec![&node_type.title, &node_type.description];
    texts.extend(node_type.ports.iter().map(|port| &port.title));
    for parameter in &node_type.parameters {
        texts.push(&parameter.title);
        texts.extend(&parameter.help);
        texts.extend(parameter.choices.iter().map(|choice| &choice.title));
        texts.extend(parameter.columns.iter().map(|column| &column.title));
    }
    assert!(node_type.kind != NodeKind::Action || node_type.name.contains('.'));
    texts
}
