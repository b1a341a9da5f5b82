//! One photo as a draft, from a list (`flickr.photos.search` and its kin) or from `flickr.photos.getInfo`: the same facts
//! under other names. Numbers come as numbers or as texts, words bare or as `_content`; any field may be missing.

use std::hash::{DefaultHasher, Hash, Hasher};

use model::{Author, Micros, Network, html};
use serde_json::Value;
use url::Url;

use super::{licence, picture};
use crate::source::{Draft, DraftCounts, TAGS_MAX, Upstream, Words, sample};

/// Longest description that is taken as what a picture shows, in characters.
const ALT_CHARS_MAX: usize = 300;

/// A photo, and what tells it from an older look at it.
#[derive(Debug)]
pub(super) struct Photo {
    pub(super) id: String,
    /// Whether everybody may see it, as far as Flickr says.
    pub(super) is_public: bool,
    /// When it was uploaded, in seconds.
    pub(super) uploaded: Option<i64>,
    /// When anything about it changed, comments and favourites included.
    pub(super) updated: Option<Micros>,
    /// A fingerprint of title, description and licence, which every answer has.
    pub(super) words: u64,
    pub(super) draft: Draft,
}

/// Reads a photo of a list, or the `photo` of `getInfo`.
///
/// # Errors
/// With what to tell instead.
pub(super) fn read(raw: &Value) -> Result<Photo, Upstream> {
    let Some(id) = text(&raw["id"]).filter(|id| !id.is_empty()) else {
        return Err(Upstream::Malformed { reason: "no_id", sample: sample(raw.to_string().as_bytes()) });
    };
    let uploaded = [&raw["dateupload"], &raw["dateuploaded"], &raw["dates"]["posted"]];
    let uploaded = uploaded.into_iter().find_map(number).filter(|at| *at > 0);
    let updated = [&raw["lastupdate"], &raw["dates"]["lastupdate"]].into_iter().find_map(number);
    let is_public =
        [&raw["ispublic"], &raw["visibility"]["ispublic"]].into_iter().find_map(number) != Some(0);
    let (title, description) = (words(&raw["title"]), words(&raw["description"]));
    let licence = text(&raw["license"]);
    let mut hasher = DefaultHasher::new();
    (&title, &description, &licence).hash(&mut hasher);

    let mut draft = Draft::new(Network::Flickr, &id);
    let owner = Owner::of(raw);
    draft.url = owner.page("photos", Some(&id));
    draft.network_time = uploaded.map(seconds);
    draft.media = picture::of(raw, &id).into_iter().collect();
    for medium in &mut draft.media {
        medium.alt = alt(title.as_deref(), description.as_deref());
        medium.licence = licence.as_deref().and_then(licence::name).map(str::to_owned);
    }
    if number(&raw["safety_level"]).is_some_and(|level| level > 0) {
        draft.cover = Some(String::new());
    }
    draft.author = owner.author();
    draft.title = title;
    // Line ends are line ends at Flickr, and blanks in HTML.
    draft.words = Words::Html(description.unwrap_or_default().replace('\n', "<br>"));
    draft.tags = tags(&raw["tags"]);
    draft.counts = DraftCounts {
        boosts: None,
        likes: number(&raw["count_faves"]),
        replies: [&raw["count_comments"], &raw["comments"]].into_iter().find_map(number),
    };
    Ok(Photo {
        id,
        is_public,
        uploaded,
        updated: updated.filter(|at| *at > 0).map(seconds),
        words: hasher.finish(),
        draft,
    })
}

fn seconds(at: i64) -> Micros {
    Micros(at.saturating_mul(Micros::SECOND))
}

/// A text: bare, a number's digits, or an element's words.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(n) => Some(n.to_string()),
        Value::Object(fields) => fields.get("_content").and_then(text),
        _ => None,
    }
}

/// A whole number, however it is written.
pub(super) fn number(value: &Value) -> Option<i64> {
    match value {
        // The cast saturates.
        Value::Number(n) => n.as_i64().or_else(|| n.as_f64().map(|f| f as i64)),
        Value::Bool(is) => Some(i64::from(*is)),
        other => text(other)?.trim().parse().ok(),
    }
}

