//! Places in a document, as a person names them: a field's name, wherever it stands, or a path from the top such as
//! `$.trigger.body.customer.email`.
//!
//! Of JSONPath this is the part that says *where* and computes nothing: names, numbers, `*`, and `..name`. So a place can be
//! found, changed and hidden without an expression ever being evaluated.

use serde_json::Value;

/// A field's name or a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(Vec<Segment>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    /// The member of an object with this name.
    Member(String),
    /// The item of a list with this number, counted from 0.
    Item(usize),
    /// Every member of an object, every item of a list.
    Every,
    /// Members with this name at any depth, however they are capitalised.
    Anywhere(String),
}

/// The longest text that is read as a place, in bytes.
pub const MAX_PLACE_BYTES: usize = 500;

impl Place {
    /// Reads a name (`email`) or a path (`$.trigger.body.lines[*].sku`, `$..phone`). None when it is neither.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.is_empty() || text.len() > MAX_PLACE_BYTES {
            return None;
        }
        match text.strip_prefix('$') {
            Some(rest) => path(rest).filter(|segments| !segments.is_empty()).map(Self),
            None => Some(Self(vec![Segment::Anywhere(text.to_owned())])),
        }
    }

    /// Whether it leads to one value at the most.
    pub fn is_single(&self) -> bool {
        self.0.iter().all(|segment| matches!(segment, Segment::Member(_) | Segment::Item(_)))
    }

    /// Hands every value at this place to `see`.
    pub fn find<'v>(&self, document: &'v Value, see: &mut dyn FnMut(&'v Value)) {
        find(&self.0, document, see);
    }

    /// Hands every value at this place to `change`.
    pub fn change(&self, document: &mut Value, change: &mut dyn FnMut(&mut Value)) {
        change_at(&self.0, document, change);
    }
}

fn find<'v>(segments: &[Segment], value: &'v Value, see: &mut dyn FnMut(&'v Value)) {
    let Some((first, rest)) = segments.split_first() else { return see(value) };
    match (first, value) {
        (Segment::Member(name), Value::Object(fields)) => {
            if let Some(value) = fields.get(name) {
                find(rest, value, see);
            }
        }
        (Segment::Item(number), Value::Array(items)) => {
            if let Some(value) = items.get(*number) {
                find(rest, value, see);
            }
        }
        (Segment::Every, Value::Object(fields)) => fields.values().for_each(|value| find(rest, value, see)),
        (Segment::Every, Value::Array(items)) => items.iter().for_each(|value| find(rest, value, see)),
        (Segment::Anywhere(wanted), Value::Object(fields)) => {
            for (name, value) in fields {
                if name.eq_ignore_ascii_case(wanted) {
                    find(rest, value, see);
                } else {
                    find(segments, value, see);
                }
            }
        }
        (Segment::Anywhere(_), Value::Array(items)) => items.iter().for_each(|value| find(segments, value, see)),
        _ => {}
    }
}

fn change_at(segments: &[Segment], value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    let Some((first, rest)) = segments.split_first() else { return change(value) };
    match (first, value) {
        (Segment::Member(name), Value::Object(fields)) => {
            if let Some(value) = fields.get_mut(name) {
                change_at(rest, value, change);
            }
        }
        (Segment::Item(number), Value::Array(items)) => {
            if let Some(value) = items.get_mut(*number) {
                change_at(rest, value, change);
            }
        }
        (Segment::Every, Value::Object(fields)) => {
            fields.values_mut().for_each(|value| change_at(rest, value, change));
        }
        (Segment::Every, Value::Array(items)) => items.iter_mut().for_each(|value| change_at(rest, value, change)),
        (Segment::Anywhere(wanted), Value::Object(fields)) => {
            for (name, value) in fields {
                let below = if name.eq_ignore_ascii_case(wanted) { rest } else { segments };
                change_at(below, value, change);
            }
        }
        (Segment::Anywhere(_), Value::Array(items)) => {
            for value in items {
                change_at(segments, value, change);
            }
        }
        _ => {}
    }
}

