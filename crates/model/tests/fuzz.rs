//! Everything in this crate that reads bytes from strangers, against samples that were changed at random: nothing panics,
//! what is read keeps its bounds, and what is read and written again is the same.

use jiff::tz::TimeZone;
use model::event::EventFile;
use model::html::to_body;
use model::schedule::{merge, parse};
use model::terms::terms;
use model::{Entry, Epoch, EventId, Fold, ItemId, Micros, Position, Run, public};
use std::collections::BTreeMap;
use testkit::fuzz::{config, near, near_text, proptest};

const SCHEDULES: [&str; 3] = [
    r#"{"schedule":{"version":"0.7","conference":{"title":"Kiln","time_zone_name":"Europe/Lisbon","days":[{"date":"2026-06-01","rooms":
       {"Main hall":[{"guid":"g1","id":7,"code":"ABC","date":"2026-06-01T09:30:00+01:00","start":"09:30","duration":"00:40","title":"One",
       "persons":[{"public_name":"Ana"}],"abstract":"About."},{"id":8,"start":"00:15","duration":"1:00","title":"Night","persons":[]}]}}]}}}"#,
    r#"{"schedule":{"version":["1","2"],"conference":{"days":[]},"events":[{"guid":"g","title":"T","room":{"name":"R"},"track":{"slug":"t"},
       "start":"2026-06-01T09:30:00Z","end":"2026-06-01T10:30:00Z","participants":[{"name":"B","role":"speaker"}]}]}}"#,
    r#"<?xml version="1.0"?><schedule><version>2.1</version><conference><title>Kiln &amp; Co</title><day_change>04:00:00</day_change>
       <time_zone_name>Europe/Brussels</time_zone_name></conference><day index="1" date="2026-06-01"><room name="Main hall"><event id="1" guid="g1">
       <date>2026-06-01T09:30:00+02:00</date><start>09:30</start><duration>00:45</duration><title>A &#8220;quoted&#8221; title</title>
       <description><![CDATA[<p>raw]]></description><persons><person id="5">Ana</person></persons></event></room></day></schedule>"#,
];
const HTML: [&str; 3] = [
    r#"<p>I agree with <span class="h-card"><a href="https://s.example/@a" class="u-url mention">@<span>a</span></a></span>!<br>See
       <a href="https://w.example/long" rel="nofollow"><span class="invisible">https://</span><span class="ellipsis">w.example</span></a></p>"#,
    "<ul><li>a</li><li><pre>b\nc</pre></li></ul><script>alert(1)</script><svg><style>x</style></svg>&lt;b&gt;",
    r#"<a href="https://s.example/tags/x" class="mention hashtag" rel="tag">#<span>x</span></a><blockquote>q</blockquote>"#,
];
const EVENTS: [&str; 1] = [
    "slug = \"rustfest\"\ntitle = \"RustFest\"\ntimezone = \"Europe/Berlin\"\nstarts = 2026-06-01\nends = 2026-06-02\n\
    hashtags = [\"rustfest\"]\nonsite = \"open\"\naccent_hue = 200\n[[room]]\nname = \"Main hall\"\ntags = [\"main\"]\n[[source]]\nname = \"m\"\n\
    kind = \"mastodon\"\nurl = \"https://m.example\"\ntoken_env = \"T\"\npoll_seconds = 5\nmoderation = \"hold\"\n",
];
const NAMES: [&str; 4] =
    ["0.1f2e3d4c5b6a7988.42", "9007199254740991.0.9007199254740991", "k3f9q2m7xw4d", "k3f9q2m7"];
const WORDS: [&str; 3] = [
    "Straße, Ｆｕｌｌ #RustConf don't",
    "rust入門 本 オフライン 안녕하세요",
    "नमस्ते ΑΣ İstanbul ﷺ e\u{301}\u{301}",
];

fn entries() -> Vec<Vec<u8>> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/full");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

