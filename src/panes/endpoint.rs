//! Look-up of external endpoints: any form of input, refanged and typed; one at a time, or a pasted list of them.
//!
//! What is missing is `-`, never 0, and what was not asked says so. Nothing is asked of a name server: Darktrace alone
//! answers.

mod batch;
mod breached;
mod draw;

use std::collections::{HashMap, HashSet};
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent};
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::lookup::{self, Batch, Flags, named};
use super::paint::Look;
use super::{Pane, Rows};
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::endpoints::{Endpoint, EndpointReport};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::export;
use crate::job::Policy;
use crate::store::{Remote, Store};
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;
use batch::Given;

/// Look-ups the session remembers.
const KEPT: usize = 100;

/// Which part has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    /// The devices that talked to the endpoint.
    #[default]
    Devices,
    /// The session's look-ups.
    Past,
    /// The pasted list.
    Batch,
}

/// What the open field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asks {
    One,
    Many,
}

/// The pane.
#[derive(Default)]
pub struct EndpointPane {
    endpoint: Option<Endpoint>,
    part: Part,
    devices: ListState,
    /// Look-ups of the session, newest first.
    past: Vec<(Endpoint, Timestamp)>,
    past_list: ListState,
    flags: Flags,
    /// What was asked about each endpoint.
    asked: HashMap<Endpoint, Flags>,
    field: Option<(Asks, Field)>,
    /// Which of the three options has the keyboard while the field is open; 0 is the text.
    option: usize,
    history: Vec<String>,
    given: Vec<Given>,
    /// How many pasted texts were beyond the limit.
    surplus: usize,
    marked: HashSet<usize>,
    given_list: ListState,
    batch: Batch,
    rest: breached::Rest,
}

impl Rows for EndpointPane {
    const ID: PaneId = PaneId::Endpoint;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "endpoint.find",
            title: "look up an address, host name or URL",
            keys: &["/"],
            hint: "look up",
            ready: always,
            run: |pane, _| pane.find(Asks::One),
        },
        Row {
            id: "endpoint.import",
            title: "look up many: paste a list, or name a file",
            keys: &["i"],
            hint: "many",
            ready: always,
            run: |pane, _| pane.find(Asks::Many),
        },
        Row {
            id: "endpoint.open",
            title: "open what is under the cursor: a device, or an earlier look-up",
            keys: &["enter"],
            hint: "open",
            ready: has_row,
            run: Self::open_row,
        },
        Row {
            id: "endpoint.device",
            title: "open the device under the cursor",
            keys: &["d"],
            hint: "device",
            ready: has_device,
            run: Self::open_device,
        },
        Row {
            id: "endpoint.watch",
            title: "put it on the watched list, or all that are marked…",
            keys: &["w"],
            hint: "watch",
            ready: has_some,
            run: Self::watch,
        },
        Row {
            id: "endpoint.search",
            title: "search for what talked to it",
            keys: &["a"],
            hint: "search",
            ready: has_endpoint,
            run: |pane, cx| {
                let query = pane.chosen().and_then(|one| lookup::query(named(&one).0));
                if let Some(query) = query {
                    cx.go(PaneId::Search, Some(Target::Search(query)));
                }
            },
        },
        Row {
            id: "endpoint.mark",
            title: "mark it in the pasted list and go down",
            keys: &["space"],
            hint: "",
            ready: in_batch,
            run: Self::mark,
        },
        Row {
            id: "endpoint.next-part",
            title: "next part: devices, look-ups of the session, pasted list",
            keys: &["tab"],
            hint: "parts",
            ready: always,
            run: |pane, _| pane.turn(1),
        },
        Row {
            id: "endpoint.previous-part",
            title: "previous part",
            keys: &["s-tab"],
            hint: "",
            ready: always,
            run: |pane, _| pane.turn(-1),
        },
    ];
}

fn has_device(pane: &EndpointPane, store: &Store) -> Ready {
    pane.device(store).map(|_| ()).ok_or("there is no device under the cursor".into())
}

fn has_row(pane: &EndpointPane, store: &Store) -> Ready {
    let full = match pane.part {
        Part::Devices => return has_device(pane, store),
        Part::Past => pane.past.get(pane.past_list.cursor()).is_some(),
        Part::Batch => pane.chosen().is_some(),
    };
    if full { Ok(()) } else { Err("there is nothing to open under the cursor".into()) }
}

fn has_some(pane: &EndpointPane, store: &Store) -> Ready {
    if pane.part == Part::Batch && !pane.marked.is_empty() {
        return Ok(());
    }
    has_endpoint(pane, store)
}

fn has_endpoint(pane: &EndpointPane, _: &Store) -> Ready {
    pane.chosen()
        .map(|_| ())
        .ok_or("nothing is looked up: / takes an address, host name or URL".into())
}

fn in_batch(pane: &EndpointPane, _: &Store) -> Ready {
    if pane.part == Part::Batch && !pane.given.is_empty() {
        Ok(())
    } else {
        Err("marks are for a pasted list; paste one, or i".into())
    }
}

