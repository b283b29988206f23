//! The settings: what each means and its limits. Defaults stand in `assets/config.toml`.

mod read;

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use super::parse;
use super::place::Place;
use super::secret::Secret;

pub use read::read;

/// Names the integrations give to settings, and ours: table, theirs, ours.
pub const ALIASES: [(&str, &str, &str); 3] = [
    ("darktrace", "isFetch", "fetch_alerts"),
    ("darktrace", "public_api_token", "public_token"),
    ("darktrace", "private_api_token", "private_token"),
];

/// The tables of the file.
pub const SECTIONS: [&str; 11] = [
    "arcanna",
    "darktrace",
    "analyst",
    "ui",
    "labels",
    "watched",
    "guard",
    "keys",
    "export",
    "ledger",
    "log",
];

/// Everything that can be set, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The profile in force; `None` for the top-level settings alone.
    pub profile: Option<String>,
    /// Arcanna; `None` when it has no address.
    pub arcanna: Option<ArcannaSettings>,
    /// Darktrace; `None` when it has no address.
    pub darktrace: Option<DarktraceSettings>,
    /// The person.
    pub analyst: Analyst,
    /// The screen.
    pub ui: Ui,
    /// Labelling.
    pub labels: Labels,
    /// The watched list.
    pub watched: Watched,
    /// The input guard.
    pub guard: Guard,
    /// Overridden keys, in the order of their names.
    pub keys: Vec<KeyOverride>,
    /// Further keys that label, the first for digit 1; from `keys.labels`.
    pub label_keys: Option<LabelKeys>,
    /// Exports.
    pub export: Export,
    /// The ledger.
    pub ledger: Ledger,
    /// The log.
    pub log: Log,
}

/// How a product is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// Address, without a trailing slash.
    pub url: String,
    /// Whether any certificate is trusted.
    pub insecure: bool,
    /// Certificate authorities to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// What the server must present besides a valid certificate: SHA-256 of its public key (SPKI) or of the certificate.
    /// Empty: any valid certificate will do.
    pub pins: Vec<[u8; 32]>,
    /// The way out.
    pub proxy: ProxyChoice,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for a whole call.
    pub timeout: Duration,
}

impl Link {
    /// Whether credentials travel unencrypted to another machine.
    pub fn in_the_clear(&self) -> bool {
        let Some((scheme, rest)) = self.url.split_once("://") else {
            return false;
        };
        let host = rest.split('/').next().unwrap_or_default();
        let name = match host.strip_prefix('[') {
            Some(v6) => v6.split(']').next().unwrap_or_default(),
            None => host.split(':').next().unwrap_or_default(),
        };
        let here = name.eq_ignore_ascii_case("localhost")
            || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
        scheme.eq_ignore_ascii_case("http") && !here
    }
}

/// Which proxy is used. Printed without its password.
#[derive(Clone, PartialEq, Eq, Default)]
pub enum ProxyChoice {
    /// What the system says (`HTTPS_PROXY`, `NO_PROXY`, …).
    #[default]
    System,
    /// None, whatever the system says.
    None,
    /// This one.
    Url(String),
}

impl std::fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::None => f.write_str("None"),
            Self::Url(url) => write!(f, "Url({:?})", parse::without_password(url)),
        }
    }
}

/// Arcanna's settings.
#[derive(Debug, Clone)]
pub struct ArcannaSettings {
    /// How it is reached.
    pub link: Link,
    /// The API key, when one is configured.
    pub api_key: Option<Secret>,
    /// The job that commands without `job_id` mean.
    pub default_job_id: Option<u64>,
    /// How often a pending event is asked for.
    pub poll_interval: Duration,
    /// How long a pending event is asked for.
    pub poll_timeout: Duration,
}

/// Darktrace's settings.
#[derive(Debug, Clone)]
pub struct DarktraceSettings {
    /// How it is reached.
    pub link: Link,
    /// The public API token, when one is configured.
    pub public_token: Option<Secret>,
    /// The private API token, when one is configured.
    pub private_token: Option<Secret>,
    /// Whether model breaches are fetched.
    pub fetch_alerts: bool,
    /// The lowest score of a fetched model breach, 0 to 100 (the wire wants it divided by 100).
    pub min_score: u8,
    /// The most model breaches of one fetch, 1 to 50.
    pub max_alerts: u8,
    /// How far back the first fetch reaches.
    pub first_fetch: Duration,
    /// What is signed of a query.
    pub sign_query: SignQuery,
}

/// What is signed of a query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum SignQuery {
    /// The bytes that are sent.
    #[default]
    Sent,
    /// What they stand for.
    Decoded,
}

