//! How each setting is read from the merged layers: its name, its kind, its limits.

use jiff::tz::TimeZone;
use secrecy::SecretString;

use super::super::parse::{self, Bad};
use super::super::place::nearest;
use super::super::reader::{Findings, Reader, Row};
use super::super::secret::Secret;
use super::super::tree::{Data, Table};
use super::{
    Analyst, ArcannaSettings, DarktraceSettings, Export, Guard, KeyOverride, LabelKeys, Labels,
    Ledger, Link, Log, ProxyChoice, SECTIONS, Settings, Ui, Watched,
};

/// Reads every setting out of the merged layers; what is wrong goes to `findings`.
pub fn read(findings: &mut Findings, mut root: Table, profile: Option<String>) -> Settings {
    let label_keys = label_keys(findings, &mut root);
    let settings = Settings {
        profile,
        arcanna: arcanna(Reader::of(findings, &mut root, "arcanna")),
        darktrace: darktrace(Reader::of(findings, &mut root, "darktrace")),
        analyst: analyst(Reader::of(findings, &mut root, "analyst")),
        ui: ui(Reader::of(findings, &mut root, "ui")),
        labels: labels(Reader::of(findings, &mut root, "labels")),
        watched: watched(Reader::of(findings, &mut root, "watched")),
        guard: guard(Reader::of(findings, &mut root, "guard")),
        keys: keys(findings, &mut root),
        label_keys,
        export: export(Reader::of(findings, &mut root, "export")),
        ledger: ledger(Reader::of(findings, &mut root, "ledger")),
        log: log(Reader::of(findings, &mut root, "log")),
    };
    for (name, value) in root {
        let bad = Bad {
            what: Some("there is no such setting".to_owned()),
            allowed: format!(
                "default_profile and the tables {}, profile.NAME",
                SECTIONS.join(", ")
            ),
            nearest: nearest(&name, SECTIONS.into_iter().chain(["default_profile", "profile"])),
        };
        findings.report(&value.key_place, name, bad);
    }
    settings
}