fn words(value: &Value) -> Option<String> {
    let text = text(value)?.replace("\r\n", "\n");
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Flickr knows no description for those who do not see a picture; its title says most of one, unless it is the camera's
/// file name.
fn alt(title: Option<&str>, description: Option<&str>) -> Option<String> {
    let said = || description.map(|html| html::to_body(html).text()).filter(|text| !text.trim().is_empty());
    let alt = title.filter(|title| !is_file_name(title)).map(str::to_owned).or_else(said);
    alt.or_else(|| title.map(str::to_owned)).map(|alt| alt.chars().take(ALT_CHARS_MAX).collect())
}

/// `IMG_1234`, `DSC01234.JPG`, `20260601_101500`: one word, most of it digits.
fn is_file_name(title: &str) -> bool {
    let stem = title.rsplit_once('.').map_or(title, |(stem, _)| stem);
    let digits = stem.bytes().filter(u8::is_ascii_digit).count();
    !stem.contains(char::is_whitespace) && digits >= 3 && digits * 2 >= stem.chars().count()
}

/// Tags, without those that programs exchange (`namespace:key=value`). Lists give them in one text, `getInfo` one by one,
/// as they were written.
fn tags(value: &Value) -> Vec<String> {
    let one_by_one = one_or_more(&value["tag"])
        .iter()
        .filter(|tag| number(&tag["machine_tag"]) != Some(1))
        .filter_map(|tag| text(tag).or_else(|| text(&tag["raw"])));
    let in_one = value.as_str().unwrap_or_default().split_whitespace().map(str::to_owned);
    let mut tags: Vec<String> = Vec::new();
    for tag in one_by_one.chain(in_one) {
        let is_for_programs = tag.contains(':') && tag.contains('=');
        if !is_for_programs && !tag.is_empty() && !tags.contains(&tag) && tags.len() < TAGS_MAX {
            tags.push(tag);
        }
    }
    tags
}

/// A list; XML writes a list of one as the one.
pub(super) fn one_or_more(value: &Value) -> &[Value] {
    match value {
        Value::Array(list) => list,
        Value::Object(_) => std::slice::from_ref(value),
        _ => &[],
    }
}

/// Who uploaded it.
struct Owner {
    nsid: String,
    alias: Option<String>,
    name: String,
    avatar: Option<String>,
}

impl Owner {
    fn of(raw: &Value) -> Self {
        let owner = &raw["owner"];
        let first = |places: &[&Value]| places.iter().find_map(|v| text(v).filter(|t| !t.trim().is_empty()));
        let nsid = first(&[&owner["nsid"], owner]).unwrap_or_default();
        let server = first(&[&raw["iconserver"], &owner["iconserver"]]).filter(|s| s != "0");
        let farm = first(&[&raw["iconfarm"], &owner["iconfarm"]]).filter(|f| f != "0");
        let avatar = server.zip(farm).filter(|_| !nsid.is_empty()).map(|(server, farm)| {
            format!("https://farm{farm}.staticflickr.com/{server}/buddyicons/{nsid}.jpg")
        });
        Self {
            alias: first(&[&raw["pathalias"], &owner["path_alias"], &raw["path_alias"]]),
            name: first(&[&raw["ownername"], &owner["username"], &raw["username"], &owner["realname"]])
                .unwrap_or_default(),
            nsid,
            avatar,
        }
    }

    /// `https://www.flickr.com/{of}/{owner}/`, or a photo's page below it.
    fn page(&self, of: &str, id: Option<&str>) -> Option<String> {
        let owner = self.alias.as_deref().unwrap_or(&self.nsid);
        if owner.is_empty() {
            return None;
        }
        let mut url = Url::parse("https://www.flickr.com/").ok()?;
        // The empty segment at the end is the slash there.
        url.path_segments_mut().ok()?.pop_if_empty().extend([of, owner]).extend(id).push("");
        Some(url.into())
    }

    fn author(self) -> Author {
        let handle = match &self.alias {
            Some(alias) => format!("@{alias}"),
            None if self.name.is_empty() => self.nsid.clone(),
            None => self.name.clone(),
        };
        let url = self.page("people", None);
        Author { id: self.nsid, name: self.name, handle, url, avatar: self.avatar }
    }
}

#[cfg(test)]
mod tests {
    use model::MediaKind;
    use serde_json::json;

    use super::*;

    fn draft(raw: Value) -> Draft {
        read(&raw).unwrap().draft
    }

    #[test]
    fn a_photo_of_a_list_is_read_with_its_numbers_in_either_form() {
        let mut raw = json!({"id": "53", "owner": "7@N01", "secret": "s", "server": "65535", "farm": 66, "title": "Hall 1",
            "ispublic": 1, "license": "4", "description": {"_content": "One\r\ntwo <a href=\"https://w.example\">w</a> & more"},
            "dateupload": "1780000000", "lastupdate": 1780000100, "ownername": "Ada", "pathalias": "ada",
            "tags": "rustfest geo:lat=1.5 rustfest hall1", "media": "photo", "url_l": "https://live.staticflickr.com/65535/53_s_b.jpg",
            "height_l": 683, "width_l": "1024", "views": "8", "count_faves": "3", "count_comments": 1, "iconserver": "12", "iconfarm": 5});
        let photo = read(&raw).unwrap();
        let d = &photo.draft;
        assert_eq!((d.uid.0.as_str(), d.title.as_deref()), ("flickr:53", Some("Hall 1")));
        assert_eq!(d.url.as_deref(), Some("https://www.flickr.com/photos/ada/53/"));
        assert_eq!(d.author.url.as_deref(), Some("https://www.flickr.com/people/ada/"));
        assert_eq!(
            (d.author.id.as_str(), d.author.handle.as_str(), d.author.name.as_str()),
            ("7@N01", "@ada", "Ada")
        );
        assert_eq!(
            d.author.avatar.as_deref(),
            Some("https://farm5.staticflickr.com/12/buddyicons/7@N01.jpg")
        );
        assert_eq!((d.network_time, d.author_time), (Some(Micros(1_780_000_000_000_000)), None));
        assert_eq!(photo.updated, Some(Micros(1_780_000_100_000_000)));
        assert_eq!(d.words, Words::Html("One<br>two <a href=\"https://w.example\">w</a> & more".into()));
        assert_eq!(d.tags, ["rustfest", "hall1"]);
        let m = &d.media[0];
        assert_eq!((m.kind, m.width, m.height), (MediaKind::Photo, Some(1024), Some(683)));
        assert_eq!((m.alt.as_deref(), m.licence.as_deref()), (Some("Hall 1"), Some("CC BY 2.0")));
        assert_eq!((d.counts.likes, d.counts.replies, d.counts.boosts), (Some(3), Some(1), None));
        for (field, other) in [
            ("dateupload", json!(1_780_000_000)),
            ("description", json!("One\ntwo <a href=\"https://w.example\">w</a> & more")),
            ("license", json!(4)),
        ] {
            raw[field] = other;
        }
        let other = read(&raw).unwrap();
        assert_eq!((&other.draft, other.words), (&photo.draft, photo.words), "the same in either form");
    }

    #[test]
    fn getinfo_says_the_same_under_other_names() {
        let raw = json!({"id": "53", "secret": "s", "server": "65535", "dateuploaded": "1780000000", "license": "9", "safety_level": "1",
            "owner": {"nsid": "7@N01", "username": "Ada", "realname": "Ada L.", "path_alias": null, "iconserver": "0", "iconfarm": 0},
            "title": {"_content": "DSC_0412.JPG"}, "description": {"_content": "The <i>keynote</i>"},
            "visibility": {"ispublic": 0}, "dates": {"posted": "1780000000", "lastupdate": "1780000100"}, "comments": {"_content": "2"},
            "tags": {"tag": [{"raw": "Rust Fest", "_content": "rustfest", "machine_tag": 0}, {"_content": "x:y=z", "machine_tag": false}, {"_content": "upload", "machine_tag": 1}]}});
        let photo = read(&raw).unwrap();
        assert!(!photo.is_public);
        let d = photo.draft;
        assert_eq!(d.url.as_deref(), Some("https://www.flickr.com/photos/7@N01/53/"));
        assert_eq!((d.author.handle.as_str(), d.author.avatar), ("Ada", None));
        assert_eq!((d.tags, d.cover), (vec!["rustfest".to_owned()], Some(String::new())));
        assert_eq!(d.media[0].url, "https://live.staticflickr.com/65535/53_s.jpg");
        assert_eq!(d.media[0].alt.as_deref(), Some("The keynote"), "a file name says nothing");
        assert_eq!((d.network_time, d.counts.replies), (Some(Micros(1_780_000_000_000_000)), Some(2)));
    }

    #[test]
    fn what_is_missing_costs_itself_only() {
        let d = draft(
            json!({"id": 456, "tags": "tag1 tag2   tag3  tag3 ", "width_l": 1024, "title": "  ", "ispublic": null}),
        );
        assert_eq!((d.uid.0.as_str(), d.url, d.title), ("flickr:456", None, None));
        assert!(d.media.is_empty() && d.tags.len() == 3 && d.network_time.is_none());
        assert!(matches!(read(&json!({"title": "x"})), Err(Upstream::Malformed { reason: "no_id", .. })));
        assert!(matches!(read(&json!(7)), Err(Upstream::Malformed { .. })));
        let odd = draft(
            json!({"id": "1", "owner": "a/../b?c", "title": {"_content": []}, "dateupload": "soon", "description": 7}),
        );
        assert_eq!(odd.url.as_deref(), Some("https://www.flickr.com/photos/a%2F..%2Fb%3Fc/1/"));
    }

    #[test]
    fn file_names_are_told_from_titles() {
        for name in ["IMG_1234", "DSC01234.JPG", "20260601_101500", "_MG_0042", "P1030456"] {
            assert!(is_file_name(name), "{name}");
        }
        for title in ["Hall 1", "RustFest", "The 2026 keynote", "Day 2: 101 talks", "日本"] {
            assert!(!is_file_name(title), "{title}");
        }
    }
}
