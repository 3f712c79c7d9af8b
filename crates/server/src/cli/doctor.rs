//! `stellwerk doctor`: what was read, from where, and whether it will work.

use std::path::Path;

use storage::Role;

use super::Failure;
use crate::config::{Config, Loaded, Source};
use crate::console::Console;
use crate::key::{self, KeySource};
use crate::parts;

/// Less free space than this is worth a warning, in bytes.
const LITTLE_SPACE_BYTES: u64 = 512 * 1024 * 1024;

/// One thing that was looked at.
enum Finding {
    Good(String),
    Notice(String),
    Bad(String),
}

/// Prints settings and findings; fails when something will not work.
pub(super) async fn examine(loaded: &Loaded, console: Console) -> Result<(), Failure> {
    let rows: Vec<_> = loaded
        .sources
        .iter()
        .map(|(key, setting)| vec![key.to_owned(), setting.value.clone(), setting.source.to_string()])
        .collect();
    console.table(&["SETTING", "VALUE", "FROM"], &rows);
    console.result("");
    let config = &loaded.config;
    let findings = [
        data_dir(config),
        free_space(&config.data_dir),
        sealing_key(config),
        database(config).await,
        connectors(config),
        public_url(loaded),
    ];
    let mut bad = 0;
    for finding in findings {
        let line = match finding {
            Finding::Good(line) => format!("ok       {line}"),
            Finding::Notice(line) => format!("notice   {line}"),
            Finding::Bad(line) => {
                bad += 1;
                format!("problem  {line}")
            }
        };
        console.result(line);
    }
    match bad {
        0 => Ok(()),
        1 => Err(Failure::new("There is a problem to be solved.")),
        count => Err(Failure::new(format!("There are {count} problems to be solved."))),
    }
}

fn data_dir(config: &Config) -> Finding {
    let shown = config.data_dir.display();
    if !config.data_dir.exists() {
        return Finding::Notice(format!("The data directory {shown} does not exist yet; the first start makes it."));
    }
    match tempfile::Builder::new().prefix(".doctor-").tempfile_in(&config.data_dir) {
        Ok(_) => Finding::Good(format!("The data directory {shown} can be written.")),
        Err(error) => Finding::Bad(format!("The data directory {shown} cannot be written: {error}.")),
    }
}

fn free_space(data_dir: &Path) -> Finding {
    let existing = data_dir.ancestors().find(|path| path.exists()).filter(|path| !path.as_os_str().is_empty());
    match fs4::available_space(existing.unwrap_or(Path::new("."))) {
        Ok(bytes) if bytes < LITTLE_SPACE_BYTES => {
            Finding::Bad(format!("Only {} MiB are free on the disk.", bytes >> 20))
        }
        Ok(bytes) => Finding::Good(format!("{} MiB are free on the disk.", bytes >> 20)),
        Err(error) => Finding::Notice(format!("The free space cannot be found out: {error}.")),
    }
}

fn sealing_key(config: &Config) -> Finding {
    match key::source(config) {
        KeySource::FileToBeMade(path) => {
            Finding::Notice(format!("The key file {} does not exist yet; the first start makes it.", path.display()))
        }
        source => match (key::load_or_make(config), source) {
            (Ok(_), KeySource::File(path)) => Finding::Good(format!("Credentials are sealed with {}.", path.display())),
            (Ok(_), _) => Finding::Good("Credentials are sealed with the key from the settings.".to_owned()),
            (Err(problem), _) => Finding::Bad(problem),
        },
    }
}

async fn database(config: &Config) -> Finding {
    let file = parts::storage_settings(config).database_file();
    if !file.exists() {
        return Finding::Notice(format!(
            "The database {} does not exist yet; the first start makes it.",
            file.display()
        ));
    }
    let storage = match parts::open_storage(config, Role::Tool).await {
        Ok(storage) => storage,
        Err(error) => return Finding::Bad(format!("The database {} cannot be used: {error}.", file.display())),
    };
    let schema = storage.schema_version().await;
    let (has_owner, workflows) = (storage.has_owner().await, storage.count_workflows().await);
    storage.close().await;
    match (schema, has_owner, workflows) {
        (Ok(schema), Ok(has_owner), Ok(workflows)) => {
            let owner = if has_owner { "has an owner" } else { "has no owner yet" };
            Finding::Good(format!(
                "The database {} is at schema {schema}, {owner}, workflows: {workflows}.",
                file.display()
            ))
        }
        (Err(error), ..) | (_, Err(error), _) | (.., Err(error)) => {
            Finding::Bad(format!("The database {} cannot be read: {error}.", file.display()))
        }
    }
}

fn connectors(config: &Config) -> Finding {
    let from = config.connectors_dir.as_ref().map_or_else(String::new, |path| format!(", {} included", path.display()));
    match parts::load_catalogue(config) {
        Ok(catalogue) => Finding::Good(format!("{} node types are loaded{from}.", catalogue.node_types().count())),
        Err(error) => Finding::Bad(error.to_string()),
    }
}

fn public_url(loaded: &Loaded) -> Finding {
    let config = &loaded.config;
    let url = config.base_url(config.listen);
    let is_default = loaded.sources.get("public_url").is_none_or(|setting| setting.source == Source::Default);
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if is_default && !config.listen.ip().is_loopback() {
        let advice = "Set STELLWERK_PUBLIC_URL to the address that senders use.";
        return Finding::Notice(format!("Webhook addresses begin with {url}, which others cannot reach. {advice}"));
    }
    if url.scheme() == "http" && !is_local {
        return Finding::Notice(format!("{url} is not encrypted; passwords and webhooks can be read on the way."));
    }
    Finding::Good(format!("Webhook addresses begin with {url}."))
}
