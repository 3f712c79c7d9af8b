//! Sealing of secrets: XChaCha20-Poly1305 with a fresh random nonce for each, bound to what the secret belongs to.
//!
//! The key never lies in the database. A sealed secret is `version (1) | nonce (24) | ciphertext and tag`.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};

use crate::error::StorageError;

/// The key that seals and opens secrets, and that signs what leaves this server and comes back.
#[derive(Clone)]
pub struct SealingKey {
    cipher: XChaCha20Poly1305,
    signing: [u8; KEY_BYTES],
}

const VERSION: u8 = 1;
const NONCE_BYTES: usize = 24;

/// The length of a key, in bytes.
pub const KEY_BYTES: usize = 32;

impl SealingKey {
    /// The key with these bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        let mut signing = Sha256::new();
        signing.update(b"stellwerk: signs links");
        signing.update(bytes);
        Self { cipher: XChaCha20Poly1305::new(&bytes.into()), signing: signing.finalize().into() }
    }

    /// HMAC-SHA256 of a text, under a key of its own that follows from this one.
    pub fn sign(&self, text: &[u8]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.signing).unwrap_or_else(|_| unreachable!("any key fits"));
        mac.update(text);
        mac.finalize().into_bytes().into()
    }

    /// Reads a key as a person gives it: 64 hexadecimal digits are the key itself, any other text of at least
    /// 16 characters is hashed into one. None when it is too short to be safe.
    pub fn from_text(text: &str) -> Option<Self> {
        let text = text.trim();
        let exact = hex::decode(text).ok().and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
        match exact {
            Some(bytes) => Some(Self::from_bytes(bytes)),
            None if text.chars().count() >= 16 => Some(Self::from_bytes(Sha256::digest(text.as_bytes()).into())),
            None => None,
        }
    }

    /// Makes the bytes of a new random key.
    pub fn generate() -> Result<[u8; KEY_BYTES], StorageError> {
        let mut bytes = [0; KEY_BYTES];
        fill_random(&mut bytes)?;
        Ok(bytes)
    }

    /// Seals a secret. It opens only for the same `owner`, so a sealed text moved to another row is useless.
    pub fn seal(&self, secret: &[u8], owner: &[u8]) -> Result<Vec<u8>, StorageError> {
        let mut nonce = [0; NONCE_BYTES];
        fill_random(&mut nonce)?;
        let sealed = self
            .cipher
            .encrypt(&XNonce::from(nonce), Payload { msg: secret, aad: owner })
            .map_err(|_| StorageError::Io("sealing failed".to_owned()))?;
        Ok([&[VERSION][..], &nonce, &sealed].concat())
    }

    /// Opens what [`Self::seal`] made.
    pub fn open(&self, sealed: &[u8], owner: &[u8]) -> Result<Vec<u8>, StorageError> {
        let (version, rest) = sealed.split_first().ok_or(StorageError::WrongKey)?;
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(StorageError::WrongKey)?;
        if *version != VERSION {
            return Err(StorageError::Corrupt(format!("a sealed secret has the unknown version {version}")));
        }
        self.cipher
            .decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: owner })
            .map_err(|_| StorageError::WrongKey)
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SealingKey(…)")
    }
}

fn fill_random(bytes: &mut [u8]) -> Result<(), StorageError> {
    getrandom::fill(bytes).map_err(|error| StorageError::Io(format!("the system gives no random numbers: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_opens_only_with_its_key_and_for_its_owner() {
        let key = SealingKey::from_bytes([7; KEY_BYTES]);
        let sealed = key.seal(b"whsec_1", b"credential a").unwrap();
        assert!(!sealed.windows(5).any(|part| part == b"whsec"));
        assert_eq!(key.open(&sealed, b"credential a").unwrap(), b"whsec_1");
        assert!(matches!(key.open(&sealed, b"credential b"), Err(StorageError::WrongKey)));
        let other = SealingKey::from_bytes([8; KEY_BYTES]);
        assert!(matches!(other.open(&sealed, b"credential a"), Err(StorageError::WrongKey)));
    }

    #[test]
    fn sealing_twice_gives_different_texts() {
        let key = SealingKey::from_bytes([7; KEY_BYTES]);
        assert_ne!(key.seal(b"x", b"").unwrap(), key.seal(b"x", b"").unwrap());
    }

    #[test]
    fn a_short_key_is_refused() {
        assert!(SealingKey::from_text("secret").is_none());
        assert!(SealingKey::from_text("a passphrase of some length").is_some());
        assert!(SealingKey::from_text(&"0f".repeat(32)).is_some());
    }
}
