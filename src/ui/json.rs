//! A viewer for JSON text of any size, and an exact re-indenter.
//!
//! Both work on the text itself: numbers keep every digit, keys keep their order, duplicates stay, and what is not JSON is
//! shown as it came. The viewer indexes rows once and draws only those in sight; folding, searching and paths never
//! build a tree. Nothing here interprets values.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::table::{ListState, Text};
use super::theme::Theme;
use super::{frame, text};
use index::{Kind, Row, index, plain};

pub use index::pretty;

mod index;

/// A JSON text with its rows, folds and search.
#[derive(Debug, Clone)]
pub struct Document {
    text: String,
    rows: Vec<Row>,
    folded: Vec<bool>,
    /// The rows not hidden by a fold, in order.
    visible: Vec<u32>,
}

/// One visible line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// How deep it is nested.
    pub depth: u16,
    /// Its key as written, quotes included.
    pub key: Option<&'a str>,
    /// Its value as written; for an object or array the bracket.
    pub value: &'a str,
    /// Whether a comma follows.
    pub comma: bool,
    /// For an opening bracket: elements inside, and whether it is folded.
    pub inside: Option<(u32, bool)>,
}

/// Texts above this are shown from their beginning only: row offsets are 32-bit.
pub const MAX: usize = u32::MAX as usize;

impl Document {
    /// Indexes a text. Never fails: text that is no JSON becomes plain lines.
    pub fn new(mut text: String) -> Self {
        if text.len() > MAX {
            let mut end = MAX;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        let rows = index(&text).unwrap_or_else(|| plain(&text));
        let mut document =
            Self { folded: vec![false; rows.len()], visible: Vec::new(), text, rows };
        document.refresh();
        document
    }

    /// The text as it came.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Visible lines.
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.visible.is_empty()
    }

