//! Prints the OpenAPI document. `make openapi` writes it to `docs/openapi.json`, where clients' types are made from it.

use std::io::Write;

fn main() -> std::io::Result<()> {
    let document = server::api::openapi::document().to_pretty_json().map_err(std::io::Error::other)?;
    writeln!(std::io::stdout().lock(), "{document}")
}
