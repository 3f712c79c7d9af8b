//! When a failed attempt is tried again.

use serde::{Deserialize, Serialize};

use crate::error::{ErrorCode, NodeError};

/// How often and how fast a step is tried again after a passing failure.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RetryPolicy {
    /// How many attempts in all, the first included; 1 to 100.
    pub attempts: u32,
    /// How the delay grows.
    pub backoff: Backoff,
    /// The delay before the second attempt, in milliseconds.
    pub first_delay_ms: u64,
    /// No delay is longer than this, in milliseconds.
    pub max_delay_ms: u64,
    /// Which failures are tried again. Empty: every passing one. Otherwise only these: kinds of failure (`connection`), HTTP
    /// statuses (`429`) or classes of them (`5xx`). A status that is listed is tried again even if it counts as permanent.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub retry_on: Vec<String>,
}

/// How the delay grows from attempt to attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Backoff {
    /// Always the first delay.
    Fixed,
    /// The first delay times the number of failed attempts.
    Linear,
    /// Twice as long each time.
    Exponential,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            backoff: Backoff::Exponential,
            first_delay_ms: 1_000,
            max_delay_ms: 3_600_000,
            retry_on: Vec::new(),
        }
    }
}

impl RetryPolicy {
    /// The most attempts that a policy may ask for.
    pub const MAX_ATTEMPTS: u32 = 100;

    /// Only one attempt.
    pub fn never() -> Self {
        Self { attempts: 1, ..Self::default() }
    }

    /// Whether this failure is one that the policy tries again, as long as attempts are left.
    pub fn applies_to(&self, error: &NodeError) -> bool {
        if self.retry_on.is_empty() {
            return error.retryable;
        }
        self.retry_on.iter().any(|listed| match RetryOn::parse(listed) {
            Some(RetryOn::Code(code)) => error.retryable && error.code == code,
            Some(RetryOn::Status(status)) => error.code == ErrorCode::HttpStatus && error.status() == Some(status),
            Some(RetryOn::Class(class)) => {
                error.code == ErrorCode::HttpStatus && error.status().is_some_and(|status| status / 100 == class)
            }
            None => false,
        })
    }

    /// How long to wait after the failure of attempt number `failed` (the first is 1), in milliseconds. None: give up.
    ///
    /// `chance` in 0..1 spreads the delay between half and all of its nominal length, so that many runs that failed
    /// together do not come back together. What the other side asked for (`retry_after_ms`) is obeyed when it is longer,
    /// even beyond `max_delay_ms`, but not beyond a day.
    pub fn delay_ms(&self, failed: u32, retry_after_ms: Option<u64>, chance: f64) -> Option<u64> {
        if failed >= self.attempts.min(Self::MAX_ATTEMPTS) {
            return None;
        }
        let doublings = failed.saturating_sub(1).min(62);
        let nominal = match self.backoff {
            Backoff::Fixed => self.first_delay_ms,
            Backoff::Linear => self.first_delay_ms.saturating_mul(u64::from(failed)),
            Backoff::Exponential => self.first_delay_ms.saturating_mul(1 << doublings),
        };
        let longest = nominal.min(self.max_delay_ms);
        let half = longest / 2;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let jittered = half + ((longest - half) as f64 * chance.clamp(0.0, 1.0)) as u64;
        Some(retry_after_ms.map_or(jittered, |asked| jittered.max(asked.min(LONGEST_ASKED_DELAY_MS))))
    }
}

impl RetryPolicy {
    /// How long a step may wait in all between its attempts, in milliseconds, unless the other side asks for more.
    pub fn longest_wait_ms(&self) -> u64 {
        let delays = (1..).map_while(|failed| self.delay_ms(failed, None, 1.0));
        delays.fold(0, u64::saturating_add)
    }
}

/// What one entry of [`RetryPolicy::retry_on`] means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOn {
    /// A kind of failure, as far as it is a passing one.
    Code(ErrorCode),
    /// An HTTP status.
    Status(u16),
    /// All HTTP statuses with this first digit.
    Class(u16),
}

impl RetryOn {
    /// Reads `connection`, `429` or `5xx`. Only statuses that can be a failure count, 300 to 599.
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(class) = text.strip_suffix("xx") {
            let digit = class.parse().ok().filter(|digit| class.len() == 1 && (3..=5).contains(digit));
            return digit.map(Self::Class);
        }
        if text.starts_with(|first: char| first.is_ascii_digit()) {
            return text.parse().ok().filter(|status| (300..=599).contains(status)).map(Self::Status);
        }
        text.parse().ok().map(Self::Code)
    }
}

