//! Signatures of webhooks by the Standard Webhooks rules, over exactly the bytes that are sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use model::{NodeError, Timestamp};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;

use super::super::credential::OpenCredential;

const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// The header fields that sign `body`. `id` is equal over all attempts, so that the receiver can tell a repeat; `secret` is
/// the credential's template for it: base64, with or without `whsec_` before it.
pub(super) fn sign(
    credential: &OpenCredential,
    secret: &str,
    id: &str,
    now: Timestamp,
    body: &[u8],
) -> Result<HeaderMap, NodeError> {
    let secret = credential.fill(secret)?;
    let key = secret.trim();
    let key = STANDARD.decode(key.strip_prefix("whsec_").unwrap_or(key));
    let key = key.map_err(|_| credential.fault("its secret is not base64; it looks like whsec_MfKQ9r8GKYqrTwjU…"))?;
    let seconds = now.0.div_euclid(1_000);
    let signature = signature(&key, id, seconds, body);
    let mut headers = HeaderMap::new();
    for (name, value) in [(ID, id.to_owned()), (TIMESTAMP, seconds.to_string()), (SIGNATURE, signature)] {
        let value = HeaderValue::try_from(value).map_err(|_| credential.fault("its signature cannot be sent"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn signature(key: &[u8], id: &str, seconds: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap_or_else(|_| unreachable!("any key fits"));
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_published_example() {
        let key = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signature(&key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
