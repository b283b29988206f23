//! The one place foreign text is made safe, and the one place text is measured, cut, padded and wrapped.
//!
//! Alert fields, host names, labels and server messages are written by strangers. [`clean`] turns whatever could act on a
//! terminal, hide, or reorder what is read into something visible; every other function here cleans first, so a caller
//! cannot forget. Widths are those ratatui gives a cell, counted by grapheme. Nothing here knows colours or layout.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

pub use clean::{BREAK, HIDDEN, clean};

mod clean;

/// Cells one grapheme takes, as ratatui counts them.
fn cells(grapheme: &str) -> usize {
    if grapheme.len() == 1 {
        return 1;
    }
    let voiced = grapheme.chars().filter(|c| matches!(c, '\u{ff9e}' | '\u{ff9f}')).count();
    grapheme.width() + voiced
}

/// Cells the text takes when drawn (after [`clean`]).
pub fn width(s: &str) -> usize {
    measure(&clean(s))
}

/// Cells of text that is already clean.
fn measure(s: &str) -> usize {
    if s.is_ascii() { s.len() } else { s.graphemes(true).map(cells).sum() }
}

/// Where text stands in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// At the left edge, blanks after it.
    #[default]
    Left,
    /// At the right edge, blanks before it.
    Right,
    /// In the middle, the odd blank after it.
    Center,
}

/// Exactly `room` cells, left-aligned: too long text is cut at a grapheme and ends in `ellipsis`, short text is padded.
pub fn fit(s: &str, room: usize, ellipsis: &str) -> String {
    fit_to(s, room, ellipsis, Align::Left)
}

/// Like [`fit`], right-aligned.
pub fn fit_right(s: &str, room: usize, ellipsis: &str) -> String {
    fit_to(s, room, ellipsis, Align::Right)
}

/// Exactly `room` cells in the given alignment.
pub fn fit_to(s: &str, room: usize, ellipsis: &str, align: Align) -> String {
    let text = cut(s, room, ellipsis);
    let free = room.saturating_sub(measure(&text));
    let before = match align {
        Align::Left => 0,
        Align::Right => free,
        Align::Center => free / 2,
    };
    let mut out = String::with_capacity(text.len() + free);
    out.extend(std::iter::repeat_n(' ', before));
    out.push_str(&text);
    out.extend(std::iter::repeat_n(' ', free - before));
    out
}

/// At most `room` cells: cut at a grapheme, the cut shown by `ellipsis` (left out where it does not fit itself).
pub fn cut<'a>(s: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    let (start, _) = ends(s, room);
    if start.len() < s.len() {
        let ellipsis = if measure(ellipsis) <= room { ellipsis } else { "" };
        let start = clean(start);
        let keep = head(&start, room - measure(ellipsis));
        return Cow::Owned(format!("{keep}{ellipsis}"));
    }
    let text = clean(s);
    // every cell needs a byte at least, so short text is never measured
    if (text.is_ascii() && text.len() <= room) || measure(&text) <= room {
        return text;
    }
    let ellipsis = if measure(ellipsis) <= room { ellipsis } else { "" };
    let keep = head(&text, room - measure(ellipsis));
    Cow::Owned(format!("{keep}{ellipsis}"))
}

/// At most `room` cells, keeping the end: for paths and numbers whose tail tells them apart.
pub fn cut_head<'a>(s: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    let (_, end) = ends(s, room);
    let text = clean(end);
    if end.len() == s.len() && measure(&text) <= room {
        return text;
    }
    let ellipsis = if measure(ellipsis) <= room { ellipsis } else { "" };
    let keep = tail(&text, room - measure(ellipsis));
    Cow::Owned(format!("{ellipsis}{keep}"))
}

/// At most `room` cells, keeping both ends: for identifiers.
pub fn cut_middle<'a>(s: &'a str, room: usize, ellipsis: &str) -> Cow<'a, str> {
    let (start, end) = ends(s, room);
    let (text, last) = (clean(start), clean(end));
    if start.len() == s.len() && measure(&text) <= room {
        return text;
    }
    let ellipsis = if measure(ellipsis) <= room { ellipsis } else { "" };
    let left = room - measure(ellipsis);
    let front = head(&text, left.div_ceil(2));
    let back = tail(&last, left - measure(front));
    Cow::Owned(format!("{front}{ellipsis}{back}"))
}

