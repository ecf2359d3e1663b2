use std::fs;

use super::*;
use crate::tiles::push_entry;

fn bundle(entries: &[&[u8]]) -> Vec<u8> {
    let mut payload = Vec::new();
    entries.iter().for_each(|entry| push_entry(&mut payload, entry));
    payload
}

/// A segment from entry 5 on with three frames; gives where each begins, and where the last ends.
fn segment() -> (Vec<u8>, Vec<usize>) {
    let mut bytes = empty_segment(5)[..HEADER].to_vec();
    let mut places = Vec::new();
    for (first, count, entries) in
        [(5, 2, vec![b"one".as_slice(), b"two"]), (7, 1, vec![&[b'x'; 3000]]), (8, 2, vec![&[b'y'; 700], b"last"])]
    {
        places.push(bytes.len());
        push_frame(&mut bytes, first, count, &[&bundle(&entries)]);
    }
    places.push(bytes.len());
    let len = segment_len(bytes.len() as u64) as usize;
    bytes.resize(len, 0);
    (bytes, places)
}

/// Reads a segment and says how it ends, after how many frames.
fn read(bytes: &[u8]) -> (usize, String) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("segment");
    fs::write(&path, bytes).unwrap();
    let mut reader = match SegmentReader::open(&path, 5) {
        Ok(reader) => reader,
        Err(e) => return (0, e.to_string()),
    };
    let mut frames = 0;
    loop {
        match reader.step().unwrap() {
            Step::Frame { .. } => frames += 1,
            Step::End => return (frames, "end".to_owned()),
            Step::Sealed { next, .. } => return (frames, format!("sealed {next}")),
            Step::Torn { offset } => return (frames, format!("torn {offset}")),
            Step::Corrupt { offset, what } => return (frames, format!("corrupt {offset}: {what}")),
        }
    }
}

fn check(change: impl FnOnce(&mut Vec<u8>, &[usize]), frames: usize, expected: &str) {
    let (mut bytes, places) = segment();
    change(&mut bytes, &places);
    let expected = ["{0}", "{1}", "{2}", "{3}"]
        .iter()
        .zip(&places)
        .fold(expected.to_owned(), |text, (name, place)| text.replace(name, &place.to_string()));
    let (found_frames, found) = read(&bytes);
    assert!(
        found_frames == frames && found.starts_with(&expected),
        "{found_frames} {found}, expected {frames} {expected}"
    );
}

#[test]
fn a_whole_segment_ends_or_leads_on() {
    check(|_, _| {}, 3, "end");
    check(|b, p| b[p[3]..p[3] + HEADER].copy_from_slice(&seal(10)), 3, "sealed 10");
    let (_, places) = segment();
    assert!(places.iter().all(|place| place % HEADER == 0));
    assert_eq!(read(&empty_segment(5)), (0, "end".to_owned()));
}

#[test]
fn an_unfinished_last_write_is_torn() {
    // Cut anywhere in the last frame, as a short file or as zeros.
    let (bytes, places) = segment();
    for cut in places[2]..places[3] - HEADER {
        if bytes[cut..places[3]].iter().all(|b| *b == 0) {
            continue;
        }
        check(|b, _| b.truncate(cut), 2, "torn {2}");
        if cut > places[2] {
            check(|b, p| b[cut..p[3]].fill(0), 2, "torn {2}");
        }
    }
    // A sector in its middle did not reach the disk, or its first one did not.
    let sector = places[2].next_multiple_of(512);
    check(|b, _| b[sector..sector + 512].fill(0), 2, "torn {2}");
    check(|b, p| b[p[2]..p[2] + HEADER].fill(0), 2, "torn {2}");
    // The file did not grow to its length, or grew without the frame.
    check(|b, p| b.truncate(p[3]), 3, "torn {3}");
    check(|b, p| b.truncate(p[3] + HEADER), 3, "torn {3}");
    check(|b, _| b.extend([0; 65_536]), 3, "torn {3}");
}

#[test]
fn damage_is_told_apart_from_an_unfinished_write() {
    // Every byte of every frame, the last one included.
    let (_, places) = segment();
    for at in (places[0]..places[3]).step_by(7) {
        let frame = places.iter().rposition(|place| *place <= at).unwrap();
        check(|b, _| b[at] ^= 0x10, frame, &format!("corrupt {{{frame}}}"));
    }
    // A frame in the middle that is gone, cut or swapped: the frames behind it show that it was whole once.
    check(|b, p| b[p[1]..p[2]].fill(0), 1, "corrupt {1}");
    check(|b, p| b[p[1]..p[1] + HEADER].fill(0), 1, "corrupt {1}");
    check(|b, p| b[p[1] + 600..p[2]].fill(0), 1, "corrupt {1}");
    check(|b, p| b.copy_within(p[2]..p[3], p[1]), 1, "corrupt {1}: a frame does not continue");
    // Bytes where there should be none.
    check(|b, p| b[p[3] + 8] = 1, 3, "torn {3}");
    check(
        |b, p| {
            b[p[3]..p[3] + HEADER].copy_from_slice(&seal(10));
            b[p[3] + 100] = 1;
        },
        3,
        "corrupt",
    );
    check(
        |b, p| {
            b[p[3]..p[3] + HEADER].copy_from_slice(&seal(10));
            b.truncate(p[3] + HEADER);
        },
        3,
        "corrupt",
    );
    check(|b, _| b[9] ^= 1, 0, "`");
    check(|b, _| b.truncate(20), 0, "`");
    check(|b, _| b.clear(), 0, "`");
}

#[test]
fn a_frame_that_lies_about_its_content_is_damage() {
    for (count, payload) in [(3, bundle(&[b"a", b"b"])), (0, Vec::new()), (1, vec![0, 9, 1])] {
        let mut bytes = empty_segment(5)[..HEADER].to_vec();
        push_frame(&mut bytes, 5, count, &[&payload]);
        bytes.resize(GRAIN as usize, 0);
        assert!(read(&bytes).1.starts_with("corrupt 32: a frame does not hold"), "{count}");
    }
}

#[test]
fn names_sort_as_their_numbers_do() {
    assert_eq!(segment_name(7), "wal/00000000000000000007.wal");
    for (path, first) in [
        ("wal/00000000000000000007.wal", Some(7)),
        ("wal/18446744073709551615.wal", Some(u64::MAX)),
        ("wal/7.wal", None),
        ("wal/+0000000000000000007.wal", None),
        ("wal/00000000000000000007.wa", None),
    ] {
        assert_eq!(parse_segment_name(path), first, "{path}");
    }
}
