//! The simulator's own randomness: splitmix64 (Steele, Lea and Flood, 2014), so that a seed gives the same world on every
//! machine and with every version of every dependency. It is no source of secrets and must not be used as one.

/// Mixes one number into another that looks unrelated; the same input always gives the same output.
pub fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A number for a text: FNV-1a, then mixed.
pub fn hash(text: &str) -> u64 {
    let fnv = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    mix(fnv)
}

/// A stream of numbers.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// A stream for this seed and purpose: two purposes never share a stream, so adding to one leaves the other as it was.
    pub fn new(seed: u64, purpose: &str) -> Self {
        Self(mix(seed) ^ hash(purpose))
    }

    /// The next 64 bits.
    pub fn next(&mut self) -> u64 {
        let out = mix(self.0);
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        out
    }

    /// A number of `0..end`; 0 when `end` is 0.
    pub fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { (self.next() % end as u64) as usize }
    }

    /// A number of `low..=high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % ((high - low).unsigned_abs() + 1)) as i64
    }

    /// A fraction of `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// True this often.
    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    /// One of these; the slice must not be empty.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// One of these by weight; the slice must not be empty.
    pub fn weighted<'a, T>(&mut self, from: &'a [(T, u32)]) -> &'a T {
        let total: u32 = from.iter().map(|(_, w)| *w).sum();
        let mut left = self.below(total as usize) as u32;
        for (item, weight) in from {
            if left < *weight {
                return item;
            }
            left -= weight;
        }
        &from[0].0
    }

    /// Lower-case hex digits.
    pub fn hex(&mut self, digits: usize) -> String {
        let mut out = String::with_capacity(digits + 16);
        while out.len() < digits {
            out.extend(self.next().to_be_bytes().map(|b| format!("{b:02x}")));
        }
        out.truncate(digits);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_stream_and_another_gives_another() {
        let take = |seed| {
            let mut rng = Rng::new(seed, "test");
            [rng.next(), rng.next(), rng.next()]
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
        // published first output of splitmix64 for state 0
        assert_eq!(mix(0), 0xe220_a839_7b1d_cdaf);
    }
}
