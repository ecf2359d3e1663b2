use std::{
    cell::Cell,
    io::{self, Read},
    rc::Rc,
};

use jingwei_read::Source;
use lzma_rust2::filter::{bcj::BcjReader, delta::DeltaReader};

use crate::{
    budget::{Budget, Held},
    feed::{Feed, Stretch},
    frames::{Coder, Frames},
};

/// At the end of longer content, kept for those that look there first.
const TAIL: usize = 128 << 10;
/// Before the position of a decoder, kept for small steps back.
const RECENT: usize = 256 << 10;
const CHUNK: usize = 64 << 10;
/// Looked at, at the most, where a claim already says that the whole is too much.
const PREVIEW: u64 = 1 << 20;

/// How to get at packed content, as often as needed.
#[derive(Clone)]
pub(crate) struct Plan<'a> {
    pub(crate) packed: Stretch<'a>,
    pub(crate) coder: Coder,
    /// Applied to what the coder gives, in this order.
    pub(crate) filters: Vec<Filter>,
    pub(crate) budget: Budget,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Filter {
    Delta(usize),
    X86,
    Arm,
    Arm64,
    ArmThumb,
    PowerPc,
    Sparc,
    Ia64,
    RiscV,
}

/// What became of decoding to the end.
pub(crate) struct Decoded<'a> {
    pub(crate) content: Box<dyn Source + 'a>,
    pub(crate) length: u64,
    pub(crate) crc: u32,
    /// Packed bytes that whole frames took.
    pub(crate) end: u64,
    /// Why the content stops where it does, unless it is whole.
    pub(crate) fault: Option<io::Error>,
    /// It was cut because a claim or the budget says that there is too much.
    pub(crate) cut: bool,
}

impl<'a> Plan<'a> {
    /// `taken` counts the packed bytes that it reads.
    fn decoder(&self, end: &Rc<Cell<u64>>, taken: &Rc<Cell<u64>>) -> Box<dyn Read + 'a> {
        let feed = Feed::new(self.packed.clone(), Rc::clone(taken));
        let frames = Frames::new(self.coder, feed, Rc::clone(end), self.budget.clone());
        self.filters.iter().fold(Box::new(frames), |inner, filter| match *filter {
            Filter::Delta(distance) => Box::new(DeltaReader::new(inner, distance)),
            Filter::X86 => Box::new(BcjReader::new_x86(inner, 0)),
            Filter::Arm => Box::new(BcjReader::new_arm(inner, 0)),
            Filter::Arm64 => Box::new(BcjReader::new_arm64(inner, 0)),
            Filter::ArmThumb => Box::new(BcjReader::new_arm_thumb(inner, 0)),
            Filter::PowerPc => Box::new(BcjReader::new_ppc(inner, 0)),
            Filter::Sparc => Box::new(BcjReader::new_sparc(inner, 0)),
            Filter::Ia64 => Box::new(BcjReader::new_ia64(inner, 0)),
            Filter::RiscV => Box::new(BcjReader::new_riscv(inner, 0)),
        })
    }

    /// Pays for decoded bytes. Bit by bit decoders take their time.
    fn price(&self) -> u64 {
        match self.coder {
            Coder::Lzma { .. } | Coder::Lzma2 { .. } | Coder::Xz | Coder::Bzip2 => 4,
            _ => 1,
        }
    }

    fn pay(&self, bytes: usize) -> bool {
        self.budget.spend(bytes as u64 * self.price())
    }

    /// Decodes to the end, so that length and checksum are known; keeps the content where it is small enough, and
    /// otherwise its front and its end.
    pub(crate) fn decode(self, claimed: Option<u64>) -> Decoded<'a> {
        let left = self.budget.decoded_left();
        let preview = claimed.is_some_and(|claimed| claimed > left).then_some(PREVIEW.min(left / 4));
        let mut held = self.budget.hold();
        let mut pass = Pass::new(&self, claimed, held.bytes());
        let end = Rc::new(Cell::new(0));
        let taken = Rc::new(Cell::new(0));
        let mut decoder = self.decoder(&end, &taken);
        let mut counted = 0;
        let mut cut = false;
        let fault = loop {
            if preview.is_some_and(|most| pass.length >= most) {
                self.budget.refuse_expansion(claimed.unwrap_or(0));
                cut = true;
                break None;
            }
            match pass.step(&mut *decoder) {
                Ok(0) => break None,
                Ok(got) if !self.pay(got) => {
                    cut = true;
                    break None;
                }
                Ok(got) => {
                    let more = taken.get() - counted;
                    counted = taken.get();
                    // Where bytes cost more than the budget asks, as with bzip2, zeros are the slowest.
                    if !self.budget.grows(got as u64, self.price() * self.price(), more) {
                        cut = true;
                        break None;
                    }
                }
                Err(error) => {
                    cut = error.kind() == io::ErrorKind::QuotaExceeded;
                    break Some(error);
                }
            }
        };
        drop(decoder);
        held.shrink(pass.head.len() as u64);
        let Pass { head, tail, length, crc, .. } = pass;
        let content: Box<dyn Source + 'a> = if length == head.len() as u64 {
            Box::new(Whole { bytes: head, _held: held })
        } else {
            Box::new(Packed {
                plan: self,
                decoder: None,
                recent: Vec::new(),
                position: 0,
                head,
                tail,
                length,
                _held: held,
            })
        };
        Decoded { content, length, crc: crc.finalize(), end: end.get(), fault, cut }
    }
}

