//! Writes that are not sent, at both ends of a session: what becomes of them at its end, and what is to become of those that
//! the session before left.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::App;
use super::shell::{Overlay, Shell};
use crate::command::{Ask, Cx, PaneId, Target, Tone};
use crate::outbox::{Request, State};
use crate::panes::paint::{self, Look, put, rule};
use crate::store::EventKey;
use crate::ui::text;

/// How long the offer must have been shown before a key decides.
const SETTLE: Duration = Duration::from_millis(400);

/// The keys of the question at the end.
pub(super) const QUIT_HINTS: &[(&str, &str)] =
    &[("s", "send, then quit"), ("k", "quit"), ("^G", "stay")];

/// The keys of the question at the start.
pub(super) const OFFER_HINTS: &[(&str, &str)] =
    &[("s", "send"), ("r", "show"), ("X", "give up"), ("^G", "leave held")];

/// `3 labels`, `1 write`: labels by name, everything else together.
fn counted(count: usize, labels: usize) -> String {
    let (one, many) = if labels == count { ("label", "labels") } else { ("write", "writes") };
    format!("{count} {}", if count == 1 { one } else { many })
}

impl Shell {
    /// `q`: ends the program, or asks when writes are not sent.
    pub(super) fn quit(&mut self, cx: &mut Cx<'_>) {
        if cx.store.writes.unsent() == 0 {
            cx.asks.push(Ask::Quit);
        } else {
            self.overlay = Some(Overlay::Quit);
        }
    }

    pub(super) fn quit_key(&mut self, key: &KeyEvent, cancel: bool, cx: &mut Cx<'_>) {
        match key.code {
            _ if cancel => {
                self.overlay = None;
                self.leaving = false;
            }
            KeyCode::Char('s') => {
                self.leaving = true;
                let waiting: Vec<_> = cx
                    .store
                    .writes
                    .newest()
                    .filter(|row| row.state == State::Grace && !row.elsewhere)
                    .map(|row| row.id)
                    .collect();
                for id in waiting.into_iter().rev() {
                    cx.store.outbox(Request::Hasten(id));
                }
            }
            KeyCode::Char('k') | KeyCode::Enter => cx.asks.push(Ask::Quit),
            _ => {}
        }
    }

    pub(super) fn offer_key(&mut self, key: &KeyEvent, cancel: bool, cx: &mut Cx<'_>) {
        let Some(Overlay::Offer { sure, from, .. }) = &mut self.overlay else {
            return;
        };
        match key.code {
            _ if cancel => {
                self.overlay = None;
                self.say(Tone::Mind, "they stay held; Activity (g a) shows them");
            }
            _ if cx.now.instant < *from => {
                self.say(Tone::Mind, "too soon: this had only just appeared; press it again");
            }
            KeyCode::Char('s') => {
                self.overlay = None;
                let count = cx.store.decide_held(true);
                self.say(
                    Tone::Fine,
                    format!("sending {count}; Activity (g a) shows how each ends"),
                );
            }
            KeyCode::Char('r') => {
                self.overlay = None;
                cx.go(PaneId::Activity, None);
            }
            KeyCode::Char('X') if *sure => {
                self.overlay = None;
                let count = cx.store.decide_held(false);
                self.say(Tone::Mind, format!("given up: {count}, never sent"));
            }
            KeyCode::Char('X') => *sure = true,
            _ => *sure = false,
        }
    }

    /// After the outbox or a write's answer was heard: tells what it says, offers what it held, and leaves when that was
    /// waited for.
    pub(super) fn after_writes(&mut self, cx: &mut Cx<'_>) {
        if let Some(note) = cx.store.writes.note.take() {
            self.say(Tone::Mind, note);
        }
        match std::mem::take(&mut cx.store.writes.undone).as_slice() {
            [] => {}
            [what] => self.say(Tone::Fine, format!("taken back: {what}, never sent")),
            several => {
                let words = format!("taken back: {} writes, never sent", several.len());
                self.say(Tone::Fine, words);
            }
        }
        for why in std::mem::take(&mut cx.store.writes.refusals) {
            self.say(Tone::Mind, why);
        }
        if let Some(EventKey { job, event }) = cx.store.writes.sent_events.pop() {
            // Whoever still looks at the jobs waits for it; anybody else is not dragged away from what they do.
            if self.id() == PaneId::Jobs && self.overlay.is_none() && !self.pane().typing() {
                self.say(Tone::Fine, format!("sent as event {event} of job {job}"));
                cx.go(PaneId::Triage, Some(Target::Event(job, event)));
            } else {
                self.say(
                    Tone::Fine,
                    format!("sent as event {event} of job {job}; :event {job} {event} opens it"),
                );
            }
        }
        if self.overlay.is_none()
            && let Some(since) = cx.store.writes.offer.take()
        {
            self.overlay =
                Some(Overlay::Offer { since, from: cx.now.instant + SETTLE, sure: false });
        }
        if self.leaving && cx.store.writes.unsent() == 0 {
            cx.asks.push(Ask::Quit);
        }
    }
}

/// Draws whichever of the two is shown over the lower part of `area`.
pub(super) fn draw(app: &App, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let (title, first, choices) =
        if let Some(Overlay::Offer { since, sure, .. }) = &app.shell.overlay {
            let held: Vec<_> = app.store.writes.held().collect();
            let labels = held.iter().filter(|row| row.draft.act.labels().is_some()).count();
            let were = if held.len() == 1 { "was" } else { "were" };
            let first = format!(
                "{} {were} waiting when the session ended at {}, and {were} not sent.",
                counted(held.len(), labels),
                look.tell(*since)
            );
            let drop = if *sure { "once more gives them up for ever" } else { "gives them up" };
            let choices = vec![
                ("s", "sends them now".to_owned()),
                ("r", "shows them in Activity, one by one".to_owned()),
                ("X", drop.to_owned()),
                ("^G", "leaves them held".to_owned()),
            ];
            ("held", first, choices)
        } else {
            let unsent: Vec<_> = app
                .store
                .writes
                .newest()
                .filter(|row| !row.state.is_settled() && !row.elsewhere)
                .collect();
            let labels = unsent.iter().filter(|row| row.draft.act.labels().is_some()).count();
            let count = counted(unsent.len(), labels);
            let are = if unsent.len() == 1 { "is" } else { "are" };
            let first = if app.shell.leaving {
                format!("Sending {count}; the program ends when each has its answer.")
            } else {
                format!("{count} {are} not sent yet.")
            };
            let keep = if app.shell.keeps {
                "keeps them for the next start and quits (Enter)"
            } else {
                "drops them and quits: a demonstration keeps nothing (Enter)"
            };
            let choices = vec![
                ("s", "sends them now, then quits".to_owned()),
                ("k", keep.to_owned()),
                ("^G", "stays".to_owned()),
            ];
            ("quit", first, choices)
        };
    let height = choices.len() as u16 + 4;
    let area = Rect { y: area.bottom().saturating_sub(height), height, ..area };
    paint::blank(buf, area);
    rule(buf, area, 0, look, title, "");
    let wide = usize::from(area.width).saturating_sub(4);
    for (row, words) in text::wrap(&first, wide).into_iter().take(2).enumerate() {
        let line = Line::from(Span::styled(format!("   {words}"), look.theme.warn));
        put(buf, area, row as u16 + 1, &line);
    }
    for (index, (key, words)) in choices.into_iter().enumerate() {
        let spans = vec![
            Span::styled(format!("   {key:<4}"), look.theme.key),
            Span::styled(words, look.theme.text),
        ];
        put(buf, area, index as u16 + 3, &Line::from(spans));
    }
}
