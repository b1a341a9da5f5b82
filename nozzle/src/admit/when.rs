//! When something was said: whose clock is believed.

use model::Micros;

/// How far the author's clock may be off, in microseconds.
const TOLERANCE: i64 = 5 * Micros::MINUTE;
/// Nothing on any of our networks is older: 2004-01-01, when Flickr began.
const OLDEST: Micros = Micros(1_072_915_200 * Micros::SECOND);

/// The author's time if within 5 minutes of the network's or our own receipt, else the network's, else nobody's: then it
/// is as old as our receipt. A network's time in the future, or from before there were such networks, counts as none.
pub(super) fn said(author: Option<Micros>, network: Option<Micros>, received: Micros) -> Option<Micros> {
    let network = network.filter(|n| *n >= OLDEST && n.since(received) <= TOLERANCE);
    let near = |a: &Micros, b: Micros| a.since(b).unsigned_abs() <= TOLERANCE.unsigned_abs();
    let believed = author.filter(|a| network.is_some_and(|n| near(a, n)) || near(a, received));
    believed.or(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn when(author: Option<Micros>, network: Option<Micros>, received: Micros) -> Micros {
        said(author, network, received).unwrap_or(received)
    }

    const NOON: Micros = Micros(1_795_189_320_000_000);

    #[test]
    fn the_author_is_believed_near_the_network_or_our_receipt() {
        let minute = |n: i64| NOON.plus(n * Micros::MINUTE);
        let hour_ago = minute(-60);
        assert_eq!(when(Some(minute(-4)), Some(minute(-1)), NOON), minute(-4));
        assert_eq!(when(Some(minute(-62)), Some(hour_ago), NOON), minute(-62));
        assert_eq!(when(Some(minute(-6)), Some(hour_ago), NOON), hour_ago);
        assert_eq!(when(Some(minute(-4)), Some(hour_ago), NOON), minute(-4));
        assert_eq!(when(Some(minute(600)), Some(minute(-1)), NOON), minute(-1));
        assert_eq!(when(Some(minute(-600)), None, NOON), NOON);
        assert_eq!(when(None, None, NOON), NOON);
    }

    #[test]
    fn a_network_with_a_broken_clock_is_not_believed() {
        assert_eq!(when(None, Some(NOON.plus(Micros::HOUR)), NOON), NOON);
        assert_eq!(when(None, Some(Micros(0)), NOON), NOON);
        assert_eq!(when(Some(Micros(i64::MIN)), Some(Micros(i64::MAX)), NOON), NOON);
    }
}
