//! What this server is and where it keeps its data.

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use storage::Storage;

use super::super::Site;
use super::super::layout::{Layout, page};
use super::Place;
use crate::auth::SignedIn;
use crate::config::Config;
use crate::problem::Problem;

#[derive(Template)]
#[template(path = "settings_about.html")]
struct AboutPage {
    l: Layout,
    place: Place,
    version: &'static str,
    base_url: String,
    /// Only the owner is told where on the machine things lie.
    data_dir: Option<String>,
    is_ready: bool,
    /// For how many days runs and events are kept; none means for ever.
    keep_days: Option<u32>,
}

/// Shows version, address, health and limits.
pub(super) async fn show(
    request: HttpRequest,
    signed_in: SignedIn,
    (storage, config, site): (Data<Storage>, Data<Config>, Data<Site>),
) -> Result<HttpResponse, Problem> {
    let is_owner = signed_in.user.is_owner;
    let template = AboutPage {
        l: Layout::for_user(&request, &signed_in),
        place: Place { tab: "about", is_owner },
        version: env!("CARGO_PKG_VERSION"),
        base_url: site.base_url.to_string(),
        data_dir: is_owner.then(|| config.data_dir.display().to_string()),
        is_ready: storage.is_ready().await,
        keep_days: Some(config.history.keep_days).filter(|days| *days > 0),
    };
    page(StatusCode::OK, &template)
}
