//! The figures of all jobs: how many events wait, how the model does. Asked after a person has rested in the pane, where the
//! key may, a few at a time, the job under the cursor first; each once, until they are read again.

use super::JobsPane;
use crate::api::arcanna::JobId;
use crate::api::arcanna::count::CountOpen;
use crate::api::arcanna::jobs::Job;
use crate::api::arcanna::metrics::JobMetrics;
use crate::command::Cx;
use crate::job::Policy;
use crate::panes::rest::fresh;
use crate::store::{Remote, Store};

/// Whose reads these are: the pane's, but not worth a line of their own.
const OWNER: &str = "jobs.figures";

/// Questions under way at once.
const AT_ONCE: usize = 3;

/// The jobs whose unlabelled events the server can count: those with buckets. For others the word for "no feedback yet" is
/// not documented.
const COUNTED: &str = "decision intelligence";

/// How many events of a job wait for a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Waiting {
    /// All of them.
    pub(super) open: Option<u64>,
    /// Those of low confidence.
    pub(super) low: Option<u64>,
}

impl Waiting {
    /// From the events that are loaded, where that is all of them; else as the server counted.
    pub(super) fn of(store: &Store, job: &JobId, low: f64) -> Self {
        if let Some((open, unsure)) = store.open_loaded(job, low) {
            return Self { open: Some(open), low: Some(unsure) };
        }
        let counted = |below| {
            let count = store.counts.get(&CountOpen { job: job.clone(), below })?;
            count.value().copied()
        };
        Self { open: counted(None), low: counted(Some(percent(low))) }
    }
}

fn percent(low: f64) -> u8 {
    low.clamp(0.0, 100.0).round() as u8
}

/// Whether the key may do something, as far as the server tells.
pub(super) fn may(store: &Store, scope: &str) -> bool {
    store.scopes.value().is_some_and(|granted| granted.allows(scope))
}

fn counted(job: &Job) -> bool {
    job.category.as_deref().is_some_and(|category| category.trim().eq_ignore_ascii_case(COUNTED))
}

impl JobsPane {
    /// Asks what is not known yet.
    pub(super) fn ask_figures(&self, cx: &mut Cx<'_>) {
        if !self.rest.open {
            return;
        }
        self.each_figure(cx, |figure, cx| match figure {
            Figure::Metrics(ask) => fresh(ask, AT_ONCE, cx),
            Figure::Count(ask) => fresh(ask, AT_ONCE, cx),
        });
    }

    /// Asks everything again: a person wants it.
    pub(super) fn ask_figures_again(&mut self, cx: &mut Cx<'_>) {
        self.rest.open = true;
        self.each_figure(cx, |figure, cx| match figure {
            Figure::Metrics(ask) => cx.store.ask(ask, Policy::Latest, cx.now),
            Figure::Count(ask) => cx.store.ask(ask, Policy::Latest, cx.now),
        });
    }

    fn each_figure(&self, cx: &mut Cx<'_>, mut ask: impl FnMut(Figure, &mut Cx<'_>)) {
        let (metrics, count) = (may(cx.store, JobMetrics::SCOPE), may(cx.store, CountOpen::SCOPE));
        let low = cx.prefs.low_confidence;
        let here = self.list.cursor();
        let Some(jobs) = cx.store.job_list.value() else {
            return;
        };
        let rest = jobs.iter().enumerate().filter(|(index, _)| *index != here);
        let order: Vec<(JobId, bool)> = jobs
            .get(here)
            .into_iter()
            .chain(rest.map(|(_, job)| job))
            .map(|job| (job.id.clone(), counted(job)))
            .collect();
        let before = std::mem::replace(&mut cx.store.owner, OWNER);
        for (job, counted) in order {
            if metrics {
                ask(Figure::Metrics(JobMetrics { job: job.clone() }), cx);
            }
            if count && counted && cx.store.open_loaded(&job, low).is_none() {
                for below in [None, Some(percent(low))] {
                    ask(Figure::Count(CountOpen { job: job.clone(), below }), cx);
                }
            }
        }
        cx.store.owner = before;
    }
}

enum Figure {
    Metrics(JobMetrics),
    Count(CountOpen),
}

/// The model's figures, where they were read.
pub(super) fn metrics<'a>(
    store: &'a Store,
    job: &JobId,
) -> Option<&'a Remote<crate::api::arcanna::metrics::Metrics>> {
    store.metrics.get(job)
}
