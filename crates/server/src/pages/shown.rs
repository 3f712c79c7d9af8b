//! Values of a run for reading: JSON with line breaks, cut where it gets too long for a page.

use serde_json::Value;

use super::layout::Layout;

/// How much of one value is shown, in bytes.
const MAX_VALUE_BYTES: usize = 16 * 1024;

/// How much of all values of a page is shown, in bytes.
const MAX_PAGE_BYTES: usize = 512 * 1024;

/// How much is shown of a value when the page is full already, in bytes.
const MIN_VALUE_BYTES: usize = 256;

/// A value as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The text, or its beginning.
    pub(super) text: String,
    /// Says that it was cut, and where; empty when it is whole.
    pub(super) cut: String,
}

/// Turns values into text until a page is full.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    l: &'a Layout,
    left_bytes: usize,
}

impl<'a> Reader<'a> {
    /// For a new page.
    pub(super) fn new(l: &'a Layout) -> Self {
        Self { l, left_bytes: MAX_PAGE_BYTES }
    }

    /// A value as text: JSON, except that a text stands for itself.
    pub(super) fn show(&mut self, value: &Value) -> Shown {
        let whole = match value {
            Value::String(text) => text.clone(),
            value => serde_json::to_string_pretty(value).unwrap_or_default(),
        };
        let limit_bytes = MAX_VALUE_BYTES.min(self.left_bytes).max(MIN_VALUE_BYTES);
        if whole.len() <= limit_bytes {
            self.left_bytes = self.left_bytes.saturating_sub(whole.len());
            return Shown { text: whole, cut: String::new() };
        }
        let end = whole.floor_char_boundary(limit_bytes);
        self.left_bytes = self.left_bytes.saturating_sub(end);
        let size = |bytes: usize| self.l.format().bytes(u64::try_from(bytes).unwrap_or(u64::MAX));
        let cut = self.l.t1("run.step.cut", "shown", size(end)).replace("{size}", &size(whole.len()));
        Shown { text: whole[..end].to_owned() + " …", cut }
    }
}

/// The beginning of a text.
pub(super) fn excerpt(text: &str, limit_bytes: usize) -> String {
    if text.len() <= limit_bytes {
        text.to_owned()
    } else {
        format!("{} …", &text[..text.floor_char_boundary(limit_bytes)])
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::texts::Language;

    #[test]
    fn a_long_value_is_cut_between_letters_and_says_so() {
        let l = Layout::plain(Language::En, "/");
        let mut reader = Reader::new(&l);
        assert_eq!(reader.show(&json!({"a": 1})), Shown { text: "{\n  \"a\": 1\n}".to_owned(), cut: String::new() });
        assert_eq!(reader.show(&json!("plain")).text, "plain");
        let long = reader.show(&json!("ä".repeat(MAX_VALUE_BYTES)));
        assert!(long.text.len() < MAX_VALUE_BYTES + 10 && long.cut.contains("16.3 kB of 32.7 kB"), "{}", long.cut);
    }

    #[test]
    fn a_page_does_not_grow_for_ever() {
        let l = Layout::plain(Language::En, "/");
        let mut reader = Reader::new(&l);
        let long = json!("x".repeat(MAX_VALUE_BYTES));
        let total: usize = (0..1_000).map(|_| reader.show(&long).text.len()).sum();
        assert!(total < 2 * MAX_PAGE_BYTES, "{total}");
    }
}
