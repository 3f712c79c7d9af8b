//! Turns a folder into node types, or says exactly what is wrong with it.

use std::fmt;
use std::sync::Arc;

use super::description::{ConnectorManifest, OperationManifest};
use super::folder::Folder;
use super::operation::Operation;
use crate::manifest::{Apply, CredentialKind, CredentialTest, Text};
use crate::parameters;
use crate::sandbox::{Sandbox, Script};

/// A loaded connector.
#[derive(Debug)]
pub struct Connector {
    /// Its manifest.
    pub manifest: ConnectorManifest,
    /// Its operations, ready to run.
    pub operations: Vec<Arc<Operation>>,
}

/// Why a connector folder cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// The folder.
    pub folder: String,
    /// The file in it; empty when it concerns the folder as a whole.
    pub file: String,
    /// What is wrong, with the line and column or the path in the JSON document.
    pub message: String,
}

impl LoadError {
    /// A problem of one file.
    pub fn of(folder: &str, file: &str, message: impl Into<String>) -> Self {
        Self { folder: folder.to_owned(), file: file.to_owned(), message: message.into() }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            write!(formatter, "{}: {}", self.folder, self.message)
        } else {
            write!(formatter, "{}: {}: {}", self.folder, self.file, self.message)
        }
    }
}

impl std::error::Error for LoadError {}

/// Reads and checks a connector. All connectors share one sandbox.
pub fn load(folder: &Folder, sandbox: &Sandbox) -> Result<Connector, LoadError> {
    let manifest: ConnectorManifest = serde_json::from_str(folder.text(MANIFEST)?)
        .map_err(|error| LoadError::of(&folder.place, MANIFEST, error.to_string()))?;
    check_manifest(&manifest, &folder.name)
        .map_err(|(path, message)| LoadError::of(&folder.place, MANIFEST, format!("{path}: {message}")))?;
    let icon = folder.text(ICON)?.trim();
    check_icon(icon).map_err(|message| LoadError::of(&folder.place, ICON, message))?;
    let script = sandbox.compile(folder.text(SCRIPT)?).map_err(|error| {
        let place = format!("line {}, column {}", error.line, error.column);
        LoadError::of(&folder.place, SCRIPT, format!("{place}: {}", error.message))
    })?;
    check_functions(&manifest, &script).map_err(|message| LoadError::of(&folder.place, SCRIPT, message))?;
    let operations = manifest
        .operations
        .iter()
        .map(|operation| {
            let node_type = operation.node_type(&manifest, icon);
            Arc::new(Operation::new(node_type, operation, script.clone(), sandbox.clone()))
        })
        .collect();
    Ok(Connector { manifest, operations })
}

const MANIFEST: &str = "manifest.json";
const SCRIPT: &str = "script.rhai";
const ICON: &str = "icon.svg";

/// A place in the JSON document, and what is wrong there.
type Complaint = (String, String);

fn complaint(path: impl Into<String>, message: impl Into<String>) -> Complaint {
    (path.into(), message.into())
}

fn check_manifest(manifest: &ConnectorManifest, folder_name: &str) -> Result<(), Complaint> {
    check_name("$.name", &manifest.name)?;
    if manifest.name != folder_name {
        let message = format!("the folder is called `{folder_name}`, so the name must be that too");
        return Err(complaint("$.name", message));
    }
    check_text("$.title", &manifest.title)?;
    check_text("$.description", &manifest.description)?;
    for (index, host) in manifest.hosts.iter().enumerate() {
        check_host(&format!("$.hosts[{index}]"), host)?;
    }
    for (index, kind) in manifest.credential_kinds.iter().enumerate() {
        check_credential_kind(&format!("$.credential_kinds[{index}]"), kind)?;
    }
    if manifest.operations.is_empty() {
        return Err(complaint("$.operations", "there must be at least one operation"));
    }
    for (index, operation) in manifest.operations.iter().enumerate() {
        let path = format!("$.operations[{index}]");
        if manifest.operations[..index].iter().any(|other| other.name == operation.name) {
            return Err(complaint(format!("{path}.name"), format!("`{}` is there twice", operation.name)));
        }
        check_operation(&path, operation)?;
    }
    Ok(())
}

