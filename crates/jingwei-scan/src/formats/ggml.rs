//! Files of ggml before GGUF. A few marks stand for many layouts, and nothing in the file says which: sizes, then a
//! vocabulary, then tensors up to the end. A file is sound if it fits one of them to its last byte.

use jingwei_core::{Limits, Text};
use jingwei_read::{Facts, Inspection, ReadError, Reader, Sighting, Source};
use jingwei_template::Note;

use super::{HeaderError, gguf_types::tensor_type};
use crate::planted::Notes;

/// How a project wrote its models.
struct Layout {
    mark: &'static [u8; 4],
    /// A version stands behind the mark; that of the layout, where projects share the mark.
    version: Option<u32>,
    /// Whole numbers about the model.
    sizes: usize,
    /// Which of them counts the vocabulary.
    vocabulary: Option<usize>,
    /// A filter bank stands before the vocabulary.
    has_filters: bool,
    /// The vocabulary begins with a count of its own.
    is_counted: bool,
    has_scores: bool,
    /// Tensors begin at multiples of 32 bytes.
    is_aligned: bool,
}

const PLAIN: Layout = Layout {
    mark: b"lmgg",
    version: None,
    sizes: 7,
    vocabulary: Some(0),
    has_filters: false,
    is_counted: false,
    has_scores: false,
    is_aligned: false,
};
/// Versions of marks that have one.
const ANY: u32 = u32::MAX;

const LAYOUTS: [Layout; 13] = [
    // llama.cpp's first, and bert.cpp.
    PLAIN,
    // Falcon of ggllm.cpp.
    Layout { has_scores: true, ..PLAIN },
    // GPT-J.
    Layout { is_counted: true, ..PLAIN },
    // GPT-2, StarCoder.
    Layout { sizes: 6, is_counted: true, ..PLAIN },
    Layout { sizes: 6, ..PLAIN },
    // GPT-NeoX.
    Layout { sizes: 8, ..PLAIN },
    // whisper.cpp.
    Layout { sizes: 11, has_filters: true, is_counted: true, ..PLAIN },
    // MPT, Replit.
    Layout { sizes: 8, vocabulary: Some(4), ..PLAIN },
    Layout { sizes: 6, vocabulary: Some(4), has_scores: true, ..PLAIN },
    // llama.cpp's second and third.
    Layout { mark: b"fmgg", version: Some(ANY), has_scores: true, ..PLAIN },
    Layout { mark: b"tjgg", version: Some(ANY), has_scores: true, is_aligned: true, ..PLAIN },
    // What is added to a llama.
    Layout { mark: b"algg", version: Some(ANY), sizes: 2, vocabulary: None, is_aligned: true, ..PLAIN },
    // rwkv.cpp.
    Layout { mark: b"fmgg", version: Some(ANY), sizes: 4, vocabulary: None, ..PLAIN },
];

/// Types whose blocks were larger once: number and bytes.
const LARGER_BLOCKS: [(u32, u64); 6] = [(2, 20), (3, 24), (4, 20), (5, 24), (7, 24), (8, 36)];
/// Sizes and counts that no model reaches.
const MOST: i32 = 1 << 24;
const MOST_TOKENS: i32 = 1 << 21;
/// Of the sizes, those that count something in every layout.
const COUNTS: usize = 5;
const MOST_DIMENSIONS: u32 = 4;
const LONGEST_NAME: u32 = 256;
/// A token is a word or some bytes.
const LONGEST_TOKEN: u32 = 1 << 16;
/// So many tokens are no chance: the layout is the right one.
const SURE: u64 = 8;
/// Smaller files are no models of a kind that is not known here.
const SMALL: u64 = 64 << 10;
/// Shortest token that can be a sentence or an address, in bytes.
const LONG_TOKEN: u32 = 20;

pub(crate) fn looks_like(front: &[u8]) -> bool {
    front.len() >= 16 && [b"lmgg", b"fmgg", b"tjgg", b"algg"].iter().any(|mark| front.starts_with(*mark))
}

