//! `multipart/form-data` (RFC 7578).

use std::collections::BTreeMap;

use memchr::memmem;
use percent_encoding::percent_decode_str;
use serde_json::Value;

use super::charset::{decode, find_encoding};
use super::error::{BodyError, BodyErrorCode, Position};
use super::file::{Parsed, UploadedFile};
use super::media_type::{MediaType, find_parameter, split_parameters};
use super::{Limits, form, is_json, json};

const MAX_PART_HEADER_BYTES: usize = 8 * 1024;

/// Parses fields into an object; a name that occurs several times becomes an array. A part with a file name is a file.
pub(super) fn parse(bytes: &[u8], media_type: &MediaType, limits: &Limits) -> Result<Parsed, BodyError> {
    let boundary = media_type.parameter("boundary").filter(|boundary| (1..=70).contains(&boundary.len()));
    let Some(boundary) = boundary else {
        return Err(BodyError::invalid("`Content-Type: multipart/form-data` lacks a boundary of 1 to 70 characters."));
    };
    let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut files = Vec::new();
    let mut found = 0;
    for part in Parts::new(bytes, boundary)? {
        let part = part?;
        found += 1;
        if found > limits.max_values {
            let detail = format!("The form has more than {} fields.", limits.max_values);
            return Err(BodyError::too_complex(detail).at(Position::of_byte(bytes, part.byte)));
        }
        let head = Head::parse(&part).map_err(|error| error.at(Position::of_byte(bytes, part.byte)))?;
        let values = fields.entry(head.name.clone()).or_default();
        match head.file_name.clone() {
            // A browser sends an empty, nameless file for a field where none was chosen.
            Some(name) if name.is_empty() && part.content.is_empty() => values.push(Value::Null),
            Some(name) => {
                let file = file_of(&head, name, part.content, values.len(), limits)
                    .and_then(|file| check_count(files.len(), limits).map(|()| file))
                    .map_err(|error| error.at(Position::of_byte(bytes, part.byte)))?;
                files.push(file);
                values.push(Value::Null);
            }
            None => values.push(field_value(&head, part.content, limits)?),
        }
    }
    for file in &mut files {
        if fields.get(&file.field).is_some_and(|values| values.len() == 1) {
            file.place = format!("/{}", pointer_token(&file.field));
        }
    }
    Ok(Parsed { value: Value::Object(form::gather(fields)), files, is_verbatim: false })
}

fn field_value(head: &Head, content: &[u8], limits: &Limits) -> Result<Value, BodyError> {
    let media_type = head.content_type.as_deref().and_then(MediaType::parse);
    let charset = media_type.as_ref().and_then(|media_type| media_type.parameter("charset"));
    let in_field = |error: BodyError| {
        let detail = format!("In the field `{}`: {}", head.name, error.detail);
        BodyError { detail, ..error }
    };
    let text = decode(content, charset).map_err(in_field)?;
    match media_type {
        Some(media_type) if is_json(&media_type.sub) => json::parse(&text, limits).map_err(in_field),
        _ => Ok(Value::String(text.into_owned())),
    }
}

fn file_of(
    head: &Head,
    name: String,
    content: &[u8],
    index: usize,
    limits: &Limits,
) -> Result<UploadedFile, BodyError> {
    if content.len() > limits.max_file_bytes {
        let detail =
            format!("The file `{name}` has {} bytes; at most {} are allowed.", content.len(), limits.max_file_bytes);
        return Err(BodyError::new(BodyErrorCode::TooLarge, detail));
    }
    let media_type = head.content_type.as_deref().and_then(MediaType::parse);
    Ok(UploadedFile {
        place: format!("/{}/{index}", pointer_token(&head.name)),
        field: head.name.clone(),
        name,
        content_type: media_type.map_or_else(|| "application/octet-stream".to_owned(), |known| known.essence()),
        bytes: content.to_vec(),
    })
}

fn check_count(found: usize, limits: &Limits) -> Result<(), BodyError> {
    if found < limits.max_files {
        return Ok(());
    }
    let detail = format!("The form has more than {} files.", limits.max_files);
    Err(BodyError::new(BodyErrorCode::TooLarge, detail))
}

