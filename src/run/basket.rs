//! The file of the evidence basket: one JSON line per item, readable by its owner alone.
//!
//! Several sessions use one file, so nothing is remembered between two changes: each locks, reads, changes, makes it
//! durable. An item is appended; to note or remove one the file is written anew beside the old and moved over it. Lines
//! that are not understood are told and stay as they are, byte for byte.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::evidence::{BYTES, Item};

/// The most bytes of the file: several sessions may each have filled their basket.
const LARGEST: u64 = 4 * BYTES as u64;

/// See the module.
pub(super) struct BasketFile {
    path: PathBuf,
}

/// What a file holds: the items, and the lines that are none with the reason.
pub(super) type Kept = (Vec<Item>, Vec<(usize, String)>);

impl BasketFile {
    /// The file of this name in a folder that is there. Nothing is opened yet.
    pub(super) fn new(folder: &Path, name: &str) -> Self {
        Self { path: folder.join(name) }
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Everything in it; nothing when there is no file yet.
    ///
    /// # Errors
    /// It cannot be read, or is too large to be ours.
    pub(super) fn read(&self) -> io::Result<Kept> {
        let _alone = self.lock()?;
        let (mut items, mut strange) = (Vec::new(), Vec::new());
        for (index, line) in lines(&self.bytes()?).enumerate() {
            match serde_json::from_slice::<Item>(line) {
                Ok(item) => items.push(item),
                Err(error) => strange.push((index + 1, short(&error))),
            }
        }
        Ok((items, strange))
    }

    /// Adds an item and makes it durable.
    ///
    /// # Errors
    /// It is not in the file.
    pub(super) fn append(&self, item: &Item) -> io::Result<()> {
        let _alone = self.lock()?;
        let mut file =
            OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&self.path)?;
        close_to_others(&file)?;
        let length = file.metadata()?.len();
        let mut text = item.line();
        text.push('\n');
        if length + text.len() as u64 > LARGEST {
            return Err(io::Error::other("the file is full: other sessions have pinned there too"));
        }
        // What a crash cut off keeps a line of its own.
        if length > 0 {
            file.seek(SeekFrom::End(-1))?;
            let mut last = [0];
            file.read_exact(&mut last)?;
            if last != *b"\n" {
                text.insert(0, '\n');
            }
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }

    /// Writes words beside an item, or none.
    ///
    /// # Errors
    /// The file is as before.
    pub(super) fn note(&self, id: u64, words: Option<&str>) -> io::Result<()> {
        self.rewrite(|item| {
            if item.id == id {
                item.note = words.map(str::to_owned);
            }
            true
        })
    }

    /// Takes an item out.
    ///
    /// # Errors
    /// The file is as before.
    pub(super) fn remove(&self, id: u64) -> io::Result<()> {
        self.rewrite(|item| item.id != id)
    }

    /// Writes the file anew with what `change` leaves of each item; lines it does not change stay as they are.
    fn rewrite(&self, change: impl Fn(&mut Item) -> bool) -> io::Result<()> {
        let _alone = self.lock()?;
        let bytes = self.bytes()?;
        let mut out = Vec::with_capacity(bytes.len());
        for line in lines(&bytes) {
            match serde_json::from_slice::<Item>(line) {
                Ok(was) => {
                    let mut item = was.clone();
                    if !change(&mut item) {
                        continue;
                    }
                    if item == was {
                        out.extend_from_slice(line);
                    } else {
                        out.extend_from_slice(item.line().as_bytes());
                    }
                }
                Err(_) => out.extend_from_slice(line),
            }
            out.push(b'\n');
        }
        let new = self.beside("new");
        let mut file =
            OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
        close_to_others(&file)?;
        file.write_all(&out)?;
        file.sync_all()?;
        fs::rename(&new, &self.path)
    }

    fn bytes(&self) -> io::Result<Vec<u8>> {
        let file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > LARGEST {
            return Err(io::Error::other(format!("it is larger than {LARGEST} bytes")));
        }
        Ok(bytes)
    }

    fn beside(&self, ending: &str) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(".");
        name.push(ending);
        name.into()
    }

    /// No other session changes the file while this lives. The file itself may be replaced, so another one is locked.
    fn lock(&self) -> io::Result<File> {
        let path = self.beside("lock");
        let file =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path)?;
        file.lock()?;
        Ok(file)
    }
}