/// Reads sizes, vocabulary and the places of tensors.
pub(crate) fn inspect(source: &mut dyn Source, limits: &Limits) -> Inspection {
    let mut inspection = Inspection::default();
    let length = source.length();
    let mut best: Option<(u64, u64, HeaderError)> = None;
    for layout in &LAYOUTS {
        for has_larger_blocks in [false, true] {
            let mut walk = Walk::new(source, limits, layout, has_larger_blocks, None);
            match walk.file() {
                Ok(true) => {
                    // What its tokens say is read in the layout that fits alone.
                    let notes = Some(Notes::new(limits));
                    let mut walk = Walk::new(source, limits, layout, has_larger_blocks, notes);
                    walk.file().ok();
                    inspection.facts = walk.facts;
                    inspection.sightings = walk.notes.map(|notes| notes.seen).unwrap_or_default();
                    return inspection;
                }
                Ok(false) => break,
                Err(error) => {
                    let reached = (walk.tokens, walk.reader.position(), error);
                    let is_before_tensors = !walk.in_tensors;
                    if best.as_ref().is_none_or(|best| (best.0, best.1) < (reached.0, reached.1)) {
                        best = Some(reached);
                    }
                    if is_before_tensors {
                        break;
                    }
                }
            }
        }
    }
    let mark = Reader::new(source).peek(4).map(<[u8]>::to_vec).unwrap_or_default();
    inspection.see(match best {
        // One mark is shared by projects that are not known here.
        Some((tokens, _, error))
            if !names_its_kind(source)
                && (tokens >= SURE || length < SMALL || mark != b"lmgg" || error.is_of_sizes()) =>
        {
            Sighting::from(error)
        }
        _ => Sighting::not_inspected(
            "这是 GGUF 之前的 ggml 文件，其布局未知",
            "it is a ggml file from before GGUF, whose layout is not known",
        ),
    });
    inspection
}

