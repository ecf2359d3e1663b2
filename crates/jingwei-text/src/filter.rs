//! Sets that are asked for every character of every text.

/// Numbers: never misses one, and is wrong about few others. One word of bits, and two bits in it: one look into the
/// memory (Putze, Sanders and Singler, 2007).
#[derive(Debug, Clone)]
pub(crate) struct Filter {
    /// A power of two, at least one.
    words: Box<[u64]>,
}

impl Filter {
    /// No more room than the different ones need: what is small stays near the processor.
    pub fn of(mut all: Vec<u64>) -> Self {
        all.sort_unstable();
        all.dedup();
        let bits = (all.len() * 16).next_power_of_two().clamp(1 << 10, 1 << 23);
        let mut filter = Self { words: vec![0; bits / 64].into_boxed_slice() };
        for key in all {
            let (word, bits) = place(key);
            let last = filter.words.len() - 1;
            filter.words[word & last] |= bits;
        }
        filter
    }

    #[inline(always)]
    pub fn contains(&self, key: u64) -> bool {
        let (word, bits) = place(key);
        let last = self.words.len().wrapping_sub(1);
        self.words.get(word & last).is_some_and(|word| word & bits == bits)
    }
}

/// The same with one bit for a number and much more often wrong, but with less to do: what it passes is looked at again.
#[derive(Debug, Clone)]
pub(crate) struct Sieve {
    /// A power of two, at least one.
    words: Box<[u64]>,
    shift: u32,
}

impl Sieve {
    pub fn of(mut all: Vec<u32>) -> Self {
        all.sort_unstable();
        all.dedup();
        let bits = (all.len() * 8).next_power_of_two().clamp(1 << 10, 1 << 22);
        let mut sieve = Self { words: vec![0; bits / 64].into_boxed_slice(), shift: 32 - bits.trailing_zeros() };
        for key in all {
            let place = sieve.place(key);
            sieve.words[(place / 64) as usize] |= 1 << (place % 64);
        }
        sieve
    }

    #[inline(always)]
    fn place(&self, key: u32) -> u32 {
        key.wrapping_mul(0x9e37_79b1) >> self.shift
    }

    /// 1: it may be among them.
    #[inline(always)]
    pub fn passes(&self, key: u32) -> u64 {
        let place = self.place(key);
        self.words.get((place / 64) as usize).map_or(0, |word| word >> (place % 64) & 1)
    }
}

/// A word, by the upper bits of a product, and two bits in it, by lower ones.
#[inline(always)]
fn place(key: u64) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    ((hash >> 44) as usize, 1 << (hash >> 32 & 63) | 1 << (hash >> 38 & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_is_missed_and_few_are_mistaken() {
        let all: Vec<u64> = (0..20_000_u64).map(|n| n * n * 7 + 3).collect();
        let filter = Filter::of(all.clone());
        assert!(all.iter().all(|key| filter.contains(*key)));
        let mistaken = (0..20_000_u64).filter(|n| filter.contains(n * n * 7 + 4)).count();
        assert!(mistaken < 600, "{mistaken} of 20000");
        assert!(!Filter::of(Vec::new()).contains(0));
        let few: Vec<u32> = (0..20_000_u32).map(|n| n * 7 + 3).collect();
        let sieve = Sieve::of(few.clone());
        assert!(few.iter().all(|key| sieve.passes(*key) == 1));
        let passed: u64 = (0..20_000_u32).map(|n| sieve.passes(n * 7 + 4)).sum();
        assert!(passed < 4_000, "{passed} of 20000");
        assert_eq!(Sieve::of(Vec::new()).passes(0), 0);
    }
}
