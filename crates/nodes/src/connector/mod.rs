//! Connectors: a folder with a manifest, a script, an icon and fixtures makes node types out of a service's operations.
//!
//! The contract is described in `docs/connectors.md`. In one sentence: the operation's function gets one `step` map and
//! returns what to do; what came back goes to `<operation>_reply`, and so on until there is an output.

mod description;
mod failure;
mod folder;
mod load;
mod opaque;
mod operation;
mod request;
mod step;

pub use description::{ConnectorManifest, OperationManifest};
pub use failure::status_error;
pub use folder::{Folder, built_in_folders};
pub use load::{Connector, LoadError, load};
pub use operation::Operation;
