//! What pages show, as plain data: words, places and times worked out, nothing left for a template but to print. No I/O.
//! The browser script (`templates/static/js`) builds the same markup from the same rules.

pub(super) mod because;
pub(super) mod body;
pub(super) mod chart;
pub(super) mod course;
pub(super) mod feed;
pub(super) mod item;
pub(super) mod now;
pub(super) mod rail;
pub(super) mod stage;
pub(super) mod start;
pub(super) mod time;

/// "1 reply", "2,000 replies".
pub(super) fn count(n: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A number and what it counts, to be set one above the other.
pub(super) fn sum(n: u64, one: &'static str, many: &'static str) -> (String, &'static str) {
    (number(n), if n == 1 { one } else { many })
}

/// 1234567 as `1,234,567`.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// "A", "A and B", "A, B and C".
pub(super) fn names<S: AsRef<str>>(all: &[S]) -> String {
    match all {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<&str> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_names_are_joined() {
        assert_eq!([number(7), number(1000), number(1_234_567)], ["7", "1,000", "1,234,567"]);
        assert_eq!([count(1, "reply", "replies"), count(0, "reply", "replies")], ["1 reply", "0 replies"]);
        assert_eq!(names(&["A", "B", "C"]), "A, B and C");
        assert_eq!(names::<&str>(&[]), "");
    }
}
