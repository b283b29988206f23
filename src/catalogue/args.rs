//! Arguments: what a command takes, and a line's pairs checked against it.
//!
//! Every complaint says what is wrong, what is allowed and which name was probably meant. Must not: ask a product.

use std::fmt;
use std::io;
use std::time::Duration;

use jiff::civil::{Date, Time};

use super::Entry;
use super::json::Json;
use super::line::Broken;

/// One argument of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arg {
    /// The name in the seeds.
    pub name: &'static str,
    /// Other names it goes by in the integrations' versions.
    pub aliases: &'static [&'static str],
    /// Whether it must be given.
    pub need: Need,
    /// What its value may be.
    pub kind: Kind,
    /// One line about it.
    pub help: &'static str,
}

/// Whether an argument must be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// It must.
    Required,
    /// It must, unless the settings name a default job.
    OrDefaultJob,
    /// It must, unless the settings name the analyst.
    OrAnalyst,
    /// It may be left out; the settings then say how long to wait between two looks.
    OrPollInterval,
    /// It may be left out; the settings then say how long to look.
    OrPollTimeout,
    /// It may be left out.
    Optional,
    /// It may be left out; then it is this.
    Default(&'static str),
    /// Accepted and not sent; the text says what became of it.
    Deprecated(&'static str),
}

/// What a value may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Any text but an empty one.
    Text,
    /// A whole number of at least this much.
    Whole(i64),
    /// A number; its fraction is cut off, as the integrations do with `severity`.
    Number,
    /// `true`, `false`, `yes`, `no`, `1`, `0` in any case.
    Flag,
    /// One of these, in any case.
    OneOf(&'static [&'static str]),
    /// A JSON object, or `@file`, or `-` for standard input.
    Object,
    /// `YYYY-MM-DD`
    Day,
    /// `HH:MM:SS`
    Clock,
}

/// Where a value that is not on the line comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source<'a> {
    /// `@path`
    File(&'a str),
    /// `-`
    Stdin,
}

/// Reads a [`Source`]; the console refuses standard input.
pub type Fetch<'a> = &'a mut dyn FnMut(Source) -> io::Result<String>;

/// What the settings add to a line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Defaults {
    /// The default job, for reading only.
    pub job_id: Option<u64>,
    /// The analyst's user name.
    pub username: Option<String>,
    /// Between two looks at an event that is not decided yet; [`POLL_INTERVAL`] when not set.
    pub poll_interval: Option<Duration>,
    /// For all looks together; [`POLL_TIMEOUT`] when not set.
    pub poll_timeout: Option<Duration>,
}

/// Pause between two looks at a pending event, as the vendor's connector has it `[XN]`.
pub const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// Limit for all looks at a pending event `[XN]`.
pub const POLL_TIMEOUT: Duration = Duration::from_secs(120);

/// A line that cannot be run: what is wrong, and how the command is used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct UsageError {
    /// What is wrong.
    pub what: String,
    /// The name that was probably meant.
    pub nearest: Option<String>,
    /// The usage line of the command, when it is known.
    pub usage: Option<String>,
}

impl fmt::Display for UsageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if let Some(nearest) = &self.nearest {
            write!(f, "; did you mean `{nearest}`?")?;
        }
        if let Some(usage) = &self.usage {
            write!(f, "\nusage: {usage}")?;
        }
        Ok(())
    }
}

impl From<Broken> for UsageError {
    fn from(broken: Broken) -> Self {
        Self { what: broken.to_string(), nearest: None, usage: None }
    }
}

/// Checked arguments.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Args {
    values: Vec<(&'static str, String)>,
    /// What a person should know about the line: deprecated arguments, defaults taken from the settings.
    pub notes: Vec<String>,
}

impl Args {
    /// The value; `None` when it was left out and has no default.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// A value that checking has made sure of, as text; empty only where an entry asks for a name it does not list.
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// A checked whole number.
    pub fn whole(&self, name: &str) -> Option<i64> {
        self.get(name).and_then(|value| value.parse().ok())
    }

    /// A checked flag.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value == "true")
    }
}

