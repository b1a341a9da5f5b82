//! Who writes: people with a network, a handle, a language or two and habits.

use crate::dice::Dice;

const FIRST: &str = "Ada Alex Amira Ana Andrea Anke Anna Antoine Aylin Beatriz Ben Björn Camille Carla Chloé Chris Clara Dana Daniel David Deniz Elena \
    Elif Emma Enzo Eva Fabian Farid Fatima Felix Florian Gianni Giulia Hanna Hugo Ines Irina Isabel Ivan Jana Jonas Jorge Julia Julien Kai Karim \
    Katja Kim Lara Lea Léa Leo Lina Louis Luca Lucia Manon Marco Maria Marie Marta Martin Mehmet Mia Michael Mika Milena Nadia Naomi Nico Nina Noah Nora \
    Olga Oscar Paolo Paul Paula Petra Pia Priya Quentin Rahul Robin Rosa Sam Samira Sara Sebastian Selin Simon Sofia Stefan Tom Tuan Uwe Vera Victor Wei Yann Yuki Zoe";
const LAST: &str = "Abadi Andersen Arnaud Bauer Becker Bernard Bianchi Blanc Bruno Castro Chen Costa Dahl Diaz Dubois Dupont Durand Ekström Esposito Fischer Fontana \
    Fournier Garcia Gomez Gruber Haas Hansen Hofmann Huang Ivanov Jansen Jung Kaya Keller Khan Kim Klein Kowalski Kraus Lambert Lang Larsen Lefebvre Lehmann \
    Leroy Lindqvist Lopez Maier Marino Martinez Mayer Moreau Moretti Müller Nguyen Novak Okafor Olsen Pavlov Peeters Pereira Petit Popescu Ricci Richter Rinaldi Romano \
    Rossi Roth Roux Ruiz Santos Sato Schmitt Schneider Schulz Silva Simon Singh Sommer Sørensen Suzuki Tanaka Torres Vargas Vidal Vogel Wagner Weber Winter Wolf Yilmaz Zimmermann";
const NICK: &str = "pixel null byte cat fox moss otter lamp toast cable packet semicolon tofu mango comet pebble kettle raven turnip gopher noodle static \
    vector ferris sudo bolt pickle marble orbit teapot";
const HOSTS: &str = "chaos.example mastodon.example fosspub.example toots.example hachy.example";

/// Where somebody writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Net {
    Mastodon,
    Bluesky,
    X,
}

impl Net {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Mastodon => "mastodon",
            Self::Bluesky => "bluesky",
            Self::X => "x",
        }
    }
}

/// Somebody who writes.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) net: Net,
    pub(crate) handle: String,
    pub(crate) name: String,
    /// The language of their carriers, where it is not the event's.
    pub(crate) language: Option<&'static str>,
    /// How much they write: most write once, some never stop.
    pub(crate) energy: f64,
    /// How often they bear the event's hashtag, their room's, and put emoji behind.
    pub(crate) tags: f64,
    pub(crate) room_tags: f64,
    pub(crate) asides: f64,
    /// How often a post has a slip of the finger.
    pub(crate) slips: f64,
    /// Writes without capitals.
    pub(crate) is_lower: bool,
}

/// As many people as are wanted, no two under one handle. `own` is the event's language.
pub(crate) fn crowd(count: usize, own: &'static str, dice: &mut Dice) -> Vec<Person> {
    (0..count).map(|n| person(n, own, dice)).collect()
}

fn person(n: usize, own: &'static str, dice: &mut Dice) -> Person {
    let mut one = |list: &'static str| {
        let all: Vec<&str> = list.split_whitespace().collect();
        dice.pick(&all).copied().unwrap_or_default()
    };
    let (first, last, nick) = (one(FIRST), one(LAST), one(NICK));
    let host = one(HOSTS);
    let net = [Net::Mastodon, Net::Bluesky, Net::X][dice.weighed([5.0, 3.0, 3.0].into_iter()).unwrap_or(0)];
    let user = match dice.below(5) {
        0 => format!("{first}{last}"),
        1 => format!("{nick}{n}"),
        2 => format!("{first}_{}", 70 + n % 30),
        3 => format!("{nick}_{first}"),
        _ => format!("{}{last}", first.chars().next().unwrap_or('x')),
    };
    let user: String =
        user.to_lowercase().chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    // The number keeps handles apart; networks do the same to people.
    let handle = match net {
        Net::Mastodon => format!("@{user}{n}@{host}"),
        Net::Bluesky => format!("@{user}{n}.bsky.example"),
        Net::X => format!("@{user}{n}"),
    };
    let name = match dice.below(6) {
        0 => nick.to_owned(),
        1 => first.to_owned(),
        2 => format!("{first} {last} 🌻"),
        3 => format!("{first} ({nick})"),
        _ => format!("{first} {last}"),
    };
    let others: Vec<&'static str> =
        ["en", "de", "fr", "es", "it"].into_iter().filter(|l| *l != own).collect();
    let language = if dice.is(0.16) { dice.pick(&others).copied() } else { None };
    Person {
        net,
        handle,
        name,
        language,
        energy: dice.around(1.0, 2.6),
        tags: if dice.is(0.75) { 0.93 } else { 0.4 },
        room_tags: if dice.is(0.25) { 0.5 } else { 0.03 },
        asides: if dice.is(0.3) { 0.35 } else { 0.05 },
        slips: if dice.is(0.2) { 0.25 } else { 0.04 },
        is_lower: dice.is(0.3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn a_crowd_has_handles_of_its_own_and_several_habits() {
        let crowd = crowd(500, "en", &mut Dice::new(3));
        assert_eq!(crowd.iter().map(|p| &p.handle).collect::<BTreeSet<_>>().len(), 500);
        assert!(crowd.iter().any(|p| p.is_lower) && crowd.iter().any(|p| p.language == Some("fr")));
        assert!(crowd.iter().all(|p| p.language != Some("en") && p.handle.starts_with('@')));
    }
}
