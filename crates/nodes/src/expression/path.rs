//! JSONPath (RFC 9535) over the context.
//!
//! The library parses every path and answers those with several results. A path that can only lead to one value is
//! walked here, which copies nothing but that value. `docs/decisions/jsonpath-deviations.md` lists where the library
//! departs from the standard.

use jsonpath_rust::parser::model::{Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Segment, Selector, SingularQuery, Test, TestFunction};
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
/// The deepest nesting of brackets in a path.
const DEEPEST_NESTING: usize = 16;
/// The most values that a query may give.
const MOST_RESULTS: usize = 10_000;
/// The most work that a query may cost, in visited values.
const MOST_WORK: u64 = 2_000_000;
/// Compiling a pattern for one value costs about as much as visiting so many.
const PATTERN_WORK: u64 = 500;

impl Path {
    /// Reads a path. The error is a message and a place in characters from 0.
    pub(super) fn parse(source: &str) -> Result<Self, (String, usize)> {
        if source.len() > LONGEST_PATH_BYTES {
            return Err((format!("A path may be at most {LONGEST_PATH_BYTES} bytes long."), 0));
        }
        if let Some(position) = too_deep(source) {
            return Err((format!("A path may nest at most {DEEPEST_NESTING} brackets."), position));
        }
        let query = parse_json_path(source).map_err(|_| malformed(source))?;
        let singular = singular_steps(&query);
        Ok(Self { query, singular })
    }

    /// The value, or null, of a singular path; an array of all results of a query.
    pub(super) fn evaluate(&self, context: &Value) -> Result<Value, String> {
        if let Some(steps) = &self.singular {
            let found = steps.iter().try_fold(context, |value, step| step.follow(value));
            return Ok(found.cloned().unwrap_or(Value::Null));
        }
        let size = Size::of(context);
        if work(&self.query.segments, size, size.values).0 > MOST_WORK {
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

fn too_deep(source: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    for (position, letter) in source.chars().enumerate() {
        if let Some(end) = quote {
            if !is_escaped && letter == end {
                quote = None;
            }
            is_escaped = !is_escaped && letter == '\\';
            continue;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_NESTING {
            return Some(position);
        }
    }
    None
}

/// How large a value is.
#[derive(Debug, Clone, Copy)]
struct Size {
    values: u64,
    depth: u64,
}

impl Size {
    fn of(value: &Value) -> Self {
        let inner: Box<dyn Iterator<Item = &Value>> = match value {
            Value::Array(items) => Box::new(items.iter()),
            Value::Object(entries) => Box::new(entries.values()),
            _ => return Self { values: 1, depth: 1 },
        };
        let (values, depth) = inner.map(Self::of).fold((1, 0), |(values, depth), inner| {
            (values + inner.values, depth.max(inner.depth))
        });
        Self { values, depth: depth + 1 }
    }
}

/// How many values a query visits at most, and how many it gives, when it begins with values that hold `reach` in all.
///
/// The children of different values are different, so one step gives at most all values there are; only a second
/// descent sees the same value once per level.
fn work(segments: &[Segment], size: Size, reach: u64) -> (u64, u64) {
    let mut given = 1;
    let mut visited: u64 = 0;
    let mut descents = 0;
    for segment in segments {
        let inner = match segment {
            Segment::Descendant(inner) => {
                descents += 1;
                let repeated = if descents > 1 { size.depth.saturating_pow(descents - 1) } else { 1 };
                given = reach.saturating_mul(repeated);
                visited = visited.saturating_add(given);
                inner
            }
            other => other,
        };
        let selectors = match inner {
            Segment::Selector(selector) => std::slice::from_ref(selector),
            Segment::Selectors(selectors) => selectors,
            Segment::Descendant(_) => &[],
        };
        let before = given;
        let mut after: u64 = 0;
        for selector in selectors {
            let (cost, gives) = selector_work(selector, size, before, reach.max(before));
            visited = visited.saturating_add(cost);
            after = after.saturating_add(gives);
        }
        given = after;
    }
    (visited, given)
}

fn selector_work(selector: &Selector, size: Size, before: u64, reach: u64) -> (u64, u64) {
    match selector {
        Selector::Name(_) | Selector::Index(_) => (before, before),
        Selector::Wildcard | Selector::Slice(..) => (reach, reach),
        Selector::Filter(filter) => (reach.saturating_mul(filter_work(filter, size)), reach),
    }
}

/// What a filter costs for one value.
fn filter_work(filter: &Filter, size: Size) -> u64 {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => {
            parts.iter().map(|part| filter_work(part, size)).fold(1, u64::saturating_add)
        }
        Filter::Atom(FilterAtom::Filter { expr, .. }) => filter_work(expr, size),
        Filter::Atom(FilterAtom::Test { expr, .. }) => test_work(expr, size),
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (left, right) = sides(comparison);
            comparable_work(left, size).saturating_add(comparable_work(right, size))
        }
    }
}

fn sides(comparison: &Comparison) -> (&Comparable, &Comparable) {
    match comparison {
        Comparison::Eq(left, right)
        | Comparison::Ne(left, right)
        | Comparison::Gt(left, right)
        | Comparison::Gte(left, right)
        | Comparison::Lt(left, right)
        | Comparison::Lte(left, right) => (left, right),
    }
}

fn comparable_work(comparable: &Comparable, size: Size) -> u64 {
    match comparable {
        Comparable::Literal(_) => 1,
        Comparable::Function(function) => function_work(function, size),
        Comparable::SingularQuery(SingularQuery::Current(segments) | SingularQuery::Root(segments)) => {
            1 + segments.len() as u64
        }
    }
}

fn test_work(test: &Test, size: Size) -> u64 {
    match test {
        // Below the values that a filter is asked for lie, over all of them, each value once per level.
        Test::RelQuery(segments) => {
            let is_short = segments.iter().all(|segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_))));
            if is_short { 1 + segments.len() as u64 } else { work(segments, size, size.depth.saturating_mul(8)).0 + 1 }
        }
        Test::AbsQuery(query) => work(&query.segments, size, size.values).0 + 1,
        Test::Function(function) => function_work(function, size),
    }
}

