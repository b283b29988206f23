//! The sheet of what is kept under a name: the built-in ones, then a person's own; to open, keep, rename, edit and remove.
//!
//! It knows neither views nor searches: it shows lines and tells the pane what a person wants done with one of them.

use std::cell::Cell;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::paint::{Look, put};
use crate::ui::input::{Field, Reaction};
use crate::ui::{frame, text};

/// Cells of the sheet, its frame included.
const WIDE: u16 = 78;

/// Cells of the widest name.
const NAME: usize = 24;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Item {
    /// Its name.
    pub name: String,
    /// What it is, in few words.
    pub about: String,
    /// A person's own: it can be renamed, edited and removed.
    pub own: bool,
    /// The one on the screen.
    pub here: bool,
}

/// What a person wants done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// Nothing for the pane.
    Stay,
    /// The sheet is left.
    Close,
    /// Show this one.
    Open(usize),
    /// Keep what is on the screen under this name.
    Add(String),
    /// Give this one another name.
    Rename(usize, String),
    /// Show the parts of this one for editing: see [`Sheet::edit`].
    Edit(usize),
    /// This one has these parts now.
    Edited(usize, Vec<String>),
    /// Remove this one.
    Remove(usize),
    /// The values asked with [`Sheet::ask`].
    Answered(Vec<String>),
}

enum Mode {
    List,
    /// `X` was pressed once.
    Removing,
    /// A name is typed: for what is on the screen, or another one for a line.
    Name(Field, Option<usize>),
    /// Texts are typed one after the other: the parts of a line, or answers to questions.
    Parts {
        of: Option<usize>,
        parts: Vec<(String, String)>,
        at: usize,
        field: Field,
    },
}

/// See the module.
pub struct Sheet {
    cursor: usize,
    top: Cell<usize>,
    mode: Mode,
    complaint: Option<String>,
}

impl Sheet {
    /// The list, with the cursor on the line of what is on the screen.
    pub fn new(items: &[Item]) -> Self {
        let cursor = items.iter().position(|item| item.here).unwrap_or(0);
        Self { cursor, top: Cell::new(0), mode: Mode::List, complaint: None }
    }

    /// Asks for the parts of a line, each with its name.
    pub fn edit(&mut self, index: usize, parts: Vec<(String, String)>) {
        self.mode = parts_mode(Some(index), parts, 0);
    }

    /// Asks for values, each with the question.
    pub fn ask(&mut self, parts: Vec<(String, String)>) {
        self.mode = parts_mode(None, parts, 0);
    }

    /// What was wanted is done: back to the list, as it is now, the cursor on the line of that name if there is one.
    pub fn done(&mut self, items: &[Item], name: &str) {
        self.mode = Mode::List;
        self.complaint = None;
        if let Some(at) = items.iter().position(|item| item.own && item.name == name) {
            self.cursor = at;
        }
    }

    /// What was wanted cannot be done; what was typed stays, to be mended.
    pub fn complain(&mut self, why: impl Into<String>) {
        self.complaint = Some(why.into());
    }

    /// As [`Self::complain`], about one of the parts.
    pub fn complain_of(&mut self, part: usize, why: impl Into<String>) {
        if let Mode::Parts { of, parts, .. } = &self.mode {
            self.mode = parts_mode(*of, parts.clone(), part);
        }
        self.complain(why);
    }

