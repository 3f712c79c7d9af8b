//! Undoes `Content-Encoding` within a limit.

use std::borrow::Cow;
use std::io::Read;

use flate2::read::MultiGzDecoder;

use super::error::{BodyError, BodyErrorCode};

/// The body itself. At most `max_bytes + 1` bytes are ever produced, however well the sender packed them.
pub(super) fn decompress<'a>(
    encoding: Option<&str>,
    raw: &'a [u8],
    max_bytes: usize,
) -> Result<Cow<'a, [u8]>, BodyError> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    match encoding.as_str() {
        "" | "identity" if raw.len() > max_bytes => Err(too_large(max_bytes)),
        "" | "identity" => Ok(Cow::Borrowed(raw)),
        "gzip" | "x-gzip" if raw.is_empty() => Ok(Cow::Borrowed(raw)),
        "gzip" | "x-gzip" => gunzip(raw, max_bytes).map(Cow::Owned),
        other => {
            let detail = format!("`Content-Encoding: {}` is not supported; send gzip or none.", excerpt(other));
            Err(BodyError::new(BodyErrorCode::UnsupportedEncoding, detail))
        }
    }
}

fn gunzip(raw: &[u8], max_bytes: usize) -> Result<Vec<u8>, BodyError> {
    let mut bytes = Vec::new();
    let bound = u64::try_from(max_bytes).unwrap_or(u64::MAX).saturating_add(1);
    if let Err(error) = MultiGzDecoder::new(raw).take(bound).read_to_end(&mut bytes) {
        let detail = format!("The body is not valid gzip: after {} decompressed bytes, {error}.", bytes.len());
        return Err(BodyError::invalid(detail));
    }
    if bytes.len() > max_bytes { Err(too_large(max_bytes)) } else { Ok(bytes) }
}

fn too_large(max_bytes: usize) -> BodyError {
    let detail = format!("The body is larger than {max_bytes} bytes after decompression.");
    BodyError::new(BodyErrorCode::TooLarge, detail)
}

/// The beginning of a sender's text, so that an error stays short.
fn excerpt(text: &str) -> String {
    text.chars().filter(|letter| !letter.is_control()).take(40).collect()
}
