//! Who is asking: passwords, sessions, API tokens, protection of forms, and limits on trying.

mod accounts;
mod address;
mod caller;
pub mod csrf;
pub mod limit;
pub mod password;
mod people;
mod random;
mod session;
mod setup;
mod token;

pub use accounts::{Accounts, AuthSettings, NewOwner};
pub use address::client_address;
pub use caller::{Caller, MOST_COUNTED, Owner, SignedIn};
pub use csrf::CheckedForm;
pub use people::NewPerson;
pub use session::SessionToken;
pub use setup::SetupCode;
pub use token::ApiToken;
