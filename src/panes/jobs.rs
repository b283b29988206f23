//! Arcanna's jobs: status, counts, training, decision set, and what the key may do. Enter opens a job's events; sheets
//! train a job and send it an event.

mod draw;
mod figures;
mod key;
mod model;
mod send;
mod train;

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Instant;

use crossterm::event::KeyEvent;
use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::paint::Look;
use super::rest::Rest;
use super::sheet::{Sheet, SheetReaction};
use super::{Pane, Rows};
use crate::api::arcanna::health::{Health, Scopes};
use crate::api::arcanna::jobs::{DecisionSet, Job, Jobs};
use crate::api::arcanna::metrics::JobMetrics;
use crate::api::arcanna::{EventId, JobId};
use crate::command::{Ask, Cx, PaneId, Ready, Row, Target, Tone};
use crate::job::Policy;
use crate::outbox::{Act, Draft};
use crate::store::{Digits, Store};
use crate::ui::table::ListState;
use send::Written;

/// The pane.
#[derive(Default)]
pub struct JobsPane {
    list: ListState,
    sheet: Option<Open>,
    /// Events begun and not sent: a closed sheet loses nothing.
    drafts: HashMap<JobId, Written>,
    sets: HashMap<JobId, Pinned>,
    /// Lines of the job's facts that are above the screen.
    scroll: usize,
    /// How many that can be, as last drawn.
    above: Cell<usize>,
    /// Figures are asked only of whoever stays.
    rest: Rest,
}

/// The sheet that is open, and for which job.
struct Open {
    job: JobId,
    kind: Kind,
    sheet: Sheet,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Train,
    Send,
}

/// A decision set as it was first seen here, or as it was when the person last read it again.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pinned {
    labels: Vec<String>,
    since: Timestamp,
    /// What differs from it now, and since when; not told twice.
    changed: Option<(String, Timestamp)>,
}

impl Rows for JobsPane {
    const ID: PaneId = PaneId::Jobs;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "jobs.open",
            title: "open the job's events in Triage",
            keys: &["enter"],
            hint: "triage",
            ready: has_job,
            run: Self::open_job,
        },
        Row {
            id: "jobs.train",
            title: "train the job…",
            keys: &["T"],
            hint: "train",
            ready: has_job,
            run: Self::train,
        },
        Row {
            id: "jobs.send",
            title: "send an event to the job…",
            keys: &["+"],
            hint: "send event",
            ready: has_job,
            run: Self::send,
        },
        Row {
            id: "jobs.changed",
            title: "the events whose consensus changed since the training, as a view",
            keys: &["F"],
            hint: "",
            ready: has_changed,
            run: Self::open_changed,
        },
        Row {
            id: "jobs.decision-set",
            title: "read the decision set again; pin its digits anew if it changed",
            keys: &["L"],
            hint: "labels",
            ready: has_job,
            run: Self::decision_set,
        },
    ];
}

fn has_job(pane: &JobsPane, store: &Store) -> Ready {
    pane.current(store).map(|_| ()).ok_or("there is no job under the cursor".into())
}

/// The events whose consensus changed since the training of the job under the cursor.
fn changed<'a>(pane: &JobsPane, store: &'a Store) -> Option<(JobId, &'a [EventId])> {
    let job = &pane.current(store)?.id;
    let metrics = figures::metrics(store, job)?.value()?;
    Some((job.clone(), metrics.changed.events.as_slice()))
}

fn has_changed(pane: &JobsPane, store: &Store) -> Ready {
    has_job(pane, store)?;
    match changed(pane, store) {
        Some((_, events)) if !events.is_empty() => Ok(()),
        Some(_) => {
            Err("no consensus changed since the training, as far as the server tells".into())
        }
        None if !figures::may(store, JobMetrics::SCOPE) => {
            Err(format!("the key lacks the scope {}", JobMetrics::SCOPE).into())
        }
        None => Err("the job's figures are not read yet; r reads them".into()),
    }
}

impl JobsPane {
    fn open_changed(&mut self, cx: &mut Cx<'_>) {
        if let Some((job, events)) = changed(self, cx.store) {
            let target = Target::Events(job, "Changed consensus", events.to_vec());
            cx.go(PaneId::Triage, Some(target));
        }
    }

