//! Whether a key was seen before.

use std::time::Instant;

use model::RunId;
use nodes::effect::{Reply, SeenReply, SeenRequest};
use serde_json::json;
use storage::SeenQuestion;

use super::stored::{Stored, recorded, unavailable};
use super::{Call, Done, EffectError};

impl Stored {
    /// Asks whether the key was seen before, and remembers it. A step that is tried by itself sees everything for the first
    /// time and leaves nothing behind.
    pub(super) async fn seen(&self, request: &SeenRequest, call: &Call<'_>) -> Result<Done, EffectError> {
        let started = Instant::now();
        let answer = match call.workflow_key.zip(call.run) {
            None => Ok(SeenReply { seen_before: false, first_at: self.now() }),
            Some((workflow_key, run)) => self.ask(request, call, workflow_key, run).await,
        };
        recorded(json!(request), started, answer, Reply::Seen)
    }

    async fn ask(
        &self,
        request: &SeenRequest,
        call: &Call<'_>,
        workflow_key: i64,
        run: RunId,
    ) -> Result<SeenReply, model::NodeError> {
        let question = SeenQuestion {
            workflow_key,
            node: call.node.clone(),
            key: request.key.clone(),
            window_ms: request.window_ms,
            run,
            iteration: call.iteration.to_owned(),
        };
        let answer = self.storage().seen(question).await;
        let answer = answer.map_err(|error| unavailable("look a key up", &error))?;
        Ok(SeenReply { seen_before: answer.seen_before, first_at: answer.first_at })
    }
}
