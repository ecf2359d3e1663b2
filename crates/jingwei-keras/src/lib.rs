//! Reads what Keras and NumPy store: HDF5 files, model configurations and array headers.
//!
//! Never knows: containers (the caller takes `config.json` out of its archive), pickles, the file system, what a sighting
//! means for a risk. Weights are counted, never read.
//!
//! Invariant: whatever the bytes are, the work done is linear in them and bounded by `Limits`; what was not looked at is a
//! sighting.

mod config;
mod fault;
mod hdf5;
mod json;
mod literal;
mod notes;
mod numpy;

pub use config::{inspect_config, inspect_metadata};
pub use hdf5::{Attribute, Content, ExternalForm, Hdf5Listing, Hdf5Object, inspect_hdf5, is_hdf5, list_hdf5};
pub use numpy::{NPY_MAGIC, NpyHeader, inspect_npy};
