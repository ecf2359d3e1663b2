//! Any number of sequences of symbols, found in one pass (Aho and Corasick, 1975).
//!
//! The children of a state stand side by side, so they need no table of their own, and behind them stand theirs: the
//! states of a word lie near each other.
//! A filter over the first two symbols keeps the search at the root where nothing can begin, which in ordinary text is
//! nearly everywhere; where something can, a table leads from the root over both symbols at once. What costs time here
//! is waiting for the memory, so a step looks at one place of it where it can.

/// The first of the states after one symbol.
const AFTER_ONE: usize = 1;
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
    pairs: Pairs,
    /// Of those the pairs after which a pattern may end, and the first two symbols, by their hash, with the third.
    ends: Pairs,
    thirds: Pairs,
    doubles: Doubles,
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

/// Pairs of symbols with which patterns begin: never misses one, and is wrong about few others.
#[derive(Debug, Clone)]
pub(crate) struct Pairs {
    bits: Vec<u64>,
    shift: u32,
}

impl Pairs {
    pub fn with_capacity(pairs: usize) -> Self {
        let bits = (pairs * 16).next_power_of_two().clamp(1 << 10, 1 << 21);
        Self { bits: vec![0; bits / 64], shift: 32 - (bits / 64).trailing_zeros() }
    }

    /// No more room than the different ones need: what is small stays near the processor.
    pub fn of(mut all: Vec<(u32, u32)>) -> Self {
        all.sort_unstable();
        all.dedup();
        let mut pairs = Self::with_capacity(all.len());
        all.iter().for_each(|(a, b)| pairs.insert(*a, *b));
        pairs
    }

    /// One word of bits, and two bits in it: one look into the memory (Putze, Sanders and Singler, 2007).
    #[inline]
    fn place(&self, hash: u32) -> (usize, u64) {
        let within = hash ^ hash >> 15;
        ((hash >> self.shift) as usize, 1 << (within & 63) | 1 << (within >> 6 & 63))
    }

    pub fn insert(&mut self, a: u32, b: u32) {
        let (word, bits) = self.place(hash_of(a, b));
        self.bits[word] |= bits;
    }

    #[inline]
    pub fn contains(&self, a: u32, b: u32) -> bool {
        self.has(hash_of(a, b))
    }

    /// The same by the hash of the two.
    #[inline]
    fn has(&self, hash: u32) -> bool {
        let (word, bits) = self.place(hash);
        self.bits.get(word).is_some_and(|word| word & bits == bits)
    }
}

#[inline]
fn hash_of(a: u32, b: u32) -> u32 {
    a.wrapping_mul(0x9e37_79b1).wrapping_add(b).wrapping_mul(0xc2b2_ae35)
}

/// States after two symbols from the root, by both: a table with open addressing.
#[derive(Debug, Clone)]
struct Doubles {
    slots: Vec<Double>,
    shift: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Double {
    a: u32,
    b: u32,
    /// The root: nothing stands here.
    here: Here,
}

/// A state, and what is known of it without looking at it.
#[derive(Debug, Clone, Copy, Default)]
struct Here {
    /// The state, with [`ENDS`] unless no pattern ends there.
    state: u32,
    /// A bit for each symbol that leads on, shared by some: most texts go on otherwise. [`ANY`] where nothing is known.
    on: u32,
}

/// A pattern may end at the state, or at one of its suffixes.
const ENDS: u32 = 1 << 31;
const ANY: u32 = u32::MAX;

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

impl Doubles {
    /// Places that are looked at, at most, however the symbols were chosen.
    const PROBES: usize = 8;

    fn with_capacity(pairs: usize) -> Self {
        let slots = (pairs + pairs / 2).next_power_of_two().clamp(1 << 4, 1 << 30);
        Self { slots: vec![Double::default(); slots + Self::PROBES], shift: 32 - slots.trailing_zeros() }
    }

    #[inline]
    fn places(&self, a: u32, b: u32) -> std::ops::Range<usize> {
        let home = (hash_of(a, b) >> self.shift) as usize;
        home..home + Self::PROBES
    }

    /// What finds no room is left out, and then no place of its own is free.
    fn insert(&mut self, double: Double) {
        let places = self.places(double.a, double.b);
        if let Some(free) = self.slots[places].iter_mut().find(|slot| slot.here.is_root()) {
            *free = double;
        }
    }

    /// Takes the mark from states at which nothing ends, which is known only when they are linked.
    fn unmark(&mut self, ends: impl Fn(usize) -> bool) {
        for slot in self.slots.iter_mut().filter(|slot| !ends(slot.here.state())) {
            slot.here.state &= !ENDS;
        }
    }

