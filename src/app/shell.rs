//! What stands around the panes: which one is shown, the overlay on it, the typed prefix, the result line.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::finder::{Finder, Picked};
use super::line::Running;
use super::outcome::OutcomeView;
use super::rows;
use crate::command::{Ask, Cx, PaneId, Row, Spec, Target, Tone};
use crate::keymap::{Chord, Found, Keymap, ScopeName};
use crate::outbox::State;
use crate::panes::paint;
use crate::panes::{self, Pane};
use crate::store::{EventKey, Store};
use crate::ui::time::{Clock, Mode};

/// The scope of the shell's own rows.
pub(super) const SHELL: ScopeName = "shell";

/// Two `^C` within this time end the program.
const TWICE: Duration = Duration::from_secs(1);

/// After this time a prefix shows what may follow it at length.
const WHICH_KEY: Duration = Duration::from_millis(400);

/// How many places `-` remembers.
const PLACES: usize = 50;

/// What lies over the pane.
pub(super) enum Overlay {
    /// Help or command line.
    Finder(Finder),
    /// A command typed by name: on its way, waiting for a yes, or its result.
    Outcome(OutcomeView),
    /// Leaving with writes that are not sent.
    Quit,
    /// Writes of an ended session wait for a yes.
    Offer {
        /// Since when.
        since: Timestamp,
        /// Keys count from then on: one meant for what was shown before must not decide.
        from: Instant,
        /// `X` was pressed once.
        sure: bool,
    },
}

/// The state around the panes.
pub(super) struct Shell {
    pub(super) panes: Vec<Box<dyn Pane>>,
    pub(super) focus: usize,
    places: Vec<(PaneId, Option<Target>)>,
    /// Places `-` left, the nearest last: where `_` goes.
    ahead: Vec<(PaneId, Option<Target>)>,
    pub(super) typed: Vec<Chord>,
    pub(super) overlay: Option<Overlay>,
    pub(super) running: Option<Running>,
    pub(super) history: Vec<String>,
    pub(super) result: Option<(Tone, String)>,
    pub(super) drawn: Option<EventKey>,
    pub(super) mode: Mode,
    /// The zone that local times are told in.
    pub(super) zone: TimeZone,
    /// Whether mouse reports are on; `None` as the settings say.
    pub(super) mouse_on: Option<bool>,
    /// When the first key of a chord was typed; from a moment later on its continuations are shown at length.
    pub(super) prefix_since: Option<Instant>,
    pub(super) which_key: bool,
    interrupted: Option<Instant>,
    /// The person chose to send what is unsent and leave: the program ends when nothing is.
    pub(super) leaving: bool,
    /// Whether what is not sent outlives the program.
    pub(super) keeps: bool,
}

impl Default for Shell {
    fn default() -> Self {
        Self {
            panes: panes::all(),
            focus: 0,
            places: Vec::new(),
            ahead: Vec::new(),
            typed: Vec::new(),
            overlay: None,
            running: None,
            history: Vec::new(),
            result: None,
            drawn: None,
            mode: Mode::Utc,
            zone: TimeZone::system(),
            mouse_on: None,
            prefix_since: None,
            which_key: false,
            interrupted: None,
            leaving: false,
            keeps: true,
        }
    }
}

impl Shell {
    /// All rows by scope: the shell's and each pane's.
    pub(super) fn scopes(&self) -> Vec<(ScopeName, Vec<Spec>)> {
        let own = (SHELL, rows::ROWS.iter().map(Row::spec).collect());
        std::iter::once(own)
            .chain(self.panes.iter().map(|pane| (pane.id().name(), pane.specs())))
            .collect()
    }

    pub(super) fn id(&self) -> PaneId {
        self.pane().id()
    }

    pub(super) fn pane(&self) -> &dyn Pane {
        self.panes[self.focus].as_ref()
    }

    pub(super) fn pane_mut(&mut self) -> &mut dyn Pane {
        self.panes[self.focus].as_mut()
    }

    /// How times are told at this moment.
    pub(super) fn clock(&self, now: Timestamp) -> Clock {
        let zone = if self.mode == Mode::Local { self.zone.clone() } else { TimeZone::UTC };
        Clock { mode: self.mode, now, zone }
    }

    pub(super) fn say(&mut self, tone: Tone, words: impl Into<String>) {
        self.result = Some((tone, words.into()));
    }

    pub(super) fn event(&self, store: &Store) -> Option<EventKey> {
        if self.overlay.is_some() { None } else { self.pane().event(store) }
    }

    pub(super) fn typing(&self) -> bool {
        match &self.overlay {
            Some(Overlay::Finder(_)) => true,
            Some(_) => false,
            None => self.pane().typing(),
        }
    }

