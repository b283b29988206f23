//! The six output formats of `exec`, and what keeps each of them safe to print.
//!
//! Must not: choose a stream or an exit code. Server text in a table passes [`clean`]; JSON keeps every byte, unless it
//! goes to a terminal, where what could act on it is written as the escape JSON has for it.

use std::fmt::Write;

use clap::ValueEnum;

use crate::catalogue::{Outcome, Table};
use crate::ui::text;

/// How a result is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Format {
    /// Aligned columns for reading.
    #[default]
    Table,
    /// The context of the manuals, numbers and key order as the server sent them.
    Json,
    /// One object per row of the result, for pipes.
    Jsonl,
    /// The human readable output of the manuals.
    Markdown,
    /// Comma-separated values; formulas disarmed.
    Csv,
    /// The server's answer, untouched.
    Raw,
}

/// Makes a server's text safe for a table, a note or an error.
pub fn clean(text: &str) -> String {
    text::clean(text).into_owned()
}

/// The result in a format, as the bytes to print.
pub fn bytes(outcome: &Outcome, format: Format, terminal: bool) -> Vec<u8> {
    let plain: &Table = outcome.plain.as_ref().unwrap_or(&outcome.table);
    let json = |text: String| if terminal { escaped(&text) } else { text };
    let text = match format {
        Format::Table => plain.aligned(&clean),
        Format::Csv => plain.csv(&clean),
        Format::Markdown => outcome.table.markdown(&clean),
        Format::Json => json(outcome.context.pretty() + "\n"),
        Format::Jsonl => json(outcome.rows.iter().fold(String::new(), |mut lines, row| {
            lines += &row.compact();
            lines.push('\n');
            lines
        })),
        Format::Raw if terminal => {
            let mut text = escaped(&String::from_utf8_lossy(&outcome.raw));
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text
        }
        Format::Raw => return outcome.raw.clone(),
    };
    text.into_bytes()
}

/// JSON text with every character that could act on a terminal as `\uXXXX`: still the same JSON, as such characters can
/// only stand inside strings.
pub(in crate::cli) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        if acts(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}"); // writing to a String cannot fail
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// Whether a terminal would obey, hide or reorder by this character.
fn acts(c: char) -> bool {
    match c {
        '\n' | '\t' | '\r' => false, // JSON's own blanks; raw ones cannot stand in a string
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_are_the_same_json() {
        let json = "{\"a\":\"x\u{9b}31m\u{202e}\u{7f}\u{e0041}é\"}\n";
        let shown = escaped(json);
        assert_eq!(shown, "{\"a\":\"x\\u009b31m\\u202e\\u007f\\udb40\\udc41é\"}\n");
        let before: serde_json::Value = serde_json::from_str(json).unwrap();
        let after: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(before, after);
    }
}