    #[inline]
    fn get(&self, a: u32, b: u32) -> Looked {
        for slot in self.slots.get(self.places(a, b)).unwrap_or_default() {
            if slot.here.is_root() {
                return Looked::Nowhere;
            }
            if (slot.a, slot.b) == (a, b) {
                return Looked::At(slot.here);
            }
        }
        Looked::Unknown
    }
}

/// Symbols that are patterns by themselves, a bit for each.
#[derive(Debug, Clone, Default)]
struct Singles(Vec<u64>);

impl Singles {
    fn insert(&mut self, symbol: u32) {
        let word = (symbol / 64) as usize;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (symbol % 64);
    }

    #[inline]
    fn contains(&self, symbol: u32) -> bool {
        self.0.get((symbol / 64) as usize).is_some_and(|bits| bits >> (symbol % 64) & 1 != 0)
    }
}

/// Something that stands for a symbol.
pub(crate) trait Symbol {
    fn number(&self) -> u32;
}

impl Symbol for u32 {
    #[inline]
    fn number(&self) -> u32 {
        *self
    }
}

/// A state with which to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct State(u32);

impl Trie {
    /// `patterns` in order, each once, none empty, none longer than 65,535 symbols, at most 2^31 symbols in all.
    pub fn build(patterns: &[Box<[u32]>]) -> Self {
        let mut trie = Self {
            nodes: vec![Node::new(0)],
            depth: vec![0],
            first: Vec::new(),
            deep: 0,
            pairs: Pairs::with_capacity(0),
            ends: Pairs::with_capacity(0),
            thirds: Pairs::with_capacity(0),
            doubles: Doubles::with_capacity(0),
            singles: Singles::default(),
        };
        trie.grow(patterns);
        trie.enter_beginnings();
        trie.link();
        trie
    }

    pub fn is_empty(&self) -> bool {
        self.depth.len() < 2
    }

    /// Bytes on the heap.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        let nodes = size_of::<Node>() * self.nodes.len() + 2 * self.depth.len() + 4 * self.first.len();
        let tables = self.pairs.bits.len() + self.ends.bits.len() + self.thirds.bits.len() + self.singles.0.len();
        nodes + 8 * tables + size_of::<Double>() * self.doubles.slots.len()
    }