    /// The keys that matter now.
    pub fn hints(&self) -> &'static [(&'static str, &'static str)] {
        match self.mode {
            Mode::List => &[
                ("Enter", "show"),
                ("+", "keep what is shown"),
                ("e", "edit"),
                ("r", "rename"),
                ("X", "remove"),
                ("^G", "leave"),
            ],
            Mode::Removing => &[("X", "remove it"), ("any other key", "keep it")],
            Mode::Name(..) => &[("Enter", "keep"), ("^G", "back")],
            Mode::Parts { of: None, .. } => &[("Enter", "go on"), ("^G", "back")],
            Mode::Parts { .. } => &[("Enter", "next, then keep"), ("^G", "back")],
        }
    }

    /// A key. Every key is the sheet's own.
    pub fn key(&mut self, key: KeyEvent, items: &[Item]) -> Deed {
        self.complaint = None;
        match &mut self.mode {
            Mode::Name(field, of) => match field.key(key) {
                Reaction::Submit => {
                    let name = field.text().trim().to_owned();
                    of.map_or_else(|| Deed::Add(name.clone()), |at| Deed::Rename(at, name.clone()))
                }
                Reaction::Cancel => self.list(),
                _ => Deed::Stay,
            },
            Mode::Parts { of, parts, at, field } => match field.key(key) {
                Reaction::Submit => {
                    if let Some((_, value)) = parts.get_mut(*at) {
                        field.text().clone_into(value);
                    }
                    if *at + 1 < parts.len() {
                        self.mode = parts_mode(*of, parts.clone(), *at + 1);
                        return Deed::Stay;
                    }
                    let values = parts.iter().map(|(_, value)| value.trim().to_owned()).collect();
                    of.map_or_else(
                        || Deed::Answered(Vec::clone(&values)),
                        |at| Deed::Edited(at, values.clone()),
                    )
                }
                Reaction::Cancel => self.list(),
                _ => Deed::Stay,
            },
            Mode::Removing => {
                self.mode = Mode::List;
                if key.code == KeyCode::Char('X') { Deed::Remove(self.cursor) } else { Deed::Stay }
            }
            Mode::List => self.list_key(key, items),
        }
    }

    fn list(&mut self) -> Deed {
        self.mode = Mode::List;
        Deed::Stay
    }

    fn list_key(&mut self, key: KeyEvent, items: &[Item]) -> Deed {
        let last = items.len().saturating_sub(1);
        self.cursor = self.cursor.min(last);
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Esc | KeyCode::Char('F' | 'q') if !ctrl => return Deed::Close,
            KeyCode::Char('g') if ctrl => return Deed::Close,
            KeyCode::Char('n') if ctrl => self.cursor = (self.cursor + 1).min(last),
            KeyCode::Char('p') if ctrl => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Char(_) if ctrl => {}
            KeyCode::Char('j') | KeyCode::Down => self.cursor = (self.cursor + 1).min(last),
            KeyCode::Char('k') | KeyCode::Up => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Char('G') | KeyCode::End => self.cursor = last,
            KeyCode::Home => self.cursor = 0,
            KeyCode::PageDown => self.cursor = (self.cursor + 10).min(last),
            KeyCode::PageUp => self.cursor = self.cursor.saturating_sub(10),
            KeyCode::Enter if !items.is_empty() => return Deed::Open(self.cursor),
            KeyCode::Char('+') => self.mode = Mode::Name(named("keep as: ", ""), None),
            KeyCode::Char('r' | 'e' | 'X') => {
                let Some(item) = items.get(self.cursor).filter(|item| item.own) else {
                    self.complain("it is built in; + keeps what is shown under a name of its own");
                    return Deed::Stay;
                };
                match key.code {
                    KeyCode::Char('r') => {
                        self.mode = Mode::Name(named("new name: ", &item.name), Some(self.cursor));
                    }
                    KeyCode::Char('e') => return Deed::Edit(self.cursor),
                    _ => self.mode = Mode::Removing,
                }
            }
            _ => {}
        }
        Deed::Stay
    }

    /// Pasted text, for the field if one is open.
    pub fn paste(&mut self, text: &str) -> bool {
        match &mut self.mode {
            Mode::Name(field, _) | Mode::Parts { field, .. } => {
                field.paste(text);
                true
            }
            Mode::List | Mode::Removing => false,
        }
    }

    /// Draws it; returns where the terminal's cursor belongs while a text is typed. `foot` is said while nothing else is.
    pub fn draw(
        &self,
        (title, foot): (&str, &str),
        items: &[Item],
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let theme = look.theme;
        let mut lines: Vec<(Option<usize>, Line<'_>)> = Vec::new();
        let outer = usize::from(area.width.min(WIDE));
        let wide =
            items.iter().map(|item| text::width(&item.name)).max().unwrap_or(0).clamp(8, NAME);
        for (index, item) in items.iter().enumerate() {
            if item.own && (index == 0 || !items[index - 1].own) {
                lines.push((None, Line::from(Span::styled("yours", theme.title))));
            }
            let at = index == self.cursor.min(items.len() - 1);
            let mark = if at { theme.glyphs.cursor } else { " " };
            let style = if at { theme.cursor } else { theme.text };
            let name = text::fit(&text::clean(&item.name), wide, theme.ellipsis());
            let here = if item.here { "*" } else { " " };
            let about = text::clean(&item.about);
            let about = text::cut(&about, outer.saturating_sub(wide + 9), theme.ellipsis());
            lines.push((
                Some(index),
                Line::from(vec![
                    Span::styled(format!("{mark}{here} "), style),
                    Span::styled(name, if item.own { theme.label } else { theme.text }),
                    Span::styled(format!("  {about}"), theme.dim),
                ]),
            ));
        }
        if !items.iter().any(|item| item.own) {
            let none = "none of your own yet: + keeps what is shown under a name";
            lines.push((None, Line::from(Span::styled(none, theme.dim))));
        }
        let high = (lines.len() as u16).saturating_add(4).min(area.height);
        let inside = frame::sheet(area, buf, theme, title, WIDE, high);
        let room = usize::from(inside.height.saturating_sub(2));
        let cursor = lines.iter().position(|(index, _)| *index == Some(self.cursor)).unwrap_or(0);
        let mut top = self.top.get().min(cursor).min(lines.len().saturating_sub(room));
        if cursor >= top + room {
            top = cursor + 1 - room.max(1);
        }
        self.top.set(top);
        for (row, (_, line)) in lines.iter().skip(top).take(room).enumerate() {
            put(buf, inside, row as u16, line);
        }
        let last = inside.height.saturating_sub(1);
        let below = Rect { y: inside.y + last, height: inside.height.min(1), ..inside };
        let (words, style) = match (&self.complaint, &self.mode) {
            (Some(why), _) => (why.as_str(), theme.warn),
            (None, Mode::Removing) => ("X again removes it; any other key keeps it", theme.warn),
            (None, _) => (foot, theme.dim),
        };
        let words = text::clean(words);
        let words = text::cut(&words, usize::from(inside.width), theme.ellipsis());
        match &self.mode {
            Mode::Name(field, _) | Mode::Parts { field, .. } => {
                let above = last.saturating_sub(1);
                put(buf, inside, above, &Line::from(Span::styled(words.into_owned(), style)));
                field.draw(below, buf, theme)
            }
            Mode::List | Mode::Removing => {
                put(buf, below, 0, &Line::from(Span::styled(words.into_owned(), style)));
                None
            }
        }
    }
}

