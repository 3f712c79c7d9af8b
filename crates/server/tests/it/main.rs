//! The server from outside.

#![expect(clippy::unwrap_used, reason = "a failed preparation is a failed test, also outside of test functions")]

mod api;
mod cli;
mod crash;
mod dead_letters;
mod dry_run;
mod durability;
mod editing;
mod full_disk;
mod ingress;
mod mending;
mod openapi;
mod outside;
mod pages;
mod people;
mod receipts;
mod records;
mod sandbox;
mod support;
mod tables;
mod tryton;
mod waits;
