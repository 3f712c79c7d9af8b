//! What people and programs get to see of personal data.
//!
//! What a workflow, or the settings, name as personal is masked in everything that is shown of events and runs, for everybody.
//! The owner may have it shown; that is written down.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use model::personal::{MASK, Texts};
use model::{Event, EventId, NodeError, Personal, WorkflowId};
use serde_json::{Map, Value, json};
use storage::{RunRecord, StepRecord, Storage};

use crate::api::dry_run::DryRunItem;
use crate::api::runs::{RunDetail, Step};
use crate::problem::Problem;

/// How much of personal data is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// None.
    Masked,
    /// All of it, for somebody who may see it and whose look is written down.
    Revealed,
}

/// The personal fields of a workflow, also of a deleted one.
pub(crate) async fn personal_of(
    storage: &Storage,
    workflow: WorkflowId,
    definition_key: Option<i64>,
) -> Result<Personal, Problem> {
    let workflow_key = storage.workflow_key(workflow).await?;
    Ok(storage.personal_fields(workflow_key, definition_key).await?)
}

/// Masks the personal fields of an event. Says whether there are any to be masked.
pub(crate) fn mask_event(personal: &Personal, event: &mut Event) -> bool {
    if personal.is_empty() {
        return false;
    }
    let mut context = json!({ "trigger": {
        "headers": std::mem::take(&mut event.headers),
        "query": std::mem::take(&mut event.query),
        "body": event.body.take(),
    } });
    let texts = personal.texts(&context);
    personal.mask(&mut context);
    texts.replace_in(&mut context["trigger"], MASK);
    let trigger = &mut context["trigger"];
    event.headers = object(trigger["headers"].take());
    event.query = object(trigger["query"].take());
    event.body = trigger["body"].take();
    true
}

/// Masks the personal fields in everything that is shown of a run.
pub(crate) fn mask_run(personal: &Personal, trigger: &Event, detail: &mut RunDetail) {
    if personal.is_empty() {
        return;
    }
    let mut texts = personal.texts(&json!({ "trigger": trigger.to_context() }));
    hide_in_steps(personal, &mut texts, &mut detail.steps);
    if let Some(error) = &mut detail.summary.error {
        texts.replace_in(error, MASK);
    }
}

/// Masks the personal fields in some steps of a run, for example in those of one turn of a loop.
pub(crate) async fn mask_steps(storage: &Storage, run: &RunRecord, steps: &mut [Step]) -> Result<(), Problem> {
    let personal = personal_of(storage, run.workflow, Some(run.definition_key)).await?;
    if !personal.is_empty() {
        let mut texts = texts_of_run(storage, &personal, run).await?;
        hide_in_steps(&personal, &mut texts, steps);
    }
    Ok(())
}

/// Masks the personal fields in what a draft would do with an event.
pub(crate) fn mask_dry_run(personal: &Personal, trigger: &Event, item: &mut DryRunItem) {
    if personal.is_empty() {
        return;
    }
    let mut texts = personal.texts(&json!({ "trigger": trigger.to_context() }));
    let outputs = item.would.steps.iter().filter_map(|step| Some((step.node.as_str(), step.output.as_ref()?)));
    let compared =
        item.differences.iter().flat_map(|one| [(one.node.as_str(), &one.before), (one.node.as_str(), &one.after)]);
    for (node, value) in outputs.chain(compared) {
        texts.join(personal.texts(&json!({ "steps": { node: value } })));
    }
    let hide = |node: &str, value: &mut Value| {
        let mut context = json!({ "steps": { node: value.take() } });
        personal.mask(&mut context);
        texts.replace_in(&mut context["steps"], MASK);
        *value = context["steps"]
            .as_object_mut()
            .and_then(|steps| steps.values_mut().next())
            .map(Value::take)
            .unwrap_or_default();
    };
    for step in &mut item.would.steps {
        if let Some(output) = &mut step.output {
            hide(step.node.as_str(), output);
        }
        if let Some(held) = &mut step.held_back {
            hide(step.node.as_str(), &mut held.request);
        }
        if let Some(error) = &mut step.error {
            mask_error(&texts, error);
        }
    }
    if let Some((_, error)) = &mut item.would.error {
        mask_error(&texts, error);
    }
    for one in &mut item.differences {
        hide(one.node.as_str(), &mut one.before);
        hide(one.node.as_str(), &mut one.after);
    }
}

