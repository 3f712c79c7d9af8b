//! The settings of a webhook, which the server reads and not the node.

use model::{Node as NodeDefinition, Problem};
use serde_json::{Value, json};

use crate::expression;
use crate::flow::is_header_name;
use crate::manifest::NodeType;

pub(super) fn check(node: &NodeDefinition, node_type: &NodeType, problems: &mut Vec<Problem>) {
    if node_type.name != "webhook" {
        return;
    }
    let mut report = |message: String, place: &str| {
        problems.push(Problem::of_node(&node.id, "invalid_setting", message).at(place));
    };
    if let Some(slug) = node.params.get("slug").and_then(Value::as_str)
        && !slug.is_empty()
        && !slug.contains("{{")
        && !is_slug(slug)
    {
        let message = format!("`{slug}` cannot stand in an address: use up to 60 lower-case letters, digits and `-`.");
        report(message, "slug");
    }
    if node.params.get("slug").and_then(Value::as_str).is_some_and(|slug| slug.contains("{{")) {
        report("The address is fixed, so its name takes no expression.".to_owned(), "slug");
    }
    if node.params.get("methods").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        report("No method is allowed, so nothing could ever arrive. Choose at least one.".to_owned(), "methods");
    }
    for name in ["response_status", "max_body_bytes"] {
        if node.params.get(name).is_some_and(|value| value.as_str().is_some_and(|text| text.contains("{{"))) {
            report("This is decided before a run begins, so it takes no expression.".to_owned(), name);
        }
    }
    if let Some(verify) = node.params.get("verify").filter(|verify| !verify.is_null()) {
        check_verify(verify, &mut report);
    }
    if let Some(deduplicate) = node.params.get("deduplicate").filter(|value| !value.is_null()) {
        check_deduplicate(deduplicate, &mut report);
    }
}

fn is_slug(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.len() <= 60 && text.bytes().all(allowed) && !text.starts_with('-') && !text.ends_with('-')
}

fn check_verify(verify: &Value, report: &mut impl FnMut(String, &str)) {
    match verify.get("kind").and_then(Value::as_str) {
        Some("none") => {
            for name in verify.as_object().into_iter().flat_map(|fields| fields.keys()).filter(|name| *name != "kind") {
                report(format!("`{name}` has no meaning without a check. Remove it."), &format!("verify.{name}"));
            }
        }
        Some(other) => report(format!("`{other}` is no known way to check the sender; `none` is."), "verify.kind"),
        None => report("It must be an object such as {\"kind\": \"none\"}.".to_owned(), "verify"),
    }
}

fn check_deduplicate(deduplicate: &Value, report: &mut impl FnMut(String, &str)) {
    let fields = deduplicate.as_object();
    match (fields.map_or(0, serde_json::Map::len), deduplicate.get("header"), deduplicate.get("path")) {
        (1, Some(Value::String(header)), None) => {
            if !is_header_name(header) {
                report(format!("`{header}` is no header name."), "deduplicate.header");
            }
        }
        (1, None, Some(Value::String(path))) if path.starts_with('$') => {
            let template = json!(format!("{{{{ {path} }}}}"));
            for fault in expression::check(&template, "deduplicate.path") {
                report(fault.message, "deduplicate.path");
            }
        }
        (1, None, Some(_)) => {
            report("The path must begin with `$`, for example `$.body.id`.".to_owned(), "deduplicate.path");
        }
        _ => {
            let message = "It must be {\"header\": \"X-Delivery-Id\"} or {\"path\": \"$.body.id\"}.";
            report(message.to_owned(), "deduplicate");
        }
    }
}
