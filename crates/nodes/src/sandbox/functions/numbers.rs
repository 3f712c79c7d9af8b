//! Numbers: rounding, reading and writing them as people do, and sums over lists.

use std::cmp::Ordering;

use rhai::{Array, Dynamic, Engine, FLOAT, INT, ImmutableString};

use super::super::operators::order;
use super::{Fallible, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    rounding(engine);
    reading(engine);
    summing(engine);
}

fn rounding(engine: &mut Engine) {
    engine.register_fn("round", |number: FLOAT| whole(number.round()));
    engine.register_fn("floor", |number: FLOAT| whole(number.floor()));
    for name in ["round", "floor", "ceil"] {
        engine.register_fn(name, |number: INT| number);
    }
    engine.register_fn("ceil", |number: FLOAT| whole(number.ceil()));
    engine.register_fn("round", |number: FLOAT, places: INT| round_to(number, places));
    engine.register_fn("round", |number: INT, _: INT| number);
}

fn reading(engine: &mut Engine) {
    engine.register_fn("parse_number", |value: Dynamic| parse_number(&value, None));
    engine.register_fn("parse_number", |value: Dynamic, locale: ImmutableString| {
        let decimal_comma = is_german(&locale)?;
        parse_number(&value, Some(decimal_comma))
    });
    engine.register_fn("format_number", |number: Dynamic, places: INT, locale: ImmutableString| {
        format_number(&number, places, is_german(&locale)?)
    });
    engine.register_fn("format_number", |number: Dynamic, places: INT| format_number(&number, places, false));
    engine.register_fn("is_number", |value: Dynamic| value.is_int() || value.is_float());
}

fn summing(engine: &mut Engine) {
    engine.register_fn("sum", |list: Array| sum(&list));
    engine.register_fn("average", |list: Array| -> Fallible<Dynamic> {
        if list.is_empty() {
            return Ok(Dynamic::UNIT);
        }
        #[expect(clippy::cast_precision_loss, reason = "a list is far shorter than 2^52")]
        let count = list.len() as FLOAT;
        Ok(Dynamic::from_float(float_of(&sum(&list)?).unwrap_or_default() / count))
    });
    engine.register_fn("min", |list: Array| extreme(list, Ordering::Less));
    engine.register_fn("max", |list: Array| extreme(list, Ordering::Greater));
}

/// Adds numbers up: exactly while they are integers, as floats from the first float on. Null counts as nothing, a text
/// as the number it shows.
pub(super) fn sum(list: &Array) -> Fallible<Dynamic> {
    running::work(list.len() * size_of::<Dynamic>())?;
    let mut total = Dynamic::from_int(0);
    for item in list {
        let number = parse_number(item, None)?;
        total = match (total.as_int(), number.as_int()) {
            (Ok(left), Ok(right)) => {
                Dynamic::from_int(left.checked_add(right).ok_or("The sum does not fit into 64 bits.")?)
            }
            _ if number.is_unit() => total,
            _ => Dynamic::from_float(float_of(&total).unwrap_or_default() + float_of(&number).unwrap_or_default()),
        };
    }
    Ok(total)
}

fn extreme(list: Array, wanted: Ordering) -> Dynamic {
    let numbers = list.into_iter().filter(|item| !item.is_unit());
    numbers.reduce(|best, item| if order(&item, &best) == wanted { item } else { best }).unwrap_or(Dynamic::UNIT)
}

#[expect(clippy::cast_precision_loss, reason = "only used where a float is asked for")]
fn float_of(value: &Dynamic) -> Option<FLOAT> {
    value.as_float().or_else(|_| value.as_int().map(|integer| integer as FLOAT)).ok()
}

/// A float without a fraction as an integer, when it fits.
#[expect(clippy::cast_possible_truncation, reason = "checked before")]
fn whole(number: FLOAT) -> Dynamic {
    const LIMIT: FLOAT = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { Dynamic::from_int(number as INT) } else { Dynamic::from_float(number) }
}

/// Rounds half away from zero, as in commerce. Works on the decimal digits, so that 1.005 becomes 1.01.
fn round_to(number: FLOAT, places: INT) -> FLOAT {
    let places = usize::try_from(places.clamp(0, 15)).unwrap_or(0);
    round_digits(number, places).parse().unwrap_or(number)
}

