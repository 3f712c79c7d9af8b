//! The table of helper functions that the editor's completion and the guide read.

use serde::Serialize;

/// What one helper function is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct FunctionDoc {
    /// Its name.
    pub name: &'static str,
    /// How it is called.
    pub signature: &'static str,
    /// What it does, in English.
    pub en: &'static str,
    /// What it does, in German.
    pub de: &'static str,
    /// An expression that uses it.
    pub example: &'static str,
    /// What the example gives, as JSON.
    pub result: &'static str,
}

/// Every helper function, in the order of its group.
pub fn function_docs() -> &'static [FunctionDoc] {
    DOCS
}

const DOCS: &[FunctionDoc] = &[];
