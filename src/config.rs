//! The configuration: defaults ← file ← profile ← environment ← flags ← session ← policy, checked as a whole, every value with its place.
//!
//! ```text
//! assets/config.toml ┐
//! config.toml        ├─ tree (values with places) ─ lay ─▶ reader ─▶ Settings + rows for `config print`
//! environment, flags ┘                                        └────▶ every Problem: file:line:column, key, what is allowed
//! ```
//!
//! Loading runs no command and touches no network: secrets are revealed when a connection is first needed ([`endpoints`]).
//! The whole file is checked, so a slip in one place is told together with all others, but only the chosen profile is read.

mod endpoint;
mod file;
mod folders;
mod live;
mod parse;
mod place;
mod policy;
mod reader;
mod secret;
mod settings;
mod tree;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

pub use endpoint::{Endpoints, Missing, endpoints};
pub use folders::Folders;
pub use live::{changed, is_live, live_names, words_of};
pub use place::{ConfigError, Place, Problem};
pub use policy::Policy;
pub use reader::Row;
pub use secret::{COMMAND_LIMIT, Revealed, Secret, SecretError};
pub use settings::{
    Analyst, ArcannaSettings, Colour, DarktraceSettings, Export, Guard, KeyOverride, KeymapName,
    LabelKeys, Labels, Ledger, Link, Log, LogLevel, Notes, ProxyChoice, Settings, SignQuery,
    ThemeName, TimeStyle, Ui, Watched,
};

use file::File;
use parse::Bad;
use reader::Findings;
use tree::{Data, Table, Value};

/// The defaults with their explanations; what `socdeck init` writes is made of it.
pub const DEFAULTS: &str = include_str!("../assets/config.toml");

/// Environment variables that give a setting.
const ENVIRONMENT: [(&str, (&str, &str)); 7] = [
    ("SOCDECK_ARCANNA_URL", ("arcanna", "url")),
    ("SOCDECK_ARCANNA_API_KEY", ("arcanna", "api_key")),
    ("SOCDECK_DARKTRACE_URL", ("darktrace", "url")),
    ("SOCDECK_DARKTRACE_PUBLIC_TOKEN", ("darktrace", "public_token")),
    ("SOCDECK_DARKTRACE_PRIVATE_TOKEN", ("darktrace", "private_token")),
    ("SOCDECK_USERNAME", ("analyst", "username")),
    ("SOCDECK_LOG", ("log", "level")),
];

/// A setting given by a flag.
#[derive(Clone)]
pub struct Flag {
    /// The flag, with its dashes.
    pub flag: &'static str,
    /// Table and setting.
    pub setting: (&'static str, &'static str),
    /// What it says.
    pub value: FlagValue,
}

/// What a flag can say.
#[derive(Clone)]
pub enum FlagValue {
    /// Text.
    Text(String),
    /// That something is so.
    True,
}

/// Where settings are looked for. Not `Debug`: the environment holds secrets.
#[derive(Clone, Default)]
pub struct Sources {
    /// The platform's folders; `None` when they are not known.
    pub folders: Option<Folders>,
    /// The file named by `--config`.
    pub config: Option<PathBuf>,
    /// The profile named by `--profile`.
    pub profile: Option<String>,
    /// The environment.
    pub environment: BTreeMap<OsString, OsString>,
    /// Settings given by flags.
    pub flags: Vec<Flag>,
    /// Settings typed into the running console, over everything but the policy: the dotted name and what was typed.
    pub session: Vec<(String, String)>,
    /// The machine's policy, over everything.
    pub policy: Option<Policy>,
}

/// A configuration without a fault.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// The settings.
    pub settings: Settings,
    /// Every setting with its value and place, in the order of the built-in file.
    pub rows: Vec<Row>,
    /// The profiles of the file.
    pub profiles: Vec<String>,
    /// The file that was read, when there is one.
    pub file: Option<PathBuf>,
    /// The platform's folders.
    pub folders: Option<Folders>,
    /// What is allowed and yet deserves a word (an address without TLS, a key without an address).
    pub warnings: Vec<String>,
}

/// The file that is meant, whether or not it exists, and whether a person named it.
pub fn file_path(sources: &Sources) -> Option<(PathBuf, bool)> {
    if let Some(path) = &sources.config {
        return Some((path.clone(), true));
    }
    if let Some(path) = set(&sources.environment, "SOCDECK_CONFIG") {
        return Some((PathBuf::from(path), true));
    }
    let folders = sources.folders.as_ref()?;
    Some((folders.config.join("config.toml"), false))
}

/// Loads and checks the configuration.
///
/// # Errors
/// Everything that is wrong, at once: unreadable or unsafe file, syntax, unknown keys, values that are not accepted, an
/// unknown profile.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let file = match file_path(sources) {
        Some((path, named)) => File::read(path, named)?,
        None => None,
    };
    let profile = chosen(sources, file.as_ref())?;
    assemble(sources, file.as_ref(), profile)
}

/// Checks the configuration as every profile of the file sees it, the top level first; the one in force is what comes back.
///
/// # Errors
/// Everything that is wrong in any of them, each problem once.
pub fn check(sources: &Sources) -> Result<Loaded, ConfigError> {
    let file = match file_path(sources) {
        Some((path, named)) => File::read(path, named)?,
        None => None,
    };
    let mut problems: Vec<Problem> = Vec::new();
    let names = file.iter().flat_map(File::profiles).map(Some);
    for profile in std::iter::once(None).chain(names) {
        if let Err(error) = assemble(sources, file.as_ref(), profile) {
            let new = error.problems.into_iter();
            problems.extend(new.filter(|one| !problems.contains(one)).collect::<Vec<_>>());
        }
    }
    if problems.is_empty() { load(sources) } else { Err(ConfigError { problems }) }
}

