//! Keys that a node has met before, so that it can tell what is new from what comes again.

use model::{NodeId, RunId, Timestamp};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    Statement,
};
use sha2::{Digest, Sha256};

use crate::entities::seen;
use crate::error::StorageError;
use crate::storage::Storage;

/// A key that a step asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenQuestion {
    /// The workflow, by its key.
    pub workflow_key: i64,
    /// The node; each has keys of its own.
    pub node: NodeId,
    /// The key. Only its hash is kept.
    pub key: String,
    /// How long a key is remembered after it was first seen, in milliseconds.
    pub window_ms: u64,
    /// The run that asks.
    pub run: RunId,
    /// Which turn of a loop asks; empty outside of loops.
    pub iteration: String,
}

/// Whether a key was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeenAnswer {
    /// Whether another run, or another turn, had it within the window.
    pub seen_before: bool,
    /// When it was first seen.
    pub first_at: Timestamp,
}

/// How many keys whose time is over go with every new one. More than one, so that they never pile up.
const FORGOTTEN_WITH_EACH: u32 = 4;

impl Storage {
    /// Says whether a key was seen before and remembers it if not. A step that asks again gets the same answer: it does not
    /// meet itself.
    pub async fn seen(&self, question: SeenQuestion) -> Result<SeenAnswer, StorageError> {
        let now = self.now();
        self.write(move |transaction| Box::pin(answer(transaction, question, now))).await
    }
}

async fn answer(
    transaction: &DatabaseTransaction,
    question: SeenQuestion,
    now: Timestamp,
) -> Result<SeenAnswer, StorageError> {
    let key_hash = Sha256::digest(question.key.as_bytes()).to_vec();
    let place = (question.workflow_key, question.node.0.clone(), key_hash.clone());
    let expires_at = now.plus_ms(question.window_ms);
    let Some(known) = seen::Entity::find_by_id(place).one(transaction).await? else {
        forget_expired(transaction, now).await?;
        let row = seen::ActiveModel {
            workflow_id: Set(question.workflow_key),
            node_id: Set(question.node.0),
            key_hash: Set(key_hash),
            first_at: Set(now.0),
            expires_at: Set(expires_at.0),
            run_id: Set(question.run.0),
            iteration: Set(question.iteration),
        };
        row.insert(transaction).await?;
        return Ok(SeenAnswer { seen_before: false, first_at: now });
    };
    let first_at = Timestamp(known.first_at);
    if known.run_id == question.run.0 && known.iteration == question.iteration {
        return Ok(SeenAnswer { seen_before: false, first_at });
    }
    if now < first_at.plus_ms(question.window_ms) {
        return Ok(SeenAnswer { seen_before: true, first_at });
    }
    let mut renewed = known.into_active_model();
    renewed.first_at = Set(now.0);
    renewed.expires_at = Set(expires_at.0);
    renewed.run_id = Set(question.run.0);
    renewed.iteration = Set(question.iteration);
    renewed.update(transaction).await?;
    Ok(SeenAnswer { seen_before: false, first_at: now })
}

async fn forget_expired(transaction: &DatabaseTransaction, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM seen WHERE (workflow_id, node_id, key_hash) IN \
               (SELECT workflow_id, node_id, key_hash FROM seen WHERE expires_at < ? ORDER BY expires_at LIMIT ?)";
    let values = [now.0.into(), FORGOTTEN_WITH_EACH.into()];
    transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    Ok(())
}
