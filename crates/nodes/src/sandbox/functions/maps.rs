//! Maps (objects). `keys`, `values`, `contains`, `remove` and the like are Rhai's own.

use rhai::{Array, Dynamic, Engine, INT, ImmutableString, Map};

use super::lists::field_of;
use super::{Fallible, running};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("merge", |left: Map, right: Map| merge(left, right));
    engine.register_fn("merge", |left: Map, (): ()| left);
    engine.register_fn("merge", |(): (), right: Map| right);
    engine.register_fn("pick", |map: Map, names: Array| select(map, &names, true));
    engine.register_fn("omit", |map: Map, names: Array| select(map, &names, false));
    engine.register_fn("get", |map: Map, path: ImmutableString, fallback: Dynamic| {
        let value = field_of(&Dynamic::from_map(map), &path);
        if value.is_unit() { fallback } else { value }
    });
    engine.register_fn("get", |list: Array, index: INT, fallback: Dynamic| {
        let index = usize::try_from(index).ok();
        index.and_then(|index| list.into_iter().nth(index)).filter(|item| !item.is_unit()).unwrap_or(fallback)
    });
    engine.register_fn("get", |(): (), _: Dynamic, fallback: Dynamic| fallback);
    engine.register_fn("entries", |map: Map| -> Fallible<Array> {
        running::room_for_items(map.len())?;
        Ok(map.into_iter().map(|(key, value)| entry(key.as_str(), value)).collect())
    });
    engine.register_fn("from_entries", |entries: Array| -> Fallible<Map> {
        let mut map = Map::new();
        for item in entries {
            let key = super::text_of(&field_of(&item, "key"))?;
            map.insert(key.as_str().into(), field_of(&item, "value"));
        }
        Ok(map)
    });
    for name in ["keys", "values"] {
        engine.register_fn(name, |(): ()| Array::new());
    }
}

fn merge(mut left: Map, right: Map) -> Map {
    left.extend(right);
    left
}

fn select(map: Map, names: &Array, keep: bool) -> Fallible<Map> {
    running::work(map.len() * names.len().min(64))?;
    let mut wanted = std::collections::BTreeSet::new();
    for name in names {
        wanted.insert(super::text_of(name)?.to_string());
    }
    Ok(map.into_iter().filter(|(key, _)| wanted.contains(key.as_str()) == keep).collect())
}

fn entry(key: &str, value: Dynamic) -> Dynamic {
    Dynamic::from_map(Map::from([("key".into(), key.into()), ("value".into(), value)]))
}
