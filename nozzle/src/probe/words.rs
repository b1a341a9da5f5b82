//! What a try of a source has shown, in sentences: what happened, and what would help. No sentence holds a secret or an address that may hold one.

use std::sync::Arc;

use model::event::{EventFile, SourceFile};

use super::{End, Found, PROBE_MAX};
use crate::intake::{PROBED_POSTS_MAX, Probed};
use crate::source::{Forgetful, SourceEnd};
use crate::sources::{self, Env, resolve};

/// Of settings with which nothing can be tried.
pub(super) fn misset(why: String) -> Probed {
    Probed {
        is_connected: false,
        posts: Vec::new(),
        said: why,
        cure: Some("Change that, and test again.".to_owned()),
    }
}

/// Of a source that others send to: there is nobody to connect to, but it can be ready.
pub(super) fn of_hook(event: &EventFile, file: &SourceFile, env: Env<'_>) -> Probed {
    let variable = file.secret_env.as_deref().unwrap_or_default();
    let opened = sources::open(file, event, env, Arc::new(Forgetful)).and_then(|_| resolve(file, event, env));
    let settings = match opened {
        Ok(settings) => settings,
        Err(why) => return misset(why),
    };
    let path = format!("/hooks/{}/{}", event.slug, file.name);
    match settings.secret {
        Some(_) => Probed {
            is_connected: true,
            posts: Vec::new(),
            said: format!("Ready: signed deliveries to {path} are taken as soon as this is saved."),
            cure: Some(format!("Let the sender deliver to the hooks' address with the path {path}.")),
        },
        None => Probed {
            is_connected: false,
            posts: Vec::new(),
            said: "Its secret is not there yet, so nothing would be taken.".to_owned(),
            cure: Some(set(variable)),
        },
    }
}

/// Of a try that was made.
pub(super) fn of(
    found: Found,
    end: Option<End>,
    event: &EventFile,
    file: &SourceFile,
    env: Env<'_>,
) -> Probed {
    let posts = found.newest();
    let is_whole = posts.len() == PROBED_POSTS_MAX || matches!(end, None | Some(End::TooSlow));
    if found.is_open && is_whole {
        let (said, cure) = connected(&found, posts.len(), event, file);
        return Probed { is_connected: true, posts, said, cure };
    }
    let (said, cure) = match end {
        Some(End::Said(end)) => (happened(&end, found.is_open), cure(&end, file, env)),
        Some(End::TooSlow) | None => (
            format!("No answer within {} seconds.", PROBE_MAX.as_secs()),
            "Look at the address for slips, and whether this machine reaches the internet; then test again."
                .to_owned(),
        ),
    };
    Probed { is_connected: found.is_open, posts, said, cure: Some(cure) }
}

fn connected(found: &Found, shown: usize, event: &EventFile, file: &SourceFile) -> (String, Option<String>) {
    let wishes = match found.wishes {
        0 => String::new(),
        1 => " 1 more is left out, as its author asks for that.".to_owned(),
        n => format!(" {n} more are left out, as their authors ask for that."),
    };
    if shown > 0 {
        let newest = if shown == 1 {
            "This was found".to_owned()
        } else {
            format!("The newest {shown} of what was found")
        };
        return (format!("Connected. {newest}:{wishes}"), None);
    }
    let tags = file.tags.as_ref().unwrap_or(&event.hashtags);
    let tags: Vec<String> =
        tags.iter().map(|tag| format!("#{}", tag.trim().trim_start_matches('#'))).collect();
    let back = match file.kind.as_str() {
        "bluesky" => " in the last 15 minutes",
        "feed" => "",
        "twitter" => " in the last 6 days",
        _ => " in the last 30 days",
    };
    let looked = if tags.is_empty() || (file.kind == "feed" && file.tags.is_none()) {
        format!("Connected. No post was found{back}.")
    } else {
        format!("Connected. Nothing with {} was found{back}.", tags.join(" or "))
    };
    let unread = if found.malformed > 0 {
        " Something came that could not be read; is this the right address?"
    } else {
        " What is written from now on appears by itself; if you expected some already, look at the spelling of the hashtags."
    };
    (format!("{looked}{wishes}"), Some(unread.trim_start().to_owned()))
}

/// How it ended. What was never there cannot have been lost.
fn happened(end: &SourceEnd, was_open: bool) -> String {
    match end {
        SourceEnd::Cut(why) if !was_open => sentence(&format!("No connection: {why}")),
        end => sentence(&end.to_string()),
    }
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let rest = chars.as_str().trim_end_matches('.');
    format!("{first}{rest}.")
}

fn set(variable: &str) -> String {
    format!(
        "Set {variable} where the nozzle runs (or {variable}_FILE to the path of a file that holds it), start the nozzle again, and test once more."
    )
}

/// What would help.
fn cure(end: &SourceEnd, file: &SourceFile, env: Env<'_>) -> String {
    match end {
        SourceEnd::NeedsCredentials(_) => credentials(file, env),
        SourceEnd::Misconfigured(_) | SourceEnd::Finished => misfit(&file.kind).to_owned(),
        SourceEnd::Cut(_) | SourceEnd::Stalled => {
            "Look at the address for slips, and whether this machine reaches the internet; then test again."
                .to_owned()
        }
        SourceEnd::WaitFor(wait) => format!("Test again in {} seconds.", wait.as_secs().max(1)),
        SourceEnd::Throttled(_) | SourceEnd::Paused { .. } => {
            "Wait some minutes, then test again.".to_owned()
        }
        SourceEnd::Refused(_) => {
            format!("It may pass: test again in a minute. If it stays so: {}", misfit(&file.kind))
        }
    }
}

fn credentials(file: &SourceFile, env: Env<'_>) -> String {
    let named = [&file.token_env, &file.key_env].into_iter().flatten().next();
    match named {
        Some(variable) if env(variable).is_none() => set(variable),
        Some(variable) => format!(
            "What {variable} holds is not accepted: make a new one at the network, and put it where the old one was."
        ),
        None if file.kind == "mastodon" => {
            "This server shows its timelines to members only. Make an application in an account there (Preferences, Development; \
             it needs to read, nothing else) and name the variable that holds its token below."
                .to_owned()
        }
        None => "Name the variable that holds the key below.".to_owned(),
    }
}

fn misfit(kind: &str) -> &'static str {
    match kind {
        "mastodon" => {
            "is it a Mastodon server? Open its address in a browser, and write it without a path, such as https://fosstodon.org."
        }
        "feed" => {
            "open the address in a browser: it must show the feed itself, not the page of the blog. Many blogs have it at /feed, /rss or /atom.xml."
        }
        "bluesky" => "leave the address empty, and Bluesky's own servers are asked.",
        _ => "look at the address and at what the network says above.",
    }
}
