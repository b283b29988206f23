//! The settings: what each means, its limits, and how it is read from the merged layers. Defaults stand in `assets/config.toml`.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::parse::{self, Bad};
use super::place::Place;
use super::reader::{Findings, Reader, Row};
use super::secret::Secret;
use super::tree::{Data, Table};

/// Names the integrations give to settings, and ours: table, theirs, ours.
pub const ALIASES: [(&str, &str, &str); 3] = [
    ("darktrace", "isFetch", "fetch_alerts"),
    ("darktrace", "public_api_token", "public_token"),
    ("darktrace", "private_api_token", "private_token"),
];

/// The tables of the file.
pub const SECTIONS: [&str; 8] = [
    "arcanna",
    "darktrace",
    "analyst",
    "ui",
    "labels",
    "guard",
    "keys",
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
    /// The input guard.
    pub guard: Guard,
    /// Overridden keys, in the order of their names.
    pub keys: Vec<KeyOverride>,
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
    /// The way out.
    pub proxy: ProxyChoice,
    /// The longest wait for a connection.
    pub connect_timeout: Duration,
    /// The longest wait for a whole call.
    pub timeout: Duration,
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
}

/// The screen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ui {
    /// The colours.
    pub theme: ThemeName,
    /// ASCII alone; `None`: as the locale says.
    pub ascii: Option<bool>,
    /// How times are shown.
    pub time: TimeStyle,
    /// Whether the mouse is taken.
    pub mouse: bool,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, strum::EnumString, strum::VariantNames)]
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
    /// Confidence below this, in percent, is low.
    pub confidence_low_below: u8,
    /// Confidence from here on, in percent, is high; what is neither is medium.
    pub confidence_high_from: u8,
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

/// The log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// How much is written.
    pub level: LogLevel,
    /// Where to; `None`: `socdeck.log` in the state folder.
    pub file: Option<PathBuf>,
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

/// Reads every setting out of the merged layers; what is wrong goes to `findings`.
pub fn read(findings: &mut Findings, mut root: Table, profile: Option<String>) -> Settings {
    let settings = Settings {
        profile,
        arcanna: arcanna(Reader::of(findings, &mut root, "arcanna")),
        darktrace: darktrace(Reader::of(findings, &mut root, "darktrace")),
        analyst: analyst(Reader::of(findings, &mut root, "analyst")),
        ui: ui(Reader::of(findings, &mut root, "ui")),
        labels: labels(Reader::of(findings, &mut root, "labels")),
        guard: guard(Reader::of(findings, &mut root, "guard")),
        keys: keys(findings, &mut root),
        log: log(Reader::of(findings, &mut root, "log")),
    };
    for (name, value) in root {
        let bad = Bad {
            what: Some("there is no such setting".to_owned()),
            allowed: format!(
                "default_profile and the tables {}, profile.NAME",
                SECTIONS.join(", ")
            ),
            nearest: super::place::nearest(
                &name,
                SECTIONS.into_iter().chain(["default_profile", "profile"]),
            ),
        };
        findings.report(&value.key_place, name, bad);
    }
    settings
}

/// The part both products share, and whether there is an address at all.
fn link(reader: &mut Reader<'_>) -> (Link, bool) {
    let url = reader.maybe("url", parse::server);
    let present = url.is_some();
    let link = Link {
        url: url.unwrap_or_default(),
        insecure: reader.read("insecure", parse::truth),
        ca_file: reader.maybe("ca_file", parse::path),
        proxy: reader
            .placed("proxy", proxy, |data| match data {
                Data::Text(url) => Data::Text(parse::without_password(url)).to_toml(),
                other => other.to_toml(),
            })
            .map(|(proxy, _)| proxy)
            .unwrap_or_default(),
        connect_timeout: reader.read("connect_timeout", parse::duration("100ms", "60s")),
        timeout: reader.read("timeout", parse::duration("1s", "10 minutes")),
    };
    (link, present)
}

