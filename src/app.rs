//! The root state: data, panes, overlays, and the one way in.
//!
//! [`App::update`] is told of keys, pastes, reports, notices and the passing of time; it never waits and never reads a
//! clock. What it wants done it leaves as [`Effect`]s. [`App::draw`] takes `&self`: the same state gives the same cells.

mod away;
mod draw;
mod finder;
mod known;
mod line;
mod live;
mod outcome;
mod rows;
mod shell;
#[cfg(test)]
mod tests;
mod unsent;

use std::time::Instant;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::command::{Ask, Cx, PaneId, Prefs, Spec, Tone, Tune};
use crate::evidence::{self, Told};
use crate::job::Report;
use crate::keymap::{Keymap, Override, ScopeName};
use crate::outbox::{self, Moment, Notice, State};
use crate::pins::Pins;
use crate::store::{EventKey, Store, Wish};
use crate::ui::theme::Theme;
use crate::ui::time::Mode;
use crate::views::{self, Views};
pub use live::Live;
use shell::Shell;

/// Every row of the registry by its scope: the shell's first, then each pane's. The README's key table is made from it.
pub fn registry() -> Vec<(ScopeName, Vec<Spec>)> {
    Shell::default().scopes()
}

/// What happens to the program.
#[derive(Debug)]
pub enum Event {
    /// A key that the input guard let through.
    Key(KeyEvent),
    /// Pasted text.
    Paste(String),
    /// The queue tells.
    Report(Report),
    /// The outbox tells.
    Notice(Notice),
    /// A text from the person's own editor or from a file, or why there is none.
    Edited(Result<String, String>),
    /// What became of the evidence basket.
    Evidence(Told),
    /// How something the loop did went, in a sentence.
    Told(Tone, String),
    /// What came of a change to saved views and searches: what their file holds now, or why it is as before.
    Views(Result<Views, String>),
    /// Settings were read again or looked at: a sentence, and what changes.
    Tuned(Tone, String, Option<Box<Live>>),
    /// A wheel or a click.
    Mouse(MouseEvent),
    /// A key was swallowed; why.
    Swallowed(String),
    /// A deadline has passed, or nothing in particular: look at the clock.
    Tick,
}

/// What the loop is to carry out.
#[derive(Debug)]
pub enum Effect {
    /// For the queue or the outbox.
    Wish(Wish),
    /// Give this text to the person's own editor; its outcome is [`Event::Edited`].
    Edit(String),
    /// Read this file; its outcome is [`Event::Edited`] too.
    Load(String),
    /// Hand this text to the clipboard of the person's terminal; what became of it is [`Event::Told`].
    Copy(String),
    /// Give this text to the person's own pager.
    Page(String),
    /// Put this text on a plain screen until a key is pressed.
    Plain(String),
    /// Write this text to a new file; what became of it is [`Event::Told`].
    Export {
        /// How the file's name begins.
        stem: String,
        /// How it ends.
        ending: &'static str,
        /// What is written.
        text: String,
        /// The file or folder a person named.
        to: Option<String>,
    },
    /// Look at or change settings; what became of it is [`Event::Tuned`].
    Tune(Tune),
    /// Mouse reports on or off.
    Mouse(bool),
    /// Keep these pins for later sessions.
    Pins(Pins),
    /// Write this change to saved views and searches down; what came of it is [`Event::Views`].
    Views(views::Change),
    /// Draw everything anew.
    Redraw,
    /// Stop the process until it is resumed.
    Suspend,
    /// End.
    Quit,
}

/// The program's state.
pub struct App {
    /// Data.
    pub store: Store,
    prefs: Prefs,
    keymap: Keymap,
    theme: Theme,
    /// How times are told as the settings last said.
    mode: Option<Mode>,
    shell: Shell,
    effects: Vec<Effect>,
    now: Moment,
}

impl App {
    /// The program on its first pane. Nothing is asked before [`App::start`].
    ///
    /// # Errors
    /// What is wrong with the person's keys, one sentence each.
    pub fn new(
        prefs: Prefs,
        theme: Theme,
        overrides: &[Override],
        now: Moment,
    ) -> Result<Self, Vec<String>> {
        let shell = Shell::default();
        let keymap = Keymap::build(&shell.scopes(), overrides)?;
        let mut store = Store::default();
        store.blind.sampling = prefs.blind;
        Ok(Self { store, prefs, keymap, theme, mode: None, shell, effects: Vec::new(), now })
    }

