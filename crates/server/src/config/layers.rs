//! Puts the layers over each other and reports everything that does not fit.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::environment::{CONFIG_FILE, key_of, known_names};
use super::nearest::nearest;
use super::ranges::RANGES;
use super::sources::{Setting, Source, Sources};
use super::{Config, ConfigError, Loaded};

/// Keys whose values are never shown.
const SECRETS: &[&str] = &["key", "owner.password"];

/// The settings while they are being read: every known key with its value and where that came from.
pub(super) struct Layers {
    values: BTreeMap<String, (Value, Source)>,
    problems: Vec<String>,
}

impl Layers {
    /// Begins with the defaults, whose keys are all the keys there are.
    pub(super) fn of_defaults(text: &str) -> Self {
        let mut leaves = Vec::new();
        let mut problems = Vec::new();
        match text.parse::<Table>() {
            Ok(table) => collect_leaves("", table, &mut leaves),
            Err(error) => problems.push(format!("The built-in defaults are broken: {error}")),
        }
        let values = leaves.into_iter().map(|(key, value)| (key, (value, Source::Default))).collect();
        Self { values, problems }
    }

    /// Notes a problem that was found elsewhere.
    pub(super) fn refuse(&mut self, problem: String) {
        self.problems.push(problem);
    }

    /// Puts a configuration file on top.
    pub(super) fn add_file(&mut self, path: &Path, text: &str) {
        let table = match text.parse::<Table>() {
            Ok(table) => table,
            Err(error) => {
                let what = error.message();
                let line = error.span().map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                return self.refuse(format!("{}, line {line}: this is not valid TOML: {what}.", path.display()));
            }
        };
        let mut leaves = Vec::new();
        collect_leaves("", table, &mut leaves);
        for (key, value) in leaves {
            match self.check_file_value(&key, &value) {
                Ok(()) => drop(self.values.insert(key, (value, Source::File(path.to_owned())))),
                Err(problem) => self.refuse(format!("{}: {problem}", path.display())),
            }
        }
    }

    /// Puts environment variables on top.
    pub(super) fn add_environment(&mut self, variables: &BTreeMap<String, String>) {
        for (name, text) in variables {
            if name == CONFIG_FILE {
                continue;
            }
            let Some(key) = key_of(name, self.keys()).map(str::to_owned) else {
                let names = known_names(self.keys());
                let hint = nearest(name, names.iter().map(String::as_str))
                    .map_or_else(|| SEE_DOCTOR.to_owned(), |name| format!("Did you mean {name}?"));
                self.refuse(format!("The environment variable {name} is not a known setting. {hint}"));
                continue;
            };
            let (current, source) = &self.values[&key];
            if let Source::Environment(other) = source {
                let problem = format!("`{key}` is given twice, by {other} and by {name}. Remove one of them.");
                self.refuse(problem);
                continue;
            }
            match read_as(current, text) {
                Ok(value) => drop(self.values.insert(key, (value, Source::Environment(name.clone())))),
                Err(kind) => self.refuse(format!("{name} must be {kind}.")),
            }
        }
    }

    /// Turns the layers into settings, or into the list of everything that is wrong.
    pub(super) fn finish(mut self) -> Result<Loaded, ConfigError> {
        self.check_ranges();
        let mut table = Table::new();
        for (key, (value, _)) in &self.values {
            insert(&mut table, key, value.clone());
        }
        let config = Config::from_table(table, |key| self.values.get(key).map(|(_, source)| source.to_string()));
        let sources = self
            .values
            .iter()
            .map(|(key, (value, source))| (key.clone(), Setting { value: shown(key, value), source: source.clone() }));
        let sources = Sources(sources.collect());
        match config {
            Ok(config) if self.problems.is_empty() => Ok(Loaded { config, sources }),
            Ok(_) => Err(ConfigError { problems: self.problems }),
            Err(more) => {
                self.problems.extend(more);
                Err(ConfigError { problems: self.problems })
            }
        }
    }

    fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    fn check_file_value(&self, key: &str, value: &Value) -> Result<(), String> {
        if let Some((known, _)) = self.values.get(key) {
            let kind = kind_of(known);
            return if kind == kind_of(value) { Ok(()) } else { Err(format!("`{key}` must be {kind}.")) };
        }
        if self.keys().any(|known| known.starts_with(&format!("{key}."))) {
            return Err(format!("`{key}` is a table; write its keys under [{key}]."));
        }
        if let Some(known) = self.keys().find(|known| key.starts_with(&format!("{known}."))) {
            return Err(format!("`{known}` is no table; write {known} = {}.", self.values[known].0));
        }
        let hint =
            nearest(key, self.keys()).map_or_else(|| SEE_DOCTOR.to_owned(), |known| format!("Did you mean `{known}`?"));
        Err(format!("`{key}` is not a known setting. {hint}"))
    }

    fn check_ranges(&mut self) {
        for (key, smallest, largest) in RANGES {
            if let Some((Value::Integer(number), source)) = self.values.get(*key)
                && !(smallest..=largest).contains(&number)
            {
                let problem = format!("`{key}` ({source}) must lie between {smallest} and {largest}, it is {number}.");
                self.problems.push(problem);
            }
        }
    }
}

const SEE_DOCTOR: &str = "`stellwerk doctor` lists all of them.";

fn collect_leaves(prefix: &str, table: Table, leaves: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) => collect_leaves(&key, inner, leaves),
            leaf => leaves.push((key, leaf)),
        }
    }
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some((name, rest)) => {
            let inner = table.entry(name.to_owned()).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}

/// Reads a variable's text as the same kind of value as `like`.
fn read_as(like: &Value, text: &str) -> Result<Value, &'static str> {
    let kind = kind_of(like);
    match like {
        Value::Integer(_) => text.trim().parse().map(Value::Integer).map_err(|_| kind),
        Value::Boolean(_) => text.trim().parse().map(Value::Boolean).map_err(|_| kind),
        Value::Array(_) => {
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Ok(Value::Array(items.map(|item| Value::String(item.to_owned())).collect()))
        }
        _ => Ok(Value::String(text.to_owned())),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Integer(_) => "a whole number",
        Value::Boolean(_) => "true or false",
        Value::Array(_) => "a list",
        Value::String(_) => "a text",
        _ => "of another kind",
    }
}

fn shown(key: &str, value: &Value) -> String {
    if SECRETS.contains(&key) {
        let is_empty = value.as_str().is_none_or(str::is_empty);
        return if is_empty { "not set" } else { "set" }.to_owned();
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_number_in_the_defaults_has_a_range_and_no_range_is_without_a_number() {
        let layers = Layers::of_defaults(super::super::DEFAULTS);
        let numbers = layers.values.iter().filter(|(_, (value, _))| value.is_integer());
        let numbers: BTreeSet<_> = numbers.map(|(key, _)| key.as_str()).collect();
        let ranges: BTreeSet<_> = RANGES.iter().map(|(key, _, _)| *key).collect();
        assert_eq!(numbers, ranges);
    }
}
