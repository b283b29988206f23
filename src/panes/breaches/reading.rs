//! What Breaches shows, out of the store, and what it asks for to fill it.

use std::cmp::Ordering;
use std::collections::HashSet;

use jiff::{SignedDuration, Timestamp};

use super::{BreachesPane, Order, Part, REST, Reach, View};
use crate::api::darktrace::breaches::{
    Breach, BreachById, BreachDetails, Breaches, Comment, Comments, LogRow,
};
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::tags::DeviceTags;
use crate::command::{Cx, Tone};
use crate::job::Policy;
use crate::panes::{Pane, window};
use crate::store::breaches::{BreachList, CONNECTIONS, alerted};
use crate::store::{Remote, Store};
use crate::ui::table::ListState;

/// A list older than this is read again when a person comes back to it.
const STALE: SignedDuration = SignedDuration::from_secs(60);

/// From this score on a breach is called high: 0 to 1.
pub(super) const HIGH: f64 = 0.6;

/// Priority of models that are critical [OAS].
const CRITICAL: i64 = 5;

/// Whether a breach is of a critical model.
pub(super) fn is_critical(breach: &Breach) -> bool {
    let named = breach.model.category.as_deref();
    named.is_some_and(|category| category.eq_ignore_ascii_case("critical"))
        || breach.model.priority.is_some_and(|priority| priority >= CRITICAL)
}

impl View {
    pub(super) fn holds(self, breach: &Breach) -> bool {
        match self {
            Self::Open | Self::All => true,
            Self::High => breach.score.is_some_and(|score| score >= HIGH),
            Self::Critical => is_critical(breach),
        }
    }
}

impl Reach {
    /// The list to be asked for; the window is worked out at this moment.
    fn ask(&self, all: bool, now: Timestamp) -> Result<Breaches, String> {
        let window = window::parse(&self.window, now)?;
        Ok(Breaches {
            window: Some((window.from, window.to)),
            min_score: self.least.map(|least| least / 100.0),
            did: None,
            include_acknowledged: all,
        })
    }
}

/// Whether any word of a breach holds a text in small letters.
fn matches(breach: &Breach, wanted: &str) -> bool {
    let holds = |text: &str| text.to_lowercase().contains(wanted);
    let some = |text: &Option<String>| text.as_deref().is_some_and(holds);
    let device = |device: &Device| {
        some(&device.hostname)
            || some(&device.label)
            || some(&device.ip)
            || device.did.is_some_and(|did| did.to_string() == wanted)
            || device.tags.iter().flatten().any(|tag| some(&tag.name))
    };
    wanted.is_empty()
        || breach.pbid.to_string() == wanted
        || some(&breach.model.name)
        || some(&breach.model.category)
        || breach.model.tags.iter().any(|tag| holds(tag))
        || breach.device.as_ref().is_some_and(device)
}

fn compare(order: Order, a: &Breach, b: &Breach) -> Ordering {
    let score = |breach: &Breach| breach.score.unwrap_or(f64::NEG_INFINITY);
    let name = |breach: &Breach| {
        let name = breach.device.as_ref().and_then(Device::name).map(str::to_lowercase);
        (name.is_none(), name)
    };
    let first = match order {
        Order::Newest => Ordering::Equal,
        // no score is nothing to judge yet: after those that have one
        Order::Score => score(b).total_cmp(&score(a)),
        Order::Device => name(a).cmp(&name(b)),
        Order::Model => a.model.name.cmp(&b.model.name),
    };
    first.then_with(|| alerted(b).cmp(&alerted(a))).then_with(|| b.pbid.cmp(&a.pbid))
}