/// What stands in personal fields of any of the steps is masked in all of them.
fn hide_in_steps(personal: &Personal, texts: &mut Texts, steps: &mut [Step]) {
    for step in steps.iter() {
        if let Some(output) = &step.output {
            texts.join(personal.texts(&json!({ "steps": { &step.node: output } })));
        }
    }
    let hide = |value: &mut Value| {
        personal.mask(value);
        texts.replace_in(value, MASK);
    };
    for step in steps {
        if let Some(output) = &mut step.output {
            let mut context = json!({ "steps": { &step.node: output.take() } });
            hide(&mut context);
            *output = context["steps"][&step.node].take();
        }
        if let Some(error) = &mut step.error {
            mask_error(texts, error);
        }
        for attempt in &mut step.attempts {
            if let Some(error) = &mut attempt.error {
                mask_error(texts, error);
            }
            attempt.exchanges.iter_mut().for_each(hide);
        }
    }
}

/// Masks what personal fields hold in the errors of listed runs.
pub(crate) async fn mask_errors(storage: &Storage, runs: &mut [RunRecord]) -> Result<(), Problem> {
    let mut known: HashMap<(WorkflowId, i64), Personal> = HashMap::new();
    for run in runs.iter_mut().filter(|run| run.error.is_some()) {
        let of = (run.workflow, run.definition_key);
        let personal = match known.entry(of) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => new.insert(personal_of(storage, run.workflow, Some(run.definition_key)).await?),
        };
        if personal.is_empty() {
            continue;
        }
        let texts = texts_of_run(storage, personal, run).await?;
        if let Some(error) = &mut run.error {
            texts.replace_in(error, MASK);
        }
    }
    Ok(())
}

/// Masks what personal fields hold in some errors of a run, for example in those of turns.
pub(crate) async fn mask_errors_of<'a>(
    storage: &Storage,
    run: &RunRecord,
    errors: impl Iterator<Item = &'a mut NodeError>,
) -> Result<(), Problem> {
    let mut errors = errors.peekable();
    let personal = personal_of(storage, run.workflow, Some(run.definition_key)).await?;
    if errors.peek().is_some() && !personal.is_empty() {
        let texts = texts_of_run(storage, &personal, run).await?;
        errors.for_each(|error| mask_error(&texts, error));
    }
    Ok(())
}

/// Masks what personal fields hold in a text about a run and in a value of it, for example in a request that it sent.
pub(crate) async fn mask_words(
    storage: &Storage,
    run: &RunRecord,
    text: &mut String,
    value: Option<&mut Value>,
) -> Result<(), Problem> {
    let personal = personal_of(storage, run.workflow, Some(run.definition_key)).await?;
    if personal.is_empty() {
        return Ok(());
    }
    let texts = texts_of_run(storage, &personal, run).await?;
    *text = texts.replaced(text, MASK).into_owned();
    if let Some(value) = value {
        personal.mask(value);
        texts.replace_in(value, MASK);
    }
    Ok(())
}

/// Writes down that somebody looks at personal data: of an `event` or a `run`.
pub(crate) async fn note_reveal(storage: &Storage, who: &str, kind: &str, id: &str) -> Result<(), Problem> {
    Ok(storage.audit(who, "personal.shown", kind, id, json!({})).await?)
}

/// An event as a run sees it, masked.
pub(crate) async fn masked_event(storage: &Storage, workflow: WorkflowId, id: EventId) -> Result<Event, Problem> {
    let mut event = storage.event_content(id).await?;
    mask_event(&personal_of(storage, workflow, None).await?, &mut event);
    Ok(event)
}

async fn texts_of_run(storage: &Storage, personal: &Personal, run: &RunRecord) -> Result<Texts, Problem> {
    let mut texts = match storage.event_content(run.event).await {
        Ok(event) => personal.texts(&json!({ "trigger": event.to_context() })),
        Err(_) => Texts::default(),
    };
    for StepRecord { node, output, .. } in storage.outer_steps(run.key).await? {
        if let Some(output) = output {
            texts.join(personal.texts(&json!({ "steps": { node.as_str(): output } })));
        }
    }
    Ok(texts)
}

fn mask_error(texts: &Texts, error: &mut NodeError) {
    error.message = texts.replaced(&error.message, MASK).into_owned();
    if let Some(details) = &mut error.details {
        texts.replace_in(details, MASK);
    }
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use model::Timestamp;

    use super::*;

    #[test]
    fn an_event_loses_what_is_personal_in_every_part() {
        let mut event = Event {
            id: EventId::generate(),
            received_at: Timestamp(0),
            method: "POST".to_owned(),
            headers: object(json!({"x-user": "ann@example.com", "x-tag": "7"})),
            query: object(json!({"mail": "ann@example.com"})),
            body: json!({"email": "ann@example.com", "note": "from ann@example.com", "total": 3}),
        };
        assert!(!mask_event(&Personal::default(), &mut event));
        assert!(mask_event(&Personal::of(["email", "x-user"]), &mut event));
        assert_eq!(event.body, json!({"email": MASK, "note": format!("from {MASK}"), "total": 3}));
        assert_eq!(json!(event.headers), json!({"x-user": MASK, "x-tag": "7"}));
        assert_eq!(json!(event.query), json!({"mail": MASK}));
    }
}