/// Checks a line's pairs against a command's arguments.
///
/// # Errors
/// The first complaint: unknown, repeated, missing or malformed.
pub fn bind(
    entry: &'static Entry,
    pairs: &[(String, String)],
    defaults: &Defaults,
    fetch: Fetch,
) -> Result<Args, UsageError> {
    let complain = |what: String| UsageError { what, nearest: None, usage: Some(entry.usage()) };
    let mut args = Args::default();
    for (name, value) in pairs {
        let Some(arg) = entry.arg(name) else {
            let known: Vec<&str> = entry
                .args
                .iter()
                .flat_map(|arg| std::iter::once(arg.name).chain(arg.aliases.iter().copied()))
                .collect();
            return Err(UsageError {
                nearest: nearest(name, &known),
                ..complain(format!("{} has no argument `{name}`", entry.name))
            });
        };
        if args.get(arg.name).is_some() {
            return Err(complain(format!("`{}` is given twice", arg.name)));
        }
        if let Need::Deprecated(instead) = arg.need {
            args.notes.push(format!("`{name}` is deprecated and is not sent: {instead}"));
            continue;
        }
        if value.trim().is_empty() {
            if !matches!(arg.need, Need::Required | Need::OrDefaultJob | Need::OrAnalyst) {
                continue;
            }
            return Err(complain(format!("`{name}` is empty")));
        }
        let value = checked(arg, name, value, fetch).map_err(complain)?;
        args.values.push((arg.name, value));
    }
    for arg in entry.args {
        if args.get(arg.name).is_some() {
            continue;
        }
        let (value, from) = match arg.need {
            Need::Optional | Need::Deprecated(_) => continue,
            Need::Default(value) => (Some(value.to_owned()), None),
            Need::Required => (None, None),
            Need::OrDefaultJob => {
                (defaults.job_id.map(|id| id.to_string()), Some("the default job"))
            }
            Need::OrAnalyst => (defaults.username.clone(), Some("the analyst")),
            Need::OrPollInterval => (Some(seconds(defaults.poll_interval, POLL_INTERVAL)), None),
            Need::OrPollTimeout => (Some(seconds(defaults.poll_timeout, POLL_TIMEOUT)), None),
        };
        match value.filter(|value| !value.trim().is_empty()) {
            Some(value) => {
                if let Some(from) = from {
                    args.notes.push(format!("{}={value}: {from} of the settings", arg.name));
                }
                args.values.push((arg.name, value));
            }
            None => return Err(complain(missing(entry, arg))),
        }
    }
    Ok(args)
}

fn seconds(set: Option<Duration>, usual: Duration) -> String {
    set.unwrap_or(usual).as_secs().max(1).to_string()
}

fn missing(entry: &Entry, arg: &Arg) -> String {
    let why = match arg.need {
        Need::OrDefaultJob => ", and the settings name no default job",
        Need::OrAnalyst => ", and the settings name no analyst",
        Need::Required if arg.name == "job_id" && entry.write => {
            ": a default job is never used where something is changed"
        }
        _ => "",
    };
    format!("{} needs `{}` ({}){why}", entry.name, arg.name, arg.help)
}

/// The value in its canonical spelling.
fn checked(arg: &Arg, name: &str, value: &str, fetch: Fetch) -> Result<String, String> {
    let given = value;
    let value = given.trim();
    let wants = |what: &str| Err(format!("`{name}` must be {what}, not `{value}`"));
    match arg.kind {
        // blanks may belong to it: some products hold ids and labels with them
        Kind::Text => Ok(given.to_owned()),
        Kind::Whole(least) => match value.parse::<i64>() {
            Ok(number) if number >= least => Ok(number.to_string()),
            _ if least == i64::MIN => wants("a whole number"),
            _ => wants(&format!("a whole number of at least {least}")),
        },
        Kind::Number => match value.parse::<f64>() {
            // beyond 2^53 a float no longer counts in ones
            Ok(number) if number.abs() < 9e15 => Ok((number.trunc() as i64).to_string()),
            _ => wants("a number"),
        },
        Kind::Flag => match value.to_ascii_lowercase().as_str() {
            "true" | "yes" | "1" => Ok("true".into()),
            "false" | "no" | "0" => Ok("false".into()),
            _ => wants("true or false"),
        },
        Kind::OneOf(allowed) => {
            allowed.iter().find(|known| known.eq_ignore_ascii_case(value)).map_or_else(
                || wants(&format!("one of {}", allowed.join(", "))),
                |known| Ok((*known).to_owned()),
            )
        }
        Kind::Object => object(name, value, fetch),
        Kind::Day => match Date::strptime("%Y-%m-%d", value) {
            Ok(day) => Ok(day.strftime("%Y-%m-%d").to_string()),
            Err(_) => wants("a day as YYYY-MM-DD"),
        },
        Kind::Clock => match Time::strptime("%H:%M:%S", value) {
            Ok(time) => Ok(time.strftime("%H:%M:%S").to_string()),
            Err(_) => wants("a time as HH:MM:SS"),
        },
    }
}

fn object(name: &str, value: &str, fetch: Fetch) -> Result<String, String> {
    let (text, place) = if let Some(path) = value.strip_prefix('@') {
        let text = fetch(Source::File(path))
            .map_err(|error| format!("`{name}`: cannot read {path}: {error}"))?;
        (text, format!(" in {path}"))
    } else if value == "-" {
        let text = fetch(Source::Stdin)
            .map_err(|error| format!("`{name}`: cannot read standard input: {error}"))?;
        (text, " from standard input".to_owned())
    } else {
        (value.to_owned(), String::new())
    };
    let text = text.trim_start_matches('\u{feff}').trim_end();
    match Json::parse(text) {
        Ok(Json::Object(_)) => Ok(text.trim_start().to_owned()),
        Ok(other) => Err(format!(
            "`{name}` must be a JSON object{place}, not {}",
            match other {
                Json::List(_) => "a list",
                Json::Text(_) => "a string",
                Json::Number(_) => "a number",
                _ => "null, true or false",
            }
        )),
        Err(fault) => Err(format!("`{name}` is no JSON{place}: {fault}")),
    }
}

/// The known word that was probably meant: close enough, or one that begins with it.
pub fn nearest(word: &str, known: &[&str]) -> Option<String> {
    let lower = word.to_lowercase();
    known
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| {
            *distance <= (name.chars().count() / 3).max(1)
                || (lower.len() >= 3 && name.to_lowercase().starts_with(&lower))
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| (**name).to_owned())
}

#[cfg(test)]
mod tests;
