//! What a search's address asks: `?q=&by=&talk=&room=&source=&from=&to=&has=`. The page, the feeds and the API read it here, so an
//! address means the same to all of them.

use crate::site::{failure::Failure, follow::EventLive, view::stage::rooms, view::time::Venue};
use archive::{Has, Query, Search, Words};
use model::{Micros, Network, TalkId};
use url::form_urlencoded;

/// Longer words were not typed by anybody.
const TYPED_CHARS_MAX: usize = 200;
pub(super) const NETWORKS: [Network; 7] = [
    Network::Mastodon,
    Network::X,
    Network::Bluesky,
    Network::Flickr,
    Network::Feed,
    Network::Onsite,
    Network::Hook,
];

const LONG: &str = "What you search for is too long: 200 characters are the most.";
const NO_TALK: Failure = bad("talk", "There is no such talk in this event. The programme has all of them.");
const NO_ROOM: Failure = bad("room", "There is no such room in this event. The programme has all of them.");
const NO_TIME: &str =
    "A time is written 2026-06-01, 2026-06-01T15:42 (the venue’s time) or 2026-06-01T15:42:00Z.";
const NO_SPAN: Failure = bad("to", "The search ends before it begins: put the earlier time first.");
const NO_WORD: Failure =
    Failure::Bad("There is no letter or digit in what you search for, and nothing else can be found.");
const NO_HAS: Failure =
    bad("has", "A post can be asked for photos, questions and links, and for nothing else.");

const fn bad(name: &'static str, why: &'static str) -> Failure {
    Failure::Parameter { name, why }
}

/// What was asked, as it was written. Blank is the same as absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::site) struct Asked {
    /// Words and "phrases"; `from:@ada` and `has:photo` among them stand for the parameters.
    pub(in crate::site) q: String,
    /// A name, or a handle with its `@`.
    pub(in crate::site) by: String,
    /// A talk's id.
    pub(in crate::site) talk: String,
    /// A room's slug.
    pub(in crate::site) room: String,
    /// A network's name, or a source's.
    pub(in crate::site) source: String,
    /// A day, or a moment.
    pub(in crate::site) from: String,
    /// The same; a day is meant whole.
    pub(in crate::site) to: String,
    /// `photo`, `question`, `link`; may come several times, or with commas.
    pub(in crate::site) has: Vec<String>,
    /// `WHEN.ID` of the last item of the page before.
    pub(in crate::site) after: String,
}

impl Asked {
    /// Reads the part of an address behind its `?`. Whatever it holds can be read; [`Asked::query`] says what is wrong with it.
    pub(in crate::site) fn read(raw: Option<&str>) -> Self {
        let mut asked = Self::default();
        for (name, value) in form_urlencoded::parse(raw.unwrap_or_default().as_bytes()) {
            let value = value.trim();
            let field = match &*name {
                "q" => &mut asked.q,
                "by" => &mut asked.by,
                "talk" => &mut asked.talk,
                "room" => &mut asked.room,
                "source" => &mut asked.source,
                "from" => &mut asked.from,
                "to" => &mut asked.to,
                "after" => &mut asked.after,
                "has" => {
                    asked
                        .has
                        .extend(value.split([',', ' ']).filter(|has| !has.is_empty()).map(str::to_owned));
                    continue;
                }
                _ => continue,
            };
            value.clone_into(field);
        }
        asked
    }

    /// Whether nothing is asked.
    pub(in crate::site) fn is_empty(&self) -> bool {
        let Self { q, by, talk, room, source, from, to, has, after: _ } = self;
        [q, by, talk, room, source, from, to].into_iter().all(String::is_empty) && has.is_empty()
    }

    /// The same as the part of an address behind its `?`, without the place in it; empty when nothing is asked.
    pub(in crate::site) fn address(&self) -> String {
        let mut out = form_urlencoded::Serializer::new(String::new());
        let has = self.has.join(",");
        let Self { q, by, talk, room, source, from, to, .. } = self;
        let all = [
            ("q", q),
            ("by", by),
            ("talk", talk),
            ("room", room),
            ("source", source),
            ("from", from),
            ("to", to),
            ("has", &has),
        ];
        out.extend_pairs(all.into_iter().filter(|(_, value)| !value.is_empty()));
        out.finish()
    }

    /// The question to the archive: the newest first, 500 at most; whoever asks lowers the limit.
    ///
    /// # Errors
    /// [`Failure::Parameter`], with the cure, for what cannot be asked: a talk or room that is not there, a time that is none.
    pub(in crate::site) fn query(&self, event: &EventLive) -> Result<Query, Failure> {
        for (name, typed) in [("q", &self.q), ("by", &self.by), ("source", &self.source)] {
            if typed.chars().count() > TYPED_CHARS_MAX {
                return Err(bad(name, LONG));
            }
        }
        let live = event.fold();
        let fold = live.fold();
        let mut search = self.words()?;
        if !self.talk.is_empty() {
            let talk = TalkId(self.talk.clone());
            search.talk = Some(fold.talks.get(&talk).map(|_| talk).ok_or(NO_TALK)?);
        }
        if !self.room.is_empty() {
            let is_room = rooms(fold).iter().any(|room| room.slug == self.room);
            search.room = Some(Some(self.room.clone()).filter(|_| is_room).ok_or(NO_ROOM)?);
        }
        if !self.source.is_empty() {
            search.network = NETWORKS.into_iter().find(|network| network.name() == self.source);
            search.source = Some(self.source.clone()).filter(|_| search.network.is_none());
        }
        let venue = Venue::of(fold.event.as_ref());
        let (from, to) = (time("from", &self.from, &venue)?, time("to", &self.to, &venue)?);
        let mut query = Query::newest(search);
        query.from = from.map(|(begins, _)| begins);
        query.to = to.map(|(_, ends)| ends);
        if query.from.zip(query.to).is_some_and(|(from, to)| from >= to) {
            return Err(NO_SPAN);
        }
        query.after = self.place()?;
        Ok(query)
    }

