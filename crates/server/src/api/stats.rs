//! How many runs and events there are.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use serde::Serialize;
use storage::Storage;
use utoipa::ToSchema;

use crate::auth::Caller;
use crate::problem::Problem;

/// Runs and events counted by status.
#[derive(Debug, Serialize, ToSchema)]
pub struct Counts {
    /// Runs by status; every status is there.
    pub runs: BTreeMap<&'static str, i64>,
    /// Events by status; every status is there.
    pub events: BTreeMap<&'static str, i64>,
}

/// Counts runs and events.
#[utoipa::path(get, path = "/api/v1/stats", tag = "monitoring", responses((status = 200, body = Counts)))]
pub async fn read(_caller: Caller, storage: Data<Storage>) -> Result<Json<Counts>, Problem> {
    let stats = storage.stats().await?;
    Ok(Json(Counts {
        runs: stats.runs.into_iter().map(|(status, count)| (status.as_str(), count)).collect(),
        events: stats.events.into_iter().map(|(status, count)| (status.as_str(), count)).collect(),
    }))
}
