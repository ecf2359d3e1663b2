use std::ops::Range;

use jingwei_core::Span;

/// Which bytes of the original a piece of a changed text came from.
///
/// Pieces that were copied character by character are kept as one linear run, so that the map of an
/// ordinary text has a handful of entries however long it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OffsetMap {
    pieces: Vec<Piece>,
    changed_len: usize,
    original_len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    changed: usize,
    original: usize,
    original_end: usize,
    /// Characters have the same lengths on both sides, so offsets inside it correspond.
    linear: bool,
}

impl OffsetMap {
    #[must_use]
    pub fn new(original_len: usize) -> Self {
        Self { pieces: Vec::new(), changed_len: 0, original_len }
    }

    /// The same, with room for some pieces.
    pub(crate) fn with_room(original_len: usize, pieces: usize) -> Self {
        Self { pieces: Vec::with_capacity(pieces), changed_len: 0, original_len }
    }

    /// The map of a text that was not changed.
    #[must_use]
    pub fn identity(len: usize) -> Self {
        let mut map = Self::new(len);
        map.copied(0..len);
        map
    }

    /// The next bytes of the changed text are these bytes of the original, unchanged in length.
    pub fn copied(&mut self, original: Range<usize>) {
        self.push(original.len(), original, true);
    }

    /// The next `len` bytes of the changed text stand for these bytes of the original as a whole.
    pub fn replaced(&mut self, len: usize, original: Range<usize>) {
        self.push(len, original, false);
    }

    /// Length of the original text.
    #[must_use]
    pub fn original_len(&self) -> usize {
        self.original_len
    }

    /// Takes back what was mapped from an offset of the changed text on.
    pub(crate) fn truncate(&mut self, changed: usize) {
        while self.pieces.last().is_some_and(|piece| piece.changed >= changed) {
            self.pieces.pop();
        }
        if let Some(last) = self.pieces.last_mut().filter(|last| last.linear) {
            last.original_end = last.original_end.min(last.original + (changed - last.changed));
        }
        self.changed_len = self.changed_len.min(changed);
    }

    /// The last byte of the changed text stands for what follows it in the original too, up to `original_end`.
    pub(crate) fn extend_last_byte(&mut self, original_end: usize) {
        let Some(changed) = self.changed_len.checked_sub(1) else { return };
        let start = self.start(changed);
        self.truncate(changed);
        self.replaced(1, start..original_end);
    }

    fn push(&mut self, len: usize, original: Range<usize>, linear: bool) {
        if len == 0 {
            return;
        }
        let changed = self.changed_len;
        self.changed_len += len;
        if let Some(last) = self.pieces.last_mut() {
            let continues = linear && last.linear && last.original_end == original.start;
            let same_cluster =
                !linear && !last.linear && last.original == original.start && last.original_end == original.end;
            if continues || same_cluster {
                last.original_end = original.end;
                return;
            }
        }
        self.pieces.push(Piece { changed, original: original.start, original_end: original.end, linear });
    }

    /// The smallest range of the original that covers a range of the changed text.
    #[must_use]
    pub fn span(&self, changed: Range<usize>) -> Span {
        // Most of what is asked for lies in one piece.
        let first = self.pieces_to(changed.start);
        let start = self.start_in(first, changed.start);
        if changed.end <= changed.start {
            return Span { start, end: start };
        }
        let one = self.pieces.get(first).is_none_or(|next| next.changed >= changed.end);
        let pieces = if one { first } else { self.pieces_to(changed.end - 1) };
        let end = match pieces.checked_sub(1).and_then(|last| self.pieces.get(last)) {
            Some(piece) if piece.linear => piece.original + (changed.end - piece.changed),
            Some(piece) => piece.original_end,
            None => start,
        };
        let end = end.min(self.original_len);
        Span { start: start.min(end), end }
    }

    /// Where in the original the character at an offset of the changed text begins.
    #[must_use]
    pub fn start(&self, changed: usize) -> usize {
        self.start_in(self.pieces_to(changed), changed)
    }

    /// The same for a caller who knows how many pieces begin up to there.
    fn start_in(&self, pieces: usize, changed: usize) -> usize {
        if changed >= self.changed_len {
            return self.original_len;
        }
        match pieces.checked_sub(1).and_then(|last| self.pieces.get(last)) {
            Some(piece) if piece.linear => piece.original + (changed - piece.changed),
            Some(piece) => piece.original,
            None => self.original_len,
        }
    }

    /// How many pieces begin at an offset or before.
    fn pieces_to(&self, changed: usize) -> usize {
        self.pieces.partition_point(|piece| piece.changed <= changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_lead_back() {
        // original: "ab\u{200b}ﬁc" → changed: "abfic"
        let mut map = OffsetMap::new(9);
        map.copied(0..1);
        map.copied(1..2);
        map.replaced(1, 5..8);
        map.replaced(1, 5..8);
        map.copied(8..9);
        for (changed, original) in
            [(0..2, 0..2), (1..3, 1..8), (2..3, 5..8), (3..4, 5..8), (4..5, 8..9), (0..5, 0..9), (5..5, 9..9)]
        {
            let span = map.span(changed.clone());
            assert_eq!(span.start..span.end, original, "{changed:?}");
        }
    }
}
