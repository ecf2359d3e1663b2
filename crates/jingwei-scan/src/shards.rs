//! What stands in files of samples beside the samples: types of Python in Arrow's schemas, lengths of TFRecord's records.

use jingwei_core::Text;
use jingwei_read::{Part, Reader, Sighting, Source};
use memchr::memmem;

/// The name under which older versions of PyArrow keep a type of Python's own, and load its pickle (CVE-2023-47248).
const PYTHON_TYPE: &[u8] = b"arrow.py_extension_type";
/// Bytes of an Arrow file in which its schema is looked for.
const SCHEMA: u64 = 16 << 20;
/// Texts of one schema that are taken for pickles.
const MOST: usize = 64;
/// Bytes by which is told whether a text begins like a pickle.
const HEAD: usize = 64;

/// The schema at the front of an Arrow stream or file; nothing for other files.
pub(crate) fn schema_in_front(source: &mut dyn Source, front: &[u8]) -> Option<Vec<u8>> {
    if !(front.starts_with(b"ARROW1\0\0") || front.starts_with(b"\xff\xff\xff\xff")) {
        return None;
    }
    let length = source.length().min(SCHEMA);
    // What cannot be read is told where it is digested.
    Reader::new(&mut Part::new(source, 0, length)).take_vec(length).ok()
}

/// The pickles of the columns' types in a schema: texts behind their length, as FlatBuffers write them.
pub(crate) fn pickled_types(schema: &[u8]) -> Vec<Vec<u8>> {
    if memmem::find(schema, PYTHON_TYPE).is_none() {
        return Vec::new();
    }
    let text_at = |at: usize| {
        let length = u32::from_le_bytes(*schema.get(at..)?.first_chunk()?);
        schema.get(at + 4..)?.get(..usize::try_from(length).ok()?)
    };
    let texts = (0..schema.len()).step_by(4).filter_map(text_at);
    let pickles = texts.filter(|text| jingwei_pickle::begins_like_a_file(&text[..text.len().min(HEAD)]));
    // Texts may overlap, however long they are.
    let mut left = MOST_BYTES;
    let fits = |text: &&[u8]| left.checked_sub(text.len()).map(|rest| left = rest).is_some();
    pickles.take(MOST).take_while(fits).map(<[u8]>::to_vec).collect()
}

/// Bytes of all pickles that are taken out of a schema.
const MOST_BYTES: usize = 32 << 20;
/// Records that are gone through.
const MOST_RECORDS: usize = 100_000;
/// Length and its checksum before a record, the record's checksum behind it.
const BEFORE: u64 = 12;
const BEHIND: u64 = 4;

/// A record of a TFRecord file that is longer than the file, although the checksum of its length is right: readers take
/// memory for it.
pub(crate) fn record_lie(source: &mut dyn Source) -> Option<Sighting> {
    let end = source.length();
    let mut at = 0;
    for _ in 0..MOST_RECORDS {
        let mut head = [0; 12];
        Reader::new(&mut Part::new(source, at, BEFORE)).take(&mut head).ok()?;
        let (length, sum) = head.split_first_chunk::<8>()?;
        if *sum != masked(crc32c(length)).to_le_bytes() {
            return None;
        }
        let length = u64::from_le_bytes(*length);
        let next = at.checked_add(BEFORE + BEHIND).and_then(|at| at.checked_add(length));
        match next.filter(|next| *next <= end) {
            Some(next) => at = next,
            None => {
                let left = end - at - BEFORE;
                return Some(Sighting::malformed(
                    at,
                    format!("一条记录声称有 {length} 字节，其后只有 {left} 字节"),
                    format!("a record claims {length} bytes, and {left} follow"),
                ));
            }
        }
    }
    None
}

/// CRC-32C (RFC 3720, appendix B.4), bit by bit: eight bytes a record are too few for a table.
fn crc32c(bytes: &[u8]) -> u32 {
    const REVERSED: u32 = 0x82f6_3b78;
    let byte = |sum: u32, byte: &u8| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| sum >> 1 ^ if sum & 1 == 1 { REVERSED } else { 0 })
    };
    !bytes.iter().fold(!0, byte)
}

