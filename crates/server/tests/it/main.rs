//! The server from outside.

mod crash;
mod ingress;
mod outside;
mod pages;
mod sandbox;
mod support;
mod tryton;
