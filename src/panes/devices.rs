//! Darktrace devices: find by number, text or tag; the tags of one, those that behave alike, whom it talks to and when.
//!
//! Numbers at or below zero and "others" are groups, not devices: they are shown, never opened.

mod breached;
mod chart;
mod draw;
mod grids;
mod parts;
mod picture;
mod piece;
mod reading;
mod rows;
mod tagging;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Pane;
use super::paint::Look;
use crate::api::Product;
use crate::api::darktrace::connections::DataType;
use crate::command::{Ask, Cx, PaneId, Target, Tone};
use crate::job::Policy;
use crate::outbox::RowId;
use crate::store::{Remote, Store, Subject};
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;

/// How long the cursor rests on a device before its details are asked: a held key asks nothing.
const REST: Duration = Duration::from_millis(150);

/// What the list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Query {
    Did(i64),
    /// A text; empty: whatever was seen last.
    Find(String),
    Tag(String),
}

/// Which part has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    List,
    Tags,
    Similar,
    Peers,
    Breaches,
    Chart,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::List, Self::Tags, Self::Similar, Self::Peers, Self::Breaches, Self::Chart];

    fn name(self) -> &'static str {
        match self {
            Self::List => "info",
            Self::Tags => "tags",
            Self::Similar => "similar",
            Self::Peers => "peers",
            Self::Breaches => "breaches",
            Self::Chart => "chart",
        }
    }
}

/// What the chart and the peers are narrowed to.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Narrow {
    /// Connections to a domain.
    Domain(String),
    /// Connections to a device; 0 is everything external.
    Device(i64),
}

/// What the field asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    Find,
    Narrow,
}

/// The pane.
#[derive(Default)]
pub struct DevicesPane {
    query: Option<Query>,
    list: ListState,
    tags: ListState,
    similar: ListState,
    peers: ListState,
    breaches: ListState,
    numbers: ListState,
    part: Part,
    /// What the chart counts.
    metric: DataType,
    narrow: Option<Narrow>,
    /// Similar devices stand beside in the chart.
    beside: bool,
    /// Numbers instead of the picture.
    as_numbers: bool,
    field: Option<(Asks, Field)>,
    history: Vec<String>,
    narrowed: Vec<String>,
    sheet: Option<tagging::Open>,
    /// When the device under the cursor is asked about.
    rest: Option<Instant>,
    /// Which device of a list the cursor was on when the list was left, newest last.
    left: Vec<(Query, i64)>,
    /// The device the cursor goes to once it is listed.
    wanted: Option<i64>,
    /// The device whose details were asked last.
    asked: Option<i64>,
    /// Writes whose outcome was said on the result line.
    told: HashSet<RowId>,
}

impl DevicesPane {
    fn turn(&mut self, by: usize, cx: &mut Cx<'_>) {
        let here = Part::ALL.iter().position(|part| *part == self.part).unwrap_or(0);
        self.part = Part::ALL[(here + by) % Part::ALL.len()];
        self.ask_breaches(Policy::Join, cx);
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let field = Field::new("find: ")
            .placeholder("device id, host, address, or tag:name; empty: seen last")
            .history(self.history.clone());
        self.field = Some((Asks::Find, field));
    }

