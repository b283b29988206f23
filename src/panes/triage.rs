//! The triage queue: the events of a job, their decisions, and one key per label.
//!
//! The cursor is on an event, not on a line: nothing that arrives moves it. A digit stages a label; the cursor moves on when
//! the outbox has kept it. What is shown changes only when a person asks for it.

mod blind;
mod bulk;
mod choose;
mod context;
mod detail;
mod diff;
mod filter;
mod known;
mod labelling;
mod list;
mod nearest;
mod opening;
mod over;
mod polls;
mod raw;
mod session;
mod shelf;
mod strip;
mod take;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod view;

use std::collections::HashMap;
use std::time::Instant;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::Look;
use super::{Pane, Rows};
use crate::api::arcanna::jobs::{DecisionSet, Jobs};
use crate::api::arcanna::query::QueryEvents;
use crate::api::arcanna::{EventId, JobId};
use crate::command::{Cx, PaneId, Prefs, Ready, Row, Take, Target, always};
use crate::export::Grid;
use crate::job::Policy;
use crate::store::{EventKey, Order, Store, Subject, TriageQueue, key};
use crate::ui::table::ListState;
use choose::Input;
use context::Context;
use filter::Filter;
use over::Over;
use polls::Polls;
use raw::Raw;
use view::View;

pub use detail::told;
pub use session::last_label;

/// The names of the built-in views, given the labels of a job: for the command line to complete.
pub fn view_names(labels: &[String]) -> Vec<String> {
    view::names(labels)
}

/// Events asked for at once.
const PAGE: u32 = 200;

/// Which part has the keyboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    List,
    Detail,
    Raw,
}

/// The pane.
#[derive(Default)]
pub struct TriagePane {
    job: Option<JobId>,
    event: Option<EventId>,
    list: ListState,
    /// The events that view and filter let through, in the queue's order, as worked out when a person last asked.
    shown: Vec<EventId>,
    /// The queue's generation when `shown` was worked out.
    generation: u64,
    view: View,
    /// The order of the list before a view put it into its own.
    order_before: Option<Order>,
    filter: Filter,
    /// The filter before the one that is being typed.
    filter_before: Filter,
    /// The event under the cursor when filtering began.
    anchor: Option<EventId>,
    input: Option<Input>,
    histories: HashMap<choose::What, Vec<String>>,
    part: Part,
    scroll: usize,
    /// The decision point under the cursor of the detail.
    point: ListState,
    raw: Raw,
    marks: Vec<EventId>,
    /// Where a range of marks began.
    range: Option<usize>,
    over: Option<Over>,
    /// Rests of buckets that went to the end of the queue with a label, and where they were: the label may be taken back.
    put_off: Vec<(EventKey, Vec<(usize, EventId)>)>,
    /// Notes for labels that are not given yet.
    notes: HashMap<EventKey, String>,
    polls: Polls,
    context: Context,
}

