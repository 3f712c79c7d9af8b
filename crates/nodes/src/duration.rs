//! Lengths of time as people give them: `{"amount": 5, "unit": "minutes"}`.

use serde_json::{Value, json};

/// The units and how long each is, in milliseconds. A day is 24 hours.
const UNITS: [(&str, u64); 5] = [
    ("seconds", 1_000),
    ("minutes", 60 * 1_000),
    ("hours", 60 * 60 * 1_000),
    ("days", 24 * 60 * 60 * 1_000),
    ("weeks", 7 * 24 * 60 * 60 * 1_000),
];

/// The longest length of time that can be given, in milliseconds: ten years.
const LONGEST_MS: u64 = 10 * 366 * 24 * 60 * 60 * 1_000;

/// A length of time in milliseconds, rounded; at least 1. The error says what is wrong and what would be right.
pub fn milliseconds(value: &Value) -> Result<u64, String> {
    let (amount, unit) = (&value["amount"], value["unit"].as_str().unwrap_or_default());
    let Some((_, length_ms)) = UNITS.iter().find(|(name, _)| *name == unit) else {
        let known = UNITS.map(|(name, _)| format!("`{name}`")).join(", ");
        return Err(format!("A length of time is {{\"amount\": 5, \"unit\": \"minutes\"}}; a unit is one of {known}."));
    };
    let amount = match amount {
        Value::String(text) => text.trim().parse().ok().filter(|amount: &f64| amount.is_finite()),
        other => other.as_f64(),
    };
    let Some(amount) = amount.filter(|amount| *amount > 0.0) else {
        return Err("The amount of a length of time must be a number above 0.".to_owned());
    };
    #[expect(clippy::cast_precision_loss, reason = "whole numbers below 2^53 are exact")]
    let millis = amount * *length_ms as f64;
    #[expect(clippy::cast_precision_loss, reason = "whole numbers below 2^53 are exact")]
    if millis > LONGEST_MS as f64 {
        return Err(format!("A length of time may be at most ten years; {amount} {unit} is longer."));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "within bounds as checked above")]
    Ok((millis.round() as u64).max(1))
}

/// A length of time as a person would say it, for messages.
pub(crate) fn in_words(millis: u64) -> String {
    let fits = |(_, length_ms): &&(&str, u64)| millis >= *length_ms && millis.is_multiple_of(*length_ms);
    match UNITS.iter().rev().find(fits) {
        Some((name, length_ms)) if millis == *length_ms => format!("1 {}", name.trim_end_matches('s')),
        Some((name, length_ms)) => format!("{} {name}", millis / length_ms),
        None => format!("{millis} ms"),
    }
}

/// A length of time whose amount is not known yet, made one that is, so that the rest of it can be checked.
pub(crate) fn with_any_amount(value: &Value) -> Value {
    match value["amount"].as_str() {
        Some(text) if text.contains("{{") => json!({ "amount": 1, "unit": value["unit"] }),
        _ => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_an_amount_and_a_unit() {
        for (value, expected) in [
            (json!({"amount": 5, "unit": "minutes"}), 300_000),
            (json!({"amount": "1.5", "unit": "hours"}), 5_400_000),
            (json!({"amount": 0.25, "unit": "seconds"}), 250),
            (json!({"amount": 2, "unit": "weeks"}), 1_209_600_000),
            (json!({"amount": 0.000_001, "unit": "seconds"}), 1),
        ] {
            assert_eq!(milliseconds(&value), Ok(expected), "{value}");
        }
    }

    #[test]
    fn a_length_of_time_reads_as_people_say_it() {
        for (millis, expected) in [(3_600_000, "1 hour"), (172_800_000, "2 days"), (90_000, "90 seconds"), (5, "5 ms")]
        {
            assert_eq!(in_words(millis), expected);
        }
    }

    #[test]
    fn what_is_none_says_so() {
        for (value, expected) in [
            (json!("5 minutes"), "a unit is one of"),
            (json!({"amount": 5, "unit": "fortnights"}), "a unit is one of"),
            (json!({"amount": 0, "unit": "days"}), "above 0"),
            (json!({"amount": "inf", "unit": "days"}), "above 0"),
            (json!({"amount": "soon", "unit": "days"}), "above 0"),
            (json!({"unit": "days"}), "above 0"),
            (json!({"amount": 4_000, "unit": "days"}), "at most ten years"),
        ] {
            let message = milliseconds(&value).unwrap_err();
            assert!(message.contains(expected), "{value}: {message}");
        }
    }
}
