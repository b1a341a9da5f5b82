//! `/k/{token}`: links that let whoever holds them do one thing at one event, and `/admin/{event}/links`, where they are made ([`desk`]).
//!
//! Another kind of link is one more variant of [`What`], with what it opens in [`What::opens`] and its fields in the desk's form. A token is
//! kept as its hash: a link is shown once, and a new one in its place (`rotate`) makes the old one dead.

mod desk;

pub(super) use desk::{send, show};

use super::{Site, door::real_now, failure::Failure, login::private};
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::{Deserialize, Serialize};

/// What a link may. Kept as JSON beside its kind's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum What {
    /// Opens the event's wall as its organisers have set it: the machine of a projector keeps one address, whatever it is to show.
    Wall(Wall),
}

/// The parameters of a wall, as `/{event}/wall` reads them; empty ones are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Wall {
    #[serde(default)]
    room: String,
    #[serde(default)]
    distance: String,
    #[serde(default)]
    width: String,
    #[serde(default)]
    paper: bool,
}

impl What {
    /// The kind's name in the database.
    fn kind(&self) -> &'static str {
        match self {
            Self::Wall(_) => "wall",
        }
    }

    /// Where it leads, for an event of this slug.
    fn opens(&self, slug: &str) -> String {
        match self {
            Self::Wall(wall) => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                let paper = if wall.paper { "1" } else { "" };
                let pairs = [
                    ("room", wall.room.as_str()),
                    ("distance", &wall.distance),
                    ("width", &wall.width),
                    ("paper", paper),
                ];
                for (name, value) in pairs.into_iter().filter(|(_, value)| !value.is_empty()) {
                    query.append_pair(name, value);
                }
                let query = query.finish();
                if query.is_empty() { format!("/{slug}/wall") } else { format!("/{slug}/wall?{query}") }
            }
        }
    }
}

/// `GET /k/{token}`: leads on to what the link opens. Answered from memory, so that a projector comes back after a power cut while the database
/// is away.
pub(super) async fn open(State(site): State<Site>, Path(token): Path<String>) -> Result<Response, Failure> {
    let link = site.door.memory.capability(&token, real_now())?.ok_or(Failure::NotFound)?;
    let what = serde_json::from_str::<What>(&link.what).map_err(|_| Failure::NotFound)?;
    let event = site.events.all().await.into_iter().find(|event| event.eid == link.event);
    let event = event.ok_or(Failure::NotFound)?;
    Ok(private(Redirect::to(&what.opens(&event.listed().slug)).into_response()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wall_opens_with_what_was_set_and_nothing_else() {
        let wall = |wall: Wall| What::Wall(wall).opens("fest");
        assert_eq!(wall(Wall::default()), "/fest/wall");
        let set =
            Wall { room: "a&b=\u{5927}".into(), distance: "15".into(), width: String::new(), paper: true };
        assert_eq!(wall(set.clone()), "/fest/wall?room=a%26b%3D%E5%A4%A7&distance=15&paper=1");
        let kept = serde_json::to_string(&What::Wall(set.clone())).unwrap();
        assert_eq!(serde_json::from_str::<What>(&kept).unwrap(), What::Wall(set));
        assert!(serde_json::from_str::<What>(r#"{"kind":"everything"}"#).is_err());
    }
}