impl EndpointPane {
    fn report<'a>(&self, store: &'a Store) -> Option<&'a Remote<EndpointReport>> {
        store.endpoints.get(self.endpoint.as_ref()?)
    }

    fn met<'a>(&self, store: &'a Store) -> &'a [Device] {
        let report = self.report(store).and_then(Remote::value);
        report.and_then(|report| report.devices.as_deref()).unwrap_or_default()
    }

    fn device<'a>(&self, store: &'a Store) -> Option<&'a Device> {
        if self.part != Part::Devices {
            return None;
        }
        self.met(store).get(self.devices.cursor())
    }

    /// The endpoint a key is about: the one under the cursor of a list of endpoints, else the one that is shown.
    fn chosen(&self) -> Option<Endpoint> {
        match self.part {
            Part::Devices => self.endpoint.clone(),
            Part::Past => {
                let past = self.past.get(self.past_list.cursor());
                past.map(|(endpoint, _)| endpoint.clone())
            }
            Part::Batch => {
                let given = self.given.get(self.given_list.cursor())?;
                given.endpoint.clone().ok()
            }
        }
    }

    fn find(&mut self, asks: Asks) {
        let field = match asks {
            Asks::One => Field::new("look up: ")
                .placeholder("address, host or URL; defanged is fine")
                .history(self.history.clone()),
            Asks::Many => Field::new("look up many: ").placeholder("paste the list here, or @file"),
        };
        self.option = 0;
        self.field = Some((asks, field));
    }

    fn turn(&mut self, by: isize) {
        let parts = [Part::Devices, Part::Past, Part::Batch];
        let len = if self.given.is_empty() { 2 } else { 3 };
        let here = parts.iter().position(|part| *part == self.part);
        let next = (here.unwrap_or(0) as isize + by).rem_euclid(len);
        self.part = parts[next as usize];
    }

    fn open_device(&mut self, cx: &mut Cx<'_>) {
        match self.device(cx.store).and_then(|device| device.did) {
            Some(did) if did > 0 => cx.go(PaneId::Devices, Some(Target::Device(did))),
            Some(did) => cx.say(Tone::Mind, format!("{did} is a group of devices, not a device")),
            None => cx.say(Tone::Mind, "it has no id to open it by"),
        }
    }

    fn open_row(&mut self, cx: &mut Cx<'_>) {
        if self.part == Part::Devices {
            return self.open_device(cx);
        }
        if let Some(endpoint) = self.chosen() {
            self.part = Part::Devices;
            self.show(endpoint, Policy::Join, cx);
        }
    }

    /// Turns one of the three options on or off.
    fn flip(&mut self, option: usize) {
        let flag = match option {
            1 => &mut self.flags.info,
            2 => &mut self.flags.devices,
            3 => &mut self.flags.score,
            _ => return,
        };
        *flag = !*flag;
    }

    fn look_up(&mut self, text: &str, cx: &mut Cx<'_>) {
        match lookup::read(text) {
            Ok(endpoint) => self.show(endpoint, Policy::Latest, cx),
            Err(why) => cx.say(Tone::Mind, why),
        }
    }

    /// Shows an endpoint, and asks about it unless it only joins what is known.
    fn show(&mut self, endpoint: Endpoint, policy: Policy, cx: &mut Cx<'_>) {
        if self.endpoint.as_ref() != Some(&endpoint) {
            self.devices = ListState::default();
        }
        self.part = Part::Devices;
        let known = lookup::report(cx.store, &endpoint).is_some();
        if policy == Policy::Latest || !self.past.iter().any(|(past, _)| *past == endpoint) {
            self.past.retain(|(past, _)| *past != endpoint);
            self.past.insert(0, (endpoint.clone(), cx.now.wall));
            self.past.truncate(KEPT);
        }
        self.endpoint = Some(endpoint);
        if policy == Policy::Latest || !known {
            self.ask(policy, cx);
        }
    }

    fn ask(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        let Some(endpoint) = self.endpoint.clone() else {
            return;
        };
        // An answer to what was asked with other options must not come after this one.
        let before = self.asked.insert(endpoint.clone(), self.flags);
        if let Some(before) = before.filter(|before| *before != self.flags)
            && let Some(slot) = lookup::slot(&lookup::details(endpoint.clone(), before))
        {
            cx.store.cancel(&slot);
        }
        cx.store.ask(lookup::details(endpoint, self.flags), policy, cx.now);
    }

    fn submit(&mut self, cx: &mut Cx<'_>) {
        let Some((asks, field)) = &mut self.field else {
            return;
        };
        // A refused text stays in the field, to be mended.
        let text = field.text().to_owned();
        match asks {
            // Nothing but options was changed: what is shown is asked again with them.
            Asks::One if text.trim().is_empty() && self.endpoint.is_some() => {
                self.field = None;
                self.ask(Policy::Latest, cx);
            }
            Asks::One => {
                if lookup::read(&text).is_ok() {
                    field.take();
                    self.history = field.entries().to_vec();
                    self.field = None;
                }
                self.look_up(&text, cx);
            }
            Asks::Many => {
                let read = match text.trim().strip_prefix('@') {
                    Some(path) => lookup::read_file(path.trim()),
                    None => Ok(text),
                };
                match read {
                    Ok(text) => {
                        self.field = None;
                        self.look_up_many(&text, cx);
                    }
                    Err(why) => cx.say(Tone::Mind, why),
                }
            }
        }
    }

    /// A key for the options beside the field. `false` when it is for the text.
    fn option_key(&mut self, key: KeyEvent) -> bool {
        match key.code {
            KeyCode::Tab => self.option = (self.option + 1) % 4,
            KeyCode::BackTab => self.option = (self.option + 3) % 4,
            KeyCode::Char(' ') if self.option > 0 => self.flip(self.option),
            KeyCode::Char(_) | KeyCode::Backspace
                if self.option > 0 && key.modifiers.is_empty() =>
            {
                // Typing goes on with the text.
                self.option = 0;
                return false;
            }
            _ => return false,
        }
        true
    }
}

