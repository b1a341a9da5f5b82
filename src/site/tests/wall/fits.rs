//! What is painted on a wall is whole, on every screen; the script reads entries as the server does; and what is left without a network.

use super::{
    super::{
        entries::{NOON, edit, gone, post, post_of},
        stand::Stand,
    },
    ago,
    browser::{HD, SMALL, UHD, at_once, fine, json, shows, until, wall},
    item_with, of_room,
};
use model::{Body, Entry, Kind, Mark, Media, MediaKind, Network, Run};
use serde_json::Value;
use testkit::Chromium;

/// What is not whole, or not where it belongs.
const CUT: &str = r"(() => {
    const cut = [];
    const posts = document.getElementById('posts');
    const box = posts.getBoundingClientRect();
    let below = box.top;
    for (const post of posts.querySelectorAll('.wall-post')) {
        const r = post.getBoundingClientRect();
        const say = post.querySelector('.say');
        const name = say.textContent.slice(0, 20);
        if (post.scrollHeight > post.clientHeight || post.scrollWidth > post.clientWidth) cut.push(`post ${name}`);
        // Letters reach out of lines that are set tightly, into the post's own padding.
        const reach = .2 * parseFloat(getComputedStyle(say).fontSize);
        if (say.scrollHeight > say.clientHeight + reach || say.scrollWidth > say.clientWidth) cut.push(`words ${name}`);
        if (r.top < below - 1 || r.bottom > box.bottom + 1 || r.left < box.left - 1 || r.right > box.right + 1) cut.push(`place ${name}`);
        if (r.bottom > innerHeight || r.right > innerWidth) cut.push(`outside ${name}`);
        below = r.bottom;
    }
    const root = document.documentElement;
    if (root.scrollHeight > innerHeight || root.scrollWidth > innerWidth) cut.push('the page scrolls');
    for (const part of document.querySelectorAll('.wall-stage > *, .wall-side > *, .wall-join *')) {
        const r = part.getBoundingClientRect();
        if (r.bottom > innerHeight + 1 || r.right > innerWidth + 1) cut.push(`outside: ${part.className || part.tagName}`);
    }
    const small = Math.min(...[...document.querySelectorAll('.wall :is(p, h1, time, b, span)')].filter((e) => e.textContent.trim()).map((e) => parseFloat(getComputedStyle(e).fontSize)));
    if (small < 1.849 * Math.min(innerWidth / 100, innerHeight * .017777)) cut.push(`letters of ${small} px`);
    return cut;
})()";

fn nasty() -> Vec<&'static str> {
    vec![
        "Short.",
        "“If your form needs the network to tell me my phone number is too short, your form is not progressive, it is nervous.” Well said there.",
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaftsvorsitzendenstellvertreterinnenverzeichnisordnerrücken",
        "フォームがネットワークなしでは電話番号の長さを教えてくれないなら、それは進歩的ではなく神経質なのです。会場の後ろの席からも拍手が起こりました。素晴らしい講演でした、ありがとうございます。次の発表も楽しみにしています。皆さんもぜひ感想を書いてください。",
        "النموذج الجيد يتذكّر ما كتبته حتى لو انقطع الاتصال، وهذا ما رأيناه اليوم على المسرح أمام الجميع",
        "🎉🎉🎉👩‍👩‍👧‍👦👩‍👩‍👧‍👦🏳️‍🌈🏳️‍🌈🇩🇪🇩🇪🇩🇪 ✨✨✨ 🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀🚀",
        "H̷̡̪̯ͨ͊̽̅̾ȩ̬̩̾͛ͪ̈́̀́͘ ̶̧̨̱̹̭̯ͧ̾ͬC̷̙̲̝͖ͭ̏ͥͮ͟O̮͏̮̪̝͍M̲̖͊̒ͪͩͬ̚̚͜Ȇ̴̟̟͙̞ͩ͌͝S̨̥̫͎̭ͯ̿̔̀ͅ",
        "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\neleven\ntwelve\nthirteen\nfourteen\nfifteen",
        "עברית and English mixed, (with brackets) and 1,234.56 numbers: שלום עולם!",
        "ok the live demo on airplane mode actually worked. standing ovation from the back row",
    ]
}

