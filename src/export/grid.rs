//! A plain table and its forms: aligned text, Markdown, CSV, JSON, JSON lines.
//!
//! Cells are cleaned here, so that no form carries a control or a reordering character. CSV cells a spreadsheet would run
//! as a formula are disarmed with an apostrophe; Markdown cells cannot leave their cell, make a link or carry HTML. Numbers
//! stay the text they were.

use serde_json::{Map, Value};

use crate::ui::text::{self, Align};

/// A table as plain text.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Grid {
    /// Its title, if it has one; CSV and JSON leave it out.
    pub title: Option<String>,
    /// Column titles.
    pub headers: Vec<String>,
    /// Rows; a short row has empty cells at its end, surplus cells are shown without a title.
    pub rows: Vec<Vec<String>>,
    /// A remark below the table (how many of how many, how old); CSV and JSON leave it out.
    pub note: Option<String>,
}

/// The forms a table is written in.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, strum::EnumString, strum::Display, strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// Aligned columns.
    Text,
    /// A Markdown table.
    #[strum(to_string = "md", serialize = "markdown")]
    Markdown,
    /// Comma-separated values (RFC 4180).
    Csv,
    /// An array of objects.
    Json,
    /// One object a line.
    Jsonl,
}

impl Grid {
    /// A table with these columns and no rows yet.
    pub fn new<S: Into<String>>(headers: impl IntoIterator<Item = S>) -> Self {
        Self { headers: headers.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// With a title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Adds a row.
    pub fn push<S: Into<String>>(&mut self, cells: impl IntoIterator<Item = S>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// In the given form; text as wide as it needs to be.
    pub fn render(&self, format: Format) -> String {
        match format {
            Format::Text => self.text(None),
            Format::Markdown => self.markdown(),
            Format::Csv => self.csv(),
            Format::Json => self.json(),
            Format::Jsonl => self.jsonl(),
        }
    }

    fn columns(&self) -> usize {
        self.rows.iter().map(Vec::len).chain([self.headers.len()]).max().unwrap_or(0)
    }

    fn cell(row: &[String], column: usize) -> &str {
        row.get(column).map_or("", String::as_str)
    }

    /// Whether a column holds numbers only and so stands at the right.
    fn is_numeric(&self, column: usize) -> bool {
        let mut any = false;
        for row in &self.rows {
            let cell = Self::cell(row, column);
            if matches!(cell, "" | "-") {
                continue;
            }
            let digits = cell
                .strip_prefix('-')
                .unwrap_or(cell)
                .trim_end_matches('%')
                .replace([',', '.'], "");
            if digits.is_empty()
                || !digits.bytes().all(|b| b.is_ascii_digit())
                || cell.matches('.').count() > 1
            {
                return false;
            }
            any = true;
        }
        any
    }

    /// Aligned columns under a ruled title row. With a width, the widest columns are cut until the table fits it.
    pub fn text(&self, width: Option<usize>) -> String {
        const GAP: usize = 2;
        let columns = self.columns();
        let mut widths: Vec<usize> = (0..columns)
            .map(|c| {
                self.rows
                    .iter()
                    .chain([&self.headers])
                    .map(|r| text::width(Self::cell(r, c)))
                    .max()
                    .unwrap_or(0)
            })
            .collect();
        if let Some(most) = width {
            let room = most.saturating_sub(GAP * columns.saturating_sub(1));
            while widths.iter().sum::<usize>() > room {
                let Some(widest) = widths.iter_mut().max().filter(|w| **w > 4) else {
                    break;
                };
                *widest -= 1;
            }
        }
        let aligns: Vec<Align> = (0..columns)
            .map(|c| if self.is_numeric(c) { Align::Right } else { Align::Left })
            .collect();
        let line = |row: &[String]| {
            let cells =
                (0..columns).map(|c| text::fit_to(Self::cell(row, c), widths[c], "..", aligns[c]));
            cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        };
        let mut out = Vec::with_capacity(self.rows.len() + 4);
        out.extend(self.title.as_deref().map(|t| text::clean(t).into_owned()));
        if !self.headers.is_empty() {
            out.push(line(&self.headers));
            out.push(widths.iter().map(|w| "-".repeat(*w)).collect::<Vec<_>>().join("  "));
        }
        out.extend(self.rows.iter().map(|r| line(r)));
        out.extend(self.note.as_deref().map(|n| text::clean(n).into_owned()));
        finish(&out)
    }

    /// A Markdown table with its title as heading.
    pub fn markdown(&self) -> String {
        let columns = self.columns();
        let line = |row: &[String]| {
            let cells = (0..columns).map(|c| markdown_cell(Self::cell(row, c)));
            format!("| {} |", cells.collect::<Vec<_>>().join(" | "))
        };
        let mut out = Vec::with_capacity(self.rows.len() + 6);
        if let Some(t) = &self.title {
            out.push(format!("### {}", markdown_cell(t)));
            out.push(String::new());
        }
        if columns > 0 {
            out.push(line(&self.headers));
            let rules = (0..columns).map(|c| if self.is_numeric(c) { "---:" } else { "---" });
            out.push(format!("| {} |", rules.collect::<Vec<_>>().join(" | ")));
            out.extend(self.rows.iter().map(|r| line(r)));
        }
        if let Some(n) = &self.note {
            out.push(String::new());
            out.push(markdown_cell(n));
        }
        finish(&out)
    }

    /// Comma-separated values with a title row and CR LF line ends.
    pub fn csv(&self) -> String {
        let columns = self.columns();
        let mut out = String::new();
        for row in std::iter::once(&self.headers).chain(&self.rows) {
            for column in 0..columns {
                if column > 0 {
                    out.push(',');
                }
                out.push_str(&csv_cell(Self::cell(row, column)));
            }
            out.push_str("\r\n");
        }
        out
    }

    fn objects(&self) -> impl Iterator<Item = Value> + '_ {
        self.rows.iter().map(|row| {
            let mut object = Map::new();
            for (i, cell) in row.iter().enumerate() {
                let name = self
                    .headers
                    .get(i)
                    .map_or_else(|| format!("column {}", i + 1), |h| text::clean(h).into_owned());
                object.insert(name, Value::from(text::clean(cell).into_owned()));
            }
            Value::Object(object)
        })
    }

    /// An array of objects, indented.
    pub fn json(&self) -> String {
        let array = Value::Array(self.objects().collect());
        format!("{array:#}\n")
    }

    /// One object a line.
    pub fn jsonl(&self) -> String {
        let mut out = String::new();
        for object in self.objects() {
            out.push_str(&object.to_string());
            out.push('\n');
        }
        out
    }
}

fn finish(lines: &[String]) -> String {
    let mut out = lines.join("\n");
    if !out.is_empty() {
        out.push('\n');
    }
    out
}

/// Text that cannot leave its Markdown cell, link, embed or carry HTML.
pub fn markdown_cell(s: &str) -> String {
    let clean = text::clean(s);
    let mut out = String::with_capacity(clean.len());
    for c in clean.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '\\' | '|' | '`' => out.extend(['\\', c]),
            // "](" makes a link or an image of what stands before it, "][" a reference
            '(' | '[' if out.ends_with(']') => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// One CSV cell: cleaned, disarmed, quoted where needed.
///
/// A cell beginning with `=`, `+`, `-` or `@` (also in their wide forms, also behind blanks) gets an apostrophe before it,
/// because spreadsheets would run it; a plain number keeps its sign.
pub fn csv_cell(s: &str) -> String {
    let clean = text::clean(s);
    let start = clean.trim_start();
    let runs = start.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
        || s.starts_with(['\t', '\r', '\n']);
    let cell = if runs && !is_number(start) { format!("'{clean}") } else { clean.into_owned() };
    if cell.contains([',', '"', '\'', ';']) || cell.starts_with(' ') || cell.ends_with(' ') {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell
    }
}

/// A sign, digits, at most one point: nothing a spreadsheet could compute.
fn is_number(s: &str) -> bool {
    let digits = s.strip_prefix(['-', '+']).unwrap_or(s);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
    [whole, part].iter().all(|d| !d.is_empty() && d.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use std::str::FromStr;

    use proptest::prelude::*;

    use super::*;

    fn sample() -> Grid {
        let mut g = Grid::new(["did", "host", "count"]).title("Devices");
        g.push(["823", "ip-172-31-32-146", "1,204"]);
        g.push(["-5", "日本 | <b>x</b>", "7"]);
        g.push(["3"]);
        g.note = Some("3 of 3".into());
        g
    }

    #[test]
    fn text_is_aligned_and_fits_a_width() {
        assert_eq!(
            sample().text(None),
            "Devices\n\
             did  host              count\n\
             ---  ----------------  -----\n\
             823  ip-172-31-32-146  1,204\n\
             \x20-5  日本 | <b>x</b>       7\n\
             \x20 3\n\
             3 of 3\n"
        );
        let narrow = sample().text(Some(20));
        assert!(narrow.lines().all(|l| text::width(l) <= 20), "{narrow}");
        assert!(narrow.contains("ip-172.."), "{narrow}");
        assert_eq!(Grid::default().text(None), "");
    }

    #[test]
    fn markdown_cells_stay_cells() {
        assert_eq!(
            sample().markdown(),
            "### Devices\n\n| did | host | count |\n| ---: | --- | ---: |\n| 823 | ip-172-31-32-146 | 1,204 |\n\
             | -5 | 日本 \\| &lt;b>x&lt;/b> | 7 |\n| 3 |  |  |\n\n3 of 3\n"
        );
        assert_eq!(
            markdown_cell("![x](http://evil) `a`\n# h"),
            "![x]\\(http://evil) \\`a\\` ⏎ # h"
        );
        assert_eq!(markdown_cell("8[.]8"), "8[.]8");
    }

    #[test]
    fn csv_cells_cannot_run() {
        for (given, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=cmd|' /C calc'!A0", "\"'=cmd|' /C calc'!A0\""),
            ("+1+2", "\"'+1+2\""),
            ("-2+3", "\"'-2+3\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("\t=1", "\"' =1\""),
            ("  =1", "\"'  =1\""),
            ("＝1", "\"'＝1\""),
            ("-5", "-5"),
            ("-0.5", "-0.5"),
            ("-", "\"'-\""),
            ("two\nlines", "two ⏎ lines"),
        ] {
            assert_eq!(csv_cell(given), cell, "{given:?}");
        }
        assert_eq!(sample().csv().lines().next(), Some("did,host,count"));
        assert!(sample().csv().ends_with("3,,\r\n"));
    }

    #[test]
    fn json_keeps_column_order() {
        assert_eq!(
            sample().jsonl().lines().next(),
            Some(r#"{"did":"823","host":"ip-172-31-32-146","count":"1,204"}"#)
        );
        let parsed: Value = serde_json::from_str(&sample().json()).unwrap();
        assert_eq!(parsed[2], serde_json::json!({"did": "3"}));
    }

    #[test]
    fn forms_are_named_as_people_write_them() {
        for (name, format) in [
            ("md", Format::Markdown),
            ("markdown", Format::Markdown),
            ("csv", Format::Csv),
            ("jsonl", Format::Jsonl),
        ] {
            assert_eq!(Format::from_str(name).unwrap(), format);
        }
        assert_eq!(Format::Markdown.to_string(), "md");
    }

    proptest! {
        #[test]
        fn no_form_carries_what_acts(cells in prop::collection::vec(any::<String>(), 1..5)) {
            let mut g = Grid::new(cells.clone()).title(cells[0].clone());
            g.push(cells);
            for f in [Format::Text, Format::Markdown, Format::Csv, Format::Json, Format::Jsonl] {
                let out = g.render(f);
                prop_assert!(!out.chars().any(|c| c.is_control() && c != '\n' && c != '\r'));
                let turned = out.contains('\u{202e}');
                prop_assert!(!turned);
            }
            prop_assert_eq!(g.csv().matches("\r\n").count(), 2);
            prop_assert_eq!(g.jsonl().lines().count(), 1);
        }
    }
}
