//! The furniture of every screen: header, titled rules, hints, key-value blocks, sheets, empty states, one-line messages.
//!
//! Plain functions from text to cells. They know where things stand and which parts may go when the room is narrow; they
//! do not know what any of it means. All text is cleaned on the way.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::widgets::{Clear, Widget};

use super::table::Text;
use super::text;
use super::theme::Theme;

/// One cell of the header row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment<'a> {
    text: Text<'a>,
    rank: u8,
}

impl<'a> Segment<'a> {
    /// A segment that stays as long as anything does.
    pub fn new(text: impl Into<Text<'a>>) -> Self {
        Self { text: text.into(), rank: 0 }
    }

    /// May go when the row is narrow; higher ranks go first.
    #[must_use]
    pub fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }
}

/// The header row ` PROD acme | TRIAGE 1202 | ana.pop | 14:03Z `: reversed over its whole width.
///
/// When it is too narrow, segments go by rank, and among equals from the middle; what is still too long is cut.
pub fn header(area: Rect, buf: &mut Buffer, theme: &Theme, segments: &[Segment<'_>]) {
    let area = row(area, buf);
    if area.is_empty() {
        return;
    }
    let separator = if theme.glyphs.ascii { " | " } else { " │ " };
    let mut shown: Vec<(usize, usize)> =
        segments.iter().map(|s| text::width(&s.text.text)).enumerate().collect();
    shown.retain(|(_, w)| *w > 0);
    let room = usize::from(area.width).saturating_sub(2);
    let need = |shown: &[(usize, usize)]| {
        shown.iter().map(|(_, w)| w + 3).sum::<usize>().saturating_sub(3)
    };
    while need(&shown) > room && shown.len() > 1 {
        let top = shown.iter().map(|(i, _)| segments[*i].rank).max().unwrap_or(0);
        let middle = shown.len() / 2;
        let goes = (0..shown.len())
            .filter(|at| segments[shown[*at].0].rank == top)
            .min_by_key(|at| at.abs_diff(middle))
            .unwrap_or(middle);
        shown.remove(goes);
    }
    buf.set_stringn(area.x, area.y, " ".repeat(area.width.into()), area.width.into(), theme.header);
    let mut x = area.x + 1;
    for (n, (i, _)) in shown.iter().enumerate() {
        if n > 0 {
            (x, _) =
                buf.set_stringn(x, area.y, separator, usize::from(area.right() - x), theme.header);
        }
        let left = usize::from(area.right().saturating_sub(x)).saturating_sub(1);
        let segment = &segments[*i].text;
        let cut = text::cut(&segment.text, left, theme.ellipsis());
        (x, _) = buf.set_stringn(x, area.y, &cut, left, theme.header.patch(segment.style));
    }
}

/// A rule with a title at its left and a remark at its right: `── 823 [info] tags ────────── Tab next ─`.
pub fn rule(area: Rect, buf: &mut Buffer, theme: &Theme, title: &str, remark: &str) {
    let area = row(area, buf);
    let width = usize::from(area.width);
    if area.is_empty() {
        return;
    }
    let line = theme.glyphs.rule;
    buf.set_stringn(area.x, area.y, line.repeat(width), width, theme.rule);
    let room = width.saturating_sub(4);
    let title = text::cut(title, room, theme.ellipsis());
    let used = text::width(&title);
    if used > 0 {
        let (x, _) = buf.set_stringn(area.x + 2, area.y, " ", 1, theme.rule);
        let (x, _) = buf.set_stringn(x, area.y, &title, room, theme.title);
        put(buf, (x, area.y), area, " ", theme.rule);
    }
    let left = room.saturating_sub(used + 4);
    let remark = text::cut(remark, left, theme.ellipsis());
    let long = text::width(&remark) as u16;
    if long > 0 && left > 0 {
        let x = area.right().saturating_sub(long + 3);
        put(buf, (x, area.y), area, " ", theme.rule);
        put(buf, (x + 1, area.y), area, &remark, theme.dim);
        put(buf, (x + 1 + long, area.y), area, " ", theme.rule);
    }
}

/// A key and what it does.
pub type Hint<'a> = (&'a str, &'a str);

/// The hint line: `d device  e endpoint  ? help`. Hints stand in order of importance; those that do not fit whole are left
/// out, and the last one (help) is kept before others.
pub fn hints(area: Rect, buf: &mut Buffer, theme: &Theme, hints: &[Hint<'_>]) {
    let area = row(area, buf);
    let width = |(key, word): &Hint<'_>| {
        text::width(key) + usize::from(!word.is_empty()) + text::width(word)
    };
    let room = usize::from(area.width);
    let Some((last, rest)) = hints.split_last() else {
        return;
    };
    let mut used = width(last);
    let mut shown: Vec<&Hint<'_>> = Vec::new();
    for hint in rest {
        let more = width(hint) + 2;
        if used + more > room {
            break;
        }
        used += more;
        shown.push(hint);
    }
    if width(last) <= room {
        shown.push(last);
    }
    let mut x = area.x;
    for (n, (key, word)) in shown.into_iter().enumerate() {
        x += if n > 0 { 2 } else { 0 };
        x = put(buf, (x, area.y), area, key, theme.key);
        if !word.is_empty() {
            x = put(buf, (x + 1, area.y), area, word, theme.text);
        }
    }
}

/// Several pieces of styled text one after the other, cut at the right edge; returns the column behind them.
pub fn line(area: Rect, buf: &mut Buffer, theme: &Theme, pieces: &[Text<'_>]) -> u16 {
    let area = row(area, buf);
    let mut x = area.x;
    if area.is_empty() {
        return x;
    }
    for (i, piece) in pieces.iter().enumerate() {
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 {
            break;
        }
        let last = i + 1 == pieces.len();
        let cut = text::cut(&piece.text, room, theme.ellipsis());
        let whole = cut.len() >= piece.text.len() || text::width(&piece.text) <= room;
        (x, _) = buf.set_stringn(x, area.y, &cut, room, theme.text.patch(piece.style));
        if !whole || last {
            break;
        }
    }
    x
}

/// One line of a key-value block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<'a> {
    /// What it is.
    pub name: Text<'a>,
    /// What it is worth, in pieces.
    pub value: Vec<Text<'a>>,
}

impl<'a> Fact<'a> {
    /// A fact of one piece; an absent value is shown as `-`.
    pub fn new(name: impl Into<Text<'a>>, value: impl Into<Text<'a>>) -> Self {
        let value: Text<'a> = value.into();
        let value = if value.text.is_empty() { Text::from("-") } else { value };
        Self { name: name.into(), value: vec![value] }
    }
}

/// A block of facts, one a line, their values aligned behind names of `name_width` cells. Returns the rows used.
pub fn facts(
    area: Rect,
    buf: &mut Buffer,
    theme: &Theme,
    name_width: u16,
    facts: &[Fact<'_>],
) -> u16 {
    let area = area.intersection(buf.area);
    let mut used = 0;
    for (fact, y) in facts.iter().zip(area.top()..area.bottom()) {
        let name_room = name_width.min(area.width);
        let name = text::cut(&fact.name.text, usize::from(name_room), theme.ellipsis());
        buf.set_stringn(area.x, y, &name, usize::from(name_room), theme.dim.patch(fact.name.style));
        let x = area.x + name_room + 1;
        if x < area.right() {
            line(Rect { x, y, width: area.right() - x, height: 1 }, buf, theme, &fact.value);
        }
        used += 1;
    }
    used
}

/// A sheet: a framed box of this size in the middle of `area` (smaller where there is no room), what was below it wiped.
/// Returns the room inside, one blank from the frame at the sides.
pub fn sheet(
    area: Rect,
    buf: &mut Buffer,
    theme: &Theme,
    title: &str,
    width: u16,
    height: u16,
) -> Rect {
    let area = area.intersection(buf.area);
    let (width, height) = (width.min(area.width), height.min(area.height));
    let outer = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(outer, buf);
    if width < 4 || height < 3 {
        return outer;
    }
    let [tl, tr, bl, br] = theme.glyphs.corners;
    let (left, right, top, bottom) = (outer.x, outer.right() - 1, outer.y, outer.bottom() - 1);
    let inside = usize::from(width - 2);
    let dashes = theme.glyphs.rule.repeat(inside);
    for (y, l, r) in [(top, tl, tr), (bottom, bl, br)] {
        buf.set_stringn(left, y, l, 1, theme.rule);
        buf.set_stringn(left + 1, y, &dashes, inside, theme.rule);
        buf.set_stringn(right, y, r, 1, theme.rule);
    }
    for y in top + 1..bottom {
        buf.set_stringn(left, y, theme.glyphs.bar, 1, theme.rule);
        buf.set_stringn(right, y, theme.glyphs.bar, 1, theme.rule);
    }
    let title = text::cut(title, inside.saturating_sub(4), theme.ellipsis());
    let long = text::width(&title);
    if long > 0 {
        let x = left + 1 + ((inside - long - 2) / 2) as u16;
        buf.set_stringn(x, top, format!(" {title} "), long + 2, theme.title);
    }
    Rect { x: left + 2, y: top + 1, width: width - 4, height: height - 2 }
}

/// An empty pane: a quiet sentence in the middle, and below it the key that would fill it.
pub fn empty(area: Rect, buf: &mut Buffer, theme: &Theme, sentence: &str, hint: Option<Hint<'_>>) {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return;
    }
    let lines = text::wrap(sentence, usize::from(area.width.saturating_sub(4)).clamp(1, 60));
    let rows = lines.len() + if hint.is_some() { 2 } else { 0 };
    let mut y = area.y + area.height.saturating_sub(rows as u16) / 2;
    for l in &lines {
        if y < area.bottom() {
            center(area, y, buf, &[(l, theme.dim)]);
        }
        y += 1;
    }
    if let Some((key, word)) = hint
        && y + 1 < area.bottom()
    {
        center(area, y + 1, buf, &[(key, theme.key), (" ", theme.text), (word, theme.text)]);
    }
}

/// The one sentence of a terminal too small for anything else.
pub fn too_small(area: Rect, buf: &mut Buffer, theme: &Theme, need: (u16, u16)) {
    let sentence = format!("need {}x{}, have {}x{}", need.0, need.1, area.width, area.height);
    for (l, y) in
        text::wrap(&sentence, usize::from(area.width)).iter().zip(area.top()..area.bottom())
    {
        put(buf, (area.x, y), area, l, theme.text);
    }
}

fn center(area: Rect, y: u16, buf: &mut Buffer, pieces: &[(&str, Style)]) {
    let long: usize = pieces.iter().map(|(s, _)| text::width(s)).sum();
    let mut x = area.x + (usize::from(area.width).saturating_sub(long) / 2) as u16;
    for (s, style) in pieces {
        x = put(buf, (x, y), area, s, *style);
    }
}

/// Puts cleaned text at a place, cut at the area's right edge; returns the column behind it.
fn put(buf: &mut Buffer, at: (u16, u16), area: Rect, s: &str, style: Style) -> u16 {
    if !area.contains(Position { x: at.0, y: at.1 }) || !buf.area.contains(at.into()) {
        return at.0;
    }
    buf.set_stringn(at.0, at.1, text::clean(s), usize::from(area.right() - at.0), style).0
}

/// The first row of an area, as far as the buffer has it.
fn row(area: Rect, buf: &Buffer) -> Rect {
    let area = area.intersection(buf.area);
    Rect { height: area.height.min(1), ..area }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Modifier;

    use super::super::theme::{Glyphs, Palette};
    use super::*;

    fn theme() -> Theme {
        Theme::new(Palette::Mono, Glyphs::ASCII)
    }

    fn lines(buf: &Buffer) -> Vec<String> {
        (0..buf.area.height)
            .map(|y| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect())
            .collect()
    }

    fn one_row(width: u16, draw: impl FnOnce(Rect, &mut Buffer)) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, 1));
        draw(buf.area, &mut buf);
        lines(&buf).remove(0)
    }

    #[test]
    fn the_header_drops_its_middle_and_stays_reversed() {
        let segments = [
            Segment::new("PROD acme"),
            Segment::new("TRIAGE 1202 suricata-edge").rank(1),
            Segment::new("Low-confidence 3/212").rank(3),
            Segment::new("out 1").rank(3),
            Segment::new("ana.pop").rank(2),
            Segment::new("14:03Z").rank(2),
        ];
        let at = |w| one_row(w, |a, b| header(a, b, &theme(), &segments));
        assert_eq!(
            at(89),
            " PROD acme | TRIAGE 1202 suricata-edge | Low-confidence 3/212 | out 1 | ana.pop | 14:03Z "
        );
        assert_eq!(at(66).trim_end(), " PROD acme | TRIAGE 1202 suricata-edge | ana.pop | 14:03Z");
        assert_eq!(at(40).trim_end(), " PROD acme | TRIAGE 1202 suricata-edge");
        assert_eq!(at(12), " PROD acme  ");
        assert_eq!(at(8), " PROD.. ");
        let mut buf = Buffer::empty(Rect::new(0, 0, 30, 1));
        header(buf.area, &mut buf, &theme(), &segments);
        assert!((0..30).all(|x| buf[(x, 0)].modifier.contains(Modifier::REVERSED)));
    }

    #[test]
    fn a_rule_carries_title_and_remark() {
        let at = |w, t: &str, r: &str| one_row(w, |a, b| rule(a, b, &theme(), t, r));
        assert_eq!(at(34, "823 [info] tags", "Tab next"), "-- 823 [info] tags ---- Tab next -");
        assert_eq!(at(12, "a very long title", "x"), "-- a very.. ");
        assert_eq!(at(6, "", ""), "------");
    }

    #[test]
    fn hints_are_cut_whole_and_keep_help() {
        let list = [("d", "device"), ("e", "endpoint"), ("a", "search"), ("?", "help")];
        let at = |w| one_row(w, |a, b| hints(a, b, &theme(), &list)).trim_end().to_owned();
        assert_eq!(at(60), "d device  e endpoint  a search  ? help");
        assert_eq!(at(37), "d device  e endpoint  ? help");
        assert_eq!(at(10), "? help");
        assert_eq!(at(3), "");
    }

    #[test]
    fn a_sheet_is_centred_framed_and_wiped() {
        let mut buf = Buffer::with_lines(["xxxxxxxxxxxxxxxxxxxxxxxx"; 7]);
        let inside = sheet(buf.area, &mut buf, &theme(), "TAG DEVICE", 18, 5);
        assert_eq!(inside, Rect::new(5, 2, 14, 3));
        assert_eq!(lines(&buf)[1], "xxx+-- TAG DEVICE --+xxx");
        assert_eq!(lines(&buf)[2], "xxx|                |xxx");
        assert_eq!(lines(&buf)[5], "xxx+----------------+xxx");
    }

    #[test]
    fn facts_align_and_absent_values_show() {
        let mut buf = Buffer::empty(Rect::new(0, 0, 24, 3));
        let rows = facts(
            buf.area,
            &mut buf,
            &theme(),
            6,
            &[
                Fact::new("host", "web-02"),
                Fact::new("vendor", ""),
                Fact {
                    name: "src".into(),
                    value: vec!["8.8.8.8:9200".into(), "  external".into()],
                },
            ],
        );
        assert_eq!(rows, 3);
        assert_eq!(
            lines(&buf),
            ["host   web-02           ", "vendor -                ", "src    8.8.8.8:9200  e.."]
        );
    }

    #[test]
    fn anything_draws_at_any_size() {
        let t = theme();
        for w in 0..24 {
            for h in 0..6 {
                let mut buf = Buffer::empty(Rect::new(0, 0, w, h));
                let a = Rect::new(0, 0, 40, 9);
                header(a, &mut buf, &t, &[Segment::new("日本語\x1b[31m"), Segment::new("b")]);
                rule(a, &mut buf, &t, "日本語", "remark");
                hints(a, &mut buf, &t, &[("a", "b"), ("^G", "cancel")]);
                facts(a, &mut buf, &t, 5, &[Fact::new("a", "b"), Fact::new("日本語", "👩‍💻")]);
                sheet(a, &mut buf, &t, "a long title for a sheet", 20, 5);
                empty(
                    a,
                    &mut buf,
                    &t,
                    "nothing here yet, and that is a long sentence",
                    Some(("r", "refresh")),
                );
                too_small(Rect::new(0, 0, w, h), &mut buf, &t, (60, 16));
            }
        }
    }
}
