//! Any number of sequences of symbols, found in one pass (Aho and Corasick, 1975).
//!
//! The children of a state stand side by side, so they need no table of their own, and behind them stand theirs: the
//! states of a word lie near each other.
//! The caller tells where a pattern may begin, which in ordinary text is nearly nowhere; there a table leads from the
//! root over two or three symbols at once. What costs time here is waiting for the memory, so a step looks at one place
//! of it where it can.

/// No pattern ends here.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone)]
pub(crate) struct Trie {
    /// The root is state 0.
    nodes: Vec<Node>,
    depth: Vec<u16>,
    /// State after one symbol from the root.
    first: Vec<u32>,
    /// The first state after two symbols: those before are the root and the states after one.
    deep: usize,
    doubles: Jumps,
    triples: Jumps,
    singles: Singles,
}

/// What is read together lies together.
#[derive(Debug, Clone, Copy)]
struct Node {
    /// Symbol on the way from its parent.
    label: u32,
    /// The first child, and how many there are.
    children: u32,
    child_count: u32,
    /// The state of the longest proper suffix.
    fail: u32,
    /// Pattern that ends here.
    pattern: u32,
    /// Nearest state of a proper suffix at which a pattern ends; 0: none.
    output: u32,
}

impl Node {
    fn new(label: u32) -> Self {
        Self { label, children: 0, child_count: 0, fail: 0, pattern: NONE, output: 0 }
    }
}

/// States after two symbols from the root, or after three, by all of them: a table with open addressing.
#[derive(Debug, Clone)]
struct Jumps {
    slots: Vec<Jump>,
    shift: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Jump {
    /// The symbols, side by side.
    key: u64,
    /// The root: nothing stands here.
    here: Here,
}

/// A state, and what is known of it without looking at it.
#[derive(Debug, Clone, Copy, Default)]
struct Here {
    /// The state, with [`ENDS`] unless no pattern ends there; or a pattern, with [`LEAF`].
    state: u32,
    /// A bit for each symbol that leads on, shared by some: most texts go on otherwise. [`ANY`] where nothing is known.
    on: u32,
}

/// A pattern may end at the state, or at one of its suffixes.
const ENDS: u32 = 1 << 31;
const ANY: u32 = u32::MAX;
/// Just one pattern ends there, and nothing leads on. States and patterns are fewer.
const LEAF: u32 = 1 << 30;

impl Here {
    const ROOT: Self = Self { state: 0, on: 0 };

    fn at(state: usize) -> Self {
        if state == 0 { Self::ROOT } else { Self { state: count(state) | ENDS, on: ANY } }
    }

    #[inline]
    fn state(self) -> usize {
        (self.state & !ENDS) as usize
    }

    #[inline]
    fn leaf(self) -> Option<u32> {
        (self.state & LEAF != 0).then_some(self.state & !(LEAF | ENDS))
    }

    #[inline]
    fn is_root(self) -> bool {
        self.state & !ENDS == 0
    }

    /// Nothing ends here, and the next symbol does not lead on: the search may as well begin with the second symbol.
    #[inline]
    fn is_idle(self, next: Option<u32>) -> bool {
        self.state & ENDS == 0 && next.is_some_and(|next| self.on & on_bit(next) == 0)
    }
}

#[inline]
fn on_bit(symbol: u32) -> u32 {
    1 << (symbol.wrapping_mul(0x9e37_79b1) >> 27)
}

/// What a look into the table says.
enum Looked {
    At(Here),
    Nowhere,
    /// Too many others stand around the place: the children must be searched.
    Unknown,
}

/// Symbols are characters at most, or fewer.
const SYMBOL_BITS: u32 = 21;

#[inline]
fn key_of<const N: usize>(symbols: [u32; N]) -> u64 {
    symbols.iter().fold(0, |key, symbol| key << SYMBOL_BITS | u64::from(*symbol))
}

impl Jumps {
    /// Places that are looked at, at most, however the symbols were chosen.
    const PROBES: usize = 8;

