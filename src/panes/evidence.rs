//! What was pinned, from whichever pane, with its texts as they were at that moment: looked at again, noted, taken away as
//! a set.
//!
//! It fetches nothing and changes nothing of the products. Its data is the store's basket; the loop keeps it.

mod draw;
mod set;
#[cfg(test)]
mod tests;

use std::cell::Cell;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use strum::IntoEnumIterator;

use super::paint::Look;
use super::piece::{self, Piece};
use super::{Pane, Rows};
use crate::command::{Cx, PaneId, Prefs, Ready, Row, Take, Target, Tone};
use crate::evidence::{Change, Item};
use crate::export::{Format, Grid};
use crate::store::Store;
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;

/// The pane.
#[derive(Default)]
pub struct EvidencePane {
    list: ListState,
    /// The item under the cursor, to stay on it when others come and go.
    here: Option<u64>,
    /// Lines of the item's text that are scrolled away.
    top: usize,
    /// The most of them that made sense when it was drawn last.
    furthest: Cell<usize>,
    note: Option<(u64, Field)>,
    /// The item whose removal was asked for once.
    removing: Option<u64>,
}

impl Rows for EvidencePane {
    const ID: PaneId = PaneId::Evidence;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "evidence.open",
            title: "go back to where it was pinned",
            keys: &["enter"],
            hint: "original",
            ready: has_item,
            run: Self::open_original,
        },
        Row {
            id: "evidence.note",
            title: "a note beside it; empty takes it away",
            keys: &["c"],
            hint: "note",
            ready: has_item,
            run: Self::write_note,
        },
        Row {
            id: "evidence.remove",
            title: "remove it from the basket (twice: it asks)",
            keys: &["X"],
            hint: "remove",
            ready: has_item,
            run: Self::remove,
        },
    ];
}

fn has_item(pane: &EvidencePane, store: &Store) -> Ready {
    pane.item(store).map(|_| ()).ok_or("nothing is pinned: m pins what is under the cursor".into())
}

impl EvidencePane {
    fn item<'a>(&self, store: &'a Store) -> Option<&'a Item> {
        store.evidence.newest().nth(self.list.cursor())
    }

    fn open_original(&mut self, cx: &mut Cx<'_>) {
        let Some(item) = self.item(cx.store) else {
            return;
        };
        let from = PaneId::iter().find(|pane| pane.name() == item.pane);
        let words = format!("there is no pane named {} here", item.pane);
        let target = piece::target(&item.target);
        match from {
            Some(pane) => cx.go(pane, target),
            None => cx.say(Tone::Mind, words),
        }
    }

    fn write_note(&mut self, cx: &mut Cx<'_>) {
        if let Some(item) = self.item(cx.store) {
            let mut field = Field::new("note: ").placeholder("why it matters; kept with the item");
            field.set(item.note.as_deref().unwrap_or_default());
            self.note = Some((item.id, field));
        }
    }

    /// The first press asks, the second on the same item does it.
    fn remove(&mut self, cx: &mut Cx<'_>) {
        let Some((id, title)) = self.item(cx.store).map(|item| (item.id, item.title.clone()))
        else {
            return;
        };
        if self.removing.take() == Some(id) {
            if let Some(change) = cx.store.evidence.remove(id) {
                cx.store.keep(change);
            }
            self.here = None;
            self.changed(cx);
            cx.say(Tone::Fine, format!("removed: {title}"));
        } else {
            self.removing = Some(id);
            cx.say(Tone::Mind, format!("the same key again removes it for good: {title}"));
        }
    }

    fn reread(cx: &mut Cx<'_>) {
        cx.store.keep(Change::Read);
    }
}

impl Pane for EvidencePane {
    fn open(&mut self, _target: Option<Target>, cx: &mut Cx<'_>) {
        self.removing = None;
        // Another session may have pinned something.
        Self::reread(cx);
        self.changed(cx);
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        cx.say(Tone::Fine, "reading the basket again: another session may have pinned something");
        Self::reread(cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let evidence = &cx.store.evidence;
        let at = self.here.and_then(|id| evidence.newest().position(|item| item.id == id));
        let cursor = at.unwrap_or_else(|| self.list.cursor()).min(evidence.len().saturating_sub(1));
        self.list.select(cursor);
        let here = self.item(cx.store).map(|item| item.id);
        if here != self.here {
            self.top = 0;
            self.removing = None;
        }
        self.here = here;
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some((&mut self.list, store.evidence.len()))
    }

    fn moved(&mut self, cx: &mut Cx<'_>) {
        self.here = self.item(cx.store).map(|item| item.id);
        self.removing = None;
        self.top = 0;
    }

    fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by).min(self.furthest.get());
    }

    fn typing(&self) -> bool {
        self.note.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        &[("Enter", "keep"), ("^G", "leave")]
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some((id, field)) = &mut self.note else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                let (id, words) = (*id, field.take());
                self.note = None;
                if let Some(change) = cx.store.evidence.note(id, &words) {
                    cx.store.keep(change);
                }
                true
            }
            Reaction::Cancel => {
                self.note = None;
                true
            }
            Reaction::Ignored => false,
            _ => true,
        }
    }

    fn paste(&mut self, text: &str, _cx: &mut Cx<'_>) -> bool {
        self.note.as_mut().map(|(_, field)| field.paste(text)).is_some()
    }

    fn cancel(&mut self) -> bool {
        self.removing = None;
        self.note.take().is_some()
    }

    fn take(&self, what: Take, store: &Store, _prefs: &Prefs) -> Option<String> {
        let item = self.item(store)?;
        match what {
            Take::Id => item.target.last().cloned(),
            Take::Line => Some(set::line(item)),
            Take::Markdown => Some(set::one(item)),
            Take::Json => Some(item.json.clone()),
            Take::Indicator | Take::Raw | Take::Link => None,
        }
    }

    fn piece(&self, store: &Store, _prefs: &Prefs) -> Option<Piece> {
        let item = self.item(store)?;
        let table = Grid { rows: item.rows.clone(), ..Grid::new(item.columns.clone()) };
        Some(Piece {
            kind: item.kind.clone(),
            title: item.title.clone(),
            target: piece::target(&item.target),
            markdown: set::one(item),
            json: item.json.clone(),
            table,
        })
    }

    fn whole(&self, format: Format, store: &Store) -> Option<String> {
        let items: Vec<&Item> = store.evidence.newest().rev().collect();
        (!items.is_empty()).then(|| set::render(&items, format))
    }

    fn heading(&self, store: &Store) -> String {
        match store.evidence.len() {
            0 => String::new(),
            count => format!("{}/{count}", self.list.cursor() + 1),
        }
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        self.paint(store, look, area, buf)
    }
}
