//! What the app wants is carried out: commands for the queue, requests for the outbox, files, clipboard, settings.

use super::files::Job;
use super::{Loop, away, editor, pins_file};
use crate::app::{Effect, Event};
use crate::command::Tone;
use crate::outbox::{Act, Draft, Request, Seen};
use crate::pins::Pins;
use crate::queue::Command;
use crate::store::Wish;

impl Loop {
    /// Carries out what the app wants, until it wants nothing more.
    pub(super) fn carry_out(&mut self) {
        loop {
            let effects = self.app.take_effects();
            if effects.is_empty() {
                return;
            }
            for effect in effects {
                match effect {
                    Effect::Wish(Wish::Run(action)) => self.send(Command::Run(action)),
                    Effect::Wish(Wish::Cancel(ticket)) => self.send(Command::Cancel(ticket)),
                    Effect::Wish(Wish::Keep(change)) => self.file(Job::Keep(change)),
                    Effect::Wish(Wish::Outbox(request)) => {
                        let request = self.witnessed(request);
                        self.asked.push_back(request);
                        self.pass_on();
                    }
                    Effect::Edit(text) => self.edit(&text),
                    Effect::Load(path) => self.tell(Event::Edited(editor::load(&path))),
                    Effect::Copy(text) => {
                        let (tone, words) = away::copy(&mut self.screen, &text);
                        self.tell(Event::Told(tone, words));
                    }
                    Effect::Page(text) => self.page(&text),
                    Effect::Plain(text) => self.step_aside(&text),
                    Effect::Export { stem, ending, text, to } => {
                        self.file(Job::Export { stem, ending, text, to });
                    }
                    Effect::Tune(tune) => {
                        if !self.settings.as_ref().is_some_and(|settings| settings.ask(tune)) {
                            let words = "the settings cannot be read while this runs".to_owned();
                            self.tell(Event::Told(Tone::Bad, words));
                        }
                    }
                    Effect::Mouse(on) => {
                        if let Err(error) = self.screen.set_mouse(on) {
                            self.tell(Event::Told(Tone::Bad, error.to_string()));
                        }
                    }
                    Effect::Pins(pins) => self.keep(&pins),
                    Effect::Views(change) => {
                        let asked = self.views.as_ref().map(|keeper| keeper.keep(change));
                        if let Some(Err(why)) = asked {
                            self.tell(Event::Views(Err(why)));
                        }
                    }
                    Effect::Redraw => {
                        self.screen.repaint();
                        self.dirty = true;
                    }
                    Effect::Suspend => self.suspend(),
                    Effect::Quit => self.quit = true,
                }
            }
        }
    }

    fn send(&mut self, command: Command) {
        self.waiting.push_back(command);
        while let Ok(permit) = self.queue.commands.try_reserve() {
            match self.waiting.pop_front() {
                Some(command) => permit.send(command),
                None => break,
            }
        }
    }

    /// Keeps pins in their file: written beside it and moved over it, so that it is whole at any moment.
    fn keep(&mut self, pins: &Pins) {
        let Some(path) = self.pins.clone() else {
            return;
        };
        if let Err(error) = pins_file::write(&path, pins) {
            let words =
                format!("the digits of labels could not be kept in {}: {error}", path.display());
            self.tell(Event::Told(Tone::Bad, words));
        }
    }

    /// Hands requests to the outbox, in order, as far as it has room.
    pub(super) fn pass_on(&mut self) {
        while let Some(request) = self.asked.pop_front() {
            if let Err(request) = self.outbox.ask(request) {
                self.asked.push_front(request);
                return;
            }
        }
    }

    /// A label with how long its event had been on the screen.
    fn witnessed(&self, mut request: Request) -> Request {
        if let Request::Stage { draft: Draft { act: Act::Label { .. }, seen, batch, .. }, .. } =
            &mut request
        {
            let dwell = self.shown.map(|since| since.elapsed().as_millis() as u64);
            let seen = seen.get_or_insert_with(Seen::default);
            seen.dwell_ms = dwell;
            if batch.is_none() {
                seen.fast_run = self.app.store.sitting.fast_run(dwell);
            }
        }
        request
    }

    /// Hands a job to the thread that writes files.
    fn file(&mut self, job: Job) {
        if let Some(event) = self.files.ask(job) {
            self.tell(event);
        }
    }
}