    fn open_row(&mut self, cx: &mut Cx<'_>) {
        let target = match self.part {
            Part::List => {
                self.part = Part::Tags;
                return;
            }
            Part::Tags => self.tag(cx.store).and_then(|tag| tag.name.clone()).map(Target::Tag),
            Part::Similar => self.alike(cx.store).and_then(|device| device.did).map(Target::Device),
            Part::Peers => match self.met(cx.store).get(self.peers.cursor()) {
                Some(parts::Met::Peer(row)) => {
                    let Some(did) = row.peer.device() else {
                        let words = parts::peer_words(&row.peer, &[]);
                        let words = format!("{words} is no device: it cannot be opened");
                        return cx.say(Tone::Mind, words);
                    };
                    Some(Target::Device(did))
                }
                Some(parts::Met::Domain(name, _)) => {
                    let target = Target::Endpoint((*name).to_owned());
                    return cx.go(PaneId::Endpoint, Some(target));
                }
                Some(parts::Met::Network(..)) | None => None,
            },
            Part::Breaches => {
                if let Some(breach) = self.breached(cx.store).get(self.breaches.cursor()) {
                    cx.go(PaneId::Breaches, Some(Target::Breach(breach.pbid)));
                }
                return;
            }
            Part::Chart => None,
        };
        match target {
            Some(Target::Device(did)) if did <= 0 => {
                cx.say(Tone::Mind, format!("{did} is a group of devices, not a device"))
            }
            Some(target) => cx.go(PaneId::Devices, Some(target)),
            None => cx.say(Tone::Mind, "it has no id to open it by"),
        }
    }

    /// A query as a person writes it: a number is a device, `tag:` a tag, everything else text.
    fn read(text: &str) -> Query {
        let text = text.trim();
        let text =
            text.strip_prefix("did ").or_else(|| text.strip_prefix("did=")).unwrap_or(text).trim();
        if let Ok(did) = text.parse() {
            Query::Did(did)
        } else if let Some(tag) = text.strip_prefix("tag:") {
            Query::Tag(tag.trim().trim_matches('"').to_owned())
        } else {
            Query::Find(text.to_owned())
        }
    }
}

impl DevicesPane {
    /// Whether the list is being read, and whether it ever was.
    fn state(&self, store: &Store) -> (bool, bool) {
        fn of<T>(remote: Option<&Remote<T>>) -> (bool, bool) {
            remote.map_or((false, false), |remote| {
                (remote.pending, remote.value().is_some() || remote.error.is_some())
            })
        }
        match &self.query {
            None => (false, false),
            Some(Query::Did(did)) => of(store.devices.get(did)),
            Some(Query::Find(text)) => of(store.device_lists.get(text)),
            Some(Query::Tag(tag)) => of(store.tagged.get(tag)),
        }
    }
}

impl Pane for DevicesPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        match target {
            Some(Target::Device(did)) => self.show(Query::Did(did), Policy::Latest, cx),
            Some(Target::Tag(tag)) => self.show(Query::Tag(tag), Policy::Latest, cx),
            Some(Target::Find(text)) => self.show(Self::read(&text), Policy::Latest, cx),
            _ if self.query.is_none() && !cx.prefs.absent.contains(&Product::Darktrace) => {
                self.show(Query::Find(String::new()), Policy::Join, cx)
            }
            // Its read was cancelled when the pane was left.
            _ if self.query.is_some() && self.state(cx.store) == (false, false) => {
                self.ask_list(Policy::Join, cx);
            }
            _ => {}
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        self.ask_list(Policy::Latest, cx);
        self.ask_details(Policy::Latest, true, cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        self.find_again(cx.store);
        let len = self.devices(cx.store).len();
        if self.list.cursor() >= len {
            self.list.select(len.saturating_sub(1));
        }
        let did = self.did(cx.store);
        if did.is_some() && did != self.asked && self.rest.is_none() {
            self.rest = Some(cx.now.instant);
        }
        self.tell_fates(cx);
        if let Some(open) = &mut self.sheet {
            open.check(cx.store, cx.now);
        }
    }

    fn place(&self) -> Option<Target> {
        match self.query.clone()? {
            Query::Did(did) => Some(Target::Device(did)),
            Query::Find(text) => Some(Target::Find(text)),
            Query::Tag(tag) => Some(Target::Tag(tag)),
        }
    }

