//! Settings that change while the program runs: the file was saved, or a person typed `:set`.

use std::time::Duration;

use jiff::tz::TimeZone;

use super::App;
use super::shell::Shell;
use crate::command::{Ask, Cx, Prefs, Sampling, Tone, Tune};
use crate::keymap::{Choice, Keymap};
use crate::ui::theme::Theme;
use crate::ui::time::Mode;

/// Everything that can change while the program runs.
#[derive(Debug, Clone)]
pub struct Live {
    /// What panes may know of the settings.
    pub prefs: Prefs,
    /// Colours and glyphs.
    pub theme: Theme,
    /// The keys.
    pub keys: Choice,
    /// How times are told until a person chooses otherwise.
    pub mode: Mode,
    /// The zone that local times are told in.
    pub zone: TimeZone,
}

impl App {
    /// Takes new settings over.
    ///
    /// # Errors
    /// What is wrong with the keys, one sentence each; everything then stays as it was.
    pub fn live(&mut self, live: Live) -> Result<(), Vec<String>> {
        let Live { prefs, theme, keys, mode, zone } = live;
        self.keymap = Keymap::chosen(&self.shell.scopes(), &keys)?;
        self.theme = theme;
        // What a person chose by a key holds until the setting itself changes.
        if self.mode != Some(mode) {
            self.mode = Some(mode);
            self.shell.mode = mode;
        }
        self.shell.zone = zone;
        let mouse = (prefs.mouse != self.prefs.mouse).then_some(prefs.mouse);
        let latest = self.now.plus(if prefs.read_only { Duration::ZERO } else { prefs.max_arm });
        if self.store.armed_until.is_some_and(|until| until.instant > latest.instant) {
            self.store.armed_until = (!prefs.read_only).then_some(latest);
        }
        // Another seed would hide other answers, some of which were on the screen already.
        let seed = self.store.blind.sampling.seed;
        self.prefs = Prefs { blind: Sampling { seed, ..prefs.blind }, ..prefs };
        self.store.blind.sampling = self.prefs.blind;
        self.act(|shell, cx| {
            shell.typed.clear();
            if let Some(on) = mouse {
                shell.mouse_on = Some(on);
                cx.asks.push(Ask::Mouse(on));
            }
            shell.pane_mut().changed(cx);
        });
        Ok(())
    }
}

impl Shell {
    /// `:set`, `:unset`, `:keys`, `:log` and `:reload`; `false` for any other verb.
    pub(super) fn tune(&mut self, verb: &str, rest: &str, cx: &mut Cx<'_>) -> bool {
        let (name, value) = rest.split_once([' ', '=', '\t']).unwrap_or((rest, ""));
        let (name, value) = (name.trim().to_owned(), value.trim().trim_start_matches('=').trim());
        let set = |name: &str, value: &str| match value {
            "" => Tune::Show(Some(name.to_owned())),
            value => Tune::Set(name.to_owned(), value.to_owned()),
        };
        let tune = match verb {
            "reload" => Tune::Reload,
            "set" if rest.is_empty() => Tune::Show(None),
            "set" => set(&name, value),
            "unset" if name.is_empty() => {
                self.say(Tone::Mind, "unset wants the name of a setting: unset theme");
                return true;
            }
            "unset" => Tune::Unset(name),
            "keys" => set("ui.keymap", rest),
            "log" => set("log.level", rest.strip_prefix("level").unwrap_or(rest).trim()),
            _ => return false,
        };
        cx.asks.push(Ask::Tune(tune));
        true
    }
}
