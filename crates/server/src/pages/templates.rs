//! Workflows to begin with. Each has sample data of its own and runs at once, without any account.
//!
//! In their files, an object with exactly `en` and `de` is a text of which one is taken, and the text `@account` stands
//! for the address of whoever makes the workflow.

use std::sync::LazyLock;

use model::{Definition, NodeId};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::texts::Language;
use crate::webhooks::WEBHOOK;

/// Every template: its name in forms, and its file.
const FILES: [(&str, &str); 3] = [
    ("contact_form", include_str!("templates/contact_form.json")),
    ("paid_order", include_str!("templates/paid_order.json")),
    ("new_customer", include_str!("templates/new_customer.json")),
];

/// What stands for the address of whoever makes the workflow.
const ACCOUNT: &str = "@account";

/// A workflow to begin with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Template {
    icon: String,
    name: Value,
    description: Value,
    definition: Value,
    sample: Value,
}

/// A workflow made from a template, in one language.
#[derive(Debug)]
pub(super) struct Made {
    /// Its name.
    pub(super) name: String,
    /// Its draft.
    pub(super) definition: Definition,
    /// The trigger that the sample belongs to.
    pub(super) trigger: NodeId,
    /// What the trigger is to have received.
    pub(super) sample: Value,
}

/// Every template by its name in forms.
pub(super) fn all() -> &'static [(&'static str, Template)] {
    &TEMPLATES
}

/// A workflow from the template of this name; none when there is no such template.
pub(super) fn make(template: &str, language: Language, account: &str) -> Option<Made> {
    let (_, template) = all().iter().find(|(name, _)| *name == template)?;
    let definition: Definition = serde_json::from_value(localised(&template.definition, language, account)).ok()?;
    Some(Made {
        name: template.name(language),
        trigger: definition.nodes.iter().find(|node| node.node_type == WEBHOOK)?.id.clone(),
        sample: localised(&template.sample, language, account),
        definition,
    })
}

/// What an empty workflow can begin with: types of triggers, which are also the ids of their nodes.
const BEGINNINGS: [&str; 3] = [WEBHOOK, "schedule", "manual"];

/// A draft that holds nothing but a trigger; none when there is no such beginning.
pub(super) fn only(trigger: &str) -> Option<Definition> {
    let trigger = BEGINNINGS.iter().find(|known| **known == trigger)?;
    serde_json::from_value(json!({ "nodes": [{ "id": trigger, "type": trigger }] })).ok()
}

impl Template {
    /// Its icon.
    pub(super) fn icon(&self) -> &str {
        &self.icon
    }

    /// What it is called.
    pub(super) fn name(&self, language: Language) -> String {
        text(&self.name, language)
    }

    /// What it does.
    pub(super) fn description(&self, language: Language) -> String {
        text(&self.description, language)
    }
}

static TEMPLATES: LazyLock<Vec<(&'static str, Template)>> = LazyLock::new(|| {
    // A test reads them all, so none is passed over here.
    FILES.iter().filter_map(|(name, file)| Some((*name, serde_json::from_str(file).ok()?))).collect()
});

fn text(value: &Value, language: Language) -> String {
    value.get(language.code()).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn localised(value: &Value, language: Language, account: &str) -> Value {
    let of = |value: &Value| localised(value, language, account);
    match value {
        Value::String(text) if text == ACCOUNT => Value::String(account.to_owned()),
        Value::Array(items) => items.iter().map(of).collect(),
        Value::Object(members) if members.len() == 2 && members.contains_key("en") && members.contains_key("de") => {
            of(&members[language.code()])
        }
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), of(value))).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use nodes::Catalogue;

    use super::*;

    #[test]
    fn every_template_can_be_published_as_it_is() {
        let catalogue = Catalogue::load(&[]).unwrap();
        assert_eq!(all().len(), FILES.len(), "a template cannot be read");
        for (name, template) in all() {
            for language in [Language::En, Language::De] {
                let made = make(name, language, "ada@example.com").unwrap_or_else(|| panic!("{name} cannot be made"));
                let problems = nodes::check::check(&made.definition, &catalogue);
                assert!(problems.is_empty(), "{name}: {problems:?}");
                let description = template.description(language);
                assert!(!made.name.is_empty() && !description.is_empty() && !template.icon().is_empty(), "{name}");
                assert!(!format!("{:?}{}", made.definition, made.sample).contains(ACCOUNT), "{name}");
            }
        }
    }

    #[test]
    fn a_template_speaks_the_language_of_whoever_makes_it() {
        let german = make("contact_form", Language::De, "ada@example.com").unwrap();
        assert_eq!(german.sample["body"]["name"], "Jörg Weiß");
        assert_eq!(german.definition.nodes[0].title, "Formular abgeschickt");
        assert_eq!(german.definition.nodes[3].params["to"], json!(["ada@example.com"]));
        assert!(make("unknown", Language::De, "").is_none());
    }

    #[test]
    fn a_new_workflow_begins_with_a_webhook_a_schedule_or_by_hand() {
        let catalogue = Catalogue::load(&[]).unwrap();
        for beginning in BEGINNINGS {
            let draft = only(beginning).unwrap();
            let known = catalogue.get(&draft.nodes[0].node_type).unwrap_or_else(|| panic!("{beginning} is no node"));
            assert_eq!(known.node_type().kind, nodes::manifest::NodeKind::Trigger);
        }
        assert!(only("http.request").is_none());
    }
}
