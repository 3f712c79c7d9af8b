//! An opened credential and how it is put on a request. It exists only while an effect is carried out.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::{CredentialId, ErrorCode, NodeError};
use nodes::manifest::{Apply, CredentialKind};
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroize;

/// A credential whose secrets lie open in memory. They are wiped when it is dropped, and no `Debug` shows them.
pub struct OpenCredential {
    /// Its id.
    pub id: CredentialId,
    /// Its kind.
    pub kind: CredentialKind,
    /// The host patterns that it may be sent to.
    pub hosts: Vec<String>,
    fields: BTreeMap<String, String>,
}

impl OpenCredential {
    /// A credential with its fields; what is absent or empty has the default of its kind.
    pub fn new(
        id: CredentialId,
        kind: CredentialKind,
        hosts: Vec<String>,
        mut fields: BTreeMap<String, String>,
    ) -> Self {
        for field in &kind.fields {
            let value = fields.entry(field.name.clone()).or_default();
            if value.is_empty() {
                value.clone_from(&field.default);
            }
        }
        Self { id, kind, hosts, fields }
    }

    /// The fields that are no secrets, for [`nodes::Input::credential`].
    pub fn public_fields(&self) -> Value {
        let public = self.kind.fields.iter().filter(|field| !field.secret);
        Value::Object(
            public.map(|field| (field.name.clone(), Value::from(self.field(&field.name)))).collect::<Map<_, _>>(),
        )
    }

    /// The value of a field; empty when there is none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    /// Every value that must never be seen again: the secret fields, and what is made of them for the request.
    pub(crate) fn secrets(&self) -> Vec<String> {
        // A field that the kind does not know is treated as a secret: better to mask too much.
        let is_public = |name: &str| self.kind.fields.iter().any(|field| field.name == *name && !field.secret);
        let mut secrets: Vec<String> =
            self.fields.iter().filter(|(name, _)| !is_public(name)).map(|(_, value)| value.clone()).collect();
        if let Apply::Basic { username, password } = &self.kind.apply
            && let Ok(pair) = self.basic_pair(username, password)
        {
            secrets.push(pair);
        }
        secrets
    }

    /// Puts the credential on a request to `url`, replacing what the request itself says at that place.
    pub(crate) fn apply(&self, url: &mut Url, headers: &mut HeaderMap) -> Result<(), NodeError> {
        match &self.kind.apply {
            Apply::Header { name, value } => {
                let name =
                    HeaderName::try_from(name.as_str()).map_err(|_| self.fault("its header name is not valid"))?;
                headers.insert(name, self.header_value(&self.fill(value)?)?);
            }
            Apply::Basic { username, password } => {
                let pair = self.basic_pair(username, password)?;
                headers.insert(AUTHORIZATION, self.header_value(&format!("Basic {pair}"))?);
            }
            Apply::Query { name, value } => {
                let value = self.fill(value)?;
                // Taken apart only when needed, so that an address keeps its own way of writing its query.
                if url.query_pairs().any(|(key, _)| key == *name) {
                    let others: Vec<(String, String)> = url
                        .query_pairs()
                        .filter(|(key, _)| key != name)
                        .map(|(key, value)| (key.into_owned(), value.into_owned()))
                        .collect();
                    url.query_pairs_mut().clear().extend_pairs(others);
                }
                url.query_pairs_mut().append_pair(name, &value);
            }
            Apply::StandardWebhooks { .. } => return Err(self.fault("it signs webhooks and is no sign-in")),
            Apply::Smtp => return Err(self.fault("it signs in to a mail server and cannot be used for HTTP")),
        }
        Ok(())
    }

    /// The base64 form of `username:password` (RFC 7617).
    fn basic_pair(&self, username: &str, password: &str) -> Result<String, NodeError> {
        let username = self.fill(username)?;
        if username.contains(':') {
            return Err(self.fault("its user name contains a colon, which HTTP Basic authentication does not allow"));
        }
        Ok(STANDARD.encode(format!("{username}:{}", self.fill(password)?)))
    }

    /// Replaces `{name}` by the field's value, once: a value that looks like a placeholder stays as it is.
    pub(crate) fn fill(&self, template: &str) -> Result<String, NodeError> {
        let mut filled = String::new();
        let mut rest = template;
        while let Some(start) = rest.find('{') {
            let Some(length) = rest[start..].find('}') else { break };
            let name = &rest[start + 1..start + length];
            filled.push_str(&rest[..start]);
            match self.fields.get(name) {
                Some(value) if !value.is_empty() || !self.is_required(name) => filled.push_str(value),
                _ => return Err(self.fault(&format!("its field `{name}` is empty"))),
            }
            rest = &rest[start + length + 1..];
        }
        filled.push_str(rest);
        Ok(filled)
    }

