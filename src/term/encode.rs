//! Changed cells to bytes, as few as it takes: the backend under ratatui.
//!
//! An unchanged frame is no byte at all. Colours are the short 16-colour codes, cursor moves take the shortest form, a
//! blank rest of a row is erased instead of written. Whatever a cell holds, no control character leaves here, and after
//! a glyph whose width terminals disagree on the column is set anew, so that foreign text can break its own row only.
//! Rows that moved as a band are moved by the terminal itself.

use std::fmt::Write as _;
use std::io;

use ratatui::backend::{Backend, ClearType, WindowSize};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect, Size};
use unicode_width::UnicodeWidthStr;

use sgr::{ON_BLANKS, Pen, sgr};

mod scroll;
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
    /// What the terminal shows, as far as it was drawn from here.
    shown: Buffer,
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

/// A cell of which nothing is known; no frame holds it.
const UNKNOWN: Cell = Cell::new("\0");

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
            shown: Buffer::default(),
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
        self.shown.content.fill(UNKNOWN);
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

    /// Has the terminal move a band of rows. Index and reverse index at a margin are understood by everything since the
    /// VT100; the newer commands that scroll by a number are not.
    fn scroll(&mut self, band: scroll::Band) {
        self.style(Pen::PLAIN);
        let _ = write!(self.out, "\x1b[{};{}r", band.top + 1, band.bottom + 1);
        // setting the margins puts the cursor home
        self.at = None;
        let (from, step) = if band.up { (band.bottom, "\n") } else { (band.top, "\x1bM") };
        self.go(Position { x: 0, y: from });
        self.out.extend(std::iter::repeat_n(step, band.by.into()));
        self.out.push_str("\x1b[r");
        self.at = None;
        band.apply_to(self.ink.width, &mut self.ink.cells, &false);
    }

    /// Writes changes, row by row.
    fn rows(&mut self, changes: &[(u16, u16, &Cell)], width: u16) {
        let mut row: Vec<Change<'_>> = Vec::new();
        for of_row in changes.chunk_by(|a, b| a.1 == b.1) {
            row.clear();
            row.extend(of_row.iter().map(|(x, _, cell)| (*x, *cell)));
            self.row(of_row[0].1, &row, width);
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

/// Puts changed cells in their places.
fn apply(buffer: &mut Buffer, changes: &[(u16, u16, &Cell)]) {
    for (x, y, cell) in changes {
        if let Some(place) = buffer.cell_mut((*x, *y)) {
            *place = (*cell).clone();
        }
        // the other half of a wide glyph is never among the changes
        for hidden in 1..cell.symbol().width() as u16 {
            if let Some(place) = buffer.cell_mut((x + hidden, *y)) {
                place.reset();
            }
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
        let area = Rect::new(0, 0, size.width, size.height);
        if self.shown.area != area {
            self.ink.reset(size, !self.cleared);
            let blank = if self.cleared { Cell::EMPTY } else { UNKNOWN };
            self.shown = Buffer::filled(area, blank);
        }
        let mut changes: Vec<(u16, u16, &Cell)> = content.collect();
        if changes.is_empty() {
            return Ok(());
        }
        self.cleared = false;
        // the first move of a frame is absolute: somebody else may have written since the last one
        self.at = None;
        let mut next = std::mem::take(&mut self.shown);
        let moved = if changes.len() < scroll::WORTH_LOOKING || next.content.contains(&UNKNOWN) {
            None
        } else {
            let before = next.clone();
            apply(&mut next, &changes);
            scroll::find(&before, &next).map(|band| (band, before))
        };
        if let Some((band, mut before)) = moved {
            self.scroll(band);
            band.apply(&mut before);
            changes = before.diff(&next);
            self.rows(&changes, size.width);
        } else {
            self.rows(&changes, size.width);
            apply(&mut next, &changes);
        }
        self.shown = next;
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
        let blank = if self.cleared { Cell::EMPTY } else { UNKNOWN };
        self.shown = Buffer::filled(Rect::new(0, 0, size.width, size.height), blank);
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
mod tests;