const LONGEST_ASKED_DELAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy(backoff: Backoff) -> RetryPolicy {
        RetryPolicy { attempts: 5, backoff, first_delay_ms: 1_000, max_delay_ms: 3_000, retry_on: Vec::new() }
    }

    #[test]
    fn delays_grow_as_the_policy_says_up_to_the_longest() {
        let delays = |backoff| (1..=4).map(|n| policy(backoff).delay_ms(n, None, 1.0).unwrap()).collect::<Vec<_>>();
        assert_eq!(delays(Backoff::Fixed), [1_000, 1_000, 1_000, 1_000]);
        assert_eq!(delays(Backoff::Linear), [1_000, 2_000, 3_000, 3_000]);
        assert_eq!(delays(Backoff::Exponential), [1_000, 2_000, 3_000, 3_000]);
    }

    #[test]
    fn after_the_last_attempt_it_gives_up() {
        assert_eq!(policy(Backoff::Fixed).delay_ms(5, None, 0.0), None);
        assert_eq!(RetryPolicy::never().delay_ms(1, Some(5), 0.0), None);
    }

    #[test]
    fn chance_spreads_a_delay_between_half_and_all() {
        assert_eq!(policy(Backoff::Fixed).delay_ms(1, None, 0.0), Some(500));
        assert_eq!(policy(Backoff::Fixed).delay_ms(1, None, 0.5), Some(750));
    }

    #[test]
    fn the_other_sides_wish_is_obeyed_within_a_day() {
        assert_eq!(policy(Backoff::Fixed).delay_ms(1, Some(90_000), 0.0), Some(90_000));
        assert_eq!(policy(Backoff::Fixed).delay_ms(1, Some(1), 1.0), Some(1_000));
        assert_eq!(policy(Backoff::Fixed).delay_ms(1, Some(u64::MAX), 0.0), Some(86_400_000));
    }

    fn listing(entries: &[&str]) -> RetryPolicy {
        RetryPolicy { retry_on: entries.iter().map(|&entry| entry.to_owned()).collect(), ..RetryPolicy::default() }
    }

    fn refusal(status: u16, retryable: bool) -> NodeError {
        let error = NodeError::permanent(ErrorCode::HttpStatus, "m").with_details(json!({ "status": status }));
        NodeError { retryable, ..error }
    }

    #[test]
    fn without_a_list_every_passing_failure_is_tried_again() {
        assert!(listing(&[]).applies_to(&NodeError::passing(ErrorCode::Mail, "m")));
        assert!(!listing(&[]).applies_to(&refusal(404, false)));
    }

    #[test]
    fn with_a_list_only_what_is_on_it_is_tried_again() {
        let policy = listing(&["connection", "404", "5xx"]);
        assert!(policy.applies_to(&NodeError::passing(ErrorCode::Connection, "m")));
        assert!(policy.applies_to(&refusal(503, true)));
        assert!(!policy.applies_to(&NodeError::passing(ErrorCode::Timeout, "m")));
        assert!(!policy.applies_to(&refusal(429, true)));
    }

    #[test]
    fn a_listed_status_is_tried_again_even_if_it_counts_as_permanent_but_a_listed_kind_is_not() {
        assert!(listing(&["404"]).applies_to(&refusal(404, false)));
        assert!(listing(&["4xx"]).applies_to(&refusal(404, false)));
        assert!(!listing(&["http_status"]).applies_to(&refusal(404, false)));
        assert!(!listing(&["stopped"]).applies_to(&NodeError::permanent(ErrorCode::Stopped, "m")));
    }

    #[test]
    fn an_entry_is_a_kind_of_failure_a_status_or_a_class() {
        assert_eq!(RetryOn::parse("dns"), Some(RetryOn::Code(ErrorCode::Dns)));
        assert_eq!(RetryOn::parse("429"), Some(RetryOn::Status(429)));
        assert_eq!(RetryOn::parse("5xx"), Some(RetryOn::Class(5)));
        for bad in ["", "xx", "2xx", "55xx", "200", "4040", "-1", "Dns", "+5xx"] {
            assert_eq!(RetryOn::parse(bad), None, "{bad}");
        }
    }
}
