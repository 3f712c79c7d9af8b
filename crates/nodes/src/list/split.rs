//! `text.split`: a text becomes a list of texts.

use model::{ErrorCode, NodeError};
use serde_json::{Value, json};

use super::{fault, flag, text};
use crate::node::Input;
use crate::sandbox::functions::Pattern;

/// The most parts that a text is split into.
const MOST_PARTS: usize = 100_000;

pub(super) fn work(input: &Input<'_>) -> Result<Value, NodeError> {
    let whole = text(input, "text");
    let parts = match text(input, "by") {
        "separator" => {
            let separator = text(input, "separator");
            if separator.is_empty() {
                return Err(fault("separator", "It is not said where to split. Write a separator such as a comma."));
            }
            bounded(whole.split(separator))?
        }
        "regex" => {
            let pattern = Pattern::compile(text(input, "pattern")).map_err(|message| fault("pattern", message))?;
            bounded(pattern.split(whole).map_err(|message| fault("pattern", message))?)?
        }
        "length" => {
            let length = input.params.get("length").and_then(Value::as_u64).filter(|length| *length > 0);
            let length = length.ok_or_else(|| fault("length", "The length must be a whole number of 1 or more."))?;
            bounded(pieces(whole, usize::try_from(length).unwrap_or(usize::MAX)))?
        }
        _ => bounded(lines(whole))?,
    };
    let is_exact = text(input, "by") == "length";
    let (trim, keep_empty) = (flag(input, "trim") && !is_exact, flag(input, "keep_empty") && !is_exact);
    let parts: Vec<&str> = parts
        .into_iter()
        .map(|part| if trim { part.trim() } else { part })
        .filter(|part| keep_empty || !part.is_empty())
        .collect();
    Ok(json!({ "count": parts.len(), "items": parts }))
}

fn bounded<'a>(parts: impl Iterator<Item = &'a str>) -> Result<Vec<&'a str>, NodeError> {
    let parts: Vec<&str> = parts.take(MOST_PARTS + 1).collect();
    if parts.len() > MOST_PARTS {
        let message = format!("The text falls into more than {MOST_PARTS} parts. Split a shorter text.");
        return Err(NodeError::permanent(ErrorCode::TooLarge, message).at("text"));
    }
    Ok(parts)
}

/// Lines, whatever ends them: `\n`, `\r\n` or `\r`.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let Some(end) = text.find(['\n', '\r']) else { return rest.take() };
        let width = if text[end..].starts_with("\r\n") { 2 } else { 1 };
        rest = Some(&text[end + width..]);
        Some(&text[..end])
    })
}

/// Pieces of so many characters; the last one may be shorter.
fn pieces(text: &str, length: usize) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(length).map_or(rest.len(), |(end, _)| end);
        let (piece, left) = rest.split_at(end);
        rest = left;
        (!piece.is_empty()).then_some(piece)
    })
}
