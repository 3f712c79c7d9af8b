//! `stellwerk workflow …`.

use std::io::Read;
use std::path::Path;

use model::{Definition, WorkflowId};
use serde_json::Value;
use storage::{Storage, StorageError, WorkflowRecord};

use super::workflow_files::{self, WorkflowFile};
use super::{Failure, WorkflowCommand};
use crate::api::definitions::check as check_definition;
use crate::config::Config;
use crate::console::Console;
use crate::webhooks::webhook_nodes;
use crate::{parts, schedules};

pub(super) async fn carry_out(
    storage: &Storage,
    config: &Config,
    command: WorkflowCommand,
    console: Console,
) -> Result<(), Failure> {
    match command {
        WorkflowCommand::Import { file, name, publish, activate } => {
            let wish = Wish { publish: publish || activate, activate };
            if file.is_dir() {
                for (path, read) in workflow_files::read_folder(&file)? {
                    let told = |failure: Failure| Failure::new(format!("{}: {failure}", path.display()));
                    import(storage, config, read, wish, console).await.map_err(told)?;
                }
                return Ok(());
            }
            import(storage, config, read(&file, name)?, wish, console).await
        }
        WorkflowCommand::Export { workflow, to: None } => {
            let record = find(storage, workflow.as_deref().unwrap_or_default()).await?;
            let file = WorkflowFile { definition: record.draft, id: None, name: record.name };
            console.result(workflow_files::text_of(&file)?.trim_end());
            Ok(())
        }
        WorkflowCommand::Export { workflow, to: Some(folder) } => {
            let records = match workflow {
                Some(workflow) => vec![find(storage, &workflow).await?],
                None => storage.workflows().await?,
            };
            for path in workflow_files::write_folder(&folder, records)? {
                console.result(path.display().to_string());
            }
            Ok(())
        }
        WorkflowCommand::List => list(storage, console).await,
    }
}

/// What is to be done with what is imported.
#[derive(Debug, Clone, Copy)]
struct Wish {
    publish: bool,
    activate: bool,
}

fn done(wish: Wish) -> &'static str {
    match (wish.publish, wish.activate) {
        (_, true) => ", published and activated",
        (true, false) => " and published",
        (false, false) => " as a draft",
    }
}

/// Makes or changes a workflow as a file says, and prints its id.
async fn import(
    storage: &Storage,
    config: &Config,
    file: WorkflowFile,
    wish: Wish,
    console: Console,
) -> Result<(), Failure> {
    if wish.publish {
        check(storage, &file.definition, config).await?;
    }
    let (mut record, what) = store(storage, file).await?;
    if wish.publish {
        record = storage.publish_workflow(record.id, record.revision, Some("command line".to_owned())).await?.0;
    }
    if wish.activate {
        record = storage.set_workflow_active(record.id, true).await?;
    }
    if wish.publish {
        schedules::follow(storage, &record).await?;
    }
    console.hint(format!("“{}” {what}{}. Its id:", record.name, done(wish)));
    console.result(record.id.to_string());
    for endpoint in storage.endpoints(record.key).await? {
        let base = config.base_url(config.listen);
        console.hint(format!("{} listens at {base}hooks/v1/{}/{}", endpoint.node, endpoint.slug, endpoint.id));
    }
    Ok(())
}

/// Stores what the file says. A workflow that says the same already stays as it is.
async fn store(storage: &Storage, file: WorkflowFile) -> Result<(WorkflowRecord, &'static str), Failure> {
    let WorkflowFile { definition, id, name } = file;
    let nodes = webhook_nodes(&definition);
    let Some(id) = id else { return Ok((storage.create_workflow(&name, &definition, nodes).await?, "was imported")) };
    let there = match storage.workflow(id).await {
        Ok(there) => there,
        Err(StorageError::NotFound { .. }) => {
            return Ok((storage.create_workflow_as(id, &name, &definition, nodes).await?, "was imported"));
        }
        Err(error) => return Err(error.into()),
    };
    if there.name == name && there.draft == definition {
        return Ok((there, "is unchanged"));
    }
    let changed = storage.update_workflow(id, there.revision, Some(name), Some(definition), nodes).await?;
    Ok((changed, "was changed"))
}

async fn check(storage: &Storage, definition: &Definition, config: &Config) -> Result<(), Failure> {
    let problems = check_definition(definition, &parts::load_catalogue(config)?, storage).await?;
    if problems.is_empty() {
        return Ok(());
    }
    let lines = problems.iter().map(|problem| {
        let node = problem.node.as_ref().map(|node| format!("{node}: ")).unwrap_or_default();
        format!("\n  - {node}{}", problem.message)
    });
    Err(Failure::new(format!("The workflow cannot be published:{}", lines.collect::<String>())))
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

/// Reads name and definition from a file; a given name wins over the file's.
fn read(file: &Path, name: Option<String>) -> Result<WorkflowFile, Failure> {
    let text = if file == Path::new("-") {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|error| Failure::new(format!("{} cannot be read: {error}.", file.display())))?;
    parse(&text, name).map_err(|reason| Failure::new(format!("{}: {reason}", file.display())))
}

fn parse(text: &str, name: Option<String>) -> Result<WorkflowFile, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("this is not JSON: {error}."))?;
    let (found, id, definition) = if value.get("definition").is_some() {
        let file: WorkflowFile = serde_json::from_str(text).map_err(|error| format!("this does not fit: {error}."))?;
        (Some(file.name), file.id, file.definition)
    } else {
        (None, None, serde_json::from_str(text).map_err(|error| format!("this is not a definition: {error}."))?)
    };
    let name = name.or(found).filter(|name| !name.trim().is_empty());
    let name = name.ok_or("it does not say what the workflow is called; give --name.")?;
    Ok(WorkflowFile { definition, id, name })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_definition_or_a_document_with_a_name() {
        let definition = r#"{"nodes": [{"id": "a", "type": "manual"}]}"#;
        let document = format!("{{\"name\": \"Orders\", \"definition\": {definition}}}");
        assert_eq!(parse(&document, None).unwrap().name, "Orders");
        assert_eq!(parse(&document, Some("Other".into())).unwrap().name, "Other");
        assert_eq!(parse(definition, Some("Other".into())).unwrap().definition.nodes.len(), 1);
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
