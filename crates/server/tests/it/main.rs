//! The server from outside.

mod api;
mod crash;
mod ingress;
mod openapi;
mod outside;
mod cli;
mod pages;
mod sandbox;
mod support;
mod tryton;
