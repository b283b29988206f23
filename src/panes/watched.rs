//! Darktrace's watched list: what is on it, which of it is ours, and sheets for adding and removing.
//!
//! What is added reaches everybody. Entries are put there under the analyst's own source, so that only those can be taken
//! off again from here; autonomous response can neither be set nor taken off.

mod add;
mod draw;
mod preflight;

use std::collections::HashSet;
use std::time::Instant;

use crossterm::event::KeyEvent;
use jiff::{SignedDuration, Timestamp};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::lookup;
use super::paint::Look;
use super::sheet::SheetReaction;
use super::{Pane, Rows};
use crate::api::darktrace::watchlist::{WatchList, Watched};
use crate::command::{Ask, Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::export;
use crate::job::Policy;
use crate::outbox::{Act, Row as Write, State};
use crate::store::{Remote, Store};
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;
use add::{Adding, Open, Removing};

/// An entry that expires within this time is told so.
const SOON: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Which entries are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum View {
    #[default]
    All,
    Ours,
    Expiring,
    Endless,
    Responding,
}

const VIEWS: [(View, &str); 5] = [
    (View::All, "all"),
    (View::Ours, "ours"),
    (View::Expiring, "expiring in 7 d"),
    (View::Endless, "no expiry"),
    (View::Responding, "AR on"),
];

/// A line of the list.
#[derive(Clone, Copy)]
enum Line<'a> {
    /// A write from here that has not settled well: nothing on the list yet.
    Write(&'a Write, &'a str),
    /// An entry, and whether it is ours.
    Entry(&'a Watched, bool),
}

impl<'a> Line<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::Write(_, name) => name,
            Self::Entry(entry, _) => &entry.name,
        }
    }
}

/// The pane.
#[derive(Default)]
pub struct WatchedPane {
    list: ListState,
    view: View,
    filter: String,
    field: Option<Field>,
    open: Option<Open>,
    /// A sheet that was confirmed while nothing may be sent: kept until it may.
    aside: Option<Box<Adding>>,
    /// Under which name own entries are kept; `None` without an analyst.
    source: Option<String>,
}

impl Rows for WatchedPane {
    const ID: PaneId = PaneId::Watched;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "watched.add",
            title: "put entries on the watched list…",
            keys: &["+"],
            hint: "new",
            ready: has_source,
            run: |pane, cx| pane.add("", "ADD TO THE WATCHED LIST", cx),
        },
        Row {
            id: "watched.remove",
            title: "remove the entry under the cursor, one of ours…",
            keys: &["X"],
            hint: "remove",
            ready: has_own,
            run: Self::remove,
        },
        Row {
            id: "watched.import",
            title: "import a pasted list or a file…",
            keys: &["i"],
            hint: "import",
            ready: has_source,
            run: |pane, cx| pane.add("", "IMPORT TO THE WATCHED LIST", cx),
        },
        Row {
            id: "watched.filter",
            title: "filter by name or reason",
            keys: &["/"],
            hint: "filter",
            ready: always,
            run: Self::find,
        },
        Row {
            id: "watched.open",
            title: "look the entry under the cursor up in Endpoint",
            keys: &["enter", "e"],
            hint: "look up",
            ready: has_line,
            run: |pane, cx| {
                if let Some(name) = pane.name(cx.store) {
                    cx.go(PaneId::Endpoint, Some(Target::Endpoint(name)));
                }
            },
        },
        Row {
            id: "watched.search",
            title: "search for the entry under the cursor",
            keys: &["a"],
            hint: "search",
            ready: has_line,
            run: |pane, cx| {
                if let Some(query) = pane.name(cx.store).as_deref().and_then(lookup::query) {
                    cx.go(PaneId::Search, Some(Target::Search(query)));
                }
            },
        },
        Row {
            id: "watched.previous-view",
            title: "previous view",
            keys: &[","],
            hint: "",
            ready: always,
            run: |pane, _| pane.turn(VIEWS.len() - 1),
        },
        Row {
            id: "watched.next-view",
            title: "next view: all, ours, expiring, no expiry, AR on",
            keys: &["."],
            hint: "view",
            ready: always,
            run: |pane, _| pane.turn(1),
        },
    ];
}

