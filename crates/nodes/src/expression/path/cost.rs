//! What a query may cost, estimated before it begins: the library cannot be stopped on its way.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, SingularQuery, Test,
    TestFunction,
};
use serde_json::Value;

use crate::sandbox::functions::Pattern;

/// How many values the query visits at most.
pub(super) fn estimate(query: &JpQuery, context: &Value) -> u64 {
    let size = Size::of(context);
    work(&query.segments, size, size.values).0
}

/// The library compiles a pattern anew for every value, which costs about as much as visiting so many.
const COMPILING_WORK: u64 = 500;

/// How large a value is.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    values: u64,
    depth: u64,
    text_bytes: u64,
}

impl Size {
    fn of(value: &Value) -> Self {
        let mut size = Self { values: 1, ..Self::default() };
        match value {
            Value::String(text) => size.text_bytes = text.len() as u64,
            Value::Array(items) => items.iter().for_each(|item| size.add(Self::of(item))),
            Value::Object(entries) => entries.values().for_each(|item| size.add(Self::of(item))),
            _ => {}
        }
        size.depth += 1;
        size
    }

    fn add(&mut self, inner: Self) {
        self.values += inner.values;
        self.depth = self.depth.max(inner.depth);
        self.text_bytes += inner.text_bytes;
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
            let is_short = segments
                .iter()
                .all(|segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_))));
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
        TestFunction::Search(text, pattern) | TestFunction::Match(text, pattern) => {
            pattern_work(text, pattern, size).saturating_add(argument(text))
        }
    }
}

/// A pattern looks at all texts once when it is asked of each value, and at one text again and again when that is named
/// from the root.
fn pattern_work(text: &FnArg, pattern: &FnArg, size: Size) -> u64 {
    let FnArg::Literal(Literal::String(pattern)) = pattern else { return u64::MAX };
    let places = Pattern::compile(pattern).map_or(u64::MAX, |pattern| pattern.places() as u64);
    let is_same_text = matches!(text, FnArg::Test(test) if matches!(**test, Test::AbsQuery(_)));
    let bytes = if is_same_text { size.text_bytes } else { 1 + size.text_bytes / size.values };
    places.saturating_mul(bytes).saturating_add(COMPILING_WORK)
}
