//! What drawing tests need: a look at a fixed moment, and a buffer as lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Pane;
use super::paint::Look;
use super::sheet::exactly;
use crate::api::{Answer, ApiError, Cause};
use crate::command::{Ask, Cx, Prefs, Spec};
use crate::keymap::Keymap;
use crate::outbox::{Keeper, Moment, Request};
use crate::store::{Lands, Store, Wish};
use crate::ui::theme::{Glyphs, Palette, Theme};
use crate::ui::time::{Clock, Mode};

/// Everything around a pane that a test needs.
pub(crate) struct Bench {
    pub(crate) store: Store,
    pub(crate) prefs: Prefs,
    pub(crate) asks: Vec<Ask>,
    pub(crate) now: Moment,
    theme: Theme,
    keymap: Keymap,
}

impl Default for Bench {
    fn default() -> Self {
        let refresh = Spec { id: "shell.refresh", title: "read again", keys: &["r"], hint: "" };
        let scopes: Vec<_> = super::all()
            .iter()
            .map(|pane| (pane.id().name(), pane.specs()))
            .chain([("shell", vec![refresh])])
            .collect();
        Self {
            store: Store::default(),
            prefs: prefs(),
            asks: Vec::new(),
            now: Moment { wall: "2026-11-20T14:05:00Z".parse().unwrap(), instant: Instant::now() },
            theme: Theme::new(Palette::Mono, Glyphs::ASCII),
            keymap: Keymap::build(&scopes, &[]).unwrap(),
        }
    }
}

/// Settings of an analyst who may write.
pub(crate) fn prefs() -> Prefs {
    Prefs {
        analyst: Some("ana.pop".into()),
        environment: "TEST".into(),
        read_only: false,
        label_grace: Duration::from_secs(5),
        outward_grace: Duration::from_secs(30),
        tag_grace: Duration::from_secs(10),
        max_arm: Duration::from_secs(3_600),
        low_confidence: 60.0,
        skip_bucket: false,
        poll: (Duration::from_secs(1), Duration::from_secs(60)),
        absent: Vec::new(),
        unverified: Vec::new(),
        default_job: None,
        mouse: false,
        hints: true,
        allow_editor: true,
        own_domains: Vec::new(),
        settable: Vec::new(),
        blind: crate::store::Sampling::default(),
        darktrace_url: None,
    }
}

impl Bench {
    /// Lands an answer as if the server had given it to this operation.
    pub(crate) fn land<O: Lands>(&mut self, operation: &O, json: &str) {
        let value = operation.decode(&Answer::from_json(json)).unwrap();
        let at = self.now.wall;
        operation.remote(&mut self.store).arrived(value, at);
        operation.landed(&mut self.store, self.now);
    }

    /// Lands a failure.
    pub(crate) fn fail<O: Lands>(&mut self, operation: &O, cause: Cause) {
        let error = ApiError::of(&operation.call().unwrap(), cause);
        let at = self.now.wall;
        operation.remote(&mut self.store).failed(error, at);
    }

    /// Lets writes that reach others be sent, for an hour.
    pub(crate) fn arm(&mut self) {
        self.store.armed_until = Some(self.now.plus(Duration::from_secs(3_600)));
    }

    /// Runs a row of a pane by its id.
    pub(crate) fn run<P: Pane>(&mut self, pane: &mut P, id: &str) {
        let index = pane.specs().iter().position(|spec| spec.id == id).unwrap();
        pane.ready(index, &self.store).unwrap();
        pane.run(index, &mut self.cx());
    }

    /// Types text into a pane's field; `\n` is Enter, `\t` Tab.
    pub(crate) fn press(&mut self, pane: &mut impl Pane, keys: &str) {
        for c in keys.chars() {
            let key: KeyEvent = match c {
                '\n' => KeyCode::Enter.into(),
                '\t' => KeyCode::Tab.into(),
                '\u{1}'..='\u{1a}' => KeyEvent::new(
                    KeyCode::Char((c as u8 - 1 + b'a') as char),
                    KeyModifiers::CONTROL,
                ),
                c => KeyCode::Char(c).into(),
            };
            assert!(pane.typing(), "no field for {c:?}");
            pane.text(key, &mut self.cx());
        }
    }

    /// The writes left for the outbox, as one line each, and the names of the calls that were asked.
    pub(crate) fn wished(&mut self) -> (Vec<String>, Vec<String>) {
        let (mut staged, mut asked) = (Vec::new(), Vec::new());
        for wish in self.store.take_wishes() {
            match wish {
                Wish::Outbox(Request::Stage { draft, .. }) => {
                    let secs = draft.grace.as_secs();
                    staged.push(format!("{} in {secs} s", exactly(&draft.call)));
                }
                Wish::Run(action) => asked.push(action.call.to_string()),
                _ => {}
            }
        }
        (staged, asked)
    }

    /// Gives the writes that were left for the outbox to it, and takes in what it tells.
    pub(crate) fn keep(&mut self, outbox: &mut Keeper) {
        for wish in self.store.take_wishes() {
            if let Wish::Outbox(request) = wish {
                for notice in outbox.handle(request, self.now) {
                    self.store.notice(notice, self.now);
                }
            }
        }
    }

    /// A pane as it is drawn.
    pub(crate) fn pane(&self, pane: &impl Pane, width: u16, height: u16) -> String {
        self.shown(width, height, |bench, area, buf| {
            pane.draw(&bench.store, &bench.look(), area, buf);
        })
    }

    pub(crate) fn cx(&mut self) -> Cx<'_> {
        Cx {
            store: &mut self.store,
            now: self.now,
            prefs: &self.prefs,
            asks: &mut self.asks,
            key: None,
        }
    }

    pub(crate) fn look(&self) -> Look<'_> {
        Look {
            theme: &self.theme,
            prefs: &self.prefs,
            keymap: &self.keymap,
            clock: Clock { mode: Mode::Utc, now: self.now.wall, zone: jiff::tz::TimeZone::UTC },
        }
    }

    /// What is drawn, line by line, blanks at the ends cut.
    pub(crate) fn shown(
        &self,
        width: u16,
        height: u16,
        draw: impl FnOnce(&Self, Rect, &mut Buffer),
    ) -> String {
        let mut buf = Buffer::empty(Rect::new(0, 0, width, height));
        draw(self, buf.area, &mut buf);
        text(&buf)
    }
}

/// A buffer as lines, blanks at the ends cut.
pub(crate) fn text(buf: &Buffer) -> String {
    let mut lines = String::new();
    for y in buf.area.top()..buf.area.bottom() {
        let mut line = String::new();
        let mut skip = 0;
        for x in buf.area.left()..buf.area.right() {
            let symbol = buf[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = crate::ui::text::width(symbol).max(1);
            }
            skip -= 1;
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
    lines
}
