//! The log: on standard error, as text for people or as JSON for machines.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::fmt;

use crate::config::{Log, LogFormat};

/// Parts that say too much at `info`.
const QUIET: &str = "sqlx=warn,sea_orm=warn,sea_orm_migration=warn,actix_server=warn,hyper=warn,rustls=warn";

/// Starts logging. Fails when the level cannot be understood, or when logging was started before.
pub fn start(log: &Log) -> Result<(), String> {
    let filter = EnvFilter::try_new(format!("{QUIET},{}", log.level)).map_err(|error| {
        format!(
            "`log.level` is `{}`, which cannot be understood ({error}). Write error, warn, info, debug or trace.",
            log.level
        )
    })?;
    let builder = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match log.format {
        LogFormat::Text => builder.with_ansi(std::io::stderr().is_terminal()).with_target(false).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).with_current_span(true).with_span_list(false).try_init(),
    };
    started.map_err(|error| error.to_string())
}
