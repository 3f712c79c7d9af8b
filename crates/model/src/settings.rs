//! What holds for a whole workflow.

use serde::{Deserialize, Serialize};

use crate::id::CredentialId;

/// The settings of a definition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// IANA time zone in which dates without one are meant.
    pub timezone: String,
    /// How many runs of this workflow may work at the same time.
    pub max_parallel_runs: u32,
    /// How long a run may take from its start to its end, waiting included, in milliseconds.
    pub run_timeout_ms: u64,
    /// A template over `trigger`, for example `{{ $.trigger.body.customer }}`. Runs for which it gives the same text that
    /// is not empty go one at a time, first in first out. Empty: in any order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub order_by: String,
    /// How many runs may wait for their turn; further events are answered with 503, so that their
    /// sender tries again, and are not stored. 0: only the server's limit.
    #[serde(skip_serializing_if = "is_zero")]
    pub max_queued_runs: u32,
    /// Who is told when a run that an event started has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback: Option<Callback>,
    /// What is masked in history and logs: names of fields (`email`), or paths over the context (`$.trigger.body.iban`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub personal: Vec<String>,
    /// How long finished runs are kept, in days; 0: no bound. None means the server's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_days: Option<u32>,
    /// How many finished runs are kept; 0: no bound. None means the server's setting.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_runs: Option<u64>,
    /// By which values of an event it and its runs are found at once: names of fields (`order_id`), or paths over the context
    /// (`$.trigger.body.customer.email`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search: Vec<String>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            timezone: "Europe/Berlin".to_owned(),
            max_parallel_runs: 10,
            run_timeout_ms: 3_600_000,
            order_by: String::new(),
            max_queued_runs: 0,
            callback: None,
            personal: Vec::new(),
            keep_days: None,
            keep_runs: None,
            search: Vec::new(),
        }
    }
}

/// Where the end of a run is reported, by a POST that follows Standard Webhooks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callback {
    /// An absolute `http` or `https` address, as it stands: no expression.
    pub url: String,
    /// The secret that signs the report; without one it is not signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<CredentialId>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_of_an_older_definition_read_and_write_unchanged() {
        let text = r#"{"timezone":"Europe/Vienna","max_parallel_runs":3,"run_timeout_ms":1000}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&settings).unwrap(), text);
    }

    #[test]
    fn a_call_back_names_an_unknown_field() {
        let error = serde_json::from_str::<Settings>(r#"{"callback":{"uri":"https://a.example"}}"#).unwrap_err();
        assert!(error.to_string().contains("uri"), "{error}");
    }
}
