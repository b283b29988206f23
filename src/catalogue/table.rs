//! The grid an operation's result is shown as, and its spellings: aligned text, the seeds' Markdown, CSV.
//!
//! Cells hold the server's words as they came. Every spelling takes the caller's `clean`, through which each of them
//! passes before it is written. Must not: decide what is shown; know a terminal.

use unicode_width::UnicodeWidthStr;

use super::json::Json;

/// Makes a server's text safe to show: control and bidirectional characters are taken out or made visible.
pub type Clean<'a> = &'a dyn Fn(&str) -> String;

/// A table with its heading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The heading of the seeds' human readable output, without `###`.
    pub title: String,
    /// How it is laid out.
    pub grid: Grid,
}

/// The two layouts of the seeds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Grid {
    /// A header line and rows.
    Rows {
        /// Column names.
        heads: Vec<String>,
        /// Rows of as many cells as there are columns.
        rows: Vec<Vec<Cell>>,
        /// The seeds print some headers bold.
        bold: bool,
    },
    /// One thing: a name and a value per line.
    Pairs(Vec<(String, Cell)>),
}

/// One cell: its parts, which Markdown joins by `,<br>` and everything else by `, `.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cell(pub Vec<String>);

impl Cell {
    /// A cell of one part.
    pub fn new(text: impl Into<String>) -> Self {
        Self(vec![text.into()])
    }

    /// A value as the seeds put it into a cell: plain text and numbers as they are, lists element by element, objects
    /// in Python's spelling; nothing for `null` and for what is missing.
    pub fn of(value: Option<&Json>) -> Self {
        match value {
            None | Some(Json::Null) => Self::default(),
            Some(Json::List(items)) => Self(items.iter().map(part).collect()),
            Some(value) => Self(vec![part(value)]),
        }
    }

    fn joined(&self, by: &str, each: impl Fn(&str) -> String) -> String {
        self.0.iter().map(|part| each(part)).collect::<Vec<_>>().join(by)
    }
}

fn part(value: &Json) -> String {
    match value {
        Json::Text(_) => value.as_text().unwrap_or_default().into_owned(),
        Json::Bool(true) => "true".into(),
        Json::Bool(false) => "false".into(),
        value => value.repr(),
    }
}

impl Table {
    /// A table of rows.
    pub fn rows(title: impl Into<String>, heads: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        Self {
            title: title.into(),
            grid: Grid::Rows {
                heads: heads.iter().map(|&head| head.to_owned()).collect(),
                rows,
                bold: false,
            },
        }
    }

    /// A table of one thing.
    pub fn pairs(title: impl Into<String>, pairs: Vec<(&str, Cell)>) -> Self {
        Self {
            title: title.into(),
            grid: Grid::Pairs(
                pairs.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect(),
            ),
        }
    }

    /// Objects as rows, with every key any of them has as a column, sorted: the seeds' Darktrace tables.
    pub fn of_objects(title: impl Into<String>, objects: &[Json]) -> Self {
        Self::of_objects_with(title, objects, Cell::of)
    }

    /// The same with other cells.
    pub fn of_objects_with(
        title: impl Into<String>,
        objects: &[Json],
        cell: fn(Option<&Json>) -> Cell,
    ) -> Self {
        let mut heads: Vec<String> =
            objects.iter().flat_map(Json::keys).map(std::borrow::Cow::into_owned).collect();
        heads.sort_unstable();
        heads.dedup();
        let rows = objects
            .iter()
            .map(|object| heads.iter().map(|head| cell(object.get(head))).collect())
            .collect();
        Self { title: title.into(), grid: Grid::Rows { heads, rows, bold: false } }
    }

    /// The same table with bold headers.
    #[must_use]
    pub fn bold(mut self) -> Self {
        if let Grid::Rows { bold, .. } = &mut self.grid {
            *bold = true;
        }
        self
    }

    /// The seeds' human readable output: heading, blank line, table.
    pub fn markdown(&self, clean: Clean) -> String {
        let safe = |text: &str| {
            // a line break in a value would end the row: it becomes one of the table's own
            text.lines()
                .map(|line| clean(line).replace('|', "\\|"))
                .collect::<Vec<_>>()
                .join("<br>")
        };
        let mut out = format!("### {}\n\n", safe(&self.title));
        match &self.grid {
            Grid::Rows { heads, rows, bold } => {
                let (open, mark, rule) =
                    if *bold { ("| ", "**", " --- |") } else { ("|", "", "---|") };
                for head in heads {
                    out.extend([open, mark, &safe(head), mark]);
                    if *bold {
                        out.push(' ');
                    }
                }
                out += "|\n|";
                out += &rule.repeat(heads.len());
                out.push('\n');
                for row in rows {
                    for cell in row {
                        out.extend(["| ", &cell.joined(",<br>", safe), " "]);
                    }
                    out += "|\n";
                }
            }
            Grid::Pairs(pairs) => {
                out += "| | |\n|-|-|\n";
                for (name, cell) in pairs {
                    out.extend(["| ", &safe(name), " | ", &cell.joined(",<br>", safe), " |\n"]);
                }
            }
        }
        out
    }

