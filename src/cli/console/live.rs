//! Settings while the console runs: what they become there, and what is said when they are read again, set or looked at.
//!
//! A session's own settings are one more layer over file, environment and flags, read and checked by the same code, so that
//! what `:set` refuses it refuses in the same words. What belongs to a connection, to the outbox or to how the terminal was
//! entered stays as it was at the start, and is named.

use crate::command::{Prefs, Tone, Tune};
use crate::config::{self, ConfigError, Loaded, Place, Row, Settings, Sources};
use crate::keymap::Choice;
use crate::run::{Fresh, Heard, Told};

use super::super::{keys, log};
use super::{Kind, guard_limits, prefs, theme, time_mode};

/// The settings of a running console.
pub(super) struct Tuning {
    sources: Sources,
    kind: Kind,
    /// As they were at the start: connections, outbox and terminal are made of these.
    first: Loaded,
    /// As they were last read.
    current: Loaded,
    /// The file was faulty when it was last read.
    faulty: bool,
}

impl Tuning {
    pub(super) fn new(sources: Sources, loaded: Loaded, kind: Kind) -> Self {
        Self { sources, kind, first: loaded.clone(), current: loaded, faulty: false }
    }

    /// What takes effect of the settings as they are now.
    pub(super) fn fresh(&self) -> Fresh {
        let settings = self.in_force();
        let choice = keys::choice(&settings);
        fresh(&settings, choice, self.kind)
    }

    /// The settings as they are now, but for what stays as it was at the start.
    fn in_force(&self) -> Settings {
        let (first, now) = (&self.first.settings, &self.current.settings);
        let mut settings = first.clone();
        settings.ui = now.ui.clone();
        settings.ui.ascii = first.ui.ascii;
        settings.ui.environment.clone_from(&first.ui.environment);
        settings.ui.environment_colour = first.ui.environment_colour;
        settings.analyst.read_only = now.analyst.read_only;
        settings.analyst.max_arm = now.analyst.max_arm;
        settings.labels = now.labels.clone();
        settings.watched = now.watched.clone();
        settings.guard = now.guard;
        settings.keys.clone_from(&now.keys);
        settings.label_keys.clone_from(&now.label_keys);
        settings.log.level = now.log.level;
        if let (Some(ours), Some(theirs)) = (&mut settings.arcanna, &now.arcanna) {
            ours.default_job_id = theirs.default_job_id;
            ours.poll_interval = theirs.poll_interval;
            ours.poll_timeout = theirs.poll_timeout;
        }
        settings
    }

    /// Looks at the settings; `None` when there is nothing to say.
    pub(super) fn hear(&mut self, heard: Heard) -> Option<Told> {
        match heard {
            Heard::Saved => self.read(false),
            Heard::Asked(Tune::Reload) => self.read(true),
            Heard::Asked(Tune::Show(None)) => Some(tell(Tone::Fine, self.session_words())),
            Heard::Asked(Tune::Show(Some(name))) => Some(self.show(&name)),
            Heard::Asked(Tune::Set(name, value)) => Some(self.set(&name, &value)),
            Heard::Asked(Tune::Unset(name)) => Some(self.unset(&name)),
        }
    }

