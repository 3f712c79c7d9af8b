//! `application/x-www-form-urlencoded` (WHATWG URL §5).

use std::collections::BTreeMap;

use encoding_rs::Encoding;
use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::Limits;
use super::charset::{decode_as, find_encoding};
use super::error::{BodyError, Position};

/// Parses fields into an object of strings; a name that occurs several times becomes an array.
///
/// The charset is that of the `Content-Type`, else the one that a field `_charset_` or `charset` names, else UTF-8.
pub(super) fn parse(bytes: &[u8], charset: Option<&str>, limits: &Limits) -> Result<Value, BodyError> {
    let pairs = split(bytes, limits)?;
    let encoding = match charset {
        Some(label) => find_encoding(Some(label))?,
        None => named_by_a_field(&pairs).unwrap_or(encoding_rs::UTF_8),
    };
    let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for pair in &pairs {
        let decode = |part: &[u8]| {
            decode_as(part, encoding).map(std::borrow::Cow::into_owned).map_err(|_| {
                let detail = format!("A form field is not valid {} text.", encoding.name());
                BodyError::invalid(detail).at(Position::of_byte(bytes, pair.byte))
            })
        };
        fields.entry(decode(&pair.name)?).or_default().push(Value::String(decode(&pair.value)?));
    }
    Ok(Value::Object(gather(fields)))
}

/// One value stays as it is, several become an array.
pub(super) fn gather(fields: BTreeMap<String, Vec<Value>>) -> Map<String, Value> {
    let single = |mut values: Vec<Value>| match values.len() {
        1 => values.remove(0),
        _ => Value::Array(values),
    };
    fields.into_iter().map(|(name, values)| (name, single(values))).collect()
}

struct Pair {
    name: Vec<u8>,
    value: Vec<u8>,
    byte: usize,
}

fn split(bytes: &[u8], limits: &Limits) -> Result<Vec<Pair>, BodyError> {
    let mut pairs = Vec::new();
    let mut byte = 0;
    for field in bytes.split(|letter| *letter == b'&') {
        if !field.is_empty() {
            if pairs.len() >= limits.max_values {
                let detail = format!("The form has more than {} fields.", limits.max_values);
                return Err(BodyError::too_complex(detail).at(Position::of_byte(bytes, byte)));
            }
            let equals = memchr::memchr(b'=', field);
            let (name, value) = equals.map_or((field, &b""[..]), |at| (&field[..at], &field[at + 1..]));
            pairs.push(Pair { name: unescape(name), value: unescape(value), byte });
        }
        byte += field.len() + 1;
    }
    Ok(pairs)
}

fn unescape(part: &[u8]) -> Vec<u8> {
    let spaced: Vec<u8> = part.iter().map(|letter| if *letter == b'+' { b' ' } else { *letter }).collect();
    percent_decode(&spaced).collect()
}

fn named_by_a_field(pairs: &[Pair]) -> Option<&'static Encoding> {
    let naming = |name: &[u8]| pairs.iter().find(|pair| pair.name == name);
    let pair = naming(b"_charset_").or_else(|| naming(b"charset"))?;
    Encoding::for_label(&pair.value)
}
