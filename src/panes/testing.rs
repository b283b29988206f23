//! What drawing tests need: a look at a fixed moment, and a buffer as lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use std::time::{Duration, Instant};

use super::paint::Look;
use crate::command::{Ask, Cx, Prefs};
use crate::keymap::Keymap;
use crate::outbox::Moment;
use crate::store::Store;
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
        let scopes: Vec<_> = super::all()
            .iter()
            .map(|pane| (pane.id().name(), pane.specs()))
            .collect();
        Self {
            store: Store::default(),
            prefs: prefs(),
            asks: Vec::new(),
            now: Moment {
                wall: "2026-11-20T14:05:00Z".parse().unwrap(),
                instant: Instant::now(),
            },
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
        low_confidence: 60.0,
        poll: (Duration::from_secs(1), Duration::from_secs(60)),
        absent: Vec::new(),
        unverified: Vec::new(),
        default_job: None,
    }
}

impl Bench {
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
            clock: Clock {
                mode: Mode::Utc,
                now: self.now.wall,
                zone: jiff::tz::TimeZone::UTC,
            },
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
