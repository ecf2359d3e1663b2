//! Zip says most things twice: in a directory at its end and in a header before each member. Loaders believe one or
//! the other, so both are read, compared, and what only one of them shows is listed too.

mod directory;
mod entry;
mod gaps;
mod list;
mod open;

pub(crate) use directory::ends_as_zip;
pub(crate) use list::list;
pub(crate) use open::open;
