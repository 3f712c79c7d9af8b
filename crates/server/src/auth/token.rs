//! API tokens: `stw_` and 43 letters and digits, that is 256 random bits. Only their SHA-256 is stored.
//!
//! A token is found by its hash. That needs no constant-time comparison: who does not know the token cannot steer its hash.

use std::fmt;

use sha2::{Digest, Sha256};
use storage::TokenHash;

use super::random;
use crate::problem::Problem;

const PREFIX: &str = "stw_";
const LENGTH: usize = 43;
const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// An API token as its owner holds it.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiToken(String);

impl ApiToken {
    /// A new token.
    pub fn generate() -> Result<Self, Problem> {
        Ok(Self(format!("{PREFIX}{}", random::text(ALPHABET, LENGTH)?)))
    }

    /// Reads a token. None when it does not look like one.
    pub fn parse(text: &str) -> Option<Self> {
        let letters = text.strip_prefix(PREFIX)?;
        let fits = letters.len() == LENGTH && letters.bytes().all(|byte| byte.is_ascii_alphanumeric());
        fits.then(|| Self(text.to_owned()))
    }

    /// The token itself, to be shown once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it.
    pub fn hash(&self) -> TokenHash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("ApiToken(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_read_back_and_no_two_are_alike() {
        let token = ApiToken::generate().unwrap();
        assert_eq!(ApiToken::parse(token.reveal()), Some(token.clone()));
        assert_ne!(ApiToken::generate().unwrap().hash(), token.hash());
        assert!(!format!("{token:?}").contains(token.reveal()));
    }

    #[test]
    fn what_does_not_look_like_a_token_is_none() {
        for text in ["", "stw_", "stw_short", &format!("stw_{}", "-".repeat(43)), &format!("xyz_{}", "a".repeat(43))] {
            assert_eq!(ApiToken::parse(text), None, "{text}");
        }
    }
}
