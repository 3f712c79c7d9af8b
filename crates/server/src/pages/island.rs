//! The editor's place in a page: everything that its first picture needs stands in the page itself, so that the canvas works
//! without a second round trip. What is needed later comes in documents that the browser keeps, see [`super::reference`].

use std::collections::HashSet;

use nodes::Catalogue;
use nodes::condition::operators;
use serde::Serialize;
use serde_json::{Value, json};

use super::assets::{EditorFiles, editor_files, url};
use super::layout::Layout;
use super::reference::{Document, localise, start_messages};
use crate::problem::Problem;

/// What a card does not show of a parameter of its node type.
const NOT_ON_CARDS: &[&str] = &["default", "help", "maximum", "minimum", "placeholder", "visible_when"];

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
        let language = layout.texts().language();
        let mut data = json!({
            "language": language.code(),
            "csrf": layout.csrf,
            "sprite": url("icons.svg"),
            "texts": Document::Texts.address(catalogue, language),
            "catalogue": Document::Catalogue.address(catalogue, language),
            "functions": Document::Functions.address(catalogue, language),
            "messages": start_messages(layout.texts()),
            "node_types": drawn_node_types(catalogue, &opening.workflow)?,
            "operators": operators(),
        });
        localise(&mut data, language);
        let mut opening = serde_json::to_value(opening).map_err(Problem::unexpected)?;
        if let (Some(data), Some(opening)) = (data.as_object_mut(), opening.as_object_mut()) {
            data.append(opening);
        }
        // Inside a script element only `<` could end it or begin a comment.
        Ok(Self { files: editor_files(), data: data.to_string().replace('<', "\\u003c") })
    }
}

/// The node types of the steps that are drawn, with what a card shows of them.
fn drawn_node_types(catalogue: &Catalogue, workflow: &Value) -> Result<Vec<Value>, Problem> {
    let nodes = workflow["definition"]["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let drawn: HashSet<&str> = nodes.iter().filter_map(|node| node["type"].as_str()).collect();
    let node_types = catalogue.node_types().filter(|node_type| drawn.contains(node_type.name.as_str()));
    node_types
        .map(|node_type| {
            let mut shown = serde_json::to_value(node_type).map_err(Problem::unexpected)?;
            if let Some(fields) = shown.as_object_mut() {
                fields.remove("sample_output");
            }
            // Which ports a card has may depend on a value that nobody has given.
            let deciding: Vec<Value> =
                node_type.ports.iter().filter_map(|port| Some(json!(port.visible_when.as_ref()?.parameter))).collect();
            let parameters = shown["parameters"].as_array_mut().into_iter().flatten();
            for parameter in parameters.filter_map(Value::as_object_mut) {
                let decides = parameter.get("name").is_some_and(|name| deciding.contains(name));
                parameter.retain(|name, _| (decides && name == "default") || !NOT_ON_CARDS.contains(&name.as_str()));
            }
            Ok(shown)
        })
        .collect()
}
