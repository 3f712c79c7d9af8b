//! Typed ids, and the only place that makes new ones.
//!
//! An id is a UUID in its usual hyphenated form. Most are version 7 (RFC 9562 §5.7), so that they sort by the time they
//! were made; an endpoint's is version 4, because its time of birth is nobody's business and its URL must not be guessed.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

/// Makes a time-ordered UUID.
#[expect(clippy::disallowed_methods, reason = "this is the one home of new ids")]
pub fn time_ordered() -> Uuid {
    Uuid::now_v7()
}

/// Makes a UUID of 122 random bits.
#[expect(clippy::disallowed_methods, reason = "this is the one home of new ids")]
pub fn random() -> Uuid {
    Uuid::new_v4()
}

impl RunId {
    /// The id that always follows from the same parts: whoever wants to start the same run twice finds it there already.
    pub fn derived(parts: &[&str]) -> Self {
        let mut digest = Sha256::new();
        for part in parts {
            // The length keeps ("ab", "c") apart from ("a", "bc").
            digest.update((part.len() as u64).to_be_bytes());
            digest.update(part.as_bytes());
        }
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.finalize()[..16]);
        Self(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }

    /// Whether it was made by [`Self::derived`].
    pub fn is_derived(self) -> bool {
        self.0.get_version() == Some(uuid::Version::Custom)
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $make:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new id, different from all others.
            pub fn generate() -> Self {
                Self($make())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )*};
}

ids! {
    /// Names a workflow.
    WorkflowId = time_ordered;
    /// Names the address of one webhook trigger; part of its URL.
    EndpointId = random;
    /// Names an event.
    EventId = time_ordered;
    /// Names a run.
    RunId = time_ordered;
    /// Names a credential.
    CredentialId = time_ordered;
    /// Names a user account.
    UserId = time_ordered;
    /// Names an API token (not the token itself).
    ApiTokenId = time_ordered;
    /// Names a stored file, for example an uploaded one.
    FileId = time_ordered;
    /// Names a mail in the outbox.
    MailId = time_ordered;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_the_way_through_text() {
        let id = RunId::generate();
        assert_eq!(id.to_string().parse::<RunId>().unwrap(), id);
        assert_eq!(serde_json::to_value(id).unwrap(), serde_json::json!(id.to_string()));
    }

    #[test]
    fn a_derived_id_follows_from_its_parts_and_from_nothing_else() {
        let id = RunId::derived(&["parent", "call", "7"]);
        assert_eq!(id, RunId::derived(&["parent", "call", "7"]));
        assert_ne!(id, RunId::derived(&["parent", "call7", ""]));
        assert!(id.is_derived() && !RunId::generate().is_derived());
    }

    #[test]
    fn run_ids_sort_by_the_time_they_were_made() {
        let first = RunId::generate();
        let second = RunId::generate();
        assert!(first < second);
    }
}