    fn current<'a>(&self, store: &'a Store) -> Option<&'a Job> {
        store.job_list.value()?.get(self.list.cursor())
    }

    fn open_job(&mut self, cx: &mut Cx<'_>) {
        if let Some(job) = self.current(cx.store) {
            let target = Target::Job(job.id.clone());
            cx.go(PaneId::Triage, Some(target));
        }
    }

    /// Reads the decision set again; what it is then is what later changes are measured by.
    fn decision_set(&mut self, cx: &mut Cx<'_>) {
        if let Some(job) = self.current(cx.store).map(|job| job.id.clone()) {
            self.sets.remove(&job);
            if let Digits::Changed { .. } = cx.store.digits(&job) {
                cx.store.repin(&job);
                cx.say(Tone::Fine, "the digits of its labels are pinned anew");
            }
            cx.store.ask(DecisionSet { job }, Policy::Latest, cx.now);
        }
    }

    fn train(&mut self, cx: &mut Cx<'_>) {
        if let Some(job) = self.current(cx.store) {
            let sheet = train::sheet(job, cx);
            self.show(job.id.clone(), Kind::Train, sheet, cx);
        }
    }

    fn send(&mut self, cx: &mut Cx<'_>) {
        if let Some(job) = self.current(cx.store) {
            let sheet = send::sheet(job, self.drafts.get(&job.id), cx.prefs.read_only);
            self.show(job.id.clone(), Kind::Send, sheet, cx);
        }
    }

    fn show(&mut self, job: JobId, kind: Kind, sheet: Sheet, cx: &mut Cx<'_>) {
        let mut open = Open { job, kind, sheet };
        open.check(cx);
        self.sheet = Some(open);
    }

    /// Closes the sheet; an event that was begun is kept for the next time.
    fn close(&mut self) -> bool {
        let Some(open) = self.sheet.take() else {
            return false;
        };
        if open.kind == Kind::Send {
            self.drafts.insert(open.job, Written::of(&open.sheet));
        }
        true
    }

    fn react(&mut self, reaction: SheetReaction, cx: &mut Cx<'_>) {
        let Some(open) = &mut self.sheet else { return };
        match reaction {
            SheetReaction::Stay => {}
            SheetReaction::Edited => {
                if open.kind == Kind::Send
                    && let Some(path) = send::file(&open.sheet)
                {
                    cx.asks.push(Ask::Load(path));
                }
                open.check(cx);
            }
            SheetReaction::Edit => cx.asks.push(Ask::Edit(open.sheet.text())),
            SheetReaction::Close => {
                self.close();
            }
            SheetReaction::Confirmed => self.stage(cx),
        }
    }

    /// Gives the confirmed write to the outbox.
    fn stage(&mut self, cx: &mut Cx<'_>) {
        let Some(open) = &mut self.sheet else { return };
        // It may have run out while the sheet was open.
        if let Err(why) = cx.store.armed(cx.now) {
            open.check(cx);
            return cx.say(Tone::Mind, why);
        }
        // Made anew at the last moment: what is staged is what was checked.
        let act = match open.act(cx) {
            Ok(act) => act,
            Err(why) => return open.sheet.set_request(Err(why)),
        };
        let call = match act.call() {
            Ok(call) => call,
            Err(bad) => return open.sheet.set_request(Err(bad.to_string())),
        };
        let grace = cx.prefs.outward_grace;
        let words = format!("{}: sent in {} s, u takes it back", act.summary(), grace.as_secs());
        cx.store.stage(Draft { act, call, grace, seen: None, note: None, batch: None });
        if open.kind == Kind::Send {
            self.drafts.remove(&open.job);
        }
        self.sheet = None;
        cx.say(Tone::Fine, words);
    }

    /// Compares the decision sets with what was seen before.
    fn pin(&mut self, cx: &mut Cx<'_>) {
        let Some(jobs) = cx.store.job_list.value() else {
            return;
        };
        let mut told = Vec::new();
        for job in jobs {
            let reading = cx.store.decision_sets.get(&job.id).is_some_and(|set| set.pending);
            let Some(labels) = cx.store.labels(&job.id).filter(|_| !reading) else {
                continue;
            };
            let pinned = self.sets.entry(job.id.clone()).or_insert_with(|| Pinned {
                labels: labels.to_vec(),
                since: cx.now.wall,
                changed: None,
            });
            let words = difference(&pinned.labels, labels);
            if pinned.changed.as_ref().map(|(words, _)| words) != words.as_ref() {
                told.extend(
                    words.iter().map(|words| {
                        format!("the decision set of job {} changed: {words}", job.id)
                    }),
                );
                pinned.changed = words.map(|words| (words, cx.now.wall));
            }
        }
        if let Some(words) = told.pop() {
            cx.say(Tone::Mind, words);
        }
    }
}

impl Open {
    /// What would be sent now, or why nothing.
    fn act(&self, cx: &Cx<'_>) -> Result<Act, String> {
        match self.kind {
            Kind::Train => train::act(&self.job, &self.sheet, cx.store),
            Kind::Send => send::act(&self.job, &self.sheet),
        }
    }

