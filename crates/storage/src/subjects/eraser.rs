//! What is erased in a case: the address, and what stands in personal fields near it.

use std::borrow::Cow;

use model::personal::Texts;
use model::subject::ERASED;
use model::{Personal, Subject};
use serde_json::Value;

use crate::error::StorageError;

/// Erases a person from the values of one case.
pub(super) struct Eraser<'a> {
    subject: &'a Subject,
    personal: Personal,
    texts: Texts,
}

impl<'a> Eraser<'a> {
    /// For a case of a workflow that names these fields as personal.
    pub(super) fn new(subject: &'a Subject, personal: Personal) -> Self {
        Self { subject, personal, texts: Texts::default() }
    }

    /// Looks at a part of the run's data, `{"trigger": …}` or `{"steps": …}`: learns what stands in its personal fields, so
    /// that it is found elsewhere, and erases it there. Of a list only the items that mention the person are looked at, as
    /// the others are about other people.
    pub(super) fn erase_fields(&mut self, context: &mut Value) -> bool {
        let mut others = Vec::new();
        put_others_aside(context, self.subject, &mut others);
        let mut changed = false;
        if self.subject.is_in_value(context) {
            self.texts.join(self.personal.texts(context));
            self.personal.change(context, &mut |value| {
                if (value.is_string() || value.is_number()) && *value != ERASED {
                    *value = Value::from(ERASED);
                    changed = true;
                }
            });
        }
        put_others_back(context, &mut others.into_iter());
        changed
    }

    /// Erases address and learned texts everywhere in a value.
    pub(super) fn erase(&self, value: &mut Value) -> bool {
        let changed = self.subject.erase_in(value);
        self.texts.replace_in(value, ERASED) || changed
    }

    /// The same for a text.
    pub(super) fn erased_text(&self, text: &str) -> Option<String> {
        let without = self.subject.erased(text);
        match self.texts.replaced(without.as_deref().unwrap_or(text), ERASED) {
            Cow::Owned(changed) => Some(changed),
            Cow::Borrowed(_) => without,
        }
    }

    /// The same for a JSON document; none when nothing of it changes.
    pub(super) fn erased_json(&self, document: &str) -> Result<Option<String>, StorageError> {
        let mut value: Value = serde_json::from_str(document)?;
        Ok(if self.erase(&mut value) { Some(serde_json::to_string(&value)?) } else { None })
    }

    /// The texts that were learned, and the address.
    pub(super) fn known_texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().chain([self.subject.address()])
    }
}

/// Takes out of every list the items that do not mention the person.
fn put_others_aside(value: &mut Value, subject: &Subject, others: &mut Vec<Option<Value>>) {
    match value {
        Value::Array(items) => {
            for item in items {
                if subject.is_in_value(item) {
                    others.push(None);
                    put_others_aside(item, subject, others);
                } else {
                    others.push(Some(item.take()));
                }
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| put_others_aside(field, subject, others)),
        _ => {}
    }
}

/// Puts them back where they were: the same way through the same lists.
fn put_others_back(value: &mut Value, others: &mut impl Iterator<Item = Option<Value>>) {
    match value {
        Value::Array(items) => {
            for item in items {
                match others.next().flatten() {
                    Some(other) => *item = other,
                    None => put_others_back(item, others),
                }
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| put_others_back(field, others)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn of_a_list_only_the_items_about_the_person_lose_their_personal_fields() {
        let subject = Subject::parse("ann@example.com").unwrap();
        let mut eraser = Eraser::new(&subject, Personal::of(["name", "phone"]));
        let mut context = json!({"trigger": {"body": {
            "name": "Shop", "people": [
                {"name": "Bob", "email": "bob@example.com", "phone": 4711},
                {"name": "Ann Miller", "email": "ann@example.com", "phone": 123, "tags": ["vip", {"name": "x"}]},
            ],
        }}});
        assert!(eraser.erase_fields(&mut context));
        eraser.erase(&mut context);
        assert_eq!(
            context["trigger"]["body"],
            json!({"name": "[erased]", "people": [
                {"name": "Bob", "email": "bob@example.com", "phone": 4711},
                {"name": "[erased]", "email": "[erased]", "phone": "[erased]", "tags": ["vip", {"name": "x"}]},
            ]})
        );
        assert_eq!(eraser.erased_text("Dear Ann Miller <Ann@Example.com>").unwrap(), "Dear [erased] <[erased]>");
        assert_eq!(eraser.erased_json(r#"{"a":"Bob"}"#).unwrap(), None);
    }

    #[test]
    fn data_that_does_not_mention_the_person_is_not_looked_at() {
        let subject = Subject::parse("ann@example.com").unwrap();
        let mut eraser = Eraser::new(&subject, Personal::of(["name"]));
        let mut context = json!({"steps": {"list": [{"name": "Bob"}]}});
        assert!(!eraser.erase_fields(&mut context));
        assert_eq!(context, json!({"steps": {"list": [{"name": "Bob"}]}}));
    }
}
