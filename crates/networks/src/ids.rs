//! Ids and dice: snowflakes, ids made from words, and one small generator of chance that is the same on every machine.

/// Twitter's first millisecond.
const SNOWFLAKE_EPOCH_MS: i64 = 1_288_834_974_657;

/// A snowflake id for a moment (microseconds UTC); `serial` (12 bits) tells ids of one millisecond apart.
pub fn snowflake_at(micros: i64, serial: u32) -> String {
    let since = (micros.div_euclid(1000) - SNOWFLAKE_EPOCH_MS).max(0);
    ((since << 22) | i64::from(serial & 0x3f_ffff)).to_string()
}

/// The moment in a snowflake id, microseconds UTC; `None` for ids that are no numbers.
pub fn snowflake_micros(id: &str) -> Option<i64> {
    let id: i64 = id.parse().ok()?;
    Some(((id >> 22) + SNOWFLAKE_EPOCH_MS) * 1000)
}

/// Ids compare as numbers: the shorter is the smaller.
pub(crate) fn key(id: &str) -> (usize, &str) {
    (id.len(), id)
}

/// FNV-1a; for made-up ids and short links only.
pub(crate) fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}

/// A number as an id, made from a word.
pub(crate) fn digits(word: &str) -> String {
    (hash(word) % 4_000_000_000).to_string()
}

/// The link shortener's address for a link or picture.
pub(crate) fn t_co(target: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    let mut h = hash(target);
    let code: String = std::iter::repeat_with(|| {
        let c = char::from(LETTERS[(h % 62) as usize]);
        h /= 62;
        c
    })
    .take(10)
    .collect();
    format!("https://t.co/{code}")
}

/// SplitMix64: small, seedable, the same for ever.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `n` (0 when `n` is 0).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        (self.next() % n.max(1) as u64) as usize
    }

    /// True in `percent` of cases.
    pub(crate) fn percent(&mut self, percent: f64) -> bool {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 * 100.0 < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snowflake_holds_its_moment() {
        assert_eq!(snowflake_micros("955641762734800896"), Some(1_516_677_725_858_000));
        assert_eq!(snowflake_micros(&snowflake_at(1_516_677_725_858_000, 7)), Some(1_516_677_725_858_000));
        assert_eq!(snowflake_micros("abc"), None);
    }
}
