//! What a person takes away from the screen: copies of what is under the cursor, exports of what is shown. And the mouse, which
//! takes the terminal's own way of copying away while it is on.
//!
//! Texts are made harmless here or in the pane; the loop hands them out and says honestly what became of them.

use crossterm::event::{MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::shell::Shell;
use crate::command::{Ask, Cx, Take, Tone};
use crate::export::{self, Format, Grid};

/// Lines a turn of the wheel moves.
const WHEEL: isize = 3;

impl Shell {
    /// Copies something of what is under the cursor.
    pub(super) fn copy(&mut self, what: Take, cx: &mut Cx<'_>) {
        let own = self.pane().take(what, cx.store, cx.prefs);
        match own.or_else(|| self.take_from_grid(what, cx)) {
            Some(text) if !text.is_empty() => cx.asks.push(Ask::Copy(text)),
            _ => self.say(Tone::Mind, "there is nothing of that kind under the cursor"),
        }
    }

    /// What any pane with a table can give of the row under its cursor; without such a row, of the whole table.
    fn take_from_grid(&self, what: Take, cx: &Cx<'_>) -> Option<String> {
        let grid = self.pane().grid(cx.store)?;
        let row = match self.pane().grid_row() {
            Some(at) => grid.rows.get(at)?.clone(),
            None => Vec::new(),
        };
        let one = Grid {
            rows: if row.is_empty() { grid.rows } else { vec![row.clone()] },
            headers: grid.headers,
            title: grid.title,
            note: None,
        };
        let indicator = || {
            row.iter()
                .map(|cell| export::classify(cell))
                .find(|found| found.target().is_some() && found.to_string().contains(['.', ':']))
        };
        match what {
            Take::Id => row.first().cloned(),
            Take::Line => (!row.is_empty()).then(|| row.join("  ")),
            Take::Markdown => Some(one.markdown()),
            Take::Json => Some(one.json()),
            Take::Indicator => indicator().map(|found| found.defanged()),
            Take::Raw => indicator().map(|found| found.to_string()),
        }
    }

    /// Writes what is shown to a file.
    pub(super) fn export(&mut self, format: Format, cx: &mut Cx<'_>) {
        let Some(grid) = self.pane().grid(cx.store) else {
            return self.say(Tone::Mind, "there is nothing here to export");
        };
        let ending = match format {
            Format::Markdown => "md",
            Format::Csv => "csv",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Text => "txt",
        };
        let at = cx.now.wall.strftime("%Y%m%dT%H%M%SZ");
        cx.asks.push(Ask::Export {
            stem: format!("socdeck-{}-{at}", self.id().name()),
            ending,
            text: grid.render(format),
        });
    }

    /// Mouse reports on or off, and how to select text while they are on.
    pub(super) fn toggle_mouse(&mut self, cx: &mut Cx<'_>) {
        let on = !self.mouse_on.unwrap_or(cx.prefs.mouse);
        self.mouse_on = Some(on);
        cx.asks.push(Ask::Mouse(on));
        self.say(
            Tone::Fine,
            if on {
                "mouse on: the wheel scrolls, a click selects; hold Shift (Option on a Mac) to select text"
            } else {
                "mouse off: the terminal selects text as usual"
            },
        );
    }

    /// A wheel or a click. Nothing else of the mouse means anything, and nothing of it labels or sends.
    pub(super) fn mouse(&mut self, event: MouseEvent, cx: &mut Cx<'_>) {
        if self.overlay.is_some() || self.pane().typing() {
            return;
        }
        let at = Position { x: event.column, y: event.row };
        let by = match event.kind {
            MouseEventKind::ScrollDown => WHEEL,
            MouseEventKind::ScrollUp => -WHEEL,
            _ => 0,
        };
        let click = matches!(event.kind, MouseEventKind::Down(_));
        let store = &*cx.store;
        let Some((list, len)) = self.pane_mut().list(store) else {
            return self.pane_mut().scroll(by);
        };
        let here = list.at(at, len);
        let moved = match here {
            Some(row) if click => {
                let moved = row != list.cursor();
                list.select(row);
                moved
            }
            Some(_) if by != 0 => list.step(by, len),
            None if by != 0 => return self.pane_mut().scroll(by),
            _ => false,
        };
        if moved {
            self.result = None;
            self.pane_mut().moved(cx);
        }
    }
}