impl BreachesPane {
    /// The list the view is made of.
    pub(super) fn source<'a>(&self, store: &'a Store) -> &'a BreachList {
        store.breaches.list(self.view == View::All)
    }

    pub(super) fn breach<'a>(&self, store: &'a Store) -> Option<&'a Breach> {
        store.breaches.get(self.chosen?)
    }

    /// The device of the breach under the cursor.
    pub(super) fn did(&self, store: &Store) -> Option<i64> {
        self.breach(store)?.device.as_ref()?.did
    }

    /// The connections behind the breach under the cursor.
    pub(super) fn log<'a>(&self, store: &'a Store) -> &'a [LogRow] {
        let log = self.chosen.and_then(|pbid| store.breaches.logs.get(&pbid));
        log.and_then(Remote::value).map_or(&[], |log| log.rows.as_slice())
    }

    pub(super) fn comments<'a>(&self, store: &'a Store) -> &'a [Comment] {
        let comments = self.chosen.and_then(|pbid| store.breaches.comments.get(&pbid));
        comments.and_then(Remote::value).map_or(&[], Vec::as_slice)
    }

    /// What the view and the filter let through of the last answer, in the chosen order.
    fn wanted(&self, store: &Store) -> Vec<i64> {
        if let Some(pbid) = self.only {
            return vec![pbid];
        }
        let wanted = self.filter.to_lowercase();
        let mut found: Vec<&Breach> = self
            .source(store)
            .ids()
            .iter()
            .filter_map(|pbid| store.breaches.get(*pbid))
            .filter(|breach| self.view.holds(breach) && matches(breach, &wanted))
            .collect();
        found.sort_by(|a, b| compare(self.order, a, b));
        let mut ids: Vec<i64> = found.into_iter().map(|breach| breach.pbid).collect();
        // equal numbers have become one breach, and so stand side by side
        ids.dedup();
        ids
    }

    /// Makes the list anew; the cursor stays on its breach, and the breach stays where it is on the screen.
    pub(super) fn make(&mut self, store: &Store) {
        let before = self.list.cursor();
        self.shown = self.wanted(store);
        self.newer = 0;
        let place = self.chosen.and_then(|pbid| self.shown.iter().position(|one| *one == pbid));
        match place {
            Some(place) => self.list.shift(place as isize - before as isize),
            None => self.list.select(before.min(self.shown.len().saturating_sub(1))),
        }
        let chosen = self.shown.get(self.list.cursor()).copied();
        if chosen != self.chosen {
            self.chosen = chosen;
            self.connections = ListState::default();
            self.top = 0;
        }
    }

    /// Follows what has landed: makes the list if one is wanted, else counts what is new.
    pub(super) fn settle(&mut self, cx: &mut Cx<'_>) {
        let list = self.source(cx.store);
        let read = list.page.value().is_some() && !list.page.pending;
        if self.only.is_some() {
            self.make(cx.store);
        } else if self.thawed && read {
            self.thawed = false;
            self.make(cx.store);
        } else if !self.thawed {
            let shown: HashSet<i64> = self.shown.iter().copied().collect();
            self.newer = self.wanted(cx.store).iter().filter(|pbid| !shown.contains(pbid)).count();
        }
        if self.chosen.is_some() && self.chosen != self.asked && self.rest.is_none() {
            self.rest = Some(cx.now.instant + REST);
        }
    }

    /// Reads the list of the view, and for all breaches the open ones too: only both together tell what is acknowledged.
    pub(super) fn ask_lists(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        let lists: &[bool] = if self.view == View::All { &[false, true] } else { &[false] };
        for all in lists {
            match self.reach.ask(*all, cx.now.wall) {
                Ok(asked) => {
                    self.reached[usize::from(*all)] = Some(self.reach.clone());
                    cx.store.list_breaches(asked, policy, cx.now);
                }
                Err(why) => cx.say(Tone::Mind, why),
            }
        }
    }

    /// Shows another view: of what is here if that was read for the same reach, else of what is read now.
    pub(super) fn show_view(&mut self, cx: &mut Cx<'_>) {
        self.top = 0;
        let list = self.source(cx.store);
        let same = self.reached[usize::from(self.view == View::All)].as_ref() == Some(&self.reach);
        if list.page.value().is_some() && same {
            self.thawed = false;
            self.make(cx.store);
            self.rest = Some(cx.now.instant + REST);
        } else {
            self.thawed = true;
            self.shown.clear();
            self.newer = 0;
            self.ask_lists(Policy::Latest, cx);
        }
    }

    /// Shows one breach, whatever list it may be in.
    pub(super) fn show_one(&mut self, pbid: i64, cx: &mut Cx<'_>) {
        self.only = Some(pbid);
        self.chosen = Some(pbid);
        self.part = Part::Info;
        self.top = 0;
        self.list = ListState::default();
        cx.store.ask(BreachById { pbid }, Policy::Latest, cx.now);
        self.make(cx.store);
        self.rest = Some(cx.now.instant);
        self.tick(cx);
    }

    /// A person comes to the pane: an old list is read again, behind what is shown.
    pub(super) fn come_back(&mut self, cx: &mut Cx<'_>) {
        self.only = None;
        let list = self.source(cx.store);
        let old = list.page.fetched.is_none_or(|at| cx.now.wall.duration_since(at) > STALE);
        if list.page.value().is_none() || self.shown.is_empty() {
            self.thawed = true;
        }
        if old && !list.page.pending {
            self.ask_lists(Policy::Join, cx);
        }
        // What was asked about the breach under the cursor was cancelled when the pane was left.
        self.asked = None;
        self.settle(cx);
    }

    /// A person asks for what is new: what was counted is taken in, and everything shown is read again.
    pub(super) fn read_again(&mut self, cx: &mut Cx<'_>) {
        if let Some(pbid) = self.only {
            cx.store.ask(BreachById { pbid }, Policy::Latest, cx.now);
        } else {
            if self.newer > 0 {
                self.make(cx.store);
            }
            self.thawed |= self.shown.is_empty();
            self.ask_lists(Policy::Latest, cx);
        }
        self.ask_details(Policy::Latest, cx);
    }

    /// Asks for comments, connections and the device's tags; what is here already only when a person wants it anew.
    pub(super) fn ask_details(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        let Some(pbid) = self.chosen else { return };
        self.asked = Some(pbid);
        let anew = policy == Policy::Latest;
        let book = &cx.store.breaches;
        let comments = book.comments.get(&pbid).is_none_or(Remote::is_untouched);
        let log = book.logs.get(&pbid).is_none_or(Remote::is_untouched);
        if anew || comments {
            cx.store.ask(Comments { pbid }, policy, cx.now);
        }
        if anew || log {
            cx.store.ask(BreachDetails { pbid, count: CONNECTIONS }, policy, cx.now);
        }
        if let Some(did) = self.did(cx.store).filter(|did| *did > 0)
            && (anew || cx.store.device_tags.get(&did).is_none_or(Remote::is_untouched))
        {
            cx.store.ask(DeviceTags { did }, policy, cx.now);
        }
    }
}
