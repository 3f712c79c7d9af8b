//! One person across all that is kept: found by their e-mail address, given out, or erased.
//!
//! Erasing puts a mark in place of values and leaves the rows, so that counts and states stay true. What the history is about
//! goes by *cases*: an event with all of its runs. In a case that mentions the address, the address goes everywhere, and so
//! does what stands in the fields that the workflow names as personal. Cases that are not over yet are left alone.

mod case;
mod erase;
mod eraser;
mod export;
mod scan;

use std::collections::BTreeSet;

use model::Subject;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use serde::Serialize;
use uuid::Uuid;

use self::scan::{ATTEMPTS, CONTACTS, DEAD_LETTERS, EVENTS, MAILS, RUNS, SAMPLES, SIGNALS, STEPS, TABLE_ROWS};
use crate::entities::{event, queue, run, user};
use crate::error::StorageError;
use crate::storage::Storage;

/// How many things mention a person.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct SubjectCounts {
    /// Events that mention the address, or one of whose runs does.
    pub events: u64,
    /// The runs of these events.
    pub runs: u64,
    /// Steps that mention it.
    pub steps: u64,
    /// Attempts that mention it.
    pub attempts: u64,
    /// Rows of the contact table.
    pub contacts: u64,
    /// Kept mails.
    pub mails: u64,
    /// Rows of tables.
    pub table_rows: u64,
    /// Samples of the editor.
    pub samples: u64,
    /// Accounts that sign in with it. They are never erased here: an account is removed under the settings.
    pub accounts: u64,
    /// Runs of the events above that are not over. Their cases are left alone until they are.
    pub unfinished_runs: u64,
}

impl SubjectCounts {
    /// Whether nothing mentions the person that could be given out or erased.
    pub fn is_nothing(&self) -> bool {
        self.events + self.contacts + self.mails + self.table_rows + self.samples == 0
    }
}

/// Where a person is mentioned.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SubjectFindings {
    /// How much of what.
    pub counts: SubjectCounts,
    /// The events of the cases that are over, by their keys.
    cases: Vec<i64>,
    contacts: Vec<Uuid>,
    mails: Vec<Uuid>,
    table_rows: Vec<i64>,
    samples: Vec<i64>,
}

/// How many keys one statement asks for.
const KEYS: usize = 500;

impl Storage {
    /// Looks through everything that is kept. In a long history this takes seconds; nothing else waits for it.
    pub async fn find_subject(&self, subject: &Subject) -> Result<SubjectFindings, StorageError> {
        let mut cases: BTreeSet<i64> = self.scan(subject, &EVENTS).await?.into_iter().collect();
        let steps = self.scan(subject, &STEPS).await?;
        let attempts = self.scan(subject, &ATTEMPTS).await?;
        let mut runs: BTreeSet<i64> = self.scan(subject, &RUNS).await?.into_iter().collect();
        runs.extend(self.scan(subject, &SIGNALS).await?);
        runs.extend(self.scan(subject, &DEAD_LETTERS).await?);
        runs.extend(steps.iter().chain(&attempts));
        cases.extend(self.events_of_runs(runs.into_iter().collect()).await?);
        let runs = self.runs_of_events(&cases).await?;
        let unfinished = self.unfinished_of(&runs).await?;
        let contacts = self.scan_ids(subject, &CONTACTS).await?;
        let mails = self.scan_ids(subject, &MAILS).await?;
        let table_rows = self.scan(subject, &TABLE_ROWS).await?;
        let samples = self.scan(subject, &SAMPLES).await?;
        let accounts = user::Entity::find().filter(user::Column::Email.eq(subject.address())).all(self.read()).await?;
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        let counts = SubjectCounts {
            events: count(cases.len()),
            runs: count(runs.len()),
            steps: count(steps.len()),
            attempts: count(attempts.len()),
            contacts: count(contacts.len()),
            mails: count(mails.len()),
            table_rows: count(table_rows.len()),
            samples: count(samples.len()),
            accounts: count(accounts.len()),
            unfinished_runs: count(unfinished.len()),
        };
        let open: BTreeSet<i64> =
            runs.iter().filter(|(key, _)| unfinished.contains(key)).map(|(_, event)| *event).collect();
        let cases = cases.difference(&open).copied().collect();
        Ok(SubjectFindings { counts, cases, contacts, mails, table_rows, samples })
    }

    async fn events_of_runs(&self, runs: Vec<i64>) -> Result<Vec<i64>, StorageError> {
        let mut events = Vec::new();
        for keys in runs.chunks(KEYS) {
            let rows = run::Entity::find().select_only().column(run::Column::EventId);
            let rows = rows.filter(run::Column::Id.is_in(keys.iter().copied()));
            events.extend(rows.into_tuple::<i64>().all(self.read()).await?);
        }
        Ok(events)
    }

    /// The runs of events: their keys and those of the events.
    async fn runs_of_events(&self, events: &BTreeSet<i64>) -> Result<Vec<(i64, i64)>, StorageError> {
        let events: Vec<i64> = events.iter().copied().collect();
        let mut runs = Vec::new();
        for keys in events.chunks(KEYS) {
            let rows = run::Entity::find().select_only().columns([run::Column::Id, run::Column::EventId]);
            let rows = rows.filter(run::Column::EventId.is_in(keys.iter().copied()));
            runs.extend(rows.into_tuple::<(i64, i64)>().all(self.read()).await?);
        }
        Ok(runs)
    }

    async fn unfinished_of(&self, runs: &[(i64, i64)]) -> Result<BTreeSet<i64>, StorageError> {
        let mut unfinished = BTreeSet::new();
        for keys in runs.chunks(KEYS) {
            let rows = queue::Entity::find().select_only().column(queue::Column::RunId);
            let rows = rows.filter(queue::Column::RunId.is_in(keys.iter().map(|(key, _)| *key)));
            unfinished.extend(rows.into_tuple::<i64>().all(self.read()).await?);
        }
        Ok(unfinished)
    }

    /// The rows of events that are still there.
    async fn events_by_key(&self, keys: &[i64]) -> Result<Vec<event::Model>, StorageError> {
        let rows = event::Entity::find().filter(event::Column::Id.is_in(keys.iter().copied()));
        Ok(rows.all(self.read()).await?)
    }
}
