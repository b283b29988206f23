//! Opening jobs and events, reading them again, and going from a value to what it names.

use super::known::{self, Known};
use super::view::View;
use super::{PAGE, Part, TriagePane};
use crate::api::arcanna::events::{EventStatus, ExportEvent};
use crate::api::arcanna::jobs::DecisionSet;
use crate::api::arcanna::query::QueryEvents;
use crate::api::arcanna::{EventId, JobId};
use crate::api::value::Time;
use crate::command::{Cx, PaneId, Target, Tone};
use crate::job::Policy;
use crate::store::{EventKey, Store, Subject};
use crate::ui::table::ListState;

impl TriagePane {
    pub(super) fn open_job(&mut self, job: JobId, cx: &mut Cx<'_>) {
        if self.job.as_ref() != Some(&job) {
            // What belongs to the job goes with it; notes that were written stay.
            *self = Self {
                job: Some(job.clone()),
                notes: std::mem::take(&mut self.notes),
                histories: std::mem::take(&mut self.histories),
                list: ListState::default(),
                generation: u64::MAX,
                ..Self::default()
            };
        }
        let untouched = cx.store.queues.entry(job.clone()).or_default().page.is_untouched();
        if untouched {
            cx.store.ask(QueryEvents::newest(job.clone(), PAGE), Policy::Join, cx.now);
        }
        if cx.store.labels(&job).is_none() {
            cx.store.ask(DecisionSet { job }, Policy::Join, cx.now);
        }
    }

    pub(super) fn open_event(&mut self, job: JobId, event: EventId, cx: &mut Cx<'_>) {
        self.open_job(job.clone(), cx);
        let queue = cx.store.queues.entry(job.clone()).or_default();
        let before = queue.lines().len();
        queue.open(&event);
        if queue.lines().len() > before {
            self.list.shift(1);
        }
        self.part = Part::List;
        if queue.generation() != self.generation || self.place_of(&event).is_none() {
            // It may be outside of view and filter: a person who names an event wants to see it.
            if self.place_of(&event).is_none() {
                self.show_all();
            }
            self.reshow(cx);
        }
        self.put(Some(event.clone()), cx);
        cx.store.ask(
            EventStatus { job: job.clone(), event: event.clone() },
            Policy::Latest,
            cx.now,
        );
        let listed = self.queue(cx.store).and_then(|queue| queue.found(&event));
        if listed.is_none() {
            cx.store.ask(ExportEvent { job, event }, Policy::Latest, cx.now);
        }
    }

    /// Shows these events of a job as a view; those that are not listed are asked for.
    pub(super) fn open_named(
        &mut self,
        job: JobId,
        name: &'static str,
        events: Vec<EventId>,
        cx: &mut Cx<'_>,
    ) {
        self.open_job(job.clone(), cx);
        let queue = cx.store.queues.entry(job.clone()).or_default();
        let unknown: Vec<EventId> =
            events.iter().filter(|event| queue.found(event).is_none()).cloned().collect();
        queue.bring(&events);
        self.show_all();
        self.part = Part::List;
        self.event = events.first().cloned();
        self.view = View::Named(name, events);
        self.generation = u64::MAX;
        if !unknown.is_empty() {
            let size = unknown.len() as u32;
            let query = QueryEvents { event_ids: unknown, ..QueryEvents::newest(job, size) };
            cx.store.ask(query, Policy::Latest, cx.now);
        }
    }

