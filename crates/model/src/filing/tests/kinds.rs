//! One post alone, of each kind that there is.

use super::*;

#[test]
fn a_title_files_at_any_hour() {
    let event = Event::new();
    for (at, text, title) in [
        (
            "10:30",
            "Really enjoying \u{201c}Zero-copy parsing: reading bytes where they lie\u{201d} #brightcon",
            "Zero-copy",
        ),
        ("10:40", "zero copy parsing is my favourite so far", "Zero-copy"),
        ("13:20", "Still thinking about Zero-copy parsing from this morning", "Zero-copy"),
        ("22:10", "Sourdough as a distributed system was the best thing today #brightcon26", "Sourdough"),
        ("14:20", "#KnittingMachines and punch cards! #brightcon", "Knitting"),
        ("10:20", "Jetzt: Die Vermessung der Funkmasten", "Die Vermessung"),
        ("09:40", "looking forward to Postgres at the edge of the solar system", "Postgres"),
        ("15:20", "Vogelstimmen erkennen mit maschinellem Lernen, wie sch\u{f6}n", "Maschinelles"),
        ("2/10:20", "Compilers for quilts. Yes, quilts.", "Compilers"),
    ] {
        event.files(at, text, title);
    }
}

#[test]
fn slips_of_the_pen_do_not_matter_in_long_words() {
    let event = Event::new();
    event.files("10:30", "Sourdoug as a distributd system", "Sourdough");
    event.files("14:10", "kniting machines and jaquard punch cards", "Knitting");
    event.files("10:35", "Ada Lovelce on parsers", "Zero-copy");
}

#[test]
fn a_speaker_is_known_by_name_and_by_handle() {
    let event = Event::new();
    event.files("11:30", "Ingrid Solheim is showing us her city", "Accessible");
    event.files("11:30", "INGRID SOLHEIM, wow", "Accessible");
    event.files("11:30", "Solheim, Ingrid: great work", "Accessible");
    event.files("10:30", "Helene Marchand a raison", "Une \u{e9}thique");
    event.files("11:40", "thanks @gracehf@other.example, that was great", "Postgres");
    event.files("10:50", "@ada@social.example nails it", "Zero-copy");
    event.files("14:30", "@ada@social.example nails it again", "The ESP32");
    event.files("15:30", "brilliant work by #YukiTanaka", "Fuzzing");
}

#[test]
fn a_speaker_of_two_talks_is_told_apart_by_time_and_words() {
    let event = Event::new();
    event.files("10:30", "Ada Lovelace is such a good speaker", "Zero-copy");
    event.files("14:20", "Ada Lovelace is such a good speaker", "The ESP32");
    event.files("22:00", "Ada Lovelace and her leaky capacitor in deep sleep", "The ESP32");
    let filing = event.does_not_file("22:00", "I could listen to Ada Lovelace all day");
    assert!(filing.score < 0.6, "{filing:?}");
}

#[test]
fn a_one_word_name_needs_a_second_sign() {
    let event = Event::new();
    event.does_not_file("10:30", "I met Breadbird here");
    event.files("10:30", "Breadbird on wild yeast", "Sourdough");
}

#[test]
fn a_repeated_talk_is_told_apart_by_time_or_not_at_all() {
    let event = Event::new();
    let first = event.file("11:30", "Breaking TETRA radios is scary");
    let second = event.file("2/10:30", "Breaking TETRA radios is scary");
    assert_eq!((first.state, second.state), (FilingState::Filed, FilingState::Filed));
    assert_ne!(first.talk, second.talk);
    let long_after = event.file("2/23:30", "Breaking TETRA radios is scary");
    assert_ne!(long_after.state, FilingState::Filed, "{long_after:?}");
}

#[test]
fn two_rare_words_file_while_the_talk_is_on() {
    let event = Event::new();
    for (at, text, title) in [
        ("10:40", "never thought a memcpy in a resolver would matter that much", "Zero-copy"),
        ("11:40", "so they recovered the cipher key from a police radio", "Breaking"),
        ("15:20", "listening to hydrophones and click trains", "What the whales"),
        ("14:25", "Stimmzettel und Pr\u{fc}fsummen, was soll schon schiefgehen", "Wahlcomputer"),
        ("15:10", "Amseln und Nachtigallen im Spektrogramm", "Maschinelles"),
        ("14:30", "helm et les op\u{e9}rateurs, enfin compris", "Kubernetes"),
    ] {
        event.files(at, text, title);
    }
}

