use std::hash::Hash;

/// One entry of an archive, as the archive describes it. Nobody vouches for any of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// As written; bytes that are no UTF-8 stand as `\xNN`, and then a backslash as `\\`.
    pub name: String,
    pub kind: Kind,
    pub packed_bytes: u64,
    /// As claimed.
    pub unpacked_bytes: u64,
    /// Of the content, in the archive; in a 7z archive, of the packed bytes that it shares with others.
    pub offset: u64,
    /// It says so. Whether that is true shows when it is opened.
    pub encrypted: bool,
    pub(crate) how: How,
}

impl Member {
    /// Nothing is in it, by all that its archive says of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let says_nothing = match self.how {
            How::Stored | How::Nothing => true,
            How::Zip { crc, overlaps, .. } => crc == 0 && !overlaps,
            How::Seven { .. } | How::Sparse => false,
        };
        says_nothing && self.packed_bytes == 0 && self.unpacked_bytes == 0
    }

    /// Where its content lies and how it is to be read, if it shares bytes with other members of a zip. `None`: it shares
    /// none.
    #[must_use]
    pub fn shared_place(&self) -> Option<impl Eq + Hash + use<>> {
        match self.how {
            How::Zip { method, flags, crc, overlaps: true } => {
                Some((self.offset, self.packed_bytes, self.unpacked_bytes, method, flags, crc))
            }
            _ => None,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    File,
    Folder,
    /// A symbolic or a hard link.
    Link {
        target: String,
    },
    /// A device, a pipe, or what the archive calls neither.
    Other,
    /// Bytes of the archive that belong to no member.
    Junk,
}

/// What its archive needs to open it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum How {
    Stored,
    Zip {
        method: u16,
        flags: u16,
        crc: u32,
        /// The content shares bytes with other members.
        overlaps: bool,
    },
    /// A file of a 7z folder, `skip` bytes into its content.
    Seven {
        folder: u32,
        skip: u64,
        crc: Option<u32>,
    },
    Sparse,
    Nothing,
}

/// Names are bytes in every format here; most are UTF-8, and none may be lost.
pub(crate) fn name_of(bytes: &[u8]) -> String {
    if let Ok(name) = str::from_utf8(bytes) {
        return name.to_owned();
    }
    let mut name = String::with_capacity(bytes.len() * 2);
    for chunk in bytes.utf8_chunks() {
        name.push_str(&chunk.valid().replace('\\', "\\\\"));
        for byte in chunk.invalid() {
            name.push_str(&format!("\\x{byte:02x}"));
        }
    }
    name
}

/// The same of bytes that are not needed any more.
pub(crate) fn name_from(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| name_of(error.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_byte_of_a_name_is_lost() {
        for (bytes, expected) in [
            (&b"archive/data.pkl"[..], "archive/data.pkl"),
            ("模型/权重".as_bytes(), "模型/权重"),
            (b"a\\b", "a\\b"),
            (b"a\\b\xff\x00", "a\\\\b\\xff\u{0}"),
            (b"", ""),
        ] {
            assert_eq!(name_of(bytes), expected);
        }
    }
}
