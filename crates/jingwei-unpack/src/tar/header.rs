pub(super) const BLOCK: usize = 512;

/// One block that describes a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) name: Vec<u8>,
    pub(super) target: Vec<u8>,
    pub(super) size: Option<u64>,
    pub(super) kind: u8,
    /// An old GNU sparse header goes on in the next block.
    pub(super) continues: bool,
    /// Size of a sparse file with its holes, as GNU's own header tells it.
    pub(super) real_size: Option<u64>,
    /// A program that runs with the rights of its owner or group.
    pub(super) lends: bool,
}

/// A block whose checksum is right, ustar or older.
pub(crate) fn is_header(front: &[u8]) -> bool {
    let Some(block) = front.first_chunk::<BLOCK>() else { return false };
    let Some(claimed) = number(&block[148..156]) else { return false };
    let sum = |range: &[u8]| range.iter().map(|b| u32::from(*b)).sum::<u32>();
    // The field itself counts as blanks.
    let unsigned = u64::from(sum(block) - sum(&block[148..156]) + 8 * u32::from(b' '));
    if block[0] == 0 || claimed == unsigned {
        return block[0] != 0;
    }
    // Some old writers added signed characters.
    let high = block[..148].iter().chain(&block[156..]).filter(|b| **b >= 0x80).count() as u64;
    Some(claimed) == unsigned.checked_sub(256 * high)
}

pub(super) fn header(block: &[u8; BLOCK]) -> Header {
    let mut name = text(&block[..100]).to_vec();
    let kind = block[156];
    let prefix = text(&block[345..500]);
    // GNU's own header has other things where the prefix is.
    if block[257..].starts_with(b"ustar\0") && !prefix.is_empty() {
        name = [prefix, b"/", &name].concat();
    }
    let continues = kind == b'S' && block[482] != 0;
    let real_size = number(&block[483..495]).filter(|_| kind == b'S');
    let mode = number(&block[100..108]).unwrap_or(0);
    let lends = matches!(kind, b'0' | 0) && mode & 0o6000 != 0 && mode & 0o111 != 0;
    let (target, size) = (text(&block[157..257]).to_vec(), number(&block[124..136]));
    Header { name, target, size, kind, continues, real_size, lends }
}

/// Octal digits between blanks; or, with the highest bit set, a number of 8 bytes or fewer.
fn number(field: &[u8]) -> Option<u64> {
    if field.first().is_some_and(|b| b & 0x80 != 0) {
        let (high, low) = field.split_at_checked(field.len().checked_sub(8)?)?;
        let small = high.iter().enumerate().all(|(n, b)| *b == 0 || (n == 0 && *b == 0x80));
        return low.first_chunk().filter(|_| small).map(|low| u64::from_be_bytes(*low));
    }
    let digits = field.split(|b| *b == 0).next()?.trim_ascii();
    if digits.is_empty() || !digits.iter().all(|b| (b'0'..=b'7').contains(b)) {
        return None;
    }
    Some(digits.iter().fold(0, |n, b| n * 8 + u64::from(b - b'0')))
}

/// Up to the first NUL.
pub(super) fn text(field: &[u8]) -> &[u8] {
    field.split(|b| *b == 0).next().unwrap_or_default()
}

/// What a pax header says of the next member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Pax {
    pub(super) path: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
    pub(super) sparse: bool,
    /// Size of a sparse file with its holes.
    pub(super) real_size: Option<u64>,
}

impl Pax {
    /// Reads records of `<length> <key>=<value>\n`; false where they break that form.
    pub(super) fn read(&mut self, mut bytes: &[u8]) -> bool {
        while bytes.first().is_some_and(|b| *b != 0) {
            let Some(space) = bytes.iter().take(20).position(|b| *b == b' ') else { return false };
            let length = str::from_utf8(&bytes[..space]).ok().and_then(|n| n.parse::<usize>().ok());
            let Some((record, rest)) = length.and_then(|n| bytes.split_at_checked(n)) else { return false };
            let Some(record) = record.get(space + 1..).and_then(|r| r.strip_suffix(b"\n")) else { return false };
            let Some(equals) = record.iter().position(|b| *b == b'=') else { return false };
            self.set(&record[..equals], &record[equals + 1..]);
            bytes = rest;
        }
        true
    }

    fn set(&mut self, key: &[u8], value: &[u8]) {
        let number = || str::from_utf8(value).ok().and_then(|n| n.parse().ok());
        match key {
            b"path" | b"GNU.sparse.name" => self.path = Some(value.to_vec()),
            b"linkpath" => self.target = Some(value.to_vec()),
            b"size" => self.size = number(),
            b"GNU.sparse.map" | b"GNU.sparse.major" => self.sparse = true,
            b"GNU.sparse.size" | b"GNU.sparse.realsize" => (self.sparse, self.real_size) = (true, number()),
            _ => {}
        }
    }

    /// What this leaves open, as a header for all members says it.
    pub(super) fn or(self, general: &Pax) -> Pax {
        Pax {
            path: self.path.or_else(|| general.path.clone()),
            target: self.target.or_else(|| general.target.clone()),
            size: self.size.or(general.size),
            sparse: self.sparse || general.sparse,
            real_size: self.real_size.or(general.real_size),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_kind() {
        for (field, expected) in [
            (&b"0000644\0"[..], Some(0o644)),
            (b"    644 ", Some(0o644)),
            (b"00000000010 ", Some(8)),
            (b"\x80\0\0\0\0\0\0\0\0\0\x01\0", Some(256)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\0", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
            (b"\0\0\0\0\0\0\0\0", None),
            (b"12a4567\0", None),
            (b"0009\0\0\0\0", None),
        ] {
            assert_eq!(number(field), expected, "{field:?}");
        }
    }

    #[test]
    fn pax_records() {
        let mut pax = Pax::default();
        assert!(pax.read("17 path=模型/a\n12 size=100\n22 GNU.sparse.major=1\n\0\0".as_bytes()));
        assert_eq!((pax.path, pax.size, pax.sparse), (Some("模型/a".as_bytes().to_vec()), Some(100), true));
        for broken in
            ["path=a\n", "99 path=a\n", "8 path=a\n", "0 path=a\n", "8 pathax\n", "99999999999999999999 a=b\n"]
        {
            assert!(!Pax::default().read(broken.as_bytes()), "{broken}");
        }
    }
}
