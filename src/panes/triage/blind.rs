//! Judging before seeing: the AI's answer hidden until the own vote, other people's votes hidden until then or until they are
//! asked for. What was on the screen is remembered, so that the ledger can say it truly.

use ratatui::text::{Line, Span};

use super::TriagePane;
use super::known::Known;
use super::view::View;
use crate::api::arcanna::{ArcannaBlock, Vote};
use crate::command::{Cx, Tone};
use crate::panes::paint::Look;
use crate::store::{EventKey, Order, Store, is_undecided, key};
use crate::ui::text;

/// Names told of the people of one label.
const NAMES: usize = 3;

/// What is known of other people's votes on an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Others {
    /// Each of them.
    Votes(Vec<Vote>),
    /// Only what all of them amount to.
    Outcome(String),
}

impl Others {
    /// `None` where the server tells of none.
    pub(super) fn of(known: &Known<'_>, analyst: Option<&str>) -> Option<Self> {
        Self::told(known.block()?.as_ref(), analyst)
    }

    /// The same, of a block that is read already: an exported one is not parsed for nothing.
    pub(super) fn told(block: &ArcannaBlock, analyst: Option<&str>) -> Option<Self> {
        if let Some(votes) = &block.votes {
            let others: Vec<Vote> = votes
                .iter()
                .filter(|vote| vote.by.is_none() || vote.by.as_deref() != analyst)
                .cloned()
                .collect();
            return (!others.is_empty()).then_some(Self::Votes(others));
        }
        // A split is no label: it is told with the event, as it is why the event is looked at.
        let outcome = block.consensus.clone().filter(|_| !is_undecided(block))?;
        Some(Self::Outcome(outcome))
    }

    /// `votes 2 (hidden)  V`, while they are hidden.
    pub(super) fn covered(&self, look: &Look<'_>) -> String {
        let key = look.key("triage.votes");
        match self {
            Self::Votes(votes) => format!("votes {} (hidden)  {key}", votes.len()),
            Self::Outcome(_) => format!("votes (hidden)  {key}"),
        }
    }

    /// ` VOTES  Drop 2 (m.ion, p.moreau)   Escalate 1`.
    pub(super) fn line(&self, look: &Look<'_>) -> Line<'static> {
        let theme = look.theme;
        let mut spans = vec![Span::styled(" VOTES  ", theme.title)];
        let votes = match self {
            Self::Votes(votes) => votes,
            Self::Outcome(outcome) => {
                spans.push(Span::styled("consensus ", theme.dim));
                spans.push(Span::styled(text::clean(outcome).into_owned(), theme.label));
                return Line::from(spans);
            }
        };
        let mut labels: Vec<&str> = Vec::new();
        for vote in votes {
            if !labels.contains(&vote.label.as_str()) {
                labels.push(&vote.label);
            }
        }
        for label in labels {
            let own: Vec<&Vote> = votes.iter().filter(|vote| vote.label == label).collect();
            let mut names: Vec<&str> =
                own.iter().filter_map(|vote| vote.by.as_deref()).take(NAMES).collect();
            if own.len() > NAMES && !names.is_empty() {
                names.push("…");
            }
            let names =
                if names.is_empty() { String::new() } else { format!(" ({})", names.join(", ")) };
            spans.push(Span::styled(text::clean(label).into_owned(), theme.label));
            spans
                .push(Span::styled(format!(" {}{}   ", own.len(), text::clean(&names)), theme.dim));
        }
        Line::from(spans)
    }
}

/// What an order gives away of the AI's answers while some are hidden.
pub(super) fn told_by(order: Order) -> Option<&'static str> {
    match order {
        Order::Worth | Order::Confidence => Some("shows how sure the AI is"),
        Order::Newest | Order::Title => None,
    }
}

impl TriagePane {
    /// Hides the AI's answers until there is a vote, or no longer.
    pub(super) fn toggle_blind(&mut self, cx: &mut Cx<'_>) {
        cx.store.blind.forced = !cx.store.blind.forced;
        let mut words = if cx.store.blind.forced {
            "blind: answers are hidden until your vote".to_owned()
        } else if cx.store.may_hide() {
            let every = cx.store.blind.sampling.every;
            format!("the AI's answers are shown again, but for one in {every}")
        } else {
            "the AI's answers are shown again".to_owned()
        };
        if cx.store.blind.forced && self.view.tells_answer() {
            words = format!("{words}; view All, {} would tell it", self.view.name());
            self.view = View::All;
        } else if cx.store.blind.forced
            && let Some(tells) = self.queue(cx.store).and_then(|queue| told_by(queue.order()))
        {
            words = format!("{words}; the order {tells}");
        }
        self.reshow(cx);
        self.settle(cx);
        cx.say(Tone::Fine, words);
    }

    /// Shows other people's votes on the event before the own is in; the ledger keeps that they were seen.
    pub(super) fn reveal(&mut self, cx: &mut Cx<'_>) {
        let Some(event) = self.current() else { return };
        let known = Known::of(cx.store, &event);
        if Others::of(&known, cx.prefs.analyst.as_deref()).is_none() {
            return cx.say(Tone::Mind, "the server tells of no other votes on this event");
        }
        if cx.store.votes_open(&event) {
            return cx.say(Tone::Fine, "the votes are shown already");
        }
        cx.store.reveal_votes(&event);
        cx.say(Tone::Fine, "votes shown before your own: the ledger will say so with your label");
    }

    /// Remembers whose answers and votes were on the screen.
    pub(super) fn witness(&self, store: &mut Store) {
        let Some(job) = &self.job else { return };
        for at in self.list.visible(self.shown.len()) {
            store.answer_drawn(&key(job, &self.shown[at]));
        }
        let Some(event) = self.current() else { return };
        store.answer_drawn(&event);
        if store.votes_open(&event) && has_votes(store, &event) {
            store.votes_drawn(&event);
        }
    }
}

/// Whether the server tells anything of votes on an event.
fn has_votes(store: &Store, event: &EventKey) -> bool {
    Others::of(&Known::of(store, event), None).is_some()
}
