//! The triage queue: the events of a job, their decisions, and one key per label.
//!
//! The cursor is on an event, not on a line: nothing that arrives moves it. A digit stages a label; the cursor moves on when
//! the outbox has kept it.

mod detail;
mod labelling;
mod list;
mod polls;

use std::time::Instant;

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::{self, Look, rule};
use super::{Pane, Rows};
use crate::api::Product;
use crate::api::arcanna::events::{EventStatus, ExportEvent};
use crate::api::arcanna::jobs::{DecisionSet, Jobs};
use crate::api::arcanna::query::QueryEvents;
use crate::api::arcanna::{EventId, JobId};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::job::Policy;
use crate::store::{EventKey, Store, TriageQueue, key};
use crate::ui::input::{Field, Reaction};
use crate::ui::table::ListState;
use polls::Polls;

pub use detail::told;

/// Events asked for at once.
const PAGE: u32 = 200;

/// The pane.
#[derive(Default)]
pub struct TriagePane {
    job: Option<JobId>,
    event: Option<EventId>,
    list: ListState,
    scroll: usize,
    field: Option<Field>,
    polls: Polls,
}

impl Rows for TriagePane {
    const ID: PaneId = PaneId::Triage;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "triage.label",
            title: "label the event and go on to the next",
            keys: &["1", "2", "3", "4", "5", "6", "7", "8", "9"],
            hint: "label",
            ready: has_event,
            run: Self::label,
        },
        Row {
            id: "triage.skip",
            title: "skip to the end of this session's queue",
            keys: &["s"],
            hint: "skip",
            ready: has_event,
            run: Self::skip,
        },
        Row {
            id: "triage.look",
            title: "read the event's status and whole text again",
            keys: &["enter"],
            hint: "look",
            ready: has_event,
            run: Self::look,
        },
        Row {
            id: "triage.find",
            title: "find in the list, or open an event by its id",
            keys: &["/"],
            hint: "find/open",
            ready: has_job,
            run: Self::find,
        },
        Row {
            id: "triage.device",
            title: "look up the event's device in Devices",
            keys: &["d"],
            hint: "device",
            ready: has_event,
            run: Self::device,
        },
        Row {
            id: "triage.endpoint",
            title: "look up the event's external endpoint",
            keys: &["e"],
            hint: "endpoint",
            ready: has_event,
            run: Self::endpoint,
        },
        Row {
            id: "triage.next-job",
            title: "next job",
            keys: &["."],
            hint: "",
            ready: always,
            run: |pane, cx| pane.change_job(1, cx),
        },
        Row {
            id: "triage.previous-job",
            title: "previous job",
            keys: &[","],
            hint: "job",
            ready: always,
            run: |pane, cx| pane.change_job(-1, cx),
        },
    ];
}

fn has_job(pane: &TriagePane, _: &Store) -> Ready {
    pane.job
        .as_ref()
        .map(|_| ())
        .ok_or("no job is open: g j shows the jobs".into())
}

fn has_event(pane: &TriagePane, _: &Store) -> Ready {
    has_job(pane, &Store::default())?;
    pane.event
        .as_ref()
        .map(|_| ())
        .ok_or("there is no event under the cursor".into())
}

impl TriagePane {
    fn current(&self) -> Option<EventKey> {
        Some(key(self.job.as_ref()?, self.event.as_ref()?))
    }

