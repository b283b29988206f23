//! A list with columns that costs the same for ten rows and for a million: only visible rows are asked for.
//!
//! The cursor is a mark and reversed video on the first few cells, so moving it rewrites eight cells and not two rows.
//! Where the cursor is and which rows are marked belongs to the caller; this file keeps only a position and an offset.
//! It does not sort, filter or hold rows.

use std::borrow::Cow;
use std::cell::Cell;
use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;

use super::text::{self, Align};
use super::theme::Theme;

/// Cells the cursor reverses.
const CURSOR_CELLS: u16 = 4;

/// How wide a column is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Width {
    /// Exactly so many cells.
    Fixed(u16),
    /// At least so many cells, and a share of what is left over in proportion to the second number.
    Flex(u16, u16),
}

/// One column: a title and how its cells stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    title: Cow<'static, str>,
    width: Width,
    align: Align,
    rank: u8,
}

impl Column {
    /// A left-aligned column that is always shown.
    pub fn new(title: impl Into<Cow<'static, str>>, width: Width) -> Self {
        Self { title: title.into(), width, align: Align::Left, rank: 0 }
    }

    /// Stands at the right edge: for numbers.
    #[must_use]
    pub fn right(mut self) -> Self {
        self.align = Align::Right;
        self
    }

    /// May be left out when the room is narrow; higher ranks go first, rank 0 never goes.
    #[must_use]
    pub fn rank(mut self, rank: u8) -> Self {
        self.rank = rank;
        self
    }

    fn least(&self) -> u16 {
        match self.width {
            Width::Fixed(w) | Width::Flex(w, _) => w,
        }
    }
}

/// One cell of a row; `style` is laid over the row's own.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Text<'a> {
    /// What it says; cleaned when drawn.
    pub text: Cow<'a, str>,
    /// How it looks, beyond the row's style.
    pub style: Style,
}

impl<'a> Text<'a> {
    /// Text with a style of its own.
    pub fn styled(text: impl Into<Cow<'a, str>>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl<'a, T: Into<Cow<'a, str>>> From<T> for Text<'a> {
    fn from(text: T) -> Self {
        Self { text: text.into(), style: Style::new() }
    }
}

/// What the closure returns for one visible row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row<'a> {
    /// The state mark in the gutter (`D~`, `*`), at most as wide as the table's gutter allows.
    pub mark: Text<'a>,
    /// One cell per column of the table, including those left out when narrow; missing cells are empty.
    pub cells: Vec<Text<'a>>,
    /// Style of the whole row.
    pub style: Style,
}

impl<'a> Row<'a> {
    /// A row of plain cells.
    pub fn new<T: Into<Text<'a>>>(cells: impl IntoIterator<Item = T>) -> Self {
        Self { cells: cells.into_iter().map(Into::into).collect(), ..Self::default() }
    }

    /// With a state mark.
    #[must_use]
    pub fn mark(mut self, mark: impl Into<Text<'a>>) -> Self {
        self.mark = mark.into();
        self
    }

    /// With a style for the whole row.
    #[must_use]
    pub fn style(mut self, style: Style) -> Self {
        self.style = style;
        self
    }
}

/// Where the cursor is and how far the list is scrolled.
///
/// The offset is remembered by drawing (the height is known only then), in a `Cell` so that drawing needs no `&mut`;
/// drawing the same state twice gives the same cells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListState {
    cursor: usize,
    offset: Cell<usize>,
    height: Cell<usize>,
    /// Where its rows were last drawn.
    rows: Cell<Rect>,
}

impl ListState {
    /// The row the cursor is on, whether or not the list still has it.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts the cursor on a row; it is brought into view when drawn.
    pub fn select(&mut self, row: usize) {
        self.cursor = row;
    }

    /// Moves by rows, stopping at the ends of a list of `len` rows. Says whether it moved.
    pub fn step(&mut self, by: isize, len: usize) -> bool {
        let before = self.cursor;
        self.cursor = before.saturating_add_signed(by).min(len.saturating_sub(1));
        self.cursor != before
    }

    /// Moves by a part of the height last drawn: `1.0` a page, `-0.5` half a page up.
    pub fn page(&mut self, pages: f32, len: usize) -> bool {
        let rows = (self.height.get().max(1) as f32 * pages.abs()).floor().max(1.0) as isize;
        self.step(if pages < 0.0 { -rows } else { rows }, len)
    }

    /// To the first row.
    pub fn first(&mut self) {
        self.cursor = 0;
    }

    /// To the last of `len` rows.
    pub fn last(&mut self, len: usize) {
        self.cursor = len.saturating_sub(1);
    }

    /// The rows of a list of `len` rows that were last drawn.
    pub fn visible(&self, len: usize) -> Range<usize> {
        let top = self.offset.get().min(len);
        top..(top + self.height.get()).min(len)
    }

    /// The row of a list of `len` rows that is drawn at a place of the screen, if one is.
    pub fn at(&self, place: Position, len: usize) -> Option<usize> {
        let rows = self.rows.get();
        let row = self.offset.get() + usize::from(place.y.checked_sub(rows.y)?);
        (rows.contains(place) && row < len).then_some(row)
    }

    /// Remembers where the rows are drawn.
    pub fn drawn(&self, rows: Rect) {
        self.rows.set(rows);
    }

    /// Rows were put before or taken from before the cursor: moves cursor and offset together, so that nothing moves
    /// on the screen.
    pub fn shift(&mut self, by: isize) {
        self.cursor = self.cursor.saturating_add_signed(by);
        self.offset.set(self.offset.get().saturating_add_signed(by));
    }

