//! `socdeck config`: what is set, where it comes from, and what is wrong with it.

use std::fmt::Write;
use std::process::ExitCode;

use crate::config::{self, Place, Row, Sources};
use crate::ui::text::clean;

use super::args::ConfigCommand;
use super::{Exit, Failure, keys, output};

pub(super) fn run(what: &ConfigCommand, sources: &Sources) -> Result<ExitCode, Failure> {
    match what {
        ConfigCommand::Print => print(sources)?,
        ConfigCommand::Check => check(sources)?,
        ConfigCommand::Path => path(sources)?,
    }
    Ok(Exit::Done.into())
}

/// Dotted TOML with the place of each value behind it, so that what is printed can be pasted into a file.
fn print(sources: &Sources) -> Result<(), Failure> {
    let loaded = config::load(sources)?;
    for warning in &loaded.warnings {
        output::tell(warning);
    }
    let mut text = String::new();
    if let Some(profile) = &loaded.settings.profile {
        push(&mut text, &format!("# profile {profile}"), "");
    }
    for row in &loaded.rows {
        push(&mut text, &statement(row), &place(&row.place));
    }
    output::data(&text)
}

fn statement(row: &Row) -> String {
    let hidden = if row.secret { "# " } else { "" };
    format!("{hidden}{} = {}", clean(&row.key), clean(&row.value))
}

fn push(text: &mut String, left: &str, right: &str) {
    // writing to a String cannot fail
    let _ = if right.is_empty() {
        writeln!(text, "{left}")
    } else {
        writeln!(text, "{left:<48}  # {right}")
    };
}

fn place(place: &Place) -> String {
    clean(&place.to_string()).into_owned()
}

fn check(sources: &Sources) -> Result<(), Failure> {
    let loaded = config::check(sources)?;
    keys::problems(&loaded.settings)?;
    for warning in &loaded.warnings {
        output::tell(warning);
    }
    let file = match &loaded.file {
        Some(path) => format!("{}: no fault found", clean(&path.display().to_string())),
        None => "no configuration file; the defaults have no fault".to_owned(),
    };
    let profiles = match loaded.profiles.as_slice() {
        [] => String::new(),
        names => format!(" (profiles: {})", clean(&names.join(", "))),
    };
    output::data(&format!("{file}{profiles}\n"))
}

fn path(sources: &Sources) -> Result<(), Failure> {
    match config::file_path(sources) {
        Some((path, _)) => output::data(&format!("{}\n", path.display())),
        None => Err(no_home()),
    }
}

/// There is no place for a file that nobody named.
pub(super) fn no_home() -> Failure {
    Failure::said(
        Exit::Configuration,
        "HOME is not set, so there is no configuration folder: name the file with --config or SOCDECK_CONFIG",
    )
}
