//! What arrives: keys through the input guard, reports, notices, signals, the clock. Each is told to the app.

use std::time::Instant;

use crossterm::event::{Event as Typing, KeyCode, KeyEvent, KeyEventKind};

use super::settings::Told;
use super::{Loop, RETURNED, Turn};
use crate::app::Event;
use crate::outbox::Moment;
use crate::term::{Class, Typed, Verdict};

impl Loop {
    /// Takes in one of them.
    pub(super) fn take(&mut self, turn: Turn) {
        match turn {
            Turn::Typed(Some(Typed::Event(event, _))) if self.aside => self.step_back(&event),
            Turn::Typed(Some(Typed::Event(event, at))) => {
                // A held-back digit that is due acts first: it may move the focus this key is classed by.
                let due = self.guard.poll(at);
                self.judged(due);
                let class = self.class(&event);
                let verdicts = self.guard.feed(event, at, class);
                self.judged(verdicts);
            }
            Turn::Typed(None | Some(Typed::Closed)) => self.quit = true,
            Turn::Report(report) => self.tell(Event::Report(report)),
            Turn::Notice(notice) => {
                self.tell(Event::Notice(notice));
                // A notice is the outbox's sign that there is room.
                self.pass_on();
            }
            Turn::Views(told) => self.tell(Event::Views(told)),
            Turn::Told(Told { tone, words, fresh }) => {
                let live = fresh.map(|fresh| {
                    self.guard.limit(fresh.guard);
                    Box::new(fresh.live)
                });
                self.tell(Event::Tuned(tone, words, live));
            }
            Turn::Filed(event) => self.tell(event),
            Turn::Interrupted => {
                // ^C in a pager reaches everybody in front of the terminal; it was meant for the pager.
                let theirs = self.returned.is_some_and(|at| at.elapsed() < RETURNED);
                self.quit |= !theirs;
            }
            Turn::Room(permit) => {
                if let Some(command) = self.waiting.pop_front() {
                    permit.send(command);
                }
            }
            Turn::Resized => {
                let size = self.screen.size().unwrap_or_default();
                let resized = Typing::Resize(size.width, size.height);
                let verdicts = self.guard.feed(resized, Instant::now(), Class::Bound);
                self.judged(verdicts);
                // Sizes that came and went together end where they began, but the terminal has lost what it had.
                self.screen.repaint();
                self.dirty = true;
            }
            Turn::Clock => {
                let now = Moment::now();
                let verdicts = self.guard.poll(now.instant);
                self.judged(verdicts);
                self.tell(Event::Tick);
            }
            Turn::End | Turn::Broken => {}
        }
    }

    /// What a key would do where the focus is.
    fn class(&self, event: &Typing) -> Class {
        let Typing::Key(KeyEvent {
            code: KeyCode::Char(c),
            kind: KeyEventKind::Press | KeyEventKind::Repeat,
            ..
        }) = event
        else {
            return Class::Bound;
        };
        if self.app.typing() {
            Class::Text
        } else if self.app.labels(*c) {
            Class::Label
        } else if let Typing::Key(key) = event
            && self.app.bound(key)
        {
            Class::Bound
        } else {
            Class::Unbound
        }
    }

    fn judged(&mut self, verdicts: Vec<Verdict>) {
        for verdict in verdicts {
            match verdict {
                Verdict::Pass(Typing::Key(key)) | Verdict::Label(key, _) => {
                    self.tell(Event::Key(key))
                }
                Verdict::Pass(Typing::Paste(text)) => self.tell(Event::Paste(text)),
                Verdict::Pass(Typing::Mouse(mouse)) => self.tell(Event::Mouse(mouse)),
                Verdict::Pass(_) => self.dirty = true,
                Verdict::Dropped(key, reason) => {
                    self.tell(Event::Swallowed(format!("{} {reason}", key.code)))
                }
            }
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        self.dirty |= self.app.update(event, Moment::now());
        let event = self.app.event();
        if event != self.event {
            self.guard.moved();
            self.event = event;
            self.shown = None;
        }
    }
}