/// The integrations' own setting is a truth value (use the system's proxy), so that is accepted too.
fn proxy(data: &Data) -> Result<ProxyChoice, Bad> {
    let allowed = "\"system\", \"none\", or an address such as \"http://proxy:3128\" or \"socks5h://proxy:1080\"";
    match data {
        Data::Bool(true) => Ok(ProxyChoice::System),
        Data::Bool(false) => Ok(ProxyChoice::None),
        Data::Text(text) => match text.as_str() {
            "system" => Ok(ProxyChoice::System),
            "none" => Ok(ProxyChoice::None),
            url => match url.split_once("://") {
                Some(("http" | "https" | "socks5" | "socks5h", host)) if !host.is_empty() => {
                    Ok(ProxyChoice::Url(url.to_owned()))
                }
                Some(_) => Err(Bad::what("it is no address of a proxy", allowed)),
                None => Err(Bad {
                    nearest: super::place::nearest(url, ["system", "none"]),
                    ..Bad::what("it is no address of a proxy", allowed)
                }),
            },
        },
        _ => Err(Bad::allowed(allowed)),
    }
}

/// A secret is either given or printed by a command; the layers leave only one of the two, unless one file has both.
fn credential(
    reader: &mut Reader<'_>,
    name: &'static str,
    command: &'static str,
) -> Option<Secret> {
    let given = reader.secret(name, parse::secret);
    let command = reader
        .placed(command, parse::line, Data::to_toml)
        .map(|(line, place)| (line, place, command));
    match (given, command) {
        (Some(_), Some((_, place, command))) => {
            let bad = Bad::what(
                format!("both {name} and {command} are set"),
                "one of the two",
            );
            reader.report(&place, command, bad);
            None
        }
        (Some((text, place)), None) => Some(Secret::Given {
            value: SecretString::from(text),
            place,
        }),
        (None, Some((line, place, _))) => Some(Secret::Command { line, place }),
        (None, None) => None,
    }
}

fn arcanna(mut reader: Reader<'_>) -> Option<ArcannaSettings> {
    let (link, present) = link(&mut reader);
    let settings = ArcannaSettings {
        link,
        api_key: credential(&mut reader, "api_key", "api_key_command"),
        default_job_id: reader.maybe("default_job_id", parse::integer(0..=i64::MAX, "a job's id")),
        poll_interval: reader.read("poll_interval", parse::duration("1s", "10 minutes")),
        poll_timeout: reader.read("poll_timeout", parse::duration("1s", "1 day")),
    };
    reader.finish();
    present.then_some(settings)
}

fn darktrace(mut reader: Reader<'_>) -> Option<DarktraceSettings> {
    let (link, present) = link(&mut reader);
    let settings = DarktraceSettings {
        link,
        public_token: credential(&mut reader, "public_token", "public_token_command"),
        private_token: credential(&mut reader, "private_token", "private_token_command"),
        fetch_alerts: reader.read("fetch_alerts", parse::truth),
        min_score: reader.read("min_score", parse::integer(0..=100, "a score")),
        max_alerts: reader.read("max_alerts", parse::integer(1..=50, "model breaches")),
        first_fetch: reader.read("first_fetch", parse::duration("1m", "1 year")),
        sign_query: reader.read("sign_query", parse::word),
    };
    reader.finish();
    present.then_some(settings)
}

fn analyst(mut reader: Reader<'_>) -> Analyst {
    let analyst = Analyst {
        username: reader.maybe("username", parse::line),
        read_only: reader.read("read_only", parse::truth),
    };
    reader.finish();
    analyst
}

