//! Posts written to break out, from a Mastodon server that cleans nothing, through the whole product into a real browser: on every
//! page they are words, nothing of theirs runs, and their neighbours stand where they would stand without them.

use crate::product::{EVENT, Product, Stores, TOKEN};
use chassis::Shutdown;
use networks::{Happening, Matching, Media, Options, Post, Protocol, Script, Server};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use testkit::{Chromium, Tab, Viewport};

const SOON: Duration = Duration::from_secs(60);
/// Combining marks that one base character keeps.
const MARKS_MAX: usize = 8;
/// A post of one line is lower than this with its head and foot, in CSS pixels.
const CARD_HEIGHT_MAX: f64 = 260.0;

/// What each post holds, as HTML that a careless server passes on, and the words that must be read of it.
const POSTS: [(&str, &str); 13] = [
    ("<p>alpha <script>window.pwned='script'</script>omega</p>", "alpha omega"),
    (
        "<p>beta <img src=x onerror=\"window.pwned='img'\"><svg onload=\"window.pwned='svg'\"><circle/></svg></p>",
        "beta",
    ),
    (
        "<p onclick=\"window.pwned='p'\"><b onmouseover=\"window.pwned='b'\" style=\"position:fixed;inset:0\">gamma</b></p>",
        "gamma",
    ),
    ("<p>delta <a href=\"javascript:window.pwned='href'\">click me</a></p>", "delta click me"),
    (
        "<p>epsilon <a href=\"java&#x09;script:window.pwned='tab'\">a</a> <a href=\"&#1;javascript:window.pwned='c0'\">b</a></p>",
        "epsilon a b",
    ),
    (
        "<p>zeta <a href=\"data:text/html,<script>window.pwned='data'</script>\">c</a> <a href=\"//evil.example\">d</a></p>",
        "zeta c d",
    ),
    (
        "<p>eta</p><iframe srcdoc=\"<script>parent.pwned='frame'</script>\"></iframe><form action=\"https://evil.example\"><input autofocus onfocus=\"window.pwned='focus'\"></form>",
        "eta",
    ),
    (
        "<style>*{display:none!important}</style><link rel=stylesheet href=\"https://evil.example/x.css\"><meta http-equiv=refresh content=\"0;url=https://evil.example\"><base href=\"https://evil.example\"><p>theta</p>",
        "theta",
    ),
    (
        "<p>iota</p><math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=window.pwned='mxss'&gt;\">",
        "iota",
    ),
    (
        "<noscript><p title=\"</noscript><img src=x onerror=window.pwned='noscript'>\"></noscript><template><script>window.pwned='tpl'</script></template><p>kappa</p>",
        "kappa",
    ),
    (
        "<p>lambda &lt;script&gt;window.pwned='words'&lt;/script&gt;&lt;!--&lt;script&gt;\u{2028}{{7*7}}${7*7}</p>",
        "<script>window.pwned='words'</script><!--<script>",
    ),
    ("<p>mu safe \u{202e}gnihtemos neddih \u{2066}open</p>", "mu safe gnihtemos neddih open"),
    ("<p>nu Z{TOWER} end</p>", "nu Z"),
];
const NEIGHBOUR: &str = "neighbour stands here";

/// Runs before any script of a page: what the policy had to stop is a failure too, as nothing should have got that far.
const WATCH: &str = "window.stopped = []; document.addEventListener('securitypolicyviolation', \
     e => window.stopped.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample));";

