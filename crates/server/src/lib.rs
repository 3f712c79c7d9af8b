//! The binary `stellwerk`: configuration, HTTP, pages, sign-in and the command line.

pub mod config;
pub mod webhooks;