    /// Opens the first pane and asks for its data.
    pub fn start(&mut self, now: Moment) {
        self.now = now;
        self.store.keep(evidence::Change::Read);
        self.act(|shell, cx| shell.show(PaneId::Jobs, None, false, cx));
        if let Some(why) = self.store.views_fault() {
            self.shell.say(Tone::Bad, format!("saved views are not read: {why}"));
        }
    }

    /// The one way in. Returns whether a new frame is wanted.
    pub fn update(&mut self, event: Event, now: Moment) -> bool {
        self.now = now;
        match event {
            Event::Key(key) => self.key(key),
            Event::Paste(text) => self.act(|shell, cx| shell.paste(&text, cx)),
            Event::Report(report) => {
                self.owned();
                self.store.report(report, now);
                self.landed();
            }
            Event::Notice(notice) => {
                self.owned();
                self.store.notice(notice, now);
                self.landed();
            }
            Event::Edited(Ok(text)) => {
                self.act(|shell, cx| shell.pane_mut().edited(&text, cx));
            }
            Event::Edited(Err(why)) => self.shell.say(Tone::Bad, why),
            Event::Evidence(told) => self.act(|shell, cx| {
                shell.kept(&told, cx);
                if cx.store.evidence.told(told) {
                    cx.store.keep(evidence::Change::Read);
                }
                shell.pane_mut().changed(cx);
            }),
            Event::Told(tone, words) => self.shell.say(tone, words),
            Event::Views(told) => {
                if let Err(why) = self.store.views_told(told) {
                    self.shell.say(Tone::Bad, why);
                }
            }
            Event::Tuned(tone, words, live) => match live.map_or(Ok(()), |live| self.live(*live)) {
                Ok(()) => self.shell.say(tone, words),
                Err(faults) => self.shell.say(Tone::Bad, faults.join("; ")),
            },
            Event::Mouse(mouse) => self.act(|shell, cx| shell.mouse(mouse, cx)),
            Event::Swallowed(why) => self.shell.say(Tone::Mind, why),
            Event::Tick => {
                let due = self.deadline().is_some_and(|deadline| deadline <= now.instant);
                if !due {
                    return false;
                }
                if self.store.armed(now).is_err() {
                    self.store.armed_until = None;
                }
                self.act(Shell::tick);
            }
        }
        true
    }

    /// When [`Event::Tick`] is wanted; `None` while nothing waits for time to pass.
    pub fn deadline(&self) -> Option<Instant> {
        let armed = self.store.armed_until.map(|until| until.instant);
        self.shell.deadline().into_iter().chain(armed).min()
    }

    /// What is to be carried out since the last time, in order.
    pub fn take_effects(&mut self) -> Vec<Effect> {
        let mut effects: Vec<Effect> =
            self.store.take_wishes().into_iter().map(Effect::Wish).collect();
        effects.extend(self.store.take_pins().map(Effect::Pins));
        effects.extend(self.store.take_view_changes().into_iter().map(Effect::Views));
        effects.append(&mut self.effects);
        effects
    }

    /// The event whose detail a frame drawn now shows, if any: what a digit would label.
    pub fn event(&self) -> Option<EventKey> {
        self.shell.event(&self.store)
    }

    /// Remembers what the person has on the screen: of events the one that a digit can label, and which answers they saw.
    pub fn drawn(&mut self, event: Option<EventKey>) {
        self.shell.drawn = event;
        self.shell.pane().drawn(&mut self.store);
    }

    /// Whether this character is a label key where the focus is.
    pub fn labels(&self, c: char) -> bool {
        let own = || self.shell.typed.is_empty() && self.keymap.label_digit(c).is_some();
        (c.is_ascii_digit() || own()) && self.shell.event(&self.store).is_some()
    }

    /// Whether a key leads to a command where the focus is.
    pub fn bound(&self, key: &KeyEvent) -> bool {
        self.shell.bound(key, &self.keymap)
    }