/// The profile in force: flag, environment, file.
fn chosen(sources: &Sources, file: Option<&File>) -> Result<Option<String>, ConfigError> {
    let (name, place) = if let Some(name) = &sources.profile {
        (name.clone(), Place::Flag("--profile"))
    } else if let Some(name) = set(&sources.environment, "SOCDECK_PROFILE") {
        let place = Place::Env("SOCDECK_PROFILE");
        match name.into_string() {
            Ok(name) => (name, place),
            Err(_) => return Err(not_text(&place, "profile").into()),
        }
    } else if let Some((name, place)) = file.and_then(File::default_profile) {
        (name.to_owned(), place.clone())
    } else {
        return Ok(None);
    };
    let known = file.map(File::profiles).unwrap_or_default();
    if known.contains(&name) {
        return Ok(Some(name));
    }
    Err(Problem {
        place: place.to_string(),
        key: "profile".to_owned(),
        what: format!("there is no profile {name:?}"),
        allowed: match (known.is_empty(), file) {
            (false, _) => format!("allowed: {}", known.join(", ")),
            (true, Some(file)) => format!("{} has no [profile.NAME]", file.path.display()),
            (true, None) => "there is no configuration file".to_owned(),
        },
        nearest: place::nearest(&name, known.iter().map(String::as_str)),
    }
    .into())
}

fn assemble(
    sources: &Sources,
    file: Option<&File>,
    profile: Option<String>,
) -> Result<Loaded, ConfigError> {
    let mut findings = Findings::default();
    let mut root = tree::read(DEFAULTS, None)?;
    if let Some(file) = file {
        findings.problems.extend(file.unsafe_secrets());
        tree::lay(&mut root, file.layer(profile.as_deref(), &mut findings));
    }
    environment(&mut root, &sources.environment, &mut findings);
    for flag in &sources.flags {
        let data = match &flag.value {
            FlagValue::Text(text) => Data::Text(text.clone()),
            FlagValue::True => Data::Bool(true),
        };
        tree::put(&mut root, flag.setting, Value::new(Place::Flag(flag.flag), data));
    }
    for (name, text) in &sources.session {
        let path = name.split_once('.').unwrap_or(("", name));
        let data = tree::typed(text, &Place::Session);
        tree::put(&mut root, path, Value::new(Place::Session, data));
    }
    if let Some(policy) = &sources.policy {
        policy.lay(&mut root, &mut findings);
    }
    let settings = settings::read(&mut findings, root, profile);
    if !findings.problems.is_empty() {
        return Err(ConfigError { problems: findings.problems });
    }
    Ok(Loaded {
        warnings: warnings(&settings, &findings.rows),
        settings,
        rows: findings.rows,
        profiles: file.map(File::profiles).unwrap_or_default(),
        file: file.map(|file| file.path.to_path_buf()),
        folders: sources.folders.clone(),
    })
}

/// A variable that is set and not empty.
fn set(environment: &BTreeMap<OsString, OsString>, name: &str) -> Option<OsString> {
    environment.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty()).cloned()
}

fn not_text(place: &Place, key: &str) -> Problem {
    Problem {
        place: place.to_string(),
        key: key.to_owned(),
        what: "it is not UTF-8 text".to_owned(),
        allowed: String::new(),
        nearest: None,
    }
}

fn environment(
    root: &mut Table,
    environment: &BTreeMap<OsString, OsString>,
    findings: &mut Findings,
) {
    if set(environment, "NO_COLOR").is_some() {
        let mono = Value::new(Place::Env("NO_COLOR"), Data::Text("mono".to_owned()));
        tree::put(root, ("ui", "theme"), mono);
    }
    for (name, setting) in ENVIRONMENT {
        let Some(value) = set(environment, name) else {
            continue;
        };
        match value.into_string() {
            Ok(text) => tree::put(root, setting, Value::new(Place::Env(name), Data::Text(text))),
            Err(_) => findings.report(
                &Place::Env(name),
                format!("{}.{}", setting.0, setting.1),
                Bad::what("it is not UTF-8 text", ""),
            ),
        }
    }
}

fn warnings(settings: &Settings, rows: &[Row]) -> Vec<String> {
    let mut warnings = Vec::new();
    let links = [
        ("arcanna", settings.arcanna.as_ref().map(|arcanna| &arcanna.link)),
        ("darktrace", settings.darktrace.as_ref().map(|darktrace| &darktrace.link)),
    ];
    for (product, link) in links {
        match link {
            None => {
                if let Some(row) = rows.iter().find(|row| {
                    row.key.starts_with(&format!("{product}.")) && row.place != Place::Default
                }) {
                    warnings.push(format!(
                        "{}: {} is set, but {product}.url is not: {product} is left out",
                        row.place, row.key
                    ));
                }
            }
            Some(link) if link.insecure => warnings.push(format!(
                "{product}: any certificate is trusted; whoever sits in between can read the credentials"
            )),
            Some(link) if link.in_the_clear() => warnings.push(format!(
                "{product}: {} is not encrypted; whoever sits in between can read the credentials",
                link.url
            )),
            Some(_) => {}
        }
    }
    warnings
}

#[cfg(test)]
mod tests;