/// Whether a text that says what the model is stands behind the mark, as in voice detectors of whisper.cpp.
fn names_its_kind(source: &mut dyn Source) -> bool {
    let front = Reader::new(source).peek(40).map(<[u8]>::to_vec).unwrap_or_default();
    let Some(([.., length, 0, 0, 0], text)) = front.split_first_chunk::<8>() else { return false };
    let text = text.get(..usize::from(*length)).unwrap_or_default();
    text.len() >= 4 && text.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

impl HeaderError {
    /// Whether the sizes at the very front are wrong, which come before anything that layouts differ in.
    fn is_of_sizes(&self) -> bool {
        matches!(self, HeaderError::Malformed { offset, .. } if *offset < 4 * (COUNTS as u64 + 2))
    }
}

struct Walk<'s, 'l> {
    reader: Reader<'s>,
    limits: &'l Limits,
    layout: &'l Layout,
    has_larger_blocks: bool,
    tokens: u64,
    in_tensors: bool,
    facts: Facts,
    /// Of what the tokens say; `None`: it is not asked.
    notes: Option<Notes<'l>>,
}

impl<'s, 'l> Walk<'s, 'l> {
    fn new(
        source: &'s mut dyn Source,
        limits: &'l Limits,
        layout: &'l Layout,
        has_larger_blocks: bool,
        notes: Option<Notes<'l>>,
    ) -> Self {
        Self {
            reader: Reader::new(source),
            limits,
            layout,
            has_larger_blocks,
            tokens: 0,
            in_tensors: false,
            facts: Facts::default(),
            notes,
        }
    }

    /// Whether the mark is the layout's, and the file fits it.
    fn file(&mut self) -> Result<bool, HeaderError> {
        let mut mark = [0; 4];
        self.reader.take(&mut mark)?;
        if mark != *self.layout.mark {
            return Ok(false);
        }
        if self.layout.version.is_some() {
            self.reader.skip(4)?;
        }
        let mut vocabulary = 0;
        for at in 0..self.layout.sizes {
            let offset = self.reader.position();
            let size = self.reader.i32_le()?;
            if at < COUNTS && !(0..=MOST).contains(&size) {
                return Err(HeaderError::malformed(
                    offset,
                    format!("模型的尺寸 {size} 不可能存在"),
                    format!("a size of the model is {size}, which cannot be"),
                ));
            }
            if Some(at) == self.layout.vocabulary {
                vocabulary = self.tokens_claimed(offset, size)?;
            }
        }
        if self.layout.has_filters {
            let offset = self.reader.position();
            let [rows, columns] = [self.reader.u32_le()?, self.reader.u32_le()?];
            let bytes = u64::from(rows).checked_mul(u64::from(columns)).and_then(|count| count.checked_mul(4));
            self.within(offset, bytes)?;
        }
        if self.layout.is_counted {
            let offset = self.reader.position();
            let count = self.reader.i32_le()?;
            vocabulary = self.tokens_claimed(offset, count)?;
        }
        self.vocabulary(vocabulary)?;
        self.in_tensors = true;
        let mut tensors = 0;
        while !self.reader.at_end() {
            self.tensor()?;
            tensors += 1;
            if tensors > self.limits.entries {
                return Err(HeaderError::limit("entries", self.limits.entries));
            }
        }
        self.facts.tensors = Some(tensors);
        Ok(true)
    }

    /// Each token takes the four bytes of its length.
    fn tokens_claimed(&self, offset: u64, count: i32) -> Result<u64, HeaderError> {
        let fits = |claimed: &u64| claimed.saturating_mul(4) <= self.reader.remaining() && count <= MOST_TOKENS;
        u64::try_from(count).ok().filter(fits).ok_or_else(|| {
            HeaderError::malformed(
                offset,
                format!("词表声称有 {count} 个词元，文件容纳不下"),
                format!("the vocabulary claims {count} tokens, and the file could not hold them"),
            )
        })
    }

    fn vocabulary(&mut self, count: u64) -> Result<(), HeaderError> {
        for _ in 0..count {
            let offset = self.reader.position();
            let bytes = self.reader.u32_le()?;
            if bytes > LONGEST_TOKEN || u64::from(bytes) > self.reader.remaining() {
                return Err(HeaderError::malformed(
                    offset,
                    format!("词元声称有 {bytes} 字节"),
                    format!("a token claims {bytes} bytes"),
                ));
            }
            match &mut self.notes {
                Some(notes) if bytes >= LONG_TOKEN => {
                    let token = self.reader.take_vec(bytes.into())?;
                    notes.text(&String::from_utf8_lossy(&token), Note::Token, "vocabulary");
                }
                _ => self.reader.skip(bytes.into())?,
            }
            if self.layout.has_scores {
                self.reader.skip(4)?;
            }
            self.tokens += 1;
        }
        Ok(())
    }

    fn tensor(&mut self) -> Result<(), HeaderError> {
        let offset = self.reader.position();
        let bad = |zh: &str, en: &str| HeaderError::Malformed { offset, reason: Text::new(zh, en) };
        let [dimensions, name, kind] = [self.reader.u32_le()?, self.reader.u32_le()?, self.reader.u32_le()?];
        if dimensions > MOST_DIMENSIONS {
            return Err(bad("张量的维数超过 4", "a tensor has more than 4 dimensions"));
        }
        if name == 0 || name > LONGEST_NAME {
            return Err(bad("张量名的长度不可能存在", "a tensor's name has a length that cannot be"));
        }
        let mut elements = 1u64;
        for _ in 0..dimensions {
            let extent = self.reader.u32_le()?;
            elements = elements
                .checked_mul(extent.into())
                .filter(|_| extent <= i32::MAX.cast_unsigned())
                .ok_or_else(|| bad("张量的元素数溢出", "a tensor overflows its element count"))?;
        }
        self.reader.skip(name.into())?;
        if self.layout.is_aligned {
            let start = self.reader.position().next_multiple_of(32);
            self.reader.seek(start);
        }
        let known = tensor_type(kind).map(|known| (known.elements, known.bytes));
        let larger = LARGER_BLOCKS.iter().find(|(number, _)| *number == kind && self.has_larger_blocks);
        let larger = larger.map(|(_, bytes)| (32, *bytes));
        let (block, bytes) = larger.or(known).ok_or_else(|| bad("张量的类型未知", "a tensor has an unknown type"))?;
        self.within(offset, (elements / block).checked_mul(bytes))?;
        self.facts.parameters = Some(self.facts.parameters.unwrap_or(0).saturating_add(elements));
        Ok(())
    }

    fn within(&mut self, offset: u64, bytes: Option<u64>) -> Result<(), HeaderError> {
        let past_end = |_: ReadError| {
            HeaderError::malformed(offset, "声称的数据超出文件末尾", "data are claimed beyond the end of the file")
        };
        self.reader.skip(bytes.unwrap_or(u64::MAX)).map_err(past_end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(mark: &[u8], numbers: &[i32], tokens: &[&[u8]], has_scores: bool, rest: &[u8]) -> Vec<u8> {
        let mut out = mark.to_vec();
        out.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        for token in tokens {
            out.extend(u32::try_from(token.len()).unwrap().to_le_bytes());
            out.extend(*token);
            out.extend(&[0; 4][..if has_scores { 4 } else { 0 }]);
        }
        [out.as_slice(), rest].concat()
    }

    fn tensor(dimensions: &[i32], kind: i32, bytes: usize) -> Vec<u8> {
        let mut out: Vec<u8> =
            [i32::try_from(dimensions.len()).unwrap(), 1, kind].iter().flat_map(|n| n.to_le_bytes()).collect();
        out.extend(dimensions.iter().flat_map(|n| n.to_le_bytes()));
        out.push(b'w');
        out.resize(out.len() + bytes, 0);
        out
    }

    fn check(case: &str, bytes: &[u8], expected: &[&str]) {
        let seen = inspect(&mut bytes.to_vec(), &Limits::default());
        let rules: Vec<&str> = seen.sightings.iter().map(|sighting| sighting.rule).collect();
        assert_eq!(rules, expected, "{case}");
    }

    const SIZES: [i32; 7] = [2, 32, 32, 4, 2, 8, 1];
    const WORDS: [&[u8]; 2] = [b"a", b"\xff\xfe"];
    const BROKEN: &[&str] = &["model.header-malformed"];

    #[test]
    fn sound_files_of_each_layout_are_read() {
        let with = |more: &[i32]| [&SIZES[..], more].concat();
        let aligned = |front: &[u8]| {
            let mut out = [front, &tensor(&[2], 0, 0)].concat();
            out.resize(out.len().next_multiple_of(32) + 8, 0);
            out
        };
        let versions = |version: i32| [&[version][..], &SIZES].concat();
        let whisper = [&[2, 1500, 384, 6, 4, 448, 384, 6, 4, 2, 1, 2, 3][..], &[0; 6], &[2]].concat();
        let mpt = [64, 2048, 4, 2, 2, 0x4100_0000, 0, 1];
        for (case, bytes) in [
            ("llama", file(b"lmgg", &SIZES, &WORDS, false, &tensor(&[2, 3], 0, 24))),
            ("without tensors", file(b"lmgg", &SIZES, &WORDS, false, b"")),
            ("GPT-J", file(b"lmgg", &with(&[2]), &WORDS, false, &tensor(&[32, 2], 2, 36))),
            ("GPT-2", file(b"lmgg", &[2, 32, 32, 4, 2, 1, 2], &WORDS, false, &tensor(&[8], 1, 16))),
            ("larger blocks", file(b"lmgg", &SIZES, &WORDS, false, &tensor(&[32, 2], 2, 40))),
            ("NeoX", file(b"lmgg", &with(&[1]), &WORDS, false, &tensor(&[8], 1, 16))),
            ("whisper", file(b"lmgg", &whisper, &WORDS, false, &tensor(&[8], 1, 16))),
            ("MPT", file(b"lmgg", &mpt, &WORDS, false, &tensor(&[8], 1, 16))),
            ("second llama", file(b"fmgg", &versions(1), &WORDS, true, &tensor(&[8], 1, 16))),
            ("third llama", aligned(&file(b"tjgg", &versions(3), &WORDS, true, b""))),
            ("an adapter", aligned(&file(b"algg", &[1, 8, 16], &[], false, b""))),
            ("RWKV", file(b"fmgg", &[101, 50277, 768, 12, 1], &[], false, &tensor(&[8], 1, 16))),
        ] {
            check(case, &bytes, &[]);
        }
    }

    #[test]
    fn what_lies_is_told() {
        let llama = |first: i32, words: &[&[u8]], rest: &[u8]| {
            let sizes = [&[3, first][..], &SIZES[1..]].concat();
            file(b"tjgg", &sizes, words, true, rest)
        };
        let giant = [&b"\xff\xff\xff\xff"[..], b"aaaa"].concat();
        let many: Vec<&[u8]> = vec![b"word"; 20_000];
        let large = |rest: &[u8]| file(b"lmgg", &[20_000, 32, 32, 4, 2, 8, 1], &many, false, rest);
        for (case, bytes, expected) in [
            ("a negative vocabulary", llama(-1, &WORDS, b""), BROKEN),
            ("a giant vocabulary", llama(i32::MAX, &WORDS, b""), BROKEN),
            ("one token too many", llama(3, &WORDS, b""), BROKEN),
            ("a token of 4 GB", llama(3, &WORDS, &giant), BROKEN),
            ("five dimensions", llama(2, &WORDS, &tensor(&[1; 5], 0, 4)), BROKEN),
            ("a negative extent", llama(2, &WORDS, &tensor(&[-1], 0, 4)), BROKEN),
            ("a tensor beyond the end", llama(2, &WORDS, &tensor(&[1 << 30], 0, 4)), BROKEN),
            ("a product that wraps", llama(2, &WORDS, &tensor(&[1 << 30; 4], 0, 4)), BROKEN),
            ("an unknown type", llama(2, &WORDS, &tensor(&[1], 99, 4)), BROKEN),
            ("negative and plain", file(b"lmgg", &[-5, 32, 32, 4, 2, 8, 1], &WORDS, false, b""), BROKEN),
            ("large and sound", large(b""), &[]),
            ("large and cut off", large(b"\x02\0\0\0\x01\0"), BROKEN),
            (
                "large and of an unknown kind",
                file(b"lmgg", &[1; 50], &[], false, &[0x77; 1 << 17]),
                &["model.not-inspected"],
            ),
            ("cut off", b"tjgg\x03\0\0\0\x01\0\0\0\x01\0\0\0".to_vec(), BROKEN),
        ] {
            check(case, &bytes, expected);
        }
    }
}
