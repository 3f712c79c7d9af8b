//! A mail as a message (RFC 5322) with its envelope.

use std::time::{Duration, SystemTime};

use lettre::address::Envelope;
use lettre::message::header::{ContentDisposition, ContentType};
use lettre::message::{Attachment, Body, Mailbox, Message, MultiPart, MultiPartBuilder, SinglePart};
use model::{ErrorCode, NodeError, Timestamp};
use nodes::effect::Mail;
use sha2::{Digest as _, Sha256};
use storage::StoredFile;

use super::super::stored::Stored;
use super::mailbox;

/// More recipients than this in one mail is a mistake, or should go through a mailing service.
const MOST_RECIPIENTS: usize = 100;

/// A mail ready to be handed over.
pub(super) struct Letter {
    /// The message, header fields and all.
    pub(super) bytes: Vec<u8>,
    /// Who it comes from and everybody it goes to.
    pub(super) envelope: Envelope,
    /// Its `Message-ID`, equal over all attempts.
    pub(super) message_id: String,
    /// The sender as it stands in the message.
    pub(super) sender: String,
    /// The subject on one line.
    pub(super) subject: String,
}

impl Letter {
    /// Checks `mail` and writes it down, at most `limit` bytes.
    pub(super) async fn write(
        mail: &Mail,
        default_from: &str,
        idempotency_key: &str,
        stored: &Stored,
        limit: usize,
    ) -> Result<Self, NodeError> {
        let from = if mail.from.trim().is_empty() { default_from } else { &mail.from };
        let from = mailbox::parse("from", from)?;
        let (to, cc, bcc) = (all("to", &mail.to)?, all("cc", &mail.cc)?, all("bcc", &mail.bcc)?);
        let envelope = envelope(&from, &to, &cc, &bcc)?;
        let subject = one_line(&mail.subject);
        let message_id = message_id(idempotency_key, from.email.domain());
        let mut builder = Message::builder()
            .envelope(envelope.clone())
            .from(from.clone())
            .subject(subject.clone())
            .message_id(Some(message_id.clone()))
            .date(moment(stored.now()));
        for mailbox in to {
            builder = builder.to(mailbox);
        }
        for mailbox in cc {
            builder = builder.cc(mailbox);
        }
        for mailbox in all("reply_to", &mail.reply_to)? {
            builder = builder.reply_to(mailbox);
        }
        let message = match content(mail, idempotency_key, stored, limit).await? {
            Content::Single(part) => builder.singlepart(part),
            Content::Multi(part) => builder.multipart(part),
        };
        let message = message.map_err(|error| fault("text", format!("The mail cannot be written: {error}.")))?;
        let bytes = message.formatted();
        if bytes.len() > limit {
            return Err(too_large(bytes.len(), limit));
        }
        Ok(Self { bytes, envelope, message_id, sender: from.to_string(), subject })
    }

    /// Every address that it goes to.
    pub(super) fn recipients(&self) -> Vec<String> {
        self.envelope.to().iter().map(ToString::to_string).collect()
    }
}

fn fault(parameter: &str, message: String) -> NodeError {
    NodeError::permanent(ErrorCode::Parameter, message).at(parameter)
}

fn too_large(size: usize, limit: usize) -> NodeError {
    let message = format!("The mail has {size} bytes, more than the {limit} that may be sent. Attach less.");
    NodeError::permanent(ErrorCode::TooLarge, message).at("attachments")
}

/// An empty entry is left out: a form often has an empty last row.
fn all(field: &str, texts: &[String]) -> Result<Vec<Mailbox>, NodeError> {
    texts.iter().filter(|text| !text.trim().is_empty()).map(|text| mailbox::parse(field, text)).collect()
}

fn envelope(from: &Mailbox, to: &[Mailbox], cc: &[Mailbox], bcc: &[Mailbox]) -> Result<Envelope, NodeError> {
    let mut recipients = Vec::new();
    for mailbox in to.iter().chain(cc).chain(bcc) {
        if !recipients.contains(&mailbox.email) {
            recipients.push(mailbox.email.clone());
        }
    }
    if recipients.len() > MOST_RECIPIENTS {
        let count = recipients.len();
        return Err(fault(
            "to",
            format!("The mail goes to {count} addresses, more than {MOST_RECIPIENTS}. Send several."),
        ));
    }
    Envelope::new(Some(from.email.clone()), recipients)
        .map_err(|_| fault("to", "The mail has no recipient. Fill in `to`, `cc` or `bcc`.".to_owned()))
}

