//! The code that lets the first visitor, and nobody else, set the server up.

use subtle::ConstantTimeEq;

use super::random;
use crate::problem::Problem;

/// Letters and digits that are not mixed up when read aloud.
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A one-time code such as `7KQM-X2PD`: 40 random bits, made anew at each start, never stored.
#[derive(Clone)]
pub struct SetupCode(String);

impl SetupCode {
    /// A new code.
    pub fn generate() -> Result<Self, Problem> {
        let letters = random::text(ALPHABET, 8)?;
        Ok(Self(format!("{}-{}", &letters[..4], &letters[4..])))
    }

    /// The code, to be printed on the console.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether this is the code, whatever its case and spacing; in constant time.
    pub fn is(&self, text: &str) -> bool {
        let normal = |text: &str| -> Vec<u8> {
            text.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_uppercase()).take(64).collect()
        };
        normal(text).ct_eq(&normal(&self.0)).into()
    }
}

impl std::fmt::Debug for SetupCode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SetupCode(•••)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_forgiving_about_its_form_only() {
        let code = SetupCode::generate().unwrap();
        assert_eq!(code.reveal().len(), 9);
        assert!(code.is(&code.reveal().to_lowercase().replace('-', " ")));
        assert!(!code.is(""));
        assert!(!code.is(&code.reveal()[..8]));
        assert!(!code.is(SetupCode::generate().unwrap().reveal()));
    }
}
