//! Reads an answer: within its size limit, in the form that was asked for, without secrets.

use bytes::Bytes;
use encoding_rs::{Encoding, UTF_8};
use model::{ErrorCode, NodeError, RunId};
use nodes::effect::ResponseFormat;
use reqwest::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use super::super::exchange::excerpt;
use super::super::redact::Redactor;
use super::super::stored::Stored;

/// How much of an answer that could not be understood is quoted, in bytes.
const QUOTED_BYTES: usize = 500;

/// Why the body could not be read.
pub(super) enum ReadFailure {
    /// It is larger than the limit.
    TooLarge,
    /// The connection broke.
    Broken(reqwest::Error),
}

/// Reads the whole body, stopping as soon as it is larger than `limit` bytes.
pub(super) async fn read(response: &mut Response, limit: usize) -> Result<Vec<u8>, ReadFailure> {
    if response.content_length().is_some_and(|length| usize::try_from(length).map_or(true, |length| length > limit)) {
        return Err(ReadFailure::TooLarge);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(ReadFailure::Broken)? {
        let chunk: Bytes = chunk;
        if body.len() + chunk.len() > limit {
            return Err(ReadFailure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// An answer whose body was read.
pub(super) struct Answer<'a> {
    /// `GET to api.example.com`, for messages.
    pub(super) request_name: &'a str,
    pub(super) status: StatusCode,
    pub(super) headers: &'a HeaderMap,
    pub(super) url: &'a Url,
    /// Whose request it answers; none when a step is tried by itself.
    pub(super) run: Option<RunId>,
    pub(super) body: Vec<u8>,
}

impl Answer<'_> {
    /// The body in the form that was asked for, without secrets. Files are stored here.
    pub(super) async fn value(
        self,
        format: ResponseFormat,
        redactor: &Redactor,
        stored: &Stored,
    ) -> Result<Value, NodeError> {
        if self.body.is_empty() {
            return Ok(Value::Null);
        }
        let media = Media::of(self.headers);
        match format {
            ResponseFormat::Json => self.json(&media, redactor),
            ResponseFormat::Text => Ok(self.text(&media, redactor)),
            ResponseFormat::Auto if media.is_json() => {
                let parsed = parse(&media.decode(&self.body));
                // What calls itself JSON and is none is still worth reading as text.
                Ok(parsed.map_or_else(|_| self.text(&media, redactor), |value| redactor.value(value)))
            }
            ResponseFormat::Auto if media.is_text(&self.body) => Ok(self.text(&media, redactor)),
            ResponseFormat::Auto | ResponseFormat::Bytes => self.file(&media, redactor, stored).await,
        }
    }

    fn json(self, media: &Media, redactor: &Redactor) -> Result<Value, NodeError> {
        let text = media.decode(&self.body);
        match parse(&text) {
            Ok(value) => Ok(redactor.value(value)),
            // An error page is text more often than not; the status says enough.
            Err(_) if !self.status.is_success() => Ok(self.text(media, redactor)),
            Err(error) => Err(self.not_json(&error, media, &text)),
        }
    }

    fn not_json(&self, error: &serde_json::Error, media: &Media, text: &str) -> NodeError {
        let kind = if media.compressed {
            "something compressed, although that was not asked for".to_owned()
        } else {
            format!("something that is not JSON ({error})")
        };
        let message = format!(
            "{} was answered {} with {kind}. Check the address, or take the answer as text.",
            self.request_name, self.status
        );
        NodeError::permanent(ErrorCode::Response, message).with_details(json!({
            "status": self.status.as_u16(),
            "content_type": media.kind,
            "body": excerpt(text, QUOTED_BYTES),
        }))
    }

    fn text(&self, media: &Media, redactor: &Redactor) -> Value {
        Value::from(redactor.text(&media.decode(&self.body)))
    }

    async fn file(self, media: &Media, redactor: &Redactor, stored: &Stored) -> Result<Value, NodeError> {
        let name = redactor.text(&file_name(self.headers, self.url)).into_owned();
        let kind = if media.kind.is_empty() { "application/octet-stream" } else { &media.kind };
        let reference = stored.keep_file(self.run, name, kind.to_owned(), redactor.bytes(self.body)).await?;
        Ok(json!(reference))
    }
}

fn parse(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text)
}

/// What the header fields say about the body.
struct Media {
    /// The media type in lower case, without its parameters; may be empty.
    kind: String,
    encoding: &'static Encoding,
    compressed: bool,
}

impl Media {
    fn of(headers: &HeaderMap) -> Self {
        let full = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut parts = full.split(';');
        let kind = parts.next().unwrap_or_default().trim().to_ascii_lowercase();
        let charset = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"').to_owned())
        });
        let encoding = charset.and_then(|label| Encoding::for_label(label.as_bytes())).unwrap_or(UTF_8);
        let compressed = headers
            .get(CONTENT_ENCODING)
            .is_some_and(|value| !value.is_empty() && !value.as_bytes().eq_ignore_ascii_case(b"identity"));
        Self { kind, encoding, compressed }
    }

    fn is_json(&self) -> bool {
        !self.compressed
            && (matches!(self.kind.as_str(), "application/json" | "text/json") || self.kind.ends_with("+json"))
    }

    /// Without a type, whatever reads as UTF-8 counts as text.
    fn is_text(&self, body: &[u8]) -> bool {
        const KINDS: [&str; 9] = [
            "application/xml",
            "application/xhtml+xml",
            "application/javascript",
            "application/x-javascript",
            "application/x-www-form-urlencoded",
            "application/x-ndjson",
            "application/graphql",
            "application/yaml",
            "application/x-yaml",
        ];
        let kind = self.kind.as_str();
        !self.compressed
            && (kind.starts_with("text/")
                || (kind.ends_with("+xml") && !kind.starts_with("image/"))
                || KINDS.contains(&kind)
                || (kind.is_empty() && std::str::from_utf8(body).is_ok()))
    }

    /// A byte order mark wins over the header; what cannot be decoded becomes U+FFFD.
    fn decode(&self, body: &[u8]) -> String {
        self.encoding.decode(body).0.into_owned()
    }
}

