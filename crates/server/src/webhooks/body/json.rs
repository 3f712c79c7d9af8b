//! JSON (RFC 8259) within limits.

use serde_json::Value;

use super::Limits;
use super::error::{BodyError, Position};

/// Parses one JSON document; blank text is null.
///
/// Depth and number of values are checked before a single value is built, so that a small body cannot become a huge tree.
pub(super) fn parse(text: &str, limits: &Limits) -> Result<Value, BodyError> {
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    check_size(text.as_bytes(), limits)?;
    serde_json::from_str(text).map_err(|error| {
        let byte = byte_of(text, error.line(), error.column());
        let position = Position { line: error.line(), column: error.column(), byte };
        BodyError::invalid(format!("The body is not valid JSON: {}.", reason(&error))).at(position)
    })
}

/// Counts brackets and commas outside strings. Malformed text may be counted wrongly, but then the parser refuses it.
fn check_size(text: &[u8], limits: &Limits) -> Result<(), BodyError> {
    let (mut depth, mut values, mut in_string, mut escaped) = (0_usize, 1_usize, false, false);
    for (byte, letter) in text.iter().enumerate() {
        match letter {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                depth += 1;
                values += 1;
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b',' => values += 1,
            _ => {}
        }
        if depth > limits.max_depth {
            let detail = format!("The JSON is nested more than {} levels deep.", limits.max_depth);
            return Err(BodyError::too_complex(detail).at(Position::of_byte(text, byte)));
        }
        if values > limits.max_values {
            let detail = format!("The JSON has more than {} values.", limits.max_values);
            return Err(BodyError::too_complex(detail).at(Position::of_byte(text, byte)));
        }
    }
    Ok(())
}

/// The library's reason without the place, which is told apart.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split_once(" at line ").map_or(text.as_str(), |(reason, _)| reason).to_owned()
}

fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let line_start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    (line_start + column.saturating_sub(1)).min(text.len())
}
