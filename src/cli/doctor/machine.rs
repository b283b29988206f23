//! This machine: configuration file, folders, terminal.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::{Access, access};

use crate::config::{ConfigError, Loaded, Sources, file_path};

use super::{Chapter, Exit, Line, State};

/// Tests what needs no network.
pub(super) fn test(sources: &Sources, loaded: Result<&Loaded, &ConfigError>) -> Chapter {
    let mut lines = vec![file(sources)];
    // Whoever wonders why a setting does not take effect finds the reason here.
    let policy = sources.policy.as_ref().filter(|policy| policy.path.exists());
    if let Some(policy) = policy {
        let words = format!("{}: what is stricter in it is in force", policy.path.display());
        lines.push(Line::new("policy", State::Note, words));
    }
    match loaded {
        Ok(loaded) => {
            if let Some(profile) = &loaded.settings.profile {
                lines.push(Line::new("profile", State::Ok, profile));
            }
            let warnings = loaded.warnings.iter();
            lines.extend(warnings.map(|warning| Line::new("settings", State::Note, warning)));
        }
        Err(error) => lines.extend(error.problems.iter().map(|problem| {
            let fault = State::Fault(Exit::Configuration);
            Line::new("settings", fault, problem.to_string())
        })),
    }
    lines.push(state_folder(sources));
    lines.push(terminal(sources));
    Chapter { title: "This machine".to_owned(), lines }
}

fn mode(path: &Path) -> Option<u32> {
    let facts = std::fs::metadata(path).ok()?;
    Some(facts.permissions().mode() & 0o7777)
}

fn file(sources: &Sources) -> Line {
    let Some((path, named)) = file_path(sources) else {
        return Line::new("file", State::Note, "HOME is not set, so no file is looked for")
            .next("name the file with --config or SOCDECK_CONFIG");
    };
    let shown = path.display();
    match mode(&path) {
        Some(mode) if mode & 0o022 != 0 => {
            let words = format!("{shown}, mode {mode:04o}: others can change it");
            let path = path.to_string_lossy();
            Line::new("file", State::Note, words)
                .next(format!("chmod 600 {}", shell_words::quote(&path)))
        }
        Some(mode) => Line::new("file", State::Ok, format!("{shown}, mode {mode:04o}")),
        None if named => Line::new("file", State::Note, format!("{shown} cannot be looked at")),
        None => Line::new("file", State::Ok, format!("none at {shown}"))
            .next("`socdeck init` writes one, with every setting explained"),
    }
}

fn state_folder(sources: &Sources) -> Line {
    const TOPIC: &str = "state folder";
    let fault = State::Fault(Exit::Configuration);
    let Some(folders) = &sources.folders else {
        return Line::new(TOPIC, fault, "HOME is not set, so there is none").next("set HOME");
    };
    let folder = &folders.state;
    let shown = folder.display();
    // when it does not exist yet, what counts is where it will be made
    let standing = folder.ancestors().find(|place| place.exists());
    let writable = standing.is_some_and(|place| {
        place.is_dir() && access(place, Access::WRITE_OK | Access::EXEC_OK).is_ok()
    });
    if !writable {
        return Line::new(TOPIC, fault, format!("{shown} cannot be written"))
            .next("make it writable for you, or set XDG_STATE_HOME");
    }
    match mode(folder) {
        None => Line::new(TOPIC, State::Ok, format!("{shown}, made when it is needed")),
        Some(mode) if mode & 0o077 != 0 => {
            let words = format!("{shown}, mode {mode:04o}: others can look into it");
            let path = folder.to_string_lossy();
            Line::new(TOPIC, State::Note, words)
                .next(format!("chmod 700 {}", shell_words::quote(&path)))
        }
        Some(mode) => Line::new(TOPIC, State::Ok, format!("{shown}, mode {mode:04o}")),
    }
}

fn terminal(sources: &Sources) -> Line {
    let variable = |name: &str| {
        let value = sources.environment.get(OsStr::new(name))?;
        let value = value.to_string_lossy();
        (!value.is_empty()).then_some(value)
    };
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(variable);
    let utf8 = locale.as_deref().is_some_and(|locale| {
        let locale = locale.to_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    });
    let term = variable("TERM");
    let mut facts = vec![
        match &term {
            Some(term) => format!("TERM {term}"),
            None => "TERM is not set".to_owned(),
        },
        match (&locale, utf8) {
            (Some(locale), true) => format!("locale {locale}"),
            (Some(locale), false) => format!("locale {locale} (not UTF-8: ASCII is drawn)"),
            (None, _) => "no locale (ASCII is drawn)".to_owned(),
        },
    ];
    let within = [
        ("TMUX", "inside tmux"),
        ("STY", "inside screen"),
        ("SSH_CONNECTION", "over SSH"),
        ("NO_COLOR", "NO_COLOR"),
    ];
    for (name, words) in within {
        if variable(name).is_some() {
            facts.push(words.to_owned());
        }
    }
    let words = facts.join(", ");
    match term.as_deref() {
        None | Some("dumb") => Line::new("terminal", State::Note, words)
            .next("the console needs a terminal; `exec` does not"),
        Some(_) => Line::new("terminal", State::Ok, words),
    }
}