    fn of(jumps: Vec<Jump>) -> Self {
        let slots = (jumps.len() + jumps.len() / 2).next_power_of_two().clamp(1 << 4, 1 << 30);
        let slots_and_more = vec![Jump::default(); slots + Self::PROBES];
        let mut all = Self { slots: slots_and_more, shift: 64 - slots.trailing_zeros() };
        for jump in jumps {
            // What finds no room is left out, and then no place of its own is free.
            let places = all.places(jump.key);
            if let Some(free) = all.slots[places].iter_mut().find(|slot| slot.here.is_root()) {
                *free = jump;
            }
        }
        all
    }

    #[inline]
    fn places(&self, key: u64) -> std::ops::Range<usize> {
        let home = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        home..home + Self::PROBES
    }

    #[inline]
    fn get(&self, key: u64) -> Looked {
        for slot in self.slots.get(self.places(key)).unwrap_or_default() {
            if slot.here.is_root() {
                return Looked::Nowhere;
            }
            if slot.key == key {
                return Looked::At(slot.here);
            }
        }
        Looked::Unknown
    }
}

/// Symbols that are patterns by themselves, a bit for each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Singles {
    bits: Vec<u64>,
    range: std::ops::Range<u32>,
}

impl Singles {
    fn insert(&mut self, symbol: u32) {
        let word = (symbol / 64) as usize;
        if self.bits.len() <= word {
            self.bits.resize(word + 1, 0);
        }
        self.bits[word] |= 1 << (symbol % 64);
        let first = if self.range.is_empty() { symbol } else { self.range.start.min(symbol) };
        self.range = first..self.range.end.max(symbol + 1);
    }

    fn is_empty(&self) -> bool {
        self.range.is_empty()
    }

    /// All of them are in it.
    pub fn range(&self) -> std::ops::Range<u32> {
        self.range.clone()
    }

    #[inline]
    pub fn contains(&self, symbol: u32) -> bool {
        self.bits.get((symbol / 64) as usize).is_some_and(|bits| bits >> (symbol % 64) & 1 != 0)
    }
}

/// Symbols in a row.
pub(crate) trait Row: Copy {
    /// The number of the symbol at a place. `None`: the row has ended there.
    fn number(&self, at: usize) -> Option<u32>;
}

impl Row for &[u32] {
    #[inline]
    fn number(&self, at: usize) -> Option<u32> {
        self.get(at).copied()
    }
}

/// A state with which to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u32);

impl Trie {
    /// `patterns` in order, each once, none empty, none longer than 65,535 symbols, at most 2^30 symbols in all.
    /// The number of the first is given.
    pub fn build(first: u32, patterns: &[Box<[u32]>]) -> Self {
        let mut trie = Self {
            nodes: vec![Node::new(0)],
            depth: vec![0],
            first: Vec::new(),
            deep: 0,
            doubles: Jumps::of(Vec::new()),
            triples: Jumps::of(Vec::new()),
            singles: Singles::default(),
        };
        trie.grow(first, patterns);
        trie.enter_beginnings();
        trie.link();
        trie.enter_jumps();
        trie
    }

