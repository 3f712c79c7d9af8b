//! Lists and their pages.

use serde::Serialize;
use storage::Found;
use utoipa::ToSchema;

use crate::problem::{Problem, ProblemCode};

/// How many items a page has when the caller does not say.
const DEFAULT_LIMIT: u64 = 50;

/// How many items a page has at the most.
const MAX_LIMIT: u64 = 200;

/// A list that is always whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
}

/// A part of a long list, the latest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to give as `cursor` for the next page; null on the last one.
    pub next: Option<String>,
    /// Whether a search stopped before it had looked through everything; it goes on at `next`. Left out when it did not.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

impl<T> Page<T> {
    /// A page from one item more than it has room for, by which it is known that there is a next one.
    pub(super) fn of<R>(
        mut rows: Vec<R>,
        limit: u64,
        cursor_of: impl Fn(&R) -> String,
        view: impl FnMut(R) -> T,
    ) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows.last().filter(|_| has_more).map(cursor_of);
        Self { items: rows.into_iter().map(view).collect(), next, partial: false }
    }

    /// A page from what was found.
    pub(super) fn found<R>(found: Found<R>, view: impl FnMut(R) -> T) -> Self {
        let next = found.next_key.map(|key| key.to_string());
        Self { items: found.items.into_iter().map(view).collect(), next, partial: found.is_partial }
    }
}

/// How many items a page is to have.
pub(super) fn limit(asked: Option<u64>) -> Result<u64, Problem> {
    match asked.unwrap_or(DEFAULT_LIMIT) {
        0 => Err(invalid("`limit` must be at least 1.")),
        limit => Ok(limit.min(MAX_LIMIT)),
    }
}

/// The key in a cursor that an earlier page gave.
pub(super) fn key(cursor: Option<&str>) -> Result<Option<i64>, Problem> {
    let parse = |text: &str| text.parse().map_err(|_| invalid("`cursor` must be the `next` of an earlier page."));
    cursor.map(parse).transpose()
}

/// A query parameter whose value cannot be used.
pub(super) fn invalid(detail: impl Into<String>) -> Problem {
    Problem::new(ProblemCode::InvalidQuery, detail)
}

/// A moment in a query parameter.
pub(super) fn moment(name: &str, text: Option<&str>) -> Result<Option<model::Timestamp>, Problem> {
    let parse = |text: &str| {
        model::Timestamp::parse(text)
            .ok_or_else(|| invalid(format!("`{name}` must be a time like 2026-11-22T08:30:00Z.")))
    };
    text.map(parse).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_knows_whether_there_is_another() {
        let page = Page::of(vec![3, 2, 1], 2, ToString::to_string, |row| row);
        assert_eq!((page.items, page.next), (vec![3, 2], Some("2".to_owned())));
        let last = Page::of(vec![1], 2, ToString::to_string, |row| row);
        assert_eq!((last.items, last.next), (vec![1], None));
    }

    #[test]
    fn what_cannot_be_a_limit_or_cursor_is_refused() {
        assert!(limit(Some(0)).is_err());
        assert_eq!(limit(Some(100_000)).unwrap(), MAX_LIMIT);
        assert!(key(Some("abc")).is_err());
        assert!(moment("since", Some("yesterday")).is_err());
    }
}