fn ui(mut reader: Reader<'_>) -> Ui {
    let ui = Ui {
        theme: reader.read("theme", parse::word),
        ascii: reader.maybe("ascii", parse::truth),
        time: reader.read("time", parse::word),
        mouse: reader.read("mouse", parse::truth),
        hints: reader.read("hints", parse::truth),
        environment: reader.maybe("environment", |data| {
            parse::line(data).and_then(|word| match word.chars().count() {
                1..=12 => Ok(word),
                _ => Err(Bad::allowed("1 to 12 characters")),
            })
        }),
        environment_colour: reader.read("environment_colour", parse::word),
    };
    reader.finish();
    ui
}

fn labels(mut reader: Reader<'_>) -> Labels {
    let percent = || parse::integer::<u8>(0..=100, "percent");
    let grace = reader.read("grace", parse::duration("0s", "60s"));
    let outward_grace = reader.read("outward_grace", parse::duration("0s", "60s"));
    let low = reader.read("confidence_low_below", percent());
    let high = reader.placed("confidence_high_from", percent(), Data::to_toml);
    if let Some((high, place)) = &high
        && *high < low
    {
        let bad = Bad::what(
            format!("{high} is less than confidence_low_below ({low})"),
            format!("a whole number from {low} to 100"),
        );
        reader.report(place, "confidence_high_from", bad);
    }
    reader.finish();
    Labels {
        grace,
        outward_grace,
        confidence_low_below: low,
        confidence_high_from: high.map(|(high, _)| high).unwrap_or_default(),
    }
}

fn guard(mut reader: Reader<'_>) -> Guard {
    let guard = Guard {
        burst: reader.read("burst_ms", parse::millis),
        unbound_lock: reader.read("unbound_lock_ms", parse::millis),
        escape: reader.read("escape_ms", parse::millis),
        dwell: reader.read("dwell_ms", parse::millis),
        repeat: reader.read("repeat_ms", parse::millis),
        after_editor: reader.read("after_editor_ms", parse::millis),
    };
    reader.finish();
    guard
}

fn log(mut reader: Reader<'_>) -> Log {
    let log = Log {
        level: reader.read("level", parse::word),
        file: reader.maybe("file", parse::path),
    };
    reader.finish();
    log
}

/// Chords by row. A row's name holds dots, so `jobs.refresh = […]` and `"jobs.refresh" = […]` mean the same.
fn keys(findings: &mut Findings, root: &mut Table) -> Vec<KeyOverride> {
    let mut overrides = Vec::new();
    if let Some(value) = root.remove("keys") {
        match value.data {
            Data::Table(table) => rows(findings, "", table, &mut overrides),
            other => {
                let what = format!("{} is not accepted", other.describe());
                let bad = Bad::what(what, "a table: [keys] on a line of its own, its keys below");
                findings.report(&value.place, "keys".to_owned(), bad);
            }
        }
    }
    overrides
}

fn rows(findings: &mut Findings, prefix: &str, table: Table, overrides: &mut Vec<KeyOverride>) {
    for (name, value) in table {
        let row = if prefix.is_empty() {
            name
        } else {
            format!("{prefix}.{name}")
        };
        let shown = value.data.to_toml();
        let chords = match value.data {
            Data::Table(inner) => {
                rows(findings, &row, inner, overrides);
                continue;
            }
            Data::Text(chord) => Some(vec![chord]),
            Data::List(items) => items
                .into_iter()
                .map(|item| match item.data {
                    Data::Text(chord) => Some(chord),
                    _ => None,
                })
                .collect(),
            _ => None,
        };
        let key = format!("keys.{row}");
        if let Some(chords) = chords {
            findings.rows.push(Row {
                key: format!("keys.{}", Data::Text(row.clone()).to_toml()),
                value: shown,
                secret: false,
                place: value.key_place.clone(),
            });
            overrides.push(KeyOverride {
                row,
                chords,
                place: value.key_place,
            });
        } else {
            let bad = Bad::what(
                format!("{shown} is not accepted"),
                "a list of keys in quotes, such as [\"r\", \"f5\"]; [] for no key",
            );
            findings.report(&value.place, key, bad);
        }
    }
}
