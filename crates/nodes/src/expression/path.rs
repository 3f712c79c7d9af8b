//! JSONPath (RFC 9535) over the context.
//!
//! The library parses every path and answers those with several results. A path that can only lead to one value is
//! walked here, which copies nothing but that value. `docs/decisions/jsonpath-deviations.md` lists where the library
//! departs from the standard.

mod cost;
mod rules;

use jsonpath_rust::parser::model::{JpQuery, Segment, Selector};
use jsonpath_rust::parser::parse_json_path;
use jsonpath_rust::query::js_path_process;
use serde_json::Value;

/// A path that was read.
#[derive(Debug, Clone)]
pub(super) struct Path {
    query: JpQuery,
    /// The steps, when the path can lead to one value only.
    singular: Option<Vec<Step>>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Name(String),
    Index(i64),
}

/// The longest path, in bytes.
const LONGEST_PATH_BYTES: usize = 1_000;
/// The most values that a query may give.
const MOST_RESULTS: usize = 10_000;
/// The most work that a query may cost, in visited values.
const MOST_WORK: u64 = 2_000_000;

impl Path {
    /// Reads a path. The error is a message and a place in characters from 0.
    pub(super) fn parse(source: &str) -> Result<Self, (String, usize)> {
        if source.len() > LONGEST_PATH_BYTES {
            return Err((format!("A path may be at most {LONGEST_PATH_BYTES} bytes long."), 0));
        }
        rules::check_text(source)?;
        let query = parse_json_path(source).map_err(|_| malformed(source))?;
        rules::check(&query).map_err(|message| (message, 0))?;
        let singular = singular_steps(&query);
        Ok(Self { query, singular })
    }

    /// The value, or null, of a singular path; an array of all results of a query.
    pub(super) fn evaluate(&self, context: &Value) -> Result<Value, String> {
        if let Some(steps) = &self.singular {
            let found = steps.iter().try_fold(context, |value, step| step.follow(value));
            return Ok(found.cloned().unwrap_or(Value::Null));
        }
        if cost::estimate(&self.query, context) > MOST_WORK {
            return Err("The query has to look at too many values. Name more of the path.".to_owned());
        }
        let found = js_path_process(&self.query, context).map_err(|_| "The query cannot be answered.".to_owned())?;
        if found.len() > MOST_RESULTS {
            return Err(format!("The query gives {} values; at most {MOST_RESULTS} are allowed.", found.len()));
        }
        Ok(Value::Array(found.into_iter().map(|result| result.val.clone()).collect()))
    }

    /// The names that a path begins with, as far as they are certain.
    pub(super) fn first_names(&self) -> Vec<&str> {
        let names = self.query.segments.iter().map(|segment| match segment {
            Segment::Selector(Selector::Name(name)) => Some(name.as_str()),
            _ => None,
        });
        names.map_while(|name| name).collect()
    }
}

impl Step {
    fn follow<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        match self {
            Self::Name(name) => value.as_object()?.get(name),
            Self::Index(index) => {
                let items = value.as_array()?;
                let from_end = usize::try_from(index.unsigned_abs()).ok()?;
                let index = if *index < 0 { items.len().checked_sub(from_end)? } else { from_end };
                items.get(index)
            }
        }
    }
}

fn singular_steps(query: &JpQuery) -> Option<Vec<Step>> {
    let step = |segment: &Segment| match segment {
        Segment::Selector(Selector::Name(name)) => Some(Step::Name(name.clone())),
        Segment::Selector(Selector::Index(index)) => Some(Step::Index(*index)),
        _ => None,
    };
    query.segments.iter().map(step).collect()
}

/// The library says where it stopped only for some errors, so the longest beginning that is a path is looked for.
fn malformed(source: &str) -> (String, usize) {
    let letters: Vec<char> = source.chars().collect();
    let is_path = |end: &usize| parse_json_path(&letters[..*end].iter().collect::<String>()).is_ok();
    let good = (1..letters.len()).rev().take(TRIES).find(is_path).unwrap_or(0);
    let hint = match letters.get(good) {
        Some('-') => " A name with other characters than letters, digits and `_` is written `['name']`.",
        _ => "",
    };
    (format!("This is not a JSONPath: something is wrong from character {} on.{hint}", good + 1), good)
}

const TRIES: usize = 200;

#[cfg(test)]
mod standard;
#[cfg(test)]
mod tests;
