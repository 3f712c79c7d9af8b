//! Hashes and ids.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use md5::{Digest, Md5};
use rhai::{Dynamic, Engine, ImmutableString};
use sha1::Sha1;
use sha2::{Sha256, Sha512};

use super::{Fallible, running, text_of};

pub(super) fn add(engine: &mut Engine) {
    engine.register_fn("md5", |text: Dynamic| Fallible::Ok(hex::encode(Md5::digest(input(&text)?.as_bytes()))));
    engine.register_fn("sha1", |text: Dynamic| Fallible::Ok(hex::encode(Sha1::digest(input(&text)?.as_bytes()))));
    engine.register_fn("sha256", |text: Dynamic| Fallible::Ok(hex::encode(Sha256::digest(input(&text)?.as_bytes()))));
    engine.register_fn("sha512", |text: Dynamic| Fallible::Ok(hex::encode(Sha512::digest(input(&text)?.as_bytes()))));
    engine.register_fn("hmac_sha256", |text: Dynamic, key: Dynamic| hmac_sha256(&text, &key, "hex"));
    engine.register_fn("hmac_sha256", |text: Dynamic, key: Dynamic, form: ImmutableString| {
        hmac_sha256(&text, &key, &form)
    });
    engine.register_fn("uuid", uuid);
}

/// Hashing costs far more per byte than copying, above all in a debug build.
fn input(text: &Dynamic) -> Fallible<ImmutableString> {
    let text = text_of(text)?;
    running::work(text.len().saturating_mul(8))?;
    Ok(text)
}

fn hmac_sha256(text: &Dynamic, key: &Dynamic, form: &str) -> Fallible<String> {
    let (text, key) = (input(text)?, input(key)?);
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).map_err(|_| "The key cannot be used.")?;
    mac.update(text.as_bytes());
    let bytes = mac.finalize().into_bytes();
    match form {
        "hex" => Ok(hex::encode(bytes)),
        "base64" => Ok(STANDARD.encode(bytes)),
        _ => Err(format!("`{form}` is not a known form; write `hex` or `base64`.").into()),
    }
}

/// A UUID in the form of version 8 (RFC 9562 §5.8): the same attempt makes the same ids, so a repeated step does not
/// invent new ones.
fn uuid() -> String {
    let (seed, number) = running::with(|run| {
        run.ids_made += 1;
        (run.surroundings.seed, run.ids_made)
    });
    let mut hash = Sha256::new();
    hash.update(seed.to_be_bytes());
    hash.update(number.to_be_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.finalize()[..16]);
    uuid::Builder::from_custom_bytes(bytes).into_uuid().to_string()
}