fn escaped(words: &str) -> String {
    words.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn schedules_are_read_or_refused(bytes in near(&SCHEDULES)) {
        let Ok(file) = parse(&bytes, &TimeZone::UTC) else { return Ok(()) };
        assert!(file.talks.iter().all(|talk| !talk.title.is_empty() && talk.start <= talk.end));
        let first = merge(&BTreeMap::new(), &file);
        assert_eq!(first.talks.len(), file.talks.len());
        let known: BTreeMap<_, _> = first.talks.into_iter().map(|talk| (talk.id.clone(), talk)).collect();
        assert_eq!(known.len(), file.talks.len(), "two talks of one file have one id");
        assert!(merge(&known, &file).changes.is_empty(), "the same file again changes talks");
    }

    #[test]
    fn markup_becomes_runs_that_lie_apart(html in near_text(&HTML)) {
        let body = to_body(&html);
        let texts = |pair: &[Run]| matches!(pair, [Run::Text(_), Run::Text(_)]);
        assert!(!body.0.windows(2).any(texts), "plain words beside plain words");
        assert!(body.0.iter().all(|run| !run.shown().is_empty()), "an empty run");
        assert!(body.text().len() <= 4 * html.len() + 8, "{} bytes of {}", body.text().len(), html.len());
    }

    #[test]
    fn escaped_words_come_back(words in near_text(&WORDS)) {
        // Line ends, blanks at the ends and what HTML never shows are its own matter.
        let plain: String = words.chars().filter(|c| !c.is_control() && *c != '\u{feff}').collect();
        assert_eq!(to_body(&escaped(&plain)).text(), plain.trim());
    }

    #[test]
    fn event_files_are_read_or_refused(text in near_text(&EVENTS)) {
        let Ok(file) = EventFile::parse(&text) else { return Ok(()) };
        let entry = file.entry();
        assert!((3..=40).contains(&entry.slug.len()) && !entry.title.trim().is_empty());
        let again = toml::to_string(&file).expect("what was read can be written");
        assert_eq!(EventFile::parse(&again).expect("what was written can be read"), file);
    }

    #[test]
    fn names_are_written_as_they_were_read(text in near_text(&NAMES)) {
        if let Ok(position) = text.parse::<Position>() {
            assert_eq!(position.to_string().parse::<Position>(), Ok(position));
        }
        if let Ok(epoch) = text.parse::<Epoch>() {
            assert_eq!(epoch.as_str(), text);
            assert_eq!(epoch.generation().to_string().parse(), Ok(epoch.generation()));
        }
        assert!(text.parse::<ItemId>().map_or(true, |id| id.as_str() == text));
        assert!(text.parse::<EventId>().map_or(true, |id| id.as_str() == text));
    }

    #[test]
    fn entries_are_read_written_folded_and_shown(bytes in near(&entries())) {
        let Ok(entry) = serde_json::from_slice::<Entry>(&bytes) else { return Ok(()) };
        let written = serde_json::to_vec(&entry).expect("an entry can be written");
        assert_eq!(serde_json::from_slice::<Entry>(&written).expect("what was written can be read"), entry);
        let shown = String::from_utf8(public::entry_json(&entry)).expect("JSON is UTF-8");
        assert!(!shown.contains('\n'), "a frame is one line");
        Fold::default().apply(&entry);
        let _minute = entry.at.minute();
    }

    #[test]
    fn terms_have_a_bound_and_no_blanks(text in near_text(&WORDS)) {
        for term in terms(&text) {
            assert!(!term.is_empty() && term.len() <= 64 && !term.contains(char::is_whitespace), "{term:?}");
        }
    }

    #[test]
    fn moments_are_read_or_refused(text in near_text(&["2026-06-01T09:30:00.123456+02:00", "-009999-01-02T00:00:00Z"])) {
        if let Ok(moment) = Micros::parse_rfc3339(&text) {
            assert_eq!(Micros::parse_rfc3339(&moment.timestamp().to_string()).unwrap(), moment);
        }
    }
}

#[test]
fn a_minute_begins_at_or_before_its_moments_even_at_the_end_of_time() {
    for moment in [i64::MIN, -1, 0, 59_999_999, 60_000_000, i64::MAX] {
        let minute = Micros(moment).minute();
        assert!(minute.0 <= moment && moment - minute.0 < Micros::MINUTE, "{moment}");
    }
}