fn check_operation(path: &str, operation: &OperationManifest) -> Result<(), Complaint> {
    check_name(&format!("{path}.name"), &operation.name)?;
    if operation.name.ends_with("_reply") || operation.name.ends_with("_error") {
        return Err(complaint(format!("{path}.name"), "it must not end in `_reply` or `_error`"));
    }
    check_text(&format!("{path}.title"), &operation.title)?;
    check_text(&format!("{path}.description"), &operation.description)?;
    parameters::check_declarations(&operation.parameters)
        .map_err(|(inner, message)| complaint(format!("{path}.parameters{inner}"), message))?;
    for (index, port) in operation.ports.iter().enumerate() {
        let path = format!("{path}.ports[{index}]");
        let twice = operation.ports[..index].iter().any(|other| other.name == port.name);
        if !parameters::is_port_name(&port.name) || port.name == model::definition::ERROR || twice {
            let message = format!("`{}` cannot be a port here: a name is used once, and `error` is taken", port.name);
            return Err(complaint(format!("{path}.name"), message));
        }
        check_text(&format!("{path}.title"), &port.title)?;
    }
    for (index, opaque) in operation.opaque.iter().enumerate() {
        let known = opaque == "reply.body"
            || opaque.strip_prefix("params.").is_some_and(|name| operation.parameters.iter().any(|p| p.name == name));
        if !known {
            let message = format!("`{opaque}` is neither `reply.body` nor `params.` and the name of a parameter");
            return Err(complaint(format!("{path}.opaque[{index}]"), message));
        }
    }
    if operation.credential_required && operation.credential_kinds.is_empty() {
        return Err(complaint(format!("{path}.credential_kinds"), "a credential is required, but none would be taken"));
    }
    if operation.sample_output.is_null() {
        return Err(complaint(format!("{path}.sample_output"), "an example of the output is needed"));
    }
    Ok(())
}

fn check_credential_kind(path: &str, kind: &CredentialKind) -> Result<(), Complaint> {
    check_name(&format!("{path}.name"), &kind.name)?;
    check_text(&format!("{path}.title"), &kind.title)?;
    check_text(&format!("{path}.description"), &kind.description)?;
    for (index, host) in kind.hosts.iter().enumerate() {
        check_host(&format!("{path}.hosts[{index}]"), host)?;
    }
    for (index, field) in kind.fields.iter().enumerate() {
        let path = format!("{path}.fields[{index}]");
        check_name(&format!("{path}.name"), &field.name)?;
        check_text(&format!("{path}.title"), &field.title)?;
        if kind.fields[..index].iter().any(|other| other.name == field.name) {
            return Err(complaint(format!("{path}.name"), format!("`{}` is there twice", field.name)));
        }
        for (index, choice) in field.choices.iter().enumerate() {
            check_text(&format!("{path}.choices[{index}].title"), &choice.title)?;
        }
    }
    if let Some(from) = &kind.hosts_from
        && !kind.fields.iter().any(|field| &field.name == from && !field.secret)
    {
        let message = format!("`{from}` is no field of this credential, or a secret one");
        return Err(complaint(format!("{path}.hosts_from"), message));
    }
    for template in templates(&kind.apply) {
        for name in placeholders(template) {
            if !kind.fields.iter().any(|field| field.name == name) {
                let message = format!("`{{{name}}}` is no field of this credential");
                return Err(complaint(format!("{path}.apply"), message));
            }
        }
    }
    kind.test.as_ref().map_or(Ok(()), |test| check_credential_test(&format!("{path}.test"), kind, test))
}