/// The number with exactly so many digits after the point.
fn round_digits(number: FLOAT, places: usize) -> String {
    // The shortest text that reads back as this number is what a person takes it for.
    let shown = format!("{}", number.abs());
    let (before, after) = shown.split_once('.').unwrap_or((&shown, ""));
    let mut digits: Vec<u8> = before.bytes().chain(after.bytes().chain(std::iter::repeat(b'0')).take(places)).collect();
    if after.as_bytes().get(places).is_some_and(|next| *next >= b'5') {
        let mut carry = true;
        for digit in digits.iter_mut().rev() {
            if !carry {
                break;
            }
            carry = *digit == b'9';
            *digit = if carry { b'0' } else { *digit + 1 };
        }
        if carry {
            digits.insert(0, b'1');
        }
    }
    let mut text: String = digits.iter().map(|digit| char::from(*digit)).collect();
    if places > 0 {
        text.insert(text.len() - places, '.');
    }
    let is_zero = digits.iter().all(|digit| *digit == b'0');
    if number < 0.0 && !is_zero { format!("-{text}") } else { text }
}

/// Reads `1234.5`, `1,234.50`, `1.234,56`, `1 234,5`, with a sign and a currency around it. Null stays null.
///
/// Without a locale the last of point and comma decides when both occur; a single comma is a decimal comma, and a
/// single point is a decimal point.
fn parse_number(value: &Dynamic, decimal_comma: Option<bool>) -> Fallible<Dynamic> {
    if value.is_unit() || value.is_int() || value.is_float() {
        return Ok(value.clone());
    }
    let text = text_of(value)?;
    let kept: String = text.chars().filter(|letter| letter.is_ascii_digit() || ".,-+eE".contains(*letter)).collect();
    let kept = kept.trim_matches(|letter: char| matches!(letter, 'e' | 'E'));
    let decimal = match decimal_comma {
        Some(true) => ',',
        Some(false) => '.',
        None => decimal_mark(kept),
    };
    let plain: String = kept
        .chars()
        .filter(|letter| *letter == decimal || !matches!(letter, '.' | ','))
        .map(|letter| if letter == decimal { '.' } else { letter })
        .collect();
    let plain = plain.trim_end_matches('-');
    if let Ok(integer) = plain.parse::<INT>() {
        return Ok(Dynamic::from_int(integer));
    }
    match plain.parse::<FLOAT>() {
        Ok(number) if number.is_finite() && plain.contains(|letter: char| letter.is_ascii_digit()) => {
            Ok(Dynamic::from_float(number))
        }
        _ => Err(format!("`{}` is not a number.", text.chars().take(50).collect::<String>()).into()),
    }
}

fn decimal_mark(text: &str) -> char {
    match (text.rfind('.'), text.rfind(',')) {
        (Some(point), Some(comma)) => {
            if point > comma {
                '.'
            } else {
                ','
            }
        }
        // Several of one kind can only group thousands.
        (None, Some(_)) => {
            if text.matches(',').count() == 1 {
                ','
            } else {
                '.'
            }
        }
        (Some(_), None) => {
            if text.matches('.').count() == 1 {
                '.'
            } else {
                ','
            }
        }
        (None, None) => '.',
    }
}

fn is_german(locale: &str) -> Fallible<bool> {
    match locale.get(..2).map(str::to_ascii_lowercase).as_deref() {
        Some("de") => Ok(true),
        Some("en") => Ok(false),
        _ => Err(format!("`{locale}` is not a known language; write `de` or `en`.").into()),
    }
}

fn format_number(value: &Dynamic, places: INT, is_german: bool) -> Fallible<String> {
    let places = usize::try_from(places.clamp(0, 15)).unwrap_or(0);
    let number = parse_number(value, None)?;
    let shown = match (number.as_int(), float_of(&number)) {
        (Ok(integer), _) if places == 0 => integer.to_string(),
        (Ok(integer), _) => format!("{integer}.{}", "0".repeat(places)),
        (_, Some(float)) => round_digits(float, places),
        _ => return Ok(String::new()),
    };
    let (whole, fraction) = shown.split_once('.').unwrap_or((&shown, ""));
    let (sign, digits) = whole.strip_prefix('-').map_or(("", whole), |digits| ("-", digits));
    let (group, decimal) = if is_german { ('.', ",") } else { (',', ".") };
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(group);
        }
        grouped.push(digit);
    }
    let tail = if fraction.is_empty() { String::new() } else { format!("{decimal}{fraction}") };
    Ok(format!("{sign}{grouped}{tail}"))
}
