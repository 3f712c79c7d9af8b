//! Effects against real servers on this machine.

mod contacts;
mod faults;
mod http;
mod redirects;
mod secrets;
pub(crate) mod server;
mod tls;

use std::collections::BTreeMap;

use engine::effects::{Call, Done, EffectError, EffectSettings, Effects, OpenCredential};
use model::{CredentialId, NodeError, NodeId, RunId, Timestamp};
use nodes::effect::{Effect, FileRef, HttpReply, HttpRequest, Reply};
use nodes::manifest::{Apply, CredentialField, CredentialKind, Text};
use storage::{NewFile, Role, Storage, StorageSettings};

/// The moment at which every test happens.
pub(crate) const NOW: &str = "2026-03-01T12:00:00.000Z";

/// Effects over a fresh storage.
pub(crate) struct Outside {
    pub(crate) effects: Effects,
    pub(crate) storage: Storage,
    _directory: tempfile::TempDir,
}

/// Settings that allow this machine's own addresses.
pub(crate) fn local_settings() -> EffectSettings {
    EffectSettings {
        outgoing_allow: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()],
        ..EffectSettings::default()
    }
}

impl Outside {
    pub(crate) async fn open(settings: EffectSettings) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let clock = model::clock::ManualClock::at(Timestamp::parse(NOW).unwrap());
        let storage =
            Storage::open(StorageSettings::for_directory(directory.path()), Role::Server, std::sync::Arc::new(clock))
                .await
                .unwrap();
        let effects = Effects::new(settings, storage.clone()).unwrap();
        Self { effects, storage, _directory: directory }
    }

    /// Effects that may reach this machine.
    pub(crate) async fn local() -> Self {
        Self::open(local_settings()).await
    }

    pub(crate) fn effects(&self) -> &Effects {
        &self.effects
    }

    pub(crate) async fn carry_out(&self, effect: Effect, call: CallSettings<'_>) -> Result<Done, EffectError> {
        let (run, node) = (RunId::generate(), NodeId("step".to_owned()));
        let call = Call {
            credential: call.credential,
            allowed_hosts: &call.allowed_hosts,
            idempotency_key: "key-1",
            timeout_ms: call.timeout_ms,
            run: Some(run),
            workflow_key: Some(1),
            node: &node,
            iteration: "",
        };
        self.effects.carry_out(&effect, &call).await
    }

    /// Sends a request that anybody may send.
    pub(crate) async fn send(&self, request: HttpRequest) -> Result<HttpReply, NodeError> {
        self.send_with(request, CallSettings::default()).await
    }

    pub(crate) async fn send_with(&self, request: HttpRequest, call: CallSettings<'_>) -> Result<HttpReply, NodeError> {
        self.carry_out(Effect::Http(request), call).await.map(http_reply).map_err(|failure| failure.error)
    }

    pub(crate) async fn file(&self, name: &str, content_type: &str, bytes: &[u8]) -> FileRef {
        let file = NewFile {
            id: model::FileId::generate(),
            name: name.to_owned(),
            content_type: content_type.to_owned(),
            bytes: bytes.to_vec(),
        };
        let file_id = self.storage.store_file(file, None).await.unwrap();
        FileRef { file_id, name: name.to_owned(), content_type: content_type.to_owned(), size: bytes.len() as u64 }
    }
}

/// What a test may want to say about a call.
pub(crate) struct CallSettings<'a> {
    pub(crate) credential: Option<&'a OpenCredential>,
    pub(crate) allowed_hosts: Vec<String>,
    pub(crate) timeout_ms: u64,
}

impl Default for CallSettings<'_> {
    fn default() -> Self {
        Self { credential: None, allowed_hosts: vec!["*".to_owned()], timeout_ms: 10_000 }
    }
}

impl<'a> CallSettings<'a> {
    pub(crate) fn with(credential: &'a OpenCredential) -> Self {
        Self { credential: Some(credential), ..Self::default() }
    }
}

pub(crate) fn http_reply(done: Done) -> HttpReply {
    match done.reply {
        Reply::Http(reply) => reply,
        other => panic!("not an HTTP reply: {other:?}"),
    }
}

/// A request with the defaults of the connector contract.
pub(crate) fn request(method: &str, url: &str) -> HttpRequest {
    serde_json::from_value(serde_json::json!({ "method": method, "url": url })).unwrap()
}

/// A credential; each field is its name, its value and whether it is secret.
pub(crate) fn credential(apply: Apply, hosts: &[&str], fields: &[(&str, &str, bool)]) -> OpenCredential {
    let described = fields.iter().map(|(name, _, secret)| CredentialField {
        name: (*name).to_owned(),
        title: Text::default(),
        secret: *secret,
        required: false,
        default: String::new(),
        choices: Vec::new(),
    });
    let kind = CredentialKind {
        name: "test".to_owned(),
        title: Text::default(),
        description: Text::default(),
        fields: described.collect(),
        hosts: Vec::new(),
        hosts_from: None,
        apply,
        test: None,
    };
    let values: BTreeMap<_, _> =
        fields.iter().map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect();
    OpenCredential::new(CredentialId::generate(), kind, hosts.iter().map(ToString::to_string).collect(), values)
}

/// A bearer token for the given hosts.
pub(crate) fn bearer(token: &str, hosts: &[&str]) -> OpenCredential {
    let apply = Apply::Header { name: "Authorization".to_owned(), value: "Bearer {token}".to_owned() };
    credential(apply, hosts, &[("token", token, true)])
}
