//! A parsed body, and the files in it that still have to be stored.

use serde_json::{Value, json};

/// A body as a value. Where a file was, the value holds null until [`Parsed::with_files`] puts a reference there.
#[derive(Debug, Clone, PartialEq)]
pub struct Parsed {
    /// The value.
    pub value: Value,
    /// The files, in the order of the body.
    pub files: Vec<UploadedFile>,
    /// Whether the bytes as they arrived, read as JSON, are exactly this value.
    pub is_verbatim: bool,
}

/// A file in a body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadedFile {
    /// Its place in the value, as a JSON pointer (RFC 6901).
    pub place: String,
    /// The field that it came in; `file` when it is the whole body.
    pub field: String,
    /// The name that the sender gave it, without any path.
    pub name: String,
    /// Its media type, without parameters.
    pub content_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Parsed {
    /// A body that was read as JSON, `as_it_arrived` or decoded before. What is text or nothing is told apart from a body
    /// that only looks like it, so it does not count as verbatim.
    pub(super) fn of_json(value: Value, as_it_arrived: bool) -> Self {
        let is_verbatim = as_it_arrived && !matches!(value, Value::Null | Value::String(_));
        Self { value, files: Vec::new(), is_verbatim }
    }

    /// A body that is one file: `{"file": …}`.
    pub(super) fn of_file(bytes: Vec<u8>, content_type: String) -> Self {
        let name = "body".to_owned();
        let file = UploadedFile { place: "/file".to_owned(), field: "file".to_owned(), name, content_type, bytes };
        Self { value: json!({ "file": null }), files: vec![file], is_verbatim: false }
    }

    /// The value with one reference per file, in the same order, put where the files were.
    pub fn with_files(mut self, references: impl IntoIterator<Item = Value>) -> Value {
        for (file, reference) in self.files.iter().zip(references) {
            if let Some(place) = self.value.pointer_mut(&file.place) {
                *place = reference;
            }
        }
        self.value
    }
}

impl From<Value> for Parsed {
    fn from(value: Value) -> Self {
        Self { value, files: Vec::new(), is_verbatim: false }
    }
}
