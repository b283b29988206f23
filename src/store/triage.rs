//! The events of one job in an order that never moves under the finger.
//!
//! The order is made when a read is asked for by a person and kept until the next such read; what a later answer brings on top
//! raises a counter instead.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::Remote;
use crate::api::arcanna::query::{EventPage, FoundEvent};
use crate::api::arcanna::{ArcannaBlock, EventId, JobId};
use crate::api::value::Time;

/// An event: its id is unique only within its job.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey {
    /// The job it was sent to.
    pub job: JobId,
    /// Its id there.
    pub event: EventId,
}

/// How an event came into the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The server listed it.
    Listed,
    /// A person opened it by its id, or sent it from here.
    Opened,
}

/// One line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The event.
    pub event: EventId,
    /// How it came here.
    pub source: Source,
}

/// What comes first in the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumIter)]
pub enum Order {
    /// Where a person's look is worth most: outliers, undecided consensus, lowest confidence, newest.
    #[default]
    Worth,
    /// The newest.
    Newest,
    /// The least sure decision.
    Confidence,
    /// By title, equal ones together.
    Title,
}

impl Order {
    /// What it puts first, for people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Worth => "outlier > undecided > lowest confidence > newest",
            Self::Newest => "newest",
            Self::Confidence => "lowest confidence",
            Self::Title => "title",
        }
    }

    fn compare(self, a: &FoundEvent, b: &FoundEvent) -> Ordering {
        match self {
            Self::Worth => worth(a, b),
            Self::Newest => newest(a, b),
            Self::Confidence => unsure(a, b).then_with(|| newest(a, b)),
            Self::Title => {
                let title = |event: &FoundEvent| event.title.as_deref().map(str::to_lowercase);
                title(a).cmp(&title(b)).then_with(|| newest(a, b))
            }
        }
    }
}

/// The events of one job.
#[derive(Debug, Default)]
pub struct TriageQueue {
    /// The last answer of the event query.
    pub page: Remote<EventPage>,
    /// The last answer about events that were asked for by name.
    pub named: Remote<EventPage>,
    lines: Vec<Line>,
    found: HashMap<EventId, FoundEvent>,
    skipped: HashSet<EventId>,
    second: HashSet<EventId>,
    buckets: HashMap<String, Vec<EventId>>,
    order: Order,
    generation: u64,
    frozen: bool,
    /// Events the last answer held that are not in the list.
    pub newer: usize,
    /// How many events the server says there are.
    pub total: Option<u64>,
}

impl TriageQueue {
    /// The list, in its frozen order; skipped events last.
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What the server listed of an event.
    pub fn found(&self, event: &EventId) -> Option<&FoundEvent> {
        self.found.get(event)
    }

    /// Where an event stands.
    pub fn position(&self, event: &EventId) -> Option<usize> {
        self.lines.iter().position(|line| line.event == *event)
    }

    /// Adds an event that a person opened, unless it is listed. Returns its place.
    pub fn open(&mut self, event: &EventId) -> usize {
        self.position(event).unwrap_or_else(|| {
            self.generation += 1;
            self.lines.insert(0, Line { event: event.clone(), source: Source::Opened });
            0
        })
    }

    /// Moves an event to the end of this session's list.
    pub fn skip(&mut self, event: &EventId) {
        if let Some(index) = self.position(event) {
            let line = self.lines.remove(index);
            self.lines.push(line);
            self.skipped.insert(event.clone());
            self.generation += 1;
        }
    }

    /// Moves events to the end of this session's list, as skipped ones. Returns where each was, for [`Self::put_back`].
    pub fn put_off(&mut self, events: &[EventId]) -> Vec<(usize, EventId)> {
        let lines = self.lines.iter().enumerate();
        let places: Vec<(usize, EventId)> = lines
            .filter(|(_, line)| events.contains(&line.event))
            .map(|(at, line)| (at, line.event.clone()))
            .collect();
        let (off, kept): (Vec<Line>, Vec<Line>) = std::mem::take(&mut self.lines)
            .into_iter()
            .partition(|line| events.contains(&line.event));
        self.lines = kept;
        self.skipped.extend(off.iter().map(|line| line.event.clone()));
        self.lines.extend(off);
        self.generation += 1;
        places
    }

    /// Takes a [`Self::put_off`] back, but for events that were moved again since.
    pub fn put_back(&mut self, places: &[(usize, EventId)]) {
        for (place, event) in places {
            let at = self.position(event).filter(|_| self.skipped.remove(event));
            if let Some(at) = at {
                let line = self.lines.remove(at);
                self.lines.insert((*place).min(self.lines.len()), line);
            }
        }
        self.generation += 1;
    }

    /// Whether any listed bucket holds more than one event.
    pub fn has_buckets(&self) -> bool {
        self.buckets.values().any(|bucket| bucket.len() > 1)
    }

    /// Changes with every change of the list's lines or their order.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// What comes first.
    pub fn order(&self) -> Order {
        self.order
    }

    /// Puts the list into another order: a person asked for it. Opened events stay first, skipped ones last.
    pub fn sort(&mut self, order: Order) {
        self.order = order;
        self.generation += 1;
        let (found, skipped) = (&self.found, &self.skipped);
        self.lines.sort_by(|a, b| {
            let late = |line: &Line| skipped.contains(&line.event);
            late(a).cmp(&late(b)).then_with(|| match (found.get(&a.event), found.get(&b.event)) {
                (Some(a), Some(b)) => order.compare(a, b),
                (a, b) => a.is_some().cmp(&b.is_some()),
            })
        });
    }

