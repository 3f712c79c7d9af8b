//! The body of a request as bytes.

use bytes::Bytes;
use model::{ErrorCode, NodeError, id};
use nodes::effect::{FileRef, HttpBody, Part};
use serde_json::{Value, json};

use super::super::exchange::shortened;
use super::super::stored::Stored;

/// A body ready to be sent.
pub(super) struct Content {
    /// The bytes; none means that the request has no body at all.
    pub(super) bytes: Option<Bytes>,
    /// The `Content-Type` that goes with them unless a header says otherwise.
    pub(super) media_type: Option<String>,
    /// Whether no header may say otherwise, because the type names a boundary inside the bytes.
    pub(super) fixed_type: bool,
    /// What the history shows of them.
    pub(super) shown: Value,
}

impl Content {
    /// Builds the body, at most `limit` bytes. Stored files are read here.
    pub(super) async fn build(
        body: &HttpBody,
        stored: &Stored,
        limit: usize,
        shown_limit: usize,
    ) -> Result<Self, NodeError> {
        let (bytes, content_type, shown) = match body {
            HttpBody::None => {
                return Ok(Self { bytes: None, media_type: None, fixed_type: false, shown: Value::Null });
            }
            HttpBody::Json(value) => (value.to_string().into_bytes(), "application/json".to_owned(), value.clone()),
            HttpBody::Form(pairs) => {
                let encoded = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
                (encoded.into_bytes(), "application/x-www-form-urlencoded".to_owned(), json!(pairs))
            }
            HttpBody::Text(text) => {
                (text.clone().into_bytes(), "text/plain; charset=utf-8".to_owned(), Value::from(text.as_str()))
            }
            HttpBody::File(reference) => {
                let file = stored.file(reference, limit).await?;
                let shown = shown_file(&file.name, &file.content_type, file.bytes.len());
                (file.bytes, file.content_type, shown)
            }
            HttpBody::Multipart(parts) => multipart(parts, stored, limit).await?,
        };
        if bytes.len() > limit {
            return Err(too_large(bytes.len(), limit));
        }
        let fixed_type = matches!(body, HttpBody::Multipart(_));
        let shown = shortened(shown, shown_limit);
        Ok(Self { bytes: Some(bytes.into()), media_type: Some(content_type), fixed_type, shown })
    }
}

fn shown_file(name: &str, content_type: &str, size: usize) -> Value {
    json!({ "file": name, "content_type": content_type, "size": size })
}

fn too_large(size: usize, limit: usize) -> NodeError {
    NodeError::permanent(
        ErrorCode::TooLarge,
        format!("The request body has {size} bytes, more than the {limit} that may be sent. Send less, or in parts."),
    )
    .at("body")
}

/// `multipart/form-data` (RFC 7578), with names escaped as browsers do it.
async fn multipart(parts: &[Part], stored: &Stored, limit: usize) -> Result<(Vec<u8>, String, Value), NodeError> {
    let boundary = format!("stellwerk-{}", id::random().simple());
    let mut bytes = Vec::new();
    let mut shown = Vec::new();
    for part in parts {
        bytes.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        let name = quoted(&part.name);
        match (&part.value, &part.file) {
            (Some(value), None) => {
                let head = format!("Content-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
                bytes.extend_from_slice(head.as_bytes());
                shown.push(json!({ "name": part.name, "value": value }));
            }
            (None, Some(reference)) => {
                shown.push(append_file(&mut bytes, &part.name, reference, stored, limit).await?);
            }
            _ => {
                let message = format!("The part `{}` needs either a value or a file.", part.name);
                return Err(NodeError::permanent(ErrorCode::Parameter, message).at("body"));
            }
        }
        if bytes.len() > limit {
            return Err(too_large(bytes.len(), limit));
        }
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    Ok((bytes, format!("multipart/form-data; boundary={boundary}"), Value::Array(shown)))
}

async fn append_file(
    bytes: &mut Vec<u8>,
    field: &str,
    reference: &FileRef,
    stored: &Stored,
    limit: usize,
) -> Result<Value, NodeError> {
    let file = stored.file(reference, limit).await?;
    // A line break in a stored type would add header fields to the part.
    let content_type: String = file.content_type.chars().filter(|character| !character.is_control()).collect();
    let head = format!(
        "Content-Disposition: form-data; name=\"{}\"; filename=\"{}\"\r\nContent-Type: {content_type}\r\n\r\n",
        quoted(field),
        quoted(&file.name)
    );
    bytes.extend_from_slice(head.as_bytes());
    bytes.extend_from_slice(&file.bytes);
    bytes.extend_from_slice(b"\r\n");
    Ok(json!({ "name": field, "file": shown_file(&file.name, &file.content_type, file.bytes.len()) }))
}

fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
