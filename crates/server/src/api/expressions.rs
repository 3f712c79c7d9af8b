//! Computes an expression or a condition against a context, for editors and tests.

use actix_web::web::{Data, Json};
use nodes::{Surroundings, condition, expression};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storage::Storage;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::config::Config;
use crate::problem::{Problem, ProblemDocument};

/// What to compute: either an expression or a condition.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evaluate {
    /// A text with `{{ … }}`, or a bare expression.
    pub expression: Option<String>,
    /// A condition list as in a filter.
    #[schema(value_type = Option<Object>)]
    pub condition: Option<Value>,
    /// What the expression sees.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub context: Value,
    /// The IANA time zone of dates without one.
    #[serde(default = "default_timezone")]
    pub timezone: String,
}

fn default_timezone() -> String {
    model::Settings::default().timezone
}

/// What came out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Evaluated {
    /// The value; of a condition, whether it holds.
    #[schema(value_type = Object)]
    pub value: Value,
    /// Of a condition, every comparison.
    #[serde(skip_serializing_if = "Value::is_null")]
    #[schema(value_type = Object)]
    pub verdict: Value,
}

/// Computes an expression or a condition.
#[utoipa::path(post, path = "/api/v1/expressions/evaluate", tag = "expressions", request_body = Evaluate,
    responses((status = 200, body = Evaluated), (status = 422, body = ProblemDocument)))]
pub async fn evaluate(
    _caller: Caller,
    storage: Data<Storage>,
    config: Data<Config>,
    request: Json<Evaluate>,
) -> Result<Json<Evaluated>, Problem> {
    let request = request.into_inner();
    let surroundings = Surroundings {
        now: storage.now(),
        timezone: request.timezone.clone(),
        seed: 0,
        interrupt: engine::stop_after_computing(config.engine.script_limit_ms),
    };
    // A script may compute for a while; the thread that answers requests must not wait for it.
    let computed = actix_web::web::block(move || compute(&request, &surroundings)).await;
    computed.map_err(Problem::unexpected)?.map(Json)
}

fn compute(request: &Evaluate, surroundings: &Surroundings) -> Result<Evaluated, Problem> {
    match (&request.expression, &request.condition) {
        (Some(text), None) => {
            let value = expression::evaluate(text, &request.context, surroundings)
                .map_err(|error| Problem::invalid_expression(&error.at("expression")))?;
            Ok(Evaluated { value, verdict: Value::Null })
        }
        (None, Some(list)) => {
            let scope = expression::Scope { context: &request.context, surroundings };
            let verdict = expression::resolve(list, &scope, "condition")
                .and_then(|resolved| condition::evaluate(&resolved))
                .map_err(|error| Problem::invalid_expression(&error))?;
            let value = Value::Bool(verdict.passed);
            Ok(Evaluated { value, verdict: serde_json::to_value(verdict).unwrap_or_default() })
        }
        _ => Err(Problem::invalid_request("Give either `expression` or `condition`.")),
    }
}
