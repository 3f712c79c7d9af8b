//! Looks through a chain of errors for the one that matters.

use std::error::Error;
use std::io;

use model::{ErrorCode, NodeError};
use rustls::CertificateError;

/// The first error of type `T` in the chain of `error`, also inside of an [`io::Error`].
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(current) = next {
        if let Some(found) = current.downcast_ref::<T>() {
            return Some(found);
        }
        // An I/O error that wraps another one names the inner error's source as its own and skips the inner error.
        if let Some(inner) = current.downcast_ref::<io::Error>().and_then(io::Error::get_ref)
            && let Some(found) = find::<T>(inner)
        {
            return Some(found);
        }
        next = current.source();
    }
    None
}

/// The innermost error, which usually names the real reason.
pub(crate) fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut current = error;
    while let Some(source) = current.source() {
        current = source;
    }
    current
}

/// The failure to set up an encrypted connection with `host`, when that is what happened.
pub(crate) fn tls_failure(error: &(dyn Error + 'static), host: &str) -> Option<NodeError> {
    let failure = find::<rustls::Error>(error)?;
    let message = match failure {
        rustls::Error::InvalidCertificate(reason) => {
            format!("The certificate of `{host}` was not accepted: {}.", certificate_reason(reason, host))
        }
        rustls::Error::InvalidMessage(_) => format!(
            "`{host}` does not speak TLS at this port. Check the port, and whether the address begins with http:// \
             instead of https://."
        ),
        other => format!("The encrypted connection to `{host}` could not be set up: {other}."),
    };
    Some(NodeError::permanent(ErrorCode::Tls, message))
}

fn certificate_reason(reason: &CertificateError, host: &str) -> String {
    match reason {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "it has expired; its owner has to renew it".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "it is not valid yet; check the clocks of both machines".to_owned()
        }
        CertificateError::UnknownIssuer => "it is self-signed or comes from an authority that this server does not \
             trust; an administrator can add the authority's certificate to the extra root certificates"
            .to_owned(),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("it was made for another host than `{host}`; check the host name")
        }
        CertificateError::BadSignature => "its signature is not that of the authority that it names".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        // A self-signed certificate that claims to be an authority is reported as such, with a long internal name.
        CertificateError::Other(_) => {
            "it is not one for a server; a self-signed certificate of an authority is a common reason".to_owned()
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tls_failure_is_found_inside_nested_io_errors() {
        let tls = rustls::Error::InvalidCertificate(CertificateError::Expired);
        let error = io::Error::other(io::Error::new(io::ErrorKind::InvalidData, tls));
        let failure = tls_failure(&error, "shop.test").unwrap();
        assert_eq!(failure.code, ErrorCode::Tls);
        assert!(failure.message.contains("has expired"), "{failure}");
        assert!(tls_failure(&io::Error::other("no"), "shop.test").is_none());
    }
}
