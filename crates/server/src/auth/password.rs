//! Passwords: Argon2id (RFC 9106) with the parameters that OWASP recommends, 19 MiB and two passes.

use std::sync::LazyLock;

use actix_web::web;
use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use super::random;
use crate::problem::Problem;

/// The longest password, in characters. Longer ones only cost time.
pub const MAX_CHARACTERS: usize = 200;

/// Why a password cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PasswordFault {
    /// It has fewer characters than this.
    TooShort(usize),
    /// It has more characters than this.
    TooLong(usize),
}

/// Checks a new password's length, in characters.
pub fn check(password: &str, min_characters: usize) -> Result<(), PasswordFault> {
    match password.chars().count() {
        count if count < min_characters => Err(PasswordFault::TooShort(min_characters)),
        count if count > MAX_CHARACTERS => Err(PasswordFault::TooLong(MAX_CHARACTERS)),
        _ => Ok(()),
    }
}

/// The hash of a password as a PHC string, made on a thread that may block.
pub async fn hash(password: String) -> Result<String, Problem> {
    let _permit = SEATS.acquire().await.map_err(Problem::unexpected)?;
    web::block(move || hash_now(&password)).await.map_err(Problem::unexpected)?
}

/// Whether a password belongs to a hash. Without a hash it takes as long and is never right, so that nobody can tell
/// from the time whether an account exists.
pub async fn verify(password: String, hash: Option<String>) -> Result<bool, Problem> {
    let _permit = SEATS.acquire().await.map_err(Problem::unexpected)?;
    web::block(move || verify_now(&password, hash.as_deref())).await.map_err(Problem::unexpected)?
}

/// The same as [`hash`] on this thread; for the command line.
pub fn hash_now(password: &str) -> Result<String, Problem> {
    let hash: PasswordHash = Argon2::default().hash_password(password.as_bytes()).map_err(Problem::unexpected)?;
    Ok(hash.to_string())
}

/// A new password of 120 random bits, for accounts made on the command line.
pub fn generate() -> Result<String, Problem> {
    random::text(b"abcdefghijkmnpqrstuvwxyz23456789", 24)
}

/// Each hashing takes 19 MiB, so only a few may run at the same time.
static SEATS: Semaphore = Semaphore::const_new(2);

/// What is compared with when there is no account.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now("nobody has this password").ok());

fn verify_now(password: &str, hash: Option<&str>) -> Result<bool, Problem> {
    let exists = hash.is_some();
    let Some(hash) = hash.or(NOBODY.as_deref()) else { return Ok(false) };
    if password.chars().count() > MAX_CHARACTERS {
        return Ok(false);
    }
    let hash = PasswordHash::new(hash).map_err(Problem::unexpected)?;
    let is_right = Argon2::default().verify_password(password.as_bytes(), &hash).is_ok();
    Ok(is_right && exists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_fits() {
        let hash = hash_now("correct horse").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(verify_now("correct horse", Some(&hash)).unwrap());
        assert!(!verify_now("correct horsE", Some(&hash)).unwrap());
        assert!(!verify_now("", Some(&hash)).unwrap());
        assert_ne!(hash, hash_now("correct horse").unwrap(), "each hash has its own salt");
    }

    #[test]
    fn an_unknown_account_never_fits() {
        assert!(!verify_now("nobody has this password", None).unwrap());
    }

    #[test]
    fn the_length_of_a_password_counts_characters() {
        assert_eq!(check("üüüüüüüüü", 10), Err(PasswordFault::TooShort(10)));
        assert_eq!(check("üüüüüüüüüü", 10), Ok(()));
        assert_eq!(check(&"x".repeat(201), 10), Err(PasswordFault::TooLong(200)));
    }
}