    fn queue<'a>(&self, store: &'a Store) -> Option<&'a TriageQueue> {
        store.queues.get(self.job.as_ref()?)
    }

    fn open_job(&mut self, job: JobId, cx: &mut Cx<'_>) {
        if self.job.as_ref() != Some(&job) {
            self.job = Some(job.clone());
            self.event = None;
            self.list = ListState::default();
            self.scroll = 0;
            self.polls.clear();
        }
        let untouched = cx
            .store
            .queues
            .entry(job.clone())
            .or_default()
            .page
            .is_untouched();
        if untouched {
            cx.store
                .ask(QueryEvents::newest(job.clone(), PAGE), Policy::Join, cx.now);
        }
        if cx.store.labels(&job).is_none() {
            cx.store.ask(DecisionSet { job }, Policy::Join, cx.now);
        }
    }

    fn open_event(&mut self, job: JobId, event: EventId, cx: &mut Cx<'_>) {
        self.open_job(job.clone(), cx);
        let queue = cx.store.queues.entry(job.clone()).or_default();
        let before = queue.lines().len();
        let index = queue.open(&event);
        if queue.lines().len() > before {
            self.list.shift(1);
        }
        self.list.select(index);
        self.event = Some(event.clone());
        self.scroll = 0;
        cx.store.ask(
            EventStatus {
                job: job.clone(),
                event: event.clone(),
            },
            Policy::Latest,
            cx.now,
        );
        if self
            .queue(cx.store)
            .and_then(|queue| queue.found(&event))
            .is_none()
        {
            cx.store
                .ask(ExportEvent { job, event }, Policy::Latest, cx.now);
        }
    }

    fn look(&mut self, cx: &mut Cx<'_>) {
        if let Some(EventKey { job, event }) = self.current() {
            self.polls.forget(&event);
            cx.store.ask(
                EventStatus {
                    job: job.clone(),
                    event: event.clone(),
                },
                Policy::Latest,
                cx.now,
            );
            cx.store
                .ask(ExportEvent { job, event }, Policy::Latest, cx.now);
        }
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let history = self
            .field
            .take()
            .map(|field| field.entries().to_vec())
            .unwrap_or_default();
        self.field = Some(
            Field::new("find or open: ")
                .placeholder("text in the list, or an event id")
                .history(history),
        );
    }

    fn found(&mut self, text: &str, cx: &mut Cx<'_>) {
        let (Some(job), wanted) = (self.job.clone(), text.trim()) else {
            return;
        };
        if wanted.is_empty() {
            return;
        }
        let needle = wanted.to_lowercase();
        let from = self.list.cursor();
        let hit = self.queue(cx.store).and_then(|queue| {
            let lines = queue.lines();
            let exact = lines
                .iter()
                .position(|line| line.event.as_str().trim() == wanted);
            let matches = |index: &usize| {
                let line = &lines[*index];
                let title = queue
                    .found(&line.event)
                    .and_then(|found| found.title.as_deref())
                    .unwrap_or_default();
                line.event.as_str().contains(wanted) || title.to_lowercase().contains(&needle)
            };
            exact.or_else(|| {
                (1..=lines.len())
                    .map(|step| (from + step) % lines.len())
                    .find(matches)
            })
        });
        match hit {
            Some(index) => {
                self.list.select(index);
                self.moved(cx);
            }
            // Generated ids are digits; custom ones are any single word: a word that is in no line may be an id.
            None if !wanted.contains(char::is_whitespace) => {
                self.open_event(job, EventId::new(wanted), cx)
            }
            None => cx.say(Tone::Mind, format!("nothing in the list holds '{wanted}'")),
        }
    }

    fn change_job(&mut self, by: isize, cx: &mut Cx<'_>) {
        let Some(jobs) = cx.store.job_list.value().filter(|jobs| !jobs.is_empty()) else {
            cx.say(Tone::Mind, "the jobs are not read yet");
            return;
        };
        let here = jobs
            .iter()
            .position(|job| Some(&job.id) == self.job.as_ref())
            .unwrap_or(0);
        let there = (here as isize + by).rem_euclid(jobs.len() as isize) as usize;
        let job = jobs[there].id.clone();
        self.open_job(job, cx);
        self.settle(cx.store);
    }

    fn device(&mut self, cx: &mut Cx<'_>) {
        match self.current().and_then(|event| {
            detail::addresses(cx.store, &event)
                .into_iter()
                .find(|found| found.internal)
        }) {
            Some(found) => cx.go(PaneId::Devices, Some(Target::Find(found.text))),
            None => cx.say(Tone::Mind, "this event names no internal address"),
        }
    }

    fn endpoint(&mut self, cx: &mut Cx<'_>) {
        match self.current().and_then(|event| {
            detail::addresses(cx.store, &event)
                .into_iter()
                .find(|found| !found.internal)
        }) {
            Some(found) => cx.go(PaneId::Endpoint, Some(Target::Endpoint(found.text))),
            None => cx.say(Tone::Mind, "this event names no external address or host"),
        }
    }

    /// Keeps the cursor on its event; puts it on the first event that wants a label when there is none.
    fn settle(&mut self, store: &Store) {
        let Some(queue) = self.queue(store) else {
            return;
        };
        if let Some(index) = self.event.as_ref().and_then(|event| queue.position(event)) {
            self.list.select(index);
            return;
        }
        let lines = queue.lines();
        let first = self.next_unlabelled(store, None).unwrap_or(0);
        self.event = lines.get(first).map(|line| line.event.clone());
        self.list.select(first);
        self.scroll = 0;
    }
}