/// Lines that hold something, without their ends.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

/// The reason alone: where in the line it is helps nobody on a result line.
fn short(error: &serde_json::Error) -> String {
    let words = error.to_string();
    words.split(" at line ").next().unwrap_or_default().to_owned()
}

fn close_to_others(file: &File) -> io::Result<()> {
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(id: u64) -> Item {
        Item {
            id,
            at: "2026-11-22T14:03:00Z".parse().unwrap(),
            analyst: None,
            kind: "event".into(),
            title: format!("event {id}"),
            pane: "triage".into(),
            target: Vec::new(),
            markdown: "### m\n".into(),
            json: "{}".into(),
            columns: Vec::new(),
            rows: Vec::new(),
            note: None,
        }
    }

    fn ids(file: &BasketFile) -> Vec<u64> {
        file.read().unwrap().0.iter().map(|item| item.id).collect()
    }

    #[test]
    fn what_is_pinned_noted_and_removed_is_in_a_file_of_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let file = BasketFile::new(folder.path(), "evidence.jsonl");
        assert_eq!(file.read().unwrap(), (Vec::new(), Vec::new()));
        for id in 1..=3 {
            file.append(&item(id)).unwrap();
        }
        file.note(2, Some("look")).unwrap();
        file.remove(1).unwrap();
        let (items, strange) = file.read().unwrap();
        assert_eq!(strange, []);
        let notes: Vec<_> = items.iter().map(|item| (item.id, item.note.as_deref())).collect();
        assert_eq!(notes, [(2, Some("look")), (3, None)]);
        for entry in fs::read_dir(folder.path()).unwrap() {
            let mode = entry.unwrap().metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_bad_line_is_told_and_never_lost() {
        let folder = tempfile::tempdir().unwrap();
        let file = BasketFile::new(folder.path(), "evidence.jsonl");
        file.append(&item(1)).unwrap();
        // Somebody wrote into it, and a crash cut a line off.
        let mut raw = OpenOptions::new().append(true).open(file.path()).unwrap();
        raw.write_all(b"{\"id\": \xff}\n\nnot json at all").unwrap();
        file.append(&item(2)).unwrap();
        let (items, strange) = file.read().unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(
            strange.iter().map(|(line, _)| *line).collect::<Vec<_>>(),
            [2, 3],
            "{strange:?}"
        );
        file.remove(1).unwrap();
        file.note(2, Some("n")).unwrap();
        let bytes = fs::read(file.path()).unwrap();
        let held = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        assert!(held(b"{\"id\": \xff}\n") && held(b"\nnot json at all\n"), "{bytes:?}");
        assert_eq!(ids(&file), [2]);
    }

    #[test]
    fn fields_of_a_later_version_stay_in_lines_that_are_not_changed() {
        let folder = tempfile::tempdir().unwrap();
        let file = BasketFile::new(folder.path(), "evidence.jsonl");
        let later = item(1).line().replace("\"id\":1", "\"id\":1,\"later\":true");
        fs::write(file.path(), later + "\n").unwrap();
        file.append(&item(2)).unwrap();
        file.remove(2).unwrap();
        assert!(fs::read_to_string(file.path()).unwrap().contains("\"later\":true"));
        assert_eq!(fs::metadata(file.path()).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn two_sessions_lose_nothing_of_each_other() {
        let folder = tempfile::tempdir().unwrap();
        std::thread::scope(|scope| {
            for session in 0..4_u64 {
                let folder = folder.path();
                scope.spawn(move || {
                    let file = BasketFile::new(folder, "evidence.jsonl");
                    for number in 0..10 {
                        let id = session * 100 + number;
                        file.append(&item(id)).unwrap();
                        if number % 2 == 1 {
                            file.remove(id - 1).unwrap();
                        }
                    }
                });
            }
        });
        let mut left = ids(&BasketFile::new(folder.path(), "evidence.jsonl"));
        left.sort_unstable();
        let wanted: Vec<u64> =
            (0..4).flat_map(|session| (0..5).map(move |n| session * 100 + 2 * n + 1)).collect();
        assert_eq!(left, wanted);
    }

    #[test]
    fn a_file_that_cannot_be_is_told() {
        let file = BasketFile::new(Path::new("/nonexistent/here"), "evidence.jsonl");
        assert!(file.read().is_err() && file.append(&item(1)).is_err());
    }
}
