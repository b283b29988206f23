//! Darktrace devices: find by number, text or tag; the tags of one, those that behave alike, those that share a tag.
//!
//! Numbers at or below zero and "others" are groups, not devices: they are shown, never opened.

mod draw;

use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::Look;
use super::{Pane, Rows};
use crate::api::Product;
use crate::api::darktrace::devices::{
    Device, DeviceById, DeviceSearch, Order, OrderBy, SimilarDevices,
};
use crate::api::darktrace::tags::{DeviceTags, Tag, TaggedDevices};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::job::Policy;
use crate::store::Store;
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;

/// How long the cursor rests on a device before its details are asked: a held key asks nothing.
const REST: Duration = Duration::from_millis(150);

/// Similar devices asked for.
const SIMILAR: u32 = 10;

/// What the list holds.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Query {
    Did(i64),
    Find(String),
    Tag(String),
}

/// Which part has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    List,
    Tags,
    Similar,
}

/// The pane.
pub struct DevicesPane {
    query: Option<Query>,
    list: ListState,
    tags: ListState,
    similar: ListState,
    part: Part,
    field: Option<Field>,
    history: Vec<String>,
    /// When the device under the cursor is asked about.
    rest: Option<Instant>,
    /// The device whose details were asked last.
    asked: Option<i64>,
}

impl Default for DevicesPane {
    fn default() -> Self {
        Self {
            query: None,
            list: ListState::default(),
            tags: ListState::default(),
            similar: ListState::default(),
            part: Part::List,
            field: None,
            history: Vec::new(),
            rest: None,
            asked: None,
        }
    }
}

impl Rows for DevicesPane {
    const ID: PaneId = PaneId::Devices;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "devices.find",
            title: "find devices by number, text or tag:name",
            keys: &["/"],
            hint: "find",
            ready: always,
            run: Self::find,
        },
        Row {
            id: "devices.open",
            title: "open what is under the cursor: a device, or the devices with a tag",
            keys: &["enter"],
            hint: "open",
            ready: has_row,
            run: Self::open_row,
        },
        Row {
            id: "devices.next-part",
            title: "next part: devices, tags, similar",
            keys: &["tab"],
            hint: "parts",
            ready: always,
            run: |pane, _| pane.turn(1),
        },
        Row {
            id: "devices.previous-part",
            title: "previous part",
            keys: &["s-tab"],
            hint: "",
            ready: always,
            run: |pane, _| pane.turn(2),
        },
    ];
}

fn has_row(pane: &DevicesPane, store: &Store) -> Ready {
    let full = match pane.part {
        Part::List => pane.device(store).is_some(),
        Part::Tags => pane.tag(store).is_some(),
        Part::Similar => pane.alike(store).is_some(),
    };
    if full {
        Ok(())
    } else {
        Err("there is nothing under the cursor".into())
    }
}

impl DevicesPane {
    /// The devices of the list.
    fn devices<'a>(&self, store: &'a Store) -> Vec<&'a Device> {
        match &self.query {
            None => Vec::new(),
            Some(Query::Did(did)) => store
                .devices
                .get(did)
                .and_then(|remote| remote.value())
                .into_iter()
                .flatten()
                .collect(),
            Some(Query::Find(text)) => store
                .device_lists
                .get(text)
                .and_then(|remote| remote.value())
                .into_iter()
                .flat_map(|page| &page.devices)
                .collect(),
            Some(Query::Tag(tag)) => store
                .tagged
                .get(tag)
                .and_then(|remote| remote.value())
                .into_iter()
                .flat_map(|holders| &holders.devices)
                .collect(),
        }
    }

    fn device<'a>(&self, store: &'a Store) -> Option<&'a Device> {
        self.devices(store).get(self.list.cursor()).copied()
    }

    /// The device of the cursor; also when the server knows no more of it than its number.
    fn did(&self, store: &Store) -> Option<i64> {
        self.device(store)
            .and_then(|device| device.did)
            .or(match self.query {
                Some(Query::Did(did)) => Some(did),
                _ => None,
            })
    }

    fn tags_of<'a>(&self, store: &'a Store) -> &'a [Tag] {
        let tags = self
            .did(store)
            .and_then(|did| store.device_tags.get(&did))
            .and_then(|remote| remote.value());
        tags.map_or(&[], Vec::as_slice)
    }

    fn tag<'a>(&self, store: &'a Store) -> Option<&'a Tag> {
        self.tags_of(store).get(self.tags.cursor())
    }

    fn alike_of<'a>(&self, store: &'a Store) -> &'a [Device] {
        let alike = self
            .did(store)
            .and_then(|did| store.similar.get(&did))
            .and_then(|remote| remote.value());
        alike.map_or(&[], Vec::as_slice)
    }

    fn alike<'a>(&self, store: &'a Store) -> Option<&'a Device> {
        self.alike_of(store).get(self.similar.cursor())
    }

    fn turn(&mut self, by: usize) {
        let parts = [Part::List, Part::Tags, Part::Similar];
        let here = parts
            .iter()
            .position(|part| *part == self.part)
            .unwrap_or(0);
        self.part = parts[(here + by) % parts.len()];
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let field = Field::new("find: ")
            .placeholder("device id, host, address, or tag:name")
            .history(self.history.clone());
        self.field = Some(field);
    }

    fn open_row(&mut self, cx: &mut Cx<'_>) {
        let target = match self.part {
            Part::List => {
                self.part = Part::Tags;
                return;
            }
            Part::Tags => self
                .tag(cx.store)
                .and_then(|tag| tag.name.clone())
                .map(Target::Tag),
            Part::Similar => self
                .alike(cx.store)
                .and_then(|device| device.did)
                .map(Target::Device),
        };
        match target {
            Some(Target::Device(did)) if did <= 0 => cx.say(
                Tone::Mind,
                format!("{did} is a group of devices, not a device"),
            ),
            Some(target) => cx.go(PaneId::Devices, Some(target)),
            None => cx.say(Tone::Mind, "it has no id to open it by"),
        }
    }

    /// A query as a person writes it: a number is a device, `tag:` a tag, everything else text.
    fn read(text: &str) -> Option<Query> {
        let text = text.trim();
        let text = text
            .strip_prefix("did ")
            .or_else(|| text.strip_prefix("did="))
            .unwrap_or(text)
            .trim();
        if text.is_empty() {
            None
        } else if let Ok(did) = text.parse() {
            Some(Query::Did(did))
        } else if let Some(tag) = text.strip_prefix("tag:") {
            Some(Query::Tag(tag.trim().trim_matches('"').to_owned()))
        } else {
            Some(Query::Find(text.to_owned()))
        }
    }

    fn show(&mut self, query: Query, policy: Policy, cx: &mut Cx<'_>) {
        if self.query.as_ref() != Some(&query) {
            self.list = ListState::default();
            self.asked = None;
            self.part = Part::List;
        }
        self.query = Some(query);
        self.ask_list(policy, cx);
        self.rest = Some(cx.now.instant);
        self.tick(cx);
    }

    fn ask_list(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        match self.query.clone() {
            Some(Query::Did(did)) if did > 0 => cx.store.ask(DeviceById { did }, policy, cx.now),
            Some(Query::Did(did)) => cx.say(
                Tone::Mind,
                format!("{did} is a group of devices, not a device"),
            ),
            Some(Query::Find(query)) => {
                let search = DeviceSearch {
                    query,
                    count: 100,
                    offset: 0,
                    order_by: OrderBy::LastSeen,
                    order: Order::Desc,
                };
                cx.store.ask(search, policy, cx.now);
            }
            Some(Query::Tag(tag)) => cx.store.ask(TaggedDevices { tag }, policy, cx.now),
            None => {}
        }
    }

    fn ask_details(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        let Some(did) = self.did(cx.store).filter(|did| *did > 0) else {
            return;
        };
        if self.asked != Some(did) {
            self.tags = ListState::default();
            self.similar = ListState::default();
        }
        self.asked = Some(did);
        cx.store.ask(DeviceTags { did }, policy, cx.now);
        cx.store.ask(
            SimilarDevices {
                did,
                count: SIMILAR,
                full: false,
            },
            policy,
            cx.now,
        );
    }
}

