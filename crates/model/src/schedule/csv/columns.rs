//! Which column of a spreadsheet holds what: by its head, in any order and in the spellings that people use.

use super::rows::Row;
use crate::schedule::moment::Clock;
use jiff::tz::TimeZone;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Title,
    Subtitle,
    Start,
    StartTime,
    End,
    EndDate,
    Date,
    Duration,
    Room,
    Speakers,
    Abstract,
    Guid,
    Code,
    Id,
    Track,
    Language,
    Url,
    State,
    Zone,
}

/// The heads of each kind of column, the best first; small letters and digits only. A head that stands twice is what it is first.
const HEADS: [(Column, &[&str]); 19] = [
    (
        Column::Title,
        &[
            "title",
            "titel",
            "titre",
            "titulo",
            "titolo",
            "talktitle",
            "sessiontitle",
            "proposaltitle",
            "talk",
            "session",
            "subject",
            "vortrag",
            "event",
            "summary",
            "name",
        ],
    ),
    (Column::Subtitle, &["subtitle", "untertitel"]),
    (Column::EndDate, &["enddate", "enddatum"]),
    (Column::Date, &["date", "startdate", "day", "datum", "tag", "jour", "fecha", "giorno"]),
    (Column::StartTime, &["starttime", "time", "uhrzeit", "heure", "hora", "clock", "zeit"]),
    (
        Column::Start,
        &[
            "start",
            "starts",
            "startsat",
            "begin",
            "begins",
            "beginn",
            "anfang",
            "from",
            "von",
            "debut",
            "dtstart",
            "startdatetime",
            "scheduledat",
            "inicio",
            "inizio",
        ],
    ),
    (
        Column::End,
        &[
            "end",
            "ends",
            "endsat",
            "endtime",
            "ende",
            "until",
            "to",
            "bis",
            "fin",
            "dtend",
            "enddatetime",
            "fine",
        ],
    ),
    (
        Column::Duration,
        &[
            "duration",
            "length",
            "minutes",
            "mins",
            "durationminutes",
            "durationmin",
            "scheduledduration",
            "dauer",
            "duree",
            "durata",
        ],
    ),
    (
        Column::Room,
        &[
            "room", "roomname", "location", "venue", "stage", "hall", "raum", "saal", "ort", "salle", "sala",
            "place",
        ],
    ),
    (
        Column::Speakers,
        &[
            "speakers",
            "speaker",
            "speakernames",
            "speakername",
            "presenters",
            "presenter",
            "authors",
            "author",
            "referent",
            "referentin",
            "referenten",
            "vortragende",
            "intervenants",
            "intervenant",
            "ponente",
            "ponentes",
            "relatore",
            "relatori",
            "hosts",
            "host",
            "who",
            "persons",
            "names",
            "name",
        ],
    ),
    (
        Column::Abstract,
        &["abstract", "description", "beschreibung", "resume", "details", "summary", "text", "inhalt"],
    ),
    (Column::Guid, &["guid", "uuid", "uid"]),
    (Column::Code, &["code", "talkcode", "sessioncode", "proposalcode"]),
    (Column::Id, &["id", "talkid", "sessionid", "proposalid", "number", "nr", "no"]),
    (Column::Track, &["track", "tracks", "category", "categories", "theme", "topic", "kategorie"]),
    (Column::Language, &["language", "lang", "locale", "sprache", "langue", "idioma"]),
    (Column::Url, &["url", "link", "website", "page", "weburl"]),
    (Column::State, &["state", "status"]),
    (Column::Zone, &["timezone", "zone", "tz", "zeitzone"]),
];

/// Rows above the heads at most: the spreadsheet's own title.
const ABOVE_MAX: usize = 5;

/// The columns of a file.
#[derive(Debug)]
pub(super) struct Columns {
    at: Vec<(Column, usize)>,
    /// The row of the heads, counted among those that are not blank.
    pub(super) row: usize,
    /// The zone that a head names: `Start (UTC)`.
    pub(super) zone: Option<String>,
}

impl Columns {
    /// Finds the heads; none where no row has a title and a time.
    pub(super) fn find(rows: &[Row]) -> Option<Self> {
        rows.iter().take(ABOVE_MAX).enumerate().find_map(|(row, heads)| {
            let columns = Self { row, ..Self::of(&heads.fields) };
            let has = |column| columns.index(column).is_some();
            let has_time = has(Column::Start) || (has(Column::StartTime) && has(Column::Date));
            (has(Column::Title) && has_time).then_some(columns)
        })
    }

