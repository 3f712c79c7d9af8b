//! Numbers as people write them: decimal and exact, so that `0.1 + 0.2` is `0.3`.

use std::fmt;

use serde_json::Number;

/// A whole number divided by a power of ten; without zeros at its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Decimal {
    digits: i128,
    places: u32,
}

/// The most places after the point. What has more is a measurement, for which a float does.
const MOST_PLACES: u32 = 25;

impl Decimal {
    pub(super) const ZERO: Self = Self { digits: 0, places: 0 };

    /// The number as it is written; none when it is far too large or too small.
    pub(super) fn of(number: &Number) -> Option<Self> {
        let text = number.to_string();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text.as_str(), 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: i128 = format!("{whole}{fraction}").parse().ok()?;
        let places = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        if places < 0 {
            let digits = digits.checked_mul(10_i128.checked_pow(places.unsigned_abs())?)?;
            return Some(Self { digits, places: 0 });
        }
        Some(Self { digits, places: places.unsigned_abs() }.shortened()).filter(|decimal| decimal.places <= MOST_PLACES)
    }

    /// The sum; none when it has too many digits.
    pub(super) fn plus(self, other: Self) -> Option<Self> {
        let places = self.places.max(other.places);
        let digits = self.with_places(places)?.checked_add(other.with_places(places)?)?;
        Some(Self { digits, places }.shortened())
    }

    /// The quotient, rounded like a float.
    pub(super) fn divided_by(self, count: u64) -> Option<Number> {
        let divisor = i128::from(count);
        if divisor == 0 {
            return None;
        }
        if self.digits % divisor == 0 {
            return Self { digits: self.digits / divisor, places: self.places }.shortened().number();
        }
        #[expect(clippy::cast_precision_loss, reason = "the quotient is not exact anyway")]
        let quotient = self.digits as f64 / (10_f64.powi(self.places.cast_signed()) * count as f64);
        Number::from_f64(quotient)
    }

    /// The JSON number; a float only when it is not whole or larger than 64 bits.
    pub(super) fn number(self) -> Option<Number> {
        if self.places > 0 {
            return Number::from_f64(self.to_string().parse().ok()?);
        }
        let whole =
            i64::try_from(self.digits).map(Number::from).or_else(|_| u64::try_from(self.digits).map(Number::from));
        whole.ok().or_else(|| Number::from_f64(self.to_string().parse().ok()?))
    }

    fn with_places(self, places: u32) -> Option<i128> {
        self.digits.checked_mul(10_i128.checked_pow(places - self.places)?)
    }

    fn shortened(mut self) -> Self {
        while self.places > 0 && self.digits % 10 == 0 {
            self.digits /= 10;
            self.places -= 1;
        }
        self
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let places = self.places as usize;
        let digits = format!("{:0>width$}", self.digits.unsigned_abs(), width = places + 1);
        let (whole, fraction) = digits.split_at(digits.len() - places);
        let sign = if self.digits < 0 { "-" } else { "" };
        if places == 0 { write!(formatter, "{sign}{whole}") } else { write!(formatter, "{sign}{whole}.{fraction}") }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn decimal(value: &Value) -> Option<Decimal> {
        Decimal::of(value.as_number().unwrap())
    }

    fn sum(values: &Value) -> Value {
        let mut values = values.as_array().unwrap().iter();
        let sum = values.try_fold(Decimal::ZERO, |sum, value| sum.plus(decimal(value)?));
        json!(sum.unwrap().number().unwrap())
    }

    #[test]
    fn sums_are_exact() {
        assert_eq!(sum(&json!([0.1, 0.2])), json!(0.3));
        assert_eq!(sum(&json!([19.99, 0.01, 80])), json!(100));
        assert_eq!(sum(&json!([-0.5, 0.25])), json!(-0.25));
        assert_eq!(sum(&json!([9_223_372_036_854_775_807_i64, 1])), json!(9_223_372_036_854_775_808_u64));
        assert_eq!(sum(&json!([18_446_744_073_709_551_615_u64, 1])), json!(1.844_674_407_370_955_2e19));
    }

    #[test]
    fn quotients_are_exact_where_they_can_be() {
        assert_eq!(decimal(&json!(0.3)).unwrap().divided_by(2), Number::from_f64(0.15));
        assert_eq!(decimal(&json!(9)).unwrap().divided_by(3), Some(Number::from(3)));
        assert_eq!(decimal(&json!(1)).unwrap().divided_by(3), Number::from_f64(1.0 / 3.0));
        assert_eq!(Decimal::ZERO.divided_by(0), None);
    }

    #[test]
    fn a_number_is_written_as_it_is_read() {
        for (value, text) in [
            (json!(12.50), "12.5"),
            (json!(-0.001), "-0.001"),
            (json!(1e3), "1000"),
            (json!(1.5e-7), "0.00000015"),
            (json!(0), "0"),
            (json!(-7), "-7"),
        ] {
            assert_eq!(decimal(&value).unwrap().to_string(), text);
        }
        for far in [json!(1e300), json!(1e-300), json!(1e-26)] {
            assert_eq!(decimal(&far), None, "{far}");
        }
    }
}