/// A row of the registry that needs an event under the cursor.
const fn row(
    id: &'static str,
    title: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
    run: fn(&mut TriagePane, &mut Cx<'_>),
) -> Row<TriagePane> {
    Row { id, title, keys, hint, ready: has_event, run }
}

impl Rows for TriagePane {
    const ID: PaneId = PaneId::Triage;
    const ROWS: &'static [Row<Self>] = &[
        row(
            "triage.label",
            "label the event, or the marked ones, and go on to the next",
            &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
            "label",
            Self::label,
        ),
        row(
            "triage.second-opinion",
            "second opinion: flag the event here, send nothing",
            &["0"],
            "",
            Self::second_opinion,
        ),
        row(
            "triage.pin",
            "pin the digits of the labels anew after the decision set changed",
            &["L"],
            "",
            Self::pin,
        ),
        row("triage.skip", "skip to the end of this session's queue", &["s"], "", Self::skip),
        row(
            "triage.look",
            "look closer: read the event again; in raw, fold",
            &["enter"],
            "look",
            Self::look,
        ),
        Row {
            ready: has_job,
            ..row(
                "triage.find",
                "filter the list, or open an event by its id; in raw, search",
                &["/"],
                "filter",
                Self::find,
            )
        },
        Row {
            ready: has_job,
            ..row("triage.next-view", "next view", &["."], "", |pane, cx| pane.turn_view(1, cx))
        },
        Row {
            ready: has_job,
            ..row(
                "triage.previous-view",
                "previous view: all, low confidence, outliers, undecided, …",
                &[","],
                "view",
                |pane, cx| pane.turn_view(-1, cx),
            )
        },
        Row {
            ready: has_job,
            ..row(
                "triage.views",
                "views: show, keep, rename, edit, remove",
                &["F"],
                "views",
                Self::open_views,
            )
        },
        row(
            "triage.device",
            "the device of the value under the cursor, or of the event",
            &["d"],
            "device",
            Self::device,
        ),
        row(
            "triage.endpoint",
            "look up the endpoint under the cursor, or the event's external one",
            &["e"],
            "endpoint",
            Self::endpoint,
        ),
        row(
            "triage.search",
            "search the records around the event for the value under the cursor",
            &["a"],
            "search",
            Self::search,
        ),
        row(
            "triage.watch",
            "put the value under the cursor on the watched list…",
            &["w"],
            "",
            Self::watch_value,
        ),
        Row {
            ready: has_job,
            ..row(
                "triage.order",
                "order of the list: worth, newest, confidence, title",
                &["o"],
                "order",
                Self::choose_order,
            )
        },
        row("triage.mark", "mark the event and go down", &["space"], "mark", Self::mark),
        row("triage.range", "begin a range of marks, or end it here", &["v"], "", Self::mark_range),
        row("triage.mark-all", "mark everything the filter shows", &["*"], "", Self::mark_all),
        row("triage.note", "note kept with the label", &["c"], "note", Self::write_note),
        row("triage.edit-note", "note in your own editor", &["C"], "", Self::edit_note),
        Row {
            ready: has_job,
            ..row(
                "triage.blind",
                "blind mode: the AI's answer hidden until you have labelled",
                &["b"],
                "",
                Self::toggle_blind,
            )
        },
        row(
            "triage.votes",
            "show other people's votes before your own is in; the ledger keeps it",
            &["V"],
            "",
            Self::reveal,
        ),
        row(
            "triage.diff",
            "differences to the nearest labelled event",
            &["="],
            "differences",
            Self::compare,
        ),
        row(
            "triage.next-part",
            "next part: list, decision points, raw",
            &["tab"],
            "",
            |pane, cx| pane.turn_part(1, cx),
        ),
        row("triage.previous-part", "previous part", &["s-tab"], "", |pane, cx| {
            pane.turn_part(2, cx)
        }),
        row(
            "triage.next-match",
            "next event of the filter; in raw, next match",
            &["n"],
            "",
            |pane, cx| pane.next_match(1, cx),
        ),
        row(
            "triage.previous-match",
            "previous event of the filter; in raw, previous match",
            &["N"],
            "",
            |pane, cx| pane.next_match(-1, cx),
        ),
        Row {
            ready: always,
            ..row("triage.next-job", "next job", &[")"], "", |pane, cx| pane.change_job(1, cx))
        },
        Row {
            ready: always,
            ..row("triage.previous-job", "previous job", &["("], "", |pane, cx| {
                pane.change_job(-1, cx)
            })
        },
    ];
}

fn has_job(pane: &TriagePane, _: &Store) -> Ready {
    pane.job.as_ref().map(|_| ()).ok_or("no job is open: g j shows the jobs".into())
}

fn has_event(pane: &TriagePane, store: &Store) -> Ready {
    has_job(pane, store)?;
    pane.event.as_ref().map(|_| ()).ok_or("there is no event under the cursor".into())
}

impl TriagePane {
    fn current(&self) -> Option<EventKey> {
        Some(key(self.job.as_ref()?, self.event.as_ref()?))
    }

    fn queue<'a>(&self, store: &'a Store) -> Option<&'a TriageQueue> {
        store.queues.get(self.job.as_ref()?)
    }

    /// Puts the cursor on an event. What belonged to the one before is left.
    fn put(&mut self, event: Option<EventId>, cx: &mut Cx<'_>) {
        if event != self.event {
            self.event = event;
            self.scroll = 0;
            self.point = ListState::default();
            self.context.moved(cx.now.instant);
        }
        let at = self.event.as_ref().and_then(|event| self.place_of(event));
        if let Some(at) = at {
            self.list.select(at);
        }
        self.raw.follow(cx.store, self.current().as_ref(), self.part == Part::Raw);
    }

    fn place_of(&self, event: &EventId) -> Option<usize> {
        self.shown.iter().position(|one| one == event)
    }

    /// The event under the cursor and the next few: whose context is asked.
    fn ahead(&self) -> Vec<EventKey> {
        let Some(job) = &self.job else {
            return Vec::new();
        };
        let from = self.list.cursor();
        let next = self.shown.iter().skip(from + 1).take(context::AHEAD);
        self.event.iter().chain(next).map(|event| key(job, event)).collect()
    }
}