/// The beginning and the end of text that can matter for so many cells: a field of ten megabytes costs no more to draw than
/// a short one. Sixteen bytes for a cell are enough for any script; what piles up more on one letter is not shown.
fn ends(s: &str, room: usize) -> (&str, &str) {
    let most = room.saturating_add(2).saturating_mul(16);
    if s.len() <= most {
        return (s, s);
    }
    let (mut front, mut back) = (most, s.len() - most);
    while !s.is_char_boundary(front) {
        front -= 1;
    }
    while !s.is_char_boundary(back) {
        back += 1;
    }
    (&s[..front], &s[back..])
}

/// The longest beginning of clean text within `room` cells.
fn head(s: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, g) in s.grapheme_indices(true) {
        used += cells(g);
        if used > room {
            return &s[..at];
        }
    }
    s
}

/// The longest end of clean text within `room` cells.
fn tail(s: &str, room: usize) -> &str {
    let mut used = 0;
    for (at, g) in s.grapheme_indices(true).rev() {
        used += cells(g);
        if used > room {
            return &s[at + g.len()..];
        }
    }
    s
}

/// What a long identifier is called in a sentence: two dots and its last `keep` characters.
pub fn short_id(id: &str, keep: usize) -> Cow<'_, str> {
    let text = clean(id);
    if text.chars().count() <= keep + 2 {
        return text;
    }
    Cow::Owned(format!("..{}", tail(&text, keep)))
}

/// Breaks text into lines of at most `room` cells: at its own line breaks, then at blanks, then anywhere.
///
/// A blank at a break is dropped, other blanks stay, so indented text keeps its shape. A grapheme wider than the room
/// becomes [`HIDDEN`]. ratatui's own wrapping is not used: it panics on wide glyphs in narrow areas.
pub fn wrap(s: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    for paragraph in s.split(['\n', '\u{85}', '\u{2028}', '\u{2029}']) {
        let paragraph = paragraph.strip_suffix('\r').unwrap_or(paragraph);
        wrap_paragraph(&clean(paragraph), room, &mut lines);
    }
    lines
}

fn wrap_paragraph(text: &str, room: usize, lines: &mut Vec<String>) {
    let mut line = String::new();
    let mut used = 0;
    // byte length and cells of the line up to and with its last blank
    let mut blank: Option<(usize, usize)> = None;
    for g in text.graphemes(true) {
        let mut buf = [0; 4];
        let (g, w) = match cells(g) {
            w if w > room => (&*HIDDEN.encode_utf8(&mut buf), 1),
            w => (g, w),
        };
        if used + w > room {
            if g == " " {
                lines.push(std::mem::take(&mut line));
                (used, blank) = (0, None);
                continue;
            }
            if let Some((at, cells_before)) = blank.take() {
                let rest = line.split_off(at);
                line.truncate(line.trim_end_matches(' ').len());
                lines.push(std::mem::replace(&mut line, rest));
                used -= cells_before;
            }
            if used + w > room {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
        }
        line.push_str(g);
        used += w;
        if g == " " && !line.trim_start_matches(' ').is_empty() {
            blank = Some((line.len(), used));
        }
    }
    lines.push(line);
}

/// The text with every non-ASCII grapheme replaced by `?`, one per cell: for places that cannot show more.
pub fn ascii(s: &str) -> Cow<'_, str> {
    if s.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        return Cow::Borrowed(s);
    }
    let mut out = String::with_capacity(s.len());
    for g in clean(s).graphemes(true) {
        if g.is_ascii() {
            out.push_str(g);
        } else {
            out.extend(std::iter::repeat_n('?', cells(g)));
        }
    }
    Cow::Owned(out)
}

