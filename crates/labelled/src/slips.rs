//! Slips of the finger: letters that swap, are lost, come twice, or are the neighbour's.

use crate::dice::Dice;

const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
/// Shortest word in which people slip without noticing, in characters.
const WORD_CHARS_MIN: usize = 5;

/// The text with one slip in one of its longer words; as it was when it has none.
pub(crate) fn slip(text: &str, dice: &mut Dice) -> String {
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    let long: Vec<usize> = words
        .iter()
        .enumerate()
        .filter(|(_, word)| word.chars().count() >= WORD_CHARS_MIN && word.chars().all(char::is_alphabetic))
        .map(|(index, _)| index)
        .collect();
    if let Some(index) = dice.pick(&long) {
        words[*index] = slipped(&words[*index], dice);
    }
    words.join(" ")
}

fn slipped(word: &str, dice: &mut Dice) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    // The first letter is mostly right.
    let at = 1 + dice.below(letters.len() - 2);
    match dice.below(4) {
        0 => letters.swap(at, at + 1),
        1 => {
            letters.remove(at);
        }
        2 => letters.insert(at, letters[at]),
        _ => letters[at] = neighbour(letters[at], dice),
    }
    letters.into_iter().collect()
}

fn neighbour(letter: char, dice: &mut Dice) -> char {
    let row = ROWS.iter().find(|row| row.contains(letter));
    let Some((row, at)) = row.and_then(|row| Some((row.as_bytes(), row.find(letter)?))) else { return 'e' };
    let at = if dice.is(0.5) { at.saturating_sub(1) } else { (at + 1).min(row.len() - 1) };
    char::from(row[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_slips_and_short_ones_never() {
        let mut dice = Dice::new(2);
        let slips: Vec<String> = (0..50).map(|_| slip("the borrow of it", &mut dice)).collect();
        assert!(slips.iter().all(|text| text.starts_with("the b") && text.ends_with(" of it")), "{slips:?}");
        assert!(slips.iter().filter(|text| *text != "the borrow of it").count() > 40);
        assert_eq!(slip("a b c", &mut dice), "a b c");
    }
}
