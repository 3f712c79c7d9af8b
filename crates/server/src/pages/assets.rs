//! Styles and pictures, embedded in the binary. Their names hold a hash of their content, so browsers keep them for ever.

use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Path;
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::Problem;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The address of an asset: `style.css` is at `/assets/style.0a1b2c3d.css`.
pub(super) fn url(name: &str) -> String {
    let hash = Assets::get(name).map(|file| short_hash(&file)).unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("/assets/{stem}.{hash}.{extension}")
}

/// Serves an asset under the address that [`url`] gives.
pub(super) async fn serve(name: Path<String>) -> Result<HttpResponse, Problem> {
    let missing = || Problem::not_found("file");
    let (rest, extension) = name.rsplit_once('.').ok_or_else(missing)?;
    let (stem, hash) = rest.rsplit_once('.').ok_or_else(missing)?;
    let file =
        Assets::get(&format!("{stem}.{extension}")).filter(|file| short_hash(file) == hash).ok_or_else(missing)?;
    let content_type = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .body(file.data.into_owned()))
}

fn short_hash(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..4])
}