/// Everything about the items of a page that could be wrong, as a list of sentences.
const LOOK: &str = r#"(() => {
    const tags = new Set('ARTICLE HEADER FOOTER DIV P B BDI SPAN A BR H3 FIGURE FIGCAPTION IMG DETAILS SUMMARY UL LI TIME MARK'.split(' '));
    const names = new Set(('id class dir lang href rel src alt loading decoding width height tabindex aria-label aria-posinset aria-setsize '
        + 'datetime open data-id data-seq data-rev data-at data-room data-late data-of').split(' '));
    const wrong = [];
    if (window.pwned !== undefined) wrong.push(`a script ran: ${window.pwned}`);
    for (const what of window.stopped) wrong.push(`the policy had to stop ${what}`);
    const own = location.origin + '/';
    for (const card of document.querySelectorAll('article[data-id]')) {
        for (const e of [card, ...card.querySelectorAll('*')]) {
            if (!tags.has(e.tagName)) wrong.push(`element ${e.tagName}`);
            for (const a of e.attributes) if (!names.has(a.name)) wrong.push(`attribute ${e.tagName} ${a.name}=${a.value}`);
            if (e.src && !e.src.startsWith(own)) wrong.push(`picture from ${e.src}`);
        }
        for (const a of card.querySelectorAll('a')) {
            const to = new URL(a.href, location.href);
            if (!['http:', 'https:'].includes(to.protocol) || to.username || to.password) wrong.push(`link to ${a.href}`);
            if (to.hostname === 'evil.example' && !a.textContent.includes('evil.example')) wrong.push(`a link hides ${a.href}`);
        }
        if (/[\u202a-\u202e\u0000-\u0008\u000b-\u001f]/.test(card.textContent)) wrong.push(`controls in ${card.textContent}`);
        if (/\p{M}{9,}/u.test(card.textContent)) wrong.push('a tower of marks');
        const height = card.getBoundingClientRect().height;
        if (height > HEIGHT_MAX) wrong.push(`${card.textContent.slice(0, 60)} is ${height} high`);
    }
    if (document.documentElement.scrollWidth > document.documentElement.clientWidth) wrong.push('the page is wider than the window');
    // Words of others run from left to right: first letter left of the last one, in the neighbour and in each card's own foot.
    const runs = [...document.querySelectorAll('article[data-id] .item-foot, article[data-id] .src')];
    for (const body of document.querySelectorAll('article .item-body')) {
        if (body.textContent.includes('NEIGHBOUR')) runs.push(body);
    }
    for (const element of runs) {
        const walk = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
        for (let text; (text = walk.nextNode());) {
            if (text.data.trim().length < 3) continue;
            const at = (n) => { const r = document.createRange(); r.setStart(text, n); r.setEnd(text, n + 1); return r.getBoundingClientRect(); };
            const [first, second] = [at(0), at(1)];
            if (first.width > 0 && second.top === first.top && second.left < first.left) wrong.push(`turned round: ${text.data}`);
        }
    }
    return JSON.stringify(wrong);
})()"#;

/// A post of just now, the one after another by the `n`th millisecond, so that it counts for the one talk.
fn said(n: u32, handle: &str, text: &str) -> Post {
    let at = jiff::Timestamp::now().as_microsecond() + i64::from(n) * 1000;
    Post::new(&networks::snowflake_at(at, n), at, handle, text)
}

fn post(n: u32, html: &str) -> Post {
    let mut post = said(n, "eve@one.example", "words #rstudioconf");
    post.html = Some(html.replace("{TOWER}", &"\u{35c}".repeat(10_000)));
    post
}

/// The hostile posts, each by a hostile author with a hostile picture, and one more whose content warning is hostile.
fn hostile() -> Vec<Post> {
    let mut all: Vec<Post> = (1..).zip(&POSTS).map(|(n, (html, _))| post(n, html)).collect();
    for post in &mut all {
        post.author.name = "</b><script>window.pwned='name'</script>\u{202e}Eve\u{35c}".to_owned();
        post.author.avatar = Some("javascript:window.pwned='avatar'".to_owned());
        post.lang = Some("en\" onload=\"window.pwned='lang'".to_owned());
    }
    all[0].media = vec![Media {
        url: "javascript:window.pwned='media'".to_owned(),
        alt: Some("\"><script>window.pwned='alt'</script>".to_owned()),
        ..Media::default()
    }];
    let mut covered = post(50, "<p>xi</p>");
    covered.warning = Some("<img src=x onerror=\"window.pwned='cover'\">\u{202e}".to_owned());
    all.push(covered);
    all
}

/// One talk, on since half an hour ago.
fn schedule() -> String {
    let start = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(30);
    json!({"schedule": {"version": "1", "conference": {"days": [{"date": "2018-02-02", "rooms": {"Hall": [
        {"guid": "g", "title": "The one talk", "date": start.to_string(), "duration": "02:00", "persons": []}
    ]}}]}}})
    .to_string()
}

async fn network(shutdown: &Shutdown) -> Server {
    let options =
        Options::new(Protocol::Mastodon, Script::empty()).token(TOKEN).matching(Matching::Everything);
    networks::serve(options, shutdown.token()).await.expect("a free loopback port")
}

async fn harmless(tab: &Tab, whose: &str) {
    let look = LOOK.replace("HEIGHT_MAX", &CARD_HEIGHT_MAX.to_string()).replace("NEIGHBOUR", NEIGHBOUR);
    let wrong = tab.eval_text(&look).await.expect("the page can be looked at");
    assert_eq!(wrong, "[]", "{whose}");
}