    /// The rows visible in `height` rows of a list of `len`, scrolled no further than needed to show the cursor; the
    /// scroll position is remembered.
    pub fn follow(&self, len: usize, height: usize) -> Range<usize> {
        let cursor = self.cursor.min(len.saturating_sub(1));
        let mut offset = self.offset.get().min(len.saturating_sub(height)).min(cursor);
        if cursor >= offset + height {
            offset = cursor + 1 - height.max(1);
        }
        self.offset.set(offset);
        self.height.set(height);
        offset..len.min(offset + height)
    }
}

/// The fixed parts of a list: columns, gutter, whether a title row is drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    columns: Vec<Column>,
    gap: u16,
    marks: u16,
    titles: bool,
    active: bool,
}

impl Table {
    /// A table with a title row, one blank between columns, no room for state marks.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { columns, gap: 1, marks: 0, titles: true, active: true }
    }

    /// Blanks between two columns.
    #[must_use]
    pub fn gap(mut self, gap: u16) -> Self {
        self.gap = gap;
        self
    }

    /// Cells of the gutter for a state mark.
    #[must_use]
    pub fn marks(mut self, cells: u16) -> Self {
        self.marks = cells;
        self
    }

    /// Without the row of titles.
    #[must_use]
    pub fn bare(mut self) -> Self {
        self.titles = false;
        self
    }

    /// Whether this list has the keyboard; without it the cursor row shows its mark but is not reversed.
    #[must_use]
    pub fn active(mut self, active: bool) -> Self {
        self.active = active;
        self
    }

    /// Cells before the first column: the cursor mark, the state mark, a blank.
    fn gutter(&self) -> u16 {
        if self.marks == 0 { 3 } else { self.marks + 2 }
    }

    /// Where each shown column stands, as (index, start, width) from the left edge.
    fn layout(&self, room: u16) -> Vec<(usize, u16, u16)> {
        let room = room.saturating_sub(self.gutter());
        let mut shown: Vec<usize> = (0..self.columns.len()).collect();
        let need = |shown: &[usize]| -> u16 {
            let cells: u16 =
                shown.iter().map(|&i| self.columns[i].least()).fold(0, u16::saturating_add);
            cells.saturating_add(self.gap.saturating_mul((shown.len() as u16).saturating_sub(1)))
        };
        while need(&shown) > room {
            let Some(goes) = (0..shown.len()).rev().max_by_key(|&at| self.columns[shown[at]].rank)
            else {
                break;
            };
            if self.columns[shown[goes]].rank == 0 {
                break;
            }
            shown.remove(goes);
        }
        let mut spare = room.saturating_sub(need(&shown));
        let part_of = |i: usize| match self.columns[i].width {
            Width::Fixed(_) => 0,
            Width::Flex(_, part) => u32::from(part),
        };
        let mut shares: u32 = shown.iter().map(|&i| part_of(i)).sum();
        let mut out = Vec::with_capacity(shown.len());
        let (mut x, end) = (self.gutter(), self.gutter() + room);
        for i in shown {
            let extra = (u32::from(spare) * part_of(i)).checked_div(shares).unwrap_or(0) as u16;
            spare -= extra;
            shares -= part_of(i);
            let width = (self.columns[i].least() + extra).min(end.saturating_sub(x));
            if width == 0 {
                break;
            }
            out.push((i, x, width));
            x += width + self.gap;
        }
        out
    }

    /// Draws titles and visible rows of a list of `len` rows; `row` is asked for visible rows only.
    ///
    /// Returns the range of rows that are on the screen now.
    pub fn draw<'a>(
        &self,
        area: Rect,
        buf: &mut Buffer,
        theme: &Theme,
        state: &ListState,
        len: usize,
        mut row: impl FnMut(usize) -> Row<'a>,
    ) -> Range<usize> {
        let area = area.intersection(buf.area);
        let columns = self.layout(area.width);
        let mut y = area.y;
        if self.titles && area.height > 0 {
            for &(i, x, w) in &columns {
                let c = &self.columns[i];
                put(buf, (area.x + x, y), w, &c.title, c.align, theme, theme.dim);
            }
            y += 1;
        }
        let height = usize::from(area.bottom().saturating_sub(y));
        let visible = state.follow(len, height);
        state.drawn(Rect { y, height: height as u16, ..area });
        let cursor = state.cursor.min(len.saturating_sub(1));
        for i in visible.clone() {
            let r = row(i);
            if self.marks > 0 && area.width > self.gutter() {
                let style = r.style.patch(r.mark.style);
                put(buf, (area.x + 1, y), self.marks, &r.mark.text, Align::Left, theme, style);
            }
            for &(c, x, w) in &columns {
                if let Some(cell) = r.cells.get(c) {
                    let style = r.style.patch(cell.style);
                    put(buf, (area.x + x, y), w, &cell.text, self.columns[c].align, theme, style);
                }
            }
            if i == cursor && area.width > 0 {
                buf[(area.x, y)].set_symbol(theme.glyphs.cursor);
                if self.active {
                    let cells =
                        Rect { x: area.x, y, width: area.width.min(CURSOR_CELLS), height: 1 };
                    buf.set_style(cells, theme.cursor);
                }
            }
            y += 1;
        }
        visible
    }
}

/// Puts text into `room` cells without touching cells it does not need.
pub(super) fn put(
    buf: &mut Buffer,
    at: (u16, u16),
    room: u16,
    s: &str,
    align: Align,
    theme: &Theme,
    style: Style,
) {
    let text = text::cut(s, usize::from(room), theme.ellipsis());
    let free = room.saturating_sub(text::width(&text) as u16);
    let x = at.0
        + match align {
            Align::Left => 0,
            Align::Right => free,
            Align::Center => free / 2,
        };
    if buf.area.contains((x, at.1).into()) {
        buf.set_stringn(x, at.1, &text, usize::from(room), style);
    }
}

#[cfg(test)]
mod tests;
