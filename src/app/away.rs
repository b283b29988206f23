//! What a person takes away from the screen: copies of what is under the cursor, exports of what is shown. And the mouse, which
//! takes the terminal's own way of copying away while it is on.
//!
//! Texts are made harmless here or in the pane; the loop hands them out and says honestly what became of them.

use crossterm::event::{MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::shell::Shell;
use crate::api::ApiError;
use crate::command::{Ask, Cx, PaneId, Take, Tone};
use crate::evidence::Told;
use crate::export::{self, Format, Grid};
use crate::panes::paint;
use crate::panes::piece::Piece;
use crate::store::Outcome;
use crate::ui::text;

/// Lines a turn of the wheel moves.
const WHEEL: isize = 3;

/// The most bytes that are put on a plain screen: more would only roll off its history.
const PLAIN: usize = 128 * 1024;

/// What the settings say when neither editor nor pager may be started.
pub(super) const NO_PROGRAMS: &str = "ui.allow_editor is false: no editor and no pager is started from here; y p shows it on a plain screen";

impl Shell {
    /// Copies something of what is under the cursor.
    pub(super) fn copy(&mut self, what: Take, cx: &mut Cx<'_>) {
        let own = self.pane().take(what, cx.store, cx.prefs);
        match own.or_else(|| self.take_from_grid(what, cx)) {
            Some(text) if !text.is_empty() => cx.asks.push(Ask::Copy(text)),
            _ if what == Take::Link => self.say(
                Tone::Mind,
                "no link is known for this: only a model breach has a page of a known form",
            ),
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
            Take::Link => None,
        }
    }

    /// What is under the cursor as a whole; where there is nothing, the last error of the pane's reads.
    fn piece(&self, cx: &Cx<'_>) -> Option<Piece> {
        let pane = self.pane();
        pane.piece(cx.store, cx.prefs).or_else(|| self.piece_from_grid(cx)).or_else(|| {
            let here = pane.id().name();
            cx.store.activity.newest().find_map(|entry| match &entry.outcome {
                Outcome::Failed(error) if entry.owner == here => Some(piece_of_error(error)),
                _ => None,
            })
        })
    }

    fn piece_from_grid(&self, cx: &Cx<'_>) -> Option<Piece> {
        let pane = self.pane();
        let kind = match pane.id() {
            PaneId::Jobs => "job",
            PaneId::Watched => "entry",
            PaneId::Search => "result",
            other => other.name(),
        };
        let mut piece = Piece::of_grid(kind, pane.grid(cx.store)?, pane.grid_row())?;
        let own = |what| pane.take(what, cx.store, cx.prefs).filter(|text| !text.is_empty());
        if let Some(line) = own(Take::Line) {
            piece.title = line;
        }
        if let Some(markdown) = own(Take::Markdown) {
            piece.markdown = markdown;
        }
        if let Some(json) = own(Take::Json) {
            piece.json = json;
        }
        piece.target = pane.place();
        Some(piece)
    }

    fn nothing(&mut self) {
        self.say(Tone::Mind, "there is nothing under the cursor");
    }

    /// Hands what is under the cursor to the person's own pager.
    pub(super) fn page(&mut self, cx: &mut Cx<'_>) {
        match self.piece(cx) {
            Some(piece) => cx.asks.push(Ask::Page(readable(&piece.text()))),
            None => self.nothing(),
        }
    }

    /// Puts what is under the cursor on a plain screen.
    pub(super) fn plain(&mut self, cx: &mut Cx<'_>) {
        match self.piece(cx) {
            Some(piece) => cx.asks.push(Ask::Plain(shortened(readable(&piece.text())))),
            None => self.nothing(),
        }
    }

    /// Pins what is under the cursor. It is told as pinned when it is kept.
    pub(super) fn pin(&mut self, cx: &mut Cx<'_>) {
        if self.id() == PaneId::Evidence {
            return self.say(Tone::Mind, "it is pinned already; c writes a note beside it");
        }
        let Some(piece) = self.piece(cx) else {
            return self.nothing();
        };
        let item = piece.pinned(self.id(), cx.prefs.analyst.as_deref(), cx.now);
        match cx.store.evidence.pin(item) {
            Ok(change) => {
                // The disk answers in a moment, or it does not: the key was heard.
                self.say(Tone::Fine, "being pinned".to_owned());
                cx.store.keep(change);
            }
            Err(full) => self.say(Tone::Mind, full.to_string()),
        }
    }

    /// What became of a change of the basket.
    pub(super) fn kept(&mut self, told: &Told, cx: &mut Cx<'_>) {
        let basket = &cx.store.evidence;
        match told {
            Told::Read { strange, .. } => {
                let before = basket.strange.len();
                if let Some((line, why)) = strange.first().filter(|_| strange.len() > before) {
                    self.say(
                        Tone::Mind,
                        format!(
                            "evidence, line {line}: not understood and left as it is ({why}); g v shows the rest"
                        ),
                    );
                }
            }
            // What was removed has been said.
            Told::Kept(id) => {
                if let Some(item) = basket.get(*id).filter(|_| basket.is_waiting(*id)) {
                    let words =
                        format!("pinned, {} in the basket (g v): {}", basket.len(), item.title);
                    self.say(Tone::Fine, words);
                }
            }
            Told::Failed(id, why) => {
                let what = if basket.is_waiting(*id) {
                    "pinned for this session only"
                } else {
                    "the basket's file is as before"
                };
                self.say(Tone::Bad, format!("{what}: {why}"));
            }
        }
    }

    /// Writes what is shown to a file.
    pub(super) fn export(&mut self, format: Format, cx: &mut Cx<'_>) {
        self.export_to(format, None, cx);
    }

    /// `:export md|csv|json [file or folder]`.
    pub(super) fn export_line(&mut self, rest: &str, cx: &mut Cx<'_>) {
        let (name, to) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let to = Some(to.trim()).filter(|to| !to.is_empty()).map(str::to_owned);
        match name.to_ascii_lowercase().parse() {
            Ok(format @ (Format::Markdown | Format::Csv | Format::Json)) => {
                self.export_to(format, to, cx);
            }
            _ => self.say(Tone::Mind, "export wants md, csv or json, and maybe a file or a folder"),
        }
    }

    fn export_to(&mut self, format: Format, to: Option<String>, cx: &mut Cx<'_>) {
        let pane = self.pane();
        let whole = pane.whole(format, cx.store);
        let Some(text) = whole.or_else(|| Some(pane.grid(cx.store)?.render(format))) else {
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
            text,
            to,
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

/// An error as a whole: what happened, why, what next.
fn piece_of_error(error: &ApiError) -> Piece {
    let mut grid = Grid::new(["what", "why", "next"]).title("Error");
    let told = error.explain();
    grid.push([told.what, told.why, told.next].map(|part| export::defang_text(&part)));
    let title = export::defang_text(&error.to_string());
    let markdown = paint::complaint(error).iter().fold(String::from("### Error\n"), |all, part| {
        format!("{all}- {}\n", export::defang_text(&text::clean(part)))
    });
    Piece {
        kind: "error".to_owned(),
        title,
        target: None,
        markdown,
        json: grid.json(),
        table: grid,
    }
}

/// Lines for a terminal that is not ours to draw on: nothing in them moves a cursor or sets a title.
pub(super) fn readable(words: &str) -> String {
    let mut out = String::with_capacity(words.len());
    for line in words.lines() {
        out.push_str(&text::clean(line));
        out.push('\n');
    }
    out
}

/// What fits a plain screen's history, and how the rest is had.
fn shortened(text: String) -> String {
    if text.len() <= PLAIN {
        return text;
    }
    // Cut behind a whole line: that is no place within a character.
    let end =
        text.as_bytes()[..PLAIN].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    format!(
        "{}\n-- {} of {} bytes; P reads all of it, x j exports it --\n",
        &text[..end],
        end,
        text.len()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_handed_to_a_terminal_is_lines_of_harmless_text() {
        let given = "a\x1b[31m b\r\nc\td\u{202e}e\n\x07";
        let text = readable(given);
        assert_eq!(text.lines().count(), 3);
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text:?}");
        assert!(!text.contains('\u{202e}'));
        let long = "é line\n".repeat(PLAIN / 4);
        let cut = shortened(long.clone());
        assert!(
            cut.len() < PLAIN + 200
                && cut.ends_with(&format!(
                    "of {} bytes; P reads all of it, x j exports it --\n",
                    long.len()
                ))
        );
        assert_eq!(shortened("x\n".into()), "x\n");
    }
}
