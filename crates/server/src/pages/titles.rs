//! What a person knows a step and its fields as.

use model::Node;
use nodes::Catalogue;
use nodes::manifest::Text;

use super::layout::Layout;
use crate::texts::Language;

/// A step's names.
#[derive(Debug, Default)]
pub(super) struct StepTitles {
    /// What a person calls it, else its type's title.
    pub(super) title: String,
    /// Its type's title.
    pub(super) kind: String,
}

/// The names of a step; empty when there is no such node.
pub(super) fn step_titles(l: &Layout, catalogue: &Catalogue, node: Option<&Node>) -> StepTitles {
    let Some(node) = node else { return StepTitles::default() };
    let known = catalogue.get(&node.node_type);
    let kind = known.map_or(node.node_type.as_str(), |known| in_language(l, &known.node_type().title));
    let title = if node.title.is_empty() { kind } else { node.title.as_str() };
    StepTitles { title: title.to_owned(), kind: kind.to_owned() }
}

/// A field as its form calls it: `Body › ref` for `body.ref`. The editor does the same.
pub(super) fn field_title(l: &Layout, catalogue: &Catalogue, node: Option<&Node>, path: &str) -> String {
    let mut parts = path.split(['.', '[', ']', '\'', '"']).filter(|part| !part.is_empty());
    let Some(name) = parts.next() else { return path.to_owned() };
    let known = node.and_then(|node| catalogue.get(&node.node_type));
    let parameter = known.and_then(|known| known.node_type().parameters.iter().find(|one| one.name == name));
    let key = format!("editor.field.{name}");
    let title = match parameter {
        Some(parameter) => in_language(l, &parameter.title),
        None if l.t(&key) == key => name,
        None => l.t(&key),
    };
    std::iter::once(title).chain(parts).collect::<Vec<_>>().join(" › ")
}

/// A manifest's text in the reader's language.
pub(super) fn in_language<'a>(l: &Layout, text: &'a Text) -> &'a str {
    match l.texts().language() {
        Language::En => &text.en,
        Language::De => &text.de,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_step_and_its_field_are_called_what_the_form_calls_them() {
        let catalogue = Catalogue::load(&[]).unwrap();
        let node: Node = serde_json::from_value(json!({"id": "http_request", "type": "http.request"})).unwrap();
        for (language, kind, field) in
            [(Language::En, "HTTP request", "Body › ref"), (Language::De, "HTTP-Aufruf", "Inhalt › ref")]
        {
            let l = Layout::plain(language, "/");
            let titles = step_titles(&l, &catalogue, Some(&node));
            assert_eq!((titles.title.as_str(), titles.kind.as_str()), (kind, kind));
            assert_eq!(field_title(&l, &catalogue, Some(&node), "body.ref"), field);
            assert_ne!(field_title(&l, &catalogue, Some(&node), "credential"), "credential");
        }
        let named: Node =
            serde_json::from_value(json!({"id": "call", "type": "http.request", "title": "Tell the shop"})).unwrap();
        let l = Layout::plain(Language::De, "/");
        assert_eq!(step_titles(&l, &catalogue, Some(&named)).title, "Tell the shop");
        assert_eq!(field_title(&l, &catalogue, None, "odd[3]"), "odd › 3");
    }
}