/// Who works here, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analyst {
    /// The name labels are given under.
    pub username: Option<String>,
    /// Whether everything that changes something is refused.
    pub read_only: bool,
    /// The longest time `:arm` lets writes that reach others through.
    pub max_arm: Duration,
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// The colours.
    pub theme: ThemeName,
    /// ASCII alone; `None`: as the locale says.
    pub ascii: Option<bool>,
    /// The keys a person is used to.
    pub keymap: KeymapName,
    /// How times are shown.
    pub time: TimeStyle,
    /// The time zone that `local` means; `None`: the machine's.
    pub zone: Option<TimeZone>,
    /// Whether the mouse is taken.
    pub mouse: bool,
    /// Whether the person's own editor and pager may be started.
    pub allow_editor: bool,
    /// Whether the line of keys is shown.
    pub hints: bool,
    /// The word in the first cell of every screen.
    pub environment: Option<String>,
    /// Its colour.
    pub environment_colour: Colour,
}

/// The themes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "kebab-case")]
pub enum ThemeName {
    /// The terminal's own 16 colours.
    #[default]
    #[strum(serialize = "ansi16")]
    Ansi16,
    /// Bold and reverse alone.
    Mono,
    /// Blue and orange.
    CbSafe,
    /// Black, white, and the bright colours.
    HighContrast,
}

/// Whose habits the keys follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum KeymapName {
    /// Letters as in vi, arrows beside them.
    #[default]
    Vim,
    /// `^N ^P ^V` move; j k h l are free.
    Emacs,
    /// Only arrows and paging keys move; F2 to F9 go to the panes.
    Arrows,
    /// As `vim`; the keypad's digits label.
    Numpad,
}

/// How times are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum TimeStyle {
    /// UTC, with `Z`.
    #[default]
    Utc,
    /// The zone of this machine, with its offset.
    Local,
    /// How long ago.
    Age,
}

/// The terminal's colours by name, for the environment's cell.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[strum(serialize_all = "lowercase")]
pub enum Colour {
    /// Red.
    #[default]
    Red,
    /// Green.
    Green,
    /// Yellow.
    Yellow,
    /// Blue.
    Blue,
    /// Magenta.
    Magenta,
    /// Cyan.
    Cyan,
    /// White.
    White,
}

/// Labelling.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// How long a label can be undone before it is sent.
    pub grace: Duration,
    /// The same for what reaches others.
    pub outward_grace: Duration,
    /// The same for a tag on or off a device, which a second act takes back.
    pub tag_grace: Duration,
    /// Confidence below this, in percent, is low.
    pub confidence_low_below: u8,
    /// Confidence from here on, in percent, is high; what is neither is medium.
    pub confidence_high_from: u8,
    /// Whether the rest of a bucket goes to the end of the queue once one of it is labelled.
    pub skip_bucket: bool,
    /// One in so many events is shown without the AI's answer until it has a label; 0: none.
    pub blind_every: u32,
}

/// The watched list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watched {
    /// Domains that are ours, in lower case: neither they nor names below them may be watched.
    pub own_domains: Vec<String>,
}

/// Further keys that label, where digits need Shift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelKeys {
    /// One character each; the first labels as `1` does.
    pub keys: Vec<String>,
    /// Where they are configured.
    pub place: Place,
}

/// The limits of the input guard; zero turns a rule off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// A digit counts only when no other printable key came this close to it.
    pub burst: Duration,
    /// Digits are locked this long after a printable key that is bound to nothing.
    pub unbound_lock: Duration,
    /// How long a lone Esc may still be the start of a sequence.
    pub escape: Duration,
    /// A digit counts only when its event has been on screen this long.
    pub dwell: Duration,
    /// The same digit counts again after this long without it.
    pub repeat: Duration,
    /// Digits are ignored this long after an editor, a pager, a suspension or a resize.
    pub after_editor: Duration,
}

/// Keys of one row of the registry, as configured. The keymap checks row and chords, and reports at `place`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyOverride {
    /// Id of the row.
    pub row: String,
    /// The chords that replace its own; none: the row has no key.
    pub chords: Vec<String>,
    /// Where it is configured.
    pub place: Place,
}

/// Exports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Export {
    /// Where they are written; `None`: where the program was started.
    pub folder: Option<PathBuf>,
}

/// The ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    /// How a person's own words are kept.
    pub notes: Notes,
}

/// How the ledger keeps a person's own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum Notes {
    /// As they were written.
    #[default]
    Keep,
    /// As a digest: they may hold personal data.
    Hash,
}

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How much is written.
    pub level: LogLevel,
    /// Where to; `None`: `socdeck.log` in the state folder.
    pub file: Option<PathBuf>,
    /// How large a file may grow before the next one is begun, in bytes; one older file is kept beside it.
    pub max_bytes: u64,
}

/// How much is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase")]
pub enum LogLevel {
    /// Nothing; no file is made.
    #[default]
    Off,
    /// Faults.
    Error,
    /// What may become one.
    Warn,
    /// What was done.
    Info,
    /// Every call.
    Debug,
    /// Everything.
    Trace,
}