/// A test must not carry a secret anywhere but where `apply` puts it, and only to an address of the credential's own.
fn check_credential_test(path: &str, kind: &CredentialKind, test: &CredentialTest) -> Result<(), Complaint> {
    for name in placeholders(&test.url) {
        if !kind.fields.iter().any(|field| field.name == name && !field.secret) {
            let message = format!("`{{{name}}}` is no field of this credential, or a secret one");
            return Err(complaint(format!("{path}.url"), message));
        }
    }
    let own_address = kind.hosts_from.as_ref().map(|field| format!("{{{field}}}/"));
    if !test.url.starts_with("https://") && !own_address.is_some_and(|own| test.url.starts_with(&own)) {
        let message = "it must begin with `https://`, or with the field that `hosts_from` names and a `/`";
        return Err(complaint(format!("{path}.url"), message));
    }
    if kind.apply == Apply::Smtp {
        return Err(complaint(path, "a mail server is tested by signing in and needs no request"));
    }
    if !["GET", "HEAD", "POST"].contains(&test.method.as_str()) {
        return Err(complaint(format!("{path}.method"), "a test is a `GET`, a `HEAD` or a `POST`"));
    }
    if let Some(status) = test.statuses.iter().find(|status| !(100..=599).contains(*status)) {
        return Err(complaint(format!("{path}.statuses"), format!("{status} is no HTTP status")));
    }
    Ok(())
}

fn templates(apply: &Apply) -> Vec<&str> {
    match apply {
        Apply::Header { name, value } | Apply::Query { name, value } => vec![name, value],
        Apply::Basic { username, password } => vec![username, password],
        Apply::StandardWebhooks { secret } => vec![secret],
        Apply::Smtp => Vec::new(),
    }
}

fn placeholders(template: &str) -> impl Iterator<Item = &str> {
    template.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name)
}

fn check_name(path: &str, name: &str) -> Result<(), Complaint> {
    if parameters::is_name(name) {
        return Ok(());
    }
    Err(complaint(path, format!("`{name}` must begin with a lower-case letter and go on with letters, digits and `_`")))
}

fn check_text(path: &str, text: &Text) -> Result<(), Complaint> {
    match (text.en.trim().is_empty(), text.de.trim().is_empty()) {
        (true, _) => Err(complaint(format!("{path}.en"), "the English text is missing")),
        (_, true) => Err(complaint(format!("{path}.de"), "the German text is missing")),
        _ => Ok(()),
    }
}

fn check_host(path: &str, host: &str) -> Result<(), Complaint> {
    let name = host.strip_prefix("https://").or_else(|| host.strip_prefix("http://")).unwrap_or(host);
    let name = name.strip_prefix("*.").unwrap_or(name);
    let plain = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b':' | b'_'))
    };
    if host == "*" || plain(name) {
        return Ok(());
    }
    Err(complaint(path, format!("`{host}` is no host: write `api.example.com`, `*.example.com` or `*`")))
}

/// The icon is put into pages, so nothing in it may run or load anything.
fn check_icon(icon: &str) -> Result<(), String> {
    if !icon.starts_with("<svg") || !icon.ends_with("</svg>") {
        return Err("it must be one SVG document that begins with `<svg`".to_owned());
    }
    let lower = icon.to_lowercase();
    for forbidden in
        ["<script", "<foreignobject", "<image", "<use", "<style", "<!", "<?", "href", "javascript:", "url("]
    {
        if lower.contains(forbidden) {
            return Err(format!("`{forbidden}` is not allowed in an icon"));
        }
    }
    let mut words =
        lower.split(|letter: char| letter.is_ascii_whitespace() || matches!(letter, '/' | '"' | '\'' | '<'));
    let handler = words.find(|word| word.starts_with("on") && word.contains('='));
    handler.map_or(Ok(()), |word| Err(format!("`{word}` is not allowed in an icon")))
}

fn check_functions(manifest: &ConnectorManifest, script: &Script) -> Result<(), String> {
    for operation in &manifest.operations {
        for name in [operation.name.clone(), format!("{}_reply", operation.name)] {
            if !Sandbox::has_function(script, &name, 1) {
                return Err(format!("the function `{name}(step)` is missing"));
            }
        }
    }
    Ok(())
}
