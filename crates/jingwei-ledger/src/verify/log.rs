//! The write-ahead log: acknowledged entries that no checkpoint covers yet.

use std::path::Path;

use super::{Findings, What, tree::TreeCheck};
use crate::{
    error::LedgerError,
    tiles::bundle_entries,
    wal::{SegmentReader, Step, segment_name},
};

/// What a segment turned out to hold.
struct Segment {
    frames: u64,
    /// Index behind its last entry.
    next: u64,
    ending: Ending,
}

#[derive(PartialEq, Eq)]
enum Ending {
    /// Another segment follows.
    Sealed,
    Open,
    /// A write under way, or cut off.
    Unfinished(u64),
    Damaged,
}

/// Reads all segments; entries from the signed ones on go into the tree. `in_use`: a process may be writing.
pub(super) fn check_log(
    dir: &Path,
    segments: &[u64],
    signed: u64,
    in_use: bool,
    tree: &mut TreeCheck<'_>,
    findings: &mut Findings,
) {
    let Some(oldest) = segments.first() else {
        findings.at(&segment_name(signed), What::Missing);
        return;
    };
    // The oldest segment may begin before the signed end, when a crash kept it from being removed.
    let mut before = Segment { frames: 0, next: signed.min(*oldest), ending: Ending::Sealed };
    let mut segments = segments.to_vec();
    let mut at = 0;
    while let Some(first) = segments.get(at) {
        let name = segment_name(*first);
        if before.ending != Ending::Damaged && before.next != *first {
            findings.at(&name, What::LogGap { expected: before.next, found: *first });
        }
        let segment = read_segment(dir, *first, signed, in_use, tree, findings);
        if segment.frames > 0 && before.ending == Ending::Open {
            // Without entries it is what a crash leaves between making a segment and closing the one before.
            let reason = "the segment before it is not closed".to_owned();
            findings.at(&name, What::LogDamaged { reason });
        }
        if let Ending::Unfinished(offset) = segment.ending
            && !(in_use && at + 1 == segments.len())
        {
            findings.at_byte(&name, offset, What::Unfinished);
        }
        before = segment;
        at += 1;
        let begun_since = at == segments.len() && in_use && before.ending == Ending::Sealed;
        if begun_since && dir.join(segment_name(before.next)).exists() {
            segments.push(before.next);
        }
    }
    if before.ending == Ending::Sealed {
        findings.at(&segment_name(before.next), What::Missing);
    } else if before.next < signed && before.ending != Ending::Damaged {
        findings.at(&segment_name(*oldest), What::LogGap { expected: signed, found: before.next });
    }
}

fn read_segment(
    dir: &Path,
    first: u64,
    signed: u64,
    in_use: bool,
    tree: &mut TreeCheck<'_>,
    findings: &mut Findings,
) -> Segment {
    let name = segment_name(first);
    let mut seen = None;
    loop {
        let mut segment = Segment { frames: 0, next: first, ending: Ending::Open };
        match read_frames(dir, first, signed, &mut segment, tree, findings) {
            Ok(()) => return segment,
            // Frames that are written while they are read look damaged; a second look finds them whole.
            Err(LedgerError::Corrupt { offset, .. }) if in_use && seen != Some(offset) => {
                seen = Some(offset);
                continue;
            }
            Err(LedgerError::Corrupt { offset, what, .. }) => {
                findings.at_byte(&name, offset, What::LogDamaged { reason: what });
            }
            Err(other) => findings.at(&name, What::Unreadable { reason: other.to_string() }),
        }
        segment.ending = Ending::Damaged;
        return segment;
    }
}

fn read_frames(
    dir: &Path,
    first: u64,
    signed: u64,
    segment: &mut Segment,
    tree: &mut TreeCheck<'_>,
    findings: &mut Findings,
) -> Result<(), LedgerError> {
    let mut reader = SegmentReader::open(&dir.join(segment_name(first)), first)?;
    loop {
        match reader.step()? {
            Step::Frame { first, .. } => {
                segment.frames += 1;
                segment.next = reader.next_index();
                for (index, (_, entry)) in (first..).zip(bundle_entries(reader.payload()).map_while(Result::ok)) {
                    if index >= signed && index == tree.size() && !tree.stopped() {
                        tree.add(entry, findings);
                    }
                }
                continue;
            }
            Step::Sealed { .. } => segment.ending = Ending::Sealed,
            Step::End => segment.ending = Ending::Open,
            Step::Torn { offset } => segment.ending = Ending::Unfinished(offset),
            Step::Corrupt { offset, what } => {
                let path = reader.path().to_owned();
                return Err(LedgerError::Corrupt { path, offset, what: what.to_owned() });
            }
        }
        return Ok(());
    }
}