/// The first time through.
struct Pass {
    head: Vec<u8>,
    head_most: usize,
    tail: Vec<u8>,
    chunk: usize,
    length: u64,
    crc: crc32fast::Hasher,
}

impl Pass {
    fn new(plan: &Plan<'_>, claimed: Option<u64>, most: u64) -> Self {
        // One more than is expected, so that the end shows without another step.
        let expected = claimed.unwrap_or(u64::MAX).min(plan.packed.length().saturating_mul(1 << 10)).saturating_add(1);
        let chunk = usize::try_from(expected).unwrap_or(CHUNK).clamp(512, CHUNK);
        let head_most = usize::try_from(most).unwrap_or(0).max(CHUNK);
        Self { head: Vec::new(), head_most, tail: Vec::new(), chunk, length: 0, crc: crc32fast::Hasher::new() }
    }

    fn step(&mut self, decoder: &mut dyn Read) -> io::Result<usize> {
        let in_head = self.length == self.head.len() as u64 && self.head.len() < self.head_most;
        let (buffer, chunk) = if in_head {
            let chunk = self.chunk.min(self.head_most - self.head.len());
            (&mut self.head, chunk)
        } else {
            if self.tail.len() >= 2 * TAIL {
                self.tail.drain(..TAIL);
            }
            (&mut self.tail, CHUNK)
        };
        let got = append(buffer, chunk, decoder)?;
        self.crc.update(&buffer[buffer.len() - got..]);
        self.length += got as u64;
        Ok(got)
    }
}

/// Appends what one read gives, up to `chunk` bytes.
fn append(buffer: &mut Vec<u8>, chunk: usize, decoder: &mut dyn Read) -> io::Result<usize> {
    let before = buffer.len();
    buffer.resize(before + chunk, 0);
    let got = loop {
        match decoder.read(&mut buffer[before..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result,
        }
    };
    buffer.truncate(before + got.as_ref().map_or(0, |got| (*got).min(chunk)));
    got
}

struct Whole {
    bytes: Vec<u8>,
    _held: Held,
}

impl Source for Whole {
    fn length(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        self.bytes.as_slice().read_at(offset, into)
    }
}

/// Content too long to keep. Reading on is cheap; going back starts the decoder again and is paid for again.
struct Packed<'a> {
    plan: Plan<'a>,
    decoder: Option<Box<dyn Read + 'a>>,
    /// The bytes before `position`.
    recent: Vec<u8>,
    /// Where the decoder stands.
    position: u64,
    head: Vec<u8>,
    tail: Vec<u8>,
    length: u64,
    _held: Held,
}

