//! What the storage promises, against a real database file.

mod domain;
mod history;
mod queue;
mod restart;
mod support;
