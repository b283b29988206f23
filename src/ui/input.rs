//! Text entry: a one-line field with history, and a small editor for longer text.
//!
//! Both stand on the text area widget for editing and add what a field needs: emacs keys, pasted text made harmless, a
//! line that scrolls by cells and not by letters, a place for the terminal's cursor. Neither submits anything by itself:
//! the caller is told what happened.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use tui_textarea::{CursorMove, TextArea, WrapMode};
use unicode_segmentation::UnicodeSegmentation;

use super::text;
use super::theme::Theme;

/// What a key did to a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reaction {
    /// Not for a field; the caller may use the key.
    Ignored,
    /// The cursor moved or nothing changed; the key is used up.
    Moved,
    /// The text changed.
    Edited,
    /// Enter: the caller decides what the text does.
    Submit,
    /// `Esc` or `^G`.
    Cancel,
    /// `Tab`: the caller may complete.
    Complete,
    /// `^X` `^E`: the caller may hand the text to an editor.
    Edit,
}

/// A one-line field.
#[derive(Debug, Clone)]
pub struct Field {
    area: TextArea<'static>,
    prompt: String,
    placeholder: String,
    history: History,
    /// First cell shown; remembered by drawing, like a list's offset.
    scroll: Cell<usize>,
    /// `^X` was pressed and waits for `^E`.
    prefix: bool,
}

#[derive(Debug, Clone, Default)]
struct History {
    entries: Vec<String>,
    /// Where in the entries the field is, and the text it had before.
    at: Option<(usize, String)>,
}

/// Longest text a field takes; a paste beyond it is cut.
pub const FIELD_MAX: usize = 16 * 1024;
/// Entries a field remembers.
const HISTORY_MAX: usize = 500;

impl Default for Field {
    fn default() -> Self {
        Self::new("")
    }
}

impl Field {
    /// An empty field with a prompt before it (`: `, `find: `).
    pub fn new(prompt: impl Into<String>) -> Self {
        Self {
            area: TextArea::default(),
            prompt: prompt.into(),
            placeholder: String::new(),
            history: History::default(),
            scroll: Cell::new(0),
            prefix: false,
        }
    }

    /// Quiet text shown while the field is empty.
    #[must_use]
    pub fn placeholder(mut self, text: impl Into<String>) -> Self {
        self.placeholder = text.into();
        self
    }

    /// Starts with these earlier entries, oldest first.
    #[must_use]
    pub fn history(mut self, entries: Vec<String>) -> Self {
        self.history.entries = entries;
        self
    }

    /// The text as it stands.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// Whether nothing was entered.
    pub fn is_empty(&self) -> bool {
        self.text().is_empty()
    }

