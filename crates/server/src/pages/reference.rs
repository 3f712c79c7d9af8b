//! What every editor looks things up in, whatever its workflow: texts, node types, functions. It comes in documents of its
//! own that a browser keeps; their addresses hold a hash of their content.

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::{Data, Path, Query};
use nodes::Catalogue;
use nodes::sandbox::function_docs;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::assets::editor_texts;
use crate::auth::SignedIn;
use crate::problem::Problem;
use crate::texts::{Language, Texts};

/// The texts that the editor may show; what else is in the catalogue it does not get.
const TEXTS: &[&str] = &[
    "editor.",
    "status.",
    "failure.",
    "draft.",
    "error.refused.",
    "credentials.test.",
    "form.address_invalid",
    "form.hosts_missing",
    "form.line_break",
    "form.missing",
    "form.not_a_choice",
];

/// A document. There are several because nobody needs all at once: settings need the texts and the node types of the drawing,
/// the list of steps all node types, a code field the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document {
    /// The texts that are not in the page, or with `?part=near` or `?part=rest` those of them.
    Texts,
    /// All node types, or with `?names=filter,if` only those, and all credential kinds.
    Catalogue,
    /// What expressions and scripts can call.
    Functions,
}

/// Which part of a document is wanted.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Part {
    /// Names of node types with commas between them; left out, everything.
    names: Option<String>,
    /// Which texts; left out, all of them.
    part: Option<TextPart>,
}

/// When the editor needs a text that its first picture does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TextPart {
    /// When a step is opened or a run begins.
    Near,
    /// Later.
    Rest,
}

impl Document {
    fn named(name: &str) -> Option<Self> {
        [Self::Texts, Self::Catalogue, Self::Functions].into_iter().find(|document| document.name() == name)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Texts => "texts",
            Self::Catalogue => "catalogue",
            Self::Functions => "functions",
        }
    }

    /// Where the document is served, and how it stands now.
    pub(super) fn address(self, catalogue: &Catalogue, language: Language) -> String {
        let hash = short_hash(&self.content(catalogue, language, &Part::default()));
        format!("/editor/{}.{}.{hash}.json", self.name(), language.code())
    }

    fn content(self, catalogue: &Catalogue, language: Language, part: &Part) -> String {
        let mut content = match self {
            Self::Texts => {
                let texts = editor_texts();
                let is_wanted = |key: &str| match part.part {
                    _ if texts.start.contains(key) => false,
                    None => true,
                    Some(part) => texts.near.contains(key) == (part == TextPart::Near),
                };
                json!({ "messages": messages(Texts::of(language), is_wanted) })
            }
            Self::Catalogue => {
                let wanted: Option<HashSet<&str>> = part.names.as_deref().map(|names| names.split(',').collect());
                let is_wanted = |name: &str| wanted.as_ref().is_none_or(|wanted| wanted.contains(name));
                let node_types = catalogue.node_types().filter(|node_type| is_wanted(&node_type.name));
                let kinds = catalogue.credential_kinds().filter(|_| wanted.is_none());
                json!({
                    "node_types": node_types.collect::<Vec<_>>(),
                    "credential_kinds": kinds.collect::<Vec<_>>(),
                })
            }
            Self::Functions => json!(function_docs()),
        };
        localise(&mut content, language);
        content.to_string()
    }
}

/// Serves a document under the address that [`Document::address`] gives. Connectors may be the owner's own, so nobody else
/// sees it.
pub(super) async fn serve(
    _signed_in: SignedIn,
    catalogue: Data<Catalogue>,
    name: Path<String>,
    part: Query<Part>,
) -> Result<HttpResponse, Problem> {
    let (document, language, hash) = parse(&name).ok_or_else(|| Problem::not_found("file"))?;
    let content = document.content(&catalogue, language, &part);
    // The address speaks of the whole, so that one hash holds for all its parts.
    let is_current = document.address(&catalogue, language).ends_with(&format!(".{hash}.json"));
    let mut response = HttpResponse::Ok();
    response.content_type(header::ContentType::json());
    // A page from before an update gets what holds now: old words are missing, but its parts open.
    if is_current {
        response.insert_header((header::CACHE_CONTROL, "private, max-age=31536000, immutable"));
    }
    Ok(response.body(content))
}