impl Packed<'_> {
    /// What is at hand from `offset` on.
    fn at_hand(&self, offset: u64) -> &[u8] {
        for (start, bytes) in [
            (0, &self.head),
            (self.length - self.tail.len() as u64, &self.tail),
            (self.position - self.recent.len() as u64, &self.recent),
        ] {
            if let Some(bytes) = offset.checked_sub(start).and_then(|n| bytes.get(usize::try_from(n).ok()?..))
                && !bytes.is_empty()
            {
                return bytes;
            }
        }
        &[]
    }

    /// Decodes one step on, from the front where `offset` lies before what is at hand.
    fn advance(&mut self, offset: u64) -> Result<(), String> {
        let mut decoder = match self.decoder.take() {
            Some(decoder) if offset >= self.position => decoder,
            _ => {
                self.recent.clear();
                self.position = 0;
                self.plan.decoder(&Rc::default(), &Rc::default())
            }
        };
        if self.recent.len() >= 2 * RECENT {
            self.recent.drain(..RECENT);
        }
        let got = append(&mut self.recent, CHUNK, &mut *decoder).map_err(|e| e.to_string())?;
        if got == 0 {
            return Err("the content ends early".to_owned());
        }
        if !self.plan.pay(got) {
            return Err("it expands too far".to_owned());
        }
        self.position += got as u64;
        self.decoder = Some(decoder);
        Ok(())
    }
}

impl Source for Packed<'_> {
    fn length(&self) -> u64 {
        self.length
    }

    fn read_at(&mut self, offset: u64, into: &mut [u8]) -> Result<usize, String> {
        let left = usize::try_from(self.length.saturating_sub(offset)).unwrap_or(usize::MAX);
        let into = match into.len().min(left) {
            0 => return Ok(0),
            count => &mut into[..count],
        };
        let mut filled = 0;
        while filled < into.len() {
            let at = offset + filled as u64;
            let bytes = self.at_hand(at);
            if bytes.is_empty() {
                self.advance(at)?;
                continue;
            }
            let count = bytes.len().min(into.len() - filled);
            into[filled..filled + count].copy_from_slice(&bytes[..count]);
            filled += count;
        }
        Ok(into.len())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use jingwei_core::Limits;
    use proptest::prelude::*;

    use super::*;

    fn gzip(content: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(content).unwrap();
        encoder.finish().unwrap()
    }

    fn content() -> Vec<u8> {
        (0..250_000u32).flat_map(|n| (n.wrapping_mul(2_654_435_761) >> 20).to_le_bytes()).collect()
    }

    /// `kept`: there is memory for the content.
    fn open<'a>(packed: &'a mut Vec<u8>, budget: &Budget, kept: bool) -> Decoded<'a> {
        let hog = (!kept).then(|| budget.hold());
        let packed = Stretch::borrowed(packed);
        let decoded = Plan { packed, coder: Coder::Gzip, filters: Vec::new(), budget: budget.clone() }.decode(None);
        drop(hog);
        decoded
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(6))]

        #[test]
        fn the_order_of_reading_changes_nothing(
            reads in prop::collection::vec((0usize..1_000_100, 0usize..200_000), 1..12),
            kept: bool,
        ) {
            let content = content();
            let mut packed = [gzip(&content[..700_000]), gzip(&content[700_000..])].concat();
            let budget = Budget::new(10 << 20, &Limits::default());
            let mut opened = open(&mut packed, &budget, kept).content;
            prop_assert_eq!(opened.length(), content.len() as u64);
            for (offset, count) in reads {
                let mut into = vec![0; count];
                let got = opened.read_at(offset as u64, &mut into).unwrap();
                let start = offset.min(content.len());
                prop_assert!(into[..got] == content[start..content.len().min(start + count)], "{} at {}", count, offset);
            }
        }
    }

    #[test]
    fn going_back_is_paid_for() {
        let content = content();
        let mut packed = gzip(&content);
        let limits = Limits { expansion_ratio: 5, header_bytes: 0, ..Limits::default() };
        let budget = Budget::new(1 << 20, &limits);
        let mut opened = open(&mut packed, &budget, false).content;
        let mut read = |offset| opened.read_at(offset, &mut [0; 8]);
        let refused = (0..20).map(|n| read(if n % 2 == 0 { 800_000 } else { 100_000 })).any(|r| r.is_err());
        assert!(refused && budget.is_spent() && budget.verdict().is_some());
    }

    #[test]
    fn memory_is_given_back() {
        let budget = Budget::new(1 << 20, &Limits::default());
        let before = budget.hold().bytes();
        let mut packed = gzip(&content());
        let decoded = open(&mut packed, &budget, true);
        assert_eq!(budget.hold().bytes(), before - 1_000_000);
        drop(decoded);
        assert_eq!(budget.hold().bytes(), before);
    }
}
