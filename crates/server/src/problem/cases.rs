//! One named constructor for each case that a person can meet.

use std::fmt;

use model::{NodeError, Problem as DraftProblem};
use serde_json::json;
use storage::StorageError;

use super::{Problem, ProblemCode};
use crate::webhooks::body::{BodyError, BodyErrorCode};

impl Problem {
    /// There is no such thing. `what` reads like `run`.
    pub fn not_found(what: &str) -> Self {
        Self::new(ProblemCode::NotFound, format!("There is no {what} here."))
    }

    /// Nobody is signed in.
    pub fn unauthenticated() -> Self {
        let detail = "Sign in, or send `Authorization: Bearer` with an API token (`stellwerk token create --name N`).";
        Self::new(ProblemCode::Unauthenticated, detail)
    }

    /// The token is unknown, mistyped or revoked.
    pub fn unknown_token() -> Self {
        let detail =
            "This API token is not known or was revoked. Make a new one with `stellwerk token create --name N`.";
        Self::new(ProblemCode::Unauthenticated, detail)
    }

    /// Address or password are wrong; which one is not told.
    pub fn wrong_credentials() -> Self {
        Self::new(ProblemCode::WrongCredentials, "E-mail address or password are wrong.")
    }

    /// Signed in, but only the owner may do this.
    pub fn forbidden() -> Self {
        Self::new(ProblemCode::Forbidden, "This account may not do that.")
    }

    /// A request with a cookie that did not come from our own pages.
    pub fn cross_site() -> Self {
        let detail = "The request carries a cookie but does not come from this site's own pages. Reload the page and try \
                      again; programs use an API token, or send the X-CSRF-Token header.";
        Self::new(ProblemCode::CrossSite, detail)
    }

    /// The method is not meant for this address; `allowed` lists those that are.
    pub fn method_not_allowed(allowed: &[impl AsRef<str>]) -> Self {
        let allowed = allowed.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
        let mut problem = Self::new(ProblemCode::MethodNotAllowed, format!("Allowed here: {allowed}."));
        problem.allowed_methods = Some(allowed);
        problem
    }

    /// The draft was changed by somebody else in the meantime.
    pub fn revision_conflict(current: i64) -> Self {
        let detail = format!("The draft is at revision {current} by now. Read it again and repeat the change.");
        let mut problem = Self::new(ProblemCode::RevisionConflict, detail);
        problem.document.revision = Some(current);
        problem
    }

    /// It is not in the state that this needs.
    pub fn wrong_state(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::WrongState, detail)
    }

    /// It is not in the state that this needs, as a sentence of the catalogue of texts says.
    pub fn not_now(key: &'static str) -> Self {
        Self::said(ProblemCode::WrongState, key, &[])
    }

    /// The body is larger than allowed.
    pub fn too_large(limit_bytes: usize) -> Self {
        Self::new(ProblemCode::TooLarge, format!("The body is larger than {limit_bytes} bytes."))
    }

    /// The JSON, or a value in it, does not have the expected form.
    pub fn invalid_request(detail: impl Into<String>) -> Self {
        Self::new(ProblemCode::InvalidRequest, detail)
    }

    /// A draft cannot be published.
    pub fn invalid_definition(problems: Vec<DraftProblem>) -> Self {
        let detail = match problems.len() {
            1 => "The workflow has a problem.".to_owned(),
            count => format!("The workflow has {count} problems."),
        };
        let mut problem = Self::new(ProblemCode::InvalidDefinition, detail);
        problem.document.problems = problems;
        problem
    }

    /// An expression cannot be read or computed; `error` knows the parameter and the place.
    pub fn invalid_expression(error: &NodeError) -> Self {
        let mut problem = Self::new(ProblemCode::InvalidExpression, error.message.clone());
        problem.document.parameter.clone_from(&error.parameter);
        if let Some(details) = &error.details {
            problem.document.position = json!({
                "line": details.get("line"), "column": details.get("column"), "offset": details.get("position"),
            });
        }
        problem
    }

    /// Too many attempts; the next one may come after so many seconds.
    pub fn too_many_requests(retry_after_s: u64) -> Self {
        let detail = format!("There were too many attempts. Try again in {retry_after_s} seconds.");
        Self::new(ProblemCode::TooManyRequests, detail).retry_after(retry_after_s)
    }

    /// Nothing can be stored right now; the sender should come again after so many seconds.
    pub fn unavailable(retry_after_s: u64) -> Self {
        let detail = "This cannot be stored right now. Nothing was lost on this side; send it again later.";
        Self::new(ProblemCode::Unavailable, detail).retry_after(retry_after_s)
    }

    /// A fault that nobody provided for. Its reason goes to the log under an id that the answer tells.
    pub fn unexpected(reason: impl fmt::Display) -> Self {
        let error_id = model::id::random().simple().to_string();
        tracing::error!(error_id, %reason, "unexpected error");
        let detail = format!("This is a fault of Stellwerk itself. The log tells more under {error_id}.");
        let mut problem = Self::new(ProblemCode::Internal, detail);
        problem.document.error_id = Some(error_id);
        problem
    }
}

impl From<BodyError> for Problem {
    fn from(error: BodyError) -> Self {
        let code = match error.code {
            BodyErrorCode::Invalid => ProblemCode::InvalidBody,
            BodyErrorCode::TooComplex => ProblemCode::BodyTooComplex,
            BodyErrorCode::TooLarge => ProblemCode::TooLarge,
            BodyErrorCode::UnsupportedEncoding => ProblemCode::UnsupportedContentEncoding,
            BodyErrorCode::UnsupportedCharset => ProblemCode::UnsupportedCharset,
        };
        let problem = Self::new(code, error.detail);
        match error.position {
            Some(position) => problem.at_position(position),
            None => problem,
        }
    }
}

impl From<StorageError> for Problem {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::NotFound { what } => Self::not_found(what),
            StorageError::RevisionConflict { current } => Self::revision_conflict(current),
            StorageError::AlreadyExists { what } => {
                let problem = Self::new(ProblemCode::AlreadyExists, format!("There is {what} already."));
                match what {
                    "a table with this name" => problem.for_people("problem.table_exists", &[]),
                    "a row with this key" => problem.for_people("problem.row_exists", &[]),
                    "an account with this e-mail address" => problem.for_people("problem.account_exists", &[]),
                    _ => problem,
                }
            }
            StorageError::InUse { what, used_by } => {
                Self::new(ProblemCode::InUse, format!("The {what} is in use by {used_by}. Change that first."))
            }
            StorageError::TooMany { what, limit } => {
                let problem = Self::wrong_state(format!("There may be at most {limit} {what}. Remove some first."));
                problem.for_people("problem.too_many", &[("limit", &limit)])
            }
            StorageError::OwnerStays => Self::not_now("problem.owner_stays"),
            StorageError::QueueFull
            | StorageError::Unavailable
            | StorageError::DiskLow { .. }
            | StorageError::LogFull { .. } => Self::unavailable(RETRY_AFTER_S),
            other => Self::unexpected(other),
        }
    }
}

/// What callers that do not know the setting are told.
const RETRY_AFTER_S: u64 = 5;
