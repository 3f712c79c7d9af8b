//! Turns the bytes of a request into the value that expressions see as `trigger.body`. Pure: no I/O.
//!
//! The mapping is described for users in `docs/guide/payloads.md`.

mod charset;
mod decompress;
mod error;
mod file;
mod form;
mod json;
mod media_type;
mod multipart;
mod xml;

use serde_json::{Value, json};

pub use error::{BodyError, BodyErrorCode, Position};
pub use file::{Parsed, UploadedFile};
pub use media_type::MediaType;

use crate::config::Ingress;

/// What a body may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most bytes after decompression.
    pub max_decompressed_bytes: usize,
    /// The deepest nesting.
    pub max_depth: usize,
    /// The most values: members, items, elements, attributes, fields.
    pub max_values: usize,
    /// The most files.
    pub max_files: usize,
    /// The most bytes of one file.
    pub max_file_bytes: usize,
}

impl From<&Ingress> for Limits {
    fn from(ingress: &Ingress) -> Self {
        Self {
            max_decompressed_bytes: ingress.max_decompressed_bytes,
            max_depth: ingress.max_depth,
            max_values: ingress.max_values,
            max_files: ingress.max_files,
            max_file_bytes: ingress.max_file_bytes,
        }
    }
}

/// Parses `raw`, the body as it arrived, by its `Content-Type` and `Content-Encoding`.
///
/// The type that the sender states is believed: JSON sent as `text/plain` stays text. Without one, what begins like a
/// JSON object or array and is one becomes JSON, other readable text stays text, and the rest becomes a file.
pub fn parse(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
    raw: &[u8],
    limits: &Limits,
) -> Result<Parsed, BodyError> {
    let bytes = decompress::decompress(content_encoding, raw, limits.max_decompressed_bytes)?;
    if bytes.is_empty() {
        return Ok(Parsed::from(Value::Null));
    }
    let Some(content_type) = content_type.filter(|text| !text.trim().is_empty()) else {
        return Ok(guess(&bytes, raw, limits));
    };
    let Some(media_type) = MediaType::parse(content_type) else {
        return file(&bytes, "application/octet-stream", limits);
    };
    let charset = media_type.parameter("charset");
    match (media_type.main.as_str(), media_type.sub.as_str()) {
        ("application", "x-www-form-urlencoded") => Ok(form::parse(&bytes, charset, limits)?.into()),
        ("multipart", "form-data") => multipart::parse(&bytes, &media_type, limits),
        (_, sub) if is_json(sub) => {
            let text = charset::decode(&bytes, charset)?;
            let value = json::parse(&text, limits)?;
            Ok(Parsed::of_json(value, text.as_bytes() == raw))
        }
        (_, sub) if sub == "xml" || sub.ends_with("+xml") => {
            Ok(xml::parse(&charset::decode_xml(&bytes, charset)?, limits)?.into())
        }
        ("text", _) => Ok(Value::String(charset::decode(&bytes, charset)?.into_owned()).into()),
        _ => file(&bytes, &media_type.essence(), limits),
    }
}

fn is_json(sub: &str) -> bool {
    sub == "json" || sub.ends_with("+json")
}

/// Makes the best of a body whose sender does not say what it is.
fn guess(bytes: &[u8], raw: &[u8], limits: &Limits) -> Parsed {
    let Ok(text) = charset::decode(bytes, None) else {
        return Parsed::of_file(bytes.to_vec(), "application/octet-stream".to_owned());
    };
    if text.trim_start().starts_with(['{', '['])
        && let Ok(value) = json::parse(&text, limits)
    {
        return Parsed::of_json(value, text.as_bytes() == raw);
    }
    json!(text).into()
}

fn file(bytes: &[u8], content_type: &str, limits: &Limits) -> Result<Parsed, BodyError> {
    if bytes.len() > limits.max_file_bytes {
        let detail =
            format!("The body is a file of {} bytes; at most {} are allowed.", bytes.len(), limits.max_file_bytes);
        return Err(BodyError::new(BodyErrorCode::TooLarge, detail));
    }
    Ok(Parsed::of_file(bytes.to_vec(), content_type.to_owned()))
}

#[cfg(test)]
mod tests;
