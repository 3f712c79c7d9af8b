//! Regular expressions: those of the `regex` crate, which take time in proportion to the text for every pattern. That is
//! not enough: the factor is the size of the pattern, `(a{1,200}){1,20}` has 4,000 places to be in at once, and a search
//! cannot be interrupted. So a pattern is only used on a text when both together are small enough.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Hir, HirKind};
use rhai::{Array, Dynamic, Engine, ImmutableString};

use super::text::list;
use super::{Fallible, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("matches", |text: Dynamic, pattern: ImmutableString| -> Fallible<bool> {
        Ok(known(&pattern)?.is_match(&text_of(&text)?)?)
    });
    engine.register_fn("extract", |text: Dynamic, pattern: ImmutableString| -> Fallible<Dynamic> {
        let (text, pattern) = (text_of(&text)?, known(&pattern)?);
        pattern.check_work(&text)?;
        Ok(pattern.regex.captures(&text).map_or(Dynamic::UNIT, |found| first_group(&found)))
    });
    engine.register_fn("extract_all", |text: Dynamic, pattern: ImmutableString| -> Fallible<Array> {
        let (text, pattern) = (text_of(&text)?, known(&pattern)?);
        pattern.check_work(&text)?;
        let mut interrupted = Ok(());
        // Every match begins a new search, which may read on to the end of the text.
        let found = pattern.regex.captures_iter(&text).map_while(|found| {
            interrupted = running::ask();
            interrupted.is_ok().then(|| first_group(&found))
        });
        let found = list(found)?;
        interrupted.map(|()| found)
    });
}

/// A pattern of bounded size.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    regex: Regex,
    places: usize,
}

impl Pattern {
    /// Reads a pattern. The error says what is wrong with it.
    pub(crate) fn compile(source: &str) -> Result<Self, String> {
        if source.len() > LONGEST_BYTES {
            return Err(format!("A pattern may be at most {LONGEST_BYTES} bytes long."));
        }
        let refused = |error: String| {
            let reason = error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned();
            format!("The pattern `{source}` cannot be used: {reason}")
        };
        let hir = ParserBuilder::new().nest_limit(DEEPEST_NESTING).build().parse(source);
        let places = places(&hir.map_err(|error| refused(error.to_string()))?);
        let regex = RegexBuilder::new(source).size_limit(LARGEST_BYTES).nest_limit(DEEPEST_NESTING).build();
        Ok(Self { regex: regex.map_err(|error| refused(error.to_string()))?, places })
    }

    /// Whether it matches somewhere in the text. The error says that both together are too large.
    pub(crate) fn is_match(&self, text: &str) -> Result<bool, String> {
        self.check_work(text)?;
        Ok(self.regex.is_match(text))
    }

    /// The parts of a text between the matches. The error says that both together are too large.
    pub(crate) fn split<'r, 't>(&'r self, text: &'t str) -> Result<regex::Split<'r, 't>, String> {
        self.check_work(text)?;
        Ok(self.regex.split(text))
    }

    /// How many places in the pattern a search may have to follow at once.
    pub(crate) fn places(&self) -> usize {
        self.places
    }

    fn check_work(&self, text: &str) -> Result<(), String> {
        if self.places.saturating_mul(text.len()) > MOST_WORK {
            let message = "The pattern is too complex for a text of";
            return Err(format!(
                "{message} {} bytes; make the numbers in `{{…}}` smaller or the text shorter.",
                text.len()
            ));
        }
        Ok(())
    }
}

fn places(hir: &Hir) -> usize {
    match hir.kind() {
        HirKind::Empty => 0,
        HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Capture(capture) => places(&capture.sub),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().map(places).fold(0, usize::saturating_add),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or_else(|| repetition.min.saturating_add(1)).max(1);
            places(&repetition.sub).max(1).saturating_mul(usize::try_from(times).unwrap_or(usize::MAX))
        }
    }
}

/// Compiles a pattern, or takes it from the few that this thread used last.
fn known(source: &str) -> Fallible<Arc<Pattern>> {
    thread_local! {
        static LATEST: RefCell<VecDeque<(ImmutableString, Arc<Pattern>)>> = const { RefCell::new(VecDeque::new()) };
    }
    let found = LATEST
        .with_borrow(|latest| latest.iter().find(|(known, _)| known == source).map(|(_, pattern)| Arc::clone(pattern)));
    if let Some(pattern) = found {
        return Ok(pattern);
    }
    running::work(COMPILING_BYTES)?;
    let pattern = Arc::new(Pattern::compile(source)?);
    LATEST.with_borrow_mut(|latest| {
        latest.truncate(LATEST_PATTERNS - 1);
        latest.push_front((source.into(), Arc::clone(&pattern)));
    });
    Ok(pattern)
}

fn first_group(found: &Captures<'_>) -> Dynamic {
    found.get(1).or_else(|| found.get(0)).map_or(Dynamic::UNIT, |group| group.as_str().into())
}

const LONGEST_BYTES: usize = 1_000;
const LARGEST_BYTES: usize = 1024 * 1024;
const DEEPEST_NESTING: u32 = 50;
/// Places times bytes. At its worst a step takes half a microsecond in a debug build and a twentieth of that otherwise.
const MOST_WORK: usize = 2_000_000;
/// What compiling counts as.
const COMPILING_BYTES: usize = 64 * 1024;
const LATEST_PATTERNS: usize = 8;
