//! What Darktrace knows of an event's addresses: which it is asked, when, and what it has answered.
//!
//! Asked only after the cursor has rested, for the event under it and then for the next few, a few questions at a time; each
//! once. Answers stay in the store with the time they were read. Leaving the pane or `^G` ends the asking.

use std::time::{Duration, Instant};

use super::known::{Address, Known};
use crate::api::Product;
use crate::api::darktrace::connections::{ConnectionInfo, DeviceInfo};
use crate::api::darktrace::device_breaches::DeviceBreaches;
use crate::api::darktrace::devices::{Device, DevicePage, DeviceSearch, Order, OrderBy};
use crate::api::darktrace::endpoints::{EndpointDetails, EndpointReport};
use crate::api::darktrace::tags::{DeviceTags, Tag};
use crate::command::Cx;
use crate::job::Policy;
use crate::panes::rest::{Rest, fresh};
use crate::store::{EventKey, Remote, Store};

/// Whose reads these are: the pane's, but not worth a line of their own.
pub(super) const OWNER: &str = "triage.context";

/// How much longer the cursor stays before the device's breaches are asked: who labels at pace does not pay for them.
const LINGER: Duration = Duration::from_millis(400);

/// Questions under way at once.
const AT_ONCE: usize = 4;

/// Events after the one under the cursor that are asked about.
pub(super) const AHEAD: usize = 4;

/// When to ask.
#[derive(Debug)]
pub(super) struct Context {
    /// For what is asked of every event.
    rest: Rest,
    /// For what is asked only of the event a person stays on.
    stay: Rest,
}

impl Default for Context {
    fn default() -> Self {
        Self { rest: Rest::default(), stay: Rest::longer(LINGER) }
    }
}

impl Context {
    /// The cursor is on another event.
    pub(super) fn moved(&mut self, now: Instant) {
        self.rest.moved(now);
        self.stay.moved(now);
    }

    /// A person stopped it.
    pub(super) fn stop(&mut self) {
        self.rest.stop();
        self.stay.stop();
    }

    /// When [`Self::tick`] is wanted.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.rest.deadline().or(self.stay.deadline())
    }

    /// Looks at the clock.
    pub(super) fn tick(&mut self, now: Instant) {
        self.rest.tick(now);
        self.stay.tick(now);
    }

    /// Asks what is not known yet of these events, the first one first.
    pub(super) fn ask(&self, events: &[EventKey], cx: &mut Cx<'_>) {
        if !self.rest.open || cx.prefs.absent.contains(&Product::Darktrace) {
            return;
        }
        let before = std::mem::replace(&mut cx.store.owner, OWNER);
        for event in events {
            let view = View::of(cx.store, event);
            let (internal, external) = (view.internal, view.external);
            let did = view.device.and_then(|device| device.did);
            if let Some(address) = internal {
                fresh(search(&address), AT_ONCE, cx);
            }
            if let Some(did) = did.filter(|did| *did > 0) {
                fresh(DeviceTags { did }, AT_ONCE, cx);
                fresh(connections(did), AT_ONCE, cx);
            }
            if let Some(address) = external {
                fresh(look_up(&address), AT_ONCE, cx);
            }
        }
        // The last of all, and only where the cursor stays.
        let idle = cx.store.jobs.live().all(|(_, live)| live.owner != OWNER);
        let did = events.first().and_then(|event| View::of(cx.store, event).device?.did);
        if let Some(did) = did.filter(|did| self.stay.open && idle && *did > 0) {
            fresh(DeviceBreaches::recent(did, cx.now.wall), AT_ONCE, cx);
        }
        cx.store.owner = before;
    }

    /// Asks everything of one event again: a person wants it.
    pub(super) fn again(&mut self, event: &EventKey, cx: &mut Cx<'_>) {
        if cx.prefs.absent.contains(&Product::Darktrace) {
            return;
        }
        self.rest.open = true;
        let before = std::mem::replace(&mut cx.store.owner, OWNER);
        let view = View::of(cx.store, event);
        let (internal, external) = (view.internal, view.external);
        let did = view.device.and_then(|device| device.did);
        if let Some(address) = internal {
            cx.store.ask(search(&address), Policy::Latest, cx.now);
        }
        if let Some(did) = did.filter(|did| *did > 0) {
            cx.store.ask(DeviceTags { did }, Policy::Latest, cx.now);
            cx.store.ask(connections(did), Policy::Latest, cx.now);
            cx.store.ask(DeviceBreaches::recent(did, cx.now.wall), Policy::Latest, cx.now);
        }
        if let Some(address) = external {
            cx.store.ask(look_up(&address), Policy::Latest, cx.now);
        }
        cx.store.owner = before;
    }
}

/// The device search that finds an address or a host name.
fn search(address: &Address) -> DeviceSearch {
    let field = if address.is_ip() { "ip" } else { "hostname" };
    DeviceSearch {
        query: format!("{field}:\"{}\"", address.text.replace('"', "")),
        count: 5,
        offset: 0,
        order_by: OrderBy::LastSeen,
        order: Order::Desc,
    }
}

fn connections(did: i64) -> ConnectionInfo {
    ConnectionInfo { did, ..ConnectionInfo::default() }
}

fn look_up(address: &Address) -> EndpointDetails {
    EndpointDetails {
        endpoint: address.endpoint(),
        additional_info: true,
        devices: true,
        score: true,
    }
}

/// What there is to show.
pub(super) struct View<'a> {
    /// The first internal address or host of the event.
    pub internal: Option<Address>,
    /// The first external one.
    pub external: Option<Address>,
    /// What the search for the internal one found.
    pub search: Option<&'a Remote<DevicePage>>,
    /// The device it is.
    pub device: Option<&'a Device>,
    pub tags: Option<&'a Remote<Vec<Tag>>>,
    pub connections: Option<&'a Remote<DeviceInfo>>,
    pub peer: Option<&'a Remote<EndpointReport>>,
}

impl<'a> View<'a> {
    pub(super) fn of(store: &'a Store, event: &EventKey) -> Self {
        let addresses = Known::of(store, event).addresses();
        let internal = addresses.iter().find(|one| one.internal).cloned();
        let external = addresses.into_iter().find(|one| !one.internal);
        let search =
            internal.as_ref().and_then(|address| store.device_lists.get(&search(address).query));
        let device = search.and_then(Remote::value).and_then(|page| {
            let exact = internal.as_ref().and_then(|address| {
                page.devices
                    .iter()
                    .find(|device| device.ip.as_deref() == Some(address.text.as_str()))
            });
            exact.or_else(|| page.devices.first())
        });
        let did = device.and_then(|device| device.did);
        Self {
            search,
            device,
            tags: did.and_then(|did| store.device_tags.get(&did)),
            connections: did.and_then(|did| store.connections.get(&connections(did))),
            peer: external.as_ref().and_then(|address| store.endpoints.get(&address.endpoint())),
            internal,
            external,
        }
    }
}
