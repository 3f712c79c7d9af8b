//! Hands a mail over to a mail server (RFC 5321): all recipients or none.

use std::sync::Arc;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, CertificateStore, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::Response;
use model::{ErrorCode, NodeError};
use rustls::pki_types::ServerName;
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::super::cause::{innermost, tls_failure};
use super::super::resolve::Resolver;
use super::super::trust::Trust;
use super::message::Letter;
use super::server::{Security, Server};
use super::stream::MailStream;

/// Delivers mails over connections to checked addresses.
pub(super) struct Delivery {
    pub(super) resolver: Resolver,
    pub(super) trust: Trust,
    pub(super) connect_timeout: Duration,
}

impl Delivery {
    /// Delivers `letter` and gives back the server's last word. `is_out` is true as long as the mail is with the server and
    /// the server has not said what it does with it.
    pub(super) async fn deliver(
        &self,
        letter: &Letter,
        server: &Server<'_>,
        is_out: &mut bool,
    ) -> Result<String, NodeError> {
        let mut connection = self.connect(server).await?;
        sign_in(&mut connection, server).await?;
        let answer = hand_over(&mut connection, letter, server, is_out).await?;
        // The mail is delivered; how the parting goes does not matter any more.
        let _ = connection.quit().await;
        Ok(said(&answer))
    }

    /// Connects, signs in and parts again.
    pub(super) async fn greet(&self, server: &Server<'_>) -> Result<(), NodeError> {
        let mut connection = self.connect(server).await?;
        sign_in(&mut connection, server).await?;
        let _ = connection.quit().await;
        Ok(())
    }

    async fn connect(&self, server: &Server<'_>) -> Result<AsyncSmtpConnection, NodeError> {
        let stream = tokio::time::timeout(self.connect_timeout, self.open(server)).await.unwrap_or_else(|_| {
            let message =
                format!("The mail server {} could not be reached in time. Check host and port.", server.name());
            Err(NodeError::passing(ErrorCode::Timeout, message))
        })?;
        let hello = hello_name();
        let greeted = AsyncSmtpConnection::connect_with_transport(Box::new(stream), &hello).await;
        let mut connection = greeted.map_err(|error| failure(&error, server, "greeting"))?;
        if server.security == Security::StartTls {
            if !connection.can_starttls() {
                connection.abort().await;
                let message = format!(
                    "The mail server {} does not offer STARTTLS, so nothing was sent. Use `tls` if it is encrypted from \
                     the start (usually port 465).",
                    server.name()
                );
                return Err(NodeError::permanent(ErrorCode::Tls, message));
            }
            let encrypted = connection.starttls(self.tls_parameters(server)?, &hello).await;
            encrypted.map_err(|error| failure(&error, server, "encrypting the connection"))?;
        }
        Ok(connection)
    }

    /// Connects to one of the checked addresses, encrypted from the start if the server wants that.
    async fn open(&self, server: &Server<'_>) -> Result<MailStream, NodeError> {
        let addresses = self.resolver.lookup(&server.host, server.port).await.map_err(|failure| failure.error())?;
        if server.security == Security::None
            && server.sign_in.is_some()
            && !addresses.iter().all(|address| address.ip().is_loopback())
        {
            let message = format!(
                "The password for the mail server {} would travel unencrypted. Set `security` of the credential to \
                 `starttls` or `tls`.",
                server.name()
            );
            return Err(NodeError::permanent(ErrorCode::Credential, message));
        }
        let unreachable = |error: &std::io::Error| {
            let message =
                format!("The mail server {} could not be reached: {error}. Check host and port.", server.name());
            NodeError::passing(ErrorCode::Connection, message)
        };
        let stream = TcpStream::connect(&addresses[..]).await.map_err(|error| unreachable(&error))?;
        let peer = stream.peer_addr().map_err(|error| unreachable(&error))?;
        if server.security != Security::Tls {
            return Ok(MailStream::plain(stream, peer));
        }
        let config = self.trust.client_config().map_err(|error| internal(&error.to_string()))?;
        let name = ServerName::try_from(server.host.clone()).map_err(|error| internal(&error.to_string()))?;
        let encrypted = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
        encrypted
            .map(|stream| MailStream::encrypted(stream, peer))
            .map_err(|error| tls_failure(&error, &server.name()).unwrap_or_else(|| unreachable(&error)))
    }

    fn tls_parameters(&self, server: &Server<'_>) -> Result<TlsParameters, NodeError> {
        let mut builder = TlsParameters::builder(server.host.clone()).certificate_store(CertificateStore::None);
        for certificate in self.trust.certificates() {
            // Old stores hold certificates that cannot be read; those are left out here as everywhere.
            let mut single = rustls::RootCertStore::empty();
            if single.add(certificate.clone()).is_ok()
                && let Ok(certificate) = Certificate::from_der(certificate.to_vec())
            {
                builder = builder.add_root_certificate(certificate);
            }
        }
        builder.build().map_err(|error| internal(&innermost(&error).to_string()))
    }
}

