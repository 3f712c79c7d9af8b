//! Personal data: which fields of a run's data are about people, and how they are hidden from whoever only looks.
//!
//! A run itself always works with the real values. Hiding is done on the way to a reader: what stands in a named field is
//! masked there, and its text is masked wherever else it turns up, for example in the address of a request or in an error.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use crate::place::Place;

/// What stands in place of a hidden value.
pub const MASK: &str = "•••";

/// A shorter text would mask half of ordinary texts wherever it turns up.
const SHORTEST_TEXT: usize = 4;

/// How many different texts are looked for elsewhere at the most.
const MAX_TEXTS: usize = 500;

/// The fields that are about people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Personal {
    places: Vec<Place>,
}

impl Personal {
    /// From names and paths; what cannot be read as either is left out, since publishing has refused it.
    pub fn of<'a>(entries: impl IntoIterator<Item = &'a str>) -> Self {
        let mut places: Vec<Place> = Vec::new();
        for place in entries.into_iter().filter_map(Place::parse) {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Self { places }
    }

    /// Whether no field is about people.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The texts that stand in these fields of a run's data: `{"trigger": …, "steps": …}`.
    pub fn texts(&self, context: &Value) -> Texts {
        let mut texts = Texts::default();
        for place in &self.places {
            place.find(context, &mut |value| texts.add_all(value));
        }
        texts
    }

    /// Changes every single value in these fields, also inside of objects and lists. `change` sees no null.
    pub fn change(&self, context: &mut Value, change: &mut dyn FnMut(&mut Value)) {
        for place in &self.places {
            place.change(context, &mut |value| leaves(value, change));
        }
    }

    /// Masks what stands in these fields. What is no text or number stays: a yes or no tells nothing by itself.
    pub fn mask(&self, context: &mut Value) {
        self.change(context, &mut |value| {
            if value.is_string() || value.is_number() {
                *value = Value::from(MASK);
            }
        });
    }
}

/// Texts that are to be hidden, or erased, wherever they turn up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts(Vec<String>);

impl Texts {
    /// Whether there is nothing to look for.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds a text and the way it looks in a URL or a form, unless it is too short to be told from others.
    pub fn add(&mut self, text: &str) {
        if text.len() < SHORTEST_TEXT || self.0.len() >= MAX_TEXTS {
            return;
        }
        let encoded = percent_encoded(text);
        for form in [text.to_owned(), encoded.replace("%20", "+"), encoded] {
            if !self.0.contains(&form) {
                self.0.push(form);
            }
        }
        // Of two texts that begin alike the longer one is replaced first.
        self.0.sort_by_key(|text| std::cmp::Reverse(text.len()));
    }

    /// Adds the texts of another.
    pub fn join(&mut self, others: Self) {
        for text in others.0 {
            self.add(&text);
        }
    }

    /// Each text, in all forms in which it is looked for.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// `text` with `mark` in place of each of the texts.
    pub fn replaced<'a>(&self, text: &'a str, mark: &str) -> Cow<'a, str> {
        let mut changed = Cow::Borrowed(text);
        for hidden in &self.0 {
            if changed.contains(hidden.as_str()) {
                changed = Cow::Owned(changed.replace(hidden.as_str(), mark));
            }
        }
        changed
    }

    /// Puts `mark` in place of each of the texts in every string of a value, and in place of numbers that are written like
    /// one. Says whether anything changed.
    pub fn replace_in(&self, value: &mut Value, mark: &str) -> bool {
        if self.0.is_empty() {
            return false;
        }
        match value {
            Value::String(text) => match self.replaced(text, mark) {
                Cow::Owned(changed) => {
                    *text = changed;
                    true
                }
                Cow::Borrowed(_) => false,
            },
            Value::Number(number) => {
                let is_hidden = self.0.contains(&number.to_string());
                if is_hidden {
                    *value = Value::from(mark);
                }
                is_hidden
            }
            // Counted, because every one must be looked at also when an earlier one changed.
            Value::Array(items) => {
                items.iter_mut().filter_map(|item| self.replace_in(item, mark).then_some(())).count() > 0
            }
            Value::Object(fields) => {
                let changed =
                    fields.values_mut().filter_map(|field| self.replace_in(field, mark).then_some(())).count() > 0;
                let is_named = fields.keys().any(|name| matches!(self.replaced(name, mark), Cow::Owned(_)));
                if is_named {
                    let renamed = |(name, value): (String, Value)| (self.replaced(&name, mark).into_owned(), value);
                    *fields = std::mem::take(fields).into_iter().map(renamed).collect();
                }
                changed || is_named
            }
            Value::Null | Value::Bool(_) => false,
        }
    }

    fn add_all(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.add(text),
            Value::Number(number) => self.add(&number.to_string()),
            Value::Array(items) => items.iter().for_each(|item| self.add_all(item)),
            Value::Object(fields) => fields.values().for_each(|field| self.add_all(field)),
            Value::Null | Value::Bool(_) => {}
        }
    }
}

fn leaves(value: &mut Value, change: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| leaves(item, change)),
        Value::Object(fields) => fields.values_mut().for_each(|field| leaves(field, change)),
        Value::Null => {}
        single => change(single),
    }
}

/// As in the query of a URL: everything but what RFC 3986 calls unreserved.
fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_stands_in_a_personal_field_is_masked_there_and_wherever_it_turns_up() {
        let personal = Personal::of(["email", "$.trigger.body.customer", "not a [place"]);
        let mut context = json!({
            "trigger": { "body": { "EMAIL": "ann@example.com", "customer": { "name": "Ann B", "age": 44, "vip": true },
                "total": 12 } },
            "steps": {},
        });
        let texts = personal.texts(&context);
        let mut exchange = json!({
            "url": "https://x.example/?q=ann%40example.com&n=Ann+B", "note": "Dear Ann B,", "Ann B": 1, "age": 44,
        });
        assert!(texts.replace_in(&mut exchange, MASK));
        assert_eq!(
            exchange,
            json!({ "url": "https://x.example/?q=•••&n=•••", "note": "Dear •••,", "•••": 1, "age": 44 })
        );
        personal.mask(&mut context);
        assert_eq!(
            context["trigger"]["body"],
            json!({ "EMAIL": "•••", "customer": { "name": "•••", "age": "•••", "vip": true }, "total": 12 })
        );
    }

    #[test]
    fn a_number_is_hidden_like_a_text_when_it_is_long_enough() {
        let texts = Personal::of(["tax_id"]).texts(&json!({"tax_id": [123_456, 7]}));
        let mut value = json!([123_456, 7, "no. 123456", 1_234_567]);
        assert!(texts.replace_in(&mut value, MASK));
        assert_eq!(value, json!(["•••", 7, "no. •••", 1_234_567]));
    }

    #[test]
    fn the_longer_of_two_texts_is_replaced_as_a_whole() {
        let mut texts = Texts::default();
        texts.add("anna");
        texts.add("anna@example.com");
        assert_eq!(texts.replaced("anna@example.com, anna", "x"), "x, x");
        assert!(matches!(texts.replaced("nobody", "x"), Cow::Borrowed(_)));
    }

    #[test]
    fn without_fields_nothing_is_hidden() {
        let personal = Personal::of([]);
        let mut value = json!({"email": "ann@example.com"});
        assert!(personal.is_empty() && personal.texts(&value).is_empty());
        personal.mask(&mut value);
        assert_eq!(value, json!({"email": "ann@example.com"}));
    }
}