    /// Reads everything again; `asked` by a person, who then hears that nothing changed too.
    fn read(&mut self, asked: bool) -> Option<Told> {
        let loaded = match load(&self.sources) {
            Ok(loaded) => loaded,
            Err(faults) => {
                self.faulty = true;
                tracing::warn!(faults = faults.join("\n"), "the settings stay as they were");
                let more = match faults.len() {
                    1 => String::new(),
                    many => format!("; {} more, `socdeck config check` lists them", many - 1),
                };
                let first = self.named(faults.first().map_or("", String::as_str));
                return Some(tell(
                    Tone::Bad,
                    format!("{first}{more} (settings stay as they were)"),
                ));
            }
        };
        let mended = std::mem::take(&mut self.faulty);
        let changed = config::changed(&self.current, &loaded);
        if changed.is_empty() && !asked && !mended {
            return None;
        }
        let stale: Vec<String> = config::changed(&self.first, &loaded)
            .into_iter()
            .filter(|key| !config::is_live(key))
            .collect();
        self.current = loaded;
        let live: Vec<&str> =
            changed.iter().map(String::as_str).filter(|key| config::is_live(key)).collect();
        let mut words = match live.as_slice() {
            [] if stale.is_empty() => "settings read again: nothing changed".to_owned(),
            [] => "settings read again".to_owned(),
            names => format!("settings read again: {}", list(names)),
        };
        if !stale.is_empty() {
            let names: Vec<&str> = stale.iter().map(String::as_str).collect();
            words = format!("{words}; needs a restart: {}", list(&names));
        }
        let tone = if stale.is_empty() { Tone::Fine } else { Tone::Mind };
        Some(self.take_effect(tone, words))
    }

