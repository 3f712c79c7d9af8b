//! Errors as `application/problem+json` (RFC 9457), from a closed list of codes.
//!
//! There is one named constructor for each case that a person can meet. Whatever is unexpected becomes a 500 with an id
//! that stands in the log too. The same type is what page handlers return; a middleware shows it as a page there.

mod cases;
mod code;
mod extractors;
mod response;

use std::fmt;

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::texts::{Language, Texts};

pub use code::ProblemCode;
pub use extractors::extractor_errors;

/// The media type of [`Problem`] (RFC 9457 §3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error as it is answered.
#[derive(Debug, Clone)]
pub struct Problem {
    document: Box<ProblemDocument>,
    retry_after_s: Option<u64>,
    allowed_methods: Option<String>,
    words: Option<Box<Words>>,
}

/// What a person is told in their language: a key of the catalogue of texts with the values for its placeholders.
#[derive(Debug, Clone)]
struct Words {
    key: &'static str,
    values: Vec<(&'static str, String)>,
}

/// The document that is sent. Members that do not apply are left out.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemDocument {
    /// A URN made from the code.
    #[serde(rename = "type")]
    pub problem_type: String,
    /// What this code means, in a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// The stable code for programs.
    #[schema(value_type = String)]
    pub code: ProblemCode,
    /// What happened this time and what to do.
    pub detail: String,
    /// Every problem of a draft, each with `code`, `message`, `node` and `parameter`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub problems: Vec<model::Problem>,
    /// The node concerned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The parameter concerned, as a path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Where in a text: `line` and `column` from 1, or an `offset` in characters from 0.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub position: Value,
    /// The revision that the draft has by now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<i64>,
    /// When the draft was last changed, when somebody else changed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub changed_at: Option<model::Timestamp>,
    /// Under which id the log tells more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_id: Option<String>,
}

impl Problem {
    /// A problem with a code and a sentence on what happened and what to do.
    pub fn new(code: ProblemCode, detail: impl Into<String>) -> Self {
        let document = ProblemDocument {
            problem_type: format!("urn:stellwerk:problem:{}", code.as_str()),
            title: code.title(),
            status: code.status(),
            code,
            detail: detail.into(),
            problems: Vec::new(),
            node: None,
            parameter: None,
            position: Value::Null,
            revision: None,
            changed_at: None,
            error_id: None,
        };
        Self { document: Box::new(document), retry_after_s: None, allowed_methods: None, words: None }
    }

    /// A problem with a sentence of the catalogue. Programs get it in English, people in their language.
    pub fn said(code: ProblemCode, key: &'static str, values: &[(&'static str, &dyn fmt::Display)]) -> Self {
        let problem = Self::new(code, "").for_people(key, values);
        let detail = problem.words(Texts::of(Language::En));
        let mut problem = problem;
        problem.document.detail = detail;
        problem
    }

    /// The same problem with a sentence of the catalogue for people, where they need to know something else than programs.
    #[must_use]
    pub fn for_people(mut self, key: &'static str, values: &[(&'static str, &dyn fmt::Display)]) -> Self {
        let values = values.iter().map(|(name, value)| (*name, value.to_string())).collect();
        self.words = Some(Box::new(Words { key, values }));
        self
    }

    /// What happened and what to do, for a person. What has no words of its own is told as programs are told it.
    pub fn words(&self, texts: Texts) -> String {
        let Some(words) = &self.words else { return self.document.detail.clone() };
        let text = texts.t(words.key).to_owned();
        words.values.iter().fold(text, |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
    }

    /// The code.
    pub fn code(&self) -> ProblemCode {
        self.document.code
    }

    /// The document that is sent.
    pub fn document(&self) -> &ProblemDocument {
        &self.document
    }

    /// After how many seconds to try again.
    pub fn retry_after_s(&self) -> Option<u64> {
        self.retry_after_s
    }

    /// The same problem, tied to a node.
    #[must_use]
    pub fn at_node(mut self, node: impl fmt::Display) -> Self {
        self.document.node = Some(node.to_string());
        self
    }

    /// The same problem, tied to a parameter.
    #[must_use]
    pub fn at_parameter(mut self, parameter: impl Into<String>) -> Self {
        self.document.parameter = Some(parameter.into());
        self
    }

    /// The same problem with a place in a text.
    #[must_use]
    pub fn at_position(mut self, position: impl Serialize) -> Self {
        self.document.position = serde_json::to_value(position).unwrap_or_default();
        self
    }

    /// The same problem with the moment of the change that came before.
    #[must_use]
    pub fn changed_at(mut self, moment: model::Timestamp) -> Self {
        self.document.changed_at = Some(moment);
        self
    }

    /// The same problem with a `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.document.code.as_str(), self.document.detail)
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests;