    /// Says on the sheet what is wrong, and what would be sent.
    fn check(&mut self, cx: &Cx<'_>) {
        self.sheet.set_barred(cx.store.armed(cx.now).err());
        match self.kind {
            Kind::Train => {
                if let Some(job) = cx.store.job(&self.job) {
                    self.sheet.set_notes(train::notes(job, cx));
                }
                train::complain(&mut self.sheet);
            }
            Kind::Send => send::complain(&mut self.sheet),
        }
        let request = self.act(cx).and_then(|act| {
            act.call().map(|call| super::sheet::exactly(&call)).map_err(|bad| bad.to_string())
        });
        self.sheet.set_request(request);
    }
}

/// How a decision set differs from an earlier one; `None` when it does not.
fn difference(before: &[String], now: &[String]) -> Option<String> {
    if before == now {
        return None;
    }
    let of = |sign: char, some: &[String], others: &[String]| -> Vec<String> {
        some.iter()
            .filter(|label| !others.contains(label))
            .map(|label| format!("{sign}{label}"))
            .collect()
    };
    let mut parts = of('+', now, before);
    parts.extend(of('-', before, now));
    if parts.is_empty() {
        parts.push("another order: the digits mean other labels".to_owned());
    }
    Some(parts.join(" "))
}

impl Pane for JobsPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        if let Some(Target::Job(id)) = target
            && let Some(index) =
                cx.store.job_list.value().and_then(|jobs| jobs.iter().position(|job| job.id == id))
        {
            self.list.select(index);
        }
        if cx.store.job_list.value().is_none() {
            cx.store.ask(Jobs, Policy::Join, cx.now);
        }
        if cx.store.health.is_untouched() {
            cx.store.ask(Health, Policy::Join, cx.now);
        }
        if cx.store.scopes.is_untouched() {
            cx.store.ask(Scopes, Policy::Join, cx.now);
        }
        self.rest.moved(cx.now.instant);
        self.changed(cx);
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some((&mut self.list, store.job_list.value().map_or(0, Vec::len)))
    }

    fn moved(&mut self, _cx: &mut Cx<'_>) {
        self.scroll = 0;
    }

    fn scroll(&mut self, by: isize) {
        self.scroll = self.scroll.saturating_add_signed(by).min(self.above.get());
    }

    fn typing(&self) -> bool {
        self.sheet.is_some()
    }

    fn typing_hints(&self) -> &'static [(&'static str, &'static str)] {
        self.sheet.as_ref().map_or(&[], |open| open.sheet.hints())
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(open) = &mut self.sheet else {
            return false;
        };
        let reaction = open.sheet.key(key);
        self.react(reaction, cx);
        true
    }

    fn paste(&mut self, text: &str, cx: &mut Cx<'_>) -> bool {
        let Some(open) = &mut self.sheet else {
            return false;
        };
        let reaction = if open.sheet.focused() == Some(send::EVENT) {
            open.sheet.paste(&send::escaped(text))
        } else {
            open.sheet.paste(text)
        };
        self.react(reaction, cx);
        true
    }

    fn edited(&mut self, text: &str, cx: &mut Cx<'_>) {
        if let Some(open) = &mut self.sheet {
            if open.sheet.focused() == Some(send::EVENT) {
                open.sheet.edited(&send::escaped(text));
            } else {
                open.sheet.edited(text);
            }
            open.check(cx);
            let lines = text.lines().count();
            cx.say(Tone::Fine, format!("{lines} lines taken in"));
        }
    }

    fn cancel(&mut self) -> bool {
        self.rest.stop();
        self.close()
    }

    fn deadline(&self) -> Option<Instant> {
        self.rest.deadline()
    }

    fn tick(&mut self, cx: &mut Cx<'_>) {
        self.rest.tick(cx.now.instant);
        self.ask_figures(cx);
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        super::grids::jobs(store.job_list.value()?)
    }

    fn grid_row(&self) -> Option<usize> {
        Some(self.list.cursor())
    }

    fn piece(&self, store: &Store, _prefs: &crate::command::Prefs) -> Option<super::piece::Piece> {
        let target = Some(Target::Job(self.current(store)?.id.clone()));
        let piece = super::piece::Piece::of_grid("job", self.grid(store)?, self.grid_row())?;
        Some(super::piece::Piece { target, ..piece })
    }

    fn heading(&self, store: &Store) -> String {
        store.job_list.value().map_or_else(String::new, |jobs| jobs.len().to_string())
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        self.paint(store, look, area, buf);
        self.sheet.as_ref().and_then(|open| open.sheet.draw(look, area, buf))
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        cx.store.ask(Jobs, Policy::Latest, cx.now);
        cx.store.ask(Health, Policy::Latest, cx.now);
        cx.store.ask(Scopes, Policy::Latest, cx.now);
        self.ask_figures_again(cx);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let len = cx.store.job_list.value().map_or(0, Vec::len);
        if self.list.cursor() >= len {
            self.list.select(len.saturating_sub(1));
        }
        self.pin(cx);
        self.ask_figures(cx);
        if let Some(open) = &mut self.sheet {
            open.check(cx);
        }
    }
}

#[cfg(test)]
mod tests;
