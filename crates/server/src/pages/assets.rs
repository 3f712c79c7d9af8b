//! Styles, scripts and pictures, embedded in the binary (a debug build reads them from the disk, so that a change shows at
//! once). Their names hold a hash of their content, so browsers keep them for ever.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::Write as _;
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

use crate::middleware::{Policy, accepts_gzip};
use crate::problem::Problem;

/// What pages use. The hash is made here.
#[derive(RustEmbed)]
#[folder = "assets/"]
struct PageAssets;

/// The editor, built from `web-ui/`. Its build puts the hashes into the names. Without that build the folder is missing,
/// and pages say so instead of showing the editor.
#[derive(RustEmbed)]
#[folder = "../../web-ui/dist/"]
#[allow_missing = true]
struct EditorAssets;

/// What a page must load for the editor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EditorFiles {
    /// Address of the script, a module.
    pub(super) script: String,
    /// Addresses of further modules that it needs at once.
    pub(super) modules: Vec<String>,
    /// Addresses of its styles.
    pub(super) styles: Vec<String>,
}

/// A part of the editor as its build describes it in `manifest.json`.
#[derive(Deserialize)]
struct Chunk {
    file: String,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    css: Vec<String>,
}

/// The address of an asset: `style.css` is at `/assets/style.0a1b2c3d.css`.
pub(super) fn url(name: &str) -> String {
    let hash = PageAssets::get(name).map(|file| short_hash(&file)).unwrap_or_default();
    let (stem, extension) = name.rsplit_once('.').unwrap_or((name, ""));
    format!("/assets/{stem}.{hash}.{extension}")
}

/// What the editor consists of; none when the binary was built without it.
pub(super) fn editor_files() -> Option<EditorFiles> {
    let manifest = EditorAssets::get("manifest.json")?;
    let chunks: HashMap<String, Chunk> = serde_json::from_slice(&manifest.data).ok()?;
    let entry = chunks.get("src/main.ts")?;
    let mut styles: Vec<&String> = entry.css.iter().collect();
    let mut modules = Vec::new();
    for chunk in entry.imports.iter().filter_map(|name| chunks.get(name)) {
        modules.push(address(&chunk.file));
        styles.extend(&chunk.css);
    }
    Some(EditorFiles {
        script: address(&entry.file),
        modules,
        styles: styles.into_iter().map(|name| address(name)).collect(),
    })
}

/// The keys of the texts that the editor draws its first picture with; its build finds them in the code.
pub(super) fn editor_start_texts() -> HashSet<String> {
    let keys = EditorAssets::get("start-texts.json").and_then(|file| serde_json::from_slice(&file.data).ok());
    keys.unwrap_or_default()
}

/// Serves an asset under the address that [`url`] or [`editor_files`] gives.
pub(super) async fn serve(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    let (file, extension) = find(&name).ok_or_else(|| Problem::not_found("file"))?;
    let content_type = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    let response = if extension != "woff2" && accepts_gzip(request.headers()) {
        response.insert_header((header::CONTENT_ENCODING, "gzip")).body(compressed(&name, &file.data))
    } else {
        match file.data {
            Cow::Borrowed(bytes) => response.body(bytes),
            Cow::Owned(bytes) => response.body(bytes),
        }
    };
    Ok(if matches!(extension, "css" | "js") { Policy::Part.applied_to(response) } else { response })
}

fn find(name: &str) -> Option<(EmbeddedFile, &str)> {
    let (rest, extension) = name.rsplit_once('.')?;
    if let Some(file) = EditorAssets::get(name).filter(|_| extension != "json") {
        return Some((file, extension));
    }
    let (stem, hash) = rest.rsplit_once('.')?;
    let file = PageAssets::get(&format!("{stem}.{extension}")).filter(|file| short_hash(file) == hash)?;
    Some((file, extension))
}

/// The file compressed as far as possible. That is done once; names change with the content.
fn compressed(name: &str, data: &[u8]) -> Bytes {
    static DONE: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);
    let known = DONE.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    known.unwrap_or_else(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing into memory cannot fail.
        let _ = encoder.write_all(data);
        let bytes = Bytes::from(encoder.finish().unwrap_or_default());
        DONE.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.clone());
        bytes
    })
}

fn address(file: &str) -> String {
    format!("/assets/{file}")
}

fn short_hash(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..4])
}