/// What stands after the `$`.
fn path(mut rest: &str) -> Option<Vec<Segment>> {
    let mut segments = Vec::new();
    while !rest.is_empty() {
        let segment;
        if let Some(after) = rest.strip_prefix("..") {
            let (name, left) = name(after)?;
            (segment, rest) = (Segment::Anywhere(name), left);
        } else if let Some(after) = rest.strip_prefix(".*").or_else(|| rest.strip_prefix("[*]")) {
            (segment, rest) = (Segment::Every, after);
        } else if let Some(after) = rest.strip_prefix('.') {
            let (name, left) = name(after)?;
            (segment, rest) = (Segment::Member(name), left);
        } else {
            let (inside, left) = bracket(rest.strip_prefix('[')?)?;
            (segment, rest) = (inside, left);
        }
        segments.push(segment);
    }
    Some(segments)
}

fn name(text: &str) -> Option<(String, &str)> {
    let end = text.find(['.', '[']).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let is_name = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == '-';
    (!name.is_empty() && name.chars().all(is_name)).then(|| (name.to_owned(), rest))
}

/// A number or a quoted name, up to the closing bracket.
fn bracket(text: &str) -> Option<(Segment, &str)> {
    let quote = text.chars().next().filter(|first| *first == '\'' || *first == '"');
    let Some(quote) = quote else {
        let (number, rest) = text.split_once(']')?;
        return Some((Segment::Item(number.parse().ok()?), rest));
    };
    let (name, rest) = text[1..].split_once(quote)?;
    let rest = rest.strip_prefix(']')?;
    (!name.is_empty() && !name.contains('\\')).then(|| (Segment::Member(name.to_owned()), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(place: &str, document: &Value) -> Vec<Value> {
        let mut found = Vec::new();
        Place::parse(place).unwrap().find(document, &mut |value| found.push(value.clone()));
        found
    }

    #[test]
    fn names_and_paths_lead_to_their_values() {
        let document = json!({
            "trigger": { "body": { "Email": "a@b.c", "lines": [{"sku": 1}, {"sku": 2}], "x y": 3 } },
            "steps": { "look_up": { "person": { "email": "d@e.f" } } },
        });
        for (place, expected) in [
            ("email", json!(["d@e.f", "a@b.c"])),
            ("$..email", json!(["d@e.f", "a@b.c"])),
            ("$.trigger.body.Email", json!(["a@b.c"])),
            ("$.trigger.body.lines[*].sku", json!([1, 2])),
            ("$.trigger.body.lines[1].sku", json!([2])),
            ("$['trigger']['body'][\"x y\"]", json!([3])),
            ("$.steps.*.person.email", json!(["d@e.f"])),
            ("$.trigger.body.lines[7]", json!([])),
            ("$.trigger.body.Email.deeper", json!([])),
        ] {
            assert_eq!(json!(found(place, &document)), expected, "{place}");
        }
    }

    #[test]
    fn what_computes_or_is_broken_is_no_place() {
        for text in ["", "  ", "$", "$.", "$x", "$.a[", "$.a[-1]", "$.a[?@.b]", "$[1:2]", "$.a b", &"x".repeat(501)] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }

    #[test]
    fn only_plain_steps_lead_to_one_value() {
        assert!(Place::parse("$.trigger.body.order[0].id").unwrap().is_single());
        for several in ["email", "$.a[*]", "$..b"] {
            assert!(!Place::parse(several).unwrap().is_single(), "{several}");
        }
    }

    #[test]
    fn values_are_changed_where_they_stand() {
        let mut document = json!({"a": [{"b": 1, "c": 2}, {"b": 3}]});
        Place::parse("$.a[*].b").unwrap().change(&mut document, &mut |value| *value = Value::Null);
        Place::parse("C").unwrap().change(&mut document, &mut |value| *value = json!("x"));
        assert_eq!(document, json!({"a": [{"b": null, "c": "x"}, {"b": null}]}));
    }
}
