//! The operators, in the order of the form.

use std::sync::LazyLock;

use serde::Serialize;

use crate::manifest::Text;

/// One way to compare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operator {
    /// Its name in definitions.
    pub name: &'static str,
    /// Its label.
    pub title: Text,
    /// Whether it compares with a right value.
    pub needs_right: bool,
}

/// Every operator.
pub fn operators() -> &'static [Operator] {
    &OPERATORS
}

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<&'static Operator> {
    operators().iter().find(|operator| operator.name == name)
}

static OPERATORS: LazyLock<Vec<Operator>> = LazyLock::new(|| {
    let with_right = WITH_RIGHT.iter().map(|texts| (texts, true));
    let without = WITHOUT_RIGHT.iter().map(|texts| (texts, false));
    let all = with_right.chain(without);
    all.map(|((name, en, de), needs_right)| Operator { name, title: Text::new(en, de), needs_right }).collect()
});

const WITH_RIGHT: &[(&str, &str, &str)] = &[
    ("equals", "equals", "ist gleich"),
    ("not_equals", "does not equal", "ist ungleich"),
    ("contains", "contains", "enthält"),
    ("not_contains", "does not contain", "enthält nicht"),
    ("starts_with", "starts with", "beginnt mit"),
    ("ends_with", "ends with", "endet mit"),
    ("greater_than", "is greater than", "ist größer als"),
    ("greater_or_equal", "is at least", "ist mindestens"),
    ("less_than", "is less than", "ist kleiner als"),
    ("less_or_equal", "is at most", "ist höchstens"),
    ("in", "is one of", "ist einer von"),
    ("not_in", "is none of", "ist keiner von"),
    ("matches", "matches the pattern", "passt auf das Muster"),
    ("before", "is before (date)", "liegt vor (Datum)"),
    ("after", "is after (date)", "liegt nach (Datum)"),
];

const WITHOUT_RIGHT: &[(&str, &str, &str)] = &[
    ("is_empty", "is empty", "ist leer"),
    ("is_not_empty", "is not empty", "ist nicht leer"),
    ("exists", "exists", "ist vorhanden"),
    ("not_exists", "does not exist", "ist nicht vorhanden"),
    ("is_true", "is true", "ist wahr"),
    ("is_false", "is false", "ist falsch"),
];
