//! What this session's labelling came to: how many, how fast, how often the AI had said the same, shown and hidden apart.
//!
//! Counted when a label is kept or taken back, never by the clock: the figures are those of the last label. It rates nobody.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::{EventKey, key};
use crate::outbox::{Row, RowId, Seen, State};

/// Fewer seconds than this say nothing about an hour.
const LEAST: i64 = 60;

/// Seconds of one place of [`Stats::slots`].
pub const SLOT: i64 = 300;

/// Fewer events than this on either side say nothing about a difference.
const COMPARED: usize = 5;

/// An event that was on the screen for less than this was labelled fast. Milliseconds.
const FAST_MS: u64 = 1_000;

/// So many fast labels in a row are a fast run.
const RUN: u32 = 12;

/// Ends of the places of [`Stats::dwell`], in seconds; the last one has none.
pub const DWELL: [u64; 4] = [1, 3, 10, 30];

/// How often the AI had said the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Events compared.
    pub n: usize,
    /// Those with the same label.
    pub same: usize,
}

impl Agreement {
    /// In percent; none where nothing was compared.
    pub fn percent(self) -> Option<f64> {
        (self.n > 0).then(|| self.same as f64 * 100.0 / self.n as f64)
    }

    fn add(&mut self, same: bool) {
        self.n += 1;
        self.same += usize::from(same);
    }
}

/// Agreement where the AI's answer was on the screen, and where it was hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreements {
    /// It was on the screen.
    pub shown: Agreement,
    /// It was hidden.
    pub blind: Agreement,
}

impl Agreements {
    /// Of labels that were not taken back, oldest first. An event counts once, with its first label: what a person says
    /// again after they saw the answer is no second judgement.
    pub fn of<'a>(labels: impl IntoIterator<Item = (EventKey, &'a str, Option<&'a Seen>)>) -> Self {
        let mut agreements = Self::default();
        let mut judged = HashSet::new();
        for (event, label, seen) in labels {
            let Some((seen, ai)) = seen.and_then(|seen| Some((seen, seen.label.as_deref()?)))
            else {
                continue;
            };
            if judged.insert(event) {
                let side = if seen.blind { &mut agreements.blind } else { &mut agreements.shown };
                side.add(ai.eq_ignore_ascii_case(label));
            }
        }
        agreements
    }

    /// By how many points agreement is higher where the answer was on the screen; negative where it is lower. None where
    /// too little was compared to say anything.
    pub fn gap(&self) -> Option<f64> {
        if self.shown.n.min(self.blind.n) < COMPARED {
            return None;
        }
        Some(self.shown.percent()? - self.blind.percent()?)
    }
}

/// The figures as of the last label.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Stats {
    /// Events labelled, each once.
    pub done: usize,
    /// Labels an hour, from the first to the last one.
    pub per_hour: Option<f64>,
    /// How long the middle event was on the screen, in milliseconds; events labelled together do not count.
    pub median_ms: Option<u64>,
    /// How often the AI had said the same.
    pub agreements: Agreements,
    /// Labels taken back.
    pub undone: usize,
    /// When the first label was given.
    pub since: Option<Timestamp>,
    /// Labels in each [`SLOT`] since then.
    pub slots: Vec<usize>,
    /// Labels by how long their event was on the screen: see [`DWELL`].
    pub dwell: [usize; 5],
    /// Events by the label they have, and how often the AI had said the same of them; the most frequent first.
    pub labels: Vec<(String, usize, Agreements)>,
}

/// A label that was given from here in this session.
#[derive(Debug, Clone)]
struct Given {
    row: RowId,
    event: EventKey,
    label: String,
    at: Timestamp,
    seen: Option<Seen>,
    /// One of several given at once.
    batch: bool,
    undone: bool,
}

/// See the module.
#[derive(Debug, Default)]
pub struct Sitting {
    given: Vec<Given>,
    /// Events put off.
    pub skipped: usize,
    /// Events flagged for a second pair of eyes.
    pub second: usize,
    /// Fast runs.
    pub fast_runs: usize,
    run: u32,
    news: Option<String>,
    stats: Stats,
}

impl Sitting {
    /// The figures as of the last label.
    pub fn stats(&self) -> &Stats {
        &self.stats
    }

