//! Chords: their notation, which row they run, which keys a row has. Built from the registry's rows and the person's overrides.
//!
//! Digits label and do nothing else; some chords are never bound because terminals, multiplexers and links use them.

use std::collections::HashMap;
use std::fmt;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

mod profile;

use crate::command::Spec;
pub use profile::{Choice, LabelKeys, Profile};

/// One key with its control modifier. Shifted letters are upper-case characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Chord {
    code: KeyCode,
    ctrl: bool,
}

/// The only rows that may be bound to digits.
const DIGIT_ROWS: [&str; 2] = ["triage.label", "triage.second-opinion"];

/// Chords that never reach a row, with the reason.
const RESERVED: [(&str, &str); 9] = [
    ("^s", "it stops the terminal's output"),
    ("^q", "it resumes the terminal's output"),
    ("^a", "screen uses it"),
    ("^b", "tmux uses it"),
    ("^\\", "it kills the program outside raw mode"),
    ("^]", "telnet and virsh use it"),
    ("~", "ssh uses it after Enter"),
    ("[", "it is the tail of split cursor keys"),
    ("O", "it is the tail of split function keys"),
];

impl Chord {
    /// The chord of a key event; `None` for keys with Alt and other modifiers, which are never bound.
    pub fn of(key: &KeyEvent) -> Option<Self> {
        if key.modifiers.intersects(
            KeyModifiers::ALT | KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META,
        ) {
            return None;
        }
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let code = match key.code {
            KeyCode::Char(c) if ctrl => KeyCode::Char(c.to_ascii_lowercase()),
            code => code,
        };
        Some(Self { code, ctrl })
    }

    fn parse(text: &str) -> Option<Self> {
        let plain = |code| Some(Self { code, ctrl: false });
        if let Some(rest) = text.strip_prefix('^').filter(|rest| !rest.is_empty()) {
            let mut chars = rest.chars();
            return match (chars.next(), chars.next()) {
                (Some(c), None) => {
                    Some(Self { code: KeyCode::Char(c.to_ascii_lowercase()), ctrl: true })
                }
                _ => None,
            };
        }
        match text {
            "enter" => plain(KeyCode::Enter),
            "tab" => plain(KeyCode::Tab),
            "s-tab" => plain(KeyCode::BackTab),
            "esc" => plain(KeyCode::Esc),
            "space" => plain(KeyCode::Char(' ')),
            "up" => plain(KeyCode::Up),
            "down" => plain(KeyCode::Down),
            "left" => plain(KeyCode::Left),
            "right" => plain(KeyCode::Right),
            "home" => plain(KeyCode::Home),
            "end" => plain(KeyCode::End),
            "pgup" => plain(KeyCode::PageUp),
            "pgdn" => plain(KeyCode::PageDown),
            "f1" | "f2" | "f3" | "f4" | "f5" | "f6" | "f7" | "f8" | "f9" | "f10" | "f11"
            | "f12" => plain(KeyCode::F(text[1..].parse().ok()?)),
            _ => {
                let mut chars = text.chars();
                match (chars.next(), chars.next()) {
                    (Some(c), None) if !c.is_control() => plain(KeyCode::Char(c)),
                    _ => None,
                }
            }
        }
    }

    /// The character of the chord, if it is a plain one.
    pub fn char(&self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if !self.ctrl => Some(c),
            _ => None,
        }
    }
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            KeyCode::Char(' ') => f.write_str("Space"),
            KeyCode::Char(c) if self.ctrl => write!(f, "^{}", c.to_ascii_uppercase()),
            KeyCode::Char(c) => write!(f, "{c}"),
            KeyCode::BackTab => f.write_str("S-Tab"),
            KeyCode::PageUp => f.write_str("PgUp"),
            KeyCode::PageDown => f.write_str("PgDn"),
            code => write!(f, "{code}"),
        }
    }
}

/// A place where rows live: the shell (index 0) or a pane.
pub type ScopeName = &'static str;

/// Where a chord leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// To this row of this scope.
    Row(ScopeName, usize),
    /// On to a second key.
    Prefix,
    /// Nowhere.
    Nothing,
}

/// A person's override of one row's keys, with its place in the settings for complaints.
#[derive(Debug, Clone)]
pub struct Override {
    /// The row's id.
    pub id: String,
    /// The new chords; empty unbinds.
    pub chords: Vec<String>,
    /// Where it was written: `config.toml:12`.
    pub place: String,
}

/// All bindings.
#[derive(Debug, Default)]
pub struct Keymap {
    bindings: HashMap<(ScopeName, Vec<Chord>), usize>,
    keys: HashMap<&'static str, Vec<String>>,
    /// Further characters that label, the first for digit 1.
    labels: Vec<char>,
}

