//! A workflow's settings, as far as they hold expressions, paths and addresses, and what they mean for its nodes.

use model::{Definition, Node as NodeDefinition, Problem, Settings};
use serde_json::{Value, json};

use crate::{duration, expression};

pub(super) fn check(definition: &Definition, problems: &mut Vec<Problem>) {
    let settings = &definition.settings;
    check_order(&settings.order_by, problems);
    if let Some(callback) = &settings.callback
        && callback.url.starts_with("http")
        && let Err(fault) = url::Url::parse(&callback.url)
    {
        let message = format!("`{}` is no address for a call-back: {fault}.", callback.url);
        problems.push(Problem::of_workflow("invalid_callback", message).at("settings.callback.url"));
    }
    for node in definition.nodes.iter().filter(|node| node.node_type == "wait") {
        check_wait(node, settings, problems);
    }
    for node in &definition.nodes {
        check_retry(node, settings, problems);
    }
}

fn check_order(order_by: &str, problems: &mut Vec<Problem>) {
    if order_by.is_empty() {
        return;
    }
    let mut report = |message: String| {
        problems.push(Problem::of_workflow("invalid_order_by", message).at("settings.order_by"));
    };
    let template = json!(order_by);
    for fault in expression::check(&template, "") {
        report(format!("{} (at character {})", fault.message, fault.position + 1));
    }
    if !expression::is_template(order_by) {
        report("It holds no expression; write one such as `{{ $.trigger.body.customer }}`.".to_owned());
    }
    if let Some(step) = expression::references(&template).first() {
        report(format!("It uses `steps.{step}`, but the order is decided before any step runs. Use `trigger`."));
    }
}

/// A run that may not take as long as one of its waits would always end there.
fn check_wait(node: &NodeDefinition, settings: &Settings, problems: &mut Vec<Problem>) {
    let parameter = match node.params.get("mode").and_then(Value::as_str).unwrap_or("duration") {
        "duration" => "duration",
        "callback" | "approval" => "expires",
        _ => return,
    };
    let wait_ms = node.params.get(parameter).and_then(|length| duration::milliseconds(length).ok());
    if wait_ms.is_some_and(|wait_ms| wait_ms > settings.run_timeout_ms) {
        let message = format!(
            "It waits longer than a run of this workflow may take, which is {}. Raise “Longest run” in the workflow's \
             settings, to at most 90 days, or wait for a shorter time.",
            duration::in_words(settings.run_timeout_ms)
        );
        problems.push(Problem::of_node(&node.id, "wait_too_long", message).at(parameter));
    }
}

/// A run that may not take as long as all attempts of a step would end before the last of them.
fn check_retry(node: &NodeDefinition, settings: &Settings, problems: &mut Vec<Problem>) {
    let Some(policy) = &node.retry else { return };
    let wait_ms = policy.longest_wait_ms();
    if wait_ms > settings.run_timeout_ms {
        let message = format!(
            "Its attempts take up to {} in all, longer than a run of this workflow may take, which is {}. Raise “Longest run” \
             in the workflow's settings, to at most 90 days, or try fewer times or faster.",
            duration::in_words(wait_ms),
            duration::in_words(settings.run_timeout_ms)
        );
        problems.push(Problem::of_node(&node.id, "retry_too_long", message).at("retry"));
    }
}