    /// Replaces the text, made harmless; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        self.area.select_all();
        self.area.cut();
        self.area.set_yank_text("");
        self.area.insert_str(one_line(text));
        self.area.move_cursor(CursorMove::End);
        self.history.at = None;
    }

    /// Empties the field.
    pub fn clear(&mut self) {
        self.set("");
    }

    /// Takes the text out, remembering it as the newest history entry (unless empty or a repeat of the last one).
    pub fn take(&mut self) -> String {
        let text = self.text().to_owned();
        if !text.is_empty() && self.history.entries.last() != Some(&text) {
            self.history.entries.push(text.clone());
            let surplus = self.history.entries.len().saturating_sub(HISTORY_MAX);
            self.history.entries.drain(..surplus);
        }
        self.clear();
        text
    }

    /// All remembered entries, oldest first.
    pub fn entries(&self) -> &[String] {
        &self.history.entries
    }

    /// Byte offset of the cursor in [`Field::text`].
    pub fn cursor(&self) -> usize {
        let chars = self.area.cursor().1;
        self.text().char_indices().nth(chars).map_or(self.text().len(), |(at, _)| at)
    }

    /// Inserts pasted text at the cursor: line breaks and tabs become blanks, everything that hides or acts is shown.
    pub fn paste(&mut self, pasted: &str) -> Reaction {
        let line = one_line(pasted);
        let room = FIELD_MAX.saturating_sub(self.text().len());
        let mut end = line.len().min(room);
        while !line.is_char_boundary(end) {
            end -= 1;
        }
        if end == 0 {
            return Reaction::Moved;
        }
        self.area.insert_str(&line[..end]);
        self.history.at = None;
        Reaction::Edited
    }

    /// Feeds one key. Keys with Alt are never taken: they arrive as `Esc` and a letter over slow lines.
    pub fn key(&mut self, key: KeyEvent) -> Reaction {
        if key.kind == KeyEventKind::Release || key.modifiers.contains(KeyModifiers::ALT) {
            return Reaction::Ignored;
        }
        let prefix = std::mem::take(&mut self.prefix);
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return self.control(key.code, prefix);
        }
        match key.code {
            KeyCode::Enter => Reaction::Submit,
            KeyCode::Esc => Reaction::Cancel,
            KeyCode::Tab => Reaction::Complete,
            KeyCode::Up => self.recall(-1),
            KeyCode::Down => self.recall(1),
            KeyCode::Left => self.go(CursorMove::Back),
            KeyCode::Right => self.go(CursorMove::Forward),
            KeyCode::Home => self.go(CursorMove::Head),
            KeyCode::End => self.go(CursorMove::End),
            KeyCode::Backspace => self.edit(TextArea::delete_char),
            KeyCode::Delete => self.edit(TextArea::delete_next_char),
            KeyCode::Char(c) => {
                let mut buf = [0; 4];
                let s: &str = c.encode_utf8(&mut buf);
                // a mark or joiner is text behind a base; a control or a reordering character never is
                let harmless = text::clean(s) == s || text::width(&format!("a{s}")) == 1;
                if !harmless || self.text().len() + s.len() > FIELD_MAX {
                    return Reaction::Moved;
                }
                self.area.insert_char(c);
                self.history.at = None;
                Reaction::Edited
            }
            _ => Reaction::Ignored,
        }
    }

    fn control(&mut self, code: KeyCode, prefix: bool) -> Reaction {
        let KeyCode::Char(c) = code else {
            return Reaction::Ignored;
        };
        match c {
            'e' if prefix => Reaction::Edit,
            'x' => {
                self.prefix = true;
                Reaction::Moved
            }
            'g' => Reaction::Cancel,
            'm' | 'j' => Reaction::Submit,
            'a' => self.go(CursorMove::Head),
            'e' => self.go(CursorMove::End),
            'b' => self.go(CursorMove::Back),
            'f' => self.go(CursorMove::Forward),
            'h' => self.edit(TextArea::delete_char),
            'd' => self.edit(TextArea::delete_next_char),
            'k' => self.edit(TextArea::delete_line_by_end),
            'u' => self.edit(TextArea::delete_line_by_head),
            'w' => self.edit(TextArea::delete_word),
            'y' => self.edit(TextArea::paste),
            'p' => self.recall(-1),
            'n' => self.recall(1),
            'r' => self.search_back(),
            _ => Reaction::Ignored,
        }
    }

    fn go(&mut self, to: CursorMove) -> Reaction {
        self.area.move_cursor(to);
        Reaction::Moved
    }

    fn edit(&mut self, how: impl FnOnce(&mut TextArea<'static>) -> bool) -> Reaction {
        if how(&mut self.area) {
            self.history.at = None;
            Reaction::Edited
        } else {
            Reaction::Moved
        }
    }

    /// One entry older (-1) or newer (+1); what was typed comes back after the newest.
    fn recall(&mut self, by: isize) -> Reaction {
        let last = self.history.entries.len();
        let (at, draft) = self.history.at.take().unwrap_or_else(|| (last, self.text().to_owned()));
        let next = at.saturating_add_signed(by).min(last);
        let entry = self.history.entries.get(next).unwrap_or(&draft).clone();
        self.set(&entry);
        if next < last {
            self.history.at = Some((next, draft));
        }
        if next == at { Reaction::Moved } else { Reaction::Edited }
    }

    /// The next older entry that contains what was typed; pressed again it looks further back.
    fn search_back(&mut self) -> Reaction {
        let last = self.history.entries.len();
        let (at, draft) = self.history.at.take().unwrap_or_else(|| (last, self.text().to_owned()));
        let found = self.history.entries[..at].iter().rposition(|e| e.contains(draft.as_str()));
        if let Some(next) = found {
            let entry = self.history.entries[next].clone();
            self.set(&entry);
            self.history.at = Some((next, draft));
            Reaction::Edited
        } else {
            self.history.at = (at < last).then_some((at, draft));
            Reaction::Moved
        }
    }

    /// Draws prompt and text on the first row of `area`; returns where the terminal's cursor belongs.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let prompt = text::cut(&self.prompt, usize::from(area.width) / 2, theme.ellipsis());
        let (x, _) = buf.set_stringn(area.x, area.y, &prompt, usize::from(area.width), theme.key);
        let room = usize::from(area.right().saturating_sub(x));
        if room == 0 {
            return None;
        }
        if self.is_empty() {
            let quiet = text::cut(&self.placeholder, room, theme.ellipsis());
            buf.set_stringn(x, area.y, &quiet, room, theme.dim);
            self.scroll.set(0);
            return Some(Position { x, y: area.y });
        }
        let at = text::width(&self.text()[..self.cursor()]);
        // the cursor stands on a cell of its own behind the text, so one cell of the room is kept for it
        let mut first = self.scroll.get().min(at);
        if at >= first + room {
            first = at + 1 - room;
        }
        self.scroll.set(first);
        draw_from(buf, (x, area.y), room, &text::clean(self.text()), first, theme.text);
        Some(Position { x: x + (at - first) as u16, y: area.y })
    }
}