impl Pane for TriagePane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        match target {
            Some(Target::Job(job)) => self.open_job(job, cx),
            Some(Target::Event(job, event)) => self.open_event(job, event, cx),
            Some(Target::Events(job, name, events)) => self.open_named(job, name, events, cx),
            target => {
                if cx.store.job_list.value().is_none() {
                    cx.store.ask(Jobs, Policy::Join, cx.now);
                }
                let job = self.job.clone().or_else(|| cx.prefs.default_job.clone());
                if let Some(job) = job {
                    self.open_job(job, cx);
                }
                if let Some(Target::View(name)) = target {
                    self.show_named(&name, cx);
                }
            }
        }
        self.context.moved(cx.now.instant);
        self.settle(cx);
        self.watch(cx);
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = self.job.clone() else { return };
        cx.store.queues.entry(job.clone()).or_default().thaw();
        cx.store.ask(QueryEvents::newest(job.clone(), PAGE), Policy::Latest, cx.now);
        cx.store.ask(DecisionSet { job }, Policy::Latest, cx.now);
        self.read_again(cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        self.advance(cx);
        self.settle(cx);
        self.watch(cx);
        self.context.ask(&self.ahead(), cx);
    }

    fn place(&self) -> Option<Target> {
        match (&self.job, &self.event) {
            (Some(job), Some(event)) => Some(Target::Event(job.clone(), event.clone())),
            (Some(job), None) => Some(Target::Job(job.clone())),
            _ => None,
        }
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let points =
            self.current().map_or(0, |event| known::Known::of(store, &event).points().len());
        Some(match self.part {
            Part::List => (&mut self.list, self.shown.len()),
            Part::Detail => (&mut self.point, points),
            Part::Raw => {
                let len = self.raw.len();
                (&mut self.raw.list, len)
            }
        })
    }

    fn moved(&mut self, cx: &mut Cx<'_>) {
        if self.part == Part::List {
            let event = self.shown.get(self.list.cursor()).cloned();
            self.put(event, cx);
            self.watch(cx);
        }
    }

    fn scroll(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by);
    }

    fn typing(&self) -> bool {
        self.input.is_some() || self.over.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        match (&self.over, &self.input) {
            (Some(over), _) => over.hints(),
            (None, Some(input)) => input.what.hints(),
            (None, None) => &[],
        }
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        if self.over.is_some() { self.over_key(key, cx) } else { self.input_key(key, cx) }
    }

    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        match &mut self.over {
            Some(Over::Views(shelf)) => shelf.sheet.paste(text),
            Some(_) => false,
            None => self.input_paste(text, cx),
        }
    }

    fn edited(&mut self, text: &str, cx: &mut Cx<'_>) {
        self.keep_note(text, cx);
    }

    fn cancel(&mut self) -> bool {
        self.context.stop();
        self.leave()
    }

    fn deadline(&self) -> Option<Instant> {
        self.polls.next().into_iter().chain(self.context.deadline()).min()
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        self.context.tick(cx.now.instant);
        self.context.ask(&self.ahead(), cx);
        self.poll(cx);
    }

    fn subject(&self, store: &Store) -> Option<Subject> {
        Some(opening::subject(store, &self.current()?))
    }

    fn event(&self, _store: &Store) -> Option<EventKey> {
        self.current().filter(|_| !self.typing())
    }

    fn drawn(&self, store: &mut Store) {
        self.witness(store);
    }

    fn heading(&self, store: &Store) -> String {
        let Some(job) = &self.job else {
            return String::new();
        };
        let title = store.job(job).and_then(|job| job.title.clone()).unwrap_or_default();
        let count = self.queue(store).map_or_else(String::new, |queue| {
            let all = queue.lines().len();
            let here = (self.list.cursor() + 1).min(self.shown.len());
            let mut words = format!("  {} {here}/{}", self.view.name(), self.shown.len());
            if self.shown.len() < all {
                words = format!("{words} of {all}");
            } else if let Some(total) = queue.total.filter(|total| *total > all as u64) {
                words = format!("{words} of {total}");
            }
            if store.blind.forced {
                words = format!("{words}  BLIND");
            }
            if queue.newer > 0 {
                words = format!("{words}  +{} new", queue.newer);
            }
            words
        });
        format!("{job} {title}{count}")
    }

    fn take(&self, what: Take, store: &Store, prefs: &Prefs) -> Option<String> {
        let event = self.current()?;
        let note = self.notes.get(&event).map(String::as_str);
        let picked = self.picked(store);
        take::take(what, store, prefs, &event, note, picked.as_deref())
    }

    fn piece(&self, store: &Store, prefs: &Prefs) -> Option<super::piece::Piece> {
        let event = self.current()?;
        take::piece(store, prefs, &event, self.notes.get(&event).map(String::as_str))
    }

    fn grid(&self, store: &Store) -> Option<Grid> {
        let job = self.job.as_ref()?;
        let events: Vec<EventKey> = self.shown.iter().map(|event| key(job, event)).collect();
        let title = format!("Arcanna job {job}, {}", self.origin());
        (!events.is_empty()).then(|| take::grid(store, &events, &title))
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        self.draw_whole(store, look, area, buf)
    }
}