/// A line break in a subject would begin another header field; here it is only a space.
fn one_line(subject: &str) -> String {
    let plain: String = subject.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn message_id(idempotency_key: &str, domain: &str) -> String {
    format!("<{}@{domain}>", digest(idempotency_key))
}

fn digest(key: &str) -> String {
    hex::encode(&Sha256::digest(key)[..16])
}

/// Between 1970 and the year 9999, which is as far as the date format reaches.
fn moment(now: Timestamp) -> SystemTime {
    const LATEST_MS: u64 = 253_402_300_799_000;
    SystemTime::UNIX_EPOCH + Duration::from_millis(u64::try_from(now.0).unwrap_or(0).min(LATEST_MS))
}

enum Content {
    Single(SinglePart),
    Multi(MultiPart),
}

async fn content(mail: &Mail, key: &str, stored: &Stored, limit: usize) -> Result<Content, NodeError> {
    let text = || SinglePart::plain(mail.text.clone());
    let html = || SinglePart::html(mail.html.clone());
    let words = match (mail.text.is_empty(), mail.html.is_empty()) {
        (_, true) => Content::Single(text()),
        (true, false) => Content::Single(html()),
        (false, false) => {
            let both = bounded(MultiPart::alternative(), key, "alternative");
            Content::Multi(both.singlepart(text()).singlepart(html()))
        }
    };
    if mail.attachments.is_empty() {
        return Ok(words);
    }
    let mixed = bounded(MultiPart::mixed(), key, "mixed");
    let mut parts = match words {
        Content::Single(part) => mixed.singlepart(part),
        Content::Multi(part) => mixed.multipart(part),
    };
    let mut size = 0;
    for reference in &mail.attachments {
        let file = stored.file(reference, limit).await.map_err(|error| error.at("attachments"))?;
        size += file.bytes.len();
        if size > limit {
            return Err(too_large(size, limit));
        }
        parts = parts.singlepart(attachment(file));
    }
    Ok(Content::Multi(parts))
}

/// The same boundary for every attempt, so that a repeated mail is the same to the byte.
fn bounded(builder: MultiPartBuilder, key: &str, role: &str) -> MultiPartBuilder {
    builder.boundary(format!("={role}_{}", digest(&format!("{role} {key}"))))
}

fn attachment(file: StoredFile) -> SinglePart {
    let name: String = file.name.chars().filter(|character| !character.is_control()).collect();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = if name.is_empty() { "attachment" } else { name };
    // A nested message or multipart may not be encoded, so those types become plain bytes.
    let content_type = ContentType::parse(&file.content_type)
        .ok()
        .filter(|_| !file.content_type.starts_with("multipart/") && !file.content_type.starts_with("message/"))
        .unwrap_or_else(octet_stream);
    match Body::new_with_encoding(file.bytes, lettre::message::header::ContentTransferEncoding::Base64) {
        Ok(body) => {
            let disposition = ContentDisposition::attachment(name);
            SinglePart::builder().header(disposition).content_type(content_type).body(body)
        }
        Err(bytes) => Attachment::new(name.to_owned()).body(bytes, content_type),
    }
}

fn octet_stream() -> ContentType {
    ContentType::parse("application/octet-stream").unwrap_or(ContentType::TEXT_PLAIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_one_line_whatever_is_in_it() {
        assert_eq!(one_line("Hello\r\nBcc: spam@example.com"), "Hello Bcc: spam@example.com");
        assert_eq!(one_line(" a\u{0}\tb \u{85} c "), "a b c");
    }

    #[test]
    fn the_same_key_gives_the_same_message_id_and_another_key_another() {
        assert_eq!(message_id("run/node/0", "a.test"), message_id("run/node/0", "a.test"));
        assert_ne!(message_id("run/node/0", "a.test"), message_id("run/node/1", "a.test"));
        assert!(message_id("run/node/0", "a.test").ends_with("@a.test>"));
    }
}