fn function_work(function: &TestFunction, size: Size) -> u64 {
    let argument = |argument: &FnArg| match argument {
        FnArg::Literal(_) => 1,
        FnArg::Test(test) => test_work(test, size),
        FnArg::Filter(filter) => filter_work(filter, size),
    };
    match function {
        TestFunction::Custom(_, arguments) => {
            // These compare two lists item by item.
            arguments.iter().map(argument).fold(size.values, u64::saturating_add)
        }
        TestFunction::Length(one) => argument(one),
        TestFunction::Value(one) | TestFunction::Count(one) => argument(one),
        TestFunction::Search(left, right) | TestFunction::Match(left, right) => {
            PATTERN_WORK + argument(left) + argument(right)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn query(path: &str, context: &Value) -> Value {
        Path::parse(path).unwrap().evaluate(context).unwrap()
    }

    #[test]
    fn a_singular_path_gives_the_value_or_null() {
        let context = json!({"a": [{"b": null}, {"b": [1, 2, 3]}], "c d": 1, "ü": 2});
        for (path, expected) in [
            ("$.a[1].b[-1]", json!(3)),
            ("$.a[0].b", json!(null)),
            ("$.a[7].b", json!(null)),
            ("$.a[-3]", json!(null)),
            ("$['c d']", json!(1)),
            ("$.ü", json!(2)),
            ("$.a.b", json!(null)),
            ("$.nowhere.at.all", json!(null)),
            ("$[\"c\\u0020d\"]", json!(1)),
        ] {
            assert_eq!(query(path, &context), expected, "{path}");
        }
        assert_eq!(query("$", &context), context);
    }

    #[test]
    fn a_query_gives_an_array_also_of_one_or_none() {
        let context = json!({"a": [{"b": 1}, {"b": 2}]});
        assert_eq!(query("$.a[*].b", &context), json!([1, 2]));
        assert_eq!(query("$.a[?@.b == 2].b", &context), json!([2]));
        assert_eq!(query("$..nowhere", &context), json!([]));
    }

    #[test]
    fn a_malformed_path_says_from_where_on() {
        assert_eq!(Path::parse("$.steps.tell-erp").unwrap_err().1, 12);
        assert!(Path::parse("$.steps.tell-erp").unwrap_err().0.contains("['name']"));
        assert!(Path::parse("$.a[").is_err());
        assert!(Path::parse(&format!("$.{}", "a".repeat(2_000))).is_err());
        assert!(Path::parse(&format!("$[?{}@.a{}]", "(".repeat(40), ")".repeat(40))).is_err());
    }

    #[test]
    fn a_query_that_would_take_ages_is_refused_before_it_begins() {
        let context = json!({ "rows": vec![json!({"a": {"b": {"c": 1}}}); 5_000] });
        for path in ["$..[?$..a]", "$.rows[?count($.rows[*]) > 1]", "$..*..*..*..*..*..*", "$..[?match(@.a, '.*')]"] {
            assert!(Path::parse(path).unwrap().evaluate(&context).is_err(), "{path}");
        }
        assert_eq!(query("$.rows[?@.a.b.c == 1].a.b.c", &context).as_array().unwrap().len(), 5_000);
        assert_eq!(query("$..c", &context).as_array().unwrap().len(), 5_000);
    }
}
