//! GitHub's payloads: what people say in public discussions, issues and releases becomes items; everything else is counted
//! by kind. Markdown is shown as the plain text that it is.
//!
//! A payload may come more than once, under any id and under another event's name (see `verify::Style::GitHub`), so every message here says when the
//! words were last changed: older words never replace newer ones.

use model::{Author, Micros, Network};
use serde::Deserialize;

use super::body::{Shape, parse, time, uid};
use crate::source::{Deleter, Draft, Revision, Upstream, Words};
use crate::wire::lenient;

#[derive(Deserialize)]
struct Payload {
    #[serde(default, deserialize_with = "lenient::text")]
    action: Option<String>,
    #[serde(default, deserialize_with = "lenient::object")]
    repository: Option<Repository>,
    #[serde(default, deserialize_with = "lenient::object")]
    discussion: Option<Said>,
    #[serde(default, deserialize_with = "lenient::object")]
    issue: Option<Said>,
    #[serde(default, deserialize_with = "lenient::object")]
    comment: Option<Said>,
    #[serde(default, deserialize_with = "lenient::object")]
    release: Option<Said>,
}

#[derive(Deserialize)]
struct Repository {
    /// Absent counts as private: nothing is shown that may not be public.
    #[serde(default = "yes")]
    private: bool,
    #[serde(default, deserialize_with = "lenient::text")]
    visibility: Option<String>,
}

fn yes() -> bool {
    true
}

/// A discussion, an issue, a comment or a release: they have these fields in common.
#[derive(Deserialize)]
struct Said {
    id: u64,
    #[serde(default, deserialize_with = "lenient::text")]
    html_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    title: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    tag_name: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    body: Option<String>,
    #[serde(default, alias = "author", deserialize_with = "lenient::object")]
    user: Option<Account>,
    #[serde(default, deserialize_with = "lenient::text")]
    created_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    updated_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    published_at: Option<String>,
    #[serde(default, deserialize_with = "lenient::number")]
    parent_id: Option<i64>,
    #[serde(default, deserialize_with = "lenient::flag")]
    draft: bool,
}

#[derive(Deserialize)]
struct Account {
    #[serde(default, deserialize_with = "lenient::text")]
    id: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    login: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    html_url: Option<String>,
    #[serde(default, deserialize_with = "lenient::text")]
    avatar_url: Option<String>,
}

/// Reads a payload; `event` is GitHub's name for its kind.
///
/// # Errors
/// [`Shape`] for what is no JSON object.
pub(super) fn read(source: &str, event: &str, body: &[u8]) -> Result<Vec<Upstream>, Shape> {
    let payload: Payload = parse(body)?;
    let ignored = |kind| Ok(vec![Upstream::Ignored { kind }]);
    let is_public = |r: &Repository| !r.private && r.visibility.as_deref().is_none_or(|v| v == "public");
    let Payload { action, repository, discussion, issue, comment, release } = payload;
    let known = matches!(event, "discussion" | "discussion_comment" | "issues" | "issue_comment" | "release");
    if !known {
        return ignored(other(event));
    }
    if !repository.as_ref().is_some_and(is_public) {
        return ignored("github_private");
    }
    let under = |kind: &str, said: Option<&Said>| said.map(|said| format!("{kind}/{}", said.id));
    // The name of the event is not signed: a deleted comment that is sent again as an issue must not delete the issue.
    let is_about_a_comment = comment.is_some();
    let (kind, said, answers) = match event {
        "discussion" | "issues" if is_about_a_comment => return ignored("github_no_content"),
        "discussion" => ("discussion", discussion, None),
        "discussion_comment" => {
            let parent =
                comment.as_ref().and_then(|c| c.parent_id).map(|id| format!("discussion_comment/{id}"));
            let answers = parent.or_else(|| under("discussion", discussion.as_ref()));
            ("discussion_comment", comment, answers)
        }
        "issues" => ("issue", issue, None),
        "issue_comment" => ("issue_comment", comment, under("issue", issue.as_ref())),
        _ => ("release", release, None),
    };
    let Some(said) = said else { return ignored("github_no_content") };
    let name = format!("{kind}/{}", said.id);
    Ok(vec![match action.as_deref().unwrap_or_default() {
        "deleted" | "unpublished" => Upstream::Delete { name: uid(source, &name).0, by: Deleter::Author },
        _ if said.draft => Upstream::Ignored { kind: "github_draft" },
        "created" if kind == "release" => Upstream::Ignored { kind: "github_release_action" },
        "created" | "opened" | "published" => {
            Upstream::Post(Box::new(said.draft(source, &name, answers, Revision::Original)))
        }
        "edited" => {
            let changed = said.updated_at.as_deref().and_then(time);
            let revision = changed.map_or(Revision::Newer, Revision::EditedAt);
            Upstream::Post(Box::new(said.draft(source, &name, answers, revision)))
        }
        _ => Upstream::Ignored { kind: action_of(kind) },
    }])
}

impl Said {
    fn draft(self, source: &str, name: &str, answers: Option<String>, revision: Revision) -> Draft {
        let filled = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let at = |text: &Option<String>| text.as_deref().and_then(time);
        let said_at: Option<Micros> = at(&self.published_at).or_else(|| at(&self.created_at));
        Draft {
            uid: uid(source, name),
            revision,
            url: self.html_url,
            network_time: said_at,
            author: self.user.map(author).unwrap_or_default(),
            title: filled(self.title).or(filled(self.name)).or(filled(self.tag_name)),
            words: Words::Text(without_comments(&self.body.unwrap_or_default())),
            reply_to: answers.map(|name| uid(source, &name).0),
            ..Draft::new(Network::Hook, name)
        }
    }
}

fn author(account: Account) -> Author {
    let login = account.login.unwrap_or_default();
    Author {
        id: format!("github/{}", account.id.as_deref().unwrap_or(&login)),
        name: login.clone(),
        handle: login,
        url: account.html_url,
        avatar: account.avatar_url,
    }
}

/// The words without `<!-- -->`, which GitHub does not show either (issue templates are full of them).
fn without_comments(markdown: &str) -> String {
    let mut shown = String::with_capacity(markdown.len());
    let mut rest = markdown;
    while let Some((before, comment)) = rest.split_once("<!--") {
        shown.push_str(before);
        rest = comment.split_once("-->").map_or("", |(_, after)| after);
    }
    shown.push_str(rest);
    shown
}

/// Kinds of events that bring no words of people, by a closed list of names.
fn other(event: &str) -> &'static str {
    const KNOWN: &[(&str, &str)] = &[
        ("ping", "ping"),
        ("push", "github_push"),
        ("fork", "github_fork"),
        ("gollum", "github_gollum"),
        ("star", "github_star"),
        ("watch", "github_watch"),
        ("pull_request", "github_pull_request"),
        ("pull_request_review", "github_pull_request_review"),
        ("pull_request_review_comment", "github_pull_request_review_comment"),
        ("commit_comment", "github_commit_comment"),
        ("create", "github_create"),
        ("delete", "github_delete"),
        ("label", "github_label"),
        ("workflow_run", "github_workflow_run"),
        ("check_run", "github_check_run"),
    ];
    KNOWN.iter().find(|(name, _)| *name == event).map_or("github_other", |(_, kind)| kind)
}

fn action_of(kind: &str) -> &'static str {
    match kind {
        "discussion" => "github_discussion_action",
        "discussion_comment" => "github_discussion_comment_action",
        "issue" => "github_issue_action",
        "issue_comment" => "github_issue_comment_action",
        _ => "github_release_action",
    }
}
