//! Turns a host name into the addresses that may be connected to.
//!
//! Connections are made to exactly the addresses that were checked here. Asking a second time would let a hostile name
//! server answer differently after the check.

use std::error::Error;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use model::{ErrorCode, NodeError};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

use super::address::{AddressRules, RefusedAddress};

/// Looks up names and leaves out what may not be reached.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    rules: Arc<AddressRules>,
}

/// Why a name leads nowhere.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ResolveFailure {
    /// The name server does not know it or did not answer.
    #[error("the name `{host}` could not be resolved: {reason}")]
    NotFound {
        /// The name.
        host: String,
        /// What the system said.
        reason: String,
    },
    /// It leads only to addresses that workflows may not reach.
    #[error("`{host}` leads to {refused}")]
    Refused {
        /// The name.
        host: String,
        /// The first of the refused addresses.
        refused: RefusedAddress,
    },
}

impl ResolveFailure {
    /// The failure of the step that wanted to reach the host.
    pub(crate) fn error(&self) -> NodeError {
        match self {
            Self::NotFound { host, reason } => NodeError::passing(
                ErrorCode::Dns,
                format!("The host name `{host}` could not be resolved ({reason}). Check its spelling."),
            ),
            Self::Refused { host, refused } => refused.error(host),
        }
    }
}

impl Resolver {
    /// A resolver that gives back only addresses that `rules` permit.
    pub(crate) fn new(rules: AddressRules) -> Self {
        Self { rules: Arc::new(rules) }
    }

    /// The addresses of `host`, a name or an address, that may be connected to; at least one.
    pub(crate) async fn lookup(&self, host: &str, port: u16) -> Result<Vec<SocketAddr>, ResolveFailure> {
        let not_found = |reason: String| ResolveFailure::NotFound { host: host.to_owned(), reason };
        let found: Vec<SocketAddr> =
            tokio::net::lookup_host((host, port)).await.map_err(|error| not_found(error.to_string()))?.collect();
        let mut refused = None;
        let mut permitted = Vec::new();
        for address in found {
            match self.rules.check(address.ip()) {
                Ok(()) => permitted.push(address),
                Err(refusal) => refused = refused.or(Some(refusal)),
            }
        }
        match refused {
            Some(refused) if permitted.is_empty() => Err(ResolveFailure::Refused { host: host.to_owned(), refused }),
            None if permitted.is_empty() => Err(not_found("it has no address".to_owned())),
            _ => Ok(permitted),
        }
    }

    /// Fails when the host of `url` is itself an address that may not be reached. Names are checked when connecting.
    ///
    /// The URL parser has turned odd spellings (`0x7f.1`, `2130706433`) into plain addresses.
    pub(crate) fn check_literal(&self, url: &Url) -> Result<(), NodeError> {
        let address = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) | None => return Ok(()),
        };
        self.rules.check(address).map_err(|refused| refused.error(&address.to_string()))
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            // The port is a placeholder: the client puts in that of the URL.
            match resolver.lookup(name.as_str(), 0).await {
                Ok(addresses) => Ok(Box::new(addresses.into_iter()) as Addrs),
                Err(failure) => Err(Box::new(failure) as Box<dyn Error + Send + Sync>),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_to_this_machine_is_refused_unless_allowed() {
        let refusing = Resolver::new(AddressRules::new(Vec::new()));
        let failure = refusing.lookup("localhost", 80).await.unwrap_err();
        assert_eq!(failure.error().code, ErrorCode::AddressRefused);

        let allowing = Resolver::new(AddressRules::new(vec!["127.0.0.0/8".parse().unwrap()]));
        let addresses = allowing.lookup("localhost", 80).await.unwrap();
        assert!(addresses.iter().all(|address| address.ip().is_loopback() && address.port() == 80));
    }

    #[test]
    fn odd_spellings_of_an_address_are_seen_through() {
        let resolver = Resolver::new(AddressRules::new(Vec::new()));
        for url in [
            "http://127.1/",
            "http://2130706433/",
            "http://0x7f000001/",
            "http://0177.0.0.1/",
            "http://0x7f.0.0.1./",
            "http://127.0.0.1./",
            "http://%31%32%37.0.0.1/",
            "http://１２７.0.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[0:0:0:0:0:ffff:a9fe:a9fe]/",
            "http://169.254.169.254/latest/meta-data/",
        ] {
            let error = resolver.check_literal(&Url::parse(url).unwrap()).unwrap_err();
            assert_eq!(error.code, ErrorCode::AddressRefused, "{url}");
        }
    }
}
