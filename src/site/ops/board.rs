//! The dashboard as plain data: figures, and tables of rows of cells. Each cell has a key, under which the script finds it on the page and
//! puts what the same cell says two seconds later. The template prints a board, the JSON is its cells: neither can say what the other does not.

use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// How a cell looks. Words always say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Tone {
    /// As it is.
    #[default]
    Plain,
    /// A state that is as it should be.
    Ok,
    /// Somebody should look.
    Warn,
    /// Somebody must act.
    Bad,
    /// Switched off.
    Off,
}

impl Tone {
    /// The class on the page.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Ok => "state",
            Self::Warn => "state warn",
            Self::Bad => "state bad",
            Self::Off => "state off",
        }
    }
}

/// A drawing of an hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spark {
    pub(super) path: String,
    pub(super) label: String,
}

/// Something that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) key: String,
    /// The column's heading, which a phone prints above it.
    pub(super) head: &'static str,
    pub(super) text: String,
    pub(super) tone: Tone,
    pub(super) spark: Option<Spark>,
}

impl Cell {
    pub(super) fn new(key: impl Into<String>, head: &'static str, text: impl Into<String>) -> Self {
        Self { key: key.into(), head, text: text.into(), ..Self::default() }
    }

    pub(super) fn tone(self, tone: Tone) -> Self {
        Self { tone, ..self }
    }

    pub(super) fn spark(self, path: String, label: String) -> Self {
        Self { spark: Some(Spark { path, label }), ..self }
    }
}

/// One of the figures at the top.
#[derive(Clone, Debug, Default)]
pub(super) struct Fact {
    pub(super) name: &'static str,
    pub(super) figure: Cell,
    pub(super) unit: Cell,
    pub(super) note: Cell,
}

/// What can be asked of a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Acts {
    pub(super) process: String,
    /// Whether it runs, so that it can be stopped.
    pub(super) is_running: bool,
    /// Whether it can be replaced without anybody waiting.
    pub(super) is_rolling: bool,
}

/// A line of a table.
#[derive(Clone, Debug, Default)]
pub(super) struct Row {
    pub(super) key: String,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) cells: Vec<Cell>,
    /// A sentence below: why it is so, and what to do.
    pub(super) note: Cell,
    /// Where more is told.
    pub(super) link: Option<(String, &'static str)>,
    pub(super) acts: Option<Acts>,
}

/// A table.
#[derive(Clone, Debug, Default)]
pub(super) struct Section {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) about: Cell,
    pub(super) heads: &'static [&'static str],
    pub(super) rows: Vec<Row>,
    /// What stands there without rows.
    pub(super) nothing: &'static str,
}

/// A line that could not be read, as its network sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) source: String,
    pub(super) reason: String,
    pub(super) line: String,
}

/// Everything.
#[derive(Clone, Debug, Default)]
pub(super) struct Board {
    /// The moment of which all this is told.
    pub(super) at: Cell,
    /// What stands in the bar: the worst that is to be said.
    pub(super) state: Cell,
    pub(super) facts: Vec<Fact>,
    pub(super) sections: Vec<Section>,
    pub(super) samples: Vec<Sample>,
}

/// What the script is told.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    /// Which rows and samples there are: with another one, the page is fetched anew.
    shape: String,
    cells: BTreeMap<&'a str, (&'a str, Tone, Option<[&'a str; 2]>)>,
}

impl Board {
    fn cells(&self) -> impl Iterator<Item = &Cell> {
        let facts = self.facts.iter().flat_map(|fact| [&fact.figure, &fact.unit, &fact.note]);
        let rows = self.sections.iter().flat_map(|section| &section.rows);
        let rows = rows.flat_map(|row| row.cells.iter().chain([&row.note]));
        let abouts = self.sections.iter().map(|section| &section.about);
        [&self.at, &self.state].into_iter().chain(facts).chain(abouts).chain(rows)
    }

    /// Names the rows, what can be asked of them, and the samples: all that the cells do not tell.
    pub(super) fn shape(&self) -> String {
        let mut all = String::new();
        for row in self.sections.iter().flat_map(|section| &section.rows) {
            all.push_str(&format!("{}\n{}\n{}\n{:?}\n", row.key, row.name, row.about, row.acts));
        }
        for sample in &self.samples {
            all.push_str(&format!("{}\n{}\n{}\n", sample.source, sample.reason, sample.line));
        }
        Sha256::digest(all)[..6].iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// See [`Told`].
    pub(super) fn told(&self) -> Told<'_> {
        let cells = self.cells().map(|cell| {
            let spark = cell.spark.as_ref().map(|spark| [spark.path.as_str(), spark.label.as_str()]);
            (cell.key.as_str(), (cell.text.as_str(), cell.tone, spark))
        });
        Told { shape: self.shape(), cells: cells.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(key: &str, text: &str) -> Row {
        let note = Cell::new(format!("{key}.note"), "", "");
        Row {
            key: key.into(),
            cells: vec![Cell::new(format!("{key}.state"), "State", text)],
            note,
            ..Row::default()
        }
    }

    fn board(rows: Vec<Row>) -> Board {
        Board { sections: vec![Section { rows, ..Section::default() }], ..Board::default() }
    }

    #[test]
    fn what_a_cell_says_changes_no_shape_and_what_rows_there_are_does() {
        let (a, b) = (board(vec![row("p", "Running")]), board(vec![row("p", "Gone")]));
        assert_eq!(a.shape(), b.shape());
        assert_ne!(a.told().cells["p.state"], b.told().cells["p.state"]);
        assert_ne!(a.shape(), board(vec![row("p", "Running"), row("q", "")]).shape());
    }
}
