//! Why a step failed, in a form that a program can decide on and a person can act on.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::states::states;

states! {
    /// The kinds of failure. The list is closed: a page can explain every one of them.
    ErrorCode {
        /// An expression could not be read or computed.
        Expression = "expression",
        /// A parameter is missing or has a value that the node cannot use.
        Parameter = "parameter",
        /// A script failed.
        Script = "script",
        /// A script used more time, memory or steps than it may.
        ScriptLimit = "script_limit",
        /// The other side answered with a status that counts as an error.
        HttpStatus = "http_status",
        /// The other side's answer could not be understood.
        Response = "response",
        /// The other side answered, and said inside the answer that it failed.
        Service = "service",
        /// No connection, or it broke.
        Connection = "connection",
        /// The host name could not be resolved.
        Dns = "dns",
        /// The encrypted connection could not be set up.
        Tls = "tls",
        /// It took too long.
        Timeout = "timeout",
        /// The address is one that workflows may not reach.
        AddressRefused = "address_refused",
        /// The host is not one that this node or this credential may talk to.
        HostRefused = "host_refused",
        /// The credential is missing, of the wrong kind, or cannot be opened.
        Credential = "credential",
        /// The mail server refused the message or a recipient.
        Mail = "mail",
        /// Something is larger than its limit.
        TooLarge = "too_large",
        /// A "stop with error" node was reached.
        Stopped = "stopped",
        /// A person ended the run.
        Cancelled = "cancelled",
        /// A file that the step refers to does not exist any more.
        FileMissing = "file_missing",
        /// Cut off in the middle of something that must not be repeated blindly; a person decides.
        InDoubt = "in_doubt",
        /// The program ended several times while it worked on this run, so the run was set aside.
        Crashed = "crashed",
        /// A wait or the whole run took longer than it may.
        Expired = "expired",
        /// A workflow that was called failed.
        Called = "called",
        /// A fault of Stellwerk itself.
        Internal = "internal",
    }
}

/// Why a step failed. Whether a retry is worthwhile is said here and nowhere guessed from the text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NodeError {
    /// The kind of failure.
    pub code: ErrorCode,
    /// What happened and what to do, in English, without secrets.
    pub message: String,
    /// Whether the same attempt may succeed later.
    pub retryable: bool,
    /// How long the other side asked to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The parameter that is to blame, as a path: `body.ref`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// Facts for the reader, depending on the code: `status`, `body`, `expression`, `line`, `column`, …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<Value>,
}

impl NodeError {
    /// A failure that no retry can mend.
    pub fn permanent(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), retryable: false, retry_after_ms: None, parameter: None, details: None }
    }

    /// A failure that may pass by itself.
    pub fn passing(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { retryable: true, ..Self::permanent(code, message) }
    }

    /// The same failure, tied to a parameter.
    #[must_use]
    pub fn at(mut self, parameter: impl Into<String>) -> Self {
        self.parameter = Some(parameter.into());
        self
    }

    /// The same failure with facts for the reader.
    #[must_use]
    pub fn with_details(mut self, details: Value) -> Self {
        self.details = Some(details);
        self
    }
}

impl NodeError {
    /// The HTTP status that the other side answered with, when that is the failure.
    pub fn status(&self) -> Option<u16> {
        let status = self.details.as_ref()?.get("status")?.as_u64()?;
        u16::try_from(status).ok()
    }
}

impl fmt::Display for NodeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for NodeError {}