/// A number with a comma at every third digit: `12,345`.
pub fn thousands(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// A byte count as people say it: `312 B`, `4.8 kB`, `21 MB` (powers of 1000).
pub fn bytes(n: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if n < 1000 {
        return format!("{n} B");
    }
    let mut value = n as f64;
    let mut unit = "B";
    for name in UNITS {
        value /= 1000.0;
        unit = name;
        if value < 999.5 {
            break;
        }
    }
    if value < 9.95 { format!("{value:.1} {unit}") } else { format!("{value:.0} {unit}") }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::clean::tests::foreign;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn a_fitted_text_is_exactly_as_wide_as_its_room(s in foreign(), room in 0usize..30) {
            for e in ["…", "..", ""] {
                for a in [Align::Left, Align::Right, Align::Center] {
                    let f = fit_to(&s, room, e, a);
                    prop_assert_eq!(width(&f), room, "{:?}", f);
                }
                prop_assert!(width(&cut_middle(&s, room, e)) <= room);
                prop_assert!(width(&cut_head(&s, room, e)) <= room);
            }
        }

        #[test]
        fn ratatui_draws_as_many_cells_as_we_count(s in foreign()) {
            let area = ratatui::layout::Rect::new(0, 0, 400, 1);
            let mut buf = ratatui::buffer::Buffer::empty(area);
            let (x, _) = buf.set_stringn(0, 0, clean(&s), 400, ratatui::style::Style::new());
            prop_assert_eq!(usize::from(x), width(&s));
        }

        #[test]
        fn wrapped_lines_fit_and_lose_no_letter(s in foreign(), room in 1usize..12) {
            let lines = wrap(&s, room);
            for l in &lines {
                prop_assert!(width(l) <= room, "{l:?} in {room}");
            }
            let letters = |t: &str| t.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
            if clean(&s).graphemes(true).all(|g| cells(g) <= room) {
                prop_assert_eq!(letters(&lines.concat()), letters(&s));
            }
        }

        #[test]
        fn ascii_is_ascii_and_as_wide(s in foreign()) {
            let a = ascii(&s);
            prop_assert!(a.bytes().all(|b| (0x20..0x7f).contains(&b)));
            prop_assert_eq!(a.len(), width(&s));
        }
    }

    #[test]
    fn wide_glyphs_are_never_split() {
        assert_eq!(fit("日本語", 4, "…"), "日… ");
        assert_eq!(fit("日本語", 5, "…"), "日本…");
        assert_eq!(fit_right("7", 3, ""), "  7");
        assert_eq!(cut_middle("12023636421762", 9, ".."), "1202..762");
        assert_eq!(wrap("a🌞b", 1), ["a", "·", "b"]);
        assert_eq!(wrap("a🌞b", 2), ["a", "🌞", "b"]);
    }

    #[test]
    fn wrapping_breaks_at_blanks_and_keeps_indents() {
        assert_eq!(wrap("the quick brown fox", 9), ["the quick", "brown fox"]);
        assert_eq!(wrap("  key: value\nnext", 20), ["  key: value", "next"]);
        assert_eq!(wrap("abcdefgh", 3), ["abc", "def", "gh"]);
        assert_eq!(wrap("", 5), [""]);
    }

    #[test]
    fn text_of_any_length_is_cut_at_once() {
        let long = "日a\x1b".repeat(4_000_000);
        let begun = std::time::Instant::now();
        for _ in 0..100 {
            assert_eq!(cut(&long, 6, "…"), "日a␛…");
            assert_eq!(cut_head(&long, 5, "…"), "…日a␛");
            assert_eq!(cut_middle(&long, 8, "…"), "日a␛…a␛");
        }
        // cleaning it once whole would take longer than all of these together
        assert!(begun.elapsed() < std::time::Duration::from_millis(500));
    }

    #[test]
    fn numbers_and_sizes_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(1_234_567), "1,234,567");
        assert_eq!(bytes(312), "312 B");
        assert_eq!(bytes(4_833), "4.8 kB");
        assert_eq!(bytes(999_700), "1.0 MB");
        assert_eq!(short_id("12023636421762", 4), "..1762");
    }
}
