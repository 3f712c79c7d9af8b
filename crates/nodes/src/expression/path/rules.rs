//! What is refused although the library takes it: because the standard forbids it, or because the library would give a
//! wrong answer in silence.

use jsonpath_rust::parser::model::{
    Comparable, Comparison, Filter, FilterAtom, FnArg, JpQuery, Literal, Segment, Selector, Test, TestFunction,
};

use crate::sandbox::functions::Pattern;

/// The deepest nesting of brackets in a path.
const DEEPEST_NESTING: usize = 16;

/// What is wrong with the text of a path: the message and the place in characters from 0.
pub(super) fn check_text(source: &str) -> Result<(), (String, usize)> {
    let mut depth = 0_usize;
    let mut quote = None;
    let mut is_escaped = false;
    let mut before_blank = None;
    let mut before = ' ';
    for (position, letter) in source.chars().enumerate() {
        if let Some(end) = quote {
            if !is_escaped && letter == end {
                quote = None;
            }
            is_escaped = !is_escaped && letter == '\\';
            before = letter;
            continue;
        }
        match letter {
            '"' | '\'' => quote = Some(letter),
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_NESTING {
            return Err((format!("A path may nest at most {DEEPEST_NESTING} brackets."), position));
        }
        if letter.is_whitespace() && !before.is_whitespace() {
            before_blank = Some(before);
        } else if is_name(letter) && before.is_whitespace() && before_blank.is_some_and(is_name) {
            return Err(("A name with white space is written `['a name']`.".to_owned(), position));
        }
        before = letter;
    }
    Ok(())
}

fn is_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// What is wrong with a path that was read.
pub(super) fn check(query: &JpQuery) -> Result<(), String> {
    check_segments(&query.segments, false)
}

fn check_segments(segments: &[Segment], is_in_filter: bool) -> Result<(), String> {
    for segment in segments {
        let inner = if let Segment::Descendant(inner) = segment { inner } else { segment };
        let selectors = match inner {
            Segment::Selector(selector) => std::slice::from_ref(selector),
            Segment::Selectors(selectors) => selectors,
            Segment::Descendant(_) => &[],
        };
        for selector in selectors {
            if let Selector::Filter(filter) = selector {
                if is_in_filter {
                    return Err("A filter inside a filter is not supported. Use two steps, or a script.".to_owned());
                }
                check_filter(filter)?;
            }
        }
    }
    Ok(())
}

fn check_filter(filter: &Filter) -> Result<(), String> {
    match filter {
        Filter::Or(parts) | Filter::And(parts) => parts.iter().try_for_each(check_filter),
        Filter::Atom(FilterAtom::Filter { expr, .. }) => check_filter(expr),
        Filter::Atom(FilterAtom::Test { expr, .. }) => match &**expr {
            Test::Function(function) => {
                if let TestFunction::Length(_) | TestFunction::Value(_) | TestFunction::Count(_) = &**function {
                    return Err("`length()`, `count()` and `value()` give a value: compare it with another.".to_owned());
                }
                check_function(function)
            }
            query => check_test(query),
        },
        Filter::Atom(FilterAtom::Comparison(comparison)) => {
            let (Comparison::Eq(left, right)
            | Comparison::Ne(left, right)
            | Comparison::Gt(left, right)
            | Comparison::Gte(left, right)
            | Comparison::Lt(left, right)
            | Comparison::Lte(left, right)) = &**comparison;
            [left, right].into_iter().try_for_each(|side| match side {
                Comparable::Function(function) => check_function(function),
                Comparable::Literal(_) | Comparable::SingularQuery(_) => Ok(()),
            })
        }
    }
}

fn check_test(test: &Test) -> Result<(), String> {
    match test {
        Test::RelQuery(segments) => check_segments(segments, true),
        Test::AbsQuery(query) => check_segments(&query.segments, true),
        Test::Function(function) => check_function(function),
    }
}

fn check_function(function: &TestFunction) -> Result<(), String> {
    match function {
        TestFunction::Custom(name, _) => {
            Err(format!("`{name}()` is not a function of JSONPath: there are length, count, value, match and search."))
        }
        TestFunction::Length(one) => check_argument(one, true),
        TestFunction::Value(one) | TestFunction::Count(one) => check_argument(one, false),
        TestFunction::Search(text, pattern) | TestFunction::Match(text, pattern) => {
            check_argument(text, true)?;
            match pattern {
                FnArg::Literal(Literal::String(pattern)) => Pattern::compile(pattern).map(|_| ()),
                _ => {
                    Err("The pattern of `match()` and `search()` must stand in the path itself, in quotes.".to_owned())
                }
            }
        }
    }
}

/// RFC 9535 §2.4.3: an argument that is meant as a value must be one value, not a list of nodes.
fn check_argument(argument: &FnArg, needs_value: bool) -> Result<(), String> {
    let is_single = |segments: &[Segment]| {
        segments.iter().all(|segment| matches!(segment, Segment::Selector(Selector::Name(_) | Selector::Index(_))))
    };
    match argument {
        FnArg::Test(test) => {
            let fits = match &**test {
                Test::RelQuery(segments) => is_single(segments),
                Test::AbsQuery(query) => is_single(&query.segments),
                Test::Function(_) => true,
            };
            if needs_value && !fits {
                return Err("`length()`, `match()` and `search()` take a path to one value; use `value()`.".to_owned());
            }
            check_test(test)
        }
        FnArg::Filter(filter) => check_filter(filter),
        FnArg::Literal(_) => Ok(()),
    }
}
