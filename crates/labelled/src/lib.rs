//! Invents what people write at a conference, each post with what it is about, so that rules can be judged by it.
//!
//! It knows a schedule and how people are: who sits where, who names the speaker and who only laughs, who answers, who writes a
//! day late, who talks about lunch. It knows nothing of the rules that it serves to judge: of `model` it takes talks and times
//! and nothing else, which `cargo xtask tidy` holds.
//!
//! A label says what the writer meant, as far as a reader who knows the programme could tell, too. A post whose writer alone
//! knows ("great talk!", while four are on) is about no talk.

mod actual;
mod apart;
mod dice;
mod kind;
mod live;
mod names;
mod people;
mod phrases;
mod replies;
mod slips;
mod voice;
mod words;
mod world;

use model::{Micros, Talk, TalkId};

pub use actual::Press;
pub use kind::Kind;
pub use names::Handle;

use apart::Apart;
use dice::Dice;
use live::Live;
use replies::Replies;
use voice::Voice;
use world::World;

/// A post with its label.
#[derive(Clone, Debug, PartialEq)]
pub struct Post {
    /// Its id, `p` and its place in the order of time.
    pub id: String,
    /// When it was posted.
    pub at: Micros,
    /// Where: mastodon, bluesky or x.
    pub network: &'static str,
    /// The writer's handle, with its `@`.
    pub handle: String,
    /// The writer's name.
    pub name: String,
    /// The words.
    pub text: String,
    /// Id of the earlier post that it answers.
    pub reply_to: Option<String>,
    /// The language of the carrier sentence.
    pub language: &'static str,
    /// What it is about.
    pub talk: Option<TalkId>,
    /// What kind of post it is.
    pub kind: Kind,
}

/// What is to be invented.
#[derive(Clone, Debug)]
pub struct Recipe<'a> {
    /// The same seed and talks give the same posts.
    pub seed: u64,
    /// How many posts, roughly: no more, and a few less where a schedule gives too little to speak of.
    pub posts: usize,
    /// The event's hashtag, without `#`.
    pub tag: &'a str,
    /// How far the venue's clocks are ahead of UTC, in microseconds.
    pub ahead: i64,
}

/// What was invented.
#[derive(Clone, Debug, Default)]
pub struct Conference {
    /// In the order of time.
    pub posts: Vec<Post>,
    /// What stewards pressed, in the order of time. Not every room has one.
    pub presses: Vec<Press>,
    /// Hashtags of rooms, by the room's slug.
    pub room_tags: Vec<(String, String)>,
    /// Speakers' handles, as far as the organisers know them.
    pub handles: Vec<Handle>,
}

/// Shares of all posts. Those about a talk while it is on are the rest.
const REPLIES: f64 = 0.14;
const LATE: f64 = 0.05;
const EARLY: f64 = 0.04;
const BY_SPEAKERS: f64 = 0.03;
const SLIDES: f64 = 0.03;
const EVENT: f64 = 0.09;
const HALLWAY: f64 = 0.05;

/// Invents a conference over these talks. Dropped ones are not spoken of.
#[must_use]
pub fn generate(talks: &[Talk], recipe: &Recipe<'_>) -> Conference {
    let mut dice = Dice::new(recipe.seed);
    let world = World::new(talks, recipe, &mut dice);
    if world.subjects.is_empty() {
        return Conference::default();
    }
    let part = |share: f64| (recipe.posts as f64 * share) as usize;
    let apart = [LATE, EARLY, BY_SPEAKERS, SLIDES, EVENT, HALLWAY];
    let live = recipe.posts - part(REPLIES) - apart.iter().map(|share| part(*share)).sum::<usize>();
    let mut voice = Voice::new(&world, dice);
    let mut said = Live::new(&world).posts(live, &mut voice);
    let mut around = Apart::new(&world);
    around.late(part(LATE), &mut voice);
    around.early(part(EARLY), &mut voice);
    around.speakers(part(BY_SPEAKERS), &mut voice);
    around.slides(part(SLIDES), &mut voice);
    around.event(part(EVENT), &mut voice);
    around.hallway(part(HALLWAY), &mut voice);
    said.extend(around.said);
    Replies::new(&world).add(part(REPLIES), &mut said, &mut voice);
    Conference {
        posts: in_order(said),
        presses: world.actual.presses.clone(),
        room_tags: world.room_tags.clone(),
        handles: world.handles(),
    }
}

/// A post before its id is known; what it answers is a place in the same list.
#[derive(Clone, Debug)]
struct Said {
    post: Post,
    answers: Option<usize>,
}

fn in_order(said: Vec<Said>) -> Vec<Post> {
    let mut order: Vec<usize> = (0..said.len()).collect();
    order.sort_by_key(|index| (said[*index].post.at, *index));
    let mut place = vec![0; said.len()];
    for (at, index) in order.iter().enumerate() {
        place[*index] = at;
    }
    let id = |index: usize| format!("p{}", place[index] + 1);
    let mut posts: Vec<Post> = said
        .into_iter()
        .enumerate()
        .map(|(index, said)| Post { id: id(index), reply_to: said.answers.map(id), ..said.post })
        .collect();
    posts.sort_by_key(|post| post.id[1..].parse::<usize>().unwrap_or(0));
    posts
}

#[cfg(test)]
mod tests;
