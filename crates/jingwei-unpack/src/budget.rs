use std::{cell::Cell, rc::Rc};

use jingwei_core::{Limits, Text};
use jingwei_read::Sighting;

/// Always allowed, so that a small and sparse checkpoint can be looked at: some 50 ms of inflating zeros.
const ALWAYS: u64 = 40 << 20;
/// Decoded content that is held at once, over all depths. Longer content is decoded as it is read.
const MEMORY: u64 = 96 << 20;

/// A packed stream that grows so much so soon needs no more to be known: deflate ends at 1032 to 1, and only one byte
/// again and again comes near that.
const EARLY: u64 = 40 << 20;
const STEEP: u64 = 900;
/// The rule for what grows beyond all measure when it is unpacked.
pub(crate) const BOMB: &str = "model.archive-bomb";

/// What everything inside one file may cost together: decoded bytes, entries, depth, memory. Clones share it.
#[derive(Debug, Clone)]
pub struct Budget {
    shared: Rc<Shared>,
    depth: u32,
}

#[derive(Debug)]
struct Shared {
    limits: Limits,
    file_bytes: u64,
    decoded: Cell<u64>,
    /// On the first way through: what decoding cost, what it gave and what it took.
    paid: Cell<u64>,
    given: Cell<u64>,
    taken: Cell<u64>,
    entries: Cell<u64>,
    memory: Cell<u64>,
    crossed: Cell<Option<Crossed>>,
    told: Cell<bool>,
    /// The size that a member claims and that was not believed.
    claimed: Cell<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Crossed {
    Ratio,
    Entries,
    Depth,
}

impl Budget {
    /// For a file of so many bytes. What it may expand to is `expansion_ratio` times that, and always as much as the
    /// largest document that is parsed (`header_bytes`), but no more than 40 MiB of that.
    #[must_use]
    pub fn new(file_bytes: u64, limits: &Limits) -> Self {
        let by_ratio = file_bytes.saturating_mul(limits.expansion_ratio).min(limits.file_bytes);
        let shared = Shared {
            limits: *limits,
            file_bytes,
            paid: Cell::new(0),
            given: Cell::new(0),
            taken: Cell::new(0),
            claimed: Cell::new(0),
            decoded: Cell::new(by_ratio.max(ALWAYS.min(limits.header_bytes))),
            entries: Cell::new(limits.entries.min(limits.archive_entries)),
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
        Some(self.bomb(crossed))
    }

    fn bomb(&self, crossed: Crossed) -> Sighting {
        let limits = &self.shared.limits;
        let file = self.shared.file_bytes;
        let (key, reason) = match crossed {
            Crossed::Ratio => {
                let bytes = self.shared.given.get().max(self.shared.claimed.get());
                let times = bytes / file.max(1);
                let most = limits.expansion_ratio;
                let zh = format!("{file} 字节会展开成至少 {bytes} 字节（{times} 倍，上限 {most} 倍）");
                let en = format!("{file} bytes become {bytes} or more ({times} times as much, {most} are allowed)");
                ("expansion_ratio", Text::new(zh, en))
            }
            Crossed::Entries => {
                let most = limits.entries.min(limits.archive_entries);
                let zh = format!("归档中的条目超过 {most} 个");
                ("entries", Text::new(zh, format!("its archives have more than {most} entries")))
            }
            Crossed::Depth => {
                let most = limits.depth;
                let zh = format!("归档一个套一个，超过 {most} 层");
                ("depth", Text::new(zh, format!("archives lie in one another, more than {most} deep")))
            }
        };
        Sighting::new(BOMB).key(key).with_text("reason", reason)
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

    /// Notes what one step of decoding gave and what it took, on the first way through, `price` being what a byte costs
    /// beside one of deflate; false where it grows so steeply
    /// that there is no need to see the end.
    pub(crate) fn grows(&self, given: u64, price: u64, taken: u64) -> bool {
        let add = |cell: &Cell<u64>, more: u64| {
            cell.set(cell.get().saturating_add(more));
            cell.get()
        };
        let paid = add(&self.shared.paid, given.saturating_mul(price));
        let (given, taken) = (add(&self.shared.given, given), add(&self.shared.taken, taken));
        let steep = STEEP.max(self.shared.limits.expansion_ratio);
        if paid < EARLY || given <= taken.saturating_mul(steep) {
            return true;
        }
        self.shared.decoded.set(0);
        self.cross(Crossed::Ratio);
        false
    }

    /// Notes that something would cost more than there is left. Others may still be paid for.
    pub(crate) fn refuse_expansion(&self, claimed: u64) {
        self.shared.claimed.set(self.shared.claimed.get().max(claimed));
        self.cross(Crossed::Ratio);
    }

    /// A list was left before its end.
    pub(crate) fn is_list_cut(&self) -> bool {
        self.shared.crossed.get() == Some(Crossed::Entries)
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
