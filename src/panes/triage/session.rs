//! What this session's labelling came to: how many, how fast, how often the AI had said the same.
//!
//! Counted from the outbox's rows, so that it survives what the pane forgets. It rates nobody: a quiet line.

use std::collections::HashSet;

use jiff::Timestamp;
use ratatui::text::Span;

use super::view::View;
use crate::outbox::State;
use crate::panes::paint::Look;
use crate::store::{EventKey, Store, key};

/// Fewer seconds than this say nothing about an hour.
const LEAST: i64 = 60;

/// Counts of the labels given from here.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Session {
    /// Events labelled, each once.
    pub done: usize,
    /// Labels an hour, since the first one.
    pub per_hour: Option<f64>,
    /// Labels where the AI's answer was on the screen, and where it was the same.
    pub compared: usize,
    pub agreed: usize,
    /// Labels taken back.
    pub undone: usize,
    pub since: Option<Timestamp>,
}

impl Session {
    pub(super) fn of(store: &Store, now: Timestamp) -> Self {
        let mut session = Self::default();
        let mut seen: HashSet<EventKey> = HashSet::new();
        for row in store.writes.newest() {
            let Some((job, event, label)) = row.draft.act.labels() else {
                continue;
            };
            if row.state == State::Undone {
                session.undone += 1;
                continue;
            }
            if !seen.insert(key(job, event)) {
                continue;
            }
            session.done += 1;
            session.since = Some(session.since.map_or(row.staged, |since| since.min(row.staged)));
            if let Some(ai) = row.draft.seen.as_ref().and_then(|seen| seen.label.as_deref()) {
                session.compared += 1;
                session.agreed += usize::from(ai.eq_ignore_ascii_case(label));
            }
        }
        let seconds = session.since.map(|since| now.as_second() - since.as_second());
        session.per_hour = seconds
            .filter(|seconds| *seconds >= LEAST && session.done > 1)
            .map(|seconds| session.done as f64 * 3_600.0 / seconds as f64);
        session
    }

    /// The share of labels the AI agreed with, in percent; none where too little was compared to say anything.
    pub(super) fn agreement(&self) -> Option<f64> {
        (self.compared > 0).then(|| self.agreed as f64 * 100.0 / self.compared as f64)
    }
}

/// `41 done  86/h  AI agreed 83% (of 29)`; nothing before the first label.
pub(super) fn told(store: &Store, look: &Look<'_>) -> Vec<Span<'static>> {
    let session = Session::of(store, look.clock.now);
    if session.done == 0 {
        return Vec::new();
    }
    let mut words = format!("{} done", session.done);
    if let Some(rate) = session.per_hour {
        words = format!("{words}  {rate:.0}/h");
    }
    if let Some(agreed) = session.agreement() {
        words = format!("{words}  AI agreed {agreed:.0}%");
    }
    vec![Span::styled(words, look.theme.dim)]
}

/// The longer line of a wide screen: with what is left to do.
pub(super) fn line(store: &Store, look: &Look<'_>, view: &View, left: usize) -> Vec<Span<'static>> {
    let theme = look.theme;
    let session = Session::of(store, look.clock.now);
    let mut spans = vec![Span::styled(" SESSION  ", theme.title)];
    if session.done == 0 {
        spans.push(Span::styled("no label yet", theme.dim));
    } else {
        spans.push(Span::raw(format!("{} labelled", session.done)));
        let mut tell = |words: String| spans.push(Span::styled(format!("   {words}"), theme.dim));
        if let Some(rate) = session.per_hour {
            tell(format!("{rate:.0}/h"));
        }
        if let Some(agreed) = session.agreement() {
            tell(format!("AI agreed {agreed:.0}% (of {})", session.compared));
        }
        if session.undone > 0 {
            tell(format!("{} taken back", session.undone));
        }
        if let Some(since) = session.since {
            tell(format!("since {}", look.tell(since)));
        }
    }
    spans.push(Span::styled(format!("     {left} without a label in {}", view.name()), theme.dim));
    spans
}
