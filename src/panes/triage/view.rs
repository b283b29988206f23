//! Which events of the queue are shown: the saved views and the filter, over the queue's frozen order.
//!
//! What is shown is worked out when a person asks for it (a view, a filter, an order, a fresh read), never because an answer
//! came: nothing that arrives takes a line away from under the finger.

use super::filter::{Filter, Subject};
use super::known::{self, Known};
use crate::api::arcanna::{Decision, EventId, JobId};
use crate::command::Prefs;
use crate::outbox::Moment;
use crate::store::{Store, key};

/// A built-in view.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) enum View {
    /// Every event of the list.
    #[default]
    All,
    /// Decisions below the confidence of the settings.
    LowConfidence,
    /// Unlike anything seen before.
    Outliers,
    /// The analysts' votes are split.
    Undecided,
    /// The AI says this label.
    Says(String),
    /// Labelled from here.
    Mine,
    /// Put off in this session.
    Skipped,
    /// A second opinion is wanted.
    Second,
    /// Events that were named elsewhere, under that name.
    Named(&'static str, Vec<EventId>),
}

impl View {
    /// The views of a job, in the order the keys go through them.
    pub(super) fn all(store: &Store, job: Option<&JobId>) -> Vec<Self> {
        let mut views = vec![Self::All, Self::LowConfidence, Self::Outliers, Self::Undecided];
        let labels = job.and_then(|job| store.labels(job)).unwrap_or_default();
        views.extend(labels.iter().map(|label| Self::Says(label.clone())));
        views.extend([Self::Mine, Self::Skipped, Self::Second]);
        views
    }

    /// Its name for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::All => "All".to_owned(),
            Self::LowConfidence => "Low-confidence".to_owned(),
            Self::Outliers => "Outliers".to_owned(),
            Self::Undecided => "Undecided".to_owned(),
            Self::Says(label) => format!("AI says {label}"),
            Self::Mine => "Mine".to_owned(),
            Self::Skipped => "Skipped".to_owned(),
            Self::Second => "Second opinion".to_owned(),
            Self::Named(name, _) => (*name).to_owned(),
        }
    }

    /// Whether being in the view would tell what the AI says.
    pub(super) fn tells_answer(&self) -> bool {
        matches!(self, Self::Says(_))
    }

    /// `real` is the decision with what is hidden: a work list by confidence would lose what it is for, so it tells that
    /// the AI is unsure, and no more.
    fn holds(
        &self,
        event: &Known<'_>,
        real: Option<&Decision>,
        (skipped, second): (bool, bool),
        low: f64,
    ) -> bool {
        let decision = event.decision.as_deref();
        match self {
            Self::All => true,
            Self::LowConfidence => {
                real.is_some_and(|decision| known::below(decision.confidence, low))
            }
            Self::Outliers => decision.is_some_and(|decision| decision.outlier == Some(true)),
            Self::Undecided => event.is_undecided(),
            Self::Says(label) => {
                decision.and_then(|decision| decision.label.as_ref()) == Some(label)
            }
            Self::Mine => event.yours().is_some(),
            Self::Skipped => skipped,
            Self::Second => second,
            Self::Named(_, events) => events.contains(&event.key.event),
        }
    }
}

/// The events of a job that a view and a filter let through, in the queue's order.
pub(super) fn shown(
    store: &Store,
    job: &JobId,
    view: &View,
    filter: &Filter,
    prefs: &Prefs,
    now: Moment,
) -> Vec<EventId> {
    let Some(queue) = store.queues.get(job) else {
        return Vec::new();
    };
    let everything = *view == View::All && filter.is_empty();
    queue
        .lines()
        .iter()
        .filter(|line| {
            if everything {
                return true;
            }
            let key = key(job, &line.event);
            let event = Known::of(store, &key);
            let skipped = queue.is_skipped(&line.event);
            let second = queue.is_second(&line.event);
            view.holds(&event, store.decision(&key), (skipped, second), prefs.low_confidence)
                && filter.keeps(&Subject {
                    id: line.event.as_str(),
                    found: event.found,
                    decision: event.decision.as_deref(),
                    yours: event.yours(),
                    skipped,
                    second,
                    now: now.wall,
                })
        })
        .map(|line| line.event.clone())
        .collect()
}
