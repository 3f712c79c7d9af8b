//! The helper functions of expressions and scripts, one file per group, and the table that describes them.

mod dates;
mod docs;
mod encodings;
mod hashes;
mod json;
mod lists;
mod maps;
mod numbers;
mod patterns;
mod text;
mod values;

use rhai::{Dynamic, Engine, EvalAltResult, ImmutableString};

pub(crate) use dates::read_moment;
pub use docs::{FunctionDoc, function_docs};
pub(crate) use patterns::Pattern;

use super::{convert, running};

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Puts all of them into the engine.
pub(super) fn add(engine: &mut Engine) {
    text::add(engine);
    patterns::add(engine);
    numbers::add(engine);
    dates::add(engine);
    lists::add(engine);
    maps::add(engine);
    json::add(engine);
    encodings::add(engine);
    hashes::add(engine);
    values::add(engine);
}

/// Any value as text: null is empty, lists and maps are compact JSON.
///
/// So a helper function for text works on whatever it is given, and a missing value never ends a run.
pub(super) fn text_of(value: &Dynamic) -> Fallible<ImmutableString> {
    if let Ok(text) = value.as_immutable_string_ref() {
        running::work(text.len())?;
        return Ok(text.clone());
    }
    if value.is_unit() {
        return Ok(ImmutableString::default());
    }
    if let Ok(letter) = value.as_char() {
        return Ok(letter.to_string().into());
    }
    let text = convert::to_value(value)?.to_string();
    running::room_for_text(text.len())?;
    Ok(text.into())
}
