//! Opens archives and packed streams whose bytes nobody vouches for, in memory and within limits.
//!
//! Never knows: the file system (nothing is ever written out), what a member means, which files belong to a model.
//! A caller recognises a packing by its content ([`recognise`]), lists an archive ([`Archive::read`]) or unpacks a
//! stream ([`unpack`]), and gets every content as a [`jingwei_read::Source`].
//!
//! Invariant: work and memory grow with the bytes that exist, never with the numbers that they claim; one [`Budget`]
//! is shared by everything inside one file, however deep. What could not be opened is a sighting.

mod archive;
mod budget;
mod feed;
mod frames;
mod member;
mod notes;
mod numbers;
mod opened;
mod packed;
mod path;
mod recognise;
mod seven;
mod stream;
mod tar;
mod zip;

pub use archive::Archive;
pub use budget::Budget;
pub use member::{Kind, Member};
pub use opened::Opened;
pub use recognise::{Packing, recognise};
pub use stream::unpack;
