//! E-mail addresses as people write them: `ann@example.com`, `Ann Müller <ann@müller.example>`.

use lettre::Address;
use lettre::message::Mailbox;
use model::{ErrorCode, NodeError};
use url::Host;

/// Reads an address with an optional name. `field` is where it stands, for the message.
pub(super) fn parse(field: &str, text: &str) -> Result<Mailbox, NodeError> {
    let fault = |what: &str| {
        let message = format!(
            "`{}` in `{field}` is not an e-mail address: {what}.",
            super::super::exchange::excerpt(text, 200).escape_debug()
        );
        NodeError::permanent(ErrorCode::Parameter, message).at(field)
    };
    if text.chars().any(char::is_control) {
        return Err(fault("it contains a line break or another control character"));
    }
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (unquoted(name.trim()), address.trim()),
        None => (String::new(), text),
    };
    let Some((user, domain)) = address.rsplit_once('@') else { return Err(fault("it has no `@`")) };
    // Mail servers want the ASCII form of a domain such as müller.example.
    let Ok(Host::Domain(domain)) = Host::parse(domain) else {
        return Err(fault("the part behind the `@` is not a domain"));
    };
    let address = Address::new(user, domain).map_err(|error| fault(&error.to_string().to_lowercase()))?;
    Ok(Mailbox::new((!name.is_empty()).then_some(name), address))
}

/// Takes the quotation marks off a quoted name (RFC 5322 §3.2.4).
fn unquoted(name: &str) -> String {
    let Some(inner) = name.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return name.to_owned() };
    let mut plain = String::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        let character = if character == '\\' { characters.next().unwrap_or('\\') } else { character };
        plain.push(character);
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_people_write_them() {
        for (text, name, address) in [
            ("ann@example.com", None, "ann@example.com"),
            ("  Ann.Lee+tag@Example.COM ", None, "Ann.Lee+tag@example.com"),
            ("<ann@example.com>", None, "ann@example.com"),
            ("Dr. Ann Müller <ann@example.com>", Some("Dr. Ann Müller"), "ann@example.com"),
            ("\"Lee, \\\"Ann\\\"\" <ann@example.com>", Some("Lee, \"Ann\""), "ann@example.com"),
            ("Post <post@müller.example>", Some("Post"), "post@xn--mller-kva.example"),
            ("jörg@example.com", None, "jörg@example.com"),
            ("stellwerk@localhost", None, "stellwerk@localhost"),
        ] {
            let mailbox = parse("to", text).unwrap();
            assert_eq!((mailbox.name.as_deref(), mailbox.email.as_ref()), (name, address), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_named_with_its_field() {
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@exa mple.com",
            "ann@127.0.0.1",
            "a b@example.com",
            "ann@example.com, bob@example.com",
            "Ann <ann@example.com",
            "ann@example.com\r\nBcc: spam@example.com",
            "Ann\r\nBcc: spam@example.com <ann@example.com>",
            "ann@example.com> <bob@example.com",
        ] {
            let error = parse("cc", text).unwrap_err();
            assert_eq!((error.code, error.parameter.as_deref()), (ErrorCode::Parameter, Some("cc")), "{text}");
            assert!(error.message.contains("`cc`"), "{error}");
        }
    }
}