    /// Writes of this session that are not sent, and what becomes of each, one line each.
    pub fn unsent(&self) -> Vec<String> {
        let told = |row: &outbox::Row| {
            let what = row.draft.act.summary();
            let kept = self.shell.keeps;
            match row.state {
                _ if row.elsewhere => None,
                State::Grace if kept => Some(format!("kept for the next start: {what}")),
                State::Due | State::Sending if kept => {
                    Some(format!("not confirmed, goes on at the next start: {what}"))
                }
                State::Grace | State::Due | State::Sending => Some(format!("not sent: {what}")),
                _ => None,
            }
        };
        self.store.writes.newest().filter_map(told).collect()
    }

    /// Says whether what is not sent at the end outlives the program.
    pub fn keeps(&mut self, keeps: bool) {
        self.shell.keeps = keeps;
    }

    /// Whether a field has the keyboard.
    pub fn typing(&self) -> bool {
        self.shell.typing()
    }

    /// Draws a frame; returns where the terminal's cursor belongs while a field has the keyboard.
    pub fn draw(&self, area: Rect, buf: &mut Buffer) -> Option<Position> {
        draw::whole(self, area, buf)
    }

    fn key(&mut self, key: KeyEvent) {
        let keymap = std::mem::take(&mut self.keymap);
        self.act(|shell, cx| shell.key(key, &keymap, cx));
        self.keymap = keymap;
    }

    /// Reads that answers lead to belong to the pane on the screen.
    fn owned(&mut self) {
        self.store.owner = self.shell.id().name();
    }

    /// Lets the pane and the running command follow up on what has landed.
    fn landed(&mut self) {
        self.act(|shell, cx| {
            shell.follow_line(cx);
            shell.pane_mut().changed(cx);
            shell.after_writes(cx);
        });
    }

    /// Runs a deed with a context, then carries out what it asked.
    fn act(&mut self, deed: impl FnOnce(&mut Shell, &mut Cx<'_>)) {
        let mut asks = Vec::new();
        self.owned();
        let mut cx = Cx {
            store: &mut self.store,
            now: self.now,
            prefs: &self.prefs,
            asks: &mut asks,
            key: None,
        };
        deed(&mut self.shell, &mut cx);
        // What is asked may ask more (a pane that is shown speaks), but each asks once: the list ends.
        while !asks.is_empty() {
            for ask in std::mem::take(&mut asks) {
                let mut cx = Cx {
                    store: &mut self.store,
                    now: self.now,
                    prefs: &self.prefs,
                    asks: &mut asks,
                    key: None,
                };
                match ask {
                    Ask::Go(pane, target) => self.shell.show(pane, target, true, &mut cx),
                    Ask::Say(tone, words) => self.shell.say(tone, words),
                    Ask::Line(line) => self.shell.run_line(&line, &mut cx),
                    Ask::Row(id) => {
                        if let Some(index) = rows::ROWS.iter().position(|row| row.id == id) {
                            self.shell.run(shell::SHELL, index, None, &mut cx);
                        }
                    }
                    Ask::Edit(_) | Ask::Page(_) if !self.prefs.allow_editor => {
                        self.shell.say(Tone::Mind, away::NO_PROGRAMS);
                    }
                    Ask::Edit(text) => self.effects.push(Effect::Edit(text)),
                    Ask::Page(text) => self.effects.push(Effect::Page(text)),
                    Ask::Plain(text) => self.effects.push(Effect::Plain(text)),
                    Ask::Load(path) => self.effects.push(Effect::Load(path)),
                    Ask::Copy(text) => self.effects.push(Effect::Copy(text)),
                    Ask::Export { stem, ending, text, to } => {
                        self.effects.push(Effect::Export { stem, ending, text, to });
                    }
                    Ask::Tune(tune) => self.effects.push(Effect::Tune(tune)),
                    Ask::Mouse(on) => self.effects.push(Effect::Mouse(on)),
                    Ask::Redraw => self.effects.push(Effect::Redraw),
                    Ask::Suspend => self.effects.push(Effect::Suspend),
                    Ask::Quit => self.effects.push(Effect::Quit),
                }
            }
        }
    }
}
