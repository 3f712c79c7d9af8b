//! Events that Stellwerk itself makes, for runs that follow from others.

use std::sync::Arc;

use model::{ErrorCode, Event, NodeError};
use storage::queue::{Disposition, NewEvent, Parsed, StartRun};

/// An event of ours and the run that it starts.
pub(crate) fn new_event(event: Event, workflow_key: i64, start: StartRun) -> Result<NewEvent, NodeError> {
    let raw_body = serde_json::to_vec(&event.body)
        .map_err(|error| NodeError::permanent(ErrorCode::Internal, format!("The event cannot be written: {error}.")))?;
    Ok(NewEvent {
        event: Arc::new(event),
        workflow_key,
        endpoint_key: None,
        remote_address: None,
        content_type: Some("application/json".to_owned()),
        raw_body,
        parsed: Parsed::AsRawJson,
        dedup_key: None,
        files: Vec::new(),
        disposition: Disposition::Start(start),
    })
}
