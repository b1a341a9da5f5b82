//! The query language of X, as far as rules and recent search need it here: `#tag`, `@name`, `from:`, `lang:`,
//! `is:retweet|reply|quote`, `has:media|links`, words, "quoted words", `-not`, `OR`, parentheses.

use crate::post::Post;

/// A parsed query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    Any(Vec<Rule>),
    All(Vec<Rule>),
    Not(Box<Rule>),
    Term(String),
}

/// Longest rule, in characters.
pub(crate) const RULE_CHARS_MAX: usize = 1024;
const DEPTH_MAX: usize = 8;

/// Reads a query.
pub(crate) fn parse(text: &str) -> Result<Rule, String> {
    if text.trim().is_empty() {
        return Err("a rule has to contain at least one term".into());
    }
    if text.chars().count() > RULE_CHARS_MAX {
        return Err(format!("rule length is greater than {RULE_CHARS_MAX}"));
    }
    let tokens = tokens(text);
    let mut at = 0;
    let rule = any(&tokens, &mut at, 0)?;
    if at < tokens.len() { Err(format!("unexpected {} at term {at}", tokens[at])) } else { Ok(rule) }
}

fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            c if c.is_whitespace() => {}
            '(' | ')' => out.push(c.to_string()),
            '-' if chars.peek() == Some(&'(') => out.push("-".into()),
            '"' => out.push(std::iter::once('"').chain(chars.by_ref().take_while(|c| *c != '"')).collect()),
            c => {
                let mut word = c.to_string();
                while let Some(c) = chars.next_if(|c| !c.is_whitespace() && *c != '(' && *c != ')') {
                    word.push(c);
                }
                out.push(word);
            }
        }
    }
    out
}

fn any(tokens: &[String], at: &mut usize, depth: usize) -> Result<Rule, String> {
    let mut ways = vec![all(tokens, at, depth)?];
    while tokens.get(*at).is_some_and(|t| t == "OR") {
        *at += 1;
        ways.push(all(tokens, at, depth)?);
    }
    Ok(Rule::Any(ways))
}

fn all(tokens: &[String], at: &mut usize, depth: usize) -> Result<Rule, String> {
    if depth > DEPTH_MAX {
        return Err("too many nested parentheses".into());
    }
    let mut terms = Vec::new();
    while let Some(token) = tokens.get(*at).filter(|t| *t != "OR" && *t != ")") {
        *at += 1;
        if token == "(" || token == "-" {
            *at += usize::from(token == "-");
            let inner = any(tokens, at, depth + 1)?;
            if tokens.get(*at).is_none_or(|t| t != ")") {
                return Err("missing closing parenthesis".into());
            }
            *at += 1;
            terms.push(if token == "-" { Rule::Not(Box::new(inner)) } else { inner });
        } else if let Some(term) = token.strip_prefix('-').filter(|t| !t.is_empty()) {
            terms.push(Rule::Not(Box::new(Rule::Term(term.to_owned()))));
        } else {
            terms.push(Rule::Term(token.clone()));
        }
    }
    if terms.is_empty() { Err("a term is missing".into()) } else { Ok(Rule::All(terms)) }
}

impl Rule {
    /// Whether a post matches, by its own words or its original's.
    pub(crate) fn matches(&self, post: &Post) -> bool {
        match self {
            Self::Any(ways) => ways.iter().any(|r| r.matches(post)),
            Self::All(terms) => terms.iter().all(|r| r.matches(post)),
            Self::Not(rule) => !rule.matches(post),
            Self::Term(term) => term_matches(term, post),
        }
    }
}

fn term_matches(term: &str, post: &Post) -> bool {
    let original = post.original();
    if let Some(tag) = term.strip_prefix('#') {
        return has_tag(post, tag);
    }
    if let Some(name) = term.strip_prefix('@') {
        return [post, original].iter().any(|p| p.mentions.iter().any(|m| m.eq_ignore_ascii_case(name)));
    }
    if let Some(words) = term.strip_prefix('"') {
        return has_word(original, words);
    }
    match term.split_once(':') {
        Some(("from", name)) => post.author.handle.eq_ignore_ascii_case(name),
        Some(("lang", lang)) => original.lang.as_deref() == Some(lang),
        Some(("is", "retweet")) => post.retweet_of.is_some(),
        Some(("is", "reply")) => post.reply_to.is_some(),
        Some(("is", "quote")) => post.quote.is_some(),
        Some(("has", "media" | "images")) => !original.media.is_empty(),
        Some(("has", "links")) => !original.links.is_empty(),
        _ => has_word(original, term),
    }
}

fn has_word(post: &Post, word: &str) -> bool {
    post.text.to_lowercase().contains(&word.to_lowercase())
}

/// Whether a post, or the original that it boosts, carries a hashtag.
pub(crate) fn has_tag(post: &Post, tag: &str) -> bool {
    let tag = tag.to_lowercase();
    [post, post.original()].iter().any(|p| p.tags.iter().any(|t| t.to_lowercase() == tag))
}

/// The old `track` parameter: commas are OR, spaces AND.
pub(crate) fn track(text: &str) -> Rule {
    let phrases = text.split(',').map(str::trim).filter(|p| !p.is_empty());
    Rule::Any(
        phrases
            .map(|p| Rule::All(p.split_whitespace().map(|w| Rule::Term(w.to_owned())).collect()))
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(rule: &str, text: &str) -> bool {
        parse(rule).unwrap().matches(&crate::text::complete(Post::new("1", 0, "karo", text)))
    }

    #[test]
    fn rules_match_as_written() {
        assert!(matches("#rust OR #rustfest", "see #RustFest"));
        assert!(!matches("#rust OR #rustfest", "see rustfest"));
        assert!(matches("(#a OR #b) -is:retweet from:karo", "x #b"));
        assert!(!matches("#a -#b", "#a #b"));
        assert!(!matches("#a -(#b OR #c)", "#a #c"));
        assert!(matches("\"two words\"", "Two Words here"));
        assert!(track("#a,two words").matches(&Post::new("1", 0, "k", "words for two")));
    }

    #[test]
    fn bad_rules_are_refused() {
        for bad in ["", "(#a", "#a OR", "OR", "((((((((((#a))))))))))"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
