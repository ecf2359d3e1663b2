use std::cell::Cell;

use jingwei_core::Limits;

/// Opcodes per entry of [`Limits::entries`].
const PER_ENTRY: u64 = 256;
/// Opcodes that any file may have, and how many more for each of its bytes: what is packed has more of them than bytes.
const ALWAYS: u64 = 2 << 20;
const PER_BYTE: u64 = 16;

/// Opcodes that may still be followed, over all streams of one file. Counting what is recognised and what is judged,
/// so a stream without a protocol mark counts twice.
#[derive(Debug)]
pub struct Steps {
    left: Cell<u64>,
    most: u64,
}

impl Steps {
    /// As many as a file of `length` bytes, packed or not, may have.
    #[must_use]
    pub fn of_file(length: u64, limits: &Limits) -> Self {
        let of_length = length.saturating_mul(PER_BYTE).saturating_add(ALWAYS);
        Self::new(of_length.min(limits.entries.saturating_mul(PER_ENTRY)))
    }

    /// As many as the limits allow, however small the file.
    #[must_use]
    pub fn of(limits: &Limits) -> Self {
        Self::new(limits.entries.saturating_mul(PER_ENTRY))
    }

    fn new(most: u64) -> Self {
        Self { left: Cell::new(most), most }
    }

    pub(crate) fn most(&self) -> u64 {
        self.most
    }

    /// One more, if there is one.
    #[inline]
    pub(crate) fn take(&self) -> bool {
        let left = self.left.get();
        self.left.set(left.saturating_sub(1));
        left > 0
    }
}
