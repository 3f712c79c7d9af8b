//! Operators and basic functions in a form that cannot do much work at once: going on from null, joining texts,
//! comparing, sorting and mapping lists.

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, ImmutableString, Map, NativeCallContext};
use std::cmp::Ordering;

use super::functions::text_of;
use super::running;
use super::weigh::weight;

type Fallible<T> = Result<T, Box<EvalAltResult>>;

/// Puts them into the engine. Functions that are added here win over those of the packages.
pub(super) fn add(engine: &mut Engine) {
    go_on_from_null(engine);
    join_texts(engine);
    compare(engine);
    sort_and_map(engine);
}

/// `trigger.body.customer.email` is null when there is no customer.
fn go_on_from_null(engine: &mut Engine) {
    engine.register_indexer_get(|(): &mut (), _: &str| ());
    engine.register_indexer_get(|(): &mut (), _: INT| ());
    engine.register_fn("len", |(): &mut ()| 0 as INT);
}

fn join_texts(engine: &mut Engine) {
    engine.register_fn("+", |text: ImmutableString, other: Dynamic| -> Fallible<ImmutableString> {
        join(&text, &text_of(&other)?)
    });
    engine.register_fn("+", |other: Dynamic, text: ImmutableString| -> Fallible<ImmutableString> {
        join(&text_of(&other)?, &text)
    });
    for name in ["to_string", "to_debug", "print", "debug"] {
        engine.register_fn(name, |value: Dynamic| text_of(&value));
    }
}

fn join(left: &str, right: &str) -> Fallible<ImmutableString> {
    running::room_for_text(left.len() + right.len())?;
    Ok([left, right].concat().into())
}

fn compare(engine: &mut Engine) {
    engine.register_fn("==", |left: Array, right: Array| equal_lists(&left, &right));
    engine.register_fn("!=", |left: Array, right: Array| Ok::<_, Box<EvalAltResult>>(!equal_lists(&left, &right)?));
    engine.register_fn("==", |left: Map, right: Map| equal_maps(&left, &right));
    engine.register_fn("!=", |left: Map, right: Map| Ok::<_, Box<EvalAltResult>>(!equal_maps(&left, &right)?));
    engine.register_fn("contains", |list: &mut Array, value: Dynamic| -> Fallible<bool> {
        for item in list.iter() {
            if equal(item, &value)? {
                return Ok(true);
            }
        }
        Ok(false)
    });
    engine.register_fn("index_of", |list: &mut Array, value: Dynamic| -> Fallible<INT> {
        for (index, item) in list.iter().enumerate() {
            if equal(item, &value)? {
                return Ok(INT::try_from(index).unwrap_or(-1));
            }
        }
        Ok(-1)
    });
}

/// Whether two values are the same; numbers are compared by their value.
pub(super) fn equal(left: &Dynamic, right: &Dynamic) -> Fallible<bool> {
    running::work(size_of::<Dynamic>())?;
    if let (Ok(left), Ok(right)) = (left.as_immutable_string_ref(), right.as_immutable_string_ref()) {
        return Ok(*left == *right);
    }
    if let (Ok(left), Ok(right)) = (left.as_array_ref(), right.as_array_ref()) {
        return equal_lists(&left, &right);
    }
    if let (Ok(left), Ok(right)) = (left.as_map_ref(), right.as_map_ref()) {
        return equal_maps(&left, &right);
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return Ok(left == right);
    }
    Ok(match order_numbers(left, right) {
        Some(order) => order == Ordering::Equal,
        None => {
            (left.is_unit() && right.is_unit()) || matches!((left.as_char(), right.as_char()), (Ok(a), Ok(b)) if a == b)
        }
    })
}