    /// A write was kept that was asked for in this session.
    pub(super) fn staged(&mut self, row: &Row) {
        let Some((job, event, label)) = row.draft.act.labels() else {
            return;
        };
        let given = Given {
            row: row.id,
            event: key(job, event),
            label: label.to_owned(),
            at: row.staged,
            seen: row.draft.seen.clone(),
            batch: row.draft.batch.is_some(),
            undone: false,
        };
        if !given.batch {
            self.run = self.run_with(given.seen.as_ref().and_then(|seen| seen.dwell_ms));
            if self.run == RUN {
                self.fast_runs += 1;
                self.news =
                    Some(format!("fast run, {RUN} labels under 1 s each; the ledger keeps it"));
            }
        }
        self.given.push(given);
        self.count();
    }

    /// A write is as this row says now.
    pub(super) fn told(&mut self, row: &Row) {
        let undone = row.state == State::Undone;
        let given = self.given.iter_mut().rev().find(|given| given.row == row.id);
        if let Some(given) = given
            && given.undone != undone
        {
            given.undone = undone;
            self.count();
        }
    }

    /// How many fast labels in a row a label would make whose event was on the screen for so long.
    fn run_with(&self, dwell_ms: Option<u64>) -> u32 {
        if dwell_ms.is_some_and(|dwell| dwell < FAST_MS) { self.run.saturating_add(1) } else { 0 }
    }

    /// The same, once it is a fast run: what the ledger keeps with the label.
    pub fn fast_run(&self, dwell_ms: Option<u64>) -> Option<u32> {
        Some(self.run_with(dwell_ms)).filter(|run| *run >= RUN)
    }

    /// What is worth one quiet line, once.
    pub fn take_news(&mut self) -> Option<String> {
        self.news.take()
    }

    fn count(&mut self) {
        let kept: Vec<&Given> = self.given.iter().filter(|given| !given.undone).collect();
        let latest: HashMap<&EventKey, &str> =
            kept.iter().map(|given| (&given.event, given.label.as_str())).collect();
        let mut stats = Stats {
            done: latest.len(),
            undone: self.given.len() - kept.len(),
            agreements: agreements(kept.iter().copied()),
            since: kept.first().map(|given| given.at),
            ..Stats::default()
        };
        let mut dwells = Vec::new();
        for given in kept.iter().filter(|given| !given.batch) {
            if let Some(dwell) = given.seen.as_ref().and_then(|seen| seen.dwell_ms) {
                let place = DWELL.iter().position(|end| dwell < end * 1_000);
                stats.dwell[place.unwrap_or(DWELL.len())] += 1;
                dwells.push(dwell);
            }
        }
        dwells.sort_unstable();
        stats.median_ms = dwells.get(dwells.len() / 2).copied();
        if let (Some(first), Some(last)) = (kept.first(), kept.last()) {
            let seconds = last.at.as_second() - first.at.as_second();
            stats.per_hour =
                (seconds >= LEAST).then(|| (kept.len() - 1) as f64 * 3_600.0 / seconds as f64);
            stats.slots = vec![0; (seconds.max(0) / SLOT) as usize + 1];
            for given in &kept {
                let slot = (given.at.as_second() - first.at.as_second()).max(0) / SLOT;
                if let Some(count) = stats.slots.get_mut(slot as usize) {
                    *count += 1;
                }
            }
        }
        let mut labels: Vec<&str> = latest.values().copied().collect();
        labels.sort_unstable();
        labels.dedup();
        stats.labels = labels
            .into_iter()
            .map(|label| {
                let count = latest.values().filter(|one| **one == label).count();
                let own = kept.iter().copied().filter(|given| given.label == label);
                (label.to_owned(), count, agreements(own))
            })
            .collect();
        stats.labels.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
        self.stats = stats;
    }
}

