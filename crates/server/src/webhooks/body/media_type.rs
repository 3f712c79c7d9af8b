//! Media types and other header values with parameters (RFC 9110 §5.6.6 and §8.3.1).

/// A media type, for example `text/plain; charset=utf-8`. Everything but parameter values is in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaType {
    /// The part before the slash.
    pub main: String,
    /// The part after the slash.
    pub sub: String,
    parameters: Vec<(String, String)>,
}

impl MediaType {
    /// Reads a `Content-Type`. None when it has no `type/subtype`.
    pub fn parse(text: &str) -> Option<Self> {
        let (essence, parameters) = split_parameters(text);
        let (main, sub) = essence.split_once('/')?;
        let is_token = |part: &str| {
            !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
        };
        (is_token(main) && is_token(sub)).then(|| Self {
            main: main.to_ascii_lowercase(),
            sub: sub.to_ascii_lowercase(),
            parameters,
        })
    }

    /// The first parameter of this name, which is in lower case.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        find_parameter(&self.parameters, name)
    }

    /// The type without its parameters.
    pub fn essence(&self) -> String {
        format!("{}/{}", self.main, self.sub)
    }
}

/// Splits `value; name=token; name="quoted"` into the value and its parameters; names in lower case.
pub(super) fn split_parameters(text: &str) -> (String, Vec<(String, String)>) {
    let (value, mut rest) = text.split_once(';').unwrap_or((text, ""));
    let mut parameters = Vec::new();
    while let Some((name, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let (value, end) = if let Some(quoted) = after.strip_prefix('"') {
            let (value, length) = unquote(quoted);
            (value, (length + 1).min(after.len()))
        } else {
            let length = after.find(';').unwrap_or(after.len());
            (after[..length].trim().to_owned(), length)
        };
        let name = name.trim_matches(|letter: char| letter == ';' || letter.is_ascii_whitespace());
        parameters.push((name.to_ascii_lowercase(), value));
        rest = &after[end..];
        rest = rest.split_once(';').map_or("", |(_, next)| next);
    }
    (value.trim().to_owned(), parameters)
}

/// The first parameter of this name.
pub(super) fn find_parameter<'a>(parameters: &'a [(String, String)], name: &str) -> Option<&'a str> {
    parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Reads up to the closing quote; returns the text and how many bytes were read, the quote included.
///
/// Only `\"` counts as an escape: browsers write backslashes of file names as they are.
fn unquote(text: &str) -> (String, usize) {
    let mut value = String::new();
    let mut letters = text.char_indices().peekable();
    while let Some((index, letter)) = letters.next() {
        match letter {
            '"' => return (value, index + 1),
            '\\' if letters.peek().is_some_and(|(_, next)| *next == '"') => {
                value.push('"');
                letters.next();
            }
            letter => value.push(letter),
        }
    }
    (value, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_media_type_is_read_whatever_its_case_and_quotes() {
        let cases = [
            ("application/json", "application/json", None),
            ("Application/JSON;Charset=UTF-8", "application/json", Some("UTF-8")),
            ("text/plain ; charset=\"iso-8859-1\"; format=flowed", "text/plain", Some("iso-8859-1")),
            ("text/plain;;charset=utf-8", "text/plain", Some("utf-8")),
            ("text/plain; format=\"a;b=c\"; charset=x", "text/plain", Some("x")),
            ("text/plain; charset=\"unclosed", "text/plain", Some("unclosed")),
        ];
        for (text, essence, charset) in cases {
            let media_type = MediaType::parse(text).unwrap();
            assert_eq!((media_type.essence().as_str(), media_type.parameter("charset")), (essence, charset), "{text}");
        }
        for text in ["json", "", "a/", "/b", "a b/c"] {
            assert_eq!(MediaType::parse(text), None, "{text}");
        }
    }
}
