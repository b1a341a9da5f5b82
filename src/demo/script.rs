//! Writes the conference as scripts of the fake networks: posts, edits, deletes and boosts with the networks' own ids.

use networks::{Author, Happening, Media, Post, snowflake_at};

use super::compose::{Conference, Said};
use super::lines::{Kind, Net};
use super::photos;

/// Something that happens on one of the two networks.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// When, in microseconds UTC.
    pub(crate) at: i64,
    /// Where.
    pub(crate) net: Net,
    /// What.
    pub(crate) what: Happening,
}

/// Everything that happens, in order of time. `pictures` is the base address that photos are served from.
pub(crate) fn scenes(conference: &Conference, pictures: &str) -> Vec<Scene> {
    let writer = Writer { conference, pictures };
    let mut scenes: Vec<Scene> = (0..conference.posts.len()).flat_map(|i| writer.scenes_of(i)).collect();
    scenes.sort_by_key(|s| s.at);
    scenes
}

struct Writer<'a> {
    conference: &'a Conference,
    pictures: &'a str,
}

impl Writer<'_> {
    fn scenes_of(&self, i: usize) -> Vec<Scene> {
        let said = &self.conference.posts[i];
        let net = self.conference.people[said.author].net;
        let post = self.post(i);
        let scene = |at, what| Scene { at, net, what };
        let mut scenes = vec![scene(said.at, Happening::Post(post.clone()))];
        if let Some((at, text)) = &said.edit {
            let edited = Post { text: text.clone(), edited_at: Some(*at), ..post.clone() };
            scenes.push(scene(*at, Happening::Edit(edited)));
        }
        for (n, (at, by)) in said.boosts.iter().enumerate() {
            let boost = Post {
                id: snowflake_at(*at, 0x1000 + (i * 16 + n) as u32),
                created_at: *at,
                author: self.author(*by),
                retweet_of: Some(Box::new(post.clone())),
                ..Post::default()
            };
            scenes.push(scene(*at, Happening::Post(boost)));
        }
        scenes.extend(said.deleted_at.map(|at| scene(at, Happening::Delete(post.id.clone()))));
        scenes
    }

    fn post(&self, i: usize) -> Post {
        let said = &self.conference.posts[i];
        Post {
            id: self.id(i),
            created_at: said.at,
            author: self.author(said.author),
            text: said.text.clone(),
            lang: Some(said.lang.to_owned()),
            reply_to: said.reply_to.map(|to| self.id(to)),
            media: self.media(said),
            warning: match said.kind {
                Kind::Warned { warning } => Some(warning.to_owned()),
                _ => None,
            },
            ..Post::default()
        }
    }

    fn id(&self, i: usize) -> String {
        snowflake_at(self.conference.posts[i].at, i as u32 & 0xfff)
    }

    fn author(&self, i: usize) -> Author {
        let person = &self.conference.people[i];
        Author { name: person.name.to_owned(), ..Post::new("0", 0, person.handle, "").author }
    }

    fn media(&self, said: &Said) -> Vec<Media> {
        let Kind::Photo { name, alt } = said.kind else { return Vec::new() };
        vec![Media {
            url: format!("{}/{name}.{}", self.pictures, photos::EXTENSION),
            width: photos::WIDTH,
            height: photos::HEIGHT,
            alt: Some(alt.to_owned()),
            ..Media::default()
        }]
    }
}
