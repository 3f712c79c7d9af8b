//! The mail server of a credential: where it is, how to sign in.

use lettre::message::Mailbox;
use model::NodeError;
use nodes::manifest::Apply;
use url::Host;

use super::super::credential::OpenCredential;
use super::mailbox;

/// How the connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    /// Begins in the open and must be encrypted before anything is said (RFC 3207).
    StartTls,
    /// Encrypted from the start (RFC 8314).
    Tls,
    /// Not at all.
    None,
}

impl Security {
    /// The word for it in a credential.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::StartTls => "starttls",
            Self::Tls => "tls",
            Self::None => "none",
        }
    }
}

/// A mail server and how to sign in to it.
pub(super) struct Server<'a> {
    /// Its name or address.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// User name and password; none when the server asks for none.
    pub(super) sign_in: Option<(&'a str, &'a str)>,
    /// The sender for mails that name none.
    pub(super) from: Option<&'a str>,
}

impl<'a> Server<'a> {
    /// Reads the fields of an SMTP credential.
    pub(super) fn of(credential: &'a OpenCredential) -> Result<Self, NodeError> {
        if credential.kind.apply != Apply::Smtp {
            return Err(credential.fault("it does not sign in to a mail server"));
        }
        let security = match credential.field("security").trim() {
            "" | "starttls" => Security::StartTls,
            "tls" => Security::Tls,
            "none" => Security::None,
            _ => return Err(credential.fault("`security` must be `starttls`, `tls` or `none`")),
        };
        let host = credential.field("host").trim();
        if host.is_empty() {
            return Err(credential.fault("its field `host` is empty"));
        }
        let host = match (host.parse::<std::net::Ipv6Addr>(), Host::parse(host)) {
            (Ok(address), _) | (_, Ok(Host::Ipv6(address))) => address.to_string(),
            (_, Ok(host)) => host.to_string(),
            _ => return Err(credential.fault("`host` is not a host name")),
        };
        let port = match (credential.field("port").trim(), security) {
            ("", Security::StartTls) => 587,
            ("", Security::Tls) => 465,
            ("", Security::None) => 25,
            (port, _) => port.parse().map_err(|_| credential.fault("`port` is not a number from 1 to 65535"))?,
        };
        let username = credential.field("username");
        let sign_in = (!username.is_empty()).then(|| (username, credential.field("password")));
        let from = Some(credential.field("from")).filter(|from| !from.trim().is_empty());
        if let Some(from) = from {
            let _: Mailbox =
                mailbox::parse("from", from).map_err(|_| credential.fault("`from` is not an e-mail address"))?;
        }
        Ok(Self { host, port, security, sign_in, from })
    }

    /// `mail.example.com:587`, for messages.
    pub(super) fn name(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::credential::tests::credential;
    use super::*;

    #[test]
    fn the_port_follows_from_the_security_unless_given() {
        for (security, port, expected) in
            [("", "", 587), ("starttls", "", 587), ("tls", "", 465), ("none", "", 25), ("tls", "4650", 4650)]
        {
            let fields = [("host", "mail.test", false), ("security", security, false), ("port", port, false)];
            let credential = credential(Apply::Smtp, &fields);
            assert_eq!(Server::of(&credential).unwrap().port, expected, "{security} {port}");
        }
    }

    #[test]
    fn a_field_that_cannot_be_used_is_named() {
        for (fields, named) in [
            (vec![("host", "", false)], "`host`"),
            (vec![("host", "mail test", false)], "`host`"),
            (vec![("host", "mail.test", false), ("port", "99999", false)], "`port`"),
            (vec![("host", "mail.test", false), ("security", "ssl", false)], "`security`"),
            (vec![("host", "mail.test", false), ("from", "nobody", false)], "`from`"),
        ] {
            let credential = credential(Apply::Smtp, &fields);
            let error = Server::of(&credential).err().unwrap();
            assert!(error.message.contains(named), "{error}");
        }
    }
}