/// As TensorFlow keeps a checksum (`tensorflow/core/lib/hash/crc32c.h`).
fn masked(sum: u32) -> u32 {
    sum.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Functions of SQLite that load a library or reach files, where a trigger, a view or a default calls them.
pub(crate) fn calls_of_database(bytes: &[u8]) -> Option<Sighting> {
    const CALLS: [&str; 5] = ["load_extension(", "writefile(", "readfile(", "fts3_tokenizer(", "edit("];
    // The statements of a schema begin so, and stand near what they call.
    const NEAR: usize = 4 << 10;
    const MOST_CALLS: usize = 1 << 14;
    let (call, at) = CALLS.iter().find_map(|call| {
        memmem::find_iter(bytes, call.as_bytes())
            .take(MOST_CALLS)
            .find(|at| {
                let before = &bytes[at.saturating_sub(NEAR)..*at];
                [&b"CREATE TRIGGER"[..], b"CREATE VIEW", b"create trigger", b"create view", b"CREATE TEMP"]
                    .iter()
                    .any(|head| memmem::find(before, head).is_some())
            })
            .map(|at| (*call, at))
    })?;
    let (zh, en) = ("数据库的触发器或视图会调用它", "a trigger or a view of the database calls it");
    let sighting = Sighting::new("model.file-reaches-out").key(call).at(at as u64);
    Some(sighting.with("name", call).with_text("why", Text::new(zh, en)))
}

/// Pictures say how large they are before they are unpacked, and readers take room for all of it.
pub(crate) fn picture_lie(front: &[u8], length: u64) -> Option<Sighting> {
    /// Points that no picture of a data set has, and how many a packed byte may stand for.
    const POINTS: u64 = 1 << 28;
    const EACH: u64 = 600;
    let number = |range: std::ops::Range<usize>| {
        front.get(range).map(|bytes| bytes.iter().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let little = |range: std::ops::Range<usize>| {
        front.get(range).map(|bytes| bytes.iter().rev().fold(0_u64, |sum, byte| sum << 8 | u64::from(*byte)))
    };
    let (width, height) = if front.starts_with(b"\x89PNG\r\n\x1a\n") {
        (number(16..20)?, number(20..24)?)
    } else if front.starts_with(b"GIF8") {
        (little(6..8)?, little(8..10)?)
    } else if front.starts_with(b"BM")
        && little(6..10)? == 0
        && matches!(little(14..18)?, 40 | 52 | 56 | 64 | 108 | 124)
    {
        (little(18..22)?, little(22..26)?)
    } else {
        return None;
    };
    let points = width.saturating_mul(height);
    if points < POINTS || points / EACH < length && points < POINTS << 4 {
        return None;
    }
    let (zh, en) = (
        format!("图片声称有 {width}×{height} 个像素，文件只有 {length} 字节"),
        format!("the picture claims {width} by {height} points, and the file has {length} bytes"),
    );
    Some(Sighting::new("model.archive-bomb").key("picture").with_text("reason", Text::new(zh, en)))
}

/// Tables of word vectors begin with how many there are and how long each is. Readers take room for all of them first.
pub(crate) fn vectors_lie(name: &str, front: &[u8], length: u64) -> Option<Sighting> {
    let lower = name.to_ascii_lowercase();
    if ![".vec", ".bin", ".txt", ".w2v", ".kv", ".glove", ".emb"].iter().any(|end| lower.ends_with(end)) {
        return None;
    }
    let line = front.split(|byte| *byte == b'\n').next().filter(|line| line.len() < 64 && line.len() < front.len())?;
    let mut numbers = std::str::from_utf8(line).ok()?.split_whitespace().map(str::parse::<u64>);
    let (Some(Ok(count)), Some(Ok(width)), None) = (numbers.next(), numbers.next(), numbers.next()) else {
        return None;
    };
    let claimed = count.saturating_mul(width.saturating_add(1));
    // A number takes two characters at least, and a mark between.
    if claimed <= length || claimed < 1 << 28 {
        return None;
    }
    let (zh, en) = (
        format!("词向量表声称有 {count} 行、每行 {width} 个数，文件只有 {length} 字节"),
        format!("the table of word vectors claims {count} rows of {width} numbers, and the file has {length} bytes"),
    );
    Some(Sighting::malformed(0, zh, en))
}

/// A model of fastText says in its front how many words its dictionary has; each takes eleven bytes and more.
pub(crate) fn words_lie(front: &[u8], length: u64) -> Option<Sighting> {
    const WORD: i64 = 11;
    let number = |at: usize| front.get(at..at + 4)?.first_chunk().map(|bytes| i64::from(i32::from_le_bytes(*bytes)));
    if number(0)? != 793_712_314 || !(1..=100).contains(&number(4)?) {
        return None;
    }
    let (size, words, labels) = (number(64)?, number(68)?, number(72)?);
    let room = i64::try_from(length).unwrap_or(i64::MAX);
    let fits = size >= 0 && size.saturating_mul(WORD) <= room && words >= 0 && labels >= 0 && words + labels == size;
    (!fits).then(|| {
        let (zh, en) = (
            format!("fastText 词典声称有 {size} 个词（{words} 个词与 {labels} 个标签），文件只有 {length} 字节"),
            format!(
                "the dictionary of fastText claims {size} entries ({words} words and {labels} labels), and the file has {length} bytes"
            ),
        );
        Sighting::malformed(64, zh, en)
    })
}

#[cfg(test)]
mod tests {
    #[test]
    fn dictionaries_that_claim_more_than_the_file_holds() {
        let model = |size: i32, words: i32, labels: i32| {
            let mut bytes = [793_712_314_i32.to_le_bytes(), 12_i32.to_le_bytes()].concat();
            bytes.resize(64, 1);
            for number in [size, words, labels] {
                bytes.extend(number.to_le_bytes());
            }
            bytes
        };
        for (bytes, lies) in [
            (model(3, 1, 2), false),
            (model(i32::MAX, i32::MAX, 0), true),
            (model(-1, -1, 0), true),
            (model(3, 1, 1), true),
            (model(3, 1, 2)[..60].to_vec(), false),
            (b"not a model".to_vec(), false),
        ] {
            assert_eq!(words_lie(&bytes, 1000).is_some(), lies);
        }
    }

    use super::*;

    fn record(content: &[u8], claimed: u64) -> Vec<u8> {
        let length = claimed.to_le_bytes();
        [&length[..], &masked(crc32c(&length)).to_le_bytes(), content, b"sum."].concat()
    }

    #[test]
    fn records_are_as_long_as_they_say() {
        // The value that RFC 3720 gives for 32 zeros.
        assert_eq!(crc32c(&[0; 32]), 0x8a91_36aa);
        for (bytes, is_lie) in [
            (record(b"abc", 3), false),
            ([record(b"abc", 3), record(b"", 0)].concat(), false),
            ([record(b"abc", 3), record(b"abc", 1 << 40)].concat(), true),
            (record(b"abc", u64::MAX), true),
            ([record(b"abc", 3), vec![0; 40]].concat(), false),
            (b"no records at all".to_vec(), false),
            (Vec::new(), false),
        ] {
            let mut source = bytes;
            assert_eq!(record_lie(&mut source).is_some(), is_lie, "{source:?}");
        }
    }

    #[test]
    fn types_of_python_bring_pickles() {
        let pickle = b"cposix\nsystem\n(S'id'\ntR.";
        let text = |text: &[u8]| {
            let length = u32::try_from(text.len()).unwrap().to_le_bytes();
            let mut bytes = [&length[..], text, b"\0"].concat();
            bytes.resize(bytes.len().next_multiple_of(4), 0);
            bytes
        };
        let schema = [text(b"ARROW:extension:metadata"), text(pickle), text(PYTHON_TYPE)].concat();
        assert_eq!(pickled_types(&schema), [pickle.to_vec()]);
        assert!(pickled_types(&[text(pickle), text(b"other.type")].concat()).is_empty());
        let stream = [b"\xff\xff\xff\xff".as_slice(), &schema].concat();
        assert_eq!(schema_in_front(&mut stream.clone(), &stream).map(|schema| schema.len()), Some(stream.len()));
        assert!(schema_in_front(&mut schema.clone(), &schema).is_none());
    }

    #[test]
    fn triggers_and_views_of_databases_are_read() {
        let call = calls_of_database(b"SQLite format 3\0 .. CREATE VIEW v AS SELECT load_extension('x')");
        assert_eq!(call.and_then(|sighting| sighting.key).as_deref(), Some("load_extension("));
        assert!(calls_of_database(b"SQLite format 3\0 a text about load_extension('x')").is_none());
        assert!(calls_of_database(b"").is_none());
    }

    #[test]
    fn tables_and_pictures_hold_what_they_claim() {
        assert!(vectors_lie("a.vec", b"9999999999 300\na 0.1\n", 30).is_some());
        assert!(vectors_lie("a.vec", b"2 3\na 0.1 0.2 0.3\n", 30).is_none());
        assert!(vectors_lie("a.md", b"9999999999 300\na 0.1\n", 30).is_none());
        assert!(vectors_lie("a.txt", b"99999999999999999999999 3\n", 30).is_none());
        let png = |side: u32| {
            [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".as_slice(), &side.to_be_bytes(), &side.to_be_bytes()].concat()
        };
        assert!(picture_lie(&png(60_000), 400_000).is_some());
        assert!(picture_lie(&png(600), 4_000).is_none());
        assert!(picture_lie(b"BMDF 3 4 5 6 7 8 9 0 1 2 3 4 5 6", 4_000).is_none());
        assert!(picture_lie(b"GIF8", 4).is_none());
    }
}
