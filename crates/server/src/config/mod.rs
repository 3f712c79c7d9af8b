//! Settings: the embedded `config.default.toml`, an optional file, and `STELLWERK_*`, the later ones winning.
//!
//! The default file is the list of known keys: what is not in it is refused, in the file and in the environment. This is
//! the only place of the program that reads environment variables.

mod environment;
mod layers;
mod nearest;
mod ranges;
mod readers;
mod secret;
mod settings;
mod sources;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

pub use secret::Secret;
pub use settings::{Api, Auth, Config, Engine, History, Ingress, Log, LogFormat, Mail, Outgoing, Owner, Storage};
pub use sources::{Setting, Source, Sources};

use layers::Layers;

/// The defaults with their documentation, as TOML.
pub const DEFAULTS: &str = include_str!("../../config.default.toml");

/// The file that is read from the working directory when `STELLWERK_CONFIG` names none.
pub const FILE_NAME: &str = "stellwerk.toml";

/// The settings and where each of them came from.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// Where each of them came from.
    pub sources: Sources,
}

/// Everything that is wrong with the settings, one sentence each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// What is wrong, where, and what to do.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("The settings cannot be used:")?;
        for problem in &self.problems {
            write!(formatter, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

/// Where a test wants this process to end.
#[cfg(any(debug_assertions, feature = "crash-points"))]
pub fn crash_at() -> Option<String> {
    std::env::vars().find(|(name, _)| name == environment::CRASH_AT).map(|(_, at)| at)
}

/// Reads the settings from this process's environment and working directory.
pub fn load() -> Result<Loaded, ConfigError> {
    let mut variables = BTreeMap::new();
    let mut problems = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str().filter(|name| name.starts_with(environment::PREFIX)) else { continue };
        match value.into_string() {
            Ok(value) => drop(variables.insert(name.to_owned(), value)),
            Err(_) => problems.push(format!("The environment variable {name} is not valid UTF-8.")),
        }
    }
    #[cfg(any(debug_assertions, feature = "crash-points"))]
    variables.remove(environment::CRASH_AT);
    if !problems.is_empty() {
        return Err(ConfigError { problems });
    }
    load_from(&variables, Path::new("."))
}

/// Reads the settings from these `STELLWERK_*` variables and this working directory.
pub fn load_from(variables: &BTreeMap<String, String>, working_dir: &Path) -> Result<Loaded, ConfigError> {
    let mut layers = Layers::of_defaults(DEFAULTS);
    if let Some(path) = config_file(variables, working_dir) {
        match std::fs::read_to_string(&path) {
            Ok(text) => layers.add_file(&path, &text),
            Err(error) => layers.refuse(format!("The configuration file {} cannot be read: {error}.", path.display())),
        }
    }
    layers.add_environment(variables);
    layers.finish()
}

/// The file to read: the named one, which must exist, or the one in the working directory if it does.
fn config_file(variables: &BTreeMap<String, String>, working_dir: &Path) -> Option<PathBuf> {
    match variables.get(environment::CONFIG_FILE).filter(|path| !path.is_empty()) {
        Some(path) => Some(working_dir.join(path)),
        None => Some(working_dir.join(FILE_NAME)).filter(|path| path.exists()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)], file: Option<&str>) -> Result<Loaded, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        if let Some(text) = file {
            std::fs::write(folder.path().join(FILE_NAME), text).unwrap();
        }
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        load_from(&variables, folder.path())
    }

    #[test]
    fn the_defaults_alone_are_valid() {
        let config = with(&[], None).unwrap().config;
        assert_eq!(config.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.base_url(config.listen).as_str(), "http://127.0.0.1:8080/");
        assert_eq!(config.ingress.max_body_bytes, 10 * 1024 * 1024);
        assert_eq!(config.engine.retry, model::RetryPolicy::default());
        assert_eq!(config.connectors_dir, None);
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let file = "listen = \"127.0.0.1:1\"\n[ingress]\nmax_files = 3\nmax_depth = 9\n[engine.retry]\nattempts = 2\n";
        let loaded = with(&[("STELLWERK_INGRESS__MAX_FILES", "4")], Some(file)).unwrap();
        assert_eq!(loaded.config.listen.port(), 1);
        assert_eq!(loaded.config.ingress.max_files, 4);
        assert_eq!(loaded.config.ingress.max_depth, 9);
        assert_eq!(loaded.config.engine.retry.attempts, 2);
        let source_of = |key: &str| loaded.sources.get(key).unwrap().source.clone();
        assert_eq!(source_of("ingress.max_files"), Source::Environment("STELLWERK_INGRESS__MAX_FILES".into()));
        assert!(matches!(source_of("ingress.max_depth"), Source::File(_)));
        assert_eq!(source_of("ingress.max_values"), Source::Default);
    }

    #[test]
    fn the_short_names_of_the_environment_reach_their_keys() {
        let config = with(
            &[
                ("STELLWERK_LISTEN", "0.0.0.0:9000"),
                ("STELLWERK_DATA_DIR", "/srv/stellwerk"),
                ("STELLWERK_PUBLIC_URL", "https://flows.example/"),
                ("STELLWERK_OWNER_EMAIL", "owner@example.com"),
                ("STELLWERK_OWNER_PASSWORD", "correct horse"),
                ("STELLWERK_OUTGOING_ALLOW", "127.0.0.0/8, ::1/128"),
                ("STELLWERK_KEY", &"ab".repeat(32)),
                ("STELLWERK_CONNECTORS_DIR", "/srv/connectors"),
                ("STELLWERK_LOG", "debug"),
            ],
            None,
        )
        .unwrap()
        .config;
        assert_eq!(config.base_url(config.listen).as_str(), "https://flows.example/");
        assert!(config.is_https());
        assert_eq!(config.outgoing.allow.len(), 2);
        assert_eq!(config.owner.email.as_deref(), Some("owner@example.com"));
        assert_eq!(config.log.level, "debug");
        assert_eq!(config.connectors_dir.as_deref(), Some(Path::new("/srv/connectors")));
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_place_and_a_way_out() {
        type Case<'a> = (&'a [(&'a str, &'a str)], Option<&'a str>, &'a str);
        let cases: &[Case<'_>] = &[
            (&[("STELLWERK_INGRES__MAX_FILES", "4")], None, "STELLWERK_INGRESS__MAX_FILES"),
            (&[("STELLWERK_LISTENN", "x")], None, "STELLWERK_LISTEN"),
            (&[], Some("[ingress]\nmax_bodybytes = 1\n"), "`ingress.max_body_bytes`"),
            (&[], Some("[ingres]\nmax_body_bytes = 1\n"), "`ingress.max_body_bytes`"),
            (&[], Some("ingress = 3\n"), "`ingress` is a table"),
            (&[], Some("[ingress]\nmax_files = \"many\"\n"), "must be a whole number"),
            (&[], Some("[listen]\nport = 3\n"), "`listen` is no table"),
            (&[], Some("listen = \n"), "line 1"),
            (&[("STELLWERK_INGRESS__MAX_FILES", "many")], None, "must be a whole number"),
            (&[("STELLWERK_INGRESS__MAX_DEPTH", "101")], None, "between 1 and 100"),
            (&[("STELLWERK_LISTEN", "localhost")], None, "address and port"),
            (&[("STELLWERK_PUBLIC_URL", "ftp://x")], None, "http"),
            (&[("STELLWERK_PUBLIC_URL", "https://x.example/path")], None, "path"),
            (&[("STELLWERK_OUTGOING_ALLOW", "10.0.0.0/33")], None, "CIDR"),
            (&[("STELLWERK_LOG__FORMAT", "xml")], None, "`text`"),
            (&[("STELLWERK_ENGINE__RETRY__BACKOFF", "never")], None, "`exponential`"),
            (&[("STELLWERK_OWNER_EMAIL", "a@b.example")], None, "STELLWERK_OWNER_PASSWORD"),
            (
                &[("STELLWERK_OWNER_EMAIL", "a@b.example"), ("STELLWERK_OWNER_PASSWORD", "short")],
                None,
                "at least 10 characters",
            ),
            (&[("STELLWERK_OWNER_EMAIL", "a@b"), ("STELLWERK_OWNER__EMAIL", "a@c")], None, "given twice"),
            (&[("STELLWERK_CONFIG", "missing.toml")], None, "missing.toml"),
        ];
        for (variables, file, expected) in cases {
            let error = with(variables, *file).expect_err(expected).to_string();
            assert!(error.contains(expected), "expected `{expected}` in:\n{error}");
        }
    }

    #[test]
    fn every_problem_is_reported_at_once() {
        let error =
            with(&[("STELLWERK_NOPE", "1"), ("STELLWERK_LISTEN", "x")], Some("[what]\never = 1\n")).unwrap_err();
        assert_eq!(error.problems.len(), 3, "{error}");
    }

    #[test]
    fn secrets_are_never_shown() {
        let variables = [
            ("STELLWERK_OWNER_EMAIL", "a@b.example"),
            ("STELLWERK_OWNER_PASSWORD", "hunter22222"),
            ("STELLWERK_KEY", "q"),
        ];
        let loaded = with(&variables, None).unwrap();
        let shown = format!("{loaded:?}");
        assert!(!shown.contains("hunter22222"), "{shown}");
        assert_eq!(loaded.sources.get("owner.password").unwrap().value, "set");
        assert_eq!(loaded.sources.get("key").unwrap().value, "set");
    }
}
