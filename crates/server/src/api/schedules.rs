//! What a schedule means, before it is saved.

use actix_web::web::{Data, Json};
use model::Timestamp;
use nodes::schedule;
use serde::{Deserialize, Serialize};
use storage::Storage;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::problem::{Problem, ProblemDocument};

/// How many times are shown when nobody says otherwise, and at the most.
const USUAL_COUNT: usize = 5;
const MOST: usize = 50;

/// A schedule whose next times are asked for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SchedulePreview {
    /// A cron pattern of 5 fields, of 6 with the second first, or a shorthand such as `@daily`.
    pub cron: String,
    /// The IANA time zone in which it is meant.
    pub timezone: String,
    /// How many times, 5 when left out, 50 at the most.
    pub count: Option<usize>,
}

/// The times at which it starts its workflow.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScheduleTimes {
    /// The next ones, the earliest first; fewer or none when it comes to an end.
    #[schema(value_type = Vec<String>)]
    pub times: Vec<Timestamp>,
}

/// Says when a schedule would start its workflow next, daylight saving included.
#[utoipa::path(post, path = "/api/v1/schedules/preview", tag = "workflows", request_body = SchedulePreview,
    responses((status = 200, body = ScheduleTimes), (status = 422, body = ProblemDocument)))]
pub async fn preview(
    _caller: Caller,
    storage: Data<Storage>,
    request: Json<SchedulePreview>,
) -> Result<Json<ScheduleTimes>, Problem> {
    let count = request.count.unwrap_or(USUAL_COUNT).min(MOST);
    let times = schedule::preview(&request.cron, &request.timezone, storage.now(), count)
        .map_err(|fault| Problem::invalid_request(fault.message))?;
    Ok(Json(ScheduleTimes { times }))
}