    fn subject(&self, store: &Store) -> Option<Subject> {
        reading::subject(self.device(store)?)
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some(match self.part {
            Part::Chart if self.as_numbers => {
                let len = self
                    .graph(store)
                    .and_then(|remote| picture::pictures(remote).into_iter().next())
                    .map_or(0, |picture| picture::numbers(&picture.hours).len());
                (&mut self.numbers, len)
            }
            Part::Peers => {
                let len = self.met(store).len();
                (&mut self.peers, len)
            }
            // A picture has no lines: the keys go on moving the device it is of.
            Part::List | Part::Chart => {
                let len = self.devices(store).len();
                (&mut self.list, len)
            }
            Part::Breaches => {
                let len = self.breached(store).len();
                (&mut self.breaches, len)
            }
            Part::Tags => {
                let len = self.tags_of(store).len();
                (&mut self.tags, len)
            }
            Part::Similar => {
                let len = self.alike_of(store).len();
                (&mut self.similar, len)
            }
        })
    }

    fn moved(&mut self, cx: &mut Cx<'_>) {
        self.wanted = None;
        if self.part == Part::List || (self.part == Part::Chart && !self.as_numbers) {
            self.rest = Some(cx.now.instant + REST);
        }
    }

    fn typing(&self) -> bool {
        self.field.is_some() || self.sheet.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        match (&self.sheet, &self.field) {
            (Some(open), _) => open.sheet.hints(),
            (None, Some((Asks::Narrow, _))) => &[("Enter", "narrow"), ("^G", "leave")],
            _ => &[("Enter", "find"), ("^G", "leave")],
        }
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        if let Some(open) = &mut self.sheet {
            let reaction = open.sheet.key(key);
            self.react(reaction, cx);
            return true;
        }
        let Some((asks, field)) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                let asks = *asks;
                let text = field.take();
                let entries = field.entries().to_vec();
                self.field = None;
                match asks {
                    Asks::Find => {
                        self.history = entries;
                        self.show(Self::read(&text), Policy::Latest, cx);
                    }
                    Asks::Narrow => {
                        self.narrowed = entries;
                        self.narrow = Narrow::read(&text);
                        self.peers = ListState::default();
                        self.ask_chart(false, cx);
                    }
                }
                true
            }
            Reaction::Edit => {
                cx.asks.push(Ask::Edit(field.text().to_owned()));
                true
            }
            Reaction::Cancel => {
                self.field = None;
                true
            }
            Reaction::Ignored => false,
            _ => true,
        }
    }

    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        if let Some(open) = &mut self.sheet {
            let reaction = open.sheet.paste(text);
            self.react(reaction, cx);
            return true;
        }
        self.field.as_mut().map(|(_, field)| field.paste(text)).is_some()
    }

    fn edited(&mut self, text: &str, cx: &mut Cx<'_>) {
        if let Some(open) = &mut self.sheet {
            open.sheet.edited(text);
            open.check(cx.store, cx.now);
        } else if let Some((_, field)) = &mut self.field {
            field.set(text);
        }
    }

    fn cancel(&mut self) -> bool {
        if self.sheet.take().is_some() || self.field.take().is_some() {
            return true;
        }
        let moved = self.part != Part::List;
        self.part = Part::List;
        moved
    }

    fn deadline(&self) -> Option<Instant> {
        self.rest
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        if self.rest.is_some_and(|rest| rest <= cx.now.instant) {
            self.rest = None;
            if self.did(cx.store) != self.asked {
                self.ask_details(Policy::Latest, false, cx);
            }
        }
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        self.shown(store)
    }

    fn grid_row(&self) -> Option<usize> {
        self.shown_row()
    }

    fn piece(&self, store: &Store, _prefs: &crate::command::Prefs) -> Option<super::piece::Piece> {
        self.whole_device(store)
    }

    fn heading(&self, store: &Store) -> String {
        let words = match &self.query {
            None => String::new(),
            Some(Query::Did(did)) => format!("did {did}"),
            Some(Query::Find(text)) if text.is_empty() => "last seen".to_owned(),
            Some(Query::Find(text)) => format!("find: {text}"),
            Some(Query::Tag(tag)) => format!("tag: {tag}"),
        };
        match self.devices(store).len() {
            0 => words,
            count => format!("{words}  {}/{count}", self.list.cursor() + 1),
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