    /// States, each a range of patterns that share their first symbols: those after one symbol first, then depth first.
    fn grow(&mut self, patterns: &[Box<[u32]>]) {
        let mut waiting: Vec<(usize, std::ops::Range<usize>)> = vec![(0, 0..patterns.len())];
        while let Some((state, std::ops::Range { start: mut from, end: to })) = waiting.pop() {
            let depth = usize::from(self.depth[state]);
            if patterns.get(from).is_some_and(|pattern| pattern.len() == depth) && depth > 0 {
                self.nodes[state].pattern = count(from);
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

    /// The tables over the first two symbols.
    fn enter_beginnings(&mut self) {
        let children = self.child_range(0);
        self.deep = children.end;
        let highest = children.clone().map(|child| self.nodes[child].label).max().unwrap_or(0);
        self.first = vec![0; highest as usize + 1];
        let pairs = children.clone().map(|child| self.child_range(child).len()).sum();
        self.pairs = Pairs::with_capacity(pairs);
        self.doubles = Doubles::with_capacity(pairs);
        for child in children {
            let Node { label, pattern, .. } = self.nodes[child];
            self.first[label as usize] = count(child);
            if pattern != NONE {
                self.singles.insert(label);
            }
            for grandchild in self.child_range(child) {
                let second = self.nodes[grandchild].label;
                self.pairs.insert(label, second);
                let on = self.child_range(grandchild).map(|child| on_bit(self.nodes[child].label));
                let here = Here { on: on.fold(0, |all, bit| all | bit), ..Here::at(grandchild) };
                self.doubles.insert(Double { a: label, b: second, here });
            }
        }
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
        let nodes = &self.nodes;
        let ends = |node: &Node| node.pattern != NONE || node.output != 0;
        self.doubles.unmark(|state| nodes.get(state).is_some_and(ends));
        let (mut ending, mut thirds) = (Vec::new(), Vec::new());
        for first in self.child_range(0) {
            for second in self.child_range(first) {
                let (a, b) = (self.nodes[first].label, self.nodes[second].label);
                if ends(&self.nodes[second]) {
                    ending.push((a, b));
                }
                thirds.extend(self.child_range(second).map(|third| (hash_of(a, b), self.nodes[third].label)));
            }
        }
        (self.ends, self.thirds) = (Pairs::of(ending), Pairs::of(thirds));
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
    fn after_two(&self, a: u32, b: u32) -> Option<Here> {
        if !self.pairs.contains(a, b) {
            return None;
        }
        match self.doubles.get(a, b) {
            Looked::At(here) => Some(here),
            Looked::Nowhere => None,
            Looked::Unknown => self.after_two_slowly(a, b),
        }
    }

    #[cold]
    fn after_two_slowly(&self, a: u32, b: u32) -> Option<Here> {
        let first = Some(self.after_one(a)).filter(|first| *first != 0)?;
        self.among_children(first, b).map(Here::at)
    }

    fn child(&self, state: usize, symbol: u32) -> Option<usize> {
        if state == 0 {
            return Some(self.after_one(symbol)).filter(|child| *child != 0);
        }
        self.step(Here::at(state), self.nodes[state].label, symbol).map(Here::state)
    }

    /// The state that a symbol leads to from one that is not the root and that the symbol `before` led to.
    #[inline]
    fn step(&self, here: Here, before: u32, symbol: u32) -> Option<Here> {
        if here.state() < self.deep {
            return self.after_two(before, symbol);
        }
        if here.on & on_bit(symbol) == 0 {
            return None;
        }
        self.among_children(here.state(), symbol).map(Here::at)
    }

    /// The state of the longest proper suffix.
    #[inline]
    fn suffix(&self, here: Here) -> Here {
        if here.state() < self.deep {
            return Here::ROOT;
        }
        if here.on != ANY {
            // Two symbols led here, and from any state after one symbol it is that symbol that leads on.
            return Here::at(AFTER_ONE);
        }
        Here::at(self.nodes[here.state()].fail as usize)
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

    /// The first place from one on where a pattern may begin, by the first three symbols: the last place but one, if
    /// there is none.
    #[inline]
    pub fn beginning<S: Symbol>(&self, symbols: &[S], from: usize) -> usize {
        let rest = symbols.get(from..).unwrap_or_default();
        let has_singles = !self.singles.0.is_empty();
        let may_begin = |three: &[S]| match three {
            [a, b, c] => {
                let (a, b) = (a.number(), b.number());
                let hash = hash_of(a, b);
                let pair = self.pairs.has(hash) && (self.thirds.contains(hash, c.number()) || self.ends.has(hash));
                pair || has_singles && self.singles.contains(a)
            }
            _ => true,
        };
        // The last two have no third.
        from + rest.windows(3).position(may_begin).unwrap_or(rest.len().saturating_sub(2))
    }

    /// Calls `found(end, pattern)` for every pattern that ends before symbol `end`, the longest first, until it says no.
    /// `next(at)` is the first place from `at` on where a pattern may begin; `inner(at)` tells more slowly where none
    /// may. Gives the state at the end.
    #[inline]
    pub fn search<S: Symbol>(
        &self,
        symbols: &[S],
        next: impl Fn(usize) -> usize,
        inner: impl Fn(usize) -> bool,
        mut found: impl FnMut(usize, u32) -> bool,
    ) -> State {
        let mut here = Here::ROOT;
        let mut before = 0;
        let mut at = 0;
        loop {
            if here.is_root() {
                at = next(at);
                let rest = symbols.get(at..).unwrap_or_default();
                let Some(symbol) = rest.first().map(Symbol::number) else { break };
                match rest.get(1) {
                    // Two steps at once.
                    Some(second) if !self.singles.contains(symbol) => {
                        before = second.number();
                        let third = rest.get(2).map(Symbol::number);
                        let next = self.after_two(symbol, before).filter(|next| !next.is_idle(third) && !inner(at));
                        here = next.unwrap_or(Here::ROOT);
                        at += if here.is_root() { 1 } else { 2 };
                    }
                    _ => {
                        before = symbol;
                        here = if inner(at) { Here::ROOT } else { Here::at(self.after_one(symbol)) };
                        at += 1;
                    }
                }
            } else {
                let Some(symbol) = symbols.get(at).map(Symbol::number) else { break };
                let Some(next) = self.step(here, before, symbol) else {
                    here = self.suffix(here);
                    continue;
                };
                here = next;
                before = symbol;
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

/// States and patterns are far fewer than 2^31: the words that an automaton takes are limited.
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
        (Trie::build(&sorted), sorted)
    }

    proptest! {
        #[test]
        fn it_agrees_with_looking_for_each_pattern(
            patterns in prop::collection::vec(prop::collection::vec(1..4_u32, 1..6), 0..12),
            text in prop::collection::vec(0..5_u32, 0..40),
        ) {
            let (trie, sorted) = build(&patterns);
            let mut fast = Vec::new();
            let state = trie.search(&text, |at| trie.beginning(&text, at), |_| false, |end, pattern| { fast.push((end, pattern)); true });
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
        assert!(trie.is_empty() && trie.bytes() > 0);
        assert_eq!(trie.search(&[1_u32, 2, 3], |at| at, |_| false, |_, _| panic!("found")), State(0));
    }
}