/// The texts that the editor draws its first picture with.
pub(super) fn start_messages(texts: Texts) -> Map<String, Value> {
    let start = editor_texts().start;
    messages(texts, |key| start.contains(key))
}

/// Puts the text in the person's language in the place of texts in all languages. An object that has more than the texts,
/// such as a function's documentation, keeps the rest and gets the text as its `description`.
pub(super) fn localise(value: &mut Value, language: Language) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| localise(item, language)),
        Value::Object(fields) => {
            if let Some(text) = text_in(fields, language) {
                if fields.len() == 2 {
                    *value = text;
                    return;
                }
                fields.retain(|name, _| name != "en" && name != "de");
                fields.insert("description".to_owned(), text);
            }
            fields.values_mut().for_each(|field| localise(field, language));
        }
        _ => {}
    }
}

fn parse(name: &str) -> Option<(Document, Language, &str)> {
    let mut parts = name.strip_suffix(".json")?.splitn(3, '.');
    let document = Document::named(parts.next()?)?;
    let language = Language::from_code(parts.next()?)?;
    Some((document, language, parts.next()?))
}

fn messages(texts: Texts, is_wanted: impl Fn(&str) -> bool) -> Map<String, Value> {
    // What to do about a refusal stands at the event.
    let is_elsewhere = |key: &str| key.starts_with("error.") && key.ends_with(".advice");
    let is_for_editor = |key: &str| TEXTS.iter().any(|prefix| key.starts_with(prefix)) && !is_elsewhere(key);
    let wanted = texts.all().filter(|(key, _)| is_for_editor(key) && is_wanted(key));
    wanted.map(|(key, text)| (key.to_owned(), Value::from(text))).collect()
}

fn text_in(fields: &Map<String, Value>, language: Language) -> Option<Value> {
    let is_text = |code: &str| fields.get(code).is_some_and(Value::is_string);
    (is_text("en") && is_text("de")).then(|| fields[language.code()].clone())
}

fn short_hash(content: &str) -> String {
    hex::encode(&Sha256::digest(content)[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_stand_in_the_persons_language_only() {
        let mut value = json!({
            "title": { "en": "Mail", "de": "Post" },
            "functions": [{ "name": "upper", "en": "Capitals", "de": "Großbuchstaben" }],
            "sample_output": { "en": 1, "de": 2 },
        });
        localise(&mut value, Language::De);
        let expected = json!({
            "title": "Post",
            "functions": [{ "name": "upper", "description": "Großbuchstaben" }],
            "sample_output": { "en": 1, "de": 2 },
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn a_part_of_the_catalogue_has_the_node_types_that_were_asked_for() {
        let catalogue = Catalogue::load(&[]).unwrap();
        let part = Part { names: Some("filter,http.request".to_owned()), part: None };
        let content = Document::Catalogue.content(&catalogue, Language::En, &part);
        let content: Value = serde_json::from_str(&content).unwrap();
        let names: Vec<&str> =
            content["node_types"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
        assert_eq!((names.len(), content["credential_kinds"].as_array().unwrap().len()), (2, 0), "{names:?}");
    }

    #[test]
    fn each_text_is_in_one_part() {
        let catalogue = Catalogue::load(&[]).unwrap();
        let keys = |part| {
            let content = Document::Texts.content(&catalogue, Language::De, &Part { part, ..Part::default() });
            let content: Value = serde_json::from_str(&content).unwrap();
            content["messages"].as_object().unwrap().keys().cloned().collect::<Vec<_>>()
        };
        let mut parts = keys(Some(TextPart::Near));
        parts.extend(keys(Some(TextPart::Rest)));
        parts.sort();
        assert_eq!(parts, keys(None));
    }

    #[test]
    fn an_address_names_document_language_and_state() {
        let catalogue = Catalogue::load(&[]).unwrap();
        for document in [Document::Texts, Document::Catalogue, Document::Functions] {
            for language in [Language::En, Language::De] {
                let address = document.address(&catalogue, language);
                let name = address.strip_prefix("/editor/").unwrap();
                let hash = short_hash(&document.content(&catalogue, language, &Part::default()));
                assert_eq!(parse(name), Some((document, language, hash.as_str())));
            }
        }
        for name in ["texts.json", "texts.fr.0a1b2c3d.json", "secrets.en.0a1b2c3d.json", "texts.en.0a1b2c3d"] {
            assert!(parse(name).is_none(), "{name}");
        }
    }
}