/// All words are there, as words.
async fn readable(tab: &Tab, whose: &str) {
    let words = "[...document.querySelectorAll('article[data-id]')].map(a => a.textContent.replace(/\\s+/g, ' ')).join('\\n')";
    let words = tab.eval_text(words).await.expect("the words");
    for (_, shown) in POSTS.iter().chain([&("", NEIGHBOUR), &("", "xi")]) {
        assert!(words.contains(shown), "{shown:?} cannot be read on {whose}:\n{words}");
    }
}

async fn export(product: &Product, items: usize) -> Vec<Value> {
    let deadline = Instant::now() + SOON;
    loop {
        let text = product.get(&format!("/{EVENT}/export.ndjson")).await.1;
        if text.lines().count() >= items {
            return text.lines().map(|line| serde_json::from_str(line).expect("a line is JSON")).collect();
        }
        assert!(
            Instant::now() < deadline,
            "the export has {} lines: {}",
            text.lines().count(),
            product.output()
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Every text under a key that holds an address leads to the web, and no text turns others round or towers.
fn harmless_json(key: &str, value: &Value) {
    match value {
        Value::String(text) => {
            let is_address = matches!(key, "url" | "link" | "avatar");
            assert!(
                !is_address || text.starts_with("https://") || text.starts_with("http://"),
                "{key}: {text}"
            );
            assert!(!text.contains(|c| matches!(c, '\u{202a}'..='\u{202e}')), "{key}: {text}");
            assert!(!text.contains(&"\u{35c}".repeat(MARKS_MAX + 1)), "{key} towers");
        }
        Value::Array(all) => all.iter().for_each(|value| harmless_json(key, value)),
        Value::Object(fields) => fields.iter().for_each(|(key, value)| harmless_json(key, value)),
        _ => {}
    }
}

async fn started(network: &Server, dir: &std::path::Path) -> Option<Product> {
    let file = dir.join("schedule.json");
    std::fs::write(&file, schedule()).expect("the temporary directory takes a file");
    let source = format!(
        "schedule = \"{}\"\n[[source]]\nname = \"one\"\nkind = \"mastodon\"\nurl = \"{}\"\ntoken_env = \"TEST_TOKEN\"\n",
        file.display(),
        network.url()
    );
    Product::start(Stores::Embedded, &source).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_to_break_out_is_harmless_words_on_every_page() {
    let _alone = crate::product::alone().await;
    let Some(chromium) = Chromium::start().await else { return };
    let shutdown = Shutdown::new();
    let network = network(&shutdown).await;
    let dir = tempfile::tempdir().expect("a temporary directory can be made");
    let Some(mut product) = started(&network, dir.path()).await else { return };
    let tab = chromium.open("about:blank", Viewport::PHONE).await.expect("a tab");
    tab.page().evaluate_on_new_document(WATCH).await.expect("the watcher");
    tab.goto(&format!("{}/{EVENT}", product.site)).await.expect("the live page");
    tab.wait_until("document.getElementById('conn').textContent === 'Live'", SOON).await.expect("live");

    let posts = hostile();
    let mut all = posts.clone();
    all.insert(0, said(0, "ada@one.example", NEIGHBOUR));
    all.push(said(99, "ada@one.example", NEIGHBOUR));
    let count = all.len();
    for post in all {
        network.say(Happening::Post(post));
    }
    let drawn = format!("document.querySelectorAll('article[data-id]').length === {count}");
    if let Err(error) = tab.wait_until(&drawn, SOON).await {
        panic!("{error}\n{}", product.output());
    }
    readable(&tab, "the live page as the script draws it").await;
    harmless(&tab, "the live page as the script draws it").await;
    tab.reload().await.expect("the page from the server");
    readable(&tab, "the live page as the server draws it").await;
    harmless(&tab, "the live page as the server draws it").await;

    let lines = export(&product, count).await;
    lines.iter().for_each(|line| harmless_json("", line));
    tab.goto(&format!("{}/{EVENT}/talks/t1", product.site)).await.expect("the talk's page");
    readable(&tab, "the talk's page").await;
    harmless(&tab, "the talk's page").await;
    for line in &lines {
        let id = line["id"].as_str().expect("an item has an id");
        tab.goto(&format!("{}/{EVENT}/posts/{id}", product.site)).await.expect("the post's page");
        let cards = tab.eval_number("document.querySelectorAll('article[data-id]').length").await;
        assert!(cards.expect("a count") >= 1.0, "the page of {id} shows it");
        harmless(&tab, &format!("the page of post {id}")).await;
    }
    product.stop().await;
    shutdown.trigger();
}
