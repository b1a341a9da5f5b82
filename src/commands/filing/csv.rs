//! Small CSV files that people write: fields in quotes, commas, semicolons or tabs between them.

/// The rows of a CSV file with their line numbers, fields trimmed, blank rows left out. What separates fields is what the
/// first line uses.
pub(crate) fn rows(text: &str) -> Vec<(usize, Vec<String>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let first = text.lines().next().unwrap_or_default();
    let separator =
        [',', ';', '\t'].into_iter().max_by_key(|c| (first.matches(*c).count(), *c == ',')).unwrap_or(',');
    let mut rows = Vec::new();
    let (mut row, mut field, mut is_quoted) = (Vec::new(), String::new(), false);
    let (mut line, mut row_line) = (1, 1);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if is_quoted && chars.peek() == Some(&'"') => {
                chars.next();
                field.push('"');
            }
            '"' if is_quoted => is_quoted = false,
            '"' if field.trim().is_empty() => {
                field.clear();
                is_quoted = true;
            }
            c if is_quoted => field.push(c),
            c if c == separator => row.push(std::mem::take(&mut field).trim().to_owned()),
            '\n' => {
                row.push(std::mem::take(&mut field).trim().to_owned());
                rows.push((row_line, std::mem::take(&mut row)));
                row_line = line;
            }
            c => field.push(c),
        }
    }
    row.push(field.trim().to_owned());
    rows.push((row_line, row));
    rows.retain(|(_, row)| row.iter().any(|field| !field.is_empty()));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_separators_and_blank_rows_are_understood() {
        let found = rows("\u{feff}talk,handle\r\n\"One, \"\"two\"\"\nthree\", @a \r\n\r\nx,y");
        let want = [
            (1, vec!["talk".to_owned(), "handle".to_owned()]),
            (2, vec!["One, \"two\"\nthree".to_owned(), "@a".to_owned()]),
            (5, vec!["x".to_owned(), "y".to_owned()]),
        ];
        assert_eq!(found, want);
        assert_eq!(rows("a;b;c\n1;2,5;3")[1].1, ["1", "2,5", "3"]);
        assert_eq!(rows(""), []);
    }
}
