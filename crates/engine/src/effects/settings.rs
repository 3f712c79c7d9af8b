//! The limits of everything that goes out.

use ipnet::IpNet;

/// How far effects may reach and how much they may move.
#[derive(Debug, Clone)]
pub struct EffectSettings {
    /// Networks that may be reached although they are private, local or otherwise special (`STELLWERK_OUTGOING_ALLOW`).
    pub outgoing_allow: Vec<IpNet>,
    /// The largest body of a request, and the largest mail, in bytes.
    pub max_request_bytes: usize,
    /// The largest body of an answer, in bytes.
    pub max_response_bytes: usize,
    /// How many redirects a request follows unless it asks for fewer.
    pub max_redirects: u32,
    /// How long setting up a connection may take, name lookup and encryption included.
    pub connect_timeout_ms: u64,
    /// How long an unused connection is kept for the next request.
    pub idle_connection_ms: u64,
    /// How many unused connections are kept for each host.
    pub idle_connections_per_host: usize,
    /// What requests say in `User-Agent` unless they set their own.
    pub user_agent: String,
    /// The sender of mails for which neither the step nor the credential names one.
    pub default_mail_from: String,
    /// How much of a body is kept in the history of a run, in bytes.
    pub exchange_excerpt_bytes: usize,
    /// Certificates in PEM form that are trusted beside those of the system.
    pub extra_root_certificates: Vec<Vec<u8>>,
}

impl Default for EffectSettings {
    fn default() -> Self {
        Self {
            outgoing_allow: Vec::new(),
            max_request_bytes: 20 * 1024 * 1024,
            max_response_bytes: 20 * 1024 * 1024,
            max_redirects: 5,
            connect_timeout_ms: 10_000,
            idle_connection_ms: 60_000,
            idle_connections_per_host: 64,
            user_agent: concat!("Stellwerk/", env!("CARGO_PKG_VERSION")).to_owned(),
            default_mail_from: "Stellwerk <stellwerk@localhost>".to_owned(),
            exchange_excerpt_bytes: 16 * 1024,
            extra_root_certificates: Vec::new(),
        }
    }
}
