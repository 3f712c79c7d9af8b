//! The settings as types. What each one means stands beside its default in `config.default.toml`.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use model::RetryPolicy;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::{Table, Value};
use url::Url;

use super::Secret;
use super::environment::variable_of;
use super::readers;

/// All settings.
#[derive(Debug, Clone)]
pub struct Config {
    /// Address and port that the server listens on.
    pub listen: SocketAddr,
    /// The address under which others reach the server; see [`Config::base_url`].
    pub public_url: Option<Url>,
    /// Where everything is kept.
    pub data_dir: PathBuf,
    /// A folder with further connectors.
    pub connectors_dir: Option<PathBuf>,
    /// The key that seals credentials; none means the key file in `data_dir`.
    pub key: Option<Secret>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Threads that answer HTTP requests; 0 means one per processor.
    pub http_threads: usize,
    /// How long running steps may take to end at shutdown.
    pub shutdown_wait_ms: u64,
    /// The owner to create at the first start.
    pub owner: Owner,
    /// What may come in.
    pub ingress: Ingress,
    /// How runs are worked on.
    pub engine: Engine,
    /// Limits of the API.
    pub api: Api,
    /// What may go out.
    pub outgoing: Outgoing,
    /// How things are stored.
    pub storage: Storage,
    /// How long things are kept.
    pub history: History,
    /// Signing in.
    pub auth: Auth,
    /// Mail.
    pub mail: Mail,
    /// Logging.
    pub log: Log,
}

/// The owner's account, to be made at the first start.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Owner {
    /// The e-mail address to sign in with.
    #[serde(deserialize_with = "readers::optional_text")]
    pub email: Option<String>,
    /// The password.
    #[serde(deserialize_with = "readers::optional_secret")]
    pub password: Option<Secret>,
}

/// Limits of what comes in through webhooks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Ingress {
    pub max_body_bytes: usize,
    pub body_memory_bytes: usize,
    pub max_decompressed_bytes: usize,
    pub max_depth: usize,
    pub max_values: usize,
    pub max_files: usize,
    pub max_file_bytes: usize,
    pub finished_wait_ms: u64,
    pub queue_capacity: usize,
    pub retry_after_s: u32,
    pub receipts_per_minute: u32,
    pub links_per_minute: u32,
}

/// How runs are worked on.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Engine {
    pub parallel_runs: usize,
    pub parallel_steps: usize,
    pub default_timeout_ms: u64,
    pub max_exchanges: usize,
    pub max_output_bytes: usize,
    pub script_limit_ms: u64,
    pub retry: RetryPolicy,
}

/// Limits of the API.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Api {
    pub max_body_bytes: usize,
    pub max_sample_bytes: usize,
    pub test_timeout_ms: u64,
}

/// Limits of what goes out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Outgoing {
    #[serde(deserialize_with = "readers::networks")]
    pub allow: Vec<IpNet>,
    pub max_redirects: u32,
    pub max_request_bytes: usize,
    pub max_response_bytes: usize,
    pub connect_timeout_ms: u64,
    pub exchange_excerpt_bytes: usize,
    pub idle_connection_ms: u64,
    pub idle_connections_per_host: usize,
    pub extra_root_certificates: Vec<PathBuf>,
}

/// How things are stored.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Storage {
    pub payload_inline_bytes: usize,
    pub writer_batch: usize,
    pub reader_connections: u32,
    pub event_memory_bytes: usize,
    pub min_free_bytes: u64,
    pub max_log_bytes: u64,
    pub max_table_rows: u64,
}

/// How long things are kept; 0 means without bound.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct History {
    pub keep_days: u32,
    pub keep_runs: u64,
    pub keep_total_runs: u64,
    pub keep_audit_days: u32,
    pub personal: Vec<String>,
    pub batch: u32,
    pub interval_ms: u64,
}

/// Signing in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Auth {
    pub session_days: u32,
    pub sign_in_attempts_per_minute: u32,
    pub password_min_characters: usize,
}

/// Mail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Mail {
    pub from: String,
}

/// Logging.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "config.default.toml documents every key, and its names are these")]
pub struct Log {
    pub level: String,
    pub format: LogFormat,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object per line.
    Json,
}

