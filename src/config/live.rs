//! Which settings can change while the console runs, and which of them did.

use secrecy::ExposeSecret;
use strum::VariantNames;

use super::Loaded;
use super::secret::Secret;
use super::settings::{KeymapName, LogLevel, Settings, ThemeName, TimeStyle};

/// Settings that take effect at once. Everything else is part of a connection, of the outbox or of how the terminal was entered.
const LIVE: [&str; 28] = [
    "ui.theme",
    "ui.keymap",
    "ui.time",
    "ui.zone",
    "ui.mouse",
    "ui.hints",
    "ui.allow_editor",
    "labels.grace",
    "labels.outward_grace",
    "labels.tag_grace",
    "labels.confidence_low_below",
    "labels.confidence_high_from",
    "labels.skip_bucket",
    "labels.blind_every",
    "watched.own_domains",
    "guard.burst_ms",
    "guard.unbound_lock_ms",
    "guard.escape_ms",
    "guard.dwell_ms",
    "guard.repeat_ms",
    "guard.after_editor_ms",
    "keys.labels",
    "log.level",
    "analyst.read_only",
    "analyst.max_arm",
    "arcanna.default_job_id",
    "arcanna.poll_interval",
    "arcanna.poll_timeout",
];

/// Whether a setting, dotted, takes effect while the console runs.
pub fn is_live(key: &str) -> bool {
    key.starts_with("keys.") || LIVE.contains(&key)
}

/// The settings that `:set` knows, dotted.
pub fn live_names() -> impl Iterator<Item = &'static str> + Clone {
    LIVE.into_iter()
}

/// The words a setting accepts, where it is one of a few.
pub fn words_of(key: &str) -> &'static [&'static str] {
    match key {
        "ui.theme" => ThemeName::VARIANTS,
        "ui.keymap" => KeymapName::VARIANTS,
        "ui.time" => TimeStyle::VARIANTS,
        "log.level" => LogLevel::VARIANTS,
        "ui.mouse" | "ui.hints" | "ui.allow_editor" | "analyst.read_only"
        | "labels.skip_bucket" => &["true", "false"],
        _ => &[],
    }
}

/// The settings, dotted, whose values differ; where they come from does not matter.
pub fn changed(before: &Loaded, now: &Loaded) -> Vec<String> {
    let value = |loaded: &Loaded, key: &str| {
        loaded.rows.iter().find(|row| row.key == key).map(|row| row.value.clone())
    };
    let mut found: Vec<String> = Vec::new();
    for row in before.rows.iter().chain(&now.rows) {
        if !found.contains(&row.key) && value(before, &row.key) != value(now, &row.key) {
            found.push(row.key.clone());
        }
    }
    // What is printed of a secret may stay the same while the secret does not.
    for ((key, before), (_, now)) in
        secrets(&before.settings).into_iter().zip(secrets(&now.settings))
    {
        let same = match (before, now) {
            (Some(Secret::Given { value: one, .. }), Some(Secret::Given { value: other, .. })) => {
                one.expose_secret() == other.expose_secret()
            }
            _ => true,
        };
        if !same && !found.iter().any(|known| known == key) {
            found.push(key.to_owned());
        }
    }
    if before.settings.profile != now.settings.profile {
        found.push("default_profile".to_owned());
    }
    found
}

fn secrets(settings: &Settings) -> [(&'static str, Option<&Secret>); 3] {
    let darktrace = settings.darktrace.as_ref();
    [
        ("arcanna.api_key", settings.arcanna.as_ref().and_then(|one| one.api_key.as_ref())),
        ("darktrace.public_token", darktrace.and_then(|one| one.public_token.as_ref())),
        ("darktrace.private_token", darktrace.and_then(|one| one.private_token.as_ref())),
    ]
}
