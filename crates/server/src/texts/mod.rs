//! What pages say, in every language of the product, from `messages/*.json`.

mod format;
mod language;

use std::collections::BTreeMap;
use std::sync::LazyLock;

pub use format::Format;
pub use language::{LANGUAGE_COOKIE, Language};

/// The texts of one language; templates call [`Texts::t`].
#[derive(Debug, Clone, Copy)]
pub struct Texts {
    language: Language,
}

impl Texts {
    /// The texts of a language.
    pub fn of(language: Language) -> Self {
        Self { language }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The text for a key. A key that is missing shows itself, so that it is noticed.
    pub fn t<'a>(&self, key: &'a str) -> &'a str {
        CATALOGUE[self.language as usize].get(key).map_or(key, String::as_str)
    }

    /// Every key with its text.
    pub fn all(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        CATALOGUE[self.language as usize].iter().map(|(key, text)| (key.as_str(), text.as_str()))
    }

    /// The text for a key with `{name}` replaced by a value.
    pub fn t1(&self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.t(key).replace(&format!("{{{name}}}"), &value.to_string())
    }
}

/// By [`Language`], in the order of its variants.
static CATALOGUE: LazyLock<[BTreeMap<String, String>; 2]> = LazyLock::new(|| {
    [include_str!("../../messages/en.json"), include_str!("../../messages/de.json")]
        .map(|text| serde_json::from_str(text).unwrap_or_default())
});

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
    }

    fn read_all(folder: &std::path::Path, sources: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                read_all(&path, sources);
            } else if path.extension().is_some_and(|extension| extension == "rs" || extension == "html") {
                *sources += &std::fs::read_to_string(path).unwrap();
            }
        }
    }

    #[test]
    fn every_text_exists_in_every_language_with_the_same_placeholders() {
        let [english, german] = &*CATALOGUE;
        assert!(english.len() > 10, "the English catalogue cannot be read");
        assert_eq!(english.keys().collect::<Vec<_>>(), german.keys().collect::<Vec<_>>());
        for (key, text) in english {
            assert_eq!(placeholders(text), placeholders(&german[key]), "{key}");
            assert!(!text.trim().is_empty() && !german[key].trim().is_empty(), "{key}");
        }
    }

    #[test]
    fn every_key_that_a_template_uses_exists_and_every_text_is_used() {
        let mut sources = String::new();
        for folder in ["/templates", "/src"] {
            read_all(&std::path::PathBuf::from(format!("{}{folder}", env!("CARGO_MANIFEST_DIR"))), &mut sources);
        }
        let mut used = BTreeSet::new();
        for opening in [".t(\"", ".t1(\"", "not_now(\"", "for_people(\"", "Self::said(invalid, \""] {
            used.extend(sources.split(opening).skip(1).filter_map(|rest| rest.split('"').next()));
        }
        let [english, _] = &*CATALOGUE;
        let missing: Vec<_> = used.iter().filter(|key| !english.contains_key(**key)).collect();
        assert!(missing.is_empty(), "no text for {missing:?}");
        let by_code = ["audit.action.", "error.", "status.", "form.", "editor.", "notice.", "failure.", "draft."];
        let idle = |key: &&String| {
            !sources.contains(&format!("\"{key}\"")) && !by_code.iter().any(|prefix| key.starts_with(prefix))
        };
        let unused: Vec<_> = english.keys().filter(idle).collect();
        assert!(unused.is_empty(), "nobody shows {unused:?}");
    }

    #[test]
    fn a_placeholder_is_filled_in() {
        assert!(Texts::of(Language::En).t1("form.password_too_short", "count", 10).contains("10"));
    }
}
