//! The rows of a credential's form, drawn from its kind.

use std::collections::{BTreeMap, BTreeSet};

use nodes::Catalogue;
use nodes::manifest::{CredentialField, CredentialKind};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::super::layout::Layout;
use super::super::titles::in_language;

/// What stands before the name of a kind's own field, so that it never meets `name` or `hosts` of the form.
pub(super) const PREFIX: &str = "field.";

/// What a person typed, or what is stored.
#[derive(Debug, Default, Clone)]
pub(super) struct Entries {
    pub(super) name: String,
    /// One host a line.
    pub(super) hosts: String,
    /// By field, secrets included; these never go back into a page.
    pub(super) fields: BTreeMap<String, String>,
}

/// What is wrong, by the name of the field in the form.
#[derive(Debug, Default)]
pub(super) struct Faults(BTreeMap<String, String>);

/// One row of the form.
pub(super) struct FieldRow {
    /// Its name in the form.
    pub(super) name: String,
    pub(super) label: String,
    /// What it holds; always empty for a secret.
    pub(super) value: String,
    pub(super) is_secret: bool,
    /// Whether a secret is stored that stays when nothing is typed.
    pub(super) is_stored: bool,
    pub(super) is_required: bool,
    pub(super) choices: Vec<Choice>,
    pub(super) fault: String,
}

/// One value to choose.
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

impl Entries {
    /// What came in a form.
    pub(super) fn of_form(mut form: BTreeMap<String, String>) -> Self {
        let mut take = |name: &str| form.remove(name).unwrap_or_default();
        let (name, hosts) = (take("name"), take("hosts"));
        let field = |(name, value): (String, String)| {
            let name = name.strip_prefix(PREFIX)?.to_owned();
            // Nothing typed means nothing given: the default holds, or the stored secret.
            (!value.trim().is_empty()).then_some((name, value))
        };
        Self { name, hosts, fields: form.into_iter().filter_map(field).collect() }
    }

    /// The hosts, one by one.
    pub(super) fn host_list(&self) -> Vec<String> {
        let hosts = self.hosts.split([',', '\n', '\r', ' ']);
        hosts.map(str::trim).filter(|host| !host.is_empty()).map(str::to_owned).collect()
    }
}

impl Faults {
    pub(super) fn add(&mut self, field: impl Into<String>, fault: impl Into<String>) {
        self.0.entry(field.into()).or_insert_with(|| fault.into());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fault of a field; empty when there is none.
    pub(super) fn of(&self, field: &str) -> &str {
        self.0.get(field).map_or("", String::as_str)
    }
}

/// Whether the person says to which hosts a credential of this kind may be sent.
pub(super) fn asks_for_hosts(kind: &CredentialKind) -> bool {
    kind.hosts.is_empty() && kind.hosts_from.is_none()
}

/// The rows for a kind; `stored` are the names of the secrets that are stored.
pub(super) fn rows(
    l: &Layout,
    kind: &CredentialKind,
    entries: &Entries,
    stored: &BTreeSet<String>,
    faults: &Faults,
) -> Vec<FieldRow> {
    let row = |field: &CredentialField| {
        let name = format!("{PREFIX}{}", field.name);
        let value = entries.fields.get(&field.name).unwrap_or(&field.default).clone();
        let choice = |choice: &nodes::manifest::Choice| Choice {
            value: choice.value.clone(),
            label: in_language(l, &choice.title).to_owned(),
            is_chosen: choice.value == value,
        };
        let is_stored = field.secret && stored.contains(&field.name);
        FieldRow {
            label: in_language(l, &field.title).to_owned(),
            choices: field.choices.iter().map(choice).collect(),
            is_secret: field.secret,
            is_required: field.required && !is_stored,
            is_stored,
            fault: faults.of(&name).to_owned(),
            value: if field.secret { String::new() } else { value.clone() },
            name,
        }
    };
    kind.fields.iter().map(row).collect()
}

/// What can be said of the entries before they are stored; `stored` are the secrets that stay when nothing is typed.
pub(super) fn check(l: &Layout, kind: &CredentialKind, entries: &Entries, stored: &BTreeSet<String>) -> Faults {
    let mut faults = Faults::default();
    if entries.name.trim().is_empty() {
        faults.add("name", l.t("form.missing"));
    } else if entries.name.trim().chars().count() > 200 {
        faults.add("name", l.t1("form.too_long", "count", "200"));
    }
    if asks_for_hosts(kind) && entries.host_list().is_empty() {
        faults.add("hosts", l.t("form.hosts_missing"));
    }
    for field in &kind.fields {
        let form_name = format!("{PREFIX}{}", field.name);
        let value = entries.fields.get(&field.name).map_or(field.default.as_str(), String::as_str);
        let is_kept = field.secret && stored.contains(&field.name);
        if value.is_empty() && field.required && !is_kept {
            faults.add(form_name, l.t("form.missing"));
        } else if value.chars().any(char::is_control) && !value.contains("-----BEGIN") {
            faults.add(form_name, l.t("form.line_break"));
        } else if !value.is_empty()
            && !field.choices.is_empty()
            && !field.choices.iter().any(|choice| choice.value == value)
        {
            faults.add(form_name, l.t("form.not_a_choice"));
        }
    }
    faults
}

/// The picture of a kind as an address for an image: that of a node type that uses it; empty when there is none.
pub(super) fn icon_of(catalogue: &Catalogue, kind: &str) -> String {
    let uses = |known: &&nodes::manifest::NodeType| known.credential_kinds.iter().any(|name| name == kind);
    let icon = catalogue.node_types().find(uses).map_or("", |known| known.icon.as_str());
    if icon.is_empty() {
        return String::new();
    }
    format!("data:image/svg+xml,{}", utf8_percent_encode(icon, NON_ALPHANUMERIC))
}
