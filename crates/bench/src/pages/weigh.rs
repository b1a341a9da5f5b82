//! What a first view costs the network: the page, its styles and every script that it names, packed as they come. Pictures and fonts are
//! apart; they come when the words are there.

use std::collections::BTreeSet;

use super::server::Server;

/// Bytes of one first view.
#[derive(Debug, Default)]
pub(crate) struct View {
    pub(crate) page: usize,
    pub(crate) styles: usize,
    pub(crate) scripts: usize,
    /// Files besides the page.
    pub(crate) files: usize,
}

impl View {
    pub(crate) fn bytes(&self) -> usize {
        self.page + self.styles + self.scripts
    }
}

/// Fetches a page and all that it loads, as a browser does that takes these codings.
pub(crate) async fn weigh(server: &Server, path: &str, accept: &str) -> anyhow::Result<View> {
    let plain = server.get(path, "identity").await?.text();
    let mut view = View { page: server.get(path, accept).await?.body.len(), ..View::default() };
    let mut wanted: Vec<String> = files(&plain);
    let mut seen = BTreeSet::new();
    while let Some(file) = wanted.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let bytes = server.get(&file, accept).await?.body.len();
        view.files += 1;
        if file.ends_with(".js") {
            view.scripts += bytes;
            wanted.extend(imports(&server.get(&file, "identity").await?.text()));
        } else {
            view.styles += bytes;
        }
    }
    Ok(view)
}

/// Styles and scripts that a page names.
fn files(html: &str) -> Vec<String> {
    html.split('"').filter(|value| is_file(value)).map(str::to_owned).collect()
}

/// What a script says that it needs at once.
fn imports(script: &str) -> Vec<String> {
    let lines = script.lines().filter(|line| line.starts_with("import ") || line.contains("} from "));
    lines.flat_map(|line| line.split('"').filter(|value| is_file(value)).map(str::to_owned)).collect()
}

fn is_file(value: &str) -> bool {
    value.starts_with("/static/") && (value.ends_with(".css") || value.ends_with(".js"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_and_its_scripts_load_at_once_is_found() {
        let html = r#"<link rel="stylesheet" href="/static/site-1.css"><script type="module" src="/static/live-2.js"></script>
            <img src="/media/x"><link rel="icon" href="/static/icon-3.svg"><a href="/static.css">"#;
        assert_eq!(files(html), ["/static/site-1.css", "/static/live-2.js"]);
        let script = "import { a } from \"/static/a-1.js\";\nimport {\n  b,\n} from \"/static/b-2.js\";\n\
            const later = () => import(\"/static/c-3.js\");\n";
        assert_eq!(imports(script), ["/static/a-1.js", "/static/b-2.js"]);
    }
}
