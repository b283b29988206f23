//! Whose habits the keys follow: profiles that give rows other keys, and characters that label where digits need Shift.
//!
//! A profile changes movement alone. What a letter does to an item stays the same in all of them, so that a colleague's words
//! ("press w") hold.

use super::{Chord, Override, RESERVED};
use crate::command::Spec;

/// A set of keys people are used to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::EnumIter,
)]
#[strum(serialize_all = "lowercase")]
pub enum Profile {
    /// The rows' own keys.
    #[default]
    Vim,
    /// `^N ^P ^V` move; j k h l are free.
    Emacs,
    /// Arrows and paging keys move; F2 to F9 go to the panes.
    Arrows,
    /// The rows' own keys: a keypad's digits are digits, because its application mode is switched off at the start.
    Numpad,
}

const EMACS: &[(&str, &[&str])] = &[
    ("shell.down", &["down", "^n"]),
    ("shell.up", &["up", "^p"]),
    ("shell.page-down", &["pgdn", "^v"]),
];

const ARROWS: &[(&str, &[&str])] = &[
    ("shell.down", &["down"]),
    ("shell.up", &["up"]),
    ("shell.half-down", &[]),
    ("shell.half-up", &[]),
    ("shell.first", &["home"]),
    ("shell.last", &["end"]),
    ("shell.go-triage", &["f2", "g t"]),
    ("shell.go-jobs", &["f3", "g j"]),
    ("shell.go-devices", &["f4", "g d"]),
    ("shell.go-endpoint", &["f5", "g e"]),
    ("shell.go-search", &["f6", "g s"]),
    ("shell.go-watched", &["f7", "g w"]),
    ("shell.go-activity", &["f8", "g a"]),
    ("shell.go-breaches", &["f9", "g b"]),
];

impl Profile {
    /// The keys a row has in this profile.
    pub fn keys(self, spec: &Spec) -> &'static [&'static str] {
        let table = match self {
            Self::Vim | Self::Numpad => &[],
            Self::Emacs => EMACS,
            Self::Arrows => ARROWS,
        };
        table.iter().find(|(id, _)| *id == spec.id).map_or(spec.keys, |(_, keys)| keys)
    }
}

/// What a person chose of the keys.
#[derive(Debug, Clone, Default)]
pub struct Choice {
    /// The profile.
    pub profile: Profile,
    /// Further keys that label.
    pub labels: Option<LabelKeys>,
    /// Keys of single rows.
    pub overrides: Vec<Override>,
}

/// Characters that label besides the digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelKeys {
    /// The first labels as 1 does.
    pub keys: Vec<char>,
    /// Where they were written: `config.toml:12`.
    pub place: String,
}

/// The row that labels.
const LABEL: &str = "triage.label";