    /// Asks for a second pair of eyes on an event, or no longer. Kept in this session, never sent. Returns whether it is on.
    pub fn toggle_second(&mut self, event: &EventId) -> bool {
        let on = !self.second.remove(event);
        if on {
            self.second.insert(event.clone());
        }
        on
    }

    /// Whether a second pair of eyes was asked for.
    pub fn is_second(&self, event: &EventId) -> bool {
        self.second.contains(event)
    }

    /// The listed events that share this one's bucket, itself included: one label is one vote for all of them. Empty when
    /// the bucket is not known.
    pub fn bucket(&self, event: &EventId) -> &[EventId] {
        self.found
            .get(event)
            .and_then(|found| found.arcanna.as_ref()?.bucket_id.as_ref())
            .and_then(|bucket| self.buckets.get(bucket))
            .map_or(&[], Vec::as_slice)
    }

    /// The bucket an event is in, where it is known.
    pub fn bucket_of(&self, event: &EventId) -> Option<&str> {
        self.found.get(event)?.arcanna.as_ref()?.bucket_id.as_deref()
    }

    /// Adds events that were asked for by name: those that are not listed come first, in the order given.
    pub fn bring(&mut self, events: &[EventId]) {
        for event in events.iter().rev() {
            self.open(event);
        }
    }

    /// Takes in what [`Self::named`] says of events that were asked for by name. It changes no line.
    pub fn take_named(&mut self) {
        let Some(page) = self.named.value() else {
            return;
        };
        let events = page.events.clone();
        self.found.extend(events.into_iter().map(|event| (event.event_id.clone(), event)));
        self.index();
    }

    /// Whether the event was skipped in this session.
    pub fn is_skipped(&self, event: &EventId) -> bool {
        self.skipped.contains(event)
    }

    /// Lets the next answer make a new order: a person asked for it.
    pub fn thaw(&mut self) {
        self.frozen = false;
    }

    /// Takes in the answer that is now in [`Self::page`].
    pub fn take_in(&mut self) {
        let Some(page) = self.page.value() else {
            return;
        };
        self.total = page.total;
        let listed: Vec<FoundEvent> = page.events.clone();
        if self.frozen {
            self.newer =
                listed.iter().filter(|event| self.position(&event.event_id).is_none()).count();
        } else {
            let mut order: Vec<&FoundEvent> = listed.iter().collect();
            order.sort_by(|a, b| self.order.compare(a, b));
            let opened = self.lines.iter().filter(|line| line.source == Source::Opened).cloned();
            let mut lines: Vec<Line> = opened
                .filter(|line| !listed.iter().any(|event| event.event_id == line.event))
                .collect();
            let mut seen = HashSet::new();
            lines.extend(
                order
                    .into_iter()
                    .filter(|event| seen.insert(event.event_id.clone()))
                    .map(|event| Line { event: event.event_id.clone(), source: Source::Listed }),
            );
            self.lines = lines;
            self.skipped.clear();
            self.newer = 0;
            self.frozen = true;
            self.generation += 1;
        }
        self.found.extend(listed.into_iter().map(|event| (event.event_id.clone(), event)));
        self.index();
    }

    /// Works out which lines share a bucket.
    fn index(&mut self) {
        self.buckets.clear();
        for line in &self.lines {
            let block = self.found.get(&line.event).and_then(|found| found.arcanna.as_ref());
            if let Some(bucket) = block.and_then(|block| block.bucket_id.clone()) {
                self.buckets.entry(bucket).or_default().push(line.event.clone());
            }
        }
    }
}

fn newest(a: &FoundEvent, b: &FoundEvent) -> Ordering {
    let time = |event: &FoundEvent| event.time.as_ref().and_then(Time::at);
    time(b).cmp(&time(a))
}

/// No confidence is nothing to judge yet: after those that have one.
fn unsure(a: &FoundEvent, b: &FoundEvent) -> Ordering {
    match (confidence(a), confidence(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// Where a person's look is worth most: outliers, undecided consensus, lowest confidence, newest.
fn worth(a: &FoundEvent, b: &FoundEvent) -> Ordering {
    outlier(b)
        .cmp(&outlier(a))
        .then_with(|| undecided(b).cmp(&undecided(a)))
        .then_with(|| unsure(a, b))
        .then_with(|| newest(a, b))
}

fn outlier(event: &FoundEvent) -> bool {
    event.arcanna.as_ref().is_some_and(|block| block.decision.outlier == Some(true))
}

fn undecided(event: &FoundEvent) -> bool {
    event.arcanna.as_ref().is_some_and(is_undecided)
}

/// Whether the analysts' votes are split: then consensus says so in this word [DOC concepts/consensus].
pub fn is_undecided(block: &ArcannaBlock) -> bool {
    block
        .consensus
        .as_deref()
        .is_some_and(|consensus| consensus.trim().eq_ignore_ascii_case("undecided"))
}

fn confidence(event: &FoundEvent) -> Option<f64> {
    event
        .arcanna
        .as_ref()?
        .decision
        .confidence
        .map(|confidence| confidence.percent().unwrap_or(confidence.raw))
}
