//! What a record brings with it beside its steps, for the few runs that need it: states that are not needed any more, signals
//! that were made use of, the step of another run that waits for the end, and dead letters. A plain run adds nothing here.

use model::{NodeError, RunId, Timestamp};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, DbBackend, EntityTrait, Statement};
use serde_json::{Value, json};

use super::record::PreparedRecord;
use super::script::Script;
use crate::dead_letters::DeadLetterState;
use crate::entities::dead_letter;
use crate::queue::{Ending, Next, ParentLink};

/// Removes what the steps that are about to be written had put aside as their state.
pub(super) fn before_steps(records: &[&PreparedRecord], script: &mut Script) {
    for record in records {
        for step in record.resumed_steps() {
            let sql = "DELETE FROM payloads WHERE id IN (SELECT state_payload_id FROM steps WHERE run_id = ? \
                       AND node_id = ? AND iteration = ? AND state_payload_id IS NOT NULL AND status <> 'succeeded')";
            let key = [record.lease.run_key.into(), step.row.node_id.clone().into(), step.row.iteration.clone().into()];
            script.add(Statement::from_sql_and_values(DbBackend::Sqlite, sql, key));
        }
    }
}

/// Everything that follows from steps and ends.
pub(super) fn after_steps(records: &[&PreparedRecord], script: &mut Script) {
    for record in records {
        let run_key = record.lease.run_key;
        if record.held.has_signals && record.has_finished_steps() {
            mark_taken(run_key, record, script);
        }
        if record.held.crashes > 0 && record.has_finished_steps() {
            let sql = "UPDATE queue SET crashes = 0 WHERE run_id = ?";
            script.add(Statement::from_sql_and_values(DbBackend::Sqlite, sql, [run_key.into()]));
        }
        let Next::End(ending) = record.next() else { continue };
        if let Some(error) = &ending.closes_steps {
            close_steps(run_key, error, ending.finished_at, script);
        }
        if let Some((run, parent)) = &record.held.parent {
            let value = &ended_signal(*run, ending);
            for statement in parent_signal(parent, value, ending.finished_at) {
                script.add(statement);
            }
        }
        add_dead_letter(run_key, record.held.workflow_key, ending, script);
    }
}

/// When a run is over, so are its steps.
fn close_steps(run_key: i64, error: &NodeError, now: Timestamp, script: &mut Script) {
    let sql = "UPDATE steps SET status = 'failed', error = ?, finished_at = ?, retry_at = NULL \
               WHERE run_id = ? AND status IN ('running', 'waiting')";
    let values = [json!(error).to_string().into(), now.0.into(), run_key.into()];
    script.add(Statement::from_sql_and_values(DbBackend::Sqlite, sql, values));
}

/// A signal whose step is over was made use of. Its value lives on in the step's output.
fn mark_taken(run_key: i64, record: &PreparedRecord, script: &mut Script) {
    let sql = "UPDATE signals SET taken_at = ?, value = 'null' WHERE run_id = ? AND taken_at IS NULL AND EXISTS \
               (SELECT 1 FROM steps WHERE steps.run_id = signals.run_id AND steps.node_id = signals.node_id \
               AND steps.iteration = signals.iteration AND steps.status IN ('succeeded', 'failed', 'skipped'))";
    let finished = record.steps.iter().filter_map(|step| step.row.finished_at).max().unwrap_or(0);
    script.add(Statement::from_sql_and_values(DbBackend::Sqlite, sql, [finished.into(), run_key.into()]));
}

/// What a step gets to know of the end of the run that it called.
pub(super) fn ended_signal(run: RunId, ending: &Ending) -> Value {
    json!({ "run": run, "status": ending.status, "output": ending.output, "error": ending.error })
}

/// Brings the end of a run to the step that called it, unless that step's run is over, and makes its run due.
pub(super) fn parent_signal(parent: &ParentLink, value: &Value, now: Timestamp) -> [Statement; 2] {
    let signal = "INSERT INTO signals (run_id, node_id, iteration, received_at, value) SELECT run_id, ?, ?, ?, ? \
                  FROM queue WHERE run_id = ? ON CONFLICT (run_id, node_id, iteration) DO NOTHING";
    let signal_values: [sea_orm::Value; 5] = [
        parent.node.0.clone().into(),
        parent.iteration.clone().into(),
        now.0.into(),
        value.to_string().into(),
        parent.run_key.into(),
    ];
    let due = "UPDATE queue SET due_at = MIN(due_at, ?) WHERE run_id = ?";
    [
        Statement::from_sql_and_values(DbBackend::Sqlite, signal, signal_values),
        Statement::from_sql_and_values(DbBackend::Sqlite, due, [now.0.into(), parent.run_key.into()]),
    ]
}

/// A run that went on after it had given up and gives up again has one dead letter, the latest.
fn add_dead_letter(run_key: i64, workflow_key: i64, ending: &Ending, script: &mut Script) {
    use dead_letter::Column;
    let Some(letter) = &ending.dead_letter else { return };
    let row = dead_letter::ActiveModel {
        run_id: Set(run_key),
        workflow_id: Set(workflow_key),
        reason: Set(letter.reason.as_str().to_owned()),
        fingerprint: Set(letter.fingerprint.clone()),
        node_id: Set(letter.node.as_ref().map(|node| node.0.clone())),
        iteration: Set(letter.iteration.clone()),
        message: Set(letter.message.clone()),
        created_at: Set(ending.finished_at.0),
        state: Set(DeadLetterState::Open.as_str().to_owned()),
        decided_at: Set(None),
        decided_by: Set(None),
        replayed_as: Set(None),
    };
    let replace = OnConflict::column(Column::RunId)
        .update_columns([
            Column::Reason,
            Column::Fingerprint,
            Column::NodeId,
            Column::Iteration,
            Column::Message,
            Column::CreatedAt,
            Column::State,
            Column::DecidedAt,
            Column::DecidedBy,
            Column::ReplayedAs,
        ])
        .to_owned();
    script.add_query(&dead_letter::Entity::insert(row).on_conflict(replace));
}