    /// One visible line.
    pub fn line(&self, at: usize) -> Option<Line<'_>> {
        let row = *self.visible.get(at)?;
        let r = self.rows[row as usize];
        let key = self.slice(r.key);
        Some(Line {
            depth: r.depth,
            key: (!key.is_empty()).then_some(key),
            value: self.slice(r.value),
            comma: r.comma,
            inside: match r.kind {
                Kind::Open { count, .. } => Some((count, self.folded[row as usize])),
                _ => None,
            },
        })
    }

    fn slice(&self, (from, to): (u32, u32)) -> &str {
        &self.text[from as usize..to as usize]
    }

    /// Folds or unfolds the object or array that begins at, ends at, or holds a visible line; returns the line it begins at.
    pub fn toggle(&mut self, at: usize) -> Option<usize> {
        let row = *self.visible.get(at)? as usize;
        let open = match self.rows[row].kind {
            Kind::Open { .. } => row,
            _ => self.parent(row)?,
        };
        self.folded[open] = !self.folded[open];
        self.refresh();
        self.visible.binary_search(&(open as u32)).ok()
    }

    /// Folds everything nested at least this deep (0 folds the whole, 1 the elements of the outermost), unfolds the rest.
    pub fn fold_from(&mut self, depth: u16) {
        for (folded, row) in self.folded.iter_mut().zip(&self.rows) {
            *folded = matches!(row.kind, Kind::Open { .. }) && row.depth >= depth;
        }
        self.refresh();
    }

    /// Unfolds everything.
    pub fn unfold(&mut self) {
        self.folded.fill(false);
        self.refresh();
    }

    fn refresh(&mut self) {
        self.visible.clear();
        let mut row = 0;
        while row < self.rows.len() {
            self.visible.push(row as u32);
            row = match self.rows[row].kind {
                Kind::Open { close, .. } if self.folded[row] => close as usize + 1,
                _ => row + 1,
            };
        }
    }

    /// The row of the object or array a row is in.
    fn parent(&self, row: usize) -> Option<usize> {
        let depth = self.rows[row].depth;
        let target = match self.rows[row].kind {
            Kind::Close => depth,
            _ => depth.checked_sub(1)?,
        };
        (0..row).rev().find(|r| {
            self.rows[*r].depth == target && matches!(self.rows[*r].kind, Kind::Open { .. })
        })
    }

    /// Where a value is: `suricata.eve[3].port`; keys with unusual characters stand in quotes.
    pub fn path(&self, at: usize) -> Option<String> {
        let mut row = *self.visible.get(at)? as usize;
        if self.rows[row].kind == Kind::Close {
            row = self.parent(row)?;
        }
        let mut parts = Vec::new();
        loop {
            let parent = self.parent(row);
            let key = self.slice(self.rows[row].key);
            if !key.is_empty() {
                let name = key.trim_matches('"');
                let simple = !name.is_empty()
                    && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '@'));
                parts.push(if simple { format!(".{name}") } else { format!("[{key}]") });
            } else if let Some(parent) = parent {
                let before = (parent + 1..row).filter(|r| {
                    self.rows[*r].depth == self.rows[row].depth && self.rows[*r].kind != Kind::Close
                });
                parts.push(format!("[{}]", before.count()));
            }
            match parent {
                Some(p) => row = p,
                None => break,
            }
        }
        parts.reverse();
        Some(parts.concat().trim_start_matches('.').to_owned())
    }

    /// The value at a visible line as written: a scalar, or the whole object or array.
    pub fn value(&self, at: usize) -> Option<&str> {
        let row = self.rows[*self.visible.get(at)? as usize];
        Some(match row.kind {
            Kind::Open { close, .. } => {
                let end = self.rows[close as usize].value.1;
                &self.text[row.value.0 as usize..end as usize]
            }
            _ => self.slice(row.value),
        })
    }

    /// The next visible line after `from` (or before it) that holds `needle`, ignoring ASCII case, around the end. Folds
    /// that hide it are opened. Keys and values are searched as written.
    pub fn find(&mut self, needle: &str, from: usize, forward: bool) -> Option<usize> {
        if needle.is_empty() || self.rows.is_empty() {
            return None;
        }
        let start = self.visible.get(from).map_or(0, |r| *r as usize);
        let count = self.rows.len();
        let nth = |i: usize| {
            if forward { (start + i) % count } else { (start + count - i % count) % count }
        };
        let hit = (1..=count).map(nth).find(|r| {
            let row = self.rows[*r];
            contains(self.slice(row.key), needle)
                || (row.kind != Kind::Close && contains(self.slice(row.value), needle))
        })?;
        let mut inner = hit;
        let mut opened = false;
        while let Some(p) = self.parent(inner) {
            opened |= std::mem::replace(&mut self.folded[p], false);
            inner = p;
        }
        if opened {
            self.refresh();
        }
        self.visible.binary_search(&(hit as u32)).ok()
    }

    /// Draws the lines around the cursor; `found` is underlined where it occurs.
    pub fn draw(
        &self,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
        state: &ListState,
        active: bool,
    ) {
        let area = area.intersection(buf.area);
        let visible = state.follow(self.len(), usize::from(area.height));
        state.drawn(area);
        let cursor = state.cursor().min(self.len().saturating_sub(1));
        for (at, y) in visible.zip(area.top()..area.bottom()) {
            let Some(line) = self.line(at) else { continue };
            let indent = (line.depth * 2).min(area.width / 2);
            let row = Rect {
                x: area.x + 2.min(area.width),
                y,
                width: area.width.saturating_sub(2),
                height: 1,
            };
            let row = Rect { x: row.x + indent, width: row.width.saturating_sub(indent), ..row };
            frame::line(row, buf, theme, &pieces(&line, theme, usize::from(row.width)));
            let mark = match line.inside {
                Some((_, true)) => theme.glyphs.closed,
                Some((_, false)) => theme.glyphs.open,
                None => " ",
            };
            let style = if at == cursor && active { theme.cursor } else { theme.dim };
            buf.set_stringn(area.x, y, mark, usize::from(area.width), style);
        }
    }
}

/// A line as styled pieces; long values are cut before they are styled, so a megabyte costs no more than a row.
fn pieces<'a>(line: &Line<'a>, theme: &Theme, room: usize) -> Vec<Text<'a>> {
    let mut out = Vec::with_capacity(4);
    if let Some(key) = line.key {
        out.push(Text::styled(text::cut(key, room, theme.ellipsis()), theme.accent));
        out.push(Text::styled(": ", theme.dim));
    }
    let style = match line.value.as_bytes().first() {
        Some(b'"' | b'{' | b'[' | b'}' | b']') => Style::new(),
        Some(b'n') => theme.dim,
        _ => theme.label,
    };
    out.push(Text::styled(text::cut(line.value, room, theme.ellipsis()), style));
    if let Some((count, true)) = line.inside {
        let close = if line.value == "{" { "}" } else { "]" };
        out.push(Text::styled(format!(" {count} {close}"), theme.dim));
    }
    if line.comma {
        out.push(Text::styled(",", theme.dim));
    }
    out
}