/// Escapes a name for a JSON pointer (RFC 6901 §3).
fn pointer_token(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// What the header of a part says.
struct Head {
    name: String,
    file_name: Option<String>,
    content_type: Option<String>,
}

impl Head {
    fn parse(part: &Part<'_>) -> Result<Self, BodyError> {
        // Old senders write Latin letters as they are; everything else is UTF-8.
        let text = decode(part.header, None).or_else(|_| decode(part.header, Some("windows-1252")))?;
        let (mut disposition, mut content_type) = (None, None);
        for line in text.split("\r\n") {
            let Some((name, value)) = line.split_once(':') else { continue };
            match name.trim().to_ascii_lowercase().as_str() {
                "content-disposition" => disposition = Some(split_parameters(value.trim())),
                "content-type" => content_type = Some(value.trim().to_owned()),
                _ => {}
            }
        }
        let (_, parameters) = disposition
            .filter(|(kind, _)| kind.eq_ignore_ascii_case("form-data"))
            .ok_or_else(|| BodyError::invalid("A part of the form lacks `Content-Disposition: form-data`."))?;
        let name = find_parameter(&parameters, "name")
            .ok_or_else(|| BodyError::invalid("A part of the form lacks a name in its `Content-Disposition`."))?;
        let extended = find_parameter(&parameters, "filename*").and_then(extended_value);
        let file_name = extended.or_else(|| find_parameter(&parameters, "filename").map(str::to_owned));
        let file_name = file_name.map(|name| without_path(&unescape_quotes(&name)));
        Ok(Self { name: unescape_quotes(name), file_name, content_type })
    }
}

/// Browsers write `"`, CR and LF in names as `%22`, `%0D` and `%0A` (HTML, multipart/form-data encoding algorithm).
fn unescape_quotes(name: &str) -> String {
    name.replace("%22", "\"").replace("%0D", "\r").replace("%0A", "\n")
}

/// `UTF-8''na%C3%AFve.txt` (RFC 8187).
fn extended_value(text: &str) -> Option<String> {
    let (charset, rest) = text.split_once('\'')?;
    let (_language, value) = rest.split_once('\'')?;
    let encoding = find_encoding(Some(charset)).ok()?;
    let bytes: Vec<u8> = percent_decode_str(value).collect();
    encoding.decode_without_bom_handling_and_without_replacement(&bytes).map(std::borrow::Cow::into_owned)
}

fn without_path(name: &str) -> String {
    name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned()
}

struct Part<'a> {
    header: &'a [u8],
    content: &'a [u8],
    byte: usize,
}

/// Walks over the parts between the boundaries.
struct Parts<'a> {
    bytes: &'a [u8],
    delimiter: memmem::Finder<'static>,
    delimiter_length: usize,
    position: Option<usize>,
}

impl<'a> Parts<'a> {
    fn new(bytes: &'a [u8], boundary: &str) -> Result<Self, BodyError> {
        let delimiter = format!("\r\n--{boundary}");
        let opening = &delimiter.as_bytes()[2..];
        let position = if bytes.starts_with(opening) {
            opening.len()
        } else {
            let found = memmem::find(bytes, delimiter.as_bytes());
            found.ok_or_else(|| BodyError::invalid("The boundary of the form does not occur in the body."))?
                + delimiter.len()
        };
        let finder = memmem::Finder::new(&delimiter).into_owned();
        Ok(Self { bytes, delimiter: finder, delimiter_length: delimiter.len(), position: Some(position) })
    }

    fn next_part(&self, position: usize) -> Result<Option<(Part<'a>, usize)>, BodyError> {
        let at = |byte| Position::of_byte(self.bytes, byte);
        let rest = &self.bytes[position..];
        if rest.starts_with(b"--") {
            return Ok(None);
        }
        let padding = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let Some(after) = rest[padding..].strip_prefix(b"\r\n") else {
            return Err(BodyError::invalid("A boundary of the form is not followed by a line break.").at(at(position)));
        };
        let start = position + padding + 2;
        let length = self.delimiter.find(&self.bytes[start - 2..]).map(|found| found.saturating_sub(2));
        let Some(length) = length else {
            return Err(BodyError::invalid("The form ends in the middle of a part; its last boundary is missing.")
                .at(at(start)));
        };
        let part = &after[..length];
        let header_end =
            if part.starts_with(b"\r\n") { Some(0) } else { memmem::find(part, b"\r\n\r\n").map(|end| end + 2) };
        match header_end {
            Some(end) if end <= MAX_PART_HEADER_BYTES => {
                let part = Part { header: &part[..end], content: &part[end + 2..], byte: start };
                Ok(Some((part, start + length + self.delimiter_length)))
            }
            _ => Err(BodyError::invalid("A part of the form has no header, or one that is too long.").at(at(start))),
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, BodyError>;

    fn next(&mut self) -> Option<Self::Item> {
        let position = self.position.take()?;
        match self.next_part(position) {
            Ok(Some((part, next))) => {
                self.position = Some(next);
                Some(Ok(part))
            }
            Ok(None) => None,
            Err(error) => Some(Err(error)),
        }
    }
}