    fn of(heads: &[String]) -> Self {
        let plain: Vec<String> = heads.iter().map(|head| plain(head)).collect();
        let mut at: Vec<(Column, usize)> = Vec::new();
        // Each kind takes the best head that is left.
        for (column, names) in HEADS {
            let free = |i: &usize| at.iter().all(|(_, taken)| taken != i);
            let found = names
                .iter()
                .find_map(|name| plain.iter().enumerate().position(|(i, head)| head == name && free(&i)));
            at.extend(found.map(|i| (column, i)));
        }
        let zone = heads.iter().find_map(|head| zone_in(head));
        let mut columns = Self { at, row: 0, zone };
        // A time alone, without a column of dates, may hold both.
        if columns.index(Column::Start).is_none() && columns.index(Column::Date).is_none() {
            for (column, _) in &mut columns.at {
                if *column == Column::StartTime {
                    *column = Column::Start;
                }
            }
        }
        columns
    }

    fn index(&self, column: Column) -> Option<usize> {
        self.at.iter().find(|(own, _)| *own == column).map(|(_, at)| *at)
    }

    /// A row's field, if it is not empty.
    pub(super) fn get<'a>(&self, row: &'a Row, column: Column) -> Option<&'a str> {
        row.fields.get(self.index(column)?).map(String::as_str).filter(|field| !field.is_empty())
    }

    /// The zone of times that say none.
    pub(super) fn clock(&self, row: &Row, venue: &TimeZone) -> Clock {
        let place = format!("line {}", row.line);
        Clock::of_file(self.get(row, Column::Zone).or(self.zone.as_deref()), &place, venue)
    }
}

/// True for the heads of a list of handles.
pub(super) fn is_handles(row: &Row) -> bool {
    let heads: Vec<String> = row.fields.iter().map(|head| plain(head)).collect();
    heads.iter().any(|head| head.starts_with("handle")) && heads.first().is_some_and(|head| head == "talk")
}

/// A head's letters, small, without marks and without what stands in parentheses (but `speaker(s)`).
fn plain(head: &str) -> String {
    let head = head.replace("(s)", "s");
    let bare = head.split('(').next().unwrap_or_default();
    let bare = bare.to_lowercase();
    let letters = bare.chars().filter_map(|c| match c {
        'é' | 'è' | 'ê' => Some('e'),
        'í' => Some('i'),
        'ú' => Some('u'),
        'ó' => Some('o'),
        c if c.is_alphanumeric() => Some(c),
        _ => None,
    });
    letters.collect()
}

/// A zone in parentheses or brackets: `Start (Europe/Berlin)`.
fn zone_in(head: &str) -> Option<String> {
    let (_, behind) = head.split_once(['(', '['])?;
    let name = behind.split([')', ']']).next()?.trim();
    let is_zone = name.eq_ignore_ascii_case("utc") || (name.contains('/') && !name.contains(' '));
    is_zone.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(heads: &str) -> Option<String> {
        let fields: Vec<String> = heads.split(',').map(str::to_owned).collect();
        let found = Columns::find(&[Row { line: 1, fields: fields.clone() }])?;
        let name = |i: usize| {
            found.at.iter().find(|(_, at)| *at == i).map_or("-".to_owned(), |(c, _)| format!("{c:?}"))
        };
        Some((0..fields.len()).map(name).collect::<Vec<_>>().join(" "))
    }

    #[test]
    fn heads_are_known_in_any_order_and_spelling() {
        let known = |heads: &str| columns(heads).unwrap();
        assert_eq!(
            known("Room,Start Time,Date,Talk title,Speaker(s),Foo"),
            "Room StartTime Date Title Speakers -"
        );
        assert_eq!(
            known("Subject,Start Date,Start Time,End Date,End Time,Location"),
            "Title Date StartTime EndDate End Room"
        );
        assert_eq!(
            known("titre,début,durée (min),salle,intervenants,résumé"),
            "Title Start Duration Room Speakers Abstract"
        );
        assert_eq!(known("name,title,start"), "Speakers Title Start");
        assert_eq!(known("summary,time,description"), "Title Start Abstract");
        for other in ["a,b,c", "title,room", "start,end", "talk,handle"] {
            assert_eq!(columns(other), None, "{other}");
        }
    }

    #[test]
    fn a_head_may_name_the_zone() {
        assert_eq!(zone_in("Start (Europe/Berlin)").as_deref(), Some("Europe/Berlin"));
        assert_eq!(zone_in("Start [UTC]").as_deref(), Some("UTC"));
        assert_eq!(zone_in("Duration (min / h)"), None);
    }
}