/// One of everything that a wall reads otherwise than the live page does, or not at all.
fn peculiar(seq: u64) -> Vec<Entry> {
    let link = |link: &str, text: &str| Run::Link { link: link.into(), text: text.into() };
    let runs = vec![
        Run::text("Mr.\u{a0}X  said\n\n \n"),
        link("https://www.a.example:8080/long?x=1", "www.A.example:8080/long…"),
        Run::text(" "),
        link("https://b.example/", "my notes"),
        Run::text(" "),
        link("javascript:x", "nothing"),
        Run::Mention { mention: "@ada".into(), url: None },
        Run::text(" "),
        Run::Tag { tag: "RustFest".into() },
    ];
    let photo = |kind| Media {
        kind,
        url: "https://pictures.example/1.png".into(),
        width: None,
        height: None,
        alt: Some("A \"stage\"".into()),
        licence: None,
    };
    let all = [
        item_with("runs", "", |item| item.body = Body(runs.clone())),
        item_with("long", &"x".repeat(141), |item| {
            item.media = vec![photo(MediaKind::Video), photo(MediaKind::Photo)];
        }),
        item_with("article", "Its text", |item| {
            item.network = Network::Feed;
            item.title = Some("On caches #rustfest".into());
        }),
        item_with("covered", "canary", |item| item.cover = Some(String::new())),
        item_with("late", "canary", |item| item.late = true),
        item_with("tongue", "Is it?", |item| {
            item.lang = Some("no tongue".into());
            item.marks = vec![Mark::Question];
            item.author.name = String::new();
        }),
    ];
    all.into_iter().zip(seq..).map(|(item, seq)| of_room(post_of(seq, item), Some("side"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_post_is_painted_whole_on_every_screen_or_not_at_all() {
    let Some(chromium) = Chromium::start().await else { return };
    let stand = Stand::new().await;
    let (base, _stop) = stand.serve("127.0.0.1:0", &[]).await;
    stand
        .commit(vec![
            ago(post(5, "a", "Well said"), 90),
            ago(of_room(post(6, "b", "In the hallway"), None), 60),
        ])
        .await;
    let tabs = [
        wall(&chromium, &base, "?room=main-hall", HD).await,
        wall(&chromium, &base, "?room=main-hall", SMALL).await,
        wall(&chromium, &base, "?room=main-hall&distance=22&width=3", UHD).await,
    ];
    // What the server draws is what the script draws.
    let twin = "(async () => { const tidy = (root) => { for (const e of root.querySelectorAll('.is-new')) e.classList.remove('is-new'); \
                return root.innerHTML.replace(/>\\s+</g, '><').trim(); }; \
                const served = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html'); \
                return ['head', 'posts', 'middle', 'link'].map((id) => tidy(served.getElementById(id)) === tidy(document.getElementById(id)) ? 'same' : \
                `${id}: ${tidy(served.getElementById(id))} <> ${tidy(document.getElementById(id))}`).join(); })()";
    assert_eq!(tabs[0].eval_text(twin).await.expect("words"), "same,same,same,same");
    let capital = "(() => { const c = document.createElement('canvas').getContext('2d'); c.font = '400 1000px \"Schibsted Grotesk\"'; \
                   return c.measureText('H').actualBoundingBoxAscent / 1000; })()";
    let height = tabs[0].eval_number(capital).await.expect("a height");
    assert!((0.695..0.72).contains(&height), "the height of a capital that sizes count with: {height}");
    let size = "parseFloat(getComputedStyle(document.querySelector('.say')).fontSize) / innerWidth * 3000";
    let mm = tabs[2].eval_number(size).await.expect("a size") * height;
    assert!(mm >= 55.0 / 15.0 * 22.0, "capitals of {mm} mm for somebody 22 m away");
    let mut seq = 7;
    let mut seen = [0; 3];
    for (n, words) in nasty().into_iter().enumerate() {
        let name = if n % 2 == 0 {
            "Maximiliana Wolkenstein-Trostburg von und zu Hohenschwangau 🦋 (she/her) شريفة"
        } else {
            "ア"
        };
        stand
            .commit(vec![post_of(
                seq,
                item_with(&format!("n{n}"), words, |item| item.author.name = name.into()),
            )])
            .await;
        for (tab, seen) in tabs.iter().zip(&mut seen) {
            let turn = format!(
                "(perihelion.queue.turnAt = 0, perihelion.connection.cursor.seq >= {seq} && [...perihelion.queue.byId.values()].every((one) => perihelion.queue.done.has(one.id)))"
            );
            until(tab, &turn).await;
            assert_eq!(json(tab, CUT).await, serde_json::json!([]), "{words}");
            let first = words.chars().take(4).collect::<String>();
            *seen += usize::from(tab.eval_json(&shows(&first)).await.is_ok_and(|is| is == "true"));
        }
        seq += 1;
    }
    assert!(seen[0] >= 9 && seen[1] == seen[0] && seen[2] >= 6, "{seen:?} of {} were painted", nasty().len());
    // A title that nobody thought of, and edits.
    let talk = |seq, title: &str| {
        let talk = serde_json::json!({"id": "t1", "title": title, "room": "main-hall", "day": "2026-06-01", "speakers": [{"name": "A".repeat(120)}],
            "start": NOON.0 - 1_200_000_000_i64, "end": NOON.0 + 1_200_000_000_i64});
        Entry {
            seq,
            at: NOON,
            kind: Kind::Talk { talk: Box::new(serde_json::from_value(talk).expect("a talk")) },
        }
    };
    let title = "Everything that you always wanted to know about replicated logs, and what your operating system did not dare to tell you: a story in nine disks";
    stand.commit(vec![talk(seq, title), edit(seq + 1, seq - 1, "n9", "Edited since")]).await;
    for tab in &tabs {
        at_once(tab, &shows("Edited since")).await;
        until(tab, "document.querySelector('h1').textContent.startsWith('Everything')").await;
        assert_eq!(json(tab, CUT).await, serde_json::json!([]));
    }
    stand.commit(vec![gone(seq + 2, seq - 1, "n9", true)]).await;
    for tab in &tabs {
        at_once(tab, &format!("!{}", shows("Edited since"))).await;
        fine(tab).await;
    }
    // The script reads every entry as the server does.
    stand.commit(peculiar(seq + 3)).await;
    let other = "(async () => { const page = new DOMParser().parseFromString(await (await fetch(location.href)).text(), 'text/html'); \
                 const { said, seq } = JSON.parse(page.getElementById('page-data').textContent); \
                 return JSON.stringify({ seq, n: said.length, other: said.filter((one) => JSON.stringify(one) !== JSON.stringify(perihelion.queue.byId.get(one.id))) }); })()";
    until(&tabs[0], &format!("perihelion.connection.cursor.seq >= {}", seq + 8)).await;
    let told = tabs[0].eval_text(other).await.expect("an answer");
    let told: Value = serde_json::from_str(&told).expect("JSON");
    assert!(told["n"].as_u64().is_some_and(|n| n >= 12), "{told}");
    assert_eq!((&told["other"], &told["seq"]), (&serde_json::json!([]), &serde_json::json!(seq + 8)));
    assert!(!json(&tabs[0], "[...perihelion.queue.byId.values()]").await.to_string().contains("canary"));
    // The network goes: the last screen stays, the clock's place says so, and later nothing stays that nobody could take off.
    let tab = &tabs[0];
    tab.set_online(false).await.expect("cut");
    tab.eval_text("perihelion.connection.stop(); pass(46000)").await.expect("time");
    until(tab, "document.getElementById('name').textContent.startsWith('No network since ') && document.querySelector('.wall-post')").await;
    assert_eq!(json(tab, CUT).await, serde_json::json!([]));
    tab.eval_text("pass(80000)").await.expect("time");
    until(tab, "document.querySelector('.wall-plan') && !document.querySelector('.wall-post')").await;
    tab.set_online(true).await.expect("and joined");
    tab.eval_text("perihelion.connection.connect(); 'joined'").await.expect("joined");
    until(
        tab,
        "document.querySelector('.wall-post') && document.getElementById('name').textContent === 'RustFest'",
    )
    .await;
    fine(tab).await;
}