impl Keymap {
    /// Binds every row of every scope in the usual way, with the person's overrides.
    ///
    /// # Errors
    /// As [`Self::chosen`].
    pub fn build(
        scopes: &[(ScopeName, Vec<Spec>)],
        overrides: &[Override],
    ) -> Result<Self, Vec<String>> {
        Self::chosen(scopes, &Choice { overrides: overrides.to_vec(), ..Choice::default() })
    }

    /// Binds every row of every scope as a person chose: overrides lie over the profile, the profile over the rows' own keys.
    ///
    /// # Errors
    /// One sentence per fault: unknown row, chord that cannot be read, reserved chord, digit, clash.
    pub fn chosen(scopes: &[(ScopeName, Vec<Spec>)], choice: &Choice) -> Result<Self, Vec<String>> {
        let overrides = choice.overrides.as_slice();
        let mut keymap = Self::default();
        let mut faults = Vec::new();
        for over in overrides {
            if !scopes.iter().any(|(_, specs)| specs.iter().any(|spec| spec.id == over.id)) {
                let ids = scopes.iter().flat_map(|(_, specs)| specs.iter().map(|spec| spec.id));
                let near = ids.max_by(|a, b| {
                    strsim::jaro_winkler(a, &over.id).total_cmp(&strsim::jaro_winkler(b, &over.id))
                });
                faults.push(format!(
                    "{}: no command is called '{}'; nearest: {}",
                    over.place,
                    over.id,
                    near.unwrap_or("-")
                ));
            }
        }
        let chosen = |spec: &Spec| overrides.iter().rev().find(|over| over.id == spec.id);
        let rows = scopes.iter().flat_map(|(scope, specs)| {
            specs.iter().enumerate().map(move |(index, spec)| (*scope, index, spec))
        });
        let mut rows: Vec<_> =
            rows.map(|(scope, index, spec)| (chosen(spec), scope, index, spec)).collect();
        // The person's keys are bound last: a clash is then told at the place where they were written.
        rows.sort_by_key(|(over, ..)| over.is_some());
        let mut rows: Vec<_> = rows
            .into_iter()
            .map(|(over, scope, index, spec)| {
                let built_in =
                    || choice.profile.keys(spec).iter().map(ToString::to_string).collect();
                let chords: Vec<String> = over.map_or_else(built_in, |over| over.chords.clone());
                (over, scope, index, spec, chords)
            })
            .collect();
        if let Some(labels) = &choice.labels {
            let others = rows.iter_mut().map(|(_, _, _, spec, chords)| (*spec, chords));
            match labels.free(others) {
                Ok(keys) => keymap.labels = keys,
                Err(fault) => faults.push(fault),
            }
        }
        for (over, scope, index, spec, chords) in rows {
            let place =
                over.map_or_else(|| format!("built-in {}", spec.id), |over| over.place.clone());
            for text in &chords {
                if let Err(fault) = keymap.bind(scope, spec, index, text) {
                    faults.push(format!("{place}: {fault}"));
                }
            }
            keymap.keys.insert(spec.id, chords);
        }
        if faults.is_empty() { Ok(keymap) } else { Err(faults) }
    }

    fn bind(
        &mut self,
        scope: ScopeName,
        spec: &Spec,
        index: usize,
        text: &str,
    ) -> Result<(), String> {
        let chords: Option<Vec<Chord>> = text.split_whitespace().map(Chord::parse).collect();
        let Some(chords) = chords.filter(|chords| (1..=2).contains(&chords.len())) else {
            return Err(format!(
                "'{text}' is no key for {}; allowed: a character, ^x, enter tab s-tab space esc up down left right home end pgup pgdn f1 to f12, or two of them",
                spec.id
            ));
        };
        for (place, part) in text.split_whitespace().enumerate() {
            // The tail of a split sequence never follows a key of ours: as a second key it is what a person typed.
            let tail = place > 0 && matches!(part, "[" | "O");
            if let Some((_, why)) = RESERVED.iter().find(|(key, _)| *key == part && !tail) {
                return Err(format!("{part} cannot be bound to {}: {why}", spec.id));
            }
        }
        if chords.iter().any(|chord| chord.char().is_some_and(|c| c.is_ascii_digit()))
            && !DIGIT_ROWS.contains(&spec.id)
        {
            return Err(format!(
                "digits label and do nothing else: {} cannot have '{text}'",
                spec.id
            ));
        }
        let prefix_taken =
            chords.len() == 2 && self.bindings.contains_key(&(scope, chords[..1].to_vec()));
        let is_prefix = chords.len() == 1
            && self
                .bindings
                .keys()
                .any(|(s, other)| *s == scope && other.len() == 2 && other[0] == chords[0]);
        if prefix_taken || is_prefix || self.bindings.contains_key(&(scope, chords.clone())) {
            return Err(format!("'{text}' of {} clashes with another command of {scope}", spec.id));
        }
        self.bindings.insert((scope, chords), index);
        Ok(())
    }