    /// Bytes on the heap.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        let nodes = size_of::<Node>() * self.nodes.len() + 2 * self.depth.len() + 4 * self.first.len();
        nodes + 8 * self.singles.bits.len() + size_of::<Jump>() * (self.doubles.slots.len() + self.triples.slots.len())
    }

    /// States, each a range of patterns that share their first symbols: those after one symbol first, then depth first.
    fn grow(&mut self, first_pattern: u32, patterns: &[Box<[u32]>]) {
        let mut waiting: Vec<(usize, std::ops::Range<usize>)> = vec![(0, 0..patterns.len())];
        while let Some((state, std::ops::Range { start: mut from, end: to })) = waiting.pop() {
            let depth = usize::from(self.depth[state]);
            if patterns.get(from).is_some_and(|pattern| pattern.len() == depth) && depth > 0 {
                self.nodes[state].pattern = first_pattern + count(from);
                from += 1;
            }
            let (first, before) = (self.nodes.len(), waiting.len());
            while from < to {
                let symbol = patterns[from][depth];
                let end = from + patterns[from..to].partition_point(|pattern| pattern[depth] == symbol);
                waiting.push((self.nodes.len(), from..end));
                self.nodes.push(Node::new(symbol));
                self.depth.push(u16::try_from(depth + 1).unwrap_or(u16::MAX));
                from = end;
            }
            // The first child's children stand next.
            waiting[before..].reverse();
            self.nodes[state].children = count(first);
            self.nodes[state].child_count = count(self.nodes.len() - first);
        }
    }

    /// The table over the first symbol.
    fn enter_beginnings(&mut self) {
        let children = self.child_range(0);
        self.deep = children.end;
        let highest = children.clone().map(|child| self.nodes[child].label).max().unwrap_or(0);
        self.first = vec![0; highest as usize + 1];
        for child in children {
            let Node { label, pattern, .. } = self.nodes[child];
            self.first[label as usize] = count(child);
            if pattern != NONE {
                self.singles.insert(label);
            }
        }
    }

    /// The tables over the first two and the first three symbols.
    fn enter_jumps(&mut self) {
        let (mut doubles, mut triples) = (Vec::new(), Vec::new());
        for first in self.child_range(0) {
            for second in self.child_range(first) {
                let [a, b] = [first, second].map(|state| self.nodes[state].label);
                doubles.push(Jump { key: key_of([a, b]), here: self.known_at(second) });
                for third in self.child_range(second) {
                    triples.push(Jump { key: key_of([a, b, self.nodes[third].label]), here: self.known_at(third) });
                }
            }
        }
        (self.doubles, self.triples) = (Jumps::of(doubles), Jumps::of(triples));
    }

    /// What is known of a state that a jump leads to.
    fn known_at(&self, state: usize) -> Here {
        let Node { pattern, output, child_count, .. } = self.nodes[state];
        if pattern < LEAF && output == 0 && child_count == 0 {
            return Here { state: pattern | LEAF | ENDS, on: 0 };
        }
        let ends = if pattern == NONE && output == 0 { 0 } else { ENDS };
        // Where a suffix ends, it goes on from there: nothing is told twice.
        let on = self.child_range(state).map(|child| on_bit(self.nodes[child].label));
        let on = if output == 0 { on.fold(0, |all, bit| all | bit) } else { ANY };
        Here { state: count(state) | ends, on }
    }

    fn link(&mut self) {
        // Suffixes are shorter, so the shorter states come first.
        let mut by_depth: Vec<u32> = (0..count(self.nodes.len())).collect();
        by_depth.sort_by_key(|state| self.depth[*state as usize]);
        for state in by_depth {
            let state = state as usize;
            for child in self.child_range(state) {
                let mut suffix = self.nodes[state].fail as usize;
                if state != 0 {
                    self.nodes[child].fail = loop {
                        if let Some(next) = self.child(suffix, self.nodes[child].label) {
                            break count(next);
                        }
                        if suffix == 0 {
                            break 0;
                        }
                        suffix = self.nodes[suffix].fail as usize;
                    };
                }
                let fail = self.nodes[child].fail;
                let suffix = self.nodes[fail as usize];
                self.nodes[child].output = if suffix.pattern == NONE { suffix.output } else { fail };
            }
        }
    }

    #[inline]
    fn child_range(&self, state: usize) -> std::ops::Range<usize> {
        let Node { children, child_count, .. } = self.nodes[state];
        children as usize..(children + child_count) as usize
    }

    /// The state after one symbol from the root, or the root.
    #[inline]
    fn after_one(&self, symbol: u32) -> usize {
        self.first.get(symbol as usize).copied().unwrap_or(0) as usize
    }

    /// The state after two symbols from the root.
    #[inline]
    fn after_two(&self, symbols: [u32; 2]) -> Option<Here> {
        self.after(&self.doubles, symbols)
    }

    /// The state after some symbols from the root, if a table has it.
    #[inline]
    fn after<const N: usize>(&self, jumps: &Jumps, symbols: [u32; N]) -> Option<Here> {
        match jumps.get(key_of(symbols)) {
            Looked::At(here) => Some(here),
            Looked::Nowhere => None,
            Looked::Unknown => self.after_slowly(&symbols),
        }
    }

    #[cold]
    fn after_slowly(&self, symbols: &[u32]) -> Option<Here> {
        symbols.iter().try_fold(0, |state, symbol| self.child(state, *symbol)).map(Here::at)
    }

    fn child(&self, state: usize, symbol: u32) -> Option<usize> {
        match state {
            0 => Some(self.after_one(symbol)).filter(|child| *child != 0),
            _ => self.among_children(state, symbol),
        }
    }

    #[inline]
    fn among_children(&self, state: usize, symbol: u32) -> Option<usize> {
        let range = self.child_range(state);
        let children = &self.nodes[range.clone()];
        let nth = if children.len() <= 8 {
            children.iter().position(|child| child.label == symbol)?
        } else {
            children.binary_search_by_key(&symbol, |child| child.label).ok()?
        };
        Some(range.start + nth)
    }

    /// Symbols that are patterns by themselves. `None`: none is.
    pub fn singles(&self) -> Option<&Singles> {
        Some(&self.singles).filter(|singles| !singles.is_empty())
    }

    /// Calls `found(end, pattern)` for every pattern that ends before symbol `end`, the longest first, until it says no.
    /// `next(at)` is the first place from `at` on where a pattern may begin, and whether one of two symbols may; `inner(at)`
    /// tells more slowly where none may. Gives the state at the end.
    #[inline]
    pub fn search(
        &self,
        symbols: impl Row,
        next: impl Fn(usize) -> (usize, bool),
        inner: impl Fn(usize) -> bool,
        mut found: impl FnMut(usize, u32) -> bool,
    ) -> State {
        let mut here = Here::ROOT;
        let (mut at, mut start) = (0, 0);
        loop {
            if here.is_root() {
                let short;
                (start, short) = next(at);
                let Some(first) = symbols.number(start) else { break };
                let second = symbols.number(start + 1).filter(|_| !self.singles.contains(first));
                let third = symbols.number(start + 2).filter(|third| !short && !self.singles.contains(*third));
                // Two or three steps at once, if nothing can end on the way.
                let (jump, steps) = match (second, third) {
                    (Some(second), Some(third)) if !self.singles.contains(second) => {
                        (self.after(&self.triples, [first, second, third]), 3)
                    }
                    (Some(second), _) => (self.after_two([first, second]), 2),
                    (None, _) => (Some(Here::at(self.after_one(first))), 1),
                };
                let is_idle = |here: &Here| steps > 1 && here.is_idle(symbols.number(start + steps));
                here = jump.filter(|here| !is_idle(here) && !inner(start)).unwrap_or(Here::ROOT);
                if let Some(pattern) = here.leaf() {
                    if !found(start + steps, pattern) {
                        return State(0);
                    }
                    (here, at) = (Here::ROOT, start + 1);
                    continue;
                }
                at = start + if here.is_root() { 1 } else { steps };
            } else {
                let Some(symbol) = symbols.number(at) else { break };
                let state = here.state();
                if state < self.deep {
                    // The root can go over both symbols as well.
                    start = at - 1;
                    here = symbols.number(start).and_then(|last| self.after_two([last, symbol])).unwrap_or(Here::ROOT);
                    if let Some(pattern) = here.leaf() {
                        if !found(at + 1, pattern) {
                            return State(0);
                        }
                        here = Here::ROOT;
                    }
                    if here.is_root() {
                        continue;
                    }
                } else if here.on & on_bit(symbol) != 0
                    && let Some(next) = self.among_children(state, symbol)
                {
                    here = Here::at(next);
                } else {
                    if here.on != ANY {
                        // A jump led here, and no suffix of it was told.
                        here = Here::ROOT;
                        at = start + 1;
                        continue;
                    }
                    // The state of the longest proper suffix, or the root before the last symbol: from there it takes more
                    // at once. What ends after that symbol alone was told already.
                    let suffix = self.nodes[state].fail as usize;
                    let last = symbols.number(at - 1).unwrap_or_default();
                    if suffix >= self.deep {
                        here = Here::at(suffix);
                    } else if self.singles.contains(last) {
                        here = Here::at(self.after_one(last));
                    } else {
                        here = Here::ROOT;
                        at -= 1;
                    }
                    continue;
                }
                at += 1;
            }
            if here.state & ENDS == 0 {
                continue;
            }
            let node = self.nodes[here.state()];
            let mut ending = if node.pattern == NONE { node.output as usize } else { here.state() };
            while ending != 0 {
                if !found(at, self.nodes[ending].pattern) {
                    return State(0);
                }
                ending = self.nodes[ending].output as usize;
            }
        }
        State(count(here.state()))
    }

    /// Whether a pattern of more than one symbol begins with a symbol.
    pub fn leads_on(&self, symbol: u32) -> bool {
        self.nodes[self.after_one(symbol)].child_count > 0 && self.after_one(symbol) != 0
    }

    /// How many symbols at the end of what was searched may be the beginning of a longer pattern, at most.
    /// `may_begin(length)` tells whether a pattern may begin that many symbols before the end.
    pub fn open(&self, State(state): State, may_begin: impl Fn(usize) -> bool) -> usize {
        let mut state = state as usize;
        while state != 0 {
            let depth = usize::from(self.depth[state]);
            if !self.child_range(state).is_empty() && may_begin(depth) {
                return depth;
            }
            state = self.nodes[state].fail as usize;
        }
        0
    }
}

