//! Keys that a node has met before, so that it can tell what is new from what comes again.

use model::{NodeId, RunId, Timestamp};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ConnectionTrait, DatabaseTransaction, DbBackend, EntityTrait, IntoActiveModel,
    Statement,
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

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
    /// meet itself. Nor does a replay meet the run that it repeats, or another replay of that.
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
    let is_same_turn = known.iteration == question.iteration;
    if is_same_turn && known.run_id == question.run.0 {
        return Ok(SeenAnswer { seen_before: false, first_at });
    }
    if now < first_at.plus_ms(question.window_ms) {
        let is_itself = is_same_turn && has_same_origin(transaction, known.run_id, question.run.0).await?;
        return Ok(SeenAnswer { seen_before: !is_itself, first_at });
    }
    let mut renewed = known.into_active_model();
    renewed.first_at = Set(now.0);
    renewed.expires_at = Set(expires_at.0);
    renewed.run_id = Set(question.run.0);
    renewed.iteration = Set(question.iteration);
    renewed.update(transaction).await?;
    Ok(SeenAnswer { seen_before: false, first_at: now })
}

/// Whether two runs repeat the same one, or one of them the other, over any number of replays.
async fn has_same_origin(transaction: &DatabaseTransaction, one: Uuid, other: Uuid) -> Result<bool, StorageError> {
    let origin = origin_of(transaction, one).await?;
    Ok(origin.is_some() && origin == origin_of(transaction, other).await?)
}

/// The key of the run that a run repeats in the end, or its own. None when there is no such run.
async fn origin_of(transaction: &DatabaseTransaction, run: Uuid) -> Result<Option<i64>, StorageError> {
    // A replay is always younger than what it repeats. History may have forgotten the origin; its key is still known.
    let sql = "WITH RECURSIVE chain (id) AS (SELECT id FROM runs WHERE public_id = ? UNION \
               SELECT runs.replay_of FROM chain JOIN runs ON runs.id = chain.id WHERE runs.replay_of IS NOT NULL) \
               SELECT MIN(id) FROM chain";
    let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, [run.into()]);
    let row = transaction.query_one_raw(statement).await?;
    Ok(row.map(|row| row.try_get_by_index::<Option<i64>>(0)).transpose()?.flatten())
}

async fn forget_expired(transaction: &DatabaseTransaction, now: Timestamp) -> Result<(), StorageError> {
    let sql = "DELETE FROM seen WHERE (workflow_id, node_id, key_hash) IN \
               (SELECT workflow_id, node_id, key_hash FROM seen WHERE expires_at < ? ORDER BY expires_at LIMIT ?)";
    let values = [now.0.into(), FORGOTTEN_WITH_EACH.into()];
    transaction.execute_raw(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values)).await?;
    Ok(())
}
