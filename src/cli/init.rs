//! `socdeck init`: writes the explained configuration file, readable by its owner alone, and never over another one.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::process::ExitCode;

use crate::config::{self, Sources};

use super::{Exit, Failure, output};

pub(super) fn run(sources: &Sources) -> Result<ExitCode, Failure> {
    let (path, _) = config::file_path(sources).ok_or_else(super::config::no_home)?;
    let refused = |error: &std::io::Error| {
        Failure::said(
            Exit::Configuration,
            format!("{}: it cannot be written: {error}", path.display()),
        )
    };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| refused(&error))?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .map_err(|error| match error.kind() {
            ErrorKind::AlreadyExists => Failure::said(
                Exit::Configuration,
                format!(
                    "{}: there is a file already, and it stays as it is; move it away, or name another one with --config",
                    path.display()
                ),
            ),
            _ => refused(&error),
        })?;
    file.write_all(template().as_bytes())
        .and_then(|()| file.sync_all())
        .map_err(|error| refused(&error))?;
    output::data(&format!("{}\n", path.display()))?;
    output::tell(
        "written; fill in the two addresses and how their keys are found, then: socdeck doctor",
    );
    Ok(Exit::Done.into())
}

/// The built-in file with every setting commented out: what stays so keeps following the defaults.
fn template() -> String {
    let mut text = String::new();
    for line in config::DEFAULTS.lines() {
        if !line.is_empty() && !line.starts_with(['#', '[']) {
            text.push_str("# ");
        }
        text.push_str(line);
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_sets_nothing_and_can_be_uncommented_whole() {
        let table: toml::Table = toml::from_str(&template()).unwrap();
        for (name, section) in &table {
            assert!(section.as_table().is_some_and(toml::Table::is_empty), "{name}");
        }
        assert_eq!(table.len(), 11);
    }
}