async fn sign_in(connection: &mut AsyncSmtpConnection, server: &Server<'_>) -> Result<(), NodeError> {
    let Some((username, password)) = server.sign_in else { return Ok(()) };
    if connection.server_info().get_auth_mechanism(DEFAULT_MECHANISMS).is_none() {
        connection.abort().await;
        let message = format!(
            "The mail server {} offers no way to sign in with user name and password. Remove them from the credential, \
             or check the port.",
            server.name()
        );
        return Err(NodeError::permanent(ErrorCode::Credential, message));
    }
    let credentials = Credentials::new(username.to_owned(), password.to_owned());
    let Err(error) = connection.auth(DEFAULT_MECHANISMS, &credentials).await else { return Ok(()) };
    let refused = error.is_permanent() || error.is_transient();
    let told = failure(&error, server, "sign-in");
    connection.abort().await;
    if !refused {
        return Err(told);
    }
    let message = format!(
        "The mail server {} did not accept the sign-in ({}). Check user name and password of the credential.",
        server.name(),
        innermost(&error)
    );
    Err(NodeError { code: ErrorCode::Credential, message, ..told })
}

async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    letter: &Letter,
    server: &Server<'_>,
    is_out: &mut bool,
) -> Result<Response, NodeError> {
    let mut parameters = Vec::new();
    if let Some(address) = letter.envelope.to().iter().chain(letter.envelope.from()).find(|address| !is_ascii(address))
    {
        if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
            let message = format!(
                "The mail server {} takes no address with special characters before the `@`, such as `{address}`.",
                server.name()
            );
            connection.abort().await;
            return Err(NodeError::permanent(ErrorCode::Mail, message));
        }
        parameters.push(MailParameter::SmtpUtfEight);
    }
    let sender = Mail::new(letter.envelope.from().cloned(), parameters);
    if let Err(error) = connection.command(sender).await {
        connection.abort().await;
        return Err(failure(&error, server, "the sender"));
    }
    let mut refused = Vec::new();
    for recipient in letter.envelope.to() {
        match connection.command(Rcpt::new(recipient.clone(), Vec::new())).await {
            Ok(_) => {}
            Err(error) if error.is_permanent() || error.is_transient() => refused.push((recipient.to_string(), error)),
            Err(error) => return Err(failure(&error, server, "a recipient")),
        }
    }
    if !refused.is_empty() {
        let _ = connection.command(Rset).await;
        connection.abort().await;
        return Err(recipients_refused(&refused, letter.envelope.to().len(), server));
    }
    let sent = match connection.command(Data).await {
        Ok(_) => {
            *is_out = true;
            connection.message(&letter.bytes).await
        }
        Err(error) => Err(error),
    };
    match sent {
        Ok(answer) => {
            *is_out = false;
            Ok(answer)
        }
        Err(error) => {
            // A refusal is an answer, too.
            *is_out &= !(error.is_permanent() || error.is_transient());
            connection.abort().await;
            Err(failure(&error, server, "the message"))
        }
    }
}

fn is_ascii(address: &lettre::Address) -> bool {
    let text: &str = address.as_ref();
    text.is_ascii()
}

/// Nobody gets a mail of which one recipient was refused: a retry would otherwise reach the others twice.
fn recipients_refused(refused: &[(String, Error)], all: usize, server: &Server<'_>) -> NodeError {
    let listed: Vec<String> = refused.iter().map(|(address, error)| format!("{address} ({})", spoken(error))).collect();
    let message = format!(
        "The mail server {} refused {} of {all} recipients, and nobody was sent the mail: {}.",
        server.name(),
        refused.len(),
        listed.join(", ")
    );
    let details = json!({
        "refused": refused.iter().map(|(address, error)| json!({ "address": address, "reply": spoken(error) })).collect::<Vec<_>>(),
    });
    let error = if refused.iter().all(|(_, error)| error.is_transient()) {
        NodeError::passing(ErrorCode::Mail, message)
    } else {
        NodeError::permanent(ErrorCode::Mail, message)
    };
    error.with_details(details)
}

fn failure(error: &Error, server: &Server<'_>, about: &str) -> NodeError {
    if let Some(failure) = tls_failure(error, &server.name()) {
        return failure;
    }
    let name = server.name();
    if error.is_permanent() {
        let message = format!("The mail server {name} refused {about}: {}.", spoken(error));
        return NodeError::permanent(ErrorCode::Mail, message);
    }
    if error.is_transient() {
        let message = format!("The mail server {name} refused {about} for now: {}.", spoken(error));
        return NodeError::passing(ErrorCode::Mail, message);
    }
    if error.is_client() {
        let message = format!("The mail server {name} could not be used ({about}): {}.", innermost(error));
        return NodeError::permanent(ErrorCode::Mail, message);
    }
    let message = format!(
        "The connection to the mail server {name} broke off ({about}): {}. Check port and `security`.",
        innermost(error)
    );
    NodeError::passing(ErrorCode::Connection, message)
}

/// `550 no such user`.
fn spoken(error: &Error) -> String {
    let words = innermost(error).to_string();
    error.status().map_or_else(|| words.clone(), |code| format!("{code} {words}"))
}

fn said(answer: &Response) -> String {
    format!("{} {}", answer.code(), answer.message().collect::<Vec<_>>().join(" "))
}

fn internal(reason: &str) -> NodeError {
    NodeError::permanent(ErrorCode::Internal, format!("The encrypted connection cannot be set up: {reason}."))
}

/// A host name with characters that have no place in a command is replaced by an address.
fn hello_name() -> ClientId {
    match ClientId::default() {
        ClientId::Domain(name)
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte)) =>
        {
            ClientId::Ipv4(std::net::Ipv4Addr::LOCALHOST)
        }
        name => name,
    }
}
