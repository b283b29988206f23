//! Hands texts out of the program: to the terminal's clipboard, or into a new file that only its owner can read.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::command::Tone;
use crate::term::{Screen, clipboard};

/// Copies, and says where the text went: whether it arrived nobody can know.
pub(super) fn copy(screen: &mut Screen, text: &str) -> (Tone, String) {
    let in_tmux = std::env::var_os("TMUX").is_some_and(|value| !value.is_empty());
    match clipboard::send(screen, text, in_tmux) {
        Ok(sent) => (Tone::Fine, sent.to_string()),
        Err(error) => (Tone::Bad, error.to_string()),
    }
}

/// Where an export goes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Place<'a> {
    /// The folder of the settings; `None`: where the program was started.
    pub folder: Option<&'a Path>,
    /// The file or folder a person named, taken from where the program was started; `~/` is the home folder.
    pub to: Option<&'a str>,
}

/// Writes a new file; an existing one is never touched. Says its whole path.
pub(super) fn export(place: Place<'_>, stem: &str, ending: &str, text: &str) -> (Tone, String) {
    match target(place).and_then(|target| write(&target, stem, ending, text)) {
        Ok(path) => {
            (Tone::Fine, format!("written to {} ({} B, yours alone)", path.display(), text.len()))
        }
        Err(why) => (Tone::Bad, format!("not exported: {why}")),
    }
}

/// A folder to make a name in, or the very file a person named.
enum Target {
    Folder(PathBuf),
    File(PathBuf),
}

fn target(place: Place<'_>) -> Result<Target, String> {
    let path = match place.to {
        Some(to) => match to.strip_prefix("~/") {
            Some(rest) => std::env::home_dir()
                .map(|home| home.join(rest))
                .ok_or_else(|| format!("{to}: the home folder is not known"))?,
            None => PathBuf::from(to),
        },
        None => place.folder.unwrap_or(Path::new(".")).to_owned(),
    };
    // The person is told where it is, wherever the program was started.
    let whole =
        std::path::absolute(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(if place.to.is_none_or(|to| to.ends_with('/')) || whole.is_dir() {
        Target::Folder(whole)
    } else {
        Target::File(whole)
    })
}

fn write(target: &Target, stem: &str, ending: &str, text: &str) -> Result<PathBuf, String> {
    let mut number = 1;
    loop {
        let path = match target {
            Target::File(path) => path.clone(),
            Target::Folder(folder) if number == 1 => folder.join(format!("{stem}.{ending}")),
            Target::Folder(folder) => folder.join(format!("{stem}-{number}.{ending}")),
        };
        let told = |error: io::Error| format!("{}: {error}", path.display());
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match opened {
            Ok(mut file) => {
                file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(told)?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => match target {
                Target::Folder(_) if number < 100 => number += 1,
                Target::Folder(_) => return Err(told(error)),
                Target::File(_) => {
                    return Err(format!("{} is there already and stays as it is", path.display()));
                }
            },
            Err(error) => return Err(told(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn an_export_is_a_new_file_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        for _ in 0..2 {
            let place = Place { folder: Some(folder.path()), to: None };
            let (tone, words) = export(place, "socdeck-triage", "csv", "a,b\r\n");
            assert_eq!(tone, Tone::Fine, "{words}");
            assert!(words.contains("socdeck-triage") && words.contains("5 B"), "{words}");
        }
        let mut names: Vec<_> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600);
                entry.file_name().into_string().unwrap()
            })
            .collect();
        names.sort();
        assert_eq!(names, ["socdeck-triage-2.csv", "socdeck-triage.csv"]);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let place = Place { folder: Some(Path::new("/nonexistent/here")), to: None };
        let (tone, words) = export(place, "s", "md", "x");
        assert_eq!(tone, Tone::Bad);
        assert!(words.contains("/nonexistent/here/s.md"), "{words}");
    }

    #[test]
    fn a_named_file_is_that_file_and_is_never_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ticket.txt");
        let name = file.to_str().unwrap();
        let place = Place { folder: None, to: Some(name) };
        assert_eq!(export(place, "s", "md", "first").0, Tone::Fine);
        let (tone, words) = export(place, "s", "md", "second");
        assert_eq!(tone, Tone::Bad);
        assert!(words.contains("ticket.txt is there already"), "{words}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), "first");
        // A link is no way around it.
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("nowhere"), &link).unwrap();
        assert_eq!(export(Place { folder: None, to: link.to_str() }, "s", "md", "x").0, Tone::Bad);
        // A folder, named as one or being one, gets a file with a name of its own.
        let inside = Place { folder: None, to: folder.path().to_str() };
        let (tone, words) = export(inside, "s", "md", "x");
        assert!(
            tone == Tone::Fine && words.contains(&*folder.path().join("s.md").to_string_lossy()),
            "{words}"
        );
        let missing = format!("{}/missing/", folder.path().display());
        let (tone, words) = export(Place { folder: None, to: Some(&missing) }, "s", "md", "x");
        assert!(tone == Tone::Bad && words.contains("missing/s.md"), "{words}");
    }

    #[test]
    fn a_relative_folder_is_told_as_a_whole_path() {
        let missing = Place { folder: Some(Path::new("no-such-folder-here")), to: None };
        let (_, words) = export(missing, "s", "md", "x");
        let whole = std::env::current_dir().unwrap().join("no-such-folder-here/s.md");
        assert!(words.contains(&*whole.to_string_lossy()), "{words}");
    }
}
