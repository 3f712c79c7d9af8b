//! `stellwerk workflow …`.

use std::io::Read;
use std::path::Path;

use model::{Definition, WorkflowId};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::{Storage, WorkflowRecord};

use super::{Failure, WorkflowCommand};
use crate::config::Config;
use crate::console::Console;
use crate::parts;
use crate::webhooks::webhook_nodes;

pub(super) async fn carry_out(
    storage: &Storage,
    config: &Config,
    command: WorkflowCommand,
    console: Console,
) -> Result<(), Failure> {
    match command {
        WorkflowCommand::Import { file, name, publish, activate } => {
            let (name, definition) = read(&file, name)?;
            let record = import(storage, config, &name, &definition, publish || activate).await?;
            if activate {
                storage.set_workflow_active(record.id, true).await?;
            }
            console.hint(format!("“{}” was imported{}. Its id:", record.name, done(publish, activate)));
            console.result(record.id.to_string());
            for endpoint in storage.endpoints(record.key).await? {
                let base = config.base_url(config.listen);
                console.hint(format!("{} listens at {base}hooks/v1/{}/{}", endpoint.node, endpoint.slug, endpoint.id));
            }
            Ok(())
        }
        WorkflowCommand::Export { workflow } => {
            let record = find(storage, &workflow).await?;
            let document = json!({ "name": record.name, "definition": record.draft });
            console.result(serde_json::to_string_pretty(&document).map_err(|error| Failure::new(error.to_string()))?);
            Ok(())
        }
        WorkflowCommand::List => list(storage, console).await,
    }
}

fn done(publish: bool, activate: bool) -> &'static str {
    match (publish, activate) {
        (_, true) => ", published and activated",
        (true, false) => " and published",
        (false, false) => " as a draft",
    }
}

async fn import(
    storage: &Storage,
    config: &Config,
    name: &str,
    definition: &Definition,
    publish: bool,
) -> Result<WorkflowRecord, Failure> {
    if publish {
        let catalogue = parts::load_catalogue(config)?;
        let problems = nodes::check::check(definition, &catalogue);
        if !problems.is_empty() {
            let lines = problems.iter().map(|problem| {
                let node = problem.node.as_ref().map(|node| format!("{node}: ")).unwrap_or_default();
                format!("\n  - {node}{}", problem.message)
            });
            return Err(Failure::new(format!("The workflow cannot be published:{}", lines.collect::<String>())));
        }
    }
    let record = storage.create_workflow(name, definition, webhook_nodes(definition)).await?;
    if !publish {
        return Ok(record);
    }
    Ok(storage.publish_workflow(record.id, record.revision, Some("command line".to_owned())).await?.0)
}

async fn list(storage: &Storage, console: Console) -> Result<(), Failure> {
    let row = |workflow: WorkflowRecord| {
        let state = match (workflow.published_version, workflow.active) {
            (None, _) => "draft".to_owned(),
            (Some(version), true) => format!("active (version {version})"),
            (Some(version), false) => format!("paused (version {version})"),
        };
        vec![workflow.id.to_string(), state, workflow.updated_at.to_string(), workflow.name]
    };
    let rows: Vec<_> = storage.workflows().await?.into_iter().map(row).collect();
    console.table(&["ID", "STATE", "CHANGED", "NAME"], &rows);
    Ok(())
}

async fn find(storage: &Storage, wanted: &str) -> Result<WorkflowRecord, Failure> {
    if let Ok(id) = wanted.parse::<WorkflowId>() {
        return Ok(storage.workflow(id).await?);
    }
    let mut found = storage.workflows().await?.into_iter().filter(|workflow| workflow.name == wanted);
    match (found.next(), found.next()) {
        (Some(workflow), None) => Ok(workflow),
        (None, _) => {
            Err(Failure::new(format!("No workflow is called `{wanted}`; `stellwerk workflow list` shows them.")))
        }
        _ => Err(Failure::new(format!("Several workflows are called `{wanted}`; give the id."))),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    definition: Definition,
}

/// Reads name and definition from a file; a given name wins over the file's.
fn read(file: &Path, name: Option<String>) -> Result<(String, Definition), Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| Failure::new(format!("{} cannot be read: {error}.", file.display())))?;
    parse(&text, name).map_err(|reason| Failure::new(format!("{}: {reason}", file.display())))
}

fn parse(text: &str, name: Option<String>) -> Result<(String, Definition), String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}."))?;
    let (found, definition) = if value.get("definition").is_some() {
        let document: Document = serde_json::from_str(text).map_err(|error| format!("this does not fit: {error}."))?;
        (Some(document.name), document.definition)
    } else {
        (None, serde_json::from_str(text).map_err(|error| format!("this is not a definition: {error}."))?)
    };
    let name = name.or(found).filter(|name| !name.trim().is_empty());
    Ok((name.ok_or("it does not say what the workflow is called; give --name.")?, definition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_definition_or_a_document_with_a_name() {
        let definition = r#"{"nodes": [{"id": "a", "type": "manual"}]}"#;
        let document = format!("{{\"name\": \"Orders\", \"definition\": {definition}}}");
        assert_eq!(parse(&document, None).unwrap().0, "Orders");
        assert_eq!(parse(&document, Some("Other".into())).unwrap().0, "Other");
        assert_eq!(parse(definition, Some("Other".into())).unwrap().1.nodes.len(), 1);
        for (text, reason) in [
            (definition, "--name"),
            ("{", "not JSON"),
            (r#"{"nodes": 1}"#, "not a definition"),
            (r#"{"name": "x", "definition": {}, "more": 1}"#, "more"),
        ] {
            let error = parse(text, None).unwrap_err();
            assert!(error.contains(reason), "{error}");
        }
    }
}
