//! The keys as the settings want them: the configuration does not know the registry, so they are checked here, for the console
//! and for `config check` alike.

use crate::app::registry;
use crate::config::{ConfigError, KeymapName, Problem, Settings};
use crate::keymap::{Choice, Keymap, LabelKeys, Override, Profile};

/// What a person chose of the keys.
pub(super) fn choice(settings: &Settings) -> Choice {
    Choice {
        profile: match settings.ui.keymap {
            KeymapName::Vim => Profile::Vim,
            KeymapName::Emacs => Profile::Emacs,
            KeymapName::Arrows => Profile::Arrows,
            KeymapName::Numpad => Profile::Numpad,
        },
        labels: settings.label_keys.as_ref().map(|labels| LabelKeys {
            keys: labels.keys.iter().filter_map(|key| key.chars().next()).collect(),
            place: labels.place.to_string(),
        }),
        overrides: settings
            .keys
            .iter()
            .map(|key| Override {
                id: key.row.clone(),
                chords: key.chords.clone(),
                place: key.place.to_string(),
            })
            .collect(),
    }
}

/// Says what is wrong with the keys, one sentence each, its place first.
pub(super) fn check(settings: &Settings) -> Result<(), Vec<String>> {
    Keymap::chosen(&registry(), &choice(settings)).map(|_| ())
}

/// The same as a fault of the configuration.
pub(super) fn problems(settings: &Settings) -> Result<(), ConfigError> {
    check(settings).map_err(|faults| ConfigError {
        problems: faults
            .into_iter()
            .map(|fault| {
                // The place holds colons itself; what follows it begins behind the first blank.
                let (place, what) = fault.split_once(": ").unwrap_or(("keys", &fault));
                Problem {
                    place: place.to_owned(),
                    key: String::new(),
                    what: what.to_owned(),
                    allowed: String::new(),
                    nearest: None,
                }
            })
            .collect(),
    })
}
