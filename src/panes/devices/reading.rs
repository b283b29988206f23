//! What Devices shows, out of the store, and what it asks for to fill it.

use super::{DevicesPane, Part, Query, parts};
use crate::api::darktrace::devices::{
    Device, DeviceById, DeviceSearch, Order, OrderBy, SimilarDevices,
};
use crate::api::darktrace::tags::{DeviceTags, Tag, TaggedDevices};
use crate::command::{Cx, Tone};
use crate::job::Policy;
use crate::panes::Pane;
use crate::store::{Remote, Store, Subject};
use crate::ui::table::ListState;

/// Similar devices asked for.
const SIMILAR: u32 = 10;

/// Lists whose place of the cursor is remembered.
const LEFT: usize = 50;

/// Devices on a page of a search.
const PAGE: u32 = 100;

/// What a saved search is filled with when one comes from this device.
pub(super) fn subject(device: &Device) -> Option<Subject> {
    let did = device.did.filter(|did| *did > 0)?;
    Some(Subject {
        of: format!("device {did}"),
        ip: device.ip.clone(),
        did: Some(did.to_string()),
        host: device.hostname.clone(),
        src: device.ip.clone(),
        ..Subject::default()
    })
}

impl DevicesPane {
    /// The devices of the list.
    pub(super) fn devices<'a>(&self, store: &'a Store) -> Vec<&'a Device> {
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

    pub(super) fn device<'a>(&self, store: &'a Store) -> Option<&'a Device> {
        self.devices(store).get(self.list.cursor()).copied()
    }

    /// The device of the cursor; also when the server knows no more of it than its number.
    pub(super) fn did(&self, store: &Store) -> Option<i64> {
        self.device(store).and_then(|device| device.did).or(match self.query {
            Some(Query::Did(did)) => Some(did),
            _ => None,
        })
    }

    pub(super) fn tags_of<'a>(&self, store: &'a Store) -> &'a [Tag] {
        let tags = self
            .did(store)
            .and_then(|did| store.device_tags.get(&did))
            .and_then(|remote| remote.value());
        tags.map_or(&[], Vec::as_slice)
    }

    pub(super) fn tag<'a>(&self, store: &'a Store) -> Option<&'a Tag> {
        self.tags_of(store).get(self.tags.cursor())
    }

    /// Devices that behave alike, the most alike first.
    pub(super) fn alike_of<'a>(&self, store: &'a Store) -> Vec<&'a Device> {
        let alike = self
            .did(store)
            .and_then(|did| store.similar.get(&did))
            .and_then(|remote| remote.value());
        let mut alike: Vec<&Device> = alike.into_iter().flatten().collect();
        let score = |device: &Device| device.score.unwrap_or(f64::MIN);
        alike.sort_by(|a, b| score(b).total_cmp(&score(a)));
        alike
    }

    pub(super) fn alike<'a>(&self, store: &'a Store) -> Option<&'a Device> {
        self.alike_of(store).get(self.similar.cursor()).copied()
    }

    /// Whom the device talks to.
    pub(super) fn met<'a>(&self, store: &'a Store) -> Vec<parts::Met<'a>> {
        self.graph(store).and_then(Remote::value).map_or_else(Vec::new, parts::peers)
    }

    /// The text that was searched, how many devices are here, and how many there are.
    pub(super) fn reach(&self, store: &Store) -> Option<(String, u64, Option<u64>)> {
        let Some(Query::Find(text)) = &self.query else {
            return None;
        };
        let page = store.device_lists.get(text)?.value()?;
        Some((text.clone(), page.devices.len() as u64, page.total))
    }

    pub(super) fn show(&mut self, query: Query, policy: Policy, cx: &mut Cx<'_>) {
        if self.query.as_ref() != Some(&query) {
            // Whoever comes back to a list finds the cursor on the device they left.
            if let (Some(before), Some(did)) = (self.query.clone(), self.did(cx.store)) {
                self.left.retain(|(other, _)| *other != before);
                self.left.push((before, did));
                let surplus = self.left.len().saturating_sub(LEFT);
                self.left.drain(..surplus);
            }
            self.wanted = self.left.iter().find(|(other, _)| *other == query).map(|(_, did)| *did);
            self.list = ListState::default();
            self.asked = None;
            self.part = Part::List;
        }
        self.query = Some(query);
        self.find_again(cx.store);
        self.ask_list(policy, cx);
        self.rest = Some(cx.now.instant);
        self.tick(cx);
    }

    /// Puts the cursor on the device that is wanted, once it is listed.
    pub(super) fn find_again(&mut self, store: &Store) {
        let wanted = self.wanted;
        let listed = self.devices(store);
        let at = wanted.and_then(|did| listed.iter().position(|one| one.did == Some(did)));
        if let Some(at) = at {
            self.list.select(at);
            self.wanted = None;
        }
    }

    pub(super) fn ask_list(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        match self.query.clone() {
            Some(Query::Did(did)) if did > 0 => cx.store.ask(DeviceById { did }, policy, cx.now),
            Some(Query::Did(did)) => {
                cx.say(Tone::Mind, format!("{did} is a group of devices, not a device"))
            }
            Some(Query::Find(query)) => cx.store.ask(search(query, 0), policy, cx.now),
            Some(Query::Tag(tag)) => cx.store.ask(TaggedDevices { tag }, policy, cx.now),
            None => {}
        }
    }

    pub(super) fn ask_details(&mut self, policy: Policy, anew: bool, cx: &mut Cx<'_>) {
        let Some(did) = self.did(cx.store).filter(|did| *did > 0) else {
            return;
        };
        if self.asked != Some(did) {
            self.tags = ListState::default();
            self.similar = ListState::default();
            self.peers = ListState::default();
            self.breaches = ListState::default();
        }
        self.asked = Some(did);
        cx.store.ask(DeviceTags { did }, policy, cx.now);
        cx.store.ask(SimilarDevices { did, count: SIMILAR, full: false }, policy, cx.now);
        self.ask_chart(anew, cx);
        self.ask_breaches(policy, cx);
    }

    /// Asks for the chart unless it is here; a person who refreshes gets it anew.
    pub(super) fn ask_chart(&mut self, anew: bool, cx: &mut Cx<'_>) {
        let Some(did) = self.did(cx.store).filter(|did| *did > 0) else {
            return;
        };
        let wanted = self.connections_of(did);
        let known = cx.store.connections.get(&wanted);
        if anew || known.is_none_or(|remote| remote.value().is_none() && !remote.pending) {
            cx.store.ask(wanted, Policy::Latest, cx.now);
        }
        self.numbers = ListState::default();
    }

    /// Reads the next page behind what is here.
    pub(super) fn more(&mut self, cx: &mut Cx<'_>) {
        if let Some((query, have, _)) = self.reach(cx.store) {
            cx.store.ask(search(query, have), Policy::Latest, cx.now);
        }
    }
}

/// A page of a search, the devices seen last first.
fn search(query: String, offset: u64) -> DeviceSearch {
    DeviceSearch { query, count: PAGE, offset, order_by: OrderBy::LastSeen, order: Order::Desc }
}
