//! What a browser does not need of a script or a style sheet is left at home: lines that are comments only, indents, empty lines. That is
//! a quarter of the scripts as they come packed. Nothing within a line is touched, so nothing has to be parsed; what the scripts must
//! keep to for that is held by a test: no text of theirs goes over several lines.

/// The lines that do something.
pub(super) fn lean(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut is_comment = false;
    for line in text.lines().map(str::trim) {
        if is_comment {
            is_comment = !line.contains("*/");
        } else if line.starts_with("/*") && !line.contains("*/") {
            is_comment = true;
        } else if !line.is_empty() && !line.starts_with("//") && !is_whole_comment(line) {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

fn is_whole_comment(line: &str) -> bool {
    line.starts_with("/*") && line.find("*/") == line.len().checked_sub(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_indents_go_and_everything_else_stays_on_its_line() {
        let script = "// What it does.\nexport function a() {\n  /** Why.\n   * And how. */\n  return \"//x\"; // kept\n}\n\n/* one */\nb();\n";
        assert_eq!(lean(script), "export function a() {\nreturn \"//x\"; // kept\n}\nb();\n");
        let style = "/* One\n   of two. */\n.a { color: red }\n/* x */ .b,\n  .c { margin: 0 }\n";
        assert_eq!(lean(style), ".a { color: red }\n/* x */ .b,\n.c { margin: 0 }\n");
        assert_eq!((lean("/*/"), lean("a\n/*")), (String::new(), "a\n".to_owned()));
    }
}
