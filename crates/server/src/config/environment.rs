//! How environment variables are named after keys.

/// What every variable begins with.
pub(super) const PREFIX: &str = "STELLWERK_";

/// Names the configuration file; the only variable that is no key.
pub(super) const CONFIG_FILE: &str = "STELLWERK_CONFIG";

/// Where tests want the process to end; no setting, and known only to builds that have such places.
#[cfg(any(debug_assertions, feature = "crash-points"))]
pub(super) const CRASH_AT: &str = "STELLWERK_CRASH_AT";

/// Short names that people expect, and the keys they stand for.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("STELLWERK_OWNER_EMAIL", "owner.email"),
    ("STELLWERK_OWNER_PASSWORD", "owner.password"),
    ("STELLWERK_OUTGOING_ALLOW", "outgoing.allow"),
    ("STELLWERK_LOG", "log.level"),
];

/// The variable for a key: `ingress.max_files` is `STELLWERK_INGRESS__MAX_FILES`.
pub(super) fn variable_of(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_ascii_uppercase())
}

/// The key that a variable stands for, if it is one of `keys`.
pub(super) fn key_of<'a>(variable: &str, mut keys: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let short = SHORT_NAMES.iter().find(|(name, _)| *name == variable).map(|(_, key)| *key);
    keys.find(|key| short.map_or_else(|| variable_of(key) == variable, |short| short == *key))
}

/// Every name that a variable may have.
pub(super) fn known_names<'a>(keys: impl Iterator<Item = &'a str>) -> Vec<String> {
    let short = SHORT_NAMES.iter().map(|(name, _)| (*name).to_owned());
    keys.map(variable_of).chain(short).chain([CONFIG_FILE.to_owned()]).collect()
}
