//! Writes the conference as scripts of the fake networks: posts, edits, deletes and boosts with the networks' own ids,
//! photos and articles; and as what visitors and the front desk send to the product themselves.

use networks::{Author, Happening, Link, Media, Post, snowflake_at};

use super::compose::{Conference, Said, TAG};
use super::elsewhere::{Note, Place};
use super::lines::{Kind, Net};
use super::photos;

/// Something that happens on one of the networks.
#[derive(Clone, Debug)]
pub(crate) struct Scene {
    /// When, in microseconds UTC.
    pub(crate) at: i64,
    /// Where.
    pub(crate) on: Site,
    /// What.
    pub(crate) what: Happening,
}

/// What the product listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Site {
    /// A network of short posts.
    Net(Net),
    /// The photos.
    Flickr,
    /// The conference's own blog.
    Blog,
}

/// Everything that happens, in order of time. `pictures` is the base address that photos are served from, `blog` the blog's.
pub(crate) fn scenes(
    conference: &Conference,
    notes: &[(i64, Note)],
    pictures: &str,
    blog: &str,
) -> Vec<Scene> {
    let writer = Writer { conference, pictures };
    let mut scenes: Vec<Scene> = (0..conference.posts.len()).flat_map(|i| writer.scenes_of(i)).collect();
    scenes.extend(
        notes.iter().enumerate().filter_map(|(n, (at, note))| elsewhere(n, *at, note, pictures, blog)),
    );
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
        let scene = |at, what| Scene { at, on: Site::Net(net), what };
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
        vec![picture(self.pictures, name, Some(alt))]
    }
}

fn picture(pictures: &str, name: &str, alt: Option<&str>) -> Media {
    Media {
        url: format!("{pictures}/{name}.{}", photos::EXTENSION),
        width: photos::WIDTH,
        height: photos::HEIGHT,
        alt: alt.map(str::to_owned),
        ..Media::default()
    }
}

/// A photo or an article; what is sent to the product itself is no scene.
fn elsewhere(n: usize, at: i64, note: &Note, pictures: &str, blog: &str) -> Option<Scene> {
    let id = snowflake_at(at, 0x800 + n as u32);
    let (on, post) = match note.place {
        Place::Flickr { name, handle, picture: file, title, description, licence } => {
            let post = Post {
                title: Some(title.to_owned()),
                licence: licence.map(str::to_owned),
                tags: vec![TAG.to_owned()],
                media: vec![picture(pictures, file, None)],
                ..Post::new(&id, at, handle, description)
            };
            (Site::Flickr, named(post, name))
        }
        Place::Blog { author, slug, title, text } => {
            let html: String = text.split(" / ").map(|paragraph| format!("<p>{paragraph}</p>")).collect();
            let url = format!("{blog}/{slug}");
            let post = Post {
                title: Some(title.to_owned()),
                html: Some(html),
                links: vec![Link { shown: url.clone(), expanded: url }],
                lang: Some("en".to_owned()),
                ..Post::new(&id, at, author, "")
            };
            (Site::Blog, named(post, author))
        }
        Place::Onsite { .. } | Place::Desk { .. } => return None,
    };
    Some(Scene { at, on, what: Happening::Post(post) })
}

fn named(post: Post, name: &str) -> Post {
    Post { author: Author { name: name.to_owned(), ..post.author }, ..post }
}
