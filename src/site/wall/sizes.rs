//! How large a post must be to be read from the last row. Sizes on a wall count in `u`, one hundredth of the width of a 16:9 screen
//! (`--u` in `wall.css`), so that they follow the screen; here distance and width in metres become a number of them.

/// Height of capitals that somebody 15 m away reads at ease, in millimetres for each metre of distance.
const CAPITAL_MM_PER_M: f64 = 55.0 / 15.0;
/// Height of a capital of the wall's typeface, as a part of its size.
const CAPITAL: f64 = 0.703;
/// The size of a post that nobody asked to be larger, and the largest that still leaves room for a sentence, in `u`.
const POST_U: std::ops::RangeInclusive<f64> = 2.75..=7.0;
/// Sizes go in these steps: each is a rule of `wall.css`.
const STEP_U: f64 = 0.25;
/// Rooms and screens that are believed, in metres.
const DISTANCE_M: std::ops::RangeInclusive<f64> = 1.0..=200.0;
const WIDTH_M: std::ops::RangeInclusive<f64> = 0.3..=60.0;
/// The screen that is meant when only a distance is given, in metres.
const WIDTH_M_USUAL: f64 = 3.0;

/// How large a wall writes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::site) struct Size {
    /// Size of a post, in `u`.
    pub(super) post_u: f64,
}

impl Size {
    /// For somebody `distance` metres away from a screen `width` metres wide. Without a distance, or with one that cannot be, the
    /// usual size.
    pub(in crate::site) fn for_distance(distance: Option<f64>, width: Option<f64>) -> Self {
        let width = width.filter(|width| WIDTH_M.contains(width)).unwrap_or(WIDTH_M_USUAL);
        let Some(distance) = distance.filter(|distance| DISTANCE_M.contains(distance)) else {
            return Self { post_u: *POST_U.start() };
        };
        let u_mm = width * 10.0;
        let needed = distance * CAPITAL_MM_PER_M / CAPITAL / u_mm;
        // Rounded up, and by a hair less where it is that number already.
        let stepped = (needed / STEP_U - 1e-9).ceil() * STEP_U;
        Self { post_u: stepped.clamp(*POST_U.start(), *POST_U.end()) }
    }

    /// `2.75`: the value of `data-post`.
    pub(super) fn name(self) -> String {
        format!("{:.2}", self.post_u)
    }

    /// How far away a screen of this width is read when its posts are written in this size, in whole metres.
    pub(in crate::site) fn read_from(self, width: f64) -> f64 {
        (self.post_u * CAPITAL * width * 10.0 / CAPITAL_MM_PER_M).floor()
    }

    /// The largest there is.
    pub(in crate::site) fn largest() -> Self {
        Self { post_u: *POST_U.end() }
    }

    /// The usual one.
    pub(in crate::site) fn usual() -> Self {
        Self::for_distance(None, None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn post(distance: f64, width: f64) -> f64 {
        Size::for_distance(Some(distance), Some(width)).post_u
    }

    #[test]
    fn capitals_reach_55_mm_at_15_m_and_in_proportion_elsewhere() {
        for (distance, width) in
            [(15.0, 3.0), (20.0, 3.0), (30.0, 3.0), (25.0, 6.0), (12.0, 2.0), (10.0, 1.5)]
        {
            let size = Size::for_distance(Some(distance), Some(width));
            let capital_mm = size.post_u * CAPITAL * width * 10.0;
            assert!(capital_mm >= 55.0 / 15.0 * distance, "{distance} m, {width} m: {capital_mm} mm");
        }
    }

    #[test]
    fn no_size_is_smaller_than_the_usual_one_or_larger_than_leaves_room_for_a_sentence() {
        assert_eq!((post(5.0, 3.0), post(15.0, 3.0)), (2.75, 2.75));
        assert_eq!(post(60.0, 2.0), 7.0);
        for nonsense in [f64::NAN, f64::INFINITY, -3.0, 0.0] {
            assert_eq!((post(nonsense, 3.0), post(15.0, nonsense)), (2.75, 2.75));
        }
    }

    #[test]
    fn every_size_has_its_rule_in_the_style_sheet() {
        let css = include_str!("../../../templates/static/css/wall.css");
        let mut distance = 1.0;
        while distance <= 200.0 {
            let size = Size::for_distance(Some(distance), Some(3.0));
            let rule = format!("[data-post=\"{}\"] {{ --post: {}; }}", size.name(), size.post_u);
            assert!(size.name() == "2.75" || css.contains(&rule), "{rule}");
            distance += 0.25;
        }
    }

    #[test]
    fn it_is_said_from_how_far_a_screen_is_read() {
        assert_eq!((Size::usual().read_from(3.0), Size::largest().read_from(3.0)), (15.0, 40.0));
    }
}
