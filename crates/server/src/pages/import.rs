//! Bringing in a workflow from a file or from pasted text.

use actix_web::http::StatusCode;
use actix_web::web::{Bytes, Data};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use model::{Definition, WorkflowId};
use serde::Deserialize;
use serde_json::Value;
use storage::Storage;

use super::layout::{Layout, page, see_other};
use super::upload;
use crate::auth::SignedIn;
use crate::config::Config;
use crate::problem::Problem;
use crate::webhooks::body::Parsed;
use crate::webhooks::webhook_nodes;

/// The longest name, in characters.
const MAX_NAME: usize = 200;

#[derive(Template)]
#[template(path = "import.html")]
struct ImportPage {
    l: Layout,
    text: String,
    fault: String,
    /// What exactly cannot be read, in the words of the reader.
    reason: String,
}

/// A file that names its workflow, as the export writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    name: String,
    definition: Definition,
    /// Which workflow it was where it comes from; here it becomes a new one.
    #[serde(default, rename = "id")]
    _id: Option<WorkflowId>,
}

/// Why something cannot be imported: the key of a text, and what the reader says.
#[derive(Debug, PartialEq, Eq)]
struct Fault(&'static str, String);

/// The form.
pub(super) async fn show(request: HttpRequest, signed_in: SignedIn) -> Result<HttpResponse, Problem> {
    let l = Layout::for_user(&request, &signed_in);
    page(StatusCode::OK, &ImportPage { l, text: String::new(), fault: String::new(), reason: String::new() })
}

/// Makes a draft of what was sent and leads to its editor, or shows the form again and says why not.
pub(super) async fn import(
    request: HttpRequest,
    signed_in: SignedIn,
    storage: Data<Storage>,
    config: Data<Config>,
    bytes: Bytes,
) -> Result<HttpResponse, Problem> {
    let form = upload::read(&request, &signed_in, &config, &bytes)?;
    let text = upload::field(&form, "text").to_owned();
    let (source, file_name) = source_of(&form, &text);
    match read(&source, file_name.as_deref()) {
        Ok((name, definition)) => {
            let record = storage.create_workflow(&name, &definition, webhook_nodes(&definition)).await?;
            Ok(see_other(&format!("/workflows/{}", record.id)))
        }
        Err(Fault(key, reason)) => {
            let mut l = Layout::for_user(&request, &signed_in);
            "/workflows/import".clone_into(&mut l.path);
            let fault = l.t(key).to_owned();
            page(StatusCode::UNPROCESSABLE_ENTITY, &ImportPage { l, text, fault, reason })
        }
    }
}

/// The file if one was chosen, else the pasted text.
fn source_of(form: &Parsed, text: &str) -> (Vec<u8>, Option<String>) {
    match form.files.iter().find(|file| file.field == "file" && !file.bytes.is_empty()) {
        Some(file) => (file.bytes.clone(), Some(file.name.clone())),
        None => (text.as_bytes().to_vec(), None),
    }
}

fn read(source: &[u8], file_name: Option<&str>) -> Result<(String, Definition), Fault> {
    let text = std::str::from_utf8(source).map_err(|_| Fault("import.not_json", String::new()))?;
    if text.trim().is_empty() {
        return Err(Fault("import.nothing", String::new()));
    }
    let value: Value = serde_json::from_str(text).map_err(|error| Fault("import.not_json", error.to_string()))?;
    let unfit = |error: serde_json::Error| Fault("import.unfit", error.to_string());
    let (name, definition) = if value.get("definition").is_some() {
        // Read again from the text, because only then the reader knows lines and columns.
        let document: Document = serde_json::from_str(text).map_err(unfit)?;
        (document.name, document.definition)
    } else {
        let stem = file_name.and_then(|name| name.rsplit_once('.')).map(|(stem, _)| stem.to_owned());
        (stem.unwrap_or_default(), serde_json::from_str(text).map_err(unfit)?)
    };
    let name: String = name.trim().chars().take(MAX_NAME).collect();
    Ok((if name.is_empty() { "Import".to_owned() } else { name }, definition))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_an_export_or_a_bare_definition_and_faults_are_named() {
        let definition = r#"{"nodes": [{"id": "a", "type": "manual"}]}"#;
        let export = format!("{{\"name\": \" Orders \", \"definition\": {definition}}}");
        assert_eq!(read(export.as_bytes(), Some("x.json")).unwrap().0, "Orders");
        assert_eq!(read(definition.as_bytes(), Some("Our orders.json")).unwrap().0, "Our orders");
        assert_eq!(read(definition.as_bytes(), None).unwrap().1.nodes.len(), 1);
        for (text, key, part) in [
            (" ", "import.nothing", ""),
            ("{", "import.not_json", "line 1"),
            (r#"{"nodes": 1}"#, "import.unfit", "line 1"),
            (r#"{"name": "x", "definition": {}, "colour": 1}"#, "import.unfit", "colour"),
        ] {
            let Fault(found, reason) = read(text.as_bytes(), None).unwrap_err();
            assert!(found == key && reason.contains(part), "{text}: {found} {reason}");
        }
        assert_eq!(read(&[0xff], None), Err(Fault("import.not_json", String::new())));
    }
}
