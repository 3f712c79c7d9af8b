//! The binary `stellwerk`: configuration, HTTP, pages, sign-in and the command line.

pub mod auth;
pub mod config;
pub mod middleware;
pub mod pages;
pub mod problem;
pub mod texts;
pub mod webhooks;
