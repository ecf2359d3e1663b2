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
    }
}
