//! Who may use Stellwerk: users, the sessions of their browsers, and API tokens.
//!
//! Of passwords, cookies and tokens only hashes come here; making and comparing them is the server's business.

mod sessions;
mod tokens;
mod users;

pub use sessions::SessionRecord;
pub use tokens::{ApiTokenRecord, NewApiToken};
pub use users::{NewUser, UserRecord};

/// The SHA-256 of a cookie or a token, by which it is found again.
pub type TokenHash = [u8; 32];

#[cfg(test)]
mod tests;