    fn is_required(&self, name: &str) -> bool {
        self.kind.fields.iter().any(|field| field.name == name && field.required)
    }

    fn header_value(&self, text: &str) -> Result<HeaderValue, NodeError> {
        let mut value = HeaderValue::try_from(text)
            .map_err(|_| self.fault("one of its fields has a character that a header cannot carry"))?;
        value.set_sensitive(true);
        Ok(value)
    }

    pub(crate) fn fault(&self, what: &str) -> NodeError {
        NodeError::permanent(
            ErrorCode::Credential,
            format!("The credential of kind `{}` cannot be used: {what}. Edit the credential.", self.kind.name),
        )
    }
}

impl fmt::Debug for OpenCredential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OpenCredential")
            .field("id", &self.id)
            .field("kind", &self.kind.name)
            .field("hosts", &self.hosts)
            .finish_non_exhaustive()
    }
}

impl Drop for OpenCredential {
    fn drop(&mut self) {
        self.fields.values_mut().for_each(Zeroize::zeroize);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use nodes::manifest::{CredentialField, Text};

    use super::*;

    pub(crate) fn credential(apply: Apply, fields: &[(&str, &str, bool)]) -> OpenCredential {
        let described = fields.iter().map(|(name, _, secret)| CredentialField {
            name: (*name).to_owned(),
            title: Text::default(),
            secret: *secret,
            required: true,
            default: String::new(),
            choices: Vec::new(),
        });
        let kind = CredentialKind {
            name: "test".to_owned(),
            title: Text::default(),
            description: Text::default(),
            fields: described.collect(),
            hosts: Vec::new(),
            hosts_from: None,
            apply,
            test: None,
        };
        let values = fields.iter().map(|(name, value, _)| ((*name).to_owned(), (*value).to_owned())).collect();
        OpenCredential::new(CredentialId::generate(), kind, Vec::new(), values)
    }

    fn header(name: &str, value: &str) -> Apply {
        Apply::Header { name: name.to_owned(), value: value.to_owned() }
    }

    fn applied(credential: &OpenCredential, url: &str) -> Result<(String, HeaderMap), NodeError> {
        let mut url = Url::parse(url).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_static("typed by hand"));
        credential.apply(&mut url, &mut headers)?;
        Ok((url.to_string(), headers))
    }

    #[test]
    fn a_credential_goes_where_its_kind_says() {
        let bearer = credential(header("Authorization", "Bearer {token}"), &[("token", "{t}-1", true)]);
        let (_, headers) = applied(&bearer, "https://a.test/").unwrap();
        assert_eq!(headers.get_all(AUTHORIZATION).iter().collect::<Vec<_>>(), ["Bearer {t}-1"]);
        assert!(headers[AUTHORIZATION].is_sensitive());

        let basic = Apply::Basic { username: "{user}".to_owned(), password: "{password}".to_owned() };
        let basic = credential(basic, &[("user", "Aladdin", false), ("password", "open sesame", true)]);
        let (_, headers) = applied(&basic, "https://a.test/").unwrap();
        assert_eq!(headers[AUTHORIZATION], "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");

        let query = Apply::Query { name: "key".to_owned(), value: "{key}".to_owned() };
        let query = credential(query, &[("key", "a&b=ü", true)]);
        let (url, _) = applied(&query, "https://a.test/?x=1&key=mine").unwrap();
        assert_eq!(url, "https://a.test/?x=1&key=a%26b%3D%C3%BC");
    }

    #[test]
    fn a_credential_that_does_not_fit_says_what_to_mend_without_its_secret() {
        for (bad, expected) in [
            (credential(header("X-Key", "{key}"), &[("key", "", true)]), "field `key` is empty"),
            (credential(header("X-Key", "{kee}"), &[("key", "v", true)]), "field `kee` is empty"),
            (credential(header("X-Key", "{key}"), &[("key", "se\r\ncret", true)]), "a header cannot carry"),
            (credential(Apply::Smtp, &[("password", "secret", true)]), "cannot be used for HTTP"),
        ] {
            let error = applied(&bad, "https://a.test/").unwrap_err();
            assert_eq!(error.code, ErrorCode::Credential);
            assert!(error.message.contains(expected), "{error}");
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    #[test]
    fn only_public_fields_are_shown_to_nodes_and_none_to_logs() {
        let credential = credential(Apply::Smtp, &[("host", "mail.test", false), ("password", "hunter22", true)]);
        assert_eq!(credential.public_fields(), serde_json::json!({ "host": "mail.test" }));
        assert!(!format!("{credential:?}").contains("hunter22"));
        assert_eq!(credential.secrets(), ["hunter22"]);
    }
}