fn has_source(pane: &WatchedPane, _: &Store) -> Ready {
    let words = "whose entries would they be? [analyst] username in the settings says so";
    pane.source.as_ref().map(|_| ()).ok_or(words.into())
}

fn has_line(pane: &WatchedPane, store: &Store) -> Ready {
    pane.name(store).map(|_| ()).ok_or("there is no entry under the cursor".into())
}

fn has_own(pane: &WatchedPane, store: &Store) -> Ready {
    has_source(pane, store)?;
    match pane.line(store) {
        Some(Line::Entry(_, true)) => Ok(()),
        Some(Line::Entry(_, false)) => {
            Err("it is not yours: entries of other sources are removed where they came from".into())
        }
        Some(Line::Write(..)) => {
            Err("it is not on the list yet: u takes it back while it waits".into())
        }
        None => Err("there is no entry under the cursor".into()),
    }
}

impl WatchedPane {
    fn whole<'a>(&self, store: &'a Store) -> Option<&'a Remote<Vec<Watched>>> {
        store.watch_lists.get(&None)
    }

    fn own<'a>(&self, store: &'a Store) -> &'a [Watched] {
        let remote = self.source.as_ref().and_then(|_| store.watch_lists.get(&self.source));
        remote.and_then(Remote::value).map_or(&[], Vec::as_slice)
    }

    /// Everything: what waits to be written, then ours, then the rest in the server's order.
    fn everything<'a>(&self, store: &'a Store) -> Vec<Line<'a>> {
        let own = self.own(store);
        let all = self.whole(store).and_then(Remote::value);
        let all = all.map_or(&[][..], Vec::as_slice);
        // The same name may stand there once more, from another source: only one of them is ours.
        let mine: HashSet<usize> = own
            .iter()
            .filter_map(|entry| {
                let same = all.iter().position(|one| one == entry);
                same.or_else(|| all.iter().position(|one| one.name == entry.name))
            })
            .collect();
        let mut lines: Vec<Line<'a>> = writes(store)
            .filter(|row| matches!(row.draft.act, Act::Watch(_)) && !done(row))
            .flat_map(|row| names(&row.draft.act).map(move |name| Line::Write(row, name)))
            .collect();
        lines.extend(own.iter().map(|entry| Line::Entry(entry, true)));
        let others = (0..all.len()).filter(|index| !mine.contains(index));
        lines.extend(others.map(|index| Line::Entry(&all[index], false)));
        lines
    }

    /// What is shown: the view's entries that match the filter.
    fn lines<'a>(&self, store: &'a Store, now: Timestamp) -> Vec<Line<'a>> {
        let wanted = self.filter.to_lowercase();
        let plain = export::refang(&wanted).into_owned();
        let matches = |line: &Line<'_>| {
            let reason = match line {
                Line::Write(row, _) => reason(&row.draft.act),
                Line::Entry(entry, _) => entry.description.as_deref(),
            };
            wanted.is_empty()
                || line.name().to_lowercase().contains(&plain)
                || reason.is_some_and(|reason| reason.to_lowercase().contains(&wanted))
        };
        let mut lines = self.everything(store);
        lines.retain(|line| self.view.holds(*line, now) && matches(line));
        lines
    }

    fn line<'a>(&self, store: &'a Store) -> Option<Line<'a>> {
        // The clock does not matter for what is under the cursor but in the view of what expires soon.
        let now = self.whole(store).and_then(|remote| remote.fetched);
        let lines = self.lines(store, now.unwrap_or_default());
        lines.get(self.list.cursor()).copied()
    }

    fn name(&self, store: &Store) -> Option<String> {
        self.line(store).map(|line| line.name().to_owned())
    }

    fn len(&self, store: &Store) -> usize {
        let now = self.whole(store).and_then(|remote| remote.fetched);
        self.lines(store, now.unwrap_or_default()).len()
    }

    fn ask(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        self.source = add::source(cx.prefs.analyst.as_deref());
        cx.store.ask(WatchList::default(), policy, cx.now);
        if let Some(source) = self.source.clone() {
            let own = WatchList { source: Some(source) };
            cx.store.ask(own, policy, cx.now);
        }
    }

    fn add(&mut self, text: &str, title: &str, cx: &mut Cx<'_>) {
        if text.is_empty()
            && let Some(mut adding) = self.aside.take()
        {
            adding.changed(cx);
            self.open = Some(Open::Add(adding));
            return;
        }
        match self.source.clone() {
            Some(source) => {
                let adding = Adding::new(text, title, source, cx);
                self.open = Some(Open::Add(Box::new(adding)));
            }
            None => {
                if let Err(why) = has_source(self, cx.store) {
                    cx.say(Tone::Mind, why);
                }
            }
        }
    }

    fn remove(&mut self, cx: &mut Cx<'_>) {
        let (Some(Line::Entry(entry, true)), Some(source)) =
            (self.line(cx.store), self.source.clone())
        else {
            return;
        };
        match Removing::new(entry, &source, cx) {
            Ok(removing) => self.open = Some(Open::Remove(Box::new(removing))),
            Err(why) => cx.say(Tone::Bad, why),
        }
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let mut field = Field::new("filter: ").placeholder("a part of the name or the reason");
        field.set(&self.filter);
        self.field = Some(field);
    }

    fn turn(&mut self, by: usize) {
        let here = VIEWS.iter().position(|(view, _)| *view == self.view);
        self.view = VIEWS[(here.unwrap_or(0) + by) % VIEWS.len()].0;
        self.list = ListState::default();
    }

    fn sheet_did(&mut self, reaction: SheetReaction, cx: &mut Cx<'_>) {
        match (reaction, &mut self.open) {
            (SheetReaction::Edited, Some(Open::Add(adding))) => adding.edited(cx),
            (SheetReaction::Edit, Some(Open::Add(adding))) => {
                let text = adding.sheet.value("entries");
                cx.asks.push(Ask::Edit(text));
            }
            (SheetReaction::Close, open) => {
                if let Some(Open::Add(mut adding)) = open.take() {
                    adding.leave(cx);
                }
            }
            (SheetReaction::Confirmed, open) => {
                let armed = cx.store.armed(cx.now);
                match (open.take(), armed) {
                    (Some(Open::Add(mut adding)), Ok(())) => {
                        adding.leave(cx);
                        adding.stage(cx);
                    }
                    (Some(Open::Remove(removing)), Ok(())) => removing.stage(cx),
                    (Some(Open::Add(mut adding)), Err(_)) => {
                        adding.leave(cx);
                        self.aside = Some(adding);
                        let words = "not armed: :arm 15m, then + takes the sheet up again as it is";
                        cx.say(Tone::Mind, words);
                    }
                    (Some(Open::Remove(_)), Err(why)) => cx.say(Tone::Mind, why),
                    (None, _) => {}
                }
            }
            _ => {}
        }
    }
}

