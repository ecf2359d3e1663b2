//! The transforms that are shipped.
