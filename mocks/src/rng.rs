//! A small seeded stream of numbers (`SplitMix64`), so that one seed gives one company, one order of events and one set
//! of faults, on every machine and in every run. It is not meant for secrets.

/// A stream of pseudo-random numbers that depends on its seed alone.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// Starts the stream of `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Starts a stream that is independent of the others of the same seed. `label` tells them apart, so that one more
    /// draw in one of them moves nothing in another.
    pub fn labeled(seed: u64, label: &str) -> Self {
        Self(mix(seed, label.as_bytes()))
    }

    /// Gives the next number of the stream.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        finish(self.0)
    }

    /// Gives a number below `bound` (0 when `bound` is 0). The bias of the modulus does not matter here.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        if bound == 0 { 0 } else { usize::try_from(self.draw() % bound).unwrap_or(0) }
    }

    /// Says yes `per_mille` times in a thousand.
    pub fn chance(&mut self, per_mille: u32) -> bool {
        self.draw() % 1000 < u64::from(per_mille)
    }

    /// Picks one of `choices`; none when there are none.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        choices.get(self.below(choices.len()))
    }
}

/// Mixes `bytes` into `seed`: the same input gives the same number everywhere.
pub(crate) fn mix(seed: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(finish(seed ^ 0xD6E8_FEB8_6659_FD93), |sum, byte| finish(sum ^ u64::from(*byte)))
}

fn finish(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_gives_one_stream() {
        let mut left = Rng::new(7);
        let mut right = Rng::new(7);
        assert!((0..100).all(|_| left.draw() == right.draw()));
        assert_ne!(Rng::new(8).draw(), Rng::new(7).draw());
        assert_ne!(Rng::labeled(7, "a").draw(), Rng::labeled(7, "b").draw());
    }

    #[test]
    fn chance_keeps_to_its_share() {
        let mut rng = Rng::new(1);
        let hits = (0..10_000).filter(|_| rng.chance(250)).count();
        assert!((2_300..2_700).contains(&hits), "{hits}");
    }
}
