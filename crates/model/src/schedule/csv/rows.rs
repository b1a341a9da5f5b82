//! The rows of a file of separated values (RFC 4180, read leniently): the separator found by looking, fields in double quotes
//! with separators, line breaks and doubled quotes in them, blank rows left out.

/// Fields of a row at most; what comes behind is no schedule's.
const FIELDS_MAX: usize = 256;
/// Rows at most: a bound on memory, far above what a schedule has.
const ROWS_MAX: usize = 200_000;

/// A row and the line of the file that it begins on, counted from one.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The line.
    pub line: usize,
    /// The fields, without quotes and blanks around them.
    pub fields: Vec<String>,
}

/// Why a file cannot be cut into rows: a sentence with the line.
type Broken = String;

/// The rows of a file, blank ones left out; what separates its fields is found by looking.
///
/// # Errors
/// A sentence with the line: a quote that is never closed, or too many rows.
pub fn table(text: &str) -> Result<Vec<Row>, String> {
    let text = text.trim_start_matches('\u{feff}');
    rows(text, separator(text))
}

/// The separator of a file: the sign that its first line that says anything has most of outside quotes.
fn separator(text: &str) -> char {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |sign: char| {
        let mut is_quoted = false;
        let mut found = 0_usize;
        for c in first.chars() {
            is_quoted ^= c == '"';
            found += usize::from(c == sign && !is_quoted);
        }
        found
    };
    // Of equals the last is taken, so the comma wins.
    ['|', '\t', ';', ','].into_iter().max_by_key(|sign| count(*sign)).unwrap_or(',')
}

/// The rows of a file, blank ones left out.
fn rows(text: &str, separator: char) -> Result<Vec<Row>, Broken> {
    let mut rows = Vec::new();
    let mut cut = Cut { line: 1, ..Cut::default() };
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' if cut.quoted_from.is_some() => {
                if rest.next_if_eq(&'"').is_some() {
                    cut.field.push('"');
                } else {
                    cut.quoted_from = None;
                }
            }
            '"' if cut.field.trim().is_empty() && !cut.was_quoted => {
                cut.field.clear();
                cut.was_quoted = true;
                cut.quoted_from = Some(cut.line);
            }
            '\r' | '\n' if cut.quoted_from.is_none() => {
                if c == '\r' {
                    let _ = rest.next_if_eq(&'\n');
                }
                cut.end_row(&mut rows)?;
            }
            c if c == separator && cut.quoted_from.is_none() => cut.end_field(),
            c => cut.take(c),
        }
    }
    if let Some(line) = cut.quoted_from {
        return Err(format!("line {line}: a field begins with a double quote that is never closed"));
    }
    cut.end_row(&mut rows)?;
    Ok(rows)
}

#[derive(Default)]
struct Cut {
    /// The line under way, and the one that the row under way began on.
    line: usize,
    lines_in_row: usize,
    field: String,
    fields: Vec<String>,
    quoted_from: Option<usize>,
    was_quoted: bool,
}

impl Cut {
    fn take(&mut self, c: char) {
        if c == '\n' {
            self.line += 1;
            self.lines_in_row += 1;
        }
        // Blanks between a closing quote and the separator are nobody's.
        if self.quoted_from.is_some() || !self.was_quoted || !c.is_whitespace() {
            self.field.push(c);
        }
    }

    fn end_field(&mut self) {
        let field = std::mem::take(&mut self.field);
        if self.fields.len() < FIELDS_MAX {
            self.fields.push(field.trim().to_owned());
        }
        self.was_quoted = false;
    }

    fn end_row(&mut self, rows: &mut Vec<Row>) -> Result<(), Broken> {
        self.end_field();
        let fields = std::mem::take(&mut self.fields);
        if fields.iter().any(|field| !field.is_empty()) {
            rows.push(Row { line: self.line - self.lines_in_row, fields });
        }
        if rows.len() > ROWS_MAX {
            return Err(format!("line {}: there are more than {ROWS_MAX} rows", self.line));
        }
        self.line += 1;
        self.lines_in_row = 0;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Vec<(usize, Vec<String>)> {
        rows(text, separator(text)).unwrap().into_iter().map(|row| (row.line, row.fields)).collect()
    }

    fn row(line: usize, fields: &[&str]) -> (usize, Vec<String>) {
        (line, fields.iter().map(|f| (*f).to_owned()).collect())
    }

    #[test]
    fn quoted_fields_hold_separators_quotes_and_line_breaks() {
        let text = "a;b\r\n\"x; \"\"y\"\"\nz\" ; 2\r\n;\n\r\nlast;";
        assert_eq!(cut(text), [row(1, &["a", "b"]), row(2, &["x; \"y\"\nz", "2"]), row(6, &["last", ""])]);
    }

    #[test]
    fn the_separator_is_the_one_the_first_line_uses_most() {
        for (text, sign) in
            [("a,b;c,d", ','), ("a;b\n1,2,3;4", ';'), ("a\tb", '\t'), ("\"a,b\";c", ';'), ("a", ',')]
        {
            assert_eq!(separator(text), sign, "{text:?}");
        }
    }

    #[test]
    fn a_quote_within_a_field_is_a_letter_and_one_left_open_is_named() {
        assert_eq!(cut("a,5\" disk,c"), [row(1, &["a", "5\" disk", "c"])]);
        assert_eq!(
            rows("a\n\"b", ',').unwrap_err(),
            "line 2: a field begins with a double quote that is never closed"
        );
    }
}
