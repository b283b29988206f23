//! Which events of the queue are shown: the saved views and the filter, over the queue's frozen order.
//!
//! What is shown is worked out when a person asks for it (a view, a filter, an order, a fresh read), never because an answer
//! came: nothing that arrives takes a line away from under the finger.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use strum::IntoEnumIterator;

use super::filter::{Filter, Subject};
use super::known::{self, Known};
use crate::api::arcanna::{Decision, EventId, JobId};
use crate::command::Prefs;
use crate::outbox::Moment;
use crate::store::{Order, Store, key};
use crate::views::{ORDERS, SavedView, same};

/// A view: built in, or a person's own.
#[derive(Debug, Clone, PartialEq, Default)]
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
    /// Labelled from here today.
    Mine,
    /// Put off in this session.
    Skipped,
    /// A second opinion is wanted.
    Second,
    /// Events that were named elsewhere, under that name.
    Named(&'static str, Vec<EventId>),
    /// Kept under a name.
    Own(Box<Own>),
}

/// A view that a person keeps under a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Own {
    /// As it is written down.
    pub saved: SavedView,
    /// The built-in view it narrows.
    base: View,
    /// What it lets through; or why its filter is none.
    pub filter: Result<Filter, String>,
}

/// The word of an order in the file.
pub(super) fn word(order: Order) -> &'static str {
    let at = Order::iter().position(|one| one == order).unwrap_or(0);
    ORDERS[at]
}

/// The order of a word in the file.
pub(super) fn order(word: &str) -> Option<Order> {
    Order::iter().nth(ORDERS.iter().position(|one| *one == word)?)
}

/// The names of the built-in views, given the labels of a job: for the command line to complete.
pub(super) fn names(labels: &[String]) -> Vec<String> {
    View::built_in(labels).iter().map(View::name).collect()
}

impl View {
    /// The views of a job, in the order the keys go through them.
    pub(super) fn all(store: &Store, job: Option<&JobId>) -> Vec<Self> {
        let mut views = Self::built_in(job.and_then(|job| store.labels(job)).unwrap_or_default());
        views.extend(store.views().views().map(Self::own));
        views
    }

    fn built_in(labels: &[String]) -> Vec<Self> {
        let mut views = vec![Self::All, Self::LowConfidence, Self::Outliers, Self::Undecided];
        views.extend(labels.iter().map(|label| Self::Says(label.clone())));
        views.extend([Self::Mine, Self::Skipped, Self::Second]);
        views
    }

    /// A person's own view.
    pub(super) fn own(saved: &SavedView) -> Self {
        let base = saved.view.as_deref().map_or(Ok(Self::All), |name| {
            Self::named(name).ok_or_else(|| format!("there is no built-in view {name}"))
        });
        let (base, filter) = match (base, Filter::parse(&saved.filter)) {
            (Ok(base), filter) => (base, filter),
            (Err(why), _) => (Self::All, Err(why)),
        };
        Self::Own(Box::new(Own { saved: saved.clone(), base, filter }))
    }

