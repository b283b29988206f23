//! A text in the person's own editor: `$VISUAL`, else `$EDITOR`, else `vi`, on a file that nobody else can read.
//!
//! The file lies in a directory of its own, made with mode 0700, and both are gone when the editor is. It does not know
//! the terminal: how a command is run while the screen is given away is handed in.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// The longest text that is taken back. Bytes.
const LONGEST: u64 = 4 * 1024 * 1024;

/// Names tried for the directory before it is given up.
const TRIES: u32 = 32;

/// Runs the editor on a text and returns what it became.
///
/// # Errors
/// A sentence for the result line: the file cannot be made or read, the editor cannot be run or did not end well.
pub(super) fn edit(
    text: &str,
    run: impl FnOnce(&mut Command) -> io::Result<ExitStatus>,
) -> Result<String, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let editor = set("VISUAL").or_else(|| set("EDITOR")).unwrap_or_else(|| OsString::from("vi"));
    let place = set("XDG_RUNTIME_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    with(&editor, &place, text, run)
}

fn with(
    editor: &OsString,
    place: &Path,
    text: &str,
    run: impl FnOnce(&mut Command) -> io::Result<ExitStatus>,
) -> Result<String, String> {
    let room = Room::new(place)
        .map_err(|error| format!("no file for the editor in {}: {error}", place.display()))?;
    let file = room.0.join("text.json");
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&file)
        .and_then(|mut file| file.write_all(text.as_bytes()))
        .map_err(|error| format!("no file for the editor: {error}"))?;
    // The variable may hold arguments, as in `code --wait`: a shell reads it, the file's name stays one word.
    let mut line = editor.clone();
    line.push(" \"$1\"");
    let named = editor.to_string_lossy();
    let status = run(Command::new("/bin/sh").arg("-c").arg(line).arg("sh").arg(&file))
        .map_err(|error| format!("{named} could not be run: {error}; the text is as before"))?;
    if !status.success() {
        return Err(format!("{named} ended with {status}; the text is as before"));
    }
    read(&file).map_err(|error| format!("what {named} left cannot be read: {error}"))
}

/// The text of a file; `~/` is the home directory.
///
/// # Errors
/// A sentence for the result line: it is no regular file, cannot be read, is too long or no UTF-8.
pub(super) fn load(path: &str) -> Result<String, String> {
    let home = path
        .strip_prefix("~/")
        .and_then(|rest| Some(PathBuf::from(std::env::var_os("HOME")?).join(rest)));
    read(&home.unwrap_or_else(|| PathBuf::from(path)))
        .map_err(|error| format!("{path} cannot be read: {error}"))
}

/// Never waits: what is no regular file (a pipe, a terminal) is refused.
fn read(path: &Path) -> io::Result<String> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    let mut text = String::new();
    let read = fs::File::open(path)?.take(LONGEST + 1).read_to_string(&mut text)?;
    if read as u64 > LONGEST {
        return Err(io::Error::other(format!("it is longer than {LONGEST} bytes")));
    }
    Ok(text)
}

/// A directory that only its owner can look into, removed with what is in it.
struct Room(PathBuf);

impl Room {
    fn new(place: &Path) -> io::Result<Self> {
        for number in 0..TRIES {
            let path = place.join(format!("socdeck-{}-{number}", std::process::id()));
            match fs::DirBuilder::new().mode(0o700).create(&path) {
                Ok(()) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "a text was left behind");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_editor_gets_the_text_and_only_its_owner_can_read_it() {
        let place = tempfile::tempdir().unwrap();
        let editor = OsString::from("sed -i s/old/new/");
        let edited = with(&editor, place.path(), "old text\n", |command| {
            let room = fs::read_dir(place.path()).unwrap().next().unwrap().unwrap();
            let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!(mode(&room.path()), 0o700);
            assert_eq!(mode(&room.path().join("text.json")), 0o600);
            command.status()
        });
        assert_eq!(edited.unwrap(), "new text\n");
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "nothing stays");
    }

    #[test]
    fn an_editor_that_fails_changes_nothing_and_says_so() {
        let place = tempfile::tempdir().unwrap();
        let run = |editor: &str| {
            let editor = OsString::from(editor);
            with(&editor, place.path(), "text", Command::status)
        };
        for (editor, words) in [
            ("false", "as before"),
            ("no-such-editor-at-all 2>/dev/null", "as before"),
            ("rm", "cannot be read"),
            ("printf '\\377' >", "cannot be read"),
        ] {
            let why = run(editor).unwrap_err();
            assert!(why.contains(words), "{editor}: {why}");
            assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0);
        }
        assert!(load("/dev/null").unwrap_err().contains("no regular file"));
        assert!(load("/nowhere/a.json").unwrap_err().starts_with("/nowhere/a.json"));
        assert!(with(&OsString::from("true"), Path::new("/nowhere"), "", Command::status).is_err());
    }
}
