//! Changed cells to bytes, as few as it takes: the backend under ratatui.
//!
//! An unchanged frame is no byte at all. Colours are the short 16-colour codes, cursor moves take the shortest form, a
//! blank rest of a row is erased instead of written. Whatever a cell holds, no control character leaves here, and after
//! a glyph whose width terminals disagree on the column is set anew, so that foreign text can break its own row only.

use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};
use unicode_width::UnicodeWidthStr;

use sgr::{ON_BLANKS, Pen, sgr};

mod sgr;

/// Collects the bytes of one frame; the screen takes them and writes them in one go.
pub struct Encoder {
    out: String,
    size: Box<dyn Fn() -> io::Result<Size> + Send>,
    ascii: bool,
    pen: Pen,
    /// Where the terminal's cursor is, if that is certain.
    at: Option<Position>,
    /// Where it belongs between frames, and whether it is shown there.
    rest: Option<Position>,
    visible: Option<bool>,
    cleared: bool,
    ink: Ink,
}

/// Which cells of the terminal hold anything but a plain blank: what is blank need not be written again.
#[derive(Debug, Default)]
struct Ink {
    width: usize,
    cells: Vec<bool>,
}

impl Ink {
    fn reset(&mut self, size: Size, inked: bool) {
        self.width = size.width.into();
        self.cells.clear();
        self.cells.resize(self.width * usize::from(size.height), inked);
    }

    fn row(&mut self, y: u16) -> &mut [bool] {
        let start = usize::from(y) * self.width;
        self.cells.get_mut(start..start + self.width).unwrap_or_default()
    }
}

type Change<'a> = (u16, &'a Cell);

/// Blanks at the end of a row from which on erasing is shorter than writing.
const ERASE_FROM: usize = 4;

impl Encoder {
    /// An encoder for a terminal whose size `size` tells; `ascii` replaces every other character by `?`.
    pub fn new(size: impl Fn() -> io::Result<Size> + Send + 'static, ascii: bool) -> Self {
        Self {
            out: String::new(),
            size: Box::new(size),
            ascii,
            pen: Pen::PLAIN,
            at: None,
            rest: None,
            visible: None,
            cleared: false,
            ink: Ink::default(),
        }
    }

    /// The bytes collected since the last call.
    pub fn take(&mut self) -> String {
        std::mem::take(&mut self.out)
    }

    /// Forgets everything assumed about the terminal: somebody else wrote to it.
    pub fn forget(&mut self) {
        (self.at, self.rest, self.visible, self.cleared) = (None, None, None, false);
        self.ink.cells.fill(true);
    }

    fn go(&mut self, to: Position) {
        let Position { x, y } = to;
        let absolute =
            if x == 0 { format!("\x1b[{}H", y + 1) } else { format!("\x1b[{};{}H", y + 1, x + 1) };
        let shortest = match self.at {
            Some(at) if at == to => return,
            Some(at) if at.y == y && x > at.x => {
                let by = x - at.x;
                let relative = if by == 1 { "\x1b[C".to_owned() } else { format!("\x1b[{by}C") };
                if relative.len() < absolute.len() { relative } else { absolute }
            }
            _ => absolute,
        };
        self.out.push_str(&shortest);
        self.at = Some(to);
    }

    fn style(&mut self, to: Pen) {
        if self.pen != to {
            sgr(self.pen, to, &mut self.out);
            self.pen = to;
        }
    }