    fn place(&self) -> Result<Option<archive::Page>, Failure> {
        if self.after.is_empty() {
            return Ok(None);
        }
        let page = crate::site::talk_page::parse_page(&self.after);
        page.map(Some).ok_or(bad("after", "That place in the search does not exist. Begin it anew."))
    }

    /// The words as they were typed, without what stands among them for parameters.
    pub(super) fn words_alone(&self) -> String {
        self.parted().0
    }

    /// The words, and apart from them what stands among them for parameters: name and value.
    fn parted(&self) -> (String, Vec<(&str, &str)>) {
        let (mut words, mut others) = (Vec::new(), Vec::new());
        for (n, part) in self.q.split('"').enumerate() {
            if n % 2 == 1 {
                // What stands between quotation marks is a phrase, whatever it looks like.
                words.push(format!("\"{part}\""));
                continue;
            }
            for word in part.split_whitespace() {
                match word.split_once(':') {
                    Some((name @ ("from" | "by" | "has"), value)) if !value.is_empty() => {
                        others.push((name, value));
                    }
                    _ => words.push(word.to_owned()),
                }
            }
        }
        (words.join(" "), others)
    }

    /// What is searched for, but for what the event must know.
    fn words(&self) -> Result<Search, Failure> {
        let mut search =
            Search { by: Some(self.by.clone()).filter(|by| !by.is_empty()), ..Search::default() };
        let mut has: Vec<&str> = self.has.iter().map(String::as_str).collect();
        let (words, others) = self.parted();
        for (name, value) in others {
            match name {
                "has" => has.push(value),
                _ => search.by = Some(value.to_owned()),
            }
        }
        search.words = Words::parse(&words);
        if search.words.is_empty() && !words.is_empty() {
            return Err(NO_WORD);
        }
        for has in has {
            search.has.push(match has.trim_end_matches('s') {
                "photo" => Has::Photo,
                "question" => Has::Question,
                "link" => Has::Link,
                _ => return Err(NO_HAS),
            });
        }
        search.has.sort_unstable();
        search.has.dedup();
        Ok(search)
    }
}

/// When a written time begins and ends: a day lasts until six in the morning of the next, a moment not at all.
fn time(name: &'static str, text: &str, venue: &Venue) -> Result<Option<(Micros, Micros)>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(day) = venue.day_span(text).filter(|_| text.len() <= "2026-06-01".len()) {
        return Ok(Some(day));
    }
    let at = Micros::parse_rfc3339(text).ok().or_else(|| venue.moment(text)).ok_or(bad(name, NO_TIME))?;
    Ok(Some((at, at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_and_written_again_the_same() {
        let asked = Asked::read(Some(
            "q=%22late+night%22+rust*&by=@ada&has=photo&has=question,link&x=1&from=&after=1.x",
        ));
        assert_eq!(asked.q, "\"late night\" rust*");
        assert_eq!((asked.by.as_str(), asked.has.join("+").as_str()), ("@ada", "photo+question+link"));
        assert_eq!(asked.address(), "q=%22late+night%22+rust*&by=%40ada&has=photo%2Cquestion%2Clink");
        let again = Asked::read(Some(&asked.address()));
        assert_eq!(again, Asked { after: String::new(), ..asked });
        assert!(Asked::read(Some("q=+&after=1.x&%FF")).is_empty());
    }

    #[test]
    fn parameters_can_be_typed_among_the_words() {
        let search =
            Asked::read(Some("q=rust+from:%40ada+has:photos+%22from:here+on%22+note:this")).words().unwrap();
        assert_eq!(search.by.as_deref(), Some("@ada"));
        assert_eq!(search.has, [Has::Photo]);
        assert_eq!(search.words, Words::parse("rust \"from:here on\" note:this"));
        assert_eq!(Asked::read(Some("has=cake")).words().unwrap_err(), NO_HAS);
    }

    #[test]
    fn a_day_is_meant_whole_and_a_moment_is_the_venues_unless_it_names_its_zone() {
        let venue = Venue::new("Europe/Lisbon", None);
        let (from, to) = time("from", "2026-06-01", &venue).unwrap().unwrap();
        assert_eq!((venue.hhmm(from).as_str(), to.0 - from.0), ("06:00", 24 * Micros::HOUR));
        let at = |text| time("from", text, &venue).unwrap().unwrap().0;
        assert_eq!(at("2026-06-01T15:42"), at("2026-06-01T14:42:00Z"));
        assert_eq!(time("from", "", &venue).unwrap(), None);
        for wrong in ["yesterday", "2026-06-31", "2026-13-01T00:00", "99999-01-01", "15:42"] {
            assert_eq!(time("to", wrong, &venue).unwrap_err(), bad("to", NO_TIME), "{wrong}");
        }
    }
}
