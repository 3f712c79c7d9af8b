//! Turns settings into what the parts below are made with.

use std::sync::Arc;

use engine::EngineSettings;
use engine::effects::EffectSettings;
use model::clock::SystemClock;
use nodes::{Catalogue, LoadError};
use storage::{Role, Storage, StorageError, StorageSettings};
use url::Url;

use crate::config::Config;

/// What the storage is opened with.
pub fn storage_settings(config: &Config) -> StorageSettings {
    StorageSettings {
        payload_inline_bytes: config.storage.payload_inline_bytes,
        queue_capacity: config.ingress.queue_capacity,
        batch_limit: config.storage.writer_batch,
        reader_connections: config.storage.reader_connections,
        event_memory_bytes: config.storage.event_memory_bytes,
        personal: config.history.personal.clone(),
        min_free_bytes: config.storage.min_free_bytes,
        max_log_bytes: config.storage.max_log_bytes,
        max_table_rows: config.storage.max_table_rows,
        ..StorageSettings::for_directory(&config.data_dir)
    }
}

/// Opens the storage with the machine's clock.
pub async fn open_storage(config: &Config, role: Role) -> Result<Storage, StorageError> {
    Storage::open(storage_settings(config), role, Arc::new(SystemClock)).await
}

/// All node types, those in the connectors' folder included.
pub fn load_catalogue(config: &Config) -> Result<Catalogue, LoadError> {
    Catalogue::load(config.connectors_dir.as_slice())
}

/// The limits of the engine. `base_url` is where others reach the server, for links in mails and the like.
pub fn engine_settings(config: &Config, base_url: &Url) -> EngineSettings {
    EngineSettings {
        max_parallel_runs: config.engine.parallel_runs,
        max_parallel_steps: config.engine.parallel_steps,
        default_timeout_ms: config.engine.default_timeout_ms,
        default_retry: config.engine.retry.clone(),
        max_exchanges: config.engine.max_exchanges,
        script_limit_ms: config.engine.script_limit_ms,
        max_output_bytes: config.engine.max_output_bytes,
        public_address: base_url.as_str().trim_end_matches('/').to_owned(),
    }
}

/// The limits of what goes out. Fails when a certificate's file cannot be read.
pub fn effect_settings(config: &Config) -> Result<EffectSettings, String> {
    let read = |path: &std::path::PathBuf| {
        let fail = |error| format!("`outgoing.extra_root_certificates`: {} cannot be read: {error}.", path.display());
        std::fs::read(path).map_err(fail)
    };
    let certificates: Result<Vec<_>, _> = config.outgoing.extra_root_certificates.iter().map(read).collect();
    Ok(EffectSettings {
        outgoing_allow: config.outgoing.allow.clone(),
        max_request_bytes: config.outgoing.max_request_bytes,
        max_response_bytes: config.outgoing.max_response_bytes,
        max_redirects: config.outgoing.max_redirects,
        connect_timeout_ms: config.outgoing.connect_timeout_ms,
        idle_connection_ms: config.outgoing.idle_connection_ms,
        idle_connections_per_host: config.outgoing.idle_connections_per_host,
        default_mail_from: config.mail.from.clone(),
        exchange_excerpt_bytes: config.outgoing.exchange_excerpt_bytes,
        extra_root_certificates: certificates?,
        ..EffectSettings::default()
    })
}
