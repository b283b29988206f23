//! The file: read once through one handle, so that what is checked is what is read; its profiles, and who may see it.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::parse::Bad;
use super::place::{ConfigError, Place, Problem};
use super::reader::Findings;
use super::settings::{ALIASES, SECTIONS};
use super::tree::{self, Data, EITHER, Table, Value};

/// A file that was read.
pub struct File {
    /// Its path as it was opened.
    pub path: Arc<PathBuf>,
    /// Its permission bits.
    mode: u32,
    table: Table,
}

impl File {
    /// Reads it. A file that nobody named need not exist.
    ///
    /// # Errors
    /// It cannot be read, or is not TOML.
    pub fn read(path: PathBuf, named: bool) -> Result<Option<Self>, ConfigError> {
        let refuse = |what: String| -> ConfigError {
            Problem {
                place: path.display().to_string(),
                key: String::new(),
                what,
                allowed: String::new(),
                nearest: None,
            }
            .into()
        };
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && !named => return Ok(None),
            Err(error) => return Err(refuse(format!("it cannot be opened: {error}"))),
        };
        let mut text = String::new();
        let mode = file
            .metadata()
            .and_then(|facts| file.read_to_string(&mut text).map(|_| facts.permissions().mode()))
            .map_err(|error| refuse(format!("it cannot be read: {error}")))?;
        let path = Arc::new(path);
        let table = tree::read(&text, Some(&path))?;
        Ok(Some(Self { path, mode, table }))
    }

    /// The names of its profiles.
    pub fn profiles(&self) -> Vec<String> {
        match self.table.get("profile").map(|value| &value.data) {
            Some(Data::Table(profiles)) => profiles.keys().cloned().collect(),
            _ => Vec::new(),
        }
    }

    /// The profile it names as the usual one.
    pub fn default_profile(&self) -> Option<(&str, &Place)> {
        match self.table.get("default_profile") {
            Some(Value { data: Data::Text(name), place, .. }) => Some((name, place)),
            _ => None,
        }
    }

    /// What it says under `profile`: the profile's tables over the top-level ones.
    pub fn layer(&self, profile: Option<&str>, findings: &mut Findings) -> Table {
        let mut base = self.table.clone();
        if let Some(value) = base.remove("default_profile")
            && !matches!(value.data, Data::Text(_))
        {
            let bad = Bad::what(
                format!("{} is not accepted", value.data.describe()),
                "the name of a profile in quotes",
            );
            findings.report(&value.place, "default_profile".to_owned(), bad);
        }
        rename(&mut base, findings);
        let mut profiles = match base.remove("profile") {
            None => return base,
            Some(Value { data: Data::Table(profiles), .. }) => profiles,
            Some(other) => {
                let bad = Bad::what(
                    format!("{} is not accepted", other.data.describe()),
                    "tables such as [profile.acme.arcanna]; the usual profile is named by default_profile",
                );
                findings.report(&other.place, "profile".to_owned(), bad);
                return base;
            }
        };
        let Some((name, value)) = profile.and_then(|name| profiles.remove_entry(name)) else {
            return base;
        };
        match value.data {
            Data::Table(mut over) => {
                rename(&mut over, findings);
                unknown_tables(&name, &mut over, findings);
                leave_credentials_behind(&mut base, &over);
                tree::lay(&mut base, over);
            }
            other => {
                let bad = Bad::what(
                    format!("{} is not accepted", other.describe()),
                    format!("tables such as [profile.{name}.arcanna]"),
                );
                findings.report(&value.place, format!("profile.{name}"), bad);
            }
        }
        base
    }

    /// What in it others could read or, worse, change.
    pub fn unsafe_secrets(&self) -> Vec<Problem> {
        let mode = self.mode;
        let mut found = Vec::new();
        let tops = [("", &self.table)].into_iter();
        let profiles = match self.table.get("profile").map(|value| &value.data) {
            Some(Data::Table(profiles)) => Some(profiles),
            _ => None,
        };
        let nested = profiles.into_iter().flatten().filter_map(|(name, value)| match &value.data {
            Data::Table(table) => Some((name.as_str(), table)),
            _ => None,
        });
        for (profile, table) in tops.chain(nested) {
            for section in ["arcanna", "darktrace"] {
                let Some(Data::Table(settings)) = table.get(section).map(|value| &value.data)
                else {
                    continue;
                };
                for (name, value) in settings {
                    let prefix = match profile {
                        "" => String::new(),
                        name => format!("profile.{name}."),
                    };
                    if let Some(what) = exposed(section, name, value, mode) {
                        found.push(Problem {
                            place: value.key_place.to_string(),
                            key: format!("{prefix}{section}.{name}"),
                            what: format!("{what} (mode {:04o})", mode & 0o7777),
                            allowed: format!(
                                "run: chmod 600 {}",
                                shell_words::quote(&self.path.to_string_lossy())
                            ),
                            nearest: None,
                        });
                    }
                }
            }
        }
        found
    }
}

/// Says what is unsafe about one setting in a file of this mode.
fn exposed(section: &str, name: &str, value: &Value, mode: u32) -> Option<&'static str> {
    let ours = ALIASES
        .iter()
        .find(|(table, alias, _)| *table == section && *alias == name)
        .map_or(name, |(_, _, ours)| ours);
    let secret = EITHER.iter().any(|(given, _)| *given == ours);
    let command = EITHER.iter().any(|(_, command)| *command == ours);
    let password = ours == "proxy" && matches!(&value.data, Data::Text(url) if url.contains('@'));
    if (secret || password) && mode & 0o077 != 0 {
        Some("a secret stands in a file that others can open")
    } else if command && mode & 0o022 != 0 {
        Some("a command that is run for you stands in a file that others can change")
    } else {
        None
    }
}

/// Turns the integrations' names into ours.
fn rename(table: &mut Table, findings: &mut Findings) {
    for (section, alias, ours) in ALIASES {
        let Some(Value { data: Data::Table(settings), .. }) = table.get_mut(section) else {
            continue;
        };
        let Some(value) = settings.remove(alias) else {
            continue;
        };
        if settings.contains_key(ours) {
            let bad =
                Bad::what(format!("{alias} and {ours} are the same setting"), "one of the two");
            findings.report(&value.key_place, format!("{section}.{alias}"), bad);
        } else {
            settings.insert(ours.to_owned(), value);
        }
    }
}

/// Tables a profile cannot have: told under the profile's name, then dropped.
fn unknown_tables(profile: &str, table: &mut Table, findings: &mut Findings) {
    let strange: Vec<String> =
        table.keys().filter(|name| !SECTIONS.contains(&name.as_str())).cloned().collect();
    for name in strange {
        if let Some(value) = table.remove(&name) {
            let bad = Bad {
                what: Some("there is no such table".to_owned()),
                allowed: SECTIONS.join(", "),
                nearest: super::place::nearest(&name, SECTIONS),
            };
            findings.report(&value.key_place, format!("profile.{profile}.{name}"), bad);
        }
    }
}

/// A profile that names another address is another tenant: the top level's keys and tokens must not be sent there.
fn leave_credentials_behind(base: &mut Table, over: &Table) {
    for section in ["arcanna", "darktrace"] {
        let moved = matches!(over.get(section), Some(Value { data: Data::Table(settings), .. }) if settings.contains_key("url"));
        if let Some(Value { data: Data::Table(below), .. }) = base.get_mut(section)
            && moved
        {
            for (given, command) in EITHER {
                below.remove(given);
                below.remove(command);
            }
        }
    }
}
