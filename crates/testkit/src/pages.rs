//! Every kind of page that the site draws, once: `cargo xtask shots` takes pictures of these, and the judges of HTML and accessibility
//! read the same. Whoever adds a page adds its line here.

/// One kind of page.
#[derive(Debug, Clone, Copy)]
pub struct Sheet {
    /// What its pictures and findings are called.
    pub name: &'static str,
    /// Its address on the site, with names in braces that [`Examples::path`] fills in.
    pub path: &'static str,
    /// The status with which it answers.
    pub status: u16,
    /// Whether only somebody who holds the owner's key may open it.
    pub is_locked: bool,
    /// Whether it shows what only a nozzle knows: settings, sources, what waits.
    pub asks_nozzle: bool,
}

const fn public(name: &'static str, path: &'static str) -> Sheet {
    Sheet { name, path, status: 200, is_locked: false, asks_nozzle: false }
}

const fn failing(name: &'static str, path: &'static str, status: u16) -> Sheet {
    Sheet { status, ..public(name, path) }
}

const fn locked(name: &'static str, path: &'static str) -> Sheet {
    Sheet { is_locked: true, ..public(name, path) }
}

const fn of_nozzle(name: &'static str, path: &'static str) -> Sheet {
    Sheet { asks_nozzle: true, ..locked(name, path) }
}

/// All of them, in the order in which a reader meets them.
pub const SHEETS: &[Sheet] = &[
    public("home", "/"),
    public("live", "/{event}"),
    public("live-room", "/{event}?show=room.{room}"),
    public("live-lanes", "/{event}?view=lanes"),
    public("programme", "/{event}/programme"),
    public("day", "/{event}/days/{day}"),
    public("room", "/{event}/rooms/{room}"),
    public("talk", "/{event}/talks/{talk}"),
    public("talk-replay", "/{event}/talks/{talk}?replay=1&t=600"),
    public("then-talk", "/{event}/talks/{talk}?at=2001-01-01T12:00"),
    public("talk-empty", "/{event}/talks/{later}"),
    public("post", "/{event}/posts/{post}"),
    public("write", "/{event}/posts"),
    public("catch-up", "/{event}/catch-up"),
    public("catch-up-long", "/{event}/catch-up?after=2001-01-01T12:00&read=10"),
    public("catch-up-all", "/{event}/catch-up?after=2001-01-01T12:00&read=all"),
    public("then-live", "/{event}?at=2001-01-01T12:00"),
    public("search", "/{event}/search"),
    public("search-found", "/{event}/search?q=the"),
    public("search-nothing", "/{event}/search?q=zyzzyva"),
    public("photos", "/{event}/photos"),
    public("links", "/{event}/links"),
    public("changes", "/{event}/schedule/changes"),
    public("version", "/{event}/schedule/v/1"),
    public("about", "/{event}/about"),
    public("privacy", "/{event}/privacy"),
    public("imprint", "/{event}/imprint"),
    public("wall", "/{event}/wall?room={room}"),
    public("embed", "/{event}/embed"),
    public("embed-dark", "/{event}/embed?show=room.{room}&theme=dark"),
    public("embed-talk", "/{event}/talks/{talk}/embed"),
    public("embed-post", "/{event}/posts/{post}/embed"),
    public("feeds", "/{event}/feeds"),
    public("api", "/api"),
    failing("embed-nothing", "/{event}/posts/k3f9q2m7xw4d/embed", 404),
    failing("login", "/login", 401),
    failing("join-used-up", "/join/there-was-one", 410),
    failing("not-found", "/{event}/talks/there-is-none", 404),
    failing("no-such-event", "/there-is-no-such-event", 404),
    failing("bad-request", "/{event}/talks/{talk}?after=nowhere", 400),
    failing("locked", "/admin", 401),
    locked("admin", "/admin"),
    locked("admin-ops", "/admin/ops"),
    locked("admin-event", "/admin/{event}"),
    locked("admin-tray", "/admin/{event}/file"),
    of_nozzle("admin-moderate", "/admin/{event}/moderate"),
    of_nozzle("admin-moderate-shown", "/admin/{event}/moderate?tab=shown"),
    locked("admin-new", "/admin/new"),
    of_nozzle("admin-settings", "/admin/{event}/settings"),
    of_nozzle("admin-sources", "/admin/{event}/sources"),
    of_nozzle("admin-source-kinds", "/admin/{event}/sources/new"),
    of_nozzle("admin-source-new", "/admin/{event}/sources/new?kind=mastodon"),
    of_nozzle("admin-schedule", "/admin/{event}/schedule"),
    of_nozzle("admin-rules", "/admin/{event}/rules"),
    of_nozzle("admin-rule-new", "/admin/{event}/rules?new=1"),
    locked("admin-stage", "/admin/{event}/stage"),
    locked("admin-wall", "/admin/{event}/wall"),
    locked("admin-life", "/admin/{event}/life"),
    locked("admin-people", "/admin/{event}/people"),
    locked("admin-links", "/admin/{event}/links"),
    locked("admin-audit", "/admin/{event}/audit"),
    locked("admin-people-all", "/admin/people"),
    locked("admin-audit-all", "/admin/audit"),
    locked("admin-first", "/admin/first"),
    of_nozzle("admin-receipts", "/admin/{event}/receipts"),
];

/// What stands for the names in braces: an event that has something to show on each page.
#[derive(Debug, Clone, Default)]
pub struct Examples {
    /// The event's slug.
    pub event: String,
    /// A room's slug, as addresses write it.
    pub room: String,
    /// A day with talks, `2026-06-01`.
    pub day: String,
    /// A talk about which something was said.
    pub talk: String,
    /// A talk about which nothing was said.
    pub later: String,
    /// A post.
    pub post: String,
}

impl Examples {
    /// The address of a page, with everything in braces filled in.
    #[must_use]
    pub fn path(&self, sheet: &Sheet) -> String {
        let names = [
            ("{event}", &self.event),
            ("{room}", &self.room),
            ("{day}", &self.day),
            ("{talk}", &self.talk),
            ("{later}", &self.later),
            ("{post}", &self.post),
        ];
        names.iter().fold(sheet.path.to_owned(), |path, (name, value)| path.replace(name, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_has_a_name_of_its_own_and_no_brace_is_left() {
        let words = || "x".to_owned();
        let examples = Examples {
            event: words(),
            room: words(),
            day: words(),
            talk: words(),
            later: words(),
            post: words(),
        };
        let mut names: Vec<&str> = SHEETS.iter().map(|sheet| sheet.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SHEETS.len());
        for sheet in SHEETS {
            assert!(!examples.path(sheet).contains('{'), "{}", sheet.path);
        }
    }
}
