//! What actix's own extractors refuse, told as problems.

use actix_web::error::{JsonPayloadError, PathError, QueryPayloadError, UrlencodedError};
use actix_web::web::{FormConfig, JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use serde_json::error::Category;

use super::{Problem, ProblemCode};

/// Makes JSON, query, path and form extractors answer with problems; `max_body_bytes` bounds JSON and forms.
pub fn extractor_errors(config: &mut ServiceConfig, max_body_bytes: usize) {
    config
        .app_data(
            JsonConfig::default()
                .limit(max_body_bytes)
                .error_handler(move |error, _| json(&error, max_body_bytes).into()),
        )
        .app_data(
            FormConfig::default()
                .limit(max_body_bytes)
                .error_handler(move |error, _| form(&error, max_body_bytes).into()),
        )
        .app_data(QueryConfig::default().error_handler(|error, _| query(&error).into()))
        .app_data(PathConfig::default().error_handler(|error, _| path(&error).into()));
}

fn json(error: &JsonPayloadError, limit_bytes: usize) -> Problem {
    match error {
        JsonPayloadError::Overflow { .. } | JsonPayloadError::OverflowKnownLength { .. } => {
            Problem::too_large(limit_bytes)
        }
        JsonPayloadError::ContentType => {
            Problem::new(ProblemCode::UnsupportedMediaType, "Send the body with `Content-Type: application/json`.")
        }
        JsonPayloadError::Deserialize(error) => {
            let reason = error.to_string();
            let reason = reason.split_once(" at line ").map_or(reason.as_str(), |(reason, _)| reason);
            let position = serde_json::json!({ "line": error.line(), "column": error.column() });
            match error.classify() {
                Category::Data => {
                    Problem::invalid_request(format!("The JSON does not fit: {reason}.")).at_position(position)
                }
                _ => Problem::new(ProblemCode::InvalidJson, format!("The body is not valid JSON: {reason}."))
                    .at_position(position),
            }
        }
        _ => broken_body(),
    }
}

fn form(error: &UrlencodedError, limit_bytes: usize) -> Problem {
    match error {
        UrlencodedError::Overflow { .. } => Problem::too_large(limit_bytes),
        UrlencodedError::ContentType => Problem::new(
            ProblemCode::UnsupportedMediaType,
            "Send the form with `Content-Type: application/x-www-form-urlencoded`.",
        ),
        UrlencodedError::Parse(error) => Problem::invalid_request(format!("The form does not fit: {error}.")),
        _ => broken_body(),
    }
}

fn query(error: &QueryPayloadError) -> Problem {
    let reason = match error {
        QueryPayloadError::Deserialize(error) => error.to_string(),
        _ => "it is malformed".to_owned(),
    };
    Problem::new(ProblemCode::InvalidQuery, format!("The query string does not fit: {reason}."))
}

/// An id that is none names nothing.
fn path(_error: &PathError) -> Problem {
    Problem::new(ProblemCode::NotFound, "There is nothing at this address; an id in it is not one.")
}

fn broken_body() -> Problem {
    Problem::new(ProblemCode::BadRequest, "The body did not arrive completely.")
}
