//! Whether the server lives and whether it can work, for load balancers and orchestrators. Open to everybody.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;
use storage::Storage;

use crate::problem::Problem;

/// The process lives.
#[utoipa::path(get, path = "/healthz", tag = "monitoring", security(()), responses((status = 200)))]
pub async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// The database can be read and written.
#[utoipa::path(get, path = "/readyz", tag = "monitoring", security(()), responses((status = 200), (status = 503)))]
pub async fn ready(storage: Data<Storage>) -> Result<HttpResponse, Problem> {
    if storage.is_ready().await {
        Ok(HttpResponse::Ok().json(json!({ "status": "ready" })))
    } else {
        Err(Problem::unavailable(5))
    }
}
