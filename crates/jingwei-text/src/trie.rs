//! Any number of sequences of symbols, found in one pass (Aho and Corasick, 1975).
//!
//! States are numbered breadth first, so the children of a state stand side by side and need no table of their own.
//! A filter over the first two symbols keeps the search at the root where nothing can begin: in ordinary text that is
//! nearly everywhere.

/// No pattern ends here.
const NONE: u32 = u32::MAX;
/// In the table of the root: the symbol alone is a pattern.
const WHOLE: u32 = 1 << 31;

#[derive(Debug, Clone)]
pub(crate) struct Trie {
    /// Symbol on the way from its parent, by state. The root is state 0.
    labels: Vec<u32>,
    /// What is read together lies together: one more than there are states.
    nodes: Vec<Node>,
    depth: Vec<u16>,
    /// State after one symbol from the root, with [`WHOLE`].
    first: Vec<u32>,
    pairs: Pairs,
    /// Some patterns are a single symbol.
    has_singles: bool,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    /// The first child; the next state's is where the children end.
    children: u32,
    /// The state of the longest proper suffix.
    fail: u32,
    /// Pattern that ends here.
    pattern: u32,
    /// Nearest state of a proper suffix at which a pattern ends; 0: none.
    output: u32,
}

impl Node {
    const NEW: Self = Self { children: 0, fail: 0, pattern: NONE, output: 0 };
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

    /// One word of bits, and two bits in it: one look into the memory (Putze, Sanders and Singler, 2007).
    #[inline]
    fn place(&self, a: u32, b: u32) -> (usize, u64) {
        let hash = a.wrapping_mul(0x9e37_79b1).wrapping_add(b).wrapping_mul(0xc2b2_ae35);
        let within = hash ^ hash >> 15;
        ((hash >> self.shift) as usize, 1 << (within & 63) | 1 << (within >> 6 & 63))
    }

    pub fn insert(&mut self, a: u32, b: u32) {
        let (word, bits) = self.place(a, b);
        self.bits[word] |= bits;
    }

