//! The terminal in other hands for a while: stopped, with an editor or a pager, or showing plain lines. Whatever it was, it
//! comes back whole, nothing was sent meanwhile, and digits that were typed ahead label nothing.

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{Event as Typing, KeyEvent, KeyEventKind};

use super::{LAST_SECOND, Loop, editor, pager};
use crate::app::Event;
use crate::command::Tone;
use crate::term::{Screen, Typed};

/// A pager that ends within this time has shown nothing that anybody could have read.
const UNREAD: Duration = Duration::from_millis(300);

/// Below plain lines.
const ANY_KEY: &str = "\n-- any key returns to socdeck --\n";

impl Loop {
    /// Lends the terminal. Nothing is sent meanwhile, since nobody could take it back; what was typed for somebody else is
    /// not taken for ours.
    fn lend<T>(&mut self, with: impl FnOnce(&mut Screen) -> T) -> T {
        self.outbox.halt(LAST_SECOND);
        self.keys.pause();
        let result = with(&mut self.screen);
        self.keys.resume();
        self.back();
        result
    }

    /// The terminal is ours again.
    fn back(&mut self) {
        self.outbox.resume();
        let now = Instant::now();
        self.guard.flushed(now);
        self.returned = Some(now);
        self.dirty = true;
    }

    pub(super) fn suspend(&mut self) {
        if let Err(error) = self.lend(Screen::suspend) {
            self.lost(&error);
        }
    }

    fn lost(&mut self, error: &io::Error) {
        tracing::error!(%error, "the terminal could not be taken back");
        self.quit = true;
    }

    /// Hands a text to the person's own editor.
    pub(super) fn edit(&mut self, text: &str) {
        let edited = self.lend(|screen| editor::edit(text, |command| screen.run(command)));
        self.tell(Event::Edited(edited));
    }

    /// Hands a text to the person's own pager. One that only prints (`cat`) leaves what it printed to be read.
    pub(super) fn page(&mut self, text: &str) {
        let begun = Instant::now();
        match self.lend(|screen| screen.released(|| pager::page(text))) {
            Ok(Ok(())) if begun.elapsed() < UNREAD => self.step_aside(""),
            Ok(Ok(())) => {}
            Ok(Err(why)) => self.tell(Event::Told(Tone::Bad, why)),
            Err(error) => self.lost(&error),
        }
    }

    /// Shows plain lines on the main screen until a key is pressed. Nothing is sent meanwhile; answers go on arriving.
    pub(super) fn step_aside(&mut self, text: &str) {
        self.outbox.halt(LAST_SECOND);
        self.aside = true;
        if let Err(error) = self.screen.step_aside(&[text, ANY_KEY].concat()) {
            self.lost(&error);
        }
    }

    /// Any key ends it, and does nothing else.
    pub(super) fn step_back(&mut self, event: &Typing) {
        if !matches!(
            event,
            Typing::Key(KeyEvent { kind: KeyEventKind::Press, .. }) | Typing::Paste(_)
        ) {
            return;
        }
        self.aside = false;
        if let Err(error) = self.screen.step_back() {
            self.lost(&error);
        }
        // What was typed with it was not meant for a screen nobody saw.
        while let Ok(typed) = self.typed.try_recv() {
            self.quit |= typed == Typed::Closed;
        }
        self.back();
    }
}
