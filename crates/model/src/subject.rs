//! A person as they are found in what was kept: by their e-mail address, in the forms in which it is written in JSON, in forms
//! and in URLs, however it is capitalised. `joanna@example.com` does not mention `anna@example.com`.

use serde_json::Value;

/// What stands in place of an erased value.
pub const ERASED: &str = "[erased]";

/// The longest e-mail address (RFC 5321 §4.5.3.1), in bytes.
const MAX_BYTES: usize = 254;

/// An e-mail address to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    address: String,
    /// Every form, in small letters.
    forms: Vec<String>,
}

impl Subject {
    /// Reads an address. None when it is not one, or could be mistaken for something else inside a document.
    pub fn parse(text: &str) -> Option<Self> {
        let address = text.trim().to_lowercase();
        let (local, domain) = address.rsplit_once('@')?;
        let is_local = |letter: char| letter.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(letter);
        let is_domain = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '.';
        let fits = !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
        if !fits || address.len() > MAX_BYTES || !local.chars().all(is_local) || !domain.chars().all(is_domain) {
            return None;
        }
        let forms = forms(&address);
        Some(Self { address, forms })
    }

    /// The address in small letters.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Texts that all stand, capitalised somehow, in whatever mentions the address. They are plain ASCII in small letters.
    pub fn needles(&self) -> Vec<&str> {
        let (local, domain) = self.address.rsplit_once('@').unwrap_or_default();
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '.' || letter == '-' || letter == '_';
        let longest = |text: &'_ str| -> Option<(usize, usize)> {
            let mut best: Option<(usize, usize)> = None;
            let mut start = None;
            for (at, letter) in text.char_indices().chain([(text.len(), ' ')]) {
                match (is_plain(letter), start) {
                    (true, None) => start = Some(at),
                    (false, Some(begin)) => {
                        if best.is_none_or(|(from, until)| at - begin > until - from) {
                            best = Some((begin, at));
                        }
                        start = None;
                    }
                    _ => {}
                }
            }
            best
        };
        [local, domain].into_iter().filter_map(|part| longest(part).map(|(from, until)| &part[from..until])).collect()
    }

    /// Whether some bytes mention the address.
    pub fn is_in(&self, bytes: &[u8]) -> bool {
        self.next(bytes, 0).is_some()
    }

    /// Whether a value mentions the address in a text or in a name.
    pub fn is_in_value(&self, value: &Value) -> bool {
        match value {
            Value::String(text) => self.is_in(text.as_bytes()),
            Value::Array(items) => items.iter().any(|item| self.is_in_value(item)),
            Value::Object(fields) => {
                fields.iter().any(|(name, value)| self.is_in(name.as_bytes()) || self.is_in_value(value))
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// The text with [`ERASED`] in place of the address; none when it does not mention it.
    pub fn erased(&self, text: &str) -> Option<String> {
        let bytes = text.as_bytes();
        let mut kept = String::new();
        let mut done = 0;
        while let Some((from, until)) = self.next(bytes, done) {
            kept.push_str(&text[done..from]);
            kept.push_str(ERASED);
            done = until;
        }
        (done > 0).then(|| kept + &text[done..])
    }

    /// Erases the address in every text and name of a value. Says whether anything changed.
    pub fn erase_in(&self, value: &mut Value) -> bool {
        match value {
            Value::String(text) => match self.erased(text) {
                Some(changed) => {
                    *text = changed;
                    true
                }
                None => false,
            },
            Value::Array(items) => items.iter_mut().fold(false, |any, item| self.erase_in(item) | any),
            Value::Object(fields) => {
                let changed = fields.values_mut().fold(false, |any, field| self.erase_in(field) | any);
                let is_named = fields.keys().any(|name| self.is_in(name.as_bytes()));
                if is_named {
                    let renamed = |(name, value): (String, Value)| (self.erased(&name).unwrap_or(name), value);
                    *fields = std::mem::take(fields).into_iter().map(renamed).collect();
                }
                changed || is_named
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => false,
        }
    }

    /// Where the address stands next, at or after `start`.
    fn next(&self, bytes: &[u8], start: usize) -> Option<(usize, usize)> {
        let mut best: Option<(usize, usize)> = None;
        for form in self.forms.iter().map(String::as_bytes) {
            let mut at = start;
            while let Some(from) = find(bytes, form, at).filter(|from| best.is_none_or(|(found, _)| *from < found)) {
                let until = from + form.len();
                if !goes_on_before(&bytes[..from]) && !goes_on_after(&bytes[until..]) {
                    best = Some((from, until));
                    break;
                }
                at = from + 1;
            }
        }
        best
    }
}

/// The first place of `wanted`, which is in small letters, at or after `start`.
fn find(bytes: &[u8], wanted: &[u8], start: usize) -> Option<usize> {
    let (lower, last) = (wanted[0], bytes.len().checked_sub(wanted.len())?);
    let upper = lower.to_ascii_uppercase();
    let fits = |at: &usize| {
        let found = &bytes[*at..*at + wanted.len()];
        (found[0] == lower || found[0] == upper) && found.eq_ignore_ascii_case(wanted)
    };
    (start..=last).find(fits)
}

/// Whether the text before is a part of a longer address.
fn goes_on_before(before: &[u8]) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"._+-".contains(&byte) || byte >= 0x80;
    let Some(last) = before.last().filter(|last| is_letter(**last)) else { return false };
    // The letter may end an escape: `\n` or `\u000a` in JSON, `%20` in a URL.
    let ends_with_escape = |mark: u8, length: usize| before.len() > length && before[before.len() - length - 1] == mark;
    let hex = |length: usize| before[before.len().saturating_sub(length)..].iter().all(u8::is_ascii_hexdigit);
    let decoded = |length: usize| {
        let digits = std::str::from_utf8(&before[before.len() - length..]).unwrap_or_default();
        u32::from_str_radix(digits, 16).ok().and_then(|code| u8::try_from(code).ok()).is_some_and(is_letter)
    };
    if ends_with_escape(b'%', 2) && hex(2) {
        return decoded(2);
    }
    if before.len() > 5 && hex(4) && before[..before.len() - 4].ends_with(b"\\u") {
        return decoded(4);
    }
    !(b"nrtbf".contains(last) && ends_with_escape(b'\\', 1))
}

/// Whether the domain goes on.
fn goes_on_after(after: &[u8]) -> bool {
    let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
    match after.first() {
        Some(b'.' | b'-') => is_letter(after.get(1)),
        first => is_letter(first),
    }
}

/// The ways in which an address is written down, in small letters.
fn forms(address: &str) -> Vec<String> {
    let encoded = |keep: &dyn Fn(u8) -> bool, escape: &dyn Fn(u8) -> String| -> String {
        let mut text = String::new();
        for letter in address.chars() {
            if letter.is_ascii() && !keep(letter as u8) {
                text.push_str(&escape(letter as u8));
            } else {
                text.push(letter);
            }
        }
        text
    };
    let percent = |byte: u8| format!("%{byte:02x}");
    let unicode = |byte: u8| format!("\\u{byte:04x}");
    let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut forms = vec![
        address.to_owned(),
        encoded(&is_unreserved, &percent),
        encoded(&|byte| byte != b'@', &percent),
        encoded(&|byte| !b"+&'<>`".contains(&byte), &unicode),
    ];
    forms.dedup();
    forms
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_addresses_are_looked_for() {
        for bad in ["", "anna", "@b.c", "a@b", "a@b.", "a b@c.de", "a\"@c.de", "a@c.de,b@c.de", "12345"] {
            assert_eq!(Subject::parse(bad), None, "{bad}");
        }
        assert_eq!(Subject::parse(" Anna.B+Shop@Example.COM ").unwrap().address(), "anna.b+shop@example.com");
    }

    #[test]
    fn every_usual_way_to_write_it_is_found_and_erased() {
        let subject = Subject::parse("anna+shop@example.com").unwrap();
        for (text, erased) in [
            ("Anna+Shop@EXAMPLE.com", "[erased]"),
            ("email=anna%2Bshop%40example.com&x=1", "email=[erased]&x=1"),
            ("to=anna+shop%40example.com", "to=[erased]"),
            (r#"{"a":"anna\u002Bshop@example.com"}"#, r#"{"a":"[erased]"}"#),
            ("Anna <anna+shop@example.com>, and again anna+shop@example.com.", "Anna <[erased]>, and again [erased]."),
            (r#""Hello\nanna+shop@example.com""#, r#""Hello\n[erased]""#),
            ("q=%20anna%2bshop%40example.com", "q=%20[erased]"),
        ] {
            assert_eq!(subject.erased(text).as_deref(), Some(erased), "{text}");
            assert!(subject.needles().iter().all(|needle| text.to_lowercase().contains(needle)), "{text}");
        }
    }

    #[test]
    fn longer_addresses_of_others_are_left_alone() {
        let subject = Subject::parse("anna@example.com").unwrap();
        for text in [
            "joanna@example.com",
            "x.anna@example.com",
            "anna@example.com.au",
            "anna@example.community",
            "q=%2Banna%40example.com",
        ] {
            assert_eq!(subject.erased(text), None, "{text}");
        }
        assert_eq!(subject.erased("joanna@example.com anna@example.com").unwrap(), "joanna@example.com [erased]");
    }

    #[test]
    fn a_value_keeps_its_form_when_an_address_in_it_is_erased() {
        let subject = Subject::parse("anna@example.com").unwrap();
        let mut value = json!({"anna@example.com": [1, "Anna@example.com", {"x": "nobody"}], "n": 7});
        assert!(subject.is_in_value(&value) && subject.erase_in(&mut value));
        assert_eq!(value, json!({"[erased]": [1, "[erased]", {"x": "nobody"}], "n": 7}));
        assert!(!subject.is_in_value(&value) && !subject.erase_in(&mut value));
    }
}