fn named(prompt: &str, text: &str) -> Field {
    let mut field = Field::new(prompt).placeholder("a name of your own");
    field.set(text);
    field
}

fn parts_mode(of: Option<usize>, parts: Vec<(String, String)>, at: usize) -> Mode {
    let (name, value) = parts.get(at).cloned().unwrap_or_default();
    let mut field = Field::new(format!("{name}: "));
    field.set(&value);
    Mode::Parts { of, parts, at, field }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panes::testing::Bench;

    fn items() -> Vec<Item> {
        let item = |name: &str, own| Item { name: name.into(), own, ..Item::default() };
        vec![
            item("All", false),
            Item { here: true, ..item("Outliers", false) },
            item("Night", true),
        ]
    }

    fn press(sheet: &mut Sheet, keys: &str) -> Deed {
        let mut deed = Deed::Stay;
        for c in keys.chars() {
            let key = match c {
                '\n' => KeyCode::Enter.into(),
                '^' => KeyEvent::new(KeyCode::Char('g'), KeyModifiers::CONTROL),
                c => KeyCode::Char(c).into(),
            };
            deed = sheet.key(key, &items());
        }
        deed
    }

    #[test]
    fn every_deed_has_its_keys() {
        let mut sheet = Sheet::new(&items());
        assert_eq!(press(&mut sheet, "\n"), Deed::Open(1), "it opens on what is shown");
        assert_eq!(press(&mut sheet, "j\n"), Deed::Open(2));
        assert_eq!(press(&mut sheet, "+Day shift\n"), Deed::Add("Day shift".into()));
        sheet.done(&items(), "");
        assert_eq!(press(&mut sheet, "r2\n"), Deed::Rename(2, "Night2".into()));
        sheet.complain("no");
        assert_eq!(press(&mut sheet, "3\n"), Deed::Rename(2, "Night23".into()), "it is mended");
        sheet.done(&items(), "");
        assert_eq!(press(&mut sheet, "Xk"), Deed::Stay);
        assert_eq!(press(&mut sheet, "XX"), Deed::Remove(2));
        assert_eq!(press(&mut sheet, "e"), Deed::Edit(2));
        sheet.edit(2, vec![("filter".into(), "a".into()), ("order".into(), "b".into())]);
        assert_eq!(press(&mut sheet, "1\n2\n"), Deed::Edited(2, vec!["a1".into(), "b2".into()]));
        sheet.complain_of(0, "no");
        assert_eq!(press(&mut sheet, "x\n\n"), Deed::Edited(2, vec!["a1x".into(), "b2".into()]));
        sheet.ask(vec![("{ip}".into(), String::new())]);
        assert_eq!(press(&mut sheet, "8.8.8.8\n"), Deed::Answered(vec!["8.8.8.8".into()]));
        assert_eq!(press(&mut sheet, "^"), Deed::Stay, "the field is left first");
        assert_eq!(press(&mut sheet, "^"), Deed::Close);
    }

    #[test]
    fn a_built_in_one_stays_and_digits_do_nothing() {
        let mut sheet = Sheet::new(&items());
        for keys in ["r", "e", "X", "XX", "1", "9", "0"] {
            assert_eq!(press(&mut sheet, keys), Deed::Stay, "{keys}");
        }
        assert_eq!(press(&mut sheet, "\n"), Deed::Open(1));
    }

    #[test]
    fn a_long_list_shows_its_cursor_on_a_small_screen() {
        let bench = Bench::default();
        let many: Vec<Item> = (0..40)
            .map(|n| Item { name: format!("view {n}"), own: n > 3, ..Item::default() })
            .collect();
        let mut sheet = Sheet::new(&many);
        for _ in 0..30 {
            sheet.key(KeyCode::Down.into(), &many);
        }
        let shown = bench.shown(60, 13, |bench, area, buf| {
            sheet.draw(("VIEWS", "foot"), &many, &bench.look(), area, buf);
        });
        assert!(shown.contains("view 30") && shown.contains("foot"), "{shown}");
    }
}
