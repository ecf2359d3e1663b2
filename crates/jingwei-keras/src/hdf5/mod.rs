//! HDF5 files (HDF5 File Format Specification 3.0): superblocks 0 to 3, object headers 1 and 2, groups old and new, dense
//! links and attributes. Values of datasets are not read and nothing is unpacked.

mod file;
mod group;
mod header;
mod heap;
mod inspect;
mod listing;
mod message;
mod rings;
mod sources;
mod superblock;
mod tree;

use jingwei_core::Limits;
use jingwei_read::{Sighting, Source, ValueSpan};

pub use inspect::inspect_hdf5;

/// Whether a file that begins so is HDF5. The signature may stand behind a user block of 512, 1024, 2048 … bytes.
#[must_use]
pub fn is_hdf5(head: &[u8]) -> bool {
    let doubled = std::iter::successors(Some(512usize), |at| at.checked_mul(2)).take_while(|at| *at < head.len());
    std::iter::once(0).chain(doubled).any(|at| head[at..].starts_with(superblock::SIGNATURE))
}

/// The tree of a file. Each object stands once, where it was met first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hdf5Listing {
    /// A parent comes before its children; the root is first.
    pub objects: Vec<Hdf5Object>,
    /// What is broken, was not read or leads out of the file.
    pub sightings: Vec<Sighting>,
    /// Values of attributes and datasets that begin like a pickle.
    pub pickles: Vec<ValueSpan>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hdf5Object {
    /// Index of the group that holds it.
    pub parent: Option<usize>,
    pub name: String,
    pub content: Content,
    pub attributes: Vec<Attribute>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    Group,
    /// `shape` is `None` for a dataset without a value. `numeric`: integers or floats.
    Dataset {
        shape: Option<Vec<u64>>,
        numeric: bool,
    },
    Datatype,
    SoftLink {
        path: String,
    },
    /// A file that this one pulls in when it is read.
    External {
        form: ExternalForm,
        file: String,
        path: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExternalForm {
    Link,
    Storage,
    Virtual,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    pub name: String,
    pub shape: Option<Vec<u64>>,
    /// `None` where it holds no text.
    pub texts: Option<Vec<String>>,
}

impl Hdf5Listing {
    /// The path of an object from the root; the root's is empty.
    #[must_use]
    pub fn path(&self, index: usize) -> String {
        let mut parts = Vec::new();
        let mut at = self.objects.get(index);
        while let Some(object) = at {
            parts.push(object.name.as_str());
            at = object.parent.and_then(|parent| self.objects.get(parent));
        }
        parts.pop();
        parts.reverse();
        parts.join("/")
    }
}

/// Lists groups, datasets, attributes and links. What could not be read is in the sightings.
pub fn list_hdf5(source: &mut dyn Source, limits: &Limits) -> Hdf5Listing {
    listing::list(source, limits)
}