#[test]
fn nothing_specific_stays_unsorted() {
    let event = Event::new();
    for (at, text) in [
        ("10:30", "wow, this is amazing #brightcon"),
        ("10:30", "great talk!"),
        ("11:20", "So much to learn here"),
        ("14:10", "interesting question from the audience"),
        ("15:30", "I had no idea"),
        ("10:50", "Das ist wirklich spannend"),
        ("14:20", "tr\u{e8}s int\u{e9}ressant tout \u{e7}a"),
        ("22:00", "what a day #brightcon26"),
        ("11:30", "BrightCon in Leipzig!"),
        ("14:40", "42"),
        ("14:40", ""),
    ] {
        let filing = event.does_not_file(at, text);
        assert!(filing.score <= 0.6 || filing.state == FilingState::Event, "{text} {filing:?}");
    }
}

#[test]
fn food_travel_and_the_venue_are_of_the_event() {
    let event = Event::new();
    for (at, text) in [
        ("12:10", "The vegan lunch is delicious #brightcon"),
        ("10:30", "wifi is down again"),
        ("09:50", "The queue for coffee is longer than any talk"),
        ("10:20", "Mein Zug nach Leipzig hat Versp\u{e4}tung"),
        ("14:20", "Le wifi ne marche pas, mais le caf\u{e9} est bon"),
        ("20:30", "D\u{f3}nde est\u{e1} la fiesta esta noche? Quiero cerveza"),
        ("11:20", "anyone lost a badge? found it near the toilets"),
        ("15:00", "Danke an die Orga und alle Helfer!"),
        ("14:05", "il pranzo era ottimo, grazie ai volontari"),
    ] {
        event.is_of_the_event(at, text);
    }
}

#[test]
fn a_word_of_travel_in_a_talk_about_travel_is_no_obstacle() {
    let event = Event::new();
    event.files("11:30", "blind travellers find their train with tactile maps", "Accessible");
}

#[test]
fn the_clock_files_only_what_has_the_event_to_itself() {
    let event = Event::new();
    let filing = event.file("20:20", "What a speaker, I have goosebumps");
    assert_eq!(
        (filing.state, event.title(&filing)),
        (FilingState::Filed, "Closing keynote: repair everything")
    );
    assert_eq!(filing.reasons, ["It was the only talk on when this was said."]);
    event.does_not_file("20:20", "Anyone up for pizza?");
}

#[test]
fn a_time_of_day_points_ahead() {
    let event = Event::new();
    event.files("12:40", "Looking forward to the knitting at 14:00", "Knitting");
    event.files("19:00", "See you at the keynote at 20:00!", "Closing");
    event.does_not_file("12:40", "See you at 14:00");
}

#[test]
fn slots_that_every_programme_has_are_known_in_all_languages() {
    let event = Event::new();
    event.files("09:40", "Die Er\u{f6}ffnung hat begonnen", "Opening");
    event.files("09:45", "c'est l'ouverture !", "Opening");
    event.files("11:30", "lightning talks are the best", "Lightning Talks Day 1");
    event.files("15:20", "lightning talks, second round", "Lightning Talks Day 1, encore");
}

#[test]
fn words_in_another_language_than_the_talk_still_find_it() {
    let event = Event::new();
    event.files("11:30", "Ingrid Solheim explique les cartes OpenStreetMap", "Accessible");
    event.files("14:20", "Noor van Dijk zeigt Lochkarten, gro\u{df}artig", "Knitting");
}

#[test]
fn words_that_talks_share_with_the_world_file_nothing() {
    let event = Event::new();
    for (at, text) in [
        ("10:30", "my jar of jam broke in the bag"),
        ("11:20", "Anyone seen my police friend?"),
        ("14:10", "I should sleep more"),
        ("21:00", "Bought new screws and a capacitor today, unrelated to the event"),
        ("08:00", "The right time to wake up is never"),
    ] {
        event.does_not_file(at, text);
    }
}

#[test]
fn reasons_are_sentences_the_strongest_first_and_few() {
    let event = Event::new();
    let text =
        "Ada Lovelace in Saal 1: zero-copy parsing, memcpy, arenas https://conf.example/events/7002.html";
    let filing = event.file("10:27", text);
    assert_eq!(filing.reasons.len(), 5, "{filing:?}");
    assert!(filing.reasons.contains(&"Names the speaker, Ada Lovelace.".to_owned()), "{filing:?}");
    assert_eq!(filing.reasons.last().unwrap(), "Was on in Saal 1 when this was said, 12 min in.");
    for reason in &filing.reasons {
        assert!(reason.ends_with('.') && reason.chars().count() < 160, "{reason}");
    }
}

#[test]
fn who_is_on_stage_goes_by_a_first_name() {
    let event = Event::new();
    event.files("14:10", "now Tobias shows the real thing", "Wahlcomputer");
    event.does_not_file("18:40", "now Tobias shows the real thing");
}

#[test]
fn two_rare_words_of_one_title_need_no_clock() {
    let event = Event::new();
    event.files("21:30", "still thinking about jacquard looms and their knitting", "Knitting machines");
    event.does_not_file("21:30", "still thinking about my knitting");
}