impl View {
    fn holds(self, line: Line<'_>, now: Timestamp) -> bool {
        let Line::Entry(entry, ours) = line else {
            return matches!(self, Self::All | Self::Ours);
        };
        let expiry = entry.expiry.as_ref().and_then(|at| at.at());
        match self {
            Self::All => true,
            Self::Ours => ours,
            Self::Expiring => expiry.is_some_and(|at| at.duration_since(now) <= SOON),
            Self::Endless => entry.expiry.is_none(),
            Self::Responding => entry.responds == Some(true),
        }
    }
}

/// Writes to the list, newest first.
fn writes(store: &Store) -> impl Iterator<Item = &Write> {
    store.writes.newest().filter(|row| matches!(row.draft.act, Act::Watch(_) | Act::Unwatch(_)))
}

/// Whether a write is over and needs no look: it is on the list, or never was.
fn done(row: &Write) -> bool {
    matches!(row.state, State::Sent(_) | State::Undone)
}

fn names(act: &Act) -> impl Iterator<Item = &str> {
    let entries = match act {
        Act::Watch(watch) => watch.entries.as_slice(),
        Act::Unwatch(unwatch) => std::slice::from_ref(&unwatch.entry),
        _ => &[],
    };
    entries.iter().map(String::as_str)
}

fn reason(act: &Act) -> Option<&str> {
    match act {
        Act::Watch(watch) => watch.description.as_deref(),
        _ => None,
    }
}

