//! Looks at what a system is made of and how it is deployed: model files, endpoints, deployment
//! configuration and prompts. Each check takes a component and gives findings and metrics.
//!
//! Never knows: the file system, the network and the clock (it reads through the ports of `jingwei_core::Ctx`), what a
//! finding means for a risk (that is the catalog's and `jingwei-govern`'s), and how a report looks.
//!
//! Invariant: bytes are untrusted. Formats are told from content, never from a name; every parser works within
//! `Limits`, nothing is executed, archives are opened in memory alone, and what could not be inspected is itself a finding.

mod address;
mod beside;
mod card;
mod config;
mod convert;
mod default_ports;
mod document;
mod embedded;
mod endpoint;
mod formats;
mod inventory;
mod links;
mod look;
mod model;
mod names;
mod planted;
mod prompt;
mod servers;
mod shards;
mod text_kind;
mod texts;
mod weights;
mod words;

pub use card::front_matter;
pub use config::ConfigCheck;
pub use convert::{ConvertError, Converted, convert};
pub use endpoint::EndpointCheck;
pub use formats::{Crossed, Format};
pub use inventory::{FileFacts, Inventory, folder_digest, inventory};
pub use jingwei_catalog::rulebook::MissingRule;
pub use look::Seen;
pub use model::ModelCheck;
pub use names::ModelNames;
pub use prompt::PromptCheck;
