//! The embedded database: one writer that joins many writes into one transaction, a pool of readers, and the queue in memory
//! over the rows on disk.

mod accept;
mod aftermath;
mod cancel;
mod connect;
mod log;
mod order;
mod queue;
mod ready;
mod record;
mod revive;
mod script;
mod signal;
mod step_rows;
mod take_over;
mod writer;

pub(crate) use connect::{open_reader, open_writer};
pub(crate) use queue::{Connections, SqliteQueue};
pub(crate) use writer::Writer;
