//! The machine's policy: a file of its administrator that can make settings stricter and never looser.
//!
//! It has the form of the configuration file, but only a few settings may stand in it; of each the stricter value wins, and
//! `config print` shows the policy's line where it did. A file that somebody else could have written is refused as a whole: it
//! would be no policy.

use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::parse::{self, Bad};
use super::place::{Place, Problem, nearest};
use super::reader::Findings;
use super::tree::{self, Data, Table, Value};

/// Where the policy stands, and who must own it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// The file; it need not exist.
    pub path: PathBuf,
    /// The user who must own it: root, but for tests.
    pub owner: u32,
}

impl Default for Policy {
    fn default() -> Self {
        Self { path: PathBuf::from("/etc/socdeck/policy.toml"), owner: 0 }
    }
}

/// What makes a value the stricter one.
#[derive(Clone, Copy)]
enum Stricter {
    True,
    False,
    Longer,
    Shorter,
}

/// What a policy can say.
const RULES: [(&str, &str, Stricter); 10] = [
    ("analyst", "read_only", Stricter::True),
    ("analyst", "max_arm", Stricter::Shorter),
    ("ui", "allow_editor", Stricter::False),
    ("labels", "grace", Stricter::Longer),
    ("labels", "outward_grace", Stricter::Longer),
    ("labels", "tag_grace", Stricter::Longer),
    ("guard", "dwell_ms", Stricter::Longer),
    ("guard", "burst_ms", Stricter::Longer),
    ("arcanna", "insecure", Stricter::False),
    ("darktrace", "insecure", Stricter::False),
];

impl Policy {
    /// Lays what is stricter in it over `root`; what is wrong with it goes to `findings`.
    pub fn lay(&self, root: &mut Table, findings: &mut Findings) {
        match self.read() {
            Ok(None) => {}
            Ok(Some(policy)) => impose(policy, root, findings),
            Err(mut problems) => findings.problems.append(&mut problems),
        }
    }

    fn read(&self) -> Result<Option<Table>, Vec<Problem>> {
        let refuse = |what: String, allowed: String| {
            let place = self.path.display().to_string();
            vec![Problem { place, key: String::new(), what, allowed, nearest: None }]
        };
        let mut file = match std::fs::File::open(&self.path) {
            Ok(file) => file,
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) =>
            {
                return Ok(None);
            }
            // A policy that cannot be read may forbid what is about to be done.
            Err(error) => {
                let next =
                    "the policy must be readable by everyone: ask the administrator for chmod 644";
                return Err(refuse(
                    format!("the policy cannot be opened: {error}"),
                    next.to_owned(),
                ));
            }
        };
        let mut text = String::new();
        let facts = file
            .metadata()
            .and_then(|facts| file.read_to_string(&mut text).map(|_| facts))
            .map_err(|error| {
                refuse(format!("the policy cannot be read: {error}"), String::new())
            })?;
        if facts.uid() != self.owner || facts.permissions().mode() & 0o022 != 0 {
            let path = self.path.to_string_lossy().into_owned();
            let path = shell_words::quote(&path);
            return Err(refuse(
                format!(
                    "the policy could have been written by others than the administrator (owner {}, mode {:04o})",
                    facts.uid(),
                    facts.permissions().mode() & 0o7777
                ),
                format!("run as root: chown root {path} && chmod 644 {path}"),
            ));
        }
        tree::read(&text, Some(&Arc::new(self.path.clone())))
            .map(Some)
            .map_err(|error| error.problems)
    }
}

fn impose(policy: Table, root: &mut Table, findings: &mut Findings) {
    for (section, value) in policy {
        let Data::Table(settings) = value.data else {
            report(findings, &value.key_place, &section, &section);
            continue;
        };
        for (name, value) in settings {
            let rule =
                RULES.iter().find(|(table, setting, _)| *table == section && *setting == name);
            let Some((_, _, stricter)) = rule else {
                report(findings, &value.key_place, &format!("{section}.{name}"), &name);
                continue;
            };
            let set = match root.get(&section).map(|value| &value.data) {
                Some(Data::Table(table)) => table.get(&name).map(|value| &value.data),
                _ => None,
            };
            match wins(*stricter, set, &value) {
                Ok(true) => tree::put(
                    root,
                    (&section, &name),
                    Value {
                        key_place: value.key_place.clone(),
                        place: value.place,
                        data: value.data,
                    },
                ),
                Ok(false) => {}
                Err(mut bad) => {
                    bad.what = bad
                        .what
                        .or_else(|| Some(format!("{} is not accepted", value.data.describe())));
                    findings.report(&value.place, format!("{section}.{name}"), bad);
                }
            }
        }
    }
}

fn report(findings: &mut Findings, place: &Place, key: &str, name: &str) {
    let names: Vec<String> =
        RULES.iter().map(|(section, name, _)| format!("{section}.{name}")).collect();
    let bad = Bad {
        what: Some("a policy cannot say this".to_owned()),
        allowed: names.join(", "),
        nearest: nearest(name, RULES.iter().map(|(_, name, _)| *name)),
    };
    findings.report(place, key.to_owned(), bad);
}

/// Whether the policy's value is stricter than the one that is set, or nothing usable is set (which is told elsewhere).
fn wins(stricter: Stricter, set: Option<&Data>, policy: &Value) -> Result<bool, Bad> {
    let span = |data: &Data| match data {
        Data::Integer(_) => parse::millis(data),
        _ => parse::duration("0s", "60m")(data),
    };
    let set_span = || set.and_then(|set| span(set).ok());
    let keep = |holds: fn(Duration, Duration) -> bool| -> Result<bool, Bad> {
        let theirs = span(&policy.data)?;
        Ok(set_span().is_none_or(|ours| holds(theirs, ours)))
    };
    match stricter {
        Stricter::True => parse::truth(&policy.data),
        Stricter::False => parse::truth(&policy.data).map(|loose| !loose),
        Stricter::Longer => keep(|theirs, ours| theirs > ours),
        Stricter::Shorter => keep(|theirs, ours| theirs < ours),
    }
}