/// The part both products share, and whether there is an address at all.
fn link(reader: &mut Reader<'_>) -> (Link, bool) {
    let url = reader.maybe("url", parse::server);
    let present = url.is_some();
    let insecure = reader.read("insecure", parse::truth);
    let pins = reader.placed("pin_sha256", pins, Data::to_toml);
    if let Some((pins, place)) = &pins
        && insecure
        && !pins.is_empty()
    {
        let bad = Bad::what(
            "it says nothing while insecure = true trusts any certificate",
            "one of the two; a self-signed certificate is trusted by ca_file",
        );
        reader.report(place, "pin_sha256", bad);
    }
    let link = Link {
        url: url.unwrap_or_default(),
        insecure,
        ca_file: reader.maybe("ca_file", parse::path),
        pins: pins.map(|(pins, _)| pins).unwrap_or_default(),
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
    let allowed = "\"system\", \"none\", or an address with the scheme http, https, socks5 or socks5h (the proxy looks the name up), such as \"http://proxy:3128\"";
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
                // Whatever stands before :// may be part of a password where the scheme was forgotten: it is not repeated.
                Some(("http" | "https" | "socks5" | "socks5h", _)) => {
                    Err(Bad::what("it has no host", allowed))
                }
                Some(("socks4" | "socks4a" | "socks", _)) => Err(Bad::what(
                    "this kind of proxy is not supported: SOCKS works in version 5",
                    allowed,
                )),
                Some(_) => Err(Bad::what("its scheme is not that of a proxy", allowed)),
                None => Err(Bad {
                    nearest: nearest(url, ["system", "none"]),
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
            let bad = Bad::what(format!("both {name} and {command} are set"), "one of the two");
            reader.report(&place, command, bad);
            None
        }
        (Some((text, place)), None) => {
            Some(Secret::Given { value: SecretString::from(text), place })
        }
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
        max_arm: reader.read("max_arm", parse::duration("1m", "60m")),
    };
    reader.finish();
    analyst
}

fn ui(mut reader: Reader<'_>) -> Ui {
    let ui = Ui {
        theme: reader.read("theme", parse::word),
        keymap: reader.read("keymap", parse::word),
        ascii: reader.maybe("ascii", parse::truth),
        time: reader.read("time", parse::word),
        zone: reader.maybe("zone", zone),
        mouse: reader.read("mouse", parse::truth),
        hints: reader.read("hints", parse::truth),
        allow_editor: reader.read("allow_editor", parse::truth),
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
    let tag_grace = reader.read("tag_grace", parse::duration("0s", "60s"));
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
    let skip_bucket = reader.read("skip_bucket", parse::truth);
    let blind_every = reader.read("blind_every", parse::integer(0..=1_000, "events"));
    reader.finish();
    Labels {
        grace,
        outward_grace,
        tag_grace,
        confidence_low_below: low,
        confidence_high_from: high.map(|(high, _)| high).unwrap_or_default(),
        skip_bucket,
        blind_every,
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

fn export(mut reader: Reader<'_>) -> Export {
    let export = Export { folder: reader.maybe("folder", parse::path) };
    reader.finish();
    export
}

fn ledger(mut reader: Reader<'_>) -> Ledger {
    let ledger = Ledger { notes: reader.read("notes", parse::word) };
    reader.finish();
    ledger
}

fn log(mut reader: Reader<'_>) -> Log {
    let log = Log {
        level: reader.read("level", parse::word),
        file: reader.maybe("file", parse::path),
        max_bytes: reader.read::<u64>("max_mb", parse::integer(1..=1_024, "megabytes")) * 1_000_000,
    };
    reader.finish();
    log
}

fn watched(mut reader: Reader<'_>) -> Watched {
    let watched = Watched { own_domains: reader.read("own_domains", domains) };
    reader.finish();
    watched
}

/// A list of texts, each read by `one`; which of them is wrong is told.
fn list<T>(data: &Data, allowed: &str, one: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, Bad> {
    let Data::List(items) = data else {
        return Err(Bad::allowed(allowed));
    };
    let read = |item: &super::super::tree::Value| match &item.data {
        Data::Text(text) => {
            one(text).ok_or_else(|| Bad::what(format!("{text:?} is not accepted"), allowed))
        }
        other => Err(Bad::what(format!("{} is not accepted", other.describe()), allowed)),
    };
    items.iter().map(read).collect()
}

/// SHA-256 sums as hexadecimal digits, with or without the colons that openssl puts between them, or as base64.
fn pins(data: &Data) -> Result<Vec<[u8; 32]>, Bad> {
    use base64::Engine as _;
    let allowed = "a list of SHA-256 sums in quotes, 64 hexadecimal digits or base64 each; `socdeck doctor` prints those of the server";
    list(data, allowed, |text| {
        let bare = text.trim().trim_start_matches("sha256/").replace(':', "");
        let bytes = hex::decode(&bare)
            .ok()
            .or_else(|| base64::engine::general_purpose::STANDARD.decode(&bare).ok())?;
        bytes.try_into().ok()
    })
}

/// Domain names: at least two labels, without wildcards; a leading dot is dropped.
fn domains(data: &Data) -> Result<Vec<String>, Bad> {
    let allowed =
        "a list of domains in quotes, such as [\"acme.example\"]; names below them are meant too";
    list(data, allowed, |text| {
        let name = text.trim().trim_start_matches('.').trim_end_matches('.').to_lowercase();
        let part = |part: &str| {
            !part.is_empty()
                && part.len() <= 63
                && part.chars().all(|c| c.is_alphanumeric() || c == '-' || c == '_')
        };
        (name.contains('.') && name.len() <= 253 && name.split('.').all(part)).then_some(name)
    })
}

/// A time zone by its name in the IANA database.
fn zone(data: &Data) -> Result<TimeZone, Bad> {
    let allowed = "a time zone by its name, such as \"Europe/Bucharest\" or \"UTC\"";
    let Data::Text(name) = data else {
        return Err(Bad::allowed(allowed));
    };
    TimeZone::get(name).map_err(|_| Bad {
        nearest: nearest(
            name,
            jiff::tz::db()
                .available()
                .map(|name| name.as_str().to_owned())
                .collect::<Vec<_>>()
                .iter()
                .map(String::as_str),
        ),
        ..Bad::allowed(allowed)
    })
}

/// `keys.labels`: not a row's keys but the characters that label.
fn label_keys(findings: &mut Findings, root: &mut Table) -> Option<LabelKeys> {
    let Data::Table(keys) = &mut root.get_mut("keys")?.data else {
        return None;
    };
    let value = keys.remove("labels")?;
    let allowed = "a list of 1 to 9 characters in quotes, such as [\"a\", \"z\", \"e\", \"r\"], each once and no digit";
    let one = |text: &str| {
        let mut chars = text.chars();
        let c = chars
            .next()
            .filter(|c| !c.is_control() && !c.is_whitespace() && !c.is_ascii_digit())?;
        chars.next().is_none().then(|| c.to_string())
    };
    let read = list(&value.data, allowed, one).and_then(|keys| {
        let twice = keys.iter().enumerate().find(|(index, key)| keys[..*index].contains(key));
        match (keys.len(), twice) {
            (_, Some((_, key))) => Err(Bad::what(format!("{key:?} is there twice"), allowed)),
            (1..=9, None) => Ok(keys),
            (many, None) => Err(Bad::what(format!("{many} keys are not accepted"), allowed)),
        }
    });
    match read {
        Ok(keys) => {
            findings.rows.push(Row {
                key: "keys.labels".to_owned(),
                value: value.data.to_toml(),
                secret: false,
                place: value.key_place.clone(),
            });
            Some(LabelKeys { keys, place: value.key_place })
        }
        Err(mut bad) => {
            bad.what =
                bad.what.or_else(|| Some(format!("{} is not accepted", value.data.describe())));
            findings.report(&value.place, "keys.labels".to_owned(), bad);
            None
        }
    }
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
        let row = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
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
            overrides.push(KeyOverride { row, chords, place: value.key_place });
        } else {
            let bad = Bad::what(
                format!("{shown} is not accepted"),
                "a list of keys in quotes, such as [\"r\", \"f5\"]; [] for no key",
            );
            findings.report(&value.place, key, bad);
        }
    }
}