    #[inline]
    pub fn contains(&self, a: u32, b: u32) -> bool {
        let (word, bits) = self.place(a, b);
        self.bits.get(word).is_some_and(|word| word & bits == bits)
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
            labels: vec![0],
            nodes: vec![Node::NEW],
            depth: vec![0],
            first: Vec::new(),
            pairs: Pairs::with_capacity(0),
            has_singles: false,
        };
        trie.grow(patterns);
        trie.link();
        trie
    }

    pub fn is_empty(&self) -> bool {
        self.labels.len() < 2
    }

    /// Bytes on the heap.
    #[cfg(test)]
    pub fn bytes(&self) -> usize {
        4 * (self.labels.len() * 5 + self.first.len() + 4) + 2 * self.depth.len() + 8 * self.pairs.bits.len()
    }

    /// States, breadth first: each is a range of patterns that share their first symbols.
    fn grow(&mut self, patterns: &[Box<[u32]>]) {
        let mut ranges: Vec<(usize, usize)> = vec![(0, patterns.len())];
        let mut state = 0;
        while let Some((mut from, to)) = ranges.get(state).copied() {
            self.nodes[state].children = count(self.labels.len());
            let depth = usize::from(self.depth[state]);
            if patterns.get(from).is_some_and(|pattern| pattern.len() == depth) && depth > 0 {
                self.nodes[state].pattern = count(from);
                from += 1;
            }
            while from < to {
                let symbol = patterns[from][depth];
                let end = from + patterns[from..to].partition_point(|pattern| pattern[depth] == symbol);
                self.labels.push(symbol);
                self.nodes.push(Node::NEW);
                self.depth.push(u16::try_from(depth + 1).unwrap_or(u16::MAX));
                ranges.push((from, end));
                from = end;
            }
            state += 1;
        }
        self.nodes.push(Node { children: count(self.labels.len()), ..Node::NEW });
    }

    fn link(&mut self) {
        let highest = self.child_range(0).map(|child| self.labels[child]).max().unwrap_or(0);
        self.first = vec![0; highest as usize + 1];
        for child in self.child_range(0) {
            let whole = if self.nodes[child].pattern == NONE { 0 } else { WHOLE };
            self.has_singles |= whole != 0;
            self.first[self.labels[child] as usize] = count(child) | whole;
        }
        let pairs = self.child_range(0).map(|child| self.child_range(child).len()).sum();
        self.pairs = Pairs::with_capacity(pairs);
        for child in self.child_range(0) {
            for grandchild in self.child_range(child) {
                self.pairs.insert(self.labels[child], self.labels[grandchild]);
            }
        }
        for state in 0..self.labels.len() {
            for child in self.child_range(state) {
                let mut suffix = self.nodes[state].fail as usize;
                if state != 0 {
                    self.nodes[child].fail = loop {
                        if let Some(next) = self.child(suffix, self.labels[child]) {
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

    fn child_range(&self, state: usize) -> std::ops::Range<usize> {
        self.nodes[state].children as usize..self.nodes[state + 1].children as usize
    }

    #[inline]
    fn child(&self, state: usize, symbol: u32) -> Option<usize> {
        if state == 0 {
            let child = self.first.get(symbol as usize).copied().unwrap_or(0) & !WHOLE;
            return (child != 0).then_some(child as usize);
        }
        let range = self.child_range(state);
        let labels = &self.labels[range.clone()];
        let nth = if labels.len() <= 8 {
            labels.iter().position(|label| *label == symbol)?
        } else {
            labels.binary_search(&symbol).ok()?
        };
        Some(range.start + nth)
    }

    /// Calls `found(end, pattern)` for every pattern that ends before symbol `end`, the longest first, until it says
    /// no. `inner(at)` tells whether no pattern may begin at a symbol. Gives the state at the end.
    pub fn search<S: Symbol>(
        &self,
        symbols: &[S],
        inner: impl Fn(usize) -> bool,
        mut found: impl FnMut(usize, u32) -> bool,
    ) -> State {
        let mut state = 0_usize;
        for (at, symbol) in symbols.iter().enumerate() {
            let symbol = symbol.number();
            loop {
                if state == 0 {
                    state = self.begin(symbols, at, symbol, &inner);
                    break;
                }
                if let Some(next) = self.child(state, symbol) {
                    state = next;
                    break;
                }
                state = self.nodes[state].fail as usize;
            }
            if state == 0 {
                continue;
            }
            let node = self.nodes[state];
            let mut ending = if node.pattern == NONE { node.output as usize } else { state };
            while ending != 0 {
                if !found(at + 1, self.nodes[ending].pattern) {
                    return State(0);
                }
                ending = self.nodes[ending].output as usize;
            }
        }
        State(count(state))
    }

    #[inline]
    fn begin<S: Symbol>(&self, symbols: &[S], at: usize, symbol: u32, inner: &impl Fn(usize) -> bool) -> usize {
        if let Some(next) = symbols.get(at + 1)
            && !self.pairs.contains(symbol, next.number())
            && !(self.has_singles && self.is_whole(symbol))
        {
            return 0;
        }
        let first = self.first.get(symbol as usize).copied().unwrap_or(0) & !WHOLE;
        if first == 0 || inner(at) { 0 } else { first as usize }
    }

    /// Whether the symbol alone is a pattern.
    fn is_whole(&self, symbol: u32) -> bool {
        self.first.get(symbol as usize).is_some_and(|first| first & WHOLE != 0)
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
            let state = trie.search(&text, |_| false, |end, pattern| { fast.push((end, pattern)); true });
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
        assert_eq!(trie.search(&[1_u32, 2, 3], |_| false, |_, _| panic!("found")), State(0));
    }
}
