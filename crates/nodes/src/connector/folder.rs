//! Where connectors come from: folders embedded in the binary, and folders on disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::load::LoadError;

/// The files of one connector.
#[derive(Debug, Clone)]
pub struct Folder {
    /// The folder's own name.
    pub name: String,
    /// Where it lies, for messages.
    pub place: String,
    /// The contents by file name.
    pub files: BTreeMap<String, Vec<u8>>,
}

/// The names of the files that a connector consists of at run time.
const FILES: [&str; 3] = ["manifest.json", "script.rhai", "icon.svg"];

/// A connector's files are texts that people write; larger ones are a mistake.
const MAX_FILE_BYTES: u64 = 512 * 1024;

#[derive(rust_embed::Embed)]
#[folder = "connectors"]
#[exclude = "*/fixtures/*"]
struct BuiltIn;

/// The connectors that are part of the program.
pub fn built_in_folders() -> Vec<Folder> {
    let mut folders = BTreeMap::<String, Folder>::new();
    for path in BuiltIn::iter() {
        let Some((name, file)) = path.split_once('/') else { continue };
        let Some(content) = BuiltIn::get(&path) else { continue };
        let folder = folders.entry(name.to_owned()).or_insert_with(|| Folder {
            name: name.to_owned(),
            place: format!("built-in connector `{name}`"),
            files: BTreeMap::new(),
        });
        folder.files.insert(file.to_owned(), content.data.into_owned());
    }
    folders.into_values().collect()
}

impl Folder {
    /// Reads one connector from disk.
    pub fn read(path: &Path) -> Result<Self, LoadError> {
        let place = path.display().to_string();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let mut files = BTreeMap::new();
        for file in FILES {
            let full = path.join(file);
            let unreadable = |error: std::io::Error| LoadError::of(&place, file, format!("it cannot be read: {error}"));
            let metadata = match fs::metadata(&full) {
                // What is missing is reported together with everything else that the folder lacks.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                other => other.map_err(unreadable)?,
            };
            if metadata.len() > MAX_FILE_BYTES {
                return Err(LoadError::of(&place, file, format!("it is larger than {MAX_FILE_BYTES} bytes")));
            }
            files.insert(file.to_owned(), fs::read(&full).map_err(unreadable)?);
        }
        Ok(Self { name, place, files })
    }

    /// The connectors under these folders: each is a connector itself (it has a `manifest.json`) or contains some.
    pub fn find(roots: &[PathBuf]) -> Result<Vec<Self>, LoadError> {
        let mut found = Vec::new();
        for root in roots {
            if root.join(FILES[0]).is_file() {
                found.push(Self::read(root)?);
                continue;
            }
            let place = root.display().to_string();
            let unreadable = |error: std::io::Error| LoadError::of(&place, "", format!("it cannot be listed: {error}"));
            let mut inside = Vec::new();
            for entry in fs::read_dir(root).map_err(unreadable)? {
                let path = entry.map_err(unreadable)?.path();
                let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
                if path.is_dir() && !hidden {
                    inside.push(path);
                }
            }
            inside.sort();
            for path in inside {
                found.push(Self::read(&path)?);
            }
        }
        Ok(found)
    }

    /// One file as text.
    pub(super) fn text(&self, file: &str) -> Result<&str, LoadError> {
        let bytes = self.files.get(file).ok_or_else(|| LoadError::of(&self.place, file, "the file is missing"))?;
        std::str::from_utf8(bytes).map_err(|error| {
            LoadError::of(&self.place, file, format!("it is not UTF-8 text (byte {})", error.valid_up_to()))
        })
    }
}