impl Pane for EndpointPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        match target {
            Some(Target::Endpoint(text)) if lookup::texts(&text).nth(1).is_some() => {
                self.look_up_many(&text, cx);
            }
            Some(Target::Endpoint(text)) => self.look_up(&text, cx),
            _ if self.endpoint.is_none()
                && self.given.is_empty()
                && !cx.prefs.absent.contains(&crate::api::Product::Darktrace) =>
            {
                self.find(Asks::One);
            }
            _ => {}
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        if self.part == Part::Batch {
            self.look_up_rest(cx);
            if !self.batch.is_running() {
                cx.say(Tone::Fine, "every one of the list is looked up");
            }
        } else {
            self.ask(Policy::Latest, cx);
        }
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        self.batch.step(cx);
        let len = self.met(cx.store).len();
        if self.devices.cursor() >= len {
            self.devices.select(len.saturating_sub(1));
        }
        self.follow(cx);
    }

    fn moved(&mut self, cx: &mut Cx<'_>) {
        self.follow(cx);
    }

    fn deadline(&self) -> Option<Instant> {
        self.rest.at
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        self.ask_breaches(cx);
    }

    fn place(&self) -> Option<Target> {
        // The pasted list is where it was when one comes back: nothing else is shown instead.
        let shown = self.endpoint.as_ref().filter(|_| self.part != Part::Batch);
        shown.map(|endpoint| Target::Endpoint(named(endpoint).0.to_owned()))
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some(match self.part {
            Part::Devices => {
                let len = self.met(store).len();
                (&mut self.devices, len)
            }
            Part::Past => (&mut self.past_list, self.past.len()),
            Part::Batch => (&mut self.given_list, self.given.len()),
        })
    }

    fn typing(&self) -> bool {
        self.field.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        match &self.field {
            Some((Asks::Many, _)) => &[("Enter", "look them up"), ("^G", "leave")],
            _ => &[("Enter", "look up"), ("Tab", "options"), ("^G", "leave")],
        }
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some((asks, _)) = &self.field else {
            return false;
        };
        if *asks == Asks::One && self.option_key(key) {
            return true;
        }
        let Some((_, field)) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                self.submit(cx);
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

    /// Several lines are a list, wherever they are pasted; one line goes into the field.
    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        if text.lines().filter(|line| !line.trim().is_empty()).count() > 1 {
            self.field = None;
            self.look_up_many(text, cx);
            return true;
        }
        if self.field.is_none() {
            self.find(Asks::One);
        }
        if let Some((_, field)) = &mut self.field {
            field.paste(text);
        }
        true
    }

    fn cancel(&mut self) -> bool {
        if self.field.take().is_some() {
            return true;
        }
        if self.part == Part::Batch && !self.marked.is_empty() {
            self.marked.clear();
            return true;
        }
        // What waits is forgotten; the shell cancels what is under way.
        self.batch.forget();
        let moved = self.part == Part::Past;
        if moved {
            self.part = Part::Devices;
        }
        moved
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        if self.part == Part::Batch {
            return Some(self.batch_grid(store));
        }
        let report = self.report(store)?.value()?;
        Some(super::grids::endpoint(named(self.endpoint.as_ref()?).0, report))
    }

    fn take(
        &self,
        what: crate::command::Take,
        store: &Store,
        _prefs: &crate::command::Prefs,
    ) -> Option<String> {
        let chosen = self.chosen()?;
        let report = lookup::report(store, &chosen);
        super::grids::endpoint_taken(what, named(&chosen).0, report)
    }

    fn heading(&self, _store: &Store) -> String {
        match (self.part, &self.endpoint) {
            (Part::Batch, _) => format!("{} pasted", self.given.len()),
            (_, Some(endpoint)) => export::defang(named(endpoint).0),
            (_, None) => String::new(),
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