impl Pane for DevicesPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        match target {
            Some(Target::Device(did)) => self.show(Query::Did(did), Policy::Latest, cx),
            Some(Target::Tag(tag)) => self.show(Query::Tag(tag), Policy::Latest, cx),
            Some(Target::Find(text)) => {
                if let Some(query) = Self::read(&text) {
                    self.show(query, Policy::Latest, cx);
                }
            }
            _ if self.query.is_none() && !cx.prefs.absent.contains(&Product::Darktrace) => {
                self.find(cx)
            }
            _ => {}
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        self.ask_list(Policy::Latest, cx);
        self.ask_details(Policy::Latest, cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let len = self.devices(cx.store).len();
        if self.list.cursor() >= len {
            self.list.select(len.saturating_sub(1));
        }
        let did = self.did(cx.store);
        if did.is_some() && did != self.asked && self.rest.is_none() {
            self.rest = Some(cx.now.instant);
        }
    }

    fn place(&self) -> Option<Target> {
        match self.query.clone()? {
            Query::Did(did) => Some(Target::Device(did)),
            Query::Find(text) => Some(Target::Find(text)),
            Query::Tag(tag) => Some(Target::Tag(tag)),
        }
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some(match self.part {
            Part::List => {
                let len = self.devices(store).len();
                (&mut self.list, len)
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
        if self.part == Part::List {
            self.rest = Some(cx.now.instant + REST);
        }
    }

    fn typing(&self) -> bool {
        self.field.is_some()
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(field) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                let text = field.take();
                self.history = field.entries().to_vec();
                self.field = None;
                match Self::read(&text) {
                    Some(query) => self.show(query, Policy::Latest, cx),
                    None => cx.say(Tone::Mind, "nothing to find was typed"),
                }
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

    fn paste(&mut self, text: &str, _cx: &mut Cx<'_>) -> bool {
        self.field.as_mut().map(|field| field.paste(text)).is_some()
    }

    fn cancel(&mut self) -> bool {
        if self.field.take().is_some() {
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
                self.ask_details(Policy::Latest, cx);
            }
        }
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        super::grids::devices(&self.devices(store), &self.heading(store))
    }

    fn grid_row(&self) -> Option<usize> {
        Some(self.list.cursor())
    }

    fn heading(&self, store: &Store) -> String {
        let words = match &self.query {
            None => String::new(),
            Some(Query::Did(did)) => format!("did {did}"),
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
mod tests {
    use super::*;

    #[test]
    fn a_query_is_read_as_a_person_writes_it() {
        let find = |text: &str| Some(Query::Find(text.into()));
        for (text, query) in [
            ("823", Some(Query::Did(823))),
            ("did 823", Some(Query::Did(823))),
            ("-5", Some(Query::Did(-5))),
            ("tag:Web DMZ", Some(Query::Tag("Web DMZ".into()))),
            ("tag:\"Web DMZ\"", Some(Query::Tag("Web DMZ".into()))),
            (" 10.0.0.1 ", find("10.0.0.1")),
            ("web-02", find("web-02")),
            ("  ", None),
        ] {
            assert_eq!(DevicesPane::read(text), query, "{text}");
        }
    }
}