/// Draws clean text from its cell `first` on; a wide glyph cut by the left edge leaves a blank.
fn draw_from(
    buf: &mut Buffer,
    at: (u16, u16),
    room: usize,
    clean: &str,
    first: usize,
    style: Style,
) {
    let mut cell = 0;
    for (byte, g) in clean.grapheme_indices(true) {
        if cell >= first {
            let skip = cell - first;
            if skip < room {
                buf.set_stringn(at.0 + skip as u16, at.1, &clean[byte..], room - skip, style);
            }
            return;
        }
        cell += text::width(g);
    }
}

/// Pasted or given text as one harmless line: line breaks and tabs become single blanks, ends are trimmed.
fn one_line(s: &str) -> String {
    let joined = s
        .split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}'])
        .filter(|l| !l.is_empty())
        .collect::<Vec<_>>();
    text::clean(&joined.join(" ")).into_owned()
}

/// A small editor for several lines (notes, batches of indicators, an event's JSON).
#[derive(Debug, Clone)]
pub struct Editor {
    area: TextArea<'static>,
    prefix: bool,
}

impl Editor {
    /// Starts with this text; every line is made harmless.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(many_lines(text));
        area.set_cursor_line_style(Style::new());
        area.set_wrap_mode(WrapMode::Glyph);
        Self { area, prefix: false }
    }

    /// The text, lines joined with `\n`.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The lines as they stand.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// Replaces everything; the cursor goes to its end.
    pub fn set(&mut self, text: &str) {
        *self = Self::new(text);
        self.area.move_cursor(CursorMove::Bottom);
        self.area.move_cursor(CursorMove::End);
    }

    /// Inserts pasted text, its lines kept.
    pub fn paste(&mut self, pasted: &str) -> Reaction {
        if self.area.insert_str(many_lines(pasted).join("\n")) {
            Reaction::Edited
        } else {
            Reaction::Moved
        }
    }

    /// Feeds one key. Enter makes a new line; `^X ^E` asks for the outer editor; submitting is the caller's key.
    pub fn key(&mut self, key: KeyEvent) -> Reaction {
        if key.kind == KeyEventKind::Release || key.modifiers.contains(KeyModifiers::ALT) {
            return Reaction::Ignored;
        }
        let prefix = std::mem::take(&mut self.prefix);
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc => return Reaction::Cancel,
            KeyCode::Char('g') if control => return Reaction::Cancel,
            KeyCode::Char('e') if control && prefix => return Reaction::Edit,
            KeyCode::Char('x') if control => {
                self.prefix = true;
                return Reaction::Moved;
            }
            KeyCode::Tab | KeyCode::BackTab | KeyCode::F(_) => return Reaction::Ignored,
            KeyCode::Char('u') if control => {
                return if self.area.delete_line_by_head() {
                    Reaction::Edited
                } else {
                    Reaction::Moved
                };
            }
            _ => {}
        }
        if self.area.input(key) { Reaction::Edited } else { Reaction::Moved }
    }

    /// Draws the text and returns where the terminal's cursor belongs, if it is in sight.
    pub fn draw(&self, area: Rect, buf: &mut Buffer, theme: &Theme) -> Option<Position> {
        use ratatui::widgets::Widget;

        let area = area.intersection(buf.area);
        if area.is_empty() {
            return None;
        }
        let mut shown = self.area.clone();
        shown.set_style(theme.text);
        // the terminal's own cursor is shown instead of a painted one
        shown.set_cursor_style(theme.text);
        (&shown).render(area, buf);
        let cursor = shown.screen_cursor();
        let (top, left) = shown.scroll_offset();
        let x = area.x + (cursor.col as u16).checked_sub(left)?;
        let y = area.y + (cursor.row as u16).checked_sub(top)?;
        area.contains(Position { x, y }).then_some(Position { x, y })
    }
}

fn many_lines(s: &str) -> Vec<String> {
    s.split('\n')
        .map(|l| text::clean(&l.strip_suffix('\r').unwrap_or(l).replace('\t', "    ")).into_owned())
        .collect()
}

#[cfg(test)]
mod tests;