impl Config {
    /// The address under which others reach the server, ending in `/`. `bound` is the address that it really listens on.
    pub fn base_url(&self, bound: SocketAddr) -> Url {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let host = match bound {
            any if any.ip().is_unspecified() => format!("localhost:{}", any.port()),
            some => some.to_string(),
        };
        Url::parse(&format!("http://{host}/")).unwrap_or_else(|_| unreachable!("a socket address makes a URL"))
    }

    /// Whether others reach the server over https.
    pub fn is_https(&self) -> bool {
        self.public_url.as_ref().is_some_and(|url| url.scheme() == "https")
    }

    /// Builds the settings from the merged table; `source_of` says where a key's value came from.
    pub(super) fn from_table(table: Table, source_of: impl Fn(&str) -> Option<String>) -> Result<Self, Vec<String>> {
        let mut reading = Reading { table, problems: Vec::new() };
        let config = reading.all();
        if let Some(config) = &config
            && config.owner.email.is_some() != config.owner.password.is_some()
        {
            let (given, missing) = match config.owner.email {
                Some(_) => ("owner.email", "STELLWERK_OWNER_PASSWORD"),
                None => ("owner.password", "STELLWERK_OWNER_EMAIL"),
            };
            let source = source_of(given).unwrap_or_else(|| variable_of(given));
            reading.problems.push(format!("`{given}` ({source}) needs its other half; set {missing} too."));
        }
        if let Some(config) = &config
            && let Some(password) = &config.owner.password
            && password.reveal().chars().count() < config.auth.password_min_characters
        {
            let count = config.auth.password_min_characters;
            reading.problems.push(format!("`owner.password` needs at least {count} characters."));
        }
        config.filter(|_| reading.problems.is_empty()).ok_or(reading.problems)
    }
}

/// The merged table while it is turned into types, so that one mistake does not hide the next.
struct Reading {
    table: Table,
    problems: Vec<String>,
}

impl Reading {
    fn all(&mut self) -> Option<Config> {
        let listen = self.text("listen", readers::listen);
        let public_url = self.text("public_url", readers::public_url);
        let data_dir = self.text("data_dir", readers::folder);
        let connectors_dir = self.text("connectors_dir", |text| Ok(readers::filled(text).map(PathBuf::from)));
        let key = self.text("key", |text| Ok(readers::filled(text).map(Secret::from)));
        let trusted_proxies = self.list("trusted_proxies", readers::network);
        let http_threads = self.part("http_threads");
        let shutdown_wait_ms = self.part("shutdown_wait_ms");
        let (owner, ingress, engine, api) =
            (self.part("owner"), self.part("ingress"), self.part("engine"), self.part("api"));
        let (outgoing, storage, history) = (self.part("outgoing"), self.part("storage"), self.part("history"));
        let (auth, mail, log) = (self.part("auth"), self.part("mail"), self.part("log"));
        Some(Config {
            listen: listen?,
            public_url: public_url?,
            data_dir: data_dir?,
            connectors_dir: connectors_dir?,
            key: key?,
            trusted_proxies: trusted_proxies?,
            http_threads: http_threads?,
            shutdown_wait_ms: shutdown_wait_ms?,
            owner: owner?,
            ingress: ingress?,
            engine: engine?,
            api: api?,
            outgoing: outgoing?,
            storage: storage?,
            history: history?,
            auth: auth?,
            mail: mail?,
            log: log?,
        })
    }

    fn part<T: DeserializeOwned>(&mut self, key: &str) -> Option<T> {
        let value = self.table.remove(key).unwrap_or(Value::Boolean(false));
        match value.try_into() {
            Ok(part) => Some(part),
            Err(error) => {
                let what = error.to_string().trim().replace('\n', " ");
                self.problems.push(format!("`{key}`: {what}."));
                None
            }
        }
    }

    fn text<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text: String = self.part(key)?;
        read(&text).map_err(|problem| self.problems.push(format!("`{key}`: {problem}"))).ok()
    }

    fn list<T>(&mut self, key: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<Vec<T>> {
        let items: Vec<String> = self.part(key)?;
        let items: Result<Vec<T>, String> = items.iter().map(|item| read(item)).collect();
        items.map_err(|problem| self.problems.push(format!("`{key}`: {problem}"))).ok()
    }
}