    /// Writes the changes of one row.
    fn row(&mut self, y: u16, changes: &[Change<'_>], width: u16) {
        let row = self.ink.row(y);
        for &(x, cell) in changes {
            let inked = cell.symbol() != " " || Pen::of_blank(cell) != Pen::PLAIN;
            let end = x.saturating_add(cell.symbol().width().max(1) as u16).min(width);
            if let Some(cells) = row.get_mut(usize::from(x)..usize::from(end)) {
                cells.fill(inked);
            }
        }
        // from here to the right edge the row is blank when all is written
        let tail = row.iter().rposition(|ink| *ink).map_or(0, |last| last + 1) as u16;
        let erased = changes.iter().filter(|(x, _)| *x >= tail).count();
        let written = changes.len() - if erased >= ERASE_FROM { erased } else { 0 };
        for &(x, cell) in &changes[..written] {
            if let Some(at) = self.at
                && at.y == y
                && at.x < x
                && x - at.x <= 2
                && self.ink.row(y)[usize::from(at.x)..usize::from(x)].iter().all(|ink| !ink)
            {
                self.blanks(x - at.x, Pen::PLAIN, width);
            }
            self.go(Position { x, y });
            if cell.symbol() == " " {
                self.blanks(1, Pen::of_blank(cell), width);
            } else {
                self.style(Pen { fg: cell.fg, bg: cell.bg, modifier: cell.modifier });
                self.glyph(cell.symbol(), width);
            }
        }
        if let Some((x, _)) = changes.get(written) {
            self.go(Position { x: *x, y });
            self.style(Pen::PLAIN);
            self.out.push_str("\x1b[K");
        }
    }

    /// Writes blanks; they show no ink, so the pen need only agree where a blank would show it.
    fn blanks(&mut self, count: u16, pen: Pen, width: u16) {
        if self.pen.bg != pen.bg || self.pen.modifier & ON_BLANKS != pen.modifier & ON_BLANKS {
            self.style(pen);
        }
        self.out.extend(std::iter::repeat_n(' ', count.into()));
        self.advance(count, width);
    }

    /// After printing: the cursor moved on, but at the right edge nobody knows where it waits.
    fn advance(&mut self, cells: u16, width: u16) {
        self.at = self.at.map(|p| Position { x: p.x + cells, ..p }).filter(|p| p.x < width);
    }

    fn glyph(&mut self, symbol: &str, width: u16) {
        let cells = (symbol.width() as u16).max(1);
        if symbol.chars().any(char::is_control) || (self.ascii && !symbol.is_ascii()) {
            self.out.extend(std::iter::repeat_n('?', cells.into()));
            self.advance(cells, width);
            return;
        }
        self.out.push_str(symbol);
        if is_certain(symbol) {
            self.advance(cells, width);
        } else {
            self.at = None;
        }
    }
}

/// Whether terminals agree on the width of a glyph: letters of the big alphabets, line drawing, common CJK. Emoji,
/// combining sequences and everything newer may take any number of cells.
fn is_certain(symbol: &str) -> bool {
    let mut chars = symbol.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => matches!(c,
            ' '..='~' | '\u{a1}'..='\u{2ff}' | '\u{370}'..='\u{482}' | '\u{2010}'..='\u{2027}' | '\u{2190}'..='\u{2199}'
            | '\u{2400}'..='\u{2421}' | '\u{2500}'..='\u{25ff}' | '\u{2800}'..='\u{28ff}' | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}' | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'),
        _ => false,
    }
}

impl Backend for Encoder {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let size = self.size()?;
        if self.ink.cells.len() != usize::from(size.width) * usize::from(size.height) {
            self.ink.reset(size, !self.cleared);
        }
        let mut changes: Vec<Change<'a>> = Vec::new();
        let mut row = 0;
        // the first move of a frame is absolute: somebody else may have written since the last one
        let was = self.at.take();
        for (x, y, cell) in content {
            if y != row && !changes.is_empty() {
                self.row(row, &changes, size.width);
                changes.clear();
            }
            row = y;
            changes.push((x, cell));
            self.cleared = false;
        }
        if changes.is_empty() {
            self.at = was;
        } else {
            self.row(row, &changes, size.width);
        }
        if self.pen != Pen::PLAIN {
            self.out.push_str("\x1b[m");
            self.pen = Pen::PLAIN;
        }
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        if self.visible != Some(false) {
            self.out.push_str("\x1b[?25l");
            self.visible = Some(false);
        }
        self.rest = None;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        if self.visible != Some(true) {
            self.out.push_str("\x1b[?25h");
            self.visible = Some(true);
        }
        Ok(())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        // the terminal is never asked
        Ok(self.rest.unwrap_or(Position::ORIGIN))
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        let position = position.into();
        if self.rest != Some(position) || self.at != Some(position) {
            self.go(position);
            self.rest = Some(position);
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, what: ClearType) -> io::Result<()> {
        if what == ClearType::All && self.cleared {
            return Ok(());
        }
        self.out.push_str(match what {
            ClearType::All => "\x1b[m\x1b[2J",
            ClearType::AfterCursor => "\x1b[J",
            ClearType::BeforeCursor => "\x1b[1J",
            ClearType::CurrentLine => "\x1b[2K",
            ClearType::UntilNewLine => "\x1b[K",
        });
        self.cleared = what == ClearType::All;
        let size = self.size()?;
        self.ink.reset(size, !self.cleared);
        Ok(())
    }

    fn size(&self) -> io::Result<Size> {
        (self.size)()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize { columns_rows: self.size()?, pixels: Size::default() })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::layout::Rect;
    use ratatui::style::{Color, Modifier, Style};

    use super::*;

    fn terminal(width: u16, height: u16, ascii: bool) -> Terminal<Encoder> {
        let mut t = Terminal::new(Encoder::new(move || Ok(Size { width, height }), ascii)).unwrap();
        t.clear().unwrap();
        t.backend_mut().take();
        t
    }

    fn frame(t: &mut Terminal<Encoder>, lines: &[(&str, Style)]) -> String {
        t.draw(|f| {
            for (y, (s, style)) in (0..).zip(lines) {
                f.buffer_mut().set_string(0, y, s, *style);
            }
        })
        .unwrap();
        t.backend_mut().take()
    }

    #[test]
    fn an_unchanged_frame_is_no_byte() {
        let mut t = terminal(20, 3, false);
        assert_eq!(frame(&mut t, &[("hello", Style::new())]), "\x1b[1Hhello\x1b[?25l");
        assert_eq!(frame(&mut t, &[("hello", Style::new())]), "");
        for _ in 0..2 {
            t.draw(|f| {
                f.buffer_mut().set_string(0, 0, "hello", Style::new());
                f.set_cursor_position((3, 1));
            })
            .unwrap();
        }
        assert_eq!(t.backend_mut().take(), "\x1b[?25h\x1b[2;4H");
    }