    /// The digit a character labels as, where it is one of the person's label keys.
    pub fn label_digit(&self, c: char) -> Option<char> {
        let at = self.labels.iter().position(|key| *key == c)?;
        char::from_digit(at as u32 + 1, 10)
    }

    /// The key a person presses for a label's digit: their own where they have one.
    pub fn label_key(&self, digit: char) -> char {
        let at = digit.to_digit(10).and_then(|digit| (digit as usize).checked_sub(1));
        at.and_then(|at| self.labels.get(at)).copied().unwrap_or(digit)
    }

    /// Where the typed chords lead, looking through the scopes in order.
    pub fn find(&self, scopes: &[ScopeName], typed: &[Chord]) -> Found {
        for scope in scopes {
            if let Some(index) = self.bindings.get(&(*scope, typed.to_vec())) {
                return Found::Row(scope, *index);
            }
        }
        let leads = |(scope, chords): &(ScopeName, Vec<Chord>)| {
            scopes.contains(scope) && chords.len() > typed.len() && chords.starts_with(typed)
        };
        if self.bindings.keys().any(leads) { Found::Prefix } else { Found::Nothing }
    }

    /// The keys of a row as a person reads them: `j`, `g d`, `^D`; in the order they were given.
    pub fn keys(&self, id: &str) -> Vec<String> {
        let show = |text: &String| {
            text.split_whitespace()
                .filter_map(Chord::parse)
                .map(|chord| chord.to_string())
                .collect::<Vec<_>>()
                .join(" ")
        };
        self.keys.get(id).map(|chords| chords.iter().map(show).collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(id: &'static str, keys: &'static [&'static str]) -> Spec {
        Spec { id, title: "", keys, hint: "" }
    }

    fn key(c: char, modifiers: KeyModifiers) -> Chord {
        Chord::of(&KeyEvent::new(KeyCode::Char(c), modifiers)).unwrap()
    }

    #[test]
    fn chords_and_prefixes_lead_to_their_rows() {
        let scopes = [
            ("pane", vec![spec("a", &["j", "g g"])]),
            ("shell", vec![spec("b", &["g d", "^d"]), spec("c", &["j"])]),
        ];
        let map = Keymap::build(&scopes, &[]).unwrap();
        let none = KeyModifiers::NONE;
        assert_eq!(
            map.find(&["pane", "shell"], &[key('j', none)]),
            Found::Row("pane", 0),
            "the pane comes first"
        );
        assert_eq!(map.find(&["pane", "shell"], &[key('g', none)]), Found::Prefix);
        assert_eq!(
            map.find(&["pane", "shell"], &[key('g', none), key('d', none)]),
            Found::Row("shell", 0)
        );
        assert_eq!(
            map.find(&["pane", "shell"], &[key('d', KeyModifiers::CONTROL)]),
            Found::Row("shell", 0)
        );
        assert_eq!(map.find(&["pane", "shell"], &[key('z', none)]), Found::Nothing);
        assert_eq!(map.keys("b"), ["g d", "^D"]);
        assert!(Chord::of(&KeyEvent::new(KeyCode::Char('j'), KeyModifiers::ALT)).is_none());
    }

    #[test]
    fn faults_name_place_and_reason() {
        let scopes =
            [("pane", vec![spec("triage.label", &["1"]), spec("b", &["j"]), spec("c", &["k"])])];
        let over = |id: &str, chord: &str| Override {
            id: id.into(),
            chords: vec![chord.into()],
            place: "config.toml:7".into(),
        };
        for (over, word) in [
            (over("b", "3"), "digits label"),
            (over("b", "^s"), "stops the terminal"),
            (over("b", "k"), "clashes"),
            (over("b", "alt-x"), "is no key"),
            (over("bb", "x"), "nearest: b"),
        ] {
            let faults = Keymap::build(&scopes, &[over]).unwrap_err();
            assert!(
                faults
                    .iter()
                    .any(|fault| fault.starts_with("config.toml:7") && fault.contains(word)),
                "{faults:?}"
            );
        }
        let moved = Keymap::build(&scopes, &[over("b", "x")]).unwrap();
        assert_eq!(
            moved.find(&["pane"], &[key('j', KeyModifiers::NONE)]),
            Found::Nothing,
            "an override replaces the default"
        );
    }
}