/// The name for a stored answer: what the answer says, else the last part of the address.
fn file_name(headers: &HeaderMap, url: &Url) -> String {
    let said = headers
        .get(CONTENT_DISPOSITION)
        .and_then(|value| named_in_disposition(&String::from_utf8_lossy(value.as_bytes())));
    let from_address = || {
        let last = url.path_segments()?.next_back()?;
        Some(percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned())
    };
    let name = said.or_else(from_address).unwrap_or_default();
    // Only the last part, so that no name leads out of a directory when somebody saves the file.
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = name.chars().filter(|character| !character.is_control()).take(200).collect();
    let name = name.trim().trim_start_matches('.');
    if name.is_empty() { "download".to_owned() } else { name.to_owned() }
}

/// `filename*` (RFC 8187) before `filename`.
fn named_in_disposition(disposition: &str) -> Option<String> {
    let mut plain = None;
    for part in disposition.split(';').skip(1) {
        let Some((name, value)) = part.split_once('=') else { continue };
        let value = value.trim();
        if name.trim().eq_ignore_ascii_case("filename*") {
            let (charset, rest) = value.split_once('\'')?;
            let encoded = rest.split_once('\'')?.1;
            let bytes: Vec<u8> = percent_encoding::percent_decode_str(encoded).collect();
            let encoding = Encoding::for_label(charset.as_bytes())?;
            return Some(encoding.decode(&bytes).0.into_owned());
        }
        if name.trim().eq_ignore_ascii_case("filename") {
            plain = Some(value.trim_matches('"').to_owned());
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    fn with_type(value: &str) -> Media {
        Media::of(&HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_str(value).unwrap())]))
    }

    #[test]
    fn text_is_decoded_by_its_charset() {
        assert_eq!(with_type("text/plain; charset=ISO-8859-1").decode(b"gr\xfc\xdfe"), "grüße");
        assert_eq!(with_type("text/plain; charset=\"windows-1252\"").decode(b"\x80"), "€");
        assert_eq!(with_type("text/plain").decode("grüße".as_bytes()), "grüße");
        assert_eq!(with_type("text/plain").decode(b"\xff\xfea\0"), "a");
        assert_eq!(with_type("text/plain; charset=nonsense").decode("ü".as_bytes()), "ü");
    }

    #[test]
    fn the_content_type_decides_between_json_text_and_file() {
        for (kind, json, text) in [
            ("application/json; charset=utf-8", true, false),
            ("application/problem+json", true, false),
            ("text/html", false, true),
            ("application/soap+xml", false, true),
            ("image/svg+xml", false, false),
            ("application/pdf", false, false),
            ("", false, true),
        ] {
            let media = with_type(kind);
            assert_eq!((media.is_json(), media.is_text(b"abc")), (json, text), "{kind}");
        }
        assert!(!with_type("").is_text(b"\xff\xd8"));
    }

    #[test]
    fn a_stored_answer_gets_a_harmless_name() {
        let url = Url::parse("https://a.test/files/Bericht%20M%C3%A4rz.pdf?x=1").unwrap();
        for (disposition, expected) in [
            ("", "Bericht März.pdf"),
            ("attachment; filename=\"list.csv\"", "list.csv"),
            ("attachment; filename=x; filename*=UTF-8''%e2%82%ac.txt", "€.txt"),
            ("attachment; filename=\"../../etc/passwd\"", "passwd"),
            ("attachment; filename=\"C:\\\\temp\\\\a.txt\"", "a.txt"),
            ("attachment; filename=\"..\"", "download"),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_DISPOSITION, HeaderValue::from_str(disposition).unwrap())]);
            assert_eq!(file_name(&headers, &url), expected, "{disposition}");
        }
        assert_eq!(file_name(&HeaderMap::new(), &Url::parse("https://a.test/").unwrap()), "download");
    }
}
