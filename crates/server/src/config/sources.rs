//! Where each setting came from, so that `stellwerk doctor` can say it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

/// Every setting by its key.
#[derive(Debug, Clone, Default)]
pub struct Sources(pub(super) BTreeMap<String, Setting>);

impl Sources {
    /// The settings in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Setting)> {
        self.0.iter().map(|(key, setting)| (key.as_str(), setting))
    }

    /// One setting, for example `ingress.max_files`.
    pub fn get(&self, key: &str) -> Option<&Setting> {
        self.0.get(key)
    }
}

/// One setting as it may be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its value as TOML; `set` or `not set` when it is a secret.
    pub value: String,
    /// Where it came from.
    pub source: Source,
}

/// Where a setting came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The program itself.
    Default,
    /// This configuration file.
    File(PathBuf),
    /// This environment variable.
    Environment(String),
}

impl fmt::Display for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Environment(name) => formatter.write_str(name),
        }
    }
}
