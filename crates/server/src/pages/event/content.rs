//! What was sent: header fields, query and body, in forms that a person can read.

use model::Event;
use serde_json::{Map, Value};
use storage::{EventRecord, Storage};

use super::super::layout::Layout;
use super::super::shown::{Reader, Shown};
use crate::problem::Problem;
use crate::redaction::{Sight, mask_event, personal_of};

/// The most files that are listed.
const MAX_FILES: usize = 100;

/// What was sent.
pub(super) struct Content {
    pub(super) headers: Vec<(String, String)>,
    pub(super) query: Vec<(String, String)>,
    /// The parsed body; none when there was none or it could not be read.
    pub(super) body: Option<Shown>,
    pub(super) raw: Raw,
    pub(super) files: Vec<FileRow>,
    /// Whether something is masked because it is personal.
    pub(super) is_masked: bool,
}

/// The body as it was sent.
pub(super) enum Raw {
    /// There was none.
    Empty,
    /// It reads as text.
    Text(Shown),
    /// It is not text.
    Binary,
}

/// A file that came with an event.
pub(super) struct FileRow {
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) size: String,
}

impl Content {
    /// Reads what was sent. When something is masked in it, how it was sent is not shown at all.
    pub(super) async fn read(
        l: &Layout,
        storage: &Storage,
        event: &EventRecord,
        sight: Sight,
    ) -> Result<Self, Problem> {
        let mut content = storage.event_content(event.id).await?;
        let is_masked =
            sight == Sight::Masked && mask_event(&personal_of(storage, event.workflow, None).await?, &mut content);
        let Event { headers, query, body, .. } = content;
        let bytes = if is_masked { Vec::new() } else { storage.event_raw_body(event.id).await?.1 };
        let (mut files, mut reader) = (Vec::new(), Reader::new(l));
        find_files(l, &body, &mut files);
        Ok(Self {
            headers: headers.into_iter().map(|(name, value)| (name, text_of(value))).collect(),
            query: several(query),
            body: (!body.is_null()).then(|| reader.show(&body)),
            raw: Raw::of(bytes, &mut reader),
            files,
            is_masked,
        })
    }
}

impl Raw {
    fn of(bytes: Vec<u8>, reader: &mut Reader) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        match String::from_utf8(bytes) {
            Ok(text) if !text.contains('\0') => Self::Text(reader.show(&Value::String(text))),
            _ => Self::Binary,
        }
    }
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A parameter that occurs several times has a row for each.
fn several(query: Map<String, Value>) -> Vec<(String, String)> {
    let rows = |(name, value): (String, Value)| match value {
        Value::Array(values) => values.into_iter().map(|value| (name.clone(), text_of(value))).collect(),
        value => vec![(name, text_of(value))],
    };
    query.into_iter().flat_map(rows).collect()
}

/// Files stand in the body as references, see `nodes::effect::FileRef`.
fn find_files(l: &Layout, value: &Value, files: &mut Vec<FileRow>) {
    if files.len() >= MAX_FILES {
        return;
    }
    match value {
        Value::Object(fields) if fields.get("file_id").is_some_and(Value::is_string) => {
            let text = |name: &str| fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let size = fields.get("size").and_then(Value::as_u64).unwrap_or_default();
            files.push(FileRow {
                name: text("name"),
                content_type: text("content_type"),
                size: l.format().bytes(size),
            });
        }
        Value::Object(fields) => fields.values().for_each(|value| find_files(l, value, files)),
        Value::Array(values) => values.iter().for_each(|value| find_files(l, value, files)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::texts::Language;

    #[test]
    fn only_text_is_shown_as_text() {
        let l = Layout::plain(Language::En, "/");
        let raw = |bytes: &[u8]| Raw::of(bytes.to_vec(), &mut Reader::new(&l));
        assert!(matches!(raw(b""), Raw::Empty));
        assert!(matches!(raw(b"<b>"), Raw::Text(shown) if shown.text == "<b>"));
        assert!(matches!(raw(&[0xff, 0xfe]), Raw::Binary));
        assert!(matches!(raw(b"a\0b"), Raw::Binary));
    }

    #[test]
    fn files_are_found_wherever_they_lie_in_the_body() {
        let reference = json!({"file_id": "1", "name": "a.pdf", "content_type": "application/pdf", "size": 1500});
        let mut files = Vec::new();
        let l = Layout::plain(Language::En, "/");
        find_files(&l, &json!({"order": {"papers": [reference, {"file_id": 7}]}}), &mut files);
        let [file] = files.as_slice() else { panic!("{} files", files.len()) };
        assert_eq!((file.name.as_str(), file.size.as_str()), ("a.pdf", "1.5 kB"));
    }
}
