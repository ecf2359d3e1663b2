//! 7z: a header at the end, often packed itself, says which stretches ("folders") hold the files of the archive, one
//! after the other. Read here rather than by `sevenz-rust2`, whose reader takes the header's counts on trust and
//! unpacks a folder again for every file.

mod header;
mod list;
mod open;

pub(crate) use list::list;
pub(crate) use open::Folders;