fn equal_lists(left: &Array, right: &Array) -> Fallible<bool> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (left, right) in left.iter().zip(right) {
        if !equal(left, right)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn equal_maps(left: &Map, right: &Map) -> Fallible<bool> {
    if left.len() != right.len() {
        return Ok(false);
    }
    for (key, left) in left {
        match right.get(key) {
            Some(right) if equal(left, right)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

fn order_numbers(left: &Dynamic, right: &Dynamic) -> Option<Ordering> {
    if let (Ok(left), Ok(right)) = (left.as_int(), right.as_int()) {
        return Some(left.cmp(&right));
    }
    number_of(left)?.partial_cmp(&number_of(right)?)
}

#[expect(clippy::cast_precision_loss, reason = "only reached when one side is a float already")]
fn number_of(value: &Dynamic) -> Option<f64> {
    value.as_float().or_else(|_| value.as_int().map(|integer| integer as f64)).ok()
}

/// Orders any two values: null, then numbers, then texts, then the rest as it comes.
pub(super) fn order(left: &Dynamic, right: &Dynamic) -> Ordering {
    if let Some(order) = order_numbers(left, right) {
        return order;
    }
    if let (Ok(left), Ok(right)) = (left.as_immutable_string_ref(), right.as_immutable_string_ref()) {
        return left.cmp(&right);
    }
    if let (Ok(left), Ok(right)) = (left.as_bool(), right.as_bool()) {
        return left.cmp(&right);
    }
    rank(left).cmp(&rank(right))
}

fn rank(value: &Dynamic) -> u8 {
    match value {
        _ if value.is_unit() => 0,
        _ if value.is_bool() => 1,
        _ if value.is_int() || value.is_float() => 2,
        _ if value.is_string() || value.is_char() => 3,
        _ => 4,
    }
}

fn sort_and_map(engine: &mut Engine) {
    engine.register_fn("sort", |context: NativeCallContext, list: &mut Array, comparer: FnPtr| -> Fallible<()> {
        *list = sort(std::mem::take(list), |left, right| ask(&context, &comparer, left, right))?;
        Ok(())
    });
    engine.register_fn("sort", |list: &mut Array| -> Fallible<()> {
        *list = sort(std::mem::take(list), |left, right| Ok(order(left, right)))?;
        Ok(())
    });
    for name in ["sort_by", "order", "order_by"] {
        engine.register_fn(name, |context: NativeCallContext, list: Array, comparer: FnPtr| {
            sort(list, |left, right| ask(&context, &comparer, left, right))
        });
    }
    engine.register_fn("order", |list: Array| sort(list, |left, right| Ok(order(left, right))));
    engine.register_fn("map", |context: NativeCallContext, list: Array, mapper: FnPtr| -> Fallible<Array> {
        let mut mapped = Array::with_capacity(list.len());
        let mut heavy = Heavy::default();
        for (index, mut item) in list.into_iter().enumerate() {
            let extra = [Dynamic::from_int(INT::try_from(index).unwrap_or(INT::MAX))];
            let value = mapper.call_raw_with_extra_args("map", &context, Some(&mut item), [], extra, Some(0))?;
            mapped.push(heavy.add(value)?);
        }
        Ok(mapped)
    });
    engine.register_fn("map", |context: NativeCallContext, map: Map, mapper: FnPtr| -> Fallible<Map> {
        let mut mapped = Map::new();
        let mut heavy = Heavy::default();
        for (key, value) in map {
            let arguments = [key.as_str().into(), value];
            mapped.insert(key, heavy.add(mapper.call_raw(&context, None, arguments)?)?);
        }
        Ok(mapped)
    });
    engine.register_fn(
        "zip",
        |context: NativeCallContext, list: Array, other: Array, joiner: FnPtr| -> Fallible<Array> {
            let mut zipped = Array::new();
            let mut heavy = Heavy::default();
            for (left, right) in list.into_iter().zip(other) {
                zipped.push(heavy.add(joiner.call_raw(&context, None, [left, right])?)?);
            }
            Ok(zipped)
        },
    );
}

/// Sums up what callbacks return, so that a list of them cannot outgrow its limit before anyone looks.
#[derive(Default)]
struct Heavy(usize);

impl Heavy {
    fn add(&mut self, value: Dynamic) -> Fallible<Dynamic> {
        let weight = weight(&value);
        running::work(weight)?;
        self.0 += weight;
        let most = running::with(|run| run.limits.live_bytes) / 4;
        if self.0 > most { Err(running::limit_error("The list grew too large")) } else { Ok(value) }
    }
}

fn ask(context: &NativeCallContext, comparer: &FnPtr, left: &Dynamic, right: &Dynamic) -> Fallible<Ordering> {
    let answer = comparer.call_raw(context, None, [left.clone(), right.clone()])?;
    if let Ok(is_less) = answer.as_bool() {
        return Ok(if is_less { Ordering::Less } else { Ordering::Greater });
    }
    Ok(number_of(&answer).and_then(|number| number.partial_cmp(&0.0)).unwrap_or(Ordering::Equal))
}

/// Merge sort that stops at the first error, and does not mind a comparer that contradicts itself.
pub(super) fn sort(list: Array, mut compare: impl FnMut(&Dynamic, &Dynamic) -> Fallible<Ordering>) -> Fallible<Array> {
    let mut runs: Vec<Array> = list.into_iter().map(|item| vec![item]).collect();
    while runs.len() > 1 {
        let mut merged = Vec::with_capacity(runs.len().div_ceil(2));
        let mut pairs = runs.into_iter();
        while let Some(left) = pairs.next() {
            merged.push(match pairs.next() {
                Some(right) => merge(left, right, &mut compare)?,
                None => left,
            });
        }
        runs = merged;
    }
    Ok(runs.pop().unwrap_or_default())
}

fn merge(
    left: Array,
    right: Array,
    compare: &mut impl FnMut(&Dynamic, &Dynamic) -> Fallible<Ordering>,
) -> Fallible<Array> {
    running::work((left.len() + right.len()) * size_of::<Dynamic>())?;
    let mut merged = Array::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(first), Some(second)) = (left.peek(), right.peek()) {
        let next = if compare(first, second)? == Ordering::Greater { right.next() } else { left.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}
