//! Reads each template once per process.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::path::Path;
use super::template::{self, Malformed, Piece};
use crate::sandbox::{Limits, Sandbox, Script};

/// A template with its expressions read.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) parts: Vec<Part>,
}

/// One part of a template.
#[derive(Debug)]
pub(super) enum Part {
    Text(String),
    Expression(Expression),
}

/// An expression that was read.
#[derive(Debug)]
pub(super) struct Expression {
    pub(super) source: String,
    /// Where it begins in the template, in characters from 0.
    pub(super) position: usize,
    pub(super) code: Code,
}

/// The two languages of expressions.
#[derive(Debug)]
pub(super) enum Code {
    Path(Path),
    Script(Script),
}

/// Why a template cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unreadable {
    pub(super) message: String,
    /// The expression that is to blame; empty when the braces are.
    pub(super) expression: String,
    /// Where, in characters from 0 in the template.
    pub(super) position: usize,
}

/// The sandbox of all expressions.
pub(super) static SANDBOX: LazyLock<Sandbox> = LazyLock::new(|| Sandbox::new(Limits::for_expressions()));

/// Reads a template, or takes it from those that were read before.
pub(super) fn template(text: &str) -> Result<Arc<Template>, Unreadable> {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(template) = known.get(text) {
        return Ok(template);
    }
    drop(known);
    let template = Arc::new(read(text)?);
    known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.put(text, Arc::clone(&template));
    Ok(template)
}

/// Reads a bare expression; it is not remembered.
pub(super) fn bare(source: &str) -> Result<Template, Unreadable> {
    let blanks = source.chars().take_while(|letter| letter.is_whitespace()).count();
    let part = Part::Expression(expression(source.trim(), blanks)?);
    Ok(Template { parts: vec![part] })
}

fn read(text: &str) -> Result<Template, Unreadable> {
    let broken = |Malformed { message, position }| Unreadable { message, expression: String::new(), position };
    let pieces = template::split(text).map_err(broken)?;
    let parts = pieces.into_iter().map(|piece| match piece {
        Piece::Text(text) => Ok(Part::Text(text)),
        Piece::Expression { source, position } => expression(&source, position).map(Part::Expression),
    });
    Ok(Template { parts: parts.collect::<Result<_, _>>()? })
}

fn expression(source: &str, position: usize) -> Result<Expression, Unreadable> {
    let unreadable =
        |message: String, at: usize| Unreadable { message, expression: source.to_owned(), position: position + at };
    let code = if source.starts_with('$') {
        Code::Path(Path::parse(source).map_err(|(message, at)| unreadable(message, at))?)
    } else {
        let script = SANDBOX.compile(source);
        Code::Script(script.map_err(|error| unreadable(error.message, offset(source, error.line, error.column)))?)
    };
    Ok(Expression { source: source.to_owned(), position, code })
}

/// A line and column, both from 1, as a number of characters from 0.
pub(super) fn offset(source: &str, line: usize, column: usize) -> usize {
    let before: usize = source.split('\n').take(line.saturating_sub(1)).map(|line| line.chars().count() + 1).sum();
    before + column.saturating_sub(1)
}

static KNOWN: LazyLock<Mutex<Generations>> = LazyLock::new(Mutex::default);

/// Two generations: what is used moves into the young one; when that is full, the old one is forgotten.
#[derive(Default)]
struct Generations {
    young: HashMap<Box<str>, Arc<Template>>,
    old: HashMap<Box<str>, Arc<Template>>,
    young_bytes: usize,
}

/// A compiled script takes some 30 times its source, so this is about 16 MB for both generations together.
const GENERATION_BYTES: usize = 256 * 1024;

impl Generations {
    fn get(&mut self, text: &str) -> Option<Arc<Template>> {
        if let Some(template) = self.young.get(text) {
            return Some(Arc::clone(template));
        }
        let template = self.old.remove(text)?;
        self.put(text, Arc::clone(&template));
        Some(template)
    }

    fn put(&mut self, text: &str, template: Arc<Template>) {
        const OVERHEAD_BYTES: usize = 100;
        let bytes = text.len() + OVERHEAD_BYTES;
        if self.young_bytes + bytes > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        if bytes <= GENERATION_BYTES && self.young.insert(text.into(), template).is_none() {
            self.young_bytes += bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_stays_and_the_rest_is_forgotten() {
        let mut known = Generations::default();
        let template = || Arc::new(Template { parts: Vec::new() });
        known.put("kept", template());
        known.put("lost", template());
        for number in 0..6_000 {
            known.put(&number.to_string(), template());
            assert!(known.get("kept").is_some());
        }
        assert!(known.get("lost").is_none());
        assert!(known.young_bytes <= GENERATION_BYTES && known.old.len() < 6_000);
    }

    #[test]
    fn a_place_is_counted_in_characters() {
        assert_eq!(offset("äb\ncd", 2, 2), 4);
        assert_eq!(offset("abc", 0, 0), 0);
    }
}
