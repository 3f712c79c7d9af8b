//! The rules of a node's retry policy.

use super::MAX_TIMEOUT_MS;
use crate::definition::NodeId;
use crate::problem::Problem;
use crate::retry::{RetryOn, RetryPolicy};

/// The most entries that a list of failures to retry may have.
const MAX_RETRY_ON: usize = 50;

pub(super) fn check(node: &NodeId, retry: &RetryPolicy, problems: &mut Vec<Problem>) {
    let mut report = |message: String, place: &str| {
        problems.push(Problem::of_node(node, "invalid_retry", message).at(format!("retry.{place}")));
    };
    if retry.attempts == 0 || retry.attempts > RetryPolicy::MAX_ATTEMPTS {
        report(format!("The number of attempts must lie between 1 and {}.", RetryPolicy::MAX_ATTEMPTS), "attempts");
    }
    if retry.first_delay_ms > retry.max_delay_ms {
        report("The first delay is longer than the longest one.".to_owned(), "first_delay_ms");
    }
    if retry.max_delay_ms > MAX_TIMEOUT_MS {
        report(format!("A delay may be at most {MAX_TIMEOUT_MS} ms, which is 90 days."), "max_delay_ms");
    }
    if retry.retry_on.len() > MAX_RETRY_ON {
        report(format!("At most {MAX_RETRY_ON} failures can be listed."), "retry_on");
    }
    for (index, entry) in retry.retry_on.iter().enumerate() {
        if RetryOn::parse(entry).is_none() {
            let message = format!(
                "`{entry}` is no failure that can be listed: write a kind such as `timeout`, a status from 300 to 599 such \
                 as `429`, or a class such as `5xx`."
            );
            report(message, &format!("retry_on[{index}]"));
        }
    }
}
