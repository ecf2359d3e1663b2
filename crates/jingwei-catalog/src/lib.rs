//! Catalog.
pub mod items;
