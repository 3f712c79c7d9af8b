//! Reads a kept message (RFC 5322, RFC 2045) for showing it.

use mail_parser::{Address, MessageParser, MimeHeaders, PartType};

/// The most of a message's source that a page shows, in bytes.
const MAX_SOURCE_BYTES: usize = 64 * 1024;

/// A message in the parts that a mail program shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) cc: String,
    /// Recipients that the message itself does not name.
    pub(super) bcc: String,
    pub(super) reply_to: String,
    pub(super) text: Option<String>,
    pub(super) html: Option<String>,
    pub(super) attachments: Vec<Attachment>,
}

/// A file in a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Attachment {
    pub(super) name: String,
    pub(super) content_type: String,
    pub(super) size_bytes: usize,
}

impl Letter {
    /// Reads a message; `recipients` are all that it goes to. What cannot be read is left empty.
    pub(super) fn read(message: &[u8], recipients: &[String]) -> Self {
        let Some(message) = MessageParser::default().parse(message) else { return Self::default() };
        let (to, cc) =
            (message.to().map(addresses).unwrap_or_default(), message.cc().map(addresses).unwrap_or_default());
        let is_hidden =
            |recipient: &&String| !to.iter().chain(&cc).any(|(_, address)| address.eq_ignore_ascii_case(recipient));
        let bcc: Vec<&str> = recipients.iter().filter(is_hidden).map(String::as_str).collect();
        let text = message.text_bodies().find_map(|part| match &part.body {
            PartType::Text(text) => Some(text.to_string()),
            _ => None,
        });
        let html = message.html_bodies().find_map(|part| match &part.body {
            PartType::Html(html) => Some(html.to_string()),
            _ => None,
        });
        Self {
            from: message.from().map(shown).unwrap_or_default(),
            to: message.to().map(shown).unwrap_or_default(),
            cc: message.cc().map(shown).unwrap_or_default(),
            bcc: bcc.join(", "),
            reply_to: message.reply_to().map(shown).unwrap_or_default(),
            attachments: message.attachments().map(attachment).collect(),
            text,
            html,
        }
    }
}

/// The beginning of a message as it would go out.
pub(super) fn source(message: &[u8]) -> String {
    let end = message.len().min(MAX_SOURCE_BYTES);
    let mut text = String::from_utf8_lossy(&message[..end]).into_owned();
    if end < message.len() {
        text.push_str("\n…");
    }
    text
}

fn addresses(address: &Address) -> Vec<(String, String)> {
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    address.iter().map(|one| (text(one.name()), text(one.address()))).collect()
}

fn shown(address: &Address) -> String {
    let one = |(name, address): (String, String)| {
        if name.is_empty() { address } else { format!("{name} <{address}>") }
    };
    addresses(address).into_iter().map(one).collect::<Vec<_>>().join(", ")
}

fn attachment(part: &mail_parser::MessagePart) -> Attachment {
    let content_type = part.content_type().map(|found| match found.subtype() {
        Some(subtype) => format!("{}/{subtype}", found.ctype()),
        None => found.ctype().to_owned(),
    });
    Attachment {
        name: part.attachment_name().unwrap_or_default().to_owned(),
        content_type: content_type.unwrap_or_default(),
        size_bytes: part.contents().len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAIL: &str = "From: =?utf-8?b?SsO8cmdlbg==?= <j@example.com>\r\nTo: a@example.com\r\nSubject: x\r\n\
        MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"m\"\r\n\r\n\
        --m\r\nContent-Type: multipart/alternative; boundary=\"a\"\r\n\r\n\
        --a\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nGr=C3=BC=C3=9Fe\r\n\
        --a\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<b>Hi</b>\r\n--a--\r\n\
        --m\r\nContent-Disposition: attachment; filename=\"a.pdf\"\r\nContent-Type: application/pdf\r\n\
        Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--m--\r\n";

    #[test]
    fn a_mail_is_taken_apart_and_hidden_recipients_are_named() {
        let recipients = ["a@example.com".to_owned(), "hidden@example.com".to_owned()];
        let letter = Letter::read(MAIL.as_bytes(), &recipients);
        assert_eq!(letter.from, "Jürgen <j@example.com>");
        assert_eq!((letter.to.as_str(), letter.bcc.as_str()), ("a@example.com", "hidden@example.com"));
        assert_eq!(letter.text.as_deref().map(str::trim), Some("Grüße"));
        assert_eq!(letter.html.as_deref().map(str::trim), Some("<b>Hi</b>"));
        let [file] = letter.attachments.as_slice() else { panic!("{:?}", letter.attachments) };
        assert_eq!((file.name.as_str(), file.content_type.as_str(), file.size_bytes), ("a.pdf", "application/pdf", 5));
    }

    #[test]
    fn a_mail_of_only_text_has_no_html_and_the_other_way_round() {
        let of = |kind: &str| format!("From: a@b.test\r\nContent-Type: {kind}\r\n\r\n<i>x</i>\r\n");
        let text = Letter::read(of("text/plain").as_bytes(), &[]);
        assert!(text.text.is_some() && text.html.is_none(), "{text:?}");
        let html = Letter::read(of("text/html").as_bytes(), &[]);
        assert!(html.html.is_some() && html.text.is_none(), "{html:?}");
    }
}