fn contains(hay: &str, needle: &str) -> bool {
    hay.len() >= needle.len()
        && hay.as_bytes().windows(needle.len()).any(|w| w.eq_ignore_ascii_case(needle.as_bytes()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SAMPLE: &str = r#"{"big":12345678901234567890.10,"z":1,"a":{"list":[1,{"x":null},[]],"s":"a\"b{,"},"a":true, "e":{ }}"#;

    fn shown(d: &Document) -> Vec<String> {
        (0..d.len())
            .map(|i| {
                let l = d.line(i).unwrap();
                let key = l.key.map_or(String::new(), |k| format!("{k}:"));
                let fold = if l.inside.is_some_and(|(_, f)| f) { "~" } else { "" };
                format!("{}{key}{}{fold}", " ".repeat(l.depth.into()), l.value)
            })
            .collect()
    }

    #[test]
    fn numbers_order_and_duplicates_are_kept() {
        assert_eq!(
            pretty(SAMPLE),
            "{\n  \"big\": 12345678901234567890.10,\n  \"z\": 1,\n  \"a\": {\n    \"list\": [\n      1,\n      {\n        \"x\": null\n      },\n      []\n    ],\n    \"s\": \"a\\\"b{,\"\n  },\n  \"a\": true,\n  \"e\": {}\n}"
        );
        for same in [
            "not json",
            "{\"a\":}",
            "[1,]",
            "[1 2]",
            "{} {}",
            "",
            "{\"a\" 1}",
            "[1}",
            "\"open",
            "{1:2}",
            "truth",
        ] {
            assert_eq!(pretty(same), same);
        }
    }

    #[test]
    fn folds_hide_and_come_back() {
        let mut d = Document::new(SAMPLE.into());
        let all = shown(&d);
        assert_eq!(all.len(), 16);
        assert_eq!(d.toggle(3), Some(3));
        assert_eq!(
            shown(&d),
            [
                "{",
                " \"big\":12345678901234567890.10",
                " \"z\":1",
                " \"a\":{~",
                " \"a\":true",
                " \"e\":{ }",
                "}"
            ]
        );
        assert_eq!(d.line(3).unwrap().inside, Some((2, true)));
        assert_eq!(d.value(3), Some(r#"{"list":[1,{"x":null},[]],"s":"a\"b{,"}"#));
        d.toggle(3);
        assert_eq!(shown(&d), all);
        // from inside, the holder folds
        assert_eq!(d.toggle(5), Some(4));
        d.fold_from(1);
        assert_eq!(d.len(), 7);
        d.fold_from(0);
        assert_eq!(d.len(), 1);
        d.unfold();
        assert_eq!(shown(&d), all);
    }

    #[test]
    fn search_opens_what_hides_the_hit_and_goes_around() {
        let mut d = Document::new(SAMPLE.into());
        d.fold_from(1);
        let hit = d.find("NULL", 0, true).unwrap();
        assert_eq!(d.line(hit).unwrap().value, "null");
        assert_eq!(d.path(hit).unwrap(), "a.list[1].x");
        assert_eq!(d.find("big", hit, true), Some(1));
        assert_eq!(d.find("big", hit, false), Some(1));
        assert_eq!(d.find("null", hit, true), Some(hit));
        assert_eq!(d.find("nowhere", 0, true), None);
        assert_eq!(d.path(0).unwrap(), "");
    }

    #[test]
    fn other_text_is_shown_as_lines() {
        let d = Document::new("<html>\n502\n".into());
        assert_eq!(shown(&d), ["<html>", "502", ""]);
    }

    #[test]
    fn ten_megabytes_draw_at_once() {
        let text = format!(
            "[{}]",
            vec![
                r#"{"ip":"10.1.2.3","n":1.50,"long":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#;
                130_000
            ]
            .join(",")
        );
        assert!(text.len() > 10_000_000);
        let d = Document::new(text);
        assert_eq!(d.len(), 2 + 130_000 * 5);
        let mut buf = Buffer::empty(Rect::new(0, 0, 80, 24));
        let mut state = ListState::default();
        state.select(600_000);
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            d.draw(buf.area, &mut buf, &Theme::default(), &state, true);
        }
        assert!(begun.elapsed() < std::time::Duration::from_secs(2), "{:?}", begun.elapsed());
    }

    proptest! {
        #[test]
        fn pretty_changes_blanks_only(v in json()) {
            let compact = v.to_string();
            let indented = pretty(&compact);
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&indented).unwrap(), v.clone());
            prop_assert_eq!(&indented, &serde_json::to_string_pretty(&v).unwrap());
        }

        #[test]
        fn any_text_is_survived(s in "[\\[\\]{}\",:\\\\ 1aé\n-]{0,40}") {
            let mut d = Document::new(s.clone());
            let valid = serde_json::from_str::<serde::de::IgnoredAny>(&s).is_ok();
            if valid {
                prop_assert!(index(&s).is_some(), "{s}");
            }
            for i in 0..d.len() {
                d.path(i);
                d.value(i);
            }
            d.toggle(0);
            d.find("a", 0, false);
            pretty(&s);
        }
    }

    fn json() -> impl Strategy<Value = serde_json::Value> {
        use serde_json::Value;
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[ -~é\\\\\"]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::vec(("[a-z\"]{0,4}", inner), 0..5)
                    .prop_map(|v| Value::Object(v.into_iter().collect())),
            ]
        })
    }
}
