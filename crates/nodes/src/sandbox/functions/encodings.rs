//! Base64 and addresses (URLs).

use base64::Engine as _;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rhai::{Array, Dynamic, Engine, Map};
use url::Url;

use super::{Fallible, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("base64_encode", |text: Dynamic| encode(&text, &TEXT_ENCODER));
    engine.register_fn("base64_decode", |text: Dynamic| decode(&text, &TEXT_ENCODER));
    engine.register_fn("base64url_encode", |text: Dynamic| encode(&text, &ADDRESS_ENCODER));
    engine.register_fn("base64url_decode", |text: Dynamic| decode(&text, &ADDRESS_ENCODER));
    engine.register_fn("url_encode", |text: Dynamic| -> Fallible<String> {
        let text = text_of(&text)?;
        running::room_for_text(text.len().saturating_mul(3).min(text.len() + 3 * escapes(&text)))?;
        Ok(utf8_percent_encode(&text, UNRESERVED).to_string())
    });
    engine.register_fn("url_decode", |text: Dynamic| -> Fallible<String> {
        let text = text_of(&text)?;
        let decoded = percent_decode_str(&text).decode_utf8();
        decoded.map(Into::into).map_err(|_| "The decoded bytes are not UTF-8 text.".into())
    });
    engine.register_fn("query_string", |fields: Map| query_string(&fields));
    engine.register_fn("parse_url", |address: Dynamic| parse_url(&text_of(&address)?));
}

fn encode(text: &Dynamic, encoder: &GeneralPurpose) -> Fallible<String> {
    let text = text_of(text)?;
    running::room_for_text(text.len() / 3 * 4 + 4)?;
    Ok(encoder.encode(text.as_bytes()))
}

fn decode(text: &Dynamic, encoder: &GeneralPurpose) -> Fallible<String> {
    let text = text_of(text)?;
    let bytes = encoder.decode(text.trim()).map_err(|error| format!("This is not base64: {error}."))?;
    String::from_utf8(bytes).map_err(|_| "The decoded bytes are not UTF-8 text.".into())
}

fn escapes(text: &str) -> usize {
    text.bytes().filter(|byte| !byte.is_ascii_alphanumeric()).count()
}

/// Null values are left out; a list gives its name once per item.
fn query_string(fields: &Map) -> Fallible<String> {
    let mut pairs = url::form_urlencoded::Serializer::new(String::new());
    let mut bytes = 0;
    for (name, value) in fields {
        let values = value.as_array_ref().map_or_else(|_| vec![value.clone()], |items| items.clone());
        for value in values.iter().filter(|value| !value.is_unit()) {
            let value = text_of(value)?;
            bytes += 3 * (name.len() + value.len()) + 2;
            running::room_for_text(bytes)?;
            pairs.append_pair(name, &value);
        }
    }
    Ok(pairs.finish())
}

fn parse_url(address: &str) -> Fallible<Map> {
    let url = Url::parse(address).map_err(|error| format!("This is not an address: {error}."))?;
    running::room_for_items(url.query_pairs().count())?;
    let mut query = Map::new();
    for (name, value) in url.query_pairs() {
        let known = query.remove(name.as_ref());
        let value = Dynamic::from(value.into_owned());
        let value = match known.map(Dynamic::try_cast_result::<Array>) {
            None => value,
            Some(Ok(mut items)) => {
                items.push(value);
                Dynamic::from_array(items)
            }
            Some(Err(first)) => Dynamic::from_array(vec![first, value]),
        };
        query.insert(name.as_ref().into(), value);
    }
    let text = |part: Option<&str>| part.map_or(Dynamic::UNIT, |part| Dynamic::from(part.to_owned()));
    Ok(Map::from([
        ("scheme".into(), text(Some(url.scheme()))),
        ("host".into(), text(url.host_str())),
        ("port".into(), url.port_or_known_default().map_or(Dynamic::UNIT, |port| Dynamic::from_int(port.into()))),
        ("path".into(), text(Some(url.path()))),
        ("query".into(), Dynamic::from_map(query)),
        ("fragment".into(), text(url.fragment())),
    ]))
}

/// Everything except what RFC 3986 §2.3 calls unreserved is escaped.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

const TEXT_ENCODER: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// RFC 4648 §5, written without padding.
const ADDRESS_ENCODER: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new().with_encode_padding(false).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
