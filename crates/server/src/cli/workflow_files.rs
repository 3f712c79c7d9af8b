//! Workflows as files in a folder, one each, that read well in a version history: the same workflow always gives the same
//! bytes, and reading back what was written changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use model::slug::slug;
use model::{Definition, WorkflowId};
use serde::{Deserialize, Serialize};
use storage::WorkflowRecord;

use super::Failure;

/// What stands in a file. The fields are in the order of the alphabet, as in everything below them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WorkflowFile {
    /// What it does.
    pub(super) definition: Definition,
    /// Which workflow it is, on every server; none: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<WorkflowId>,
    /// What it is called.
    pub(super) name: String,
}

/// Writes each workflow into a file of its own. A file of the folder that holds one of them under an earlier name goes; other
/// files stay.
pub(super) fn write_folder(folder: &Path, workflows: Vec<WorkflowRecord>) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| cannot("make", folder, &error))?;
    let names = file_names(&workflows);
    let ids: BTreeSet<WorkflowId> = workflows.iter().map(|workflow| workflow.id).collect();
    for (path, file) in json_files(folder)?.into_iter().filter_map(|path| Some((path.clone(), parsed(&path).ok()?))) {
        let is_current = path.file_name().is_some_and(|name| names.values().any(|known| name == known.as_str()));
        if !is_current && file.id.is_some_and(|id| ids.contains(&id)) {
            std::fs::remove_file(&path).map_err(|error| cannot("remove", &path, &error))?;
        }
    }
    let mut written = Vec::new();
    for workflow in workflows {
        let path = folder.join(&names[&workflow.id]);
        let file = WorkflowFile { definition: workflow.draft, id: Some(workflow.id), name: workflow.name };
        let text = text_of(&file)?;
        // An unchanged file keeps its time, so that tools which look at it have nothing to do.
        if std::fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
            std::fs::write(&path, text).map_err(|error| cannot("write", &path, &error))?;
        }
        written.push(path);
    }
    Ok(written)
}

/// Reads every workflow of a folder, in the order of the files' names.
pub(super) fn read_folder(folder: &Path) -> Result<Vec<(PathBuf, WorkflowFile)>, Failure> {
    let mut files = Vec::new();
    let mut known: BTreeMap<WorkflowId, PathBuf> = BTreeMap::new();
    for path in json_files(folder)? {
        let file = parsed(&path)?;
        if let Some(other) = file.id.and_then(|id| known.insert(id, path.clone())) {
            let both = format!("{} and {}", other.display(), path.display());
            return Err(Failure::new(format!("{both} are the same workflow. Remove one of them.")));
        }
        files.push((path, file));
    }
    if files.is_empty() {
        return Err(Failure::new(format!("There is no file that ends in .json in {}.", folder.display())));
    }
    Ok(files)
}

/// As it is written: indented, with sorted fields and a line break at the end.
pub(super) fn text_of(file: &WorkflowFile) -> Result<String, Failure> {
    let value = serde_json::to_value(file).map_err(|error| Failure::new(error.to_string()))?;
    let text = serde_json::to_string_pretty(&value).map_err(|error| Failure::new(error.to_string()))?;
    Ok(text + "\n")
}

/// A readable name for each; where two would have the same, the end of the id tells them apart.
fn file_names(workflows: &[WorkflowRecord]) -> BTreeMap<WorkflowId, String> {
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for workflow in workflows {
        *times.entry(slug(&workflow.name)).or_default() += 1;
    }
    let name = |workflow: &WorkflowRecord| {
        let name = slug(&workflow.name);
        if times[&name] == 1 {
            return format!("{name}.json");
        }
        let id = workflow.id.0.simple().to_string();
        format!("{name}-{}.json", &id[id.len() - 8..])
    };
    workflows.iter().map(|workflow| (workflow.id, name(workflow))).collect()
}

fn json_files(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| cannot("read", folder, &error))?;
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "json") && path.is_file());
    paths.sort();
    Ok(paths)
}

fn parsed(path: &Path) -> Result<WorkflowFile, Failure> {
    let text = std::fs::read_to_string(path).map_err(|error| cannot("read", path, &error))?;
    serde_json::from_str(&text)
        .map_err(|error| Failure::new(format!("{}: this does not fit: {error}.", path.display())))
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("Cannot {what} {}: {error}.", path.display()))
}
