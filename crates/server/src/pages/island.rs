//! The editor's place in a page: everything it needs stands in the page itself, so that the canvas works without a second
//! round trip.

use nodes::Catalogue;
use nodes::condition::operators;
use nodes::sandbox::function_docs;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::assets::{EditorFiles, editor_files};
use super::layout::Layout;
use crate::problem::Problem;
use crate::texts::{Language, Texts};

/// The texts that the editor may show; what else is in the catalogue it does not get.
const TEXTS: &[&str] = &["editor.", "status.", "failure.", "draft."];

/// What a template needs to show the editor; `island.html` draws it.
#[derive(Debug)]
pub(super) struct Island {
    /// The files to load; none when the binary was built without the editor.
    pub(super) files: Option<EditorFiles>,
    /// The data as JSON that is safe inside a `<script>` element.
    pub(super) data: String,
}

/// What the editor is opened with, beside what is the same for all workflows.
#[derive(Debug, Serialize)]
pub(super) struct Opening {
    /// `edit` or `run`.
    pub(super) mode: &'static str,
    /// The workflow with the definition that is drawn.
    pub(super) workflow: Value,
    /// The addresses of its webhooks.
    pub(super) webhooks: Value,
    /// All stored credentials, without secrets.
    pub(super) credentials: Value,
    /// Example data of its nodes.
    pub(super) samples: Value,
    /// The run that lies over the canvas; null for none.
    pub(super) run: Value,
}

impl Island {
    /// The editor for this page.
    pub(super) fn new(layout: &Layout, catalogue: &Catalogue, opening: &Opening) -> Result<Self, Problem> {
        let texts = layout.texts();
        let mut data = json!({
            "language": layout.language(),
            "csrf": layout.csrf,
            "messages": messages(texts),
            "node_types": catalogue.node_types().collect::<Vec<_>>(),
            "operators": operators(),
            "functions": function_docs(),
            "credential_kinds": catalogue.credential_kinds().collect::<Vec<_>>(),
        });
        localise(&mut data, texts.language());
        let mut opening = serde_json::to_value(opening).map_err(Problem::unexpected)?;
        if let (Some(data), Some(opening)) = (data.as_object_mut(), opening.as_object_mut()) {
            data.append(opening);
        }
        // Inside a script element only `<` could end it or begin a comment.
        Ok(Self { files: editor_files(), data: data.to_string().replace('<', "\\u003c") })
    }
}

fn messages(texts: Texts) -> Map<String, Value> {
    let wanted = |key: &str| TEXTS.iter().any(|prefix| key.starts_with(prefix));
    texts.all().filter(|(key, _)| wanted(key)).map(|(key, text)| (key.to_owned(), Value::from(text))).collect()
}

/// Puts the text in the person's language in the place of texts in all languages. An object that has more than the texts,
/// such as a function's documentation, keeps the rest and gets the text as its `description`.
fn localise(value: &mut Value, language: Language) {
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

fn text_in(fields: &Map<String, Value>, language: Language) -> Option<Value> {
    let is_text = |code: &str| fields.get(code).is_some_and(Value::is_string);
    (is_text("en") && is_text("de")).then(|| fields[language.code()].clone())
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
}