    /// Makes the settings as they are now take effect.
    fn take_effect(&self, tone: Tone, words: String) -> Told {
        let fresh = Some(Box::new(self.fresh()));
        match log::level(&self.first, self.current.settings.log.level) {
            Ok(()) => Told { tone, words, fresh },
            Err(failure) => Told { tone: Tone::Bad, words: failure.to_string(), fresh },
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Told {
        let name = match named(name) {
            Ok(name) => name,
            Err(why) => return tell(Tone::Mind, why),
        };
        let before = self.sources.session.clone();
        self.sources.session.retain(|(known, _)| known != name);
        // Read-only is there to hold: what another layer switched on, a typed line does not switch off.
        if name == "analyst.read_only"
            && value.trim() == "false"
            && load(&self.sources).is_ok_and(|loaded| loaded.settings.analyst.read_only)
        {
            self.sources.session = before;
            let place = self.row(name).map_or_else(String::new, |row| place(&row.place));
            return tell(
                Tone::Mind,
                format!("read-only was set by {place}: it is lifted there, not here"),
            );
        }
        self.sources.session.push((name.to_owned(), value.to_owned()));
        match load(&self.sources) {
            Ok(loaded) => {
                self.current = loaded;
                let words = self.told(name);
                self.take_effect(Tone::Fine, words)
            }
            Err(faults) => {
                self.sources.session = before;
                let first = faults.first().map_or("", String::as_str);
                tell(
                    Tone::Mind,
                    match first.strip_prefix("this session: ") {
                        Some(typed) => short(typed),
                        None => format!("the settings must be mended first: {}", self.named(first)),
                    },
                )
            }
        }
    }

    fn unset(&mut self, name: &str) -> Told {
        let name = match named(name) {
            Ok(name) => name,
            Err(why) => return tell(Tone::Mind, why),
        };
        if !self.sources.session.iter().any(|(known, _)| known == name) {
            return tell(
                Tone::Mind,
                format!("{name} is not set by this session; {}", self.told(name)),
            );
        }
        self.sources.session.retain(|(known, _)| known != name);
        match load(&self.sources) {
            Ok(loaded) => {
                self.current = loaded;
                let words = self.told(name);
                self.take_effect(Tone::Fine, words)
            }
            Err(faults) => tell(Tone::Bad, short(faults.first().map_or("", String::as_str))),
        }
    }

    fn show(&self, name: &str) -> Told {
        match named(name) {
            Err(why) => tell(Tone::Mind, why),
            Ok(name) => {
                let words = match config::words_of(name) {
                    [] => String::new(),
                    words => format!("; one of: {}", words.join(", ")),
                };
                tell(Tone::Fine, format!("{}{words}", self.told(name)))
            }
        }
    }

    /// A fault with the configuration file by its name alone: who has just saved it knows where it is, and the line is short.
    fn named(&self, fault: &str) -> String {
        let file = config::file_path(&self.sources).and_then(|(path, _)| {
            let folder = path.parent()?.to_string_lossy().into_owned();
            fault.strip_prefix(&format!("{folder}/"))
        });
        file.map_or_else(|| short(fault), str::to_owned)
    }

    fn row(&self, name: &str) -> Option<&Row> {
        self.current.rows.iter().find(|row| row.key == name)
    }

    /// A setting with its value and where that comes from.
    fn told(&self, name: &str) -> String {
        let path = match name {
            "log.level" => log::path(&self.first).map(|path| format!("; file {}", path.display())),
            _ => None,
        };
        let path = short(&path.unwrap_or_default());
        match self.row(name) {
            Some(row) => format!("{name} = {}  ({}{path})", row.value, place(&row.place)),
            None => format!("{name} is not set"),
        }
    }

    fn session_words(&self) -> String {
        if self.sources.session.is_empty() {
            return "nothing is set for this session; :set NAME VALUE, Tab completes".to_owned();
        }
        let told = self.sources.session.iter().filter_map(|(name, _)| self.row(name));
        let told: Vec<String> = told.map(|row| format!("{} = {}", row.key, row.value)).collect();
        format!("set for this session: {}", told.join("   "))
    }
}

/// What a console is made of at the start or anew.
pub(super) fn fresh(settings: &Settings, keys: Choice, kind: Kind) -> Fresh {
    let live = crate::app::Live {
        prefs: kind.adapt(prefs(settings)),
        theme: theme(settings),
        keys,
        mode: time_mode(settings),
        zone: settings.ui.zone.clone().unwrap_or_else(jiff::tz::TimeZone::system),
    };
    Fresh { live, guard: guard_limits(settings) }
}

/// Loads everything and looks at the keys too; what is wrong, one text each.
fn load(sources: &Sources) -> Result<Loaded, Vec<String>> {
    let told = |error: ConfigError| -> Vec<String> {
        error.problems.iter().map(|problem| problem.to_string().replace("\n    ", "; ")).collect()
    };
    let loaded = config::load(sources).map_err(told)?;
    keys::check(&loaded.settings)?;
    Ok(loaded)
}

/// The whole name of a setting that a session can set, from it or from the part behind its dot.
fn named(typed: &str) -> Result<&'static str, String> {
    let typed = typed.trim();
    let found = config::live_names()
        .find(|name| *name == typed || name.split_once('.').is_some_and(|(_, own)| own == typed));
    found.ok_or_else(|| {
        let near = config::live_names().max_by(|one, other| {
            let like = |name: &str| {
                let own = name.split_once('.').map_or(name, |(_, own)| own);
                strsim::jaro_winkler(own, typed).max(strsim::jaro_winkler(name, typed))
            };
            like(one).total_cmp(&like(other))
        });
        let near = near.unwrap_or_default();
        format!("'{typed}' cannot be set for a session; nearest: {near}. Tab lists what can")
    })
}

fn tell(tone: Tone, words: impl Into<String>) -> Told {
    Told { tone, words: words.into(), fresh: None }
}

/// Names with commas, no more than a line holds.
fn list(names: &[&str]) -> String {
    const MOST: usize = 3;
    match names.len() {
        0..=MOST => names.join(", "),
        many => format!("{} and {} more", names[..MOST].join(", "), many - MOST),
    }
}

fn place(place: &Place) -> String {
    short(&place.to_string())
}

/// A sentence with the home folder as `~`, so that what matters is on the screen too.
fn short(words: &str) -> String {
    match std::env::var("HOME") {
        Ok(home) if home.len() > 1 => {
            words.replace(&format!("{}/", home.trim_end_matches('/')), "~/")
        }
        _ => words.to_owned(),
    }
}

impl Kind {
    /// What differs in the demo: nobody's name, nobody's environment, nothing missing.
    fn adapt(self, prefs: Prefs) -> Prefs {
        match self {
            Self::Live => prefs,
            Self::Demo => Prefs {
                analyst: Some(prefs.analyst.unwrap_or_else(|| "demo".to_owned())),
                environment: "DEMO".to_owned(),
                absent: Vec::new(),
                unverified: Vec::new(),
                default_job: None,
                darktrace_url: None,
                ..prefs
            },
        }
    }
}