    /// Enter: in the raw event it folds, on a decision point it follows the value, else the event is read again.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>) {
        match self.part {
            Part::Raw => self.raw.fold(),
            Part::Detail => self.follow_value(cx),
            Part::List => self.read_again(cx),
        }
    }

    /// Status, whole text and context of the event under the cursor.
    pub(super) fn read_again(&mut self, cx: &mut Cx<'_>) {
        let Some(current) = self.current() else {
            return;
        };
        self.context.again(&current, cx);
        let EventKey { job, event } = current;
        self.polls.forget(&event);
        cx.store.ask(
            EventStatus { job: job.clone(), event: event.clone() },
            Policy::Latest,
            cx.now,
        );
        cx.store.ask(ExportEvent { job, event }, Policy::Latest, cx.now);
    }

    pub(super) fn change_job(&mut self, by: isize, cx: &mut Cx<'_>) {
        let Some(jobs) = cx.store.job_list.value().filter(|jobs| !jobs.is_empty()) else {
            cx.say(Tone::Mind, "the jobs are not read yet");
            return;
        };
        let here = jobs.iter().position(|job| Some(&job.id) == self.job.as_ref()).unwrap_or(0);
        let there = (here as isize + by).rem_euclid(jobs.len() as isize) as usize;
        let job = jobs[there].id.clone();
        cx.go(PaneId::Triage, Some(Target::Job(job)));
    }

    pub(super) fn turn_part(&mut self, by: usize, cx: &mut Cx<'_>) {
        const PARTS: [Part; 3] = [Part::List, Part::Detail, Part::Raw];
        let here = PARTS.iter().position(|part| *part == self.part).unwrap_or(0);
        self.part = PARTS[(here + by) % PARTS.len()];
        self.scroll = 0;
        self.raw.follow(cx.store, self.current().as_ref(), self.part == Part::Raw);
        if self.part == Part::Raw
            && self.raw.len() == 0
            && let Some(EventKey { job, event }) = self.current()
        {
            cx.store.ask(ExportEvent { job, event }, Policy::Latest, cx.now);
        }
    }

    /// The value under the cursor of the detail or the raw event.
    pub(super) fn picked(&self, store: &Store) -> Option<String> {
        match self.part {
            Part::List => None,
            Part::Detail => {
                let event = self.current()?;
                let points = Known::of(store, &event).points();
                Some(points.get(self.point.cursor())?.1.clone())
            }
            Part::Raw => self.raw.value(),
        }
    }

    fn follow_value(&mut self, cx: &mut Cx<'_>) {
        match self.picked(cx.store).as_deref().and_then(known::address) {
            Some(address) if address.internal => self.device(cx),
            Some(_) => self.endpoint(cx),
            None => cx.say(Tone::Mind, "this value is no address and no host name"),
        }
    }

    pub(super) fn device(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let target = if let Some(value) = self.picked(cx.store) {
            let Some(address) = known::address(&value) else {
                return cx.say(Tone::Mind, "the value under the cursor names no device");
            };
            Target::Find(address.text)
        } else {
            let view = super::context::View::of(cx.store, &event);
            let did = view.device.and_then(|device| device.did);
            match (did.filter(|did| *did > 0), view.internal) {
                (Some(did), _) => Target::Device(did),
                (None, Some(address)) => Target::Find(address.text),
                (None, None) => {
                    return cx.say(Tone::Mind, "this event names no internal address");
                }
            }
        };
        cx.go(PaneId::Devices, Some(target));
    }

    pub(super) fn endpoint(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let address = match self.picked(cx.store) {
            Some(value) => known::address(&value),
            None => super::context::View::of(cx.store, &event).external,
        };
        match address {
            Some(address) => cx.go(PaneId::Endpoint, Some(Target::Endpoint(address.text))),
            None => cx.say(
                Tone::Mind,
                if self.part == Part::List {
                    "this event names no external address or host"
                } else {
                    "the value under the cursor is no address and no host name"
                },
            ),
        }
    }

    /// The address or host under the cursor; without one there, the event's external one, else its first.
    fn picked_address(&self, store: &Store) -> Option<known::Address> {
        if let Some(value) = self.picked(store) {
            return known::address(&value);
        }
        let view = super::context::View::of(store, &self.current()?);
        view.external.or(view.internal)
    }

    /// Advanced search with the query filled in and a quarter of an hour around the event.
    pub(super) fn search(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let view = super::context::View::of(cx.store, &event);
        let field = |name: &str, address: &known::Address| {
            if address.is_ip() {
                format!("@fields.{name}:\"{}\"", address.text)
            } else {
                format!("\"{}\"", address.text.replace('"', ""))
            }
        };
        let inside = |address: &known::Address| field("source_ip", address);
        let outside = |address: &known::Address| field("dest_ip", address);
        let query = if self.picked(cx.store).is_some() {
            self.picked_address(cx.store)
                .map(|address| if address.internal { inside(&address) } else { outside(&address) })
        } else {
            match (&view.internal, &view.external) {
                (Some(one), Some(two)) => Some(format!("{} AND {}", inside(one), outside(two))),
                (Some(one), None) => Some(inside(one)),
                (None, Some(two)) => Some(outside(two)),
                (None, None) => None,
            }
        };
        let Some(query) = query else {
            return cx.say(Tone::Mind, "there is no address and no host name to search for");
        };
        let known = Known::of(cx.store, &event);
        let time = known.found.and_then(|found| found.time.as_ref());
        let window = time.and_then(Time::at).map_or_else(String::new, |at| {
            format!("[+-15m of {}] ", at.strftime("%Y-%m-%dT%H:%MZ"))
        });
        cx.go(PaneId::Search, Some(Target::Search(format!("{window}{query}"))));
    }

    /// The watched list's sheet, with the value filled in: it says itself what cannot be watched.
    pub(super) fn watch_value(&mut self, cx: &mut Cx<'_>) {
        match self.picked_address(cx.store) {
            Some(address) => cx.go(PaneId::Watched, Some(Target::Watch(address.text))),
            None => cx.say(Tone::Mind, "there is no address and no host name to watch"),
        }
    }

    /// Asks again for the events whose decision is waited for.
    pub(super) fn poll(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = self.job.clone() else { return };
        for event in self.polls.due(cx.now) {
            cx.store.ask(EventStatus { job: job.clone(), event }, Policy::Join, cx.now);
        }
    }
}

/// What a saved search is filled with when one comes from this event.
pub(super) fn subject(store: &Store, event: &EventKey) -> Subject {
    let known = Known::of(store, event);
    let view = super::context::View::of(store, event);
    let points = known.points();
    // The side a decision point names itself; else what lies inside is taken for the source.
    let side = |words: [&str; 2]| {
        points.iter().find_map(|(name, value)| {
            let name = name.to_ascii_lowercase();
            words.iter().any(|word| name.contains(word)).then(|| known::address(value))?
        })
    };
    let (internal, external) = (view.internal.clone(), view.external.clone());
    let src = side(["source", "src"]).or_else(|| internal.clone());
    let dst = side(["destination", "dst"]).or_else(|| external.clone());
    let host = known.addresses().into_iter().find(|address| !address.is_ip());
    let text = |address: Option<known::Address>| address.map(|address| address.text);
    Subject {
        of: format!("event {}", crate::ui::text::short_id(event.event.as_str(), 4)),
        at: known.found.and_then(|found| found.time.as_ref()).and_then(Time::at),
        ip: text(internal.or_else(|| src.clone()).or(external).filter(known::Address::is_ip)),
        did: view
            .device
            .and_then(|device| device.did)
            .filter(|did| *did > 0)
            .map(|did| did.to_string()),
        host: view.device.and_then(|device| device.hostname.clone()).or_else(|| text(host)),
        src: text(src),
        dst: text(dst),
    }
}