impl Pane for WatchedPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        let unread = self.whole(cx.store).is_none_or(|list| list.value().is_none());
        let wanted = if let Some(Target::Watch(_)) = target {
            // What is on the list decides what may be added: it is read anew.
            Policy::Latest
        } else {
            Policy::Join
        };
        if unread || target.is_some() {
            self.ask(wanted, cx);
        }
        match target {
            Some(Target::Watch(text)) => self.add(&text, "ADD TO THE WATCHED LIST", cx),
            Some(Target::Find(text)) => {
                self.view = View::All;
                self.filter = text;
                self.list = ListState::default();
            }
            _ => {}
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        self.ask(Policy::Latest, cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        if let Some(Open::Add(adding)) = &mut self.open {
            adding.changed(cx);
        }
        let len = self.len(cx.store);
        if self.list.cursor() >= len {
            self.list.select(len.saturating_sub(1));
        }
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let len = self.len(store);
        Some((&mut self.list, len))
    }

    fn grid(&self, store: &Store) -> Option<export::Grid> {
        let now = self.whole(store)?.fetched?;
        let entries = self.lines(store, now).into_iter().map(|line| match line {
            Line::Write(row, name) => (name, reason(&row.draft.act), None, "not on the list yet"),
            Line::Entry(entry, ours) => (
                entry.name.as_str(),
                entry.description.as_deref(),
                entry.expiry.as_ref(),
                if ours { "ours" } else { "" },
            ),
        });
        super::grids::watched(entries)
    }

    fn grid_row(&self) -> Option<usize> {
        Some(self.list.cursor())
    }

    fn piece(&self, store: &Store, _prefs: &crate::command::Prefs) -> Option<super::piece::Piece> {
        let target = self.name(store).map(Target::Find);
        let piece = super::piece::Piece::of_grid("entry", self.grid(store)?, self.grid_row())?;
        Some(super::piece::Piece { target, ..piece })
    }

    fn typing(&self) -> bool {
        self.field.is_some() || self.open.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        match &self.open {
            Some(Open::Add(adding)) => adding.sheet.hints(),
            Some(Open::Remove(removing)) => removing.sheet.hints(),
            None => &[("Enter", "keep"), ("^G", "leave")],
        }
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let reaction = match &mut self.open {
            Some(Open::Add(adding)) => Some(adding.sheet.key(key)),
            Some(Open::Remove(removing)) => Some(removing.sheet.key(key)),
            None => None,
        };
        if let Some(reaction) = reaction {
            self.sheet_did(reaction, cx);
            return true;
        }
        let Some(field) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => self.field = None,
            Reaction::Cancel => {
                self.field = None;
                self.filter.clear();
            }
            Reaction::Ignored => return false,
            _ => {
                self.filter = field.text().to_owned();
                self.list = ListState::default();
            }
        }
        true
    }

    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        match &mut self.open {
            Some(Open::Add(adding)) => {
                if adding.sheet.paste(text) == SheetReaction::Edited {
                    adding.edited(cx);
                    adding.look_up(cx);
                    adding.changed(cx);
                }
                true
            }
            Some(Open::Remove(removing)) => {
                removing.sheet.paste(text);
                true
            }
            None => match &mut self.field {
                Some(field) => {
                    field.paste(text);
                    self.filter = field.text().to_owned();
                    true
                }
                None => false,
            },
        }
    }

    fn cancel(&mut self) -> bool {
        let had = self.open.take().is_some() || self.field.take().is_some();
        if had {
            return true;
        }
        let filtered = !self.filter.is_empty();
        self.filter.clear();
        filtered
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.open {
            Some(Open::Add(adding)) => adding.rest,
            _ => None,
        }
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        if let Some(Open::Add(adding)) = &mut self.open
            && adding.rest.is_some_and(|rest| rest <= cx.now.instant)
        {
            adding.look_up(cx);
            adding.changed(cx);
        }
    }

    fn edited(&mut self, text: &str, cx: &mut Cx<'_>) {
        if let Some(Open::Add(adding)) = &mut self.open {
            adding.sheet.set("entries", text);
            adding.edited(cx);
            adding.look_up(cx);
            adding.changed(cx);
        }
    }

    fn heading(&self, store: &Store) -> String {
        let all = self.whole(store).and_then(Remote::value);
        match (all, &self.source) {
            (Some(all), Some(_)) => format!("{} ours / {} all", self.own(store).len(), all.len()),
            (Some(all), None) => all.len().to_string(),
            (None, _) => String::new(),
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

#[cfg(test)]
mod tests;
