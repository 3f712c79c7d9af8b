//! Which certificates are trusted, and the settings for encrypted connections made of them.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use rustls::{ClientConfig, RootCertStore};

use super::EffectSetupError;

/// The trusted certificates of the system and of the settings.
#[derive(Debug, Clone)]
pub(crate) struct Trust {
    certificates: Arc<[CertificateDer<'static>]>,
}

impl Trust {
    /// Reads the system's certificates and adds `extra`, each a PEM file's content.
    ///
    /// A machine without any is no error: plain HTTP and the outbox still work, and an encrypted connection fails with
    /// its own message.
    pub(crate) fn load(extra: &[Vec<u8>]) -> Result<Self, EffectSetupError> {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::debug!(%error, "a certificate of the system could not be read");
        }
        if found.certs.is_empty() {
            tracing::warn!("the system has no trusted certificates: connections to https addresses will fail");
        }
        let mut certificates = found.certs;
        for (index, pem) in extra.iter().enumerate() {
            let before = certificates.len();
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let certificate = certificate
                    .map_err(|error| EffectSetupError::Certificate { number: index + 1, reason: error.to_string() })?;
                RootCertStore::empty()
                    .add(certificate.clone())
                    .map_err(|error| EffectSetupError::Certificate { number: index + 1, reason: error.to_string() })?;
                certificates.push(certificate);
            }
            if certificates.len() == before {
                let reason = "it holds no certificate in PEM form".to_owned();
                return Err(EffectSetupError::Certificate { number: index + 1, reason });
            }
        }
        Ok(Self { certificates: certificates.into() })
    }

    /// The settings for encrypted connections: TLS 1.2 and 1.3, certificates checked, none of our own.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, EffectSetupError> {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(self.certificates.iter().cloned());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| EffectSetupError::Client(error.to_string()))?;
        Ok(builder.with_root_certificates(roots).with_no_client_auth())
    }

    /// The certificates in DER form.
    pub(crate) fn certificates(&self) -> &[CertificateDer<'static>] {
        &self.certificates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_holds_no_certificate_is_named_at_start() {
        let error = Trust::load(&[b"nothing here".to_vec()]).unwrap_err();
        assert_eq!(error.to_string(), "extra root certificate 1 cannot be used: it holds no certificate in PEM form");
    }
}