    /// Columns aligned with blanks, for reading in a terminal; no heading.
    pub fn aligned(&self, clean: Clean) -> String {
        let lines: Vec<Vec<String>> = match &self.grid {
            Grid::Rows { heads, rows, .. } => {
                std::iter::once(heads.iter().map(|h| clean(h)).collect())
                    .chain(
                        rows.iter()
                            .map(|row| row.iter().map(|cell| cell.joined(", ", clean)).collect()),
                    )
                    .collect()
            }
            Grid::Pairs(pairs) => pairs
                .iter()
                .map(|(name, cell)| vec![clean(name), cell.joined(", ", clean)])
                .collect(),
        };
        let columns = lines.iter().map(Vec::len).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns)
            .map(|at| {
                lines
                    .iter()
                    .filter_map(|line| line.get(at))
                    .map(|text| text.width())
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        let mut out = String::new();
        for line in &lines {
            let mut text = String::new();
            for (cell, width) in line.iter().zip(&widths) {
                text += cell;
                text.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
            }
            out += text.trim_end();
            out.push('\n');
        }
        out
    }

    /// Comma-separated values (RFC 4180 quoting, line feeds), one header line; cells that a spreadsheet would take
    /// for a formula begin with `'`.
    pub fn csv(&self, clean: Clean) -> String {
        let field = |text: String| {
            let formula =
                text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err();
            let text = if formula { format!("'{text}") } else { text };
            if text.contains([',', '"', '\n', '\r']) {
                format!("\"{}\"", text.replace('"', "\"\""))
            } else {
                text
            }
        };
        let line = |cells: Vec<String>| {
            let mut line = cells.into_iter().map(field).collect::<Vec<_>>().join(",");
            line.push('\n');
            line
        };
        let show = |cell: &Cell| cell.joined(", ", clean);
        match &self.grid {
            Grid::Rows { heads, rows, .. } => {
                let mut out = line(heads.iter().map(|head| clean(head)).collect());
                for row in rows {
                    out += &line(row.iter().map(show).collect());
                }
                out
            }
            Grid::Pairs(pairs) => {
                let heads = line(pairs.iter().map(|(name, _)| clean(name)).collect());
                heads + &line(pairs.iter().map(|(_, cell)| show(cell)).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(text: &str) -> String {
        text.to_owned()
    }

    fn sample() -> Table {
        Table::rows(
            "Some|thing",
            &["id", "name"],
            vec![
                vec![Cell::new("1"), Cell(vec!["a".into(), "b|c".into()])],
                vec![Cell::new("-2"), Cell::new("=1+1,\"x\"\nnext")],
                vec![Cell::default(), Cell::new("日本")],
            ],
        )
    }

    #[test]
    fn markdown_escapes_what_would_break_the_table() {
        assert_eq!(
            sample().markdown(&same),
            "### Some\\|thing\n\n|id|name|\n|---|---|\n| 1 | a,<br>b\\|c |\n| -2 | =1+1,\"x\"<br>next |\n|  | 日本 |\n"
        );
        assert_eq!(
            Table::rows("T", &["a", "b"], vec![]).bold().markdown(&same),
            "### T\n\n| **a** | **b** |\n| --- | --- |\n"
        );
        assert_eq!(
            Table::pairs("T", vec![("status", Cell::new("OK"))]).markdown(&same),
            "### T\n\n| | |\n|-|-|\n| status | OK |\n"
        );
    }

    #[test]
    fn aligned_text_counts_cells_not_bytes() {
        let table =
            Table::rows("T", &["name", "n"], vec![vec![Cell::new("日本語"), Cell::new("1")]]);
        assert_eq!(table.aligned(&same), "name    n\n日本語  1\n");
    }

    #[test]
    fn csv_quotes_and_disarms() {
        assert_eq!(
            sample().csv(&same),
            "id,name\n1,\"a, b|c\"\n-2,\"'=1+1,\"\"x\"\"\nnext\"\n,日本\n"
        );
        assert_eq!(
            Table::pairs("T", vec![("a", Cell::new("1")), ("b", Cell::new("2"))]).csv(&same),
            "a,b\n1,2\n"
        );
    }

    #[test]
    fn every_cell_passes_clean() {
        let clean = |text: &str| text.replace('\u{1b}', "?");
        let table = Table::pairs("T\u{1b}", vec![("k\u{1b}", Cell::new("v\u{1b}"))]);
        for text in [table.markdown(&clean), table.aligned(&clean), table.csv(&clean)] {
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
    }
}