impl LabelKeys {
    /// Takes these characters away from every other row, and gives them to the one that labels. They are taken in every pane: a
    /// key that labels in one and does something else in another would be pressed in the wrong one.
    pub(super) fn free<'a>(
        &self,
        rows: impl Iterator<Item = (&'a Spec, &'a mut Vec<String>)>,
    ) -> Result<Vec<char>, String> {
        let begins = |text: &str| {
            let first = text.split_whitespace().next().and_then(Chord::parse)?;
            first.char().filter(|c| self.keys.contains(c))
        };
        let mut clashes: Vec<(char, &str)> = Vec::new();
        for (spec, chords) in rows {
            if spec.id == LABEL {
                chords.extend(self.keys.iter().map(ToString::to_string));
                continue;
            }
            let taken: Vec<char> = chords.iter().filter_map(|chord| begins(chord)).collect();
            if taken.is_empty() {
                continue;
            }
            chords.retain(|chord| begins(chord).is_none());
            if chords.is_empty() {
                clashes.extend(taken.first().map(|c| (*c, spec.id)));
            }
        }
        let reserved = self.keys.iter().find_map(|key| {
            let key = key.to_string();
            RESERVED.iter().find(|(text, _)| *text == key)
        });
        if let Some((key, why)) = reserved {
            return Err(format!("{}: keys.labels: {key} cannot label: {why}", self.place));
        }
        if clashes.is_empty() {
            return Ok(self.keys.clone());
        }
        clashes.sort_by_key(|(c, _)| self.keys.iter().position(|key| key == c));
        let rows = |c: char| -> Vec<&str> {
            clashes.iter().filter(|(key, _)| *key == c).map(|(_, id)| *id).collect()
        };
        let told: Vec<String> = self
            .keys
            .iter()
            .filter(|c| !rows(**c).is_empty())
            .map(|c| format!("{c} of {}", rows(*c).join(", ")))
            .collect();
        let first = clashes.first().map_or("", |(_, id)| id);
        Err(format!(
            "{}: keys.labels: these are other commands' only keys: {}; give each another one under [keys], such as \"{first}\" = [\"H\"], or none with [], or choose other characters",
            self.place,
            told.join("; ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Found, Keymap, ScopeName};
    use super::*;
    use strum::IntoEnumIterator;

    fn spec(id: &'static str, keys: &'static [&'static str]) -> Spec {
        Spec { id, title: "", keys, hint: "" }
    }

    fn scopes() -> Vec<(ScopeName, Vec<Spec>)> {
        vec![
            (
                "shell",
                vec![
                    spec("shell.down", &["j", "down", "^n"]),
                    spec("shell.refresh", &["r"]),
                    spec("shell.go-triage", &["g t"]),
                ],
            ),
            ("triage", vec![spec("triage.label", &["1", "2"]), spec("triage.search", &["a"])]),
            ("jobs", vec![spec("jobs.pick", &["a", "enter"])]),
        ]
    }

    fn labels(keys: &str) -> Choice {
        let labels = LabelKeys { keys: keys.chars().collect(), place: "c.toml:7:1".into() };
        Choice { labels: Some(labels), ..Choice::default() }
    }

    #[test]
    fn every_profile_binds_the_real_rows_without_a_clash() {
        // The app's own registry is checked in tests/it: here the tables themselves.
        for profile in Profile::iter() {
            Keymap::chosen(&scopes(), &Choice { profile, ..Choice::default() }).unwrap();
            for (id, keys) in [EMACS, ARROWS].concat() {
                assert!(id.starts_with("shell."), "a profile changes movement alone: {id}");
                let digit =
                    |key: &&str| key.chars().any(|c| c.is_ascii_digit()) && !key.starts_with('f');
                assert!(!keys.iter().any(digit), "{id}");
            }
        }
        let arrows = Choice { profile: Profile::Arrows, ..Choice::default() };
        let arrows = Keymap::chosen(&scopes(), &arrows).unwrap();
        assert_eq!(arrows.keys("shell.go-triage"), ["F2", "g t"]);
        assert_eq!(arrows.keys("shell.down"), ["Down"]);
    }

    #[test]
    fn an_override_lies_over_the_profile() {
        let own =
            Override { id: "shell.down".into(), chords: vec!["j".into()], place: "c:1".into() };
        let choice = Choice { profile: Profile::Emacs, overrides: vec![own], ..Choice::default() };
        assert_eq!(Keymap::chosen(&scopes(), &choice).unwrap().keys("shell.down"), ["j"]);
    }

    #[test]
    fn label_keys_are_freed_everywhere_or_refused_with_all_they_clash_with() {
        let map = Keymap::chosen(&scopes(), &labels("jz")).unwrap();
        assert_eq!(map.keys("shell.down"), ["Down", "^N"], "it has others");
        assert_eq!(map.keys("triage.label"), ["1", "2", "j", "z"]);
        assert_eq!((map.label_digit('z'), map.label_digit('x')), (Some('2'), None));
        assert_eq!((map.label_key('2'), map.label_key('3')), ('z', '3'));
        let key = Chord::parse("z").unwrap();
        assert_eq!(map.find(&["triage", "shell"], &[key]), Found::Row("triage", 0));
        assert_eq!(map.find(&["jobs", "shell"], &[key]), Found::Nothing);

        let faults = Keymap::chosen(&scopes(), &labels("gar")).unwrap_err();
        assert_eq!(faults.len(), 1);
        for told in [
            "c.toml:7:1: keys.labels",
            "g of shell.go-triage",
            "a of triage.search",
            "r of shell.refresh",
        ] {
            assert!(faults[0].contains(told), "{told}: {faults:?}");
        }
        assert!(!faults[0].contains("jobs.pick"), "Enter is left to it");
        let faults = Keymap::chosen(&scopes(), &labels("[")).unwrap_err();
        assert!(faults[0].contains("split cursor keys"), "{faults:?}");
    }
}
