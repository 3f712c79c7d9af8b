//! Query strings of our own links, and lists that come page by page.

use url::form_urlencoded;

/// How many rows a page of a list has.
pub(super) const PAGE_ROWS: u64 = 50;

/// The address with these parameters; empty ones are left out.
pub(super) fn with_query(path: &str, parameters: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in parameters.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// A part of a list.
pub(super) struct Batch<T> {
    /// The rows.
    pub(super) items: Vec<T>,
    has_more: bool,
}

impl<T> Batch<T> {
    /// How many rows to read: one more than is shown, by which it is known that there are more.
    pub(super) const ASKED: u64 = PAGE_ROWS + 1;

    /// A part from the rows that were read.
    pub(super) fn of<R>(mut rows: Vec<R>, view: impl FnMut(R) -> T) -> Self {
        let room = usize::try_from(PAGE_ROWS).unwrap_or(usize::MAX);
        let has_more = rows.len() > room;
        rows.truncate(room);
        Self { items: rows.into_iter().map(view).collect(), has_more }
    }

    /// The last row, when others come after it.
    pub(super) fn last_if_more(&self) -> Option<&T> {
        self.items.last().filter(|_| self.has_more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_keeps_what_is_said_and_leaves_out_what_is_not() {
        assert_eq!(with_query("/inbox", &[("text", "a&b c"), ("status", "")]), "/inbox?text=a%26b+c");
        assert_eq!(with_query("/inbox", &[("text", "")]), "/inbox");
    }

    #[test]
    fn a_part_knows_whether_there_are_more() {
        let full = Batch::of((0..51).collect(), |row: i32| row);
        assert_eq!((full.items.len(), full.last_if_more()), (50, Some(&49)));
        assert_eq!(Batch::of(vec![1], |row: i32| row).last_if_more(), None);
    }
}
