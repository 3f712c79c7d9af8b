//! Mails: written once, then handed to the credential's mail server or kept in the built-in outbox.

mod delivery;
mod mailbox;
mod message;
mod server;
mod stream;

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::{ErrorCode, NodeError};
use nodes::effect::{Mail, MailReply, Reply};
use serde_json::{Value, json};
use storage::NewMail;

use self::delivery::Delivery;
use self::message::Letter;
use self::server::Server;
use super::credential::OpenCredential;
use super::exchange::{Exchange, Record, excerpt};
use super::redact::Redactor;
use super::resolve::Resolver;
use super::settings::EffectSettings;
use super::stored::Stored;
use super::trust::Trust;
use super::{Call, Done, EffectError};

/// Fails when `text`, which stands in `field`, is not an e-mail address.
pub(super) fn check_email(field: &str, text: &str) -> Result<(), NodeError> {
    mailbox::parse(field, text).map(|_| ())
}

/// Sends mails.
pub(super) struct MailSender {
    delivery: Delivery,
    settings: Arc<EffectSettings>,
    stored: Stored,
}

impl MailSender {
    /// A sender that reaches only what `resolver` permits and trusts only what is in `trust`.
    pub(super) fn new(settings: Arc<EffectSettings>, resolver: Resolver, trust: Trust, stored: Stored) -> Self {
        let connect_timeout = Duration::from_millis(settings.connect_timeout_ms);
        Self { delivery: Delivery { resolver, trust, connect_timeout }, settings, stored }
    }

    /// Sends `mail` through the server of the call's credential, or keeps it in the outbox when there is none.
    pub(super) async fn send(&self, mail: &Mail, call: &Call<'_>) -> Result<Done, EffectError> {
        let redactor = Redactor::new(call.credential);
        let mut record = Record::default();
        let started = Instant::now();
        let work = Box::pin(self.attempt(mail, call, &mut record));
        let result = tokio::time::timeout(Duration::from_millis(call.timeout_ms), work).await.unwrap_or_else(|_| {
            let message = format!(
                "The mail server did not take the mail within {} ms. Raise the step's time limit if it needs longer.",
                call.timeout_ms
            );
            Err(NodeError::passing(ErrorCode::Timeout, message))
        });
        if let Ok(reply) = &result {
            record.response.insert("delivered_by".to_owned(), reply.delivered_by.as_str().into());
            record.response.insert("recipients".to_owned(), json!(reply.recipients));
        }
        let is_out = record.is_out;
        let exchange = record.finish(started.elapsed(), &redactor);
        match result {
            Ok(reply) => Ok(Done { reply: Reply::Mail(reply), exchange }),
            Err(error) => Err(EffectError::uncertain(redactor.error(error), exchange, is_out)),
        }
    }

    /// Connects to the mail server of `credential`, signs in and parts again.
    pub(super) async fn try_server(
        &self,
        credential: &OpenCredential,
        timeout_ms: u64,
    ) -> Result<Exchange, EffectError> {
        let redactor = Redactor::new(Some(credential));
        let mut record = Record::default();
        let started = Instant::now();
        let work = Box::pin(self.greet(credential, &mut record));
        let result = tokio::time::timeout(Duration::from_millis(timeout_ms), work).await.unwrap_or_else(|_| {
            let message =
                format!("The mail server did not answer within {timeout_ms} ms. Check host, port and encryption.");
            Err(NodeError::passing(ErrorCode::Timeout, message))
        });
        if result.is_ok() {
            record.response.insert("reply".to_owned(), "signed in".into());
        }
        let exchange = record.finish(started.elapsed(), &redactor);
        match result {
            Ok(()) => Ok(exchange),
            Err(error) => Err(EffectError::new(redactor.error(error), exchange)),
        }
    }

    async fn greet(&self, credential: &OpenCredential, record: &mut Record) -> Result<(), NodeError> {
        let server = Server::of(credential)?;
        record.request.insert("server".to_owned(), server.name().into());
        record.request.insert("security".to_owned(), server.security.as_str().into());
        record.request.insert("signs_in".to_owned(), server.sign_in.is_some().into());
        self.delivery.greet(&server).await
    }

    async fn attempt(&self, mail: &Mail, call: &Call<'_>, record: &mut Record) -> Result<MailReply, NodeError> {
        self.note(mail, record);
        let server = call.credential.map(Server::of).transpose()?;
        let default_from =
            server.as_ref().and_then(|server| server.from).unwrap_or(self.settings.default_mail_from.as_str());
        let limit = self.settings.max_request_bytes;
        let letter = Letter::write(mail, default_from, call.idempotency_key, &self.stored, limit).await?;
        record.request.insert("from".to_owned(), letter.sender.as_str().into());
        record.request.insert("message_id".to_owned(), letter.message_id.as_str().into());
        let recipients = letter.recipients();
        let Some(server) = server else { return self.keep(letter, call).await };
        record.request.insert("server".to_owned(), server.name().into());
        record.request.insert("security".to_owned(), server.security.as_str().into());
        let answer = self.delivery.deliver(&letter, &server, &mut record.is_out).await?;
        record.response.insert("reply".to_owned(), answer.into());
        let message_id = letter.message_id;
        Ok(MailReply { message_id, delivered_by: "smtp".to_owned(), recipients, outbox_id: None })
    }

    async fn keep(&self, letter: Letter, call: &Call<'_>) -> Result<MailReply, NodeError> {
        let recipients = letter.recipients();
        let kept = NewMail {
            run: call.run,
            node: call.node.clone(),
            sender: letter.sender,
            recipients: recipients.clone(),
            subject: letter.subject,
            message: letter.bytes,
            dedup_key: call.idempotency_key.to_owned(),
        };
        let id = self.stored.keep_mail(kept).await?;
        let message_id = letter.message_id;
        Ok(MailReply { message_id, delivered_by: "outbox".to_owned(), recipients, outbox_id: Some(id) })
    }

    fn note(&self, mail: &Mail, record: &mut Record) {
        let limit = self.settings.exchange_excerpt_bytes;
        let attachments: Vec<Value> = mail
            .attachments
            .iter()
            .map(|file| json!({ "file": file.name, "content_type": file.content_type }))
            .collect();
        for (name, value) in [
            ("to", json!(mail.to)),
            ("cc", json!(mail.cc)),
            ("bcc", json!(mail.bcc)),
            ("reply_to", json!(mail.reply_to)),
            ("subject", excerpt(&mail.subject, limit).into()),
            ("text", excerpt(&mail.text, limit).into()),
            ("html", excerpt(&mail.html, limit).into()),
            ("attachments", attachments.into()),
        ] {
            record.request.insert(name.to_owned(), value);
        }
    }
}
