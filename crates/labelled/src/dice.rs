//! Chance from a seed: the same seed gives the same posts, on any machine and for ever, so no library's generator is used.

/// A stream of random numbers (SplitMix64: 64 bits of state, a full period, good enough to choose sentences).
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed ^ 0x6c61_6265_6c6c_6564)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below 1.
    pub(crate) fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// From 0 to below `n`; 0 for 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        ((self.unit() * n as f64) as usize).min(n.saturating_sub(1))
    }

    /// From `from` to below `to`.
    pub(crate) fn between(&mut self, from: f64, to: f64) -> f64 {
        from + self.unit() * (to - from)
    }

    /// True with this chance.
    pub(crate) fn is(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        from.get(self.below(from.len()))
    }

    /// The index of one of these, each as likely as its weight; none when nothing weighs anything.
    pub(crate) fn weighed(&mut self, weights: impl Iterator<Item = f64> + Clone) -> Option<usize> {
        let mut left = self.unit() * weights.clone().sum::<f64>();
        let mut last = None;
        for (index, weight) in weights.enumerate().filter(|(_, weight)| *weight > 0.0) {
            last = Some(index);
            left -= weight;
            if left < 0.0 {
                break;
            }
        }
        last
    }

    /// Waiting times: exponential with this mean.
    pub(crate) fn wait(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.unit()).ln()
    }

    /// Sizes and delays of people: log-normal with this median, spread by this factor (a third of all lie beyond it).
    pub(crate) fn around(&mut self, median: f64, factor: f64) -> f64 {
        let (a, b) = (1.0 - self.unit(), self.unit());
        let normal = (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos();
        median * (factor.ln() * normal).exp()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_throws_the_same() {
        let throw = |seed| {
            std::iter::repeat_with({
                let mut d = Dice::new(seed);
                move || d.next()
            })
            .take(5)
            .collect::<Vec<_>>()
        };
        assert_eq!(throw(7), throw(7));
        assert_ne!(throw(7), throw(8));
    }

    #[test]
    fn throws_lie_where_they_should() {
        let mut dice = Dice::new(1);
        assert!((0..1000).all(|_| dice.below(3) < 3 && (0.0..1.0).contains(&dice.unit())));
        assert_eq!((dice.below(0), dice.pick::<u8>(&[])), (0, None));
        let heavy = (0..1000).filter(|_| dice.weighed([1.0, 0.0, 9.0].into_iter()) == Some(2)).count();
        assert!((850..950).contains(&heavy), "{heavy}");
        assert_eq!(dice.weighed(std::iter::empty()), None);
        let mut lags: Vec<f64> = (0..1001).map(|_| dice.around(60.0, 2.5)).collect();
        lags.sort_by(f64::total_cmp);
        assert!((50.0..70.0).contains(&lags[500]), "{}", lags[500]);
    }
}