    #[test]
    fn colours_are_short_and_blank_tails_are_erased() {
        let mut t = terminal(20, 3, false);
        frame(&mut t, &[("state: all is well", Style::new())]);
        let red = Style::new().fg(Color::Red).add_modifier(Modifier::BOLD);
        assert_eq!(frame(&mut t, &[("bad", red)]), "\x1b[1H\x1b[1;31mbad\x1b[m\x1b[K");
    }

    #[test]
    fn no_control_character_leaves_and_uncertain_glyphs_are_followed_by_a_column() {
        let mut t = terminal(20, 2, false);
        t.draw(|f| {
            let buf = f.buffer_mut();
            buf[(0, 0)].set_symbol("\x1b[31m");
            buf.set_string(5, 0, "👩‍💻ok日本x", Style::new());
        })
        .unwrap();
        let bytes = t.backend_mut().take();
        assert_eq!(bytes, "\x1b[1H?????👩‍💻\x1b[1;8Hok日本x\x1b[?25l");
    }

    #[test]
    fn ascii_terminals_get_ascii() {
        let mut t = terminal(20, 2, true);
        assert_eq!(frame(&mut t, &[("日本é│", Style::new())]), "\x1b[1H??????\x1b[?25l");
    }

    #[test]
    fn what_a_terminal_shows_is_what_was_drawn() {
        // a second opinion: a terminal emulator reads the bytes of a run of frames
        // a wide glyph half covered by a reversed blank is left out: emulators disagree on its other half
        let reversed = Style::new().add_modifier(Modifier::REVERSED);
        let loud =
            Style::new().fg(Color::LightCyan).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        for (special, words) in
            [(reversed, ["alpha", "two", "  "]), (loud, ["日本語", "한글x", "é日"])]
        {
            compare(special, words);
        }
    }

    fn compare(special: Style, special_words: [&str; 3]) {
        let (w, h) = (30u16, 6u16);
        let mut t = terminal(w, h, false);
        let mut seen = vt100::Parser::new(h.try_into().unwrap(), w.try_into().unwrap(), 0);
        let looks = [Style::new(), Style::new().fg(Color::Red), special];
        let words: Vec<_> = special_words
            .into_iter()
            .chain(["x", "a long tail of text here", "─│é", "", "   gap   "])
            .collect();
        let mut dice = 7usize;
        let mut roll = |n: usize| {
            dice = dice
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (dice >> 33) % n
        };
        for _ in 0..300 {
            let plan: Vec<_> =
                (0..h).map(|y| (y, roll(9) as u16, roll(words.len()), roll(looks.len()))).collect();
            let mut drawn = None;
            t.draw(|f| {
                for &(y, x, word, look) in &plan {
                    f.buffer_mut().set_stringn(x, y, words[word], usize::from(w - x), looks[look]);
                }
                drawn = Some(f.buffer_mut().clone());
            })
            .unwrap();
            let bytes = t.backend_mut().take();
            seen.process(bytes.as_bytes());
            let drawn = drawn.unwrap();
            for y in 0..h {
                let mut skip = 0;
                for x in 0..w {
                    let cell = &drawn[(x, y)];
                    if skip > 0 {
                        skip -= 1;
                        continue;
                    }
                    skip = cell.symbol().width().saturating_sub(1);
                    let shown = seen.screen().cell(y, x).unwrap();
                    let text = if shown.contents().is_empty() { " " } else { shown.contents() };
                    assert_eq!(text, cell.symbol(), "at {x},{y}");
                    assert_eq!(
                        shown.inverse(),
                        cell.modifier.contains(Modifier::REVERSED),
                        "at {x},{y} {bytes:?}"
                    );
                    if cell.symbol() != " " {
                        assert_eq!(
                            shown.bold(),
                            cell.modifier.contains(Modifier::BOLD),
                            "at {x},{y}"
                        );
                        let ink = match cell.fg {
                            Color::Red => vt100::Color::Idx(1),
                            Color::LightCyan => vt100::Color::Idx(14),
                            _ => vt100::Color::Default,
                        };
                        assert_eq!(shown.fgcolor(), ink, "at {x},{y}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_resize_clears_once_and_paints_anew() {
        let size = std::sync::Arc::new(std::sync::atomic::AtomicU16::new(20));
        let handle = size.clone();
        let read =
            move || Ok(Size { width: handle.load(std::sync::atomic::Ordering::SeqCst), height: 2 });
        let mut t = Terminal::new(Encoder::new(read, false)).unwrap();
        frame(&mut t, &[("hello", Style::new())]);
        size.store(10, std::sync::atomic::Ordering::SeqCst);
        let bytes = frame(&mut t, &[("hello", Style::new())]);
        assert_eq!(bytes.matches("\x1b[2J").count(), 1, "{bytes:?}");
        assert!(bytes.contains("hello"));
        assert_eq!(t.get_frame().area(), Rect::new(0, 0, 10, 2));
    }
}
