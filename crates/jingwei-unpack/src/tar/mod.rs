//! Tar: ustar, the long names of GNU and pax, and the headers before all of them. Readers stop at the first block of
//! zeros or at a broken header; what stands behind is listed as junk.

mod header;
mod list;

pub(crate) use header::is_header;
pub(crate) use list::list;