    /// The built-in view of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        let says = name.trim();
        let head = says.get(..8).filter(|head| head.eq_ignore_ascii_case("ai says "));
        if let Some(label) = head.map(|_| says[8..].trim()).filter(|label| !label.is_empty()) {
            return Some(Self::Says(label.to_owned()));
        }
        Self::built_in(&[]).into_iter().find(|view| same(&view.name(), name))
    }

    /// Why it cannot be shown; a person's own view may have a filter that is none.
    pub(super) fn fault(&self) -> Option<&str> {
        match self {
            Self::Own(own) => own.filter.as_ref().err().map(String::as_str),
            _ => None,
        }
    }

    /// The order it wants.
    pub(super) fn order(&self) -> Option<Order> {
        match self {
            Self::Own(own) => own.saved.order.as_deref().and_then(order),
            _ => None,
        }
    }

    /// What it holds, in few words.
    pub(super) fn about(&self, low: f64) -> String {
        match self {
            Self::All => "every event that is listed".to_owned(),
            Self::LowConfidence => format!("the AI is less than {low:.0}% sure"),
            Self::Outliers => "unlike anything seen before".to_owned(),
            Self::Undecided => "the analysts' votes are split".to_owned(),
            Self::Says(_) => String::new(),
            Self::Mine => "labelled from here since 00:00Z".to_owned(),
            Self::Skipped => "put off in this session".to_owned(),
            Self::Second => "flagged for a second pair of eyes".to_owned(),
            Self::Named(name, events) => format!("{} events: {name}", events.len()),
            Self::Own(own) => {
                let parts = [own.saved.view.as_deref(), Some(own.saved.filter.as_str())];
                let words = parts.into_iter().flatten().filter(|part| !part.is_empty());
                let mut words = words.collect::<Vec<_>>().join("  ");
                if let Some(order) = &own.saved.order {
                    words = format!("{words}  by {order}");
                }
                match &own.filter {
                    Ok(_) => words.trim_start().to_owned(),
                    Err(why) => format!("{why}: {words}"),
                }
            }
        }
    }

    /// What a person keeps who keeps this view, narrowed by a filter, in an order.
    pub(super) fn keep(&self, name: String, filter: &Filter, order: Order) -> SavedView {
        let (base, mine) = match self {
            Self::Own(own) => (own.saved.view.clone(), own.saved.filter.trim()),
            Self::All => (None, ""),
            built_in => (Some(built_in.name()), ""),
        };
        let filter = [mine, filter.text()].into_iter().filter(|text| !text.is_empty());
        SavedView {
            name,
            view: base,
            filter: filter.collect::<Vec<_>>().join(" "),
            order: Some(word(order).to_owned()),
        }
    }

    /// Its name for people.
    pub(super) fn name(&self) -> String {
        match self {
            Self::All => "All".to_owned(),
            Self::LowConfidence => "Low-confidence".to_owned(),
            Self::Outliers => "Outliers".to_owned(),
            Self::Undecided => "Undecided".to_owned(),
            Self::Says(label) => format!("AI says {label}"),
            Self::Mine => "Mine today".to_owned(),
            Self::Skipped => "Skipped".to_owned(),
            Self::Second => "Second opinion".to_owned(),
            Self::Named(name, _) => (*name).to_owned(),
            Self::Own(own) => own.saved.name.clone(),
        }
    }

    /// Whether being in the view would tell what the AI says.
    pub(super) fn tells_answer(&self) -> bool {
        match self {
            Self::Says(_) => true,
            Self::Own(own) => own.base.tells_answer(),
            _ => false,
        }
    }

    /// `real` is the decision with what is hidden: a work list by confidence would lose what it is for, so it tells that
    /// the AI is unsure, and no more.
    fn holds(
        &self,
        event: &Known<'_>,
        real: Option<&Decision>,
        subject: &Subject<'_>,
        low: f64,
    ) -> bool {
        match self {
            Self::All => true,
            Self::LowConfidence => {
                real.is_some_and(|decision| known::below(decision.confidence, low))
            }
            Self::Outliers => {
                subject.decision.is_some_and(|decision| decision.outlier == Some(true))
            }
            Self::Undecided => event.is_undecided(),
            Self::Says(label) => {
                subject.decision.and_then(|decision| decision.label.as_ref()) == Some(label)
            }
            Self::Mine => event.labelled().is_some_and(|at| {
                let day = |at: Timestamp| at.to_zoned(TimeZone::UTC).date();
                day(at) == day(subject.now)
            }),
            Self::Skipped => subject.skipped,
            Self::Second => subject.second,
            Self::Named(_, events) => events.contains(&event.key.event),
            Self::Own(own) => {
                own.base.holds(event, real, subject, low)
                    && own.filter.as_ref().is_ok_and(|filter| filter.keeps(subject))
            }
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
            let subject = Subject {
                id: line.event.as_str(),
                found: event.found,
                decision: event.decision.as_deref(),
                yours: event.yours(),
                skipped: queue.is_skipped(&line.event),
                second: queue.is_second(&line.event),
                now: now.wall,
            };
            view.holds(&event, store.decision(&key), &subject, prefs.low_confidence)
                && filter.keeps(&subject)
        })
        .map(|line| line.event.clone())
        .collect()
}