    /// Shows a pane, leaving the one before: its reads are cancelled.
    pub(super) fn show(
        &mut self,
        id: PaneId,
        target: Option<Target>,
        remember: bool,
        cx: &mut Cx<'_>,
    ) {
        let Some(index) = self.panes.iter().position(|pane| pane.id() == id) else {
            return;
        };
        let place = (self.id(), self.pane().place());
        if remember && (place.0 != id || target.is_some()) {
            remember_place(&mut self.places, place);
            // Another way was taken: there is nothing ahead any more.
            self.ahead.clear();
        }
        if index != self.focus {
            cx.store.leave(self.id().name());
            if let Some(subject) = self.pane().subject(cx.store) {
                cx.store.subject = Some(subject);
            }
        }
        self.focus = index;
        self.overlay = None;
        cx.store.owner = id.name();
        self.pane_mut().open(target, cx);
    }

    /// Back to where the person was.
    pub(super) fn back(&mut self, cx: &mut Cx<'_>) {
        match self.places.pop() {
            Some((id, target)) => {
                let here = (self.id(), self.pane().place());
                remember_place(&mut self.ahead, here);
                self.show(id, target, false, cx);
            }
            None => self.say(Tone::Mind, "there is no place before this one"),
        }
    }

    /// Forward again to where [`Self::back`] left.
    pub(super) fn forward(&mut self, cx: &mut Cx<'_>) {
        match self.ahead.pop() {
            Some((id, target)) => {
                let here = (self.id(), self.pane().place());
                remember_place(&mut self.places, here);
                self.show(id, target, false, cx);
            }
            None => self.say(Tone::Mind, "there is no place after this one: - goes back first"),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let line = self.running.as_ref().and_then(Running::deadline);
        let which = self.prefix_since.filter(|_| !self.which_key).map(|since| since + WHICH_KEY);
        self.pane().deadline().into_iter().chain(line).chain(which).min()
    }

    pub(super) fn tick(&mut self, cx: &mut Cx<'_>) {
        self.tick_line(cx);
        self.which_key = self.prefix_since.is_some_and(|since| since + WHICH_KEY <= cx.now.instant);
        self.pane_mut().tick(cx);
    }

    pub(super) fn paste(&mut self, text: &str, cx: &mut Cx<'_>) {
        // Terminals and multiplexers paste line ends as carriage returns.
        let text = &text.replace("\r\n", "\n").replace('\r', "\n");
        let taken = match &mut self.overlay {
            Some(Overlay::Finder(finder)) => {
                finder.paste(text);
                true
            }
            Some(_) => false,
            None => self.pane_mut().paste(text, cx),
        };
        if !taken {
            self.say(
                Tone::Mind,
                format!(
                    "pasted text ({} characters) was ignored: no field is open",
                    text.chars().count()
                ),
            );
        }
    }

    pub(super) fn key(&mut self, key: KeyEvent, keymap: &Keymap, cx: &mut Cx<'_>) {
        self.chord(key, keymap, cx);
        if self.typed.is_empty() {
            self.prefix_since = None;
            self.which_key = false;
        } else if self.prefix_since.is_none() {
            self.prefix_since = Some(cx.now.instant);
        }
    }

    fn chord(&mut self, key: KeyEvent, keymap: &Keymap, cx: &mut Cx<'_>) {
        let ctrl =
            |c: char| key.code == KeyCode::Char(c) && key.modifiers.contains(KeyModifiers::CONTROL);
        if ctrl('c') {
            return self.interrupt(cx);
        }
        self.interrupted = None;
        let cancel = ctrl('g') || (key.code == KeyCode::Esc && key.modifiers.is_empty());
        match &mut self.overlay {
            Some(Overlay::Quit) => return self.quit_key(&key, cancel, cx),
            Some(Overlay::Offer { .. }) => return self.offer_key(&key, cancel, cx),
            Some(Overlay::Outcome(_)) => return self.outcome_key(&key, cancel, cx),
            Some(Overlay::Finder(finder)) => {
                match finder.key(key) {
                    Picked::Stay => {}
                    Picked::Close => self.overlay = None,
                    Picked::Row(scope, index) => {
                        self.overlay = None;
                        self.run(scope, index, None, cx);
                    }
                    Picked::Line(line) => {
                        self.overlay = None;
                        cx.asks.push(Ask::Line(line));
                    }
                }
                return;
            }
            None => {}
        }
        if self.pane().typing() && self.pane_mut().text(key, cx) {
            return;
        }
        if cancel {
            self.cancel(cx);
            return;
        }
        let Some(chord) = Chord::of(&key) else { return };
        self.typed.push(chord);
        let scopes = [self.id().name(), SHELL];
        match keymap.find(&scopes, &self.typed) {
            Found::Row(scope, index) => {
                self.typed.clear();
                let key = chord.char().map(|c| keymap.label_digit(c).unwrap_or(c));
                self.run(scope, index, key, cx);
            }
            Found::Prefix => {}
            Found::Nothing => {
                let typed: Vec<String> =
                    std::mem::take(&mut self.typed).iter().map(ToString::to_string).collect();
                let typed = typed.join(" ");
                let words = if typed.len() == 1 && typed.chars().all(|c| c.is_ascii_digit()) {
                    format!("{typed} does nothing here: digits label events, in Triage alone")
                } else {
                    format!("{typed} does nothing here; ? lists the keys")
                };
                self.say(Tone::Mind, words);
            }
        }
    }

    /// Whether a key leads anywhere from here.
    pub(super) fn bound(&self, key: &KeyEvent, keymap: &Keymap) -> bool {
        if self.overlay.is_some() {
            return true;
        }
        let mut typed = self.typed.clone();
        typed.extend(Chord::of(key));
        typed.len() > self.typed.len()
            && keymap.find(&[self.id().name(), SHELL], &typed) != Found::Nothing
    }

    /// Runs a row if it can be run now.
    pub(super) fn run(
        &mut self,
        scope: ScopeName,
        index: usize,
        key: Option<char>,
        cx: &mut Cx<'_>,
    ) {
        self.result = None;
        cx.key = key;
        if scope == SHELL {
            let Some(row) = rows::ROWS.get(index) else {
                return;
            };
            match (row.ready)(self, cx.store) {
                Ok(()) => (row.run)(self, cx),
                Err(why) => self.say(Tone::Mind, why),
            }
            return;
        }
        let Some(at) = self.panes.iter().position(|pane| pane.id().name() == scope) else {
            return;
        };
        if let Err(why) = self.panes[at].ready(index, cx.store) {
            return self.say(Tone::Mind, why);
        }
        let labels = self.panes[at]
            .specs()
            .get(index)
            .is_some_and(|spec| matches!(spec.id, "triage.label" | "triage.second-opinion"));
        // A line of help or palette was chosen: only a key can be a stray one.
        if labels && key.is_some() && self.drawn != self.panes[at].event(cx.store) {
            return self.say(Tone::Mind, "too soon: the event was not on the screen yet");
        }
        self.panes[at].run(index, cx);
    }

    /// What `^G` and Esc do: leave the innermost thing there is to leave.
    fn cancel(&mut self, cx: &mut Cx<'_>) {
        let had = !self.typed.is_empty() || self.result.is_some();
        self.typed.clear();
        self.result = None;
        if self.pane_mut().cancel() {
            self.pane_mut().changed(cx);
        } else if !had {
            let stopped = cx.store.cancel_reads();
            if stopped > 0 {
                self.say(Tone::Fine, format!("stopped {stopped} reads"));
            }
        }
    }

    /// `^C`: closes what is open; twice within a second at the top level ends the program.
    fn interrupt(&mut self, cx: &mut Cx<'_>) {
        if self.overlay.is_some() {
            self.close_overlay(cx);
        } else if self.pane().typing() {
            self.pane_mut().cancel();
        } else if self
            .interrupted
            .is_some_and(|before| cx.now.instant.duration_since(before) < TWICE)
        {
            cx.asks.push(Ask::Quit);
        } else {
            self.interrupted = Some(cx.now.instant);
            self.say(Tone::Mind, "q quits; ^C again within a second quits without asking");
        }
    }

    pub(super) fn close_overlay(&mut self, cx: &mut Cx<'_>) {
        if let Some(Overlay::Outcome(_)) = self.overlay {
            self.stop_line(cx);
        }
        self.overlay = None;
    }

    /// Takes back the newest write that can be, with its batch; else goes to the newest label, which a digit can overwrite.
    pub(super) fn undo(&mut self, cx: &mut Cx<'_>) {
        if let Some(row) = cx.store.writes.last_undoable() {
            let batch = cx.store.writes.batch_of(row);
            let event = row.draft.act.labels().map(|(job, event, _)| (job.clone(), event.clone()));
            for id in batch {
                cx.store.undo(id);
            }
            if let Some((job, event)) = event.filter(|_| self.id() == PaneId::Triage) {
                self.show(PaneId::Triage, Some(Target::Event(job, event)), false, cx);
            }
            return;
        }
        let label = cx.store.writes.newest().find_map(|row| {
            let (job, event, label) = row.draft.act.labels()?;
            matches!(row.state, State::Sent(_))
                .then(|| (job.clone(), event.clone(), label.to_owned(), row.changed))
        });
        match label {
            Some((job, event, label, at)) => {
                let at = paint::tell(&self.clock(cx.now.wall), at);
                self.say(Tone::Mind, format!("{label} was sent {at} and cannot be taken back; a digit overwrites your vote"));
                self.show(PaneId::Triage, Some(Target::Event(job, event)), true, cx);
            }
            None => self.say(Tone::Mind, "there is nothing to take back"),
        }
    }
}

/// Keeps a place, and no more of them than anybody walks back.
fn remember_place(places: &mut Vec<(PaneId, Option<Target>)>, place: (PaneId, Option<Target>)) {
    places.push(place);
    if places.len() > PLACES {
        places.remove(0);
    }
}
