//! All that Stellwerk remembers: the database through sea-orm, the run queue, and the sealing of secrets.
//!
//! [`Storage`] is the door. Plain functions on it are named after the domain and grouped by file; only the run queue is a
//! trait ([`queue::Queue`]), because SQLite and PostgreSQL really differ there. Nothing here speaks HTTP or knows what a
//! node does.

mod accounts;
mod activity;
mod audit;
mod backup;
mod claims;
mod contacts;
mod crash_marks;
pub mod crash_points;
mod credentials;
mod dead_letters;
mod desk;
mod endpoints;
mod entities;
mod error;
mod events;
mod field_index;
mod files;
mod history;
mod moments;
mod outbox;
mod payload;
pub mod queue;
mod redaction;
mod replay_jobs;
mod room;
mod run_parts;
mod runs;
mod samples;
mod schedules;
mod schema;
pub mod seal;
mod search;
mod seen;
mod sqlite;
mod stats;
mod storage;
mod storage_use;
mod subjects;
mod tables;
mod turn_outputs;
mod turn_pages;
mod workflows;

pub use accounts::{ApiTokenRecord, NewApiToken, NewUser, SessionRecord, TokenHash, UserRecord};
pub use activity::{LastRun, WorkflowActivity};
pub use audit::AuditEntry;
pub use backup::{BackupContent, Restored, back_up, examine_backup, restore};
pub use contacts::{Contact, ContactFilter, ContactInput, ContactResult};
pub use crash_marks::{AtWork, CrashMarks};
pub use credentials::{CredentialRecord, NewCredential};
pub use dead_letters::{DeadLetterReason, DeadLetterState, NewDeadLetter};
pub use desk::{DeadLetterFilter, DeadLetterGroup, DeadLetterRecord};
pub use endpoints::{Endpoint, EndpointOverview, EndpointTarget};
pub use error::StorageError;
pub use events::{EventFilter, EventRecord};
pub use field_index::SearchFields;
pub use files::{NewFile, StoredFile};
pub use history::{Retention, Sweep, SweepPreview};
pub use outbox::{MailRecord, MailSummary, NewMail};
pub use replay_jobs::{NewReplayJob, ReplayJob, ReplayJobState, ReplaySelection};
pub use runs::{AttemptRecord, RunFilter, RunRecord, StepRecord};
pub use samples::{SampleRecord, SampleSource};
pub use schedules::{NewSchedule, ScheduleRecord};
pub use search::Found;
pub use seen::{SeenAnswer, SeenQuestion};
pub use stats::Stats;
pub use storage::{Role, Storage, StorageSettings};
pub use storage_use::{StorageUse, WorkflowUse};
pub use subjects::{SubjectCounts, SubjectFindings};
pub use tables::{RowFilter, RowOrder, RowQuery, RowRecord, RowResult, RowTest, TableRecord};
pub use turn_outputs::{TurnOutput, TurnOutputs};
pub use turn_pages::{LoopPlace, TurnCounts, TurnRecord, TurnsWanted};
pub use workflows::{ActiveVersion, VersionRecord, WebhookNode, WorkflowRecord};
