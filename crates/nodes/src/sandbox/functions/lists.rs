//! Lists. `map`, `filter`, `find`, `some`, `all`, `reduce`, `push` and the like are Rhai's own.

use std::collections::{BTreeMap, BTreeSet};

use rhai::{Array, Dynamic, Engine, EvalAltResult, FnPtr, INT, ImmutableString, Map, NativeCallContext};

use super::super::operators::{equal, order, sort};
use super::super::weigh::weight;
use super::numbers::sum;
use super::{Fallible, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("first", |list: Array| list.into_iter().next().unwrap_or(Dynamic::UNIT));
    engine.register_fn("last", |list: Array| list.into_iter().next_back().unwrap_or(Dynamic::UNIT));
    for name in ["first", "last"] {
        engine.register_fn(name, |(): ()| ());
    }
    engine.register_fn("unique", unique);
    engine.register_fn("flatten", flatten);
    engine.register_fn("reversed", |list: Array| list.into_iter().rev().collect::<Array>());
    engine.register_fn("take", |list: Array, count: INT| {
        list.into_iter().take(usize::try_from(count).unwrap_or(0)).collect::<Array>()
    });
    engine.register_fn("chunk", chunk);
    engine.register_fn("compact", |list: Array| list.into_iter().filter(|item| !item.is_unit()).collect::<Array>());
    engine.register_fn("pluck", |list: Array, field: ImmutableString| -> Fallible<Array> {
        running::work(list.len() * size_of::<Dynamic>())?;
        Ok(list.iter().map(|item| field_of(item, &field)).collect())
    });
    engine.register_fn("sort_by", |list: Array, field: ImmutableString| {
        sort(list, |left, right| Ok(order(&field_of(left, &field), &field_of(right, &field))))
    });
    engine.register_fn("sum_by", |list: Array, field: ImmutableString| {
        sum(&list.iter().map(|item| field_of(item, &field)).collect())
    });
    engine.register_fn("where", |list: Array, field: ImmutableString, value: Dynamic| -> Fallible<Array> {
        let mut kept = Array::new();
        for item in list {
            if equal(&field_of(&item, &field), &value)? {
                kept.push(item);
            }
        }
        Ok(kept)
    });
    engine.register_fn("group_by", |list: Array, field: ImmutableString| {
        group(list, |item| text_of(&field_of(item, &field)))
    });
    engine.register_fn("group_by", |context: NativeCallContext, list: Array, namer: FnPtr| {
        group(list, |item| text_of(&namer.call_raw(&context, None, [item.clone()])?))
    });
    engine.register_fn("index_by", |list: Array, field: ImmutableString| -> Fallible<Map> {
        let mut index = Map::new();
        for item in list {
            index.insert(text_of(&field_of(&item, &field))?.as_str().into(), item);
        }
        Ok(index)
    });
}

/// A field by its name, or a path of names joined by points. What is missing is null.
pub(super) fn field_of(value: &Dynamic, path: &str) -> Dynamic {
    let step = |value: &Dynamic, name: &str| {
        value.as_map_ref().ok().and_then(|map| map.get(name).cloned()).unwrap_or(Dynamic::UNIT)
    };
    let whole = step(value, path);
    if !whole.is_unit() || !path.contains('.') {
        return whole;
    }
    let mut names = path.split('.');
    let first = step(value, names.next().unwrap_or_default());
    names.fold(first, |value, name| step(&value, name))
}

/// Keeps the first of equal items. Texts and integers are found by an index; the rest is compared one by one.
fn unique(list: Array) -> Fallible<Array> {
    let mut seen = BTreeSet::new();
    let mut others: Array = Array::new();
    let mut kept = Array::new();
    for item in list {
        running::work(size_of::<Dynamic>())?;
        let key = if item.is_string() || item.is_int() { Some((item.is_int(), text_of(&item)?)) } else { None };
        let is_new = if let Some(key) = key {
            seen.insert(key)
        } else {
            let mut is_known = false;
            for other in &others {
                is_known = is_known || equal(other, &item)?;
            }
            if !is_known {
                others.push(item.clone());
            }
            !is_known
        };
        if is_new {
            kept.push(item);
        }
    }
    Ok(kept)
}

fn flatten(list: Array) -> Fallible<Array> {
    let mut flat = Array::new();
    for item in list {
        match item.try_cast_result::<Array>() {
            Ok(inner) => {
                running::room_for_items(flat.len() + inner.len())?;
                flat.extend(inner);
            }
            Err(item) => flat.push(item),
        }
    }
    Ok(flat)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of a function that scripts call")]
fn chunk(list: Array, size: INT) -> Fallible<Array> {
    let size = usize::try_from(size).ok().filter(|size| *size > 0).ok_or("The size of a chunk must be at least 1.")?;
    running::work(list.len() * size_of::<Dynamic>())?;
    Ok(list.chunks(size).map(|part| Dynamic::from_array(part.to_vec())).collect())
}

fn group(list: Array, mut name_of: impl FnMut(&Dynamic) -> Fallible<ImmutableString>) -> Fallible<Map> {
    let mut groups: BTreeMap<ImmutableString, Array> = BTreeMap::new();
    let mut names = 0;
    let most = running::with(|run| run.limits.string_bytes);
    for item in list {
        running::work(weight(&item))?;
        let name = name_of(&item)?;
        names += name.len();
        if names > most {
            return Err(Box::<EvalAltResult>::from("The names of the groups are too long together."));
        }
        groups.entry(name).or_default().push(item);
    }
    Ok(groups.into_iter().map(|(name, items)| (name.as_str().into(), Dynamic::from_array(items))).collect())
}
