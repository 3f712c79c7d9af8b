//! Styles, scripts and pictures, embedded in the binary (a debug build reads them from the disk, so that a change shows at
//! once). Their names hold a hash of their content, so browsers keep them for ever.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::io::{Read as _, Write as _};
use std::sync::{LazyLock, Mutex, PoisonError};

use actix_web::http::header;
use actix_web::web::{Bytes, Path};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

use crate::middleware::{Policy, accepts_gzip};
use crate::problem::Problem;

/// What pages use. The hash is made here.
#[derive(RustEmbed)]
#[folder = "assets/"]
struct PageAssets;

/// The editor, built from `web-ui/`. Its build puts the hashes into the names, and compresses the files with more time than a
/// server could spare. Without that build the folder is missing, and pages say so instead of showing the editor.
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

/// Which texts the editor shows when; its build finds them in the code.
#[derive(Debug, Default, Deserialize)]
pub(super) struct EditorTexts {
    /// The keys of the texts that its first picture is drawn with.
    pub(super) start: HashSet<String>,
    /// The keys of those that are wanted when a step is opened or a run begins.
    pub(super) near: HashSet<String>,
}

/// The keys of the editor's texts by when it shows them; none without its build.
pub(super) fn editor_texts() -> EditorTexts {
    let texts = EditorAssets::get("part-texts.json").and_then(|file| serde_json::from_slice(&file.data).ok());
    texts.unwrap_or_default()
}

/// Serves an asset under the address that [`url`] or [`editor_files`] gives.
pub(super) async fn serve(request: HttpRequest, name: Path<String>) -> Result<HttpResponse, Problem> {
    let (file, extension) = find(&name).ok_or_else(|| Problem::not_found("file"))?;
    let content_type = match extension {
        "css" => "text/css; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "svg" => "image/svg+xml",
        _ => "application/octet-stream",
    };
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::VARY, "accept-encoding"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"));
    let response = if accepts_gzip(request.headers()) {
        response.insert_header((header::CONTENT_ENCODING, "gzip")).body(file)
    } else {
        response.body(decompressed(&file).map_err(Problem::unexpected)?)
    };
    Ok(if matches!(extension, "css" | "js") { Policy::Part.applied_to(response) } else { response })
}

/// A file, compressed with gzip, and what kind it is.
fn find(name: &str) -> Option<(Bytes, &str)> {
    let (rest, extension) = name.rsplit_once('.')?;
    if let Some(file) = EditorAssets::get(&format!("{name}.gz")) {
        let bytes = match file.data {
            Cow::Borrowed(bytes) => Bytes::from_static(bytes),
            Cow::Owned(bytes) => Bytes::from(bytes),
        };
        return Some((bytes, extension));
    }
    let (stem, hash) = rest.rsplit_once('.')?;
    let file = PageAssets::get(&format!("{stem}.{extension}")).filter(|file| short_hash(file) == hash)?;
    let bytes = compressed(name, || if extension == "css" { without_comments(&file.data).into() } else { file.data });
    Some((bytes, extension))
}

/// Styles without what only their authors read: comments, indents, empty lines.
fn without_comments(css: &[u8]) -> Vec<u8> {
    let css = String::from_utf8_lossy(css);
    let plain: String =
        css.split("/*").enumerate().map(|(index, part)| if index == 0 { part } else { after_comment(part) }).collect();
    let lines: Vec<&str> = plain.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n").into_bytes()
}

fn after_comment(text: &str) -> &str {
    text.split_once("*/").map_or("", |(_, rest)| rest)
}

/// A page's file compressed as far as possible. That is done once; names change with the content.
fn compressed(name: &str, data: impl FnOnce() -> Cow<'static, [u8]>) -> Bytes {
    static DONE: LazyLock<Mutex<HashMap<String, Bytes>>> = LazyLock::new(Mutex::default);
    let known = DONE.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned();
    known.unwrap_or_else(|| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        // Writing into memory cannot fail.
        let _ = encoder.write_all(&data());
        let bytes = Bytes::from(encoder.finish().unwrap_or_default());
        DONE.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), bytes.clone());
        bytes
    })
}

fn decompressed(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(bytes).read_to_end(&mut plain)?;
    Ok(plain)
}

fn address(file: &str) -> String {
    format!("/assets/{file}")
}

fn short_hash(file: &EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..4])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn styles_come_without_comments_and_indents() {
        let css = "/* One. */\n\na { b: c; }\n@media print {\n  /* Two,\n     long. */\n  a { b: d; }\n}\n";
        assert_eq!(without_comments(css.as_bytes()), b"a { b: c; }\n@media print {\na { b: d; }\n}");
    }

    #[test]
    fn who_cannot_unpack_gets_the_same_file() {
        let style = PageAssets::get("logo.svg").unwrap();
        let name = url("logo.svg").replace("/assets/", "");
        let (bytes, extension) = find(&name).unwrap();
        assert_eq!((decompressed(&bytes).unwrap(), extension), (style.data.to_vec(), "svg"));
    }
}