fn agreements<'a>(given: impl Iterator<Item = &'a Given>) -> Agreements {
    Agreements::of(
        given.map(|given| (given.event.clone(), given.label.as_str(), given.seen.as_ref())),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::arcanna::feedback::Feedback;
    use crate::outbox::{Act, Draft, Keeper, Moment, Notice, Request, Session};

    /// Labels given one after another: event, label, what the AI said, blind, milliseconds on the screen, seconds since the
    /// one before.
    type Pressed = (&'static str, &'static str, &'static str, bool, u64, u64);

    struct Table {
        sitting: Sitting,
        outbox: Keeper,
        now: Moment,
        ids: Vec<RowId>,
    }

    impl Table {
        fn new() -> Self {
            let now = Moment::now();
            let outbox = Keeper::open(None, Session::nowhere(), now).unwrap().0;
            Self { sitting: Sitting::default(), outbox, now, ids: Vec::new() }
        }

        fn press(&mut self, (event, label, ai, blind, dwell, after): Pressed) {
            self.now = self.now.plus(Duration::from_secs(after));
            let feedback = Feedback {
                job: "1202".into(),
                event: event.into(),
                label: label.into(),
                username: "ana.pop".into(),
            };
            let act = Act::Label { feedback, digit: '1' };
            let seen = Seen {
                label: Some(ai.into()).filter(|ai: &String| !ai.is_empty()),
                blind,
                dwell_ms: Some(dwell),
                fast_run: self.sitting.fast_run(Some(dwell)),
                ..Seen::default()
            };
            let call = act.call().unwrap();
            let grace = Duration::from_secs(50_000);
            let draft = Draft { act, call, grace, seen: Some(seen), note: None, batch: None };
            for notice in self.outbox.handle(Request::Stage { draft, tag: 1 }, self.now) {
                if let Notice::Staged { row, .. } = notice {
                    self.ids.push(row.id);
                    self.sitting.staged(&row);
                }
            }
        }

        fn undo(&mut self, at: usize) {
            for notice in self.outbox.handle(Request::Undo(self.ids[at]), self.now) {
                if let Notice::Changed(row) = notice {
                    self.sitting.told(&row);
                }
            }
        }
    }

    #[test]
    fn figures_are_those_of_the_last_label() {
        let mut table = Table::new();
        assert_eq!(table.sitting.stats(), &Stats::default());
        for pressed in [
            ("1", "Drop", "Drop", false, 2_000, 0),
            ("2", "Drop", "Escalate", false, 4_000, 100),
            ("3", "Escalate", "Escalate", true, 6_000, 200),
            ("4", "Drop", "Escalate", true, 40_000, 300),
            ("5", "Drop", "", false, 500, 0),
        ] {
            table.press(pressed);
        }
        let stats = table.sitting.stats().clone();
        assert_eq!((stats.done, stats.undone), (5, 0));
        assert_eq!(stats.per_hour, Some(24.0), "four after the first in 600 s");
        assert_eq!(stats.median_ms, Some(4_000));
        assert_eq!(stats.dwell, [1, 1, 2, 0, 1]);
        assert_eq!(stats.slots, [2, 1, 2]);
        assert_eq!(stats.agreements.shown, Agreement { n: 2, same: 1 });
        assert_eq!(stats.agreements.blind, Agreement { n: 2, same: 1 });
        assert_eq!(stats.agreements.gap(), None, "too few to tell");
        let few =
            Agreements { shown: Agreement { n: 29, same: 28 }, blind: Agreement { n: 5, same: 4 } };
        assert_eq!(few.gap().map(f64::round), Some(17.0));
        let labels: Vec<_> =
            stats.labels.iter().map(|(label, count, _)| (label.as_str(), *count)).collect();
        assert_eq!(labels, [("Drop", 4), ("Escalate", 1)]);
        table.undo(3);
        let stats = table.sitting.stats();
        assert_eq!((stats.done, stats.undone), (4, 1));
        assert_eq!(stats.agreements.blind, Agreement { n: 1, same: 1 });
    }

    #[test]
    fn an_event_is_judged_by_its_first_label() {
        let mut table = Table::new();
        table.press(("1", "Drop", "Escalate", true, 2_000, 0));
        table.press(("1", "Escalate", "Escalate", false, 2_000, 10));
        let stats = table.sitting.stats();
        assert_eq!(stats.done, 1);
        assert_eq!(stats.agreements.blind, Agreement { n: 1, same: 0 });
        assert_eq!(stats.agreements.shown, Agreement::default());
        assert_eq!(stats.per_hour, None, "too short to say anything about an hour");
    }

    #[test]
    fn twelve_fast_labels_in_a_row_are_told_once_and_recorded() {
        let mut table = Table::new();
        for id in ["a", "b", "c"] {
            table.press((id, "Drop", "Drop", false, 900, 1));
        }
        table.press(("slow", "Drop", "Drop", false, 1_000, 1));
        for n in 0..14 {
            let id = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n"][n];
            let news = table.sitting.take_news();
            assert_eq!(news.is_some(), n == 12, "told after the twelfth, once: {n} {news:?}");
            table.press((id, "Drop", "Drop", false, 300, 1));
        }
        assert_eq!(table.sitting.fast_runs, 1);
        let recorded: Vec<Option<u32>> =
            table.sitting.given.iter().map(|one| one.seen.as_ref()?.fast_run).collect();
        assert_eq!(recorded[14..], [None, Some(12), Some(13), Some(14)]);
        assert!(recorded[..15].iter().all(Option::is_none));
    }
}
