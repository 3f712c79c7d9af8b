//! Secrets from the operating system's random numbers.

use crate::problem::Problem;

/// This many random bytes.
pub(super) fn bytes<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(Problem::unexpected)?;
    Ok(bytes)
}

/// A random text of letters from `alphabet`, each equally likely.
pub(super) fn text(alphabet: &[u8], length: usize) -> Result<String, Problem> {
    // Bytes beyond the largest multiple of the alphabet's size would make its first letters more likely.
    let usable = 256 - 256 % alphabet.len();
    let mut text = String::with_capacity(length);
    while text.len() < length {
        let fresh = bytes::<32>()?.into_iter().map(usize::from).filter(|byte| *byte < usable);
        text.extend(fresh.map(|byte| char::from(alphabet[byte % alphabet.len()])).take(length - text.len()));
    }
    Ok(text)
}
