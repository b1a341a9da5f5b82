//! Reads what a file of feedparser's expects of its reader: comparisons in Python, joined by `and`. What is more than
//! comparisons of a path with a constant is not understood, and said to be so.

/// A step of a path: `['name']`, `.name`, `[0]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Name(String),
    At(usize),
}

/// A constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Constant {
    Text(String),
    Time(Vec<i64>),
    None,
    Other(String),
}

/// One comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Clause {
    /// `not bozo`, `1`: it can be read.
    Readable,
    /// `bozo`: it cannot be read by a strict reader.
    Broken,
    Equals(Vec<Step>, Constant),
    Odd(String),
}

pub(super) fn clauses(expect: &str) -> Vec<Clause> {
    split(expect).iter().map(|part| clause(part.trim())).collect()
}

/// Cut at ` and ` outside of constants.
fn split(expect: &str) -> Vec<String> {
    let (mut parts, mut now, mut quote) = (Vec::new(), String::new(), None::<&str>);
    let mut rest = expect;
    while let Some(c) = rest.chars().next() {
        if quote.is_none() && rest.starts_with(" and ") {
            parts.push(std::mem::take(&mut now));
            rest = &rest[5..];
            continue;
        }
        let long = ["\"\"\"", "'''"].into_iter().find(|mark| rest.starts_with(mark));
        let mark = long.or_else(|| ["'", "\""].into_iter().find(|mark| rest.starts_with(mark)));
        let taken = match (quote, mark) {
            (None, Some(mark)) => {
                quote = Some(mark);
                mark.len()
            }
            (Some(open), _) if rest.starts_with(open) => {
                quote = None;
                open.len()
            }
            (Some(_), _) if c == '\\' => c.len_utf8() + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => c.len_utf8(),
        };
        now.push_str(&rest[..taken]);
        rest = &rest[taken..];
    }
    parts.push(now);
    parts
}

fn clause(part: &str) -> Clause {
    let part = part.trim().strip_prefix('(').and_then(|p| p.strip_suffix(')')).unwrap_or(part.trim());
    match part {
        "not bozo" | "1" => return Clause::Readable,
        "bozo" => return Clause::Broken,
        _ => {}
    }
    let sides =
        part.split_once("==").and_then(|(path, value)| Some((steps(path.trim())?, constant(value.trim()))));
    match sides {
        Some((path, value)) => Clause::Equals(path, value),
        None => Clause::Odd(part.to_owned()),
    }
}

fn steps(path: &str) -> Option<Vec<Step>> {
    let end = path.find(['[', '.']).unwrap_or(path.len());
    let mut found = vec![Step::Name(path[..end].to_owned())];
    let mut rest = &path[end..];
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['[', '.']).unwrap_or(after.len());
            found.push(Step::Name(after[..end].to_owned()));
            rest = &after[end..];
        } else {
            let (inside, after) = rest.strip_prefix('[')?.split_once(']')?;
            found.push(match inside.parse() {
                Ok(n) => Step::At(n),
                Err(_) => Step::Name(inside.trim_matches(['\'', '"']).to_owned()),
            });
            rest = after;
        }
    }
    let is_word = |step: &Step| match step {
        Step::Name(name) => !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c)),
        Step::At(_) => true,
    };
    found.iter().all(is_word).then_some(found)
}

fn constant(value: &str) -> Constant {
    if value == "None" {
        return Constant::None;
    }
    if let Some(inside) = value.strip_prefix('(').and_then(|v| v.strip_suffix(')')) {
        let numbers: Result<Vec<i64>, _> = inside.split(',').map(|n| n.trim().parse()).collect();
        if let Ok(numbers) = numbers {
            return Constant::Time(numbers);
        }
    }
    let raw = value.strip_prefix(['r', 'R']).filter(|rest| rest.starts_with(['\'', '"']));
    let literal = raw.unwrap_or_else(|| {
        value.strip_prefix('u').filter(|rest| rest.starts_with(['\'', '"'])).unwrap_or(value)
    });
    for mark in ["\"\"\"", "'''", "'", "\""] {
        let inside = literal.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
        if let Some(inside) = inside.filter(|inside| mark.len() == 3 || !inside.contains(mark)) {
            return Constant::Text(if raw.is_some() { inside.to_owned() } else { unescaped(inside) });
        }
    }
    // Literals side by side, joined by plus signs, so that two hyphens do not end the comment around them.
    let parts: Vec<&str> = literal.split("' + '").collect();
    if parts.len() > 1 && literal.starts_with('\'') && literal.ends_with('\'') {
        return Constant::Text(unescaped(parts.concat().trim_matches('\'')));
    }
    Constant::Other(value.to_owned())
}

fn unescaped(text: &str) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at + 1..];
        let kind = rest.chars().next().unwrap_or('\\');
        rest = rest.get(kind.len_utf8()..).unwrap_or_default();
        let digits = match kind {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        match kind {
            'n' => out.push('\n'),
            't' => out.push('\t'),
            'r' => out.push('\r'),
            'x' | 'u' | 'U' => {
                let code = rest.get(..digits).and_then(|hex| u32::from_str_radix(hex, 16).ok());
                out.extend(code.and_then(char::from_u32));
                rest = rest.get(digits..).unwrap_or_default();
            }
            other => out.push(other),
        }
    }
    out + rest
}
