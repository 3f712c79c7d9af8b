//! Takes a credential's secrets out of everything that comes back.
//!
//! A service may echo what it was sent, in a header, in a body, in an error. Nothing of that may reach a script, the
//! history of a run or a log. Matching knows the usual ways to write a secret down; a service that encrypts or shuffles it
//! before echoing is beyond any filter.

use std::borrow::Cow;
use std::fmt::Write as _;

use aho_corasick::{AhoCorasick, MatchKind};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use model::NodeError;
use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};

use super::credential::OpenCredential;

/// What stands in place of a secret.
pub(crate) const MASK: &str = "•••";

/// Anything shorter would mask half of an ordinary text and protects nothing anyway.
const SHORTEST_SECRET: usize = 4;

/// Replaces secrets by [`MASK`].
pub(crate) struct Redactor {
    searcher: Option<AhoCorasick>,
}

impl Redactor {
    /// A redactor for the secrets of `credential`; without one it changes nothing.
    pub(crate) fn new(credential: Option<&OpenCredential>) -> Self {
        let secrets = credential.map(OpenCredential::secrets).unwrap_or_default();
        let mut forms: Vec<String> =
            secrets.iter().filter(|secret| secret.len() >= SHORTEST_SECRET).flat_map(|secret| forms(secret)).collect();
        forms.sort_unstable();
        forms.dedup();
        if forms.is_empty() {
            return Self { searcher: None };
        }
        // The longest form wins, so that no tail of an encoded secret is left over.
        let searcher = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&forms).ok();
        Self { searcher }
    }

    /// `text` without secrets.
    pub(crate) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.searcher {
            Some(searcher) if searcher.is_match(text) => {
                let masks = vec![MASK; searcher.patterns_len()];
                Cow::Owned(searcher.replace_all(text, &masks))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// `bytes` without secrets.
    pub(crate) fn bytes(&self, bytes: Vec<u8>) -> Vec<u8> {
        match &self.searcher {
            Some(searcher) if searcher.is_match(&bytes) => {
                let masks = vec![MASK.as_bytes(); searcher.patterns_len()];
                searcher.replace_all_bytes(&bytes, &masks)
            }
            _ => bytes,
        }
    }

    /// `value` without secrets in any string, name or number.
    pub(crate) fn value(&self, value: Value) -> Value {
        if self.searcher.is_none() {
            return value;
        }
        match value {
            Value::String(text) => Value::String(self.owned(text)),
            Value::Number(number) => match self.text(&number.to_string()) {
                Cow::Owned(masked) => Value::String(masked),
                Cow::Borrowed(_) => Value::Number(number),
            },
            Value::Array(items) => Value::Array(items.into_iter().map(|item| self.value(item)).collect()),
            Value::Object(fields) => Value::Object(self.object(fields)),
            other => other,
        }
    }

    /// A failure without secrets.
    pub(crate) fn error(&self, mut error: NodeError) -> NodeError {
        error.message = self.owned(error.message);
        error.details = error.details.map(|details| self.value(details));
        error
    }

    fn object(&self, fields: Map<String, Value>) -> Map<String, Value> {
        fields.into_iter().map(|(name, value)| (self.owned(name), self.value(value))).collect()
    }

    fn owned(&self, text: String) -> String {
        match self.text(&text) {
            Cow::Owned(masked) => masked,
            Cow::Borrowed(_) => text,
        }
    }
}

/// What `encodeURIComponent` leaves alone.
const URI_COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

/// What RFC 3986 calls unreserved stays.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// What a URL parser encodes in a query.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'\'');

/// The usual ways to write a secret down.
fn forms(secret: &str) -> Vec<String> {
    let mut forms = vec![
        secret.to_owned(),
        url::form_urlencoded::byte_serialize(secret.as_bytes()).collect(),
        escaped_markup(secret),
    ];
    for set in [NON_ALPHANUMERIC, URI_COMPONENT, UNRESERVED, QUERY] {
        forms.push(utf8_percent_encode(secret, set).to_string());
    }
    for engine in [&STANDARD, &STANDARD_NO_PAD, &URL_SAFE, &URL_SAFE_NO_PAD] {
        forms.push(engine.encode(secret));
    }
    let quoted = Value::from(secret).to_string();
    let escaped = &quoted[1..quoted.len() - 1];
    let ascii = escaped_ascii(escaped);
    forms.extend([escaped.to_owned(), escaped.replace('/', "\\/"), ascii.replace('/', "\\/"), ascii]);
    // Hexadecimal digits are written in either case.
    let lower: Vec<String> = forms.iter().map(|form| lower_escapes(form)).collect();
    forms.extend(lower);
    forms.retain(|form| form.len() >= SHORTEST_SECRET);
    forms
}

/// JSON with `\uXXXX` for everything that is not ASCII.
fn escaped_ascii(text: &str) -> String {
    let mut escaped = String::new();
    let mut units = [0; 2];
    for character in text.chars() {
        if character.is_ascii() {
            escaped.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut units) {
            let _ = write!(escaped, "\\u{unit:04X}");
        }
    }
    escaped
}

fn escaped_markup(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

/// The same text with `%XX` and `\uXXXX` in small letters.
fn lower_escapes(text: &str) -> String {
    let mut lowered = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['%', '\\']) {
        let digits = match rest.as_bytes()[at] {
            b'%' => 3,
            _ if rest[at + 1..].starts_with('u') => 6,
            _ => 1,
        };
        let end = (at + digits).min(rest.len());
        let end = if rest.is_char_boundary(end) { end } else { at + 1 };
        lowered.push_str(&rest[..at]);
        lowered.push_str(&rest[at..end].to_ascii_lowercase());
        rest = &rest[end..];
    }
    lowered.push_str(rest);
    lowered
}

#[cfg(test)]
mod tests {
    use nodes::manifest::Apply;
    use serde_json::json;

    use super::super::credential::tests::credential;
    use super::*;

    const SECRET: &str = "pä\"ss/w+rd<&>é% 🚂";

    fn redactor(secret: &str) -> Redactor {
        let apply = Apply::Basic { username: "{user}".to_owned(), password: "{password}".to_owned() };
        Redactor::new(Some(&credential(apply, &[("user", "ann", false), ("password", secret, true)])))
    }

    #[test]
    fn every_usual_form_of_a_secret_is_masked() {
        let redactor = redactor(SECRET);
        let pair = STANDARD.encode(format!("ann:{SECRET}"));
        for form in forms(SECRET).into_iter().chain([pair]) {
            let text = format!("before {form} after");
            assert_eq!(redactor.text(&text), "before ••• after", "{form}");
            assert_eq!(redactor.bytes(text.into_bytes()), "before ••• after".as_bytes());
        }
        assert_eq!(redactor.text("user ann stays"), "user ann stays");
    }

    #[test]
    fn secrets_are_masked_in_names_strings_and_numbers_of_a_json_value() {
        let masked =
            redactor("123456").value(json!({ "123456": [123_456, "x123456y", 99, null, { "a": 12_345_678 }] }));
        assert_eq!(masked, json!({ "•••": ["•••", "x•••y", 99, null, { "a": "•••78" }] }));
    }

    #[test]
    fn a_very_short_secret_does_not_mask_ordinary_text() {
        let apply = Apply::Query { name: "k".to_owned(), value: "{k}".to_owned() };
        let redactor = Redactor::new(Some(&credential(apply, &[("k", "e", true)])));
        assert_eq!(redactor.text("everyone is here"), "everyone is here");
    }
}
