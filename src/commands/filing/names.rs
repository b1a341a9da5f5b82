//! How people name talks in files beside the schedule: by guid, code, the file's id, our id, or title; and the name by which
//! answers give a talk back.

use std::collections::HashMap;

use model::{Talk, TalkId};

/// The talks of a schedule by every name that they have.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// In the order of trust: guid, code, the file's id, our id, title.
    by: [HashMap<String, Vec<TalkId>>; 5],
    shown: HashMap<TalkId, String>,
}

impl Names {
    pub(crate) fn new<'a>(talks: impl IntoIterator<Item = &'a Talk>) -> Self {
        let mut names = Self::default();
        for talk in talks {
            let all = [
                talk.guid.as_deref(),
                talk.code.as_deref(),
                talk.native.as_deref(),
                Some(talk.id.as_str()),
                Some(talk.title.as_str()),
            ];
            for (map, name) in names.by.iter_mut().zip(all) {
                if let Some(name) = name {
                    map.entry(key(name)).or_default().push(talk.id.clone());
                }
            }
            let shown = all.into_iter().flatten().next().unwrap_or_default();
            names.shown.insert(talk.id.clone(), shown.to_owned());
        }
        names
    }

    /// The talks of this name; several where a schedule uses a title (or an id) twice.
    pub(crate) fn find(&self, name: &str) -> &[TalkId] {
        let key = key(name);
        self.by.iter().find_map(|map| map.get(&key)).map_or(&[], Vec::as_slice)
    }

    /// The guid as the file has it, else the code, else the file's id, else ours.
    pub(crate) fn shown(&self, talk: &TalkId) -> String {
        self.shown.get(talk).cloned().unwrap_or_else(|| talk.to_string())
    }
}

fn key(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::filing::tests::talk;

    #[test]
    fn a_talk_goes_by_its_guid_first_and_is_found_by_every_name() {
        let with = Talk { guid: Some("AB-1".into()), code: Some("XY".into()), ..talk("t1", "Why  not?") };
        let bare = Talk { native: Some("77".into()), ..talk("t2", "Why not?") };
        let names = Names::new([&with, &bare]);
        for name in ["ab-1", "xy", "t1"] {
            assert_eq!(names.find(name), [TalkId::numbered(1)], "{name}");
        }
        assert_eq!(names.find("why not?").len(), 2);
        assert_eq!((names.shown(&with.id), names.shown(&bare.id)), ("AB-1".into(), "77".into()));
        assert_eq!(names.find("nothing"), []);
    }
}
