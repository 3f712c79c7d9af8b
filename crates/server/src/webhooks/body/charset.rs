//! Turns bytes into text by their charset. Malformed text is refused with its place, never silently repaired.

use std::borrow::Cow;

use encoding_rs::{DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE};

use super::error::{BodyError, BodyErrorCode, Position};

/// Decodes by a byte order mark, else by `charset`, else as UTF-8.
pub(super) fn decode<'a>(bytes: &'a [u8], charset: Option<&str>) -> Result<Cow<'a, str>, BodyError> {
    decode_as(bytes, find_encoding(charset)?)
}

/// The same for XML: without `charset`, the encoding in the XML declaration counts (RFC 7303 §3).
pub(super) fn decode_xml<'a>(bytes: &'a [u8], charset: Option<&str>) -> Result<Cow<'a, str>, BodyError> {
    if charset.is_some() {
        return decode(bytes, charset);
    }
    let encoding = match bytes {
        [b'<', 0, ..] => UTF_16LE,
        [0, b'<', ..] => UTF_16BE,
        _ => find_encoding(declared_encoding(bytes))?,
    };
    decode_as(bytes, encoding)
}

/// The encoding of this label; UTF-8 without one.
pub(super) fn find_encoding(charset: Option<&str>) -> Result<&'static Encoding, BodyError> {
    let Some(label) = charset else { return Ok(UTF_8) };
    Encoding::for_label(label.trim().as_bytes()).ok_or_else(|| {
        let label: String = label.chars().filter(|letter| !letter.is_control()).take(40).collect();
        let detail = format!("The charset `{label}` is not known; send UTF-8.");
        BodyError::new(BodyErrorCode::UnsupportedCharset, detail)
    })
}

/// Decodes as `encoding` unless a byte order mark says otherwise.
pub(super) fn decode_as<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Result<Cow<'a, str>, BodyError> {
    let (encoding, mark_length) = Encoding::for_bom(bytes).unwrap_or((encoding, 0));
    let bytes = &bytes[mark_length..];
    if encoding == UTF_8 {
        return std::str::from_utf8(bytes)
            .map(Cow::Borrowed)
            .map_err(|error| malformed(bytes, encoding, error.valid_up_to()));
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let capacity = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len());
    let mut text = String::with_capacity(capacity);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, true) {
        (DecoderResult::InputEmpty, _) => Ok(Cow::Owned(text)),
        (DecoderResult::Malformed(..) | DecoderResult::OutputFull, read) => Err(malformed(bytes, encoding, read)),
    }
}

fn malformed(bytes: &[u8], encoding: &'static Encoding, byte: usize) -> BodyError {
    let detail = format!("The body is not valid {} text.", encoding.name());
    BodyError::invalid(detail).at(Position::of_byte(bytes, byte))
}

/// The label in `<?xml … encoding="…"?>`.
fn declared_encoding(bytes: &[u8]) -> Option<&str> {
    let start = bytes.strip_prefix(b"<?xml")?;
    let end = start.iter().take(200).position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(&start[..end]).ok()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label)
}