/// States and patterns are fewer than 2^30: the words that an automaton takes are limited.
fn count(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn build(patterns: &[Vec<u32>]) -> (Trie, Vec<Box<[u32]>>) {
        let mut sorted: Vec<Box<[u32]>> = patterns.iter().map(|p| p.clone().into()).collect();
        sorted.sort();
        sorted.dedup();
        (Trie::build(0, &sorted), sorted)
    }

    proptest! {
        #[test]
        fn it_agrees_with_looking_for_each_pattern(
            patterns in prop::collection::vec(prop::collection::vec(1..4_u32, 1..6), 0..12),
            text in prop::collection::vec(0..5_u32, 0..40),
        ) {
            let (trie, sorted) = build(&patterns);
            let mut fast = Vec::new();
            let twos = |at: usize| sorted.iter().any(|pattern| pattern.len() == 2 && text[at..].starts_with(pattern));
            let state = trie.search(text.as_slice(), |at| (at, at % 3 == 0 || twos(at)), |_| false, |end, pattern| { fast.push((end, pattern)); true });
            let mut slow = Vec::new();
            for end in 1..=text.len() {
                for (number, pattern) in sorted.iter().enumerate() {
                    if text[..end].ends_with(pattern) {
                        slow.push((end, u32::try_from(number).unwrap()));
                    }
                }
            }
            fast.sort_unstable();
            slow.sort_unstable();
            prop_assert_eq!(fast, slow);
            let begins = |start: &[u32]| sorted.iter().any(|p| p.len() > start.len() && p.starts_with(start));
            let open = (1..=text.len()).rev().find(|len| begins(&text[text.len() - len..])).unwrap_or(0);
            prop_assert_eq!(trie.open(state, |_| true), open);
        }
    }

    #[test]
    fn nothing_is_found_by_nothing() {
        let (trie, _) = build(&[]);
        assert!(trie.bytes() > 0);
        assert_eq!(trie.search([1_u32, 2, 3].as_slice(), |at| (at, true), |_| false, |_, _| panic!("found")), State(0));
    }
}
