//! The binary `stellwerk`: configuration, HTTP, pages, sign-in and the command line.

pub mod api;
pub mod app;
mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod console;
pub mod housekeeping;
pub mod key;
pub mod logging;
pub mod middleware;
pub mod pages;
pub mod parts;
pub mod problem;
mod redaction;
mod schedules;
pub mod serve;
mod tables;
pub mod texts;
pub mod webhooks;
