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

/// Writes a new file in a folder; an existing one is never touched. Says its path.
pub(super) fn export(folder: &Path, stem: &str, ending: &str, text: &str) -> (Tone, String) {
    match write(folder, stem, ending, text) {
        Ok(path) => (
            Tone::Fine,
            format!("written to {} ({} B), readable by you alone", path.display(), text.len()),
        ),
        Err(error) => {
            (Tone::Bad, format!("{} cannot be written in {}: {error}", ending, folder.display()))
        }
    }
}

fn write(folder: &Path, stem: &str, ending: &str, text: &str) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let name = if number == 1 {
            format!("{stem}.{ending}")
        } else {
            format!("{stem}-{number}.{ending}")
        };
        let path = folder.join(name);
        let opened = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        match opened {
            Ok(mut file) => {
                file.write_all(text.as_bytes())?;
                file.sync_all()?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 100 => {
                number += 1;
            }
            Err(error) => return Err(error),
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
            let (tone, words) = export(folder.path(), "socdeck-triage", "csv", "a,b\r\n");
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
        let (tone, words) = export(Path::new("/nonexistent/here"), "s", "md", "x");
        assert_eq!(tone, Tone::Bad);
        assert!(words.contains("/nonexistent/here"), "{words}");
    }
}
