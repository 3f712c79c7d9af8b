//! `list.aggregate`: counts, sums, averages, smallest and largest values of a list.

use model::NodeError;
use serde_json::{Map, Number, Value, json};

use super::decimal::Decimal;
use super::key::{Key, Reading, field, shown};
use super::{fault, items};
use crate::node::Input;

/// Entries without the value are left out, except by `count` without a field, which counts them all.
pub(super) fn work(input: &Input<'_>) -> Result<Value, NodeError> {
    let items = items(input)?;
    let mut output = Map::new();
    let operations = input.params.get("operations").and_then(Value::as_array);
    for (index, row) in operations.into_iter().flatten().enumerate() {
        let cell = |name: &str| row.get(name).and_then(Value::as_str).unwrap_or_default().trim();
        let (operation, by) = (cell("operation"), cell("field"));
        let name = if cell("name").is_empty() { default_name(operation, by) } else { cell("name").to_owned() };
        if output.contains_key(&name) {
            let message = format!("Two rows give `{name}`. Give each its own name.");
            return Err(fault(&format!("operations[{index}].name"), message));
        }
        let result =
            compute(operation, by, items).map_err(|message| fault(&format!("operations[{index}].field"), message))?;
        output.insert(name, result);
    }
    Ok(Value::Object(output))
}

/// `sum_price` for the sum of `price`.
fn default_name(operation: &str, by: &str) -> String {
    if by.is_empty() { operation.to_owned() } else { format!("{operation}_{}", by.replace('.', "_")) }
}

fn compute(operation: &str, by: &str, items: &[Value]) -> Result<Value, String> {
    let values = || items.iter().enumerate().filter_map(|(index, item)| Some((index, field(item, by)?)));
    match operation {
        "count" => Ok(json!(values().count())),
        "collect" => Ok(values().map(|(_, value)| value.clone()).collect()),
        "sum" => Ok(Value::Number(sum(values())?.0)),
        "average" => {
            let (_, average) = sum(values())?;
            Ok(average.map_or(Value::Null, Value::Number))
        }
        "min" => extreme(values(), std::cmp::Ordering::is_lt),
        _ => extreme(values(), std::cmp::Ordering::is_gt),
    }
}

/// The sum, and the average when there is anything.
fn sum<'a>(values: impl Iterator<Item = (usize, &'a Value)>) -> Result<(Number, Option<Number>), String> {
    let (mut exact, mut rounded, mut count) = (Some(Decimal::ZERO), 0.0, 0_u64);
    for (index, value) in values {
        let Some(Key::Number(number)) = Key::of(value, Reading::Number) else {
            return Err(format!("Entry {} has {}, which is no number.", index + 1, shown(value)));
        };
        exact = exact.and_then(|sum| sum.plus(Decimal::of(&number)?));
        rounded += number.as_f64().unwrap_or(f64::NAN);
        count += 1;
    }
    if let Some(sum) = exact.and_then(Decimal::number) {
        return Ok((sum, exact.and_then(|exact| exact.divided_by(count))));
    }
    // Far apart or far out, where only floats reach.
    #[expect(clippy::cast_precision_loss, reason = "nobody has 2^53 entries")]
    let average = Number::from_f64(rounded / count.max(1) as f64);
    let sum = Number::from_f64(rounded).ok_or("The sum is too large for a number.")?;
    Ok((sum, average))
}

/// The value that comes first by `is_better`; null when there is none. Of equal ones the first.
fn extreme<'a>(
    values: impl Iterator<Item = (usize, &'a Value)>,
    is_better: fn(std::cmp::Ordering) -> bool,
) -> Result<Value, String> {
    let mut best: Option<(Key, &Value)> = None;
    for (index, value) in values {
        let place = index + 1;
        let key = Key::of(value, Reading::Own)
            .ok_or_else(|| format!("Entry {place} has {}, which cannot be compared.", shown(value)))?;
        let Some((known, _)) = &best else {
            best = Some((key, value));
            continue;
        };
        let order = key
            .compare(known)
            .ok_or_else(|| format!("Entry {place} has {}, but an entry before it has {}.", key.kind(), known.kind()))?;
        if is_better(order) {
            best = Some((key, value));
        }
    }
    Ok(best.map_or(Value::Null, |(_, value)| value.clone()))
}
