//! The only way out of Stellwerk: carries out what a step asked for.
//!
//! Every effect goes through the same gates: the hosts of the node type and of the credential, the addresses that may be
//! reached, limits on size, time and redirects. What comes back carries no secret of the credential.

mod address;
mod cause;
mod credential;
mod exchange;
pub mod hosts;
mod http;
mod mail;
mod redact;
mod resolve;
mod seen;
mod settings;
mod stored;
mod tables;
mod trust;

use std::fmt;
use std::sync::Arc;

use model::{NodeError, NodeId, RunId};
use nodes::effect::{Effect, Reply};
use serde_json::Value;
use storage::Storage;

pub use self::credential::OpenCredential;
pub use self::exchange::Exchange;
pub(crate) use self::exchange::is_sensitive;
pub(crate) use self::redact::MASK;
pub use self::settings::EffectSettings;

use self::address::AddressRules;
use self::exchange::shortened;
use self::http::HttpSender;
use self::mail::MailSender;
use self::redact::Redactor;
use self::resolve::Resolver;
use self::stored::Stored;
use self::trust::Trust;
use crate::dry_run::HeldBack;

/// Carries out effects. Cheap to clone; all clones share their connections.
#[derive(Clone)]
pub struct Effects {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<EffectSettings>,
    http: HttpSender,
    mail: MailSender,
    stored: Stored,
}

/// On whose behalf an effect is carried out, and how far it may go.
#[derive(Debug)]
pub struct Call<'a> {
    /// The credential that the step uses.
    pub credential: Option<&'a OpenCredential>,
    /// The hosts of the node type ([`nodes::manifest::NodeType::hosts`]); a lone `*` means any. When empty, only those of
    /// the credential may be reached.
    pub allowed_hosts: &'a [String],
    /// Equal over all attempts of one effect, so that a repetition can be recognised.
    pub idempotency_key: &'a str,
    /// How long the whole effect may take, in milliseconds.
    pub timeout_ms: u64,
    /// The run; none when a step is tried by itself.
    pub run: Option<RunId>,
    /// The workflow's key; none when a step is tried by itself.
    pub workflow_key: Option<i64>,
    /// The node.
    pub node: &'a NodeId,
    /// Which turn of a box; empty outside of boxes.
    pub iteration: &'a str,
}

/// An effect that was carried out.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// What came back, for the node.
    pub reply: Reply,
    /// What the history shows.
    pub exchange: Exchange,
}

/// An effect that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{error}")]
pub struct EffectError {
    /// Why, and whether a retry is worthwhile.
    pub error: NodeError,
    /// How far it came, for the history. Boxed, because it is large and rare.
    pub exchange: Option<Box<Exchange>>,
    /// Whether it may have taken effect all the same: it went out, and no answer came back.
    pub is_uncertain: bool,
}

/// Why effects could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum EffectSetupError {
    /// One of [`EffectSettings::extra_root_certificates`] cannot be read.
    #[error("extra root certificate {number} cannot be used: {reason}")]
    Certificate {
        /// Which one, counted from 1.
        number: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// The HTTP client could not be built.
    #[error("the HTTP client cannot be set up: {0}")]
    Client(String),
}

impl Effects {
    /// Sets everything up once: trusted certificates, connection pool, address rules.
    pub fn new(settings: EffectSettings, storage: Storage) -> Result<Self, EffectSetupError> {
        let settings = Arc::new(settings);
        let resolver = Resolver::new(AddressRules::new(settings.outgoing_allow.clone()));
        let trust = Trust::load(&settings.extra_root_certificates)?;
        let stored = Stored::new(storage);
        let http = HttpSender::new(settings.clone(), resolver.clone(), &trust, stored.clone())?;
        let mail = MailSender::new(settings.clone(), resolver, trust, stored.clone());
        Ok(Self { inner: Arc::new(Inner { settings, http, mail, stored }) })
    }

    /// What the history shows of an effect before it goes out, without secrets.
    pub(crate) fn preview(&self, effect: &Effect, credential: Option<&OpenCredential>) -> Value {
        let mut request = HeldBack::effect(effect).request;
        if let Some(body) = request.get_mut("body") {
            *body = shortened(body.take(), self.inner.settings.exchange_excerpt_bytes);
        }
        Redactor::new(credential).value(request)
    }

    /// Carries out one effect. Whether it may be tried again after a failure is said in the error.
    pub async fn carry_out(&self, effect: &Effect, call: &Call<'_>) -> Result<Done, EffectError> {
        match effect {
            Effect::Http(request) => self.inner.http.send(request, call).await,
            Effect::Mail(mail) => self.inner.mail.send(mail, call).await,
            Effect::Contacts(request) => self.inner.stored.contacts(request).await,
            Effect::Table(request) => self.inner.stored.table(request, call).await,
            Effect::Seen(request) => self.inner.stored.seen(request, call).await,
        }
    }
}

impl Effects {
    /// Connects to the mail server of a credential and signs in, without sending anything.
    pub async fn try_mail_server(&self, credential: &OpenCredential, timeout_ms: u64) -> Result<Exchange, EffectError> {
        self.inner.mail.try_server(credential, timeout_ms).await
    }
}

impl fmt::Debug for Effects {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Effects")
    }
}

impl EffectError {
    fn new(error: NodeError, exchange: Exchange) -> Self {
        Self { error, exchange: Some(Box::new(exchange)), is_uncertain: false }
    }

    fn uncertain(error: NodeError, exchange: Exchange, is_uncertain: bool) -> Self {
        Self { is_uncertain, ..Self::new(error, exchange) }
    }
}
