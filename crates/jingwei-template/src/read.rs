//! Reads a small file whole.

use jingwei_read::{Inspection, ReadError, Reader, Sighting, Source};

pub(crate) enum Content {
    Bytes(Vec<u8>),
    /// It was not read, which is said here.
    Seen(Inspection),
}

pub(crate) fn all(source: &mut dyn Source, longest: u64) -> Content {
    let length = source.length();
    let sighting = if length > longest {
        Sighting::limit("header_bytes", longest)
    } else {
        match Reader::new(source).take_vec(length) {
            Ok(bytes) => return Content::Bytes(bytes),
            Err(ReadError::End(at)) => Sighting::malformed(at, "文件提前结束", "the file ends early"),
            Err(ReadError::Io(reason)) => {
                let reason = jingwei_read::shown(&reason);
                Sighting::not_inspected(format!("读取失败（{reason}）"), format!("it cannot be read ({reason})"))
            }
        }
    };
    let mut inspection = Inspection::default();
    inspection.see(sighting);
    Content::Seen(inspection)
}
