use std::{cell::Cell, rc::Rc};

use jingwei_core::Limits;
use jingwei_read::Sighting;

/// Always allowed, so that a small and sparse checkpoint can be looked at: some 50 ms of inflating.
const ALWAYS: u64 = 64 << 20;
/// Decoded content that is held at once, over all depths. Longer content is decoded as it is read.
const MEMORY: u64 = 96 << 20;

/// What everything inside one file may cost together: decoded bytes, entries, depth, memory. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Rc<Shared>,
    depth: u32,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    decoded: Cell<u64>,
    entries: Cell<u64>,
    memory: Cell<u64>,
    crossed: Cell<Option<Crossed>>,
    told: Cell<bool>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crossed {
    Ratio,
    Entries,
    Depth,
}

impl Budget {
    /// For a file of so many bytes. What it may expand to is `expansion_ratio` times that, and always as much as the
    /// largest document that is parsed (`header_bytes`), but no more than 64 MiB of that.
    #[must_use]
    pub fn new(file_bytes: u64, limits: &Limits) -> Self {
        let by_ratio = file_bytes.saturating_mul(limits.expansion_ratio).min(limits.file_bytes);
        let shared = Shared {
            limits: *limits,
            decoded: Cell::new(by_ratio.max(ALWAYS.min(limits.header_bytes))),
            entries: Cell::new(limits.entries),
            memory: Cell::new(MEMORY),
            crossed: Cell::new(None),
            told: Cell::new(false),
        };
        Self { shared: Rc::new(shared), depth: 0 }
    }

    /// Nothing more will be decoded: going on to other members is in vain.
    #[must_use]
    pub fn is_spent(&self) -> bool {
        self.shared.decoded.get() == 0
    }

    /// The limit that was crossed, the first time that this is asked after it was. A caller asks once more when it is
    /// done with a file: content that is read late, from a decoder, may cross it then.
    #[must_use]
    pub fn verdict(&self) -> Option<Sighting> {
        let crossed = self.shared.crossed.get()?;
        if self.shared.told.replace(true) {
            return None;
        }
        let limits = &self.shared.limits;
        Some(match crossed {
            Crossed::Ratio => Sighting::limit("expansion_ratio", limits.expansion_ratio),
            Crossed::Entries => Sighting::limit("entries", limits.entries),
            Crossed::Depth => Sighting::limit("depth", u64::from(limits.depth)),
        })
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(crate) fn decoded_left(&self) -> u64 {
        self.shared.decoded.get()
    }

    /// Pays for `bytes` that were decoded or are gone through again.
    pub(crate) fn spend(&self, bytes: u64) -> bool {
        self.pay(&self.shared.decoded, bytes, Crossed::Ratio)
    }

    /// Notes that something would cost more than there is left. Others may still be paid for.
    pub(crate) fn refuse_expansion(&self) {
        self.cross(Crossed::Ratio);
    }

    pub(crate) fn enter(&self) -> bool {
        self.pay(&self.shared.entries, 1, Crossed::Entries)
    }

    /// One deeper: for what lies inside something that was opened.
    pub(crate) fn deeper(&self) -> Option<Self> {
        if self.depth >= self.shared.limits.depth {
            self.cross(Crossed::Depth);
            return None;
        }
        Some(Self { shared: Rc::clone(&self.shared), depth: self.depth + 1 })
    }

    /// Takes all memory that is left, until the result gives it back.
    pub(crate) fn hold(&self) -> Held {
        Held { shared: Rc::clone(&self.shared), bytes: self.shared.memory.take() }
    }

    fn pay(&self, purse: &Cell<u64>, price: u64, crossed: Crossed) -> bool {
        match purse.get().checked_sub(price) {
            Some(left) => {
                purse.set(left);
                true
            }
            None => {
                purse.set(0);
                self.cross(crossed);
                false
            }
        }
    }

    fn cross(&self, crossed: Crossed) {
        if self.shared.crossed.get().is_none() {
            self.shared.crossed.set(Some(crossed));
        }
    }
}

/// Memory that is given back when dropped.
#[derive(Debug)]
pub(crate) struct Held {
    shared: Rc<Shared>,
    bytes: u64,
}

impl Held {
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn shrink(&mut self, bytes: u64) {
        let given_back = self.bytes.saturating_sub(bytes);
        self.bytes -= given_back;
        self.shared.memory.set(self.shared.memory.get() + given_back);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(0);
    }
}