impl Pane for TriagePane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        match target {
            Some(Target::Job(job)) => self.open_job(job, cx),
            Some(Target::Event(job, event)) => self.open_event(job, event, cx),
            _ => {
                if cx.store.job_list.value().is_none() {
                    cx.store.ask(Jobs, Policy::Join, cx.now);
                }
                let job = self.job.clone().or_else(|| cx.prefs.default_job.clone());
                if let Some(job) = job {
                    self.open_job(job, cx);
                }
            }
        }
        self.settle(cx.store);
        self.watch(cx);
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = self.job.clone() else { return };
        cx.store.queues.entry(job.clone()).or_default().thaw();
        cx.store.ask(
            QueryEvents::newest(job.clone(), PAGE),
            Policy::Latest,
            cx.now,
        );
        cx.store
            .ask(DecisionSet { job: job.clone() }, Policy::Latest, cx.now);
        if let Some(event) = self.event.clone() {
            cx.store
                .ask(EventStatus { job, event }, Policy::Latest, cx.now);
        }
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        self.advance(cx);
        self.settle(cx.store);
        self.watch(cx);
    }

    fn place(&self) -> Option<Target> {
        match (&self.job, &self.event) {
            (Some(job), Some(event)) => Some(Target::Event(job.clone(), event.clone())),
            (Some(job), None) => Some(Target::Job(job.clone())),
            _ => None,
        }
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let len = self.queue(store).map_or(0, |queue| queue.lines().len());
        Some((&mut self.list, len))
    }

    fn moved(&mut self, cx: &mut Cx<'_>) {
        let event = self
            .queue(cx.store)
            .and_then(|queue| queue.lines().get(self.list.cursor()))
            .map(|line| line.event.clone());
        if event != self.event {
            self.event = event;
            self.scroll = 0;
        }
        self.watch(cx);
    }

    fn scroll(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by);
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
                self.field = None;
                self.found(&text, cx);
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
        self.field.take().is_some()
    }

    fn deadline(&self) -> Option<Instant> {
        self.polls.next()
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        let Some(job) = self.job.clone() else { return };
        for event in self.polls.due(cx.now.instant) {
            cx.store.ask(
                EventStatus {
                    job: job.clone(),
                    event,
                },
                Policy::Join,
                cx.now,
            );
        }
    }

    fn event(&self, _store: &Store) -> Option<EventKey> {
        self.current()
    }

    fn heading(&self, store: &Store) -> String {
        let Some(job) = &self.job else {
            return String::new();
        };
        let title = store
            .job(job)
            .and_then(|job| job.title.clone())
            .unwrap_or_default();
        let count = self.queue(store).map_or_else(String::new, |queue| {
            let here = (self.list.cursor() + 1).min(queue.lines().len());
            let shown = queue.lines().len();
            let total = queue
                .total
                .filter(|total| *total > shown as u64)
                .map_or_else(String::new, |total| format!(" of {total}"));
            let newer = if queue.newer > 0 {
                format!("  +{} new", queue.newer)
            } else {
                String::new()
            };
            format!("  {here}/{shown}{total}{newer}")
        });
        format!("{job} {title}{count}")
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let Some(job) = &self.job else {
            let absent = look.prefs.absent.contains(&Product::Arcanna);
            let first = if absent {
                "Arcanna is not configured."
            } else {
                "No job is open."
            };
            let hint = format!(
                "{} shows the jobs; Enter there opens one.",
                look.key("shell.go-jobs")
            );
            paint::empty(buf, area, look, &[first.to_owned(), hint]);
            return None;
        };
        let label_rows = 1;
        let body = Rect {
            height: area.height.saturating_sub(label_rows),
            ..area
        };
        let wide = area.width >= 120 && area.height >= 24;
        let small = area.height < 14;
        let (list, detail) = if small {
            (body, None)
        } else if wide {
            let left = Rect {
                width: area.width * 9 / 20,
                ..body
            };
            (
                left,
                Some(Rect {
                    x: body.x + left.width + 1,
                    width: body.width - left.width - 1,
                    ..body
                }),
            )
        } else {
            let rows = (body.height * 2 / 5).max(4);
            (
                Rect {
                    height: rows,
                    ..body
                },
                Some(Rect {
                    y: body.y + rows,
                    height: body.height - rows,
                    ..body
                }),
            )
        };
        self.draw_list(store, look, list, buf);
        if let (Some(area), Some(event)) = (detail, self.current()) {
            rule(
                buf,
                area,
                0,
                look,
                &event.event.to_string(),
                &self.detail_position(store, look, &event, area),
            );
            let below = Rect {
                y: area.y + 1,
                height: area.height.saturating_sub(1),
                ..area
            };
            detail::draw(
                store,
                look,
                &event,
                self.scroll,
                self.polls.told(&event.event),
                below,
                buf,
            );
        }
        let foot = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1,
            ..area
        };
        match &self.field {
            Some(field) => return field.draw(foot, buf, look.theme),
            None => self.draw_labels(store, look, job, foot, buf),
        }
        None
    }
}
