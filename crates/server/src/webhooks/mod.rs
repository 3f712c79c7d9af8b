//! What comes in through the addresses of webhook triggers.

pub mod body;
