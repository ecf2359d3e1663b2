use jingwei_core::Digest;

/// Numbers that look random and are decided by a seed: SplitMix64 (Steele, Lea and Flood 2014).
/// The same seed gives the same numbers in every version.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// From anything that should decide it, such as seed, item and transform.
    #[must_use]
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = Digest::of_parts(parts).0;
        Self(u64::from_be_bytes([a, b, c, d, e, f, g, h]))
    }

    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, and without, `below`; 0 where `below` is 0. Every number is equally likely (Lemire 2019).
    pub fn below(&mut self, below: usize) -> usize {
        let wide = below as u64;
        if wide == 0 {
            return 0;
        }
        let least = wide.wrapping_neg() % wide;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(wide);
            let (high, low) = ((product >> 64) as u64, product as u64);
            if low >= least {
                return usize::try_from(high).unwrap_or(0);
            }
        }
    }

    /// From 0 up to, and without, 1.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of several; `None` where there is none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// Fisher and Yates.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for last in (1..list.len()).rev() {
            list.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_stay_what_they_are() {
        let mut random = Random::seeded(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next_u64()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        let mut list: Vec<u32> = (0..10).collect();
        Random::of(["a", "b"]).shuffle(&mut list);
        let mut again: Vec<u32> = (0..10).collect();
        Random::of(["a", "b"]).shuffle(&mut again);
        assert_eq!(list, again);
        again.sort_unstable();
        assert_eq!(again, (0..10).collect::<Vec<_>>());
        assert_eq!(Random::seeded(1).below(0), 0);
        let mut random = Random::seeded(5);
        assert!((0..1000).all(|_| random.below(3) < 3 && (0.0..1.0).contains(&random.unit())));
    }
}
