//! Which posts are drawn by the server: the newest three that surely fit whole. A browser with a script measures them
//! (`templates/static/js/wall_fit.js`); here their height is guessed from above, as a post that is cut is worse than one that waits.

use super::said::Said;

/// Posts that a wall shows at most.
pub(super) const POSTS_MAX: usize = 3;
/// Width of the column of posts, and the height of a screen, in `u`.
const COLUMN_U: f64 = 62.2;
const SCREEN_U: f64 = 56.25;
/// Height that is kept free for what was guessed wrong.
const SPARE_U: f64 = 1.0;
/// The newest post is larger than the others by this much.
const FIRST: f64 = 3.35 / 2.75;
/// Name and time, their line and the padding around a post, in `u` and in parts of its size.
const AROUND_U: f64 = 2.6;
const BY: f64 = 0.85;
const LINE: f64 = 1.24;
/// Lines break between words, and so hold less than fits.
const BROKEN: f64 = 1.1;

/// The posts that are drawn below a head of this height, in their order.
pub(super) fn fitting<'a>(said: impl Iterator<Item = &'a Said>, post_u: f64, head_u: f64) -> Vec<&'a Said> {
    let (mut shown, mut left) = (Vec::new(), SCREEN_U - head_u - SPARE_U);
    for said in said.filter(|said| !said.words.is_empty()) {
        let size = if shown.is_empty() { post_u * FIRST } else { post_u };
        let height = height(&said.words, size);
        if height <= left {
            left -= height;
            shown.push(said);
        }
        if shown.len() == POSTS_MAX {
            break;
        }
    }
    shown
}

fn height(words: &str, size: f64) -> f64 {
    words.split('\n').map(|line| lines(line, size)).sum::<f64>() * size * LINE + size * BY + AROUND_U
}

/// How many lines of this size some words take in the column.
pub(super) fn lines(words: &str, size: f64) -> f64 {
    (width(words) * size / COLUMN_U * BROKEN).ceil().max(1.0)
}

/// Width of a line in parts of its size: what is beyond Latin, Greek, Cyrillic, Hebrew and Arabic counts as wide.
fn width(line: &str) -> f64 {
    line.chars().map(|c| if c < '\u{0900}' { 0.54 } else { 1.2 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Micros, Uid};

    fn said(n: usize, words: &str) -> Said {
        Said {
            id: Uid::new("x", &n.to_string()).id(),
            first: n as u64,
            last: n as u64,
            at: Micros(0),
            when: Micros(0),
            name: "Ada".into(),
            words: words.into(),
            lang: None,
            question: false,
            room: None,
            photos: Vec::new(),
        }
    }

    fn shown(all: &[&str], post_u: f64) -> Vec<u64> {
        let all: Vec<Said> = all.iter().enumerate().map(|(n, words)| said(n, words)).collect();
        fitting(all.iter(), post_u, 18.1).into_iter().map(|said| said.first).collect()
    }

    #[test]
    fn three_short_posts_fit_and_of_long_ones_as_many_as_fit_whole() {
        let (short, long) = ("Well said, and in few words.", "x ".repeat(70));
        assert_eq!(shown(&[short; 5], 2.75), [0, 1, 2]);
        assert_eq!(shown(&[&long, &long, &long, short], 2.75), [0, 3], "a shorter one takes the place");
        assert_eq!(shown(&["Well said."; 3], 7.0), [0]);
        assert_eq!(shown(&["大".repeat(140).as_str(), short], 5.0), [1]);
        assert_eq!(shown(&["a\n".repeat(70).trim(), "", short], 2.75), [2]);
    }
}
