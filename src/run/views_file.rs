//! The file that keeps views and searches. Private, changed as a whole, by a task of its own: a key never waits for a disk.
//!
//! Each change is made to what the file holds then, under a lock, so that a second console or a person's own editor loses
//! nothing. A file that is not understood is never replaced.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, spawn_blocking};

use crate::views::{Change, Fault, Views};

/// Changes that may wait to be written.
const WAITING: usize = 64;

/// The largest file that is read, in bytes.
const MOST: u64 = 1024 * 1024;

/// What a change came to: what the file holds now, or why it is as before.
pub type Told = Result<Views, String>;

/// Reads what was kept; nothing when there is no file yet.
///
/// # Errors
/// The file cannot be read or is not understood: its path, the line, the reason.
pub fn read(path: &Path) -> Told {
    let text = text(path).map_err(|error| unreadable(path, &error))?;
    Views::parse(&text).map_err(|fault| place(path, &fault))
}

/// Makes a change to what the file holds now.
///
/// # Errors
/// As [`read`], or it cannot be written; the file is as before.
pub fn change(path: &Path, change: &Change) -> Told {
    // A link stays a link: what it leads to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    let failed = |error: io::Error| format!("{} cannot be written: {error}", path.display());
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let lock = File::open(folder).map_err(failed)?;
    flock(&lock, FlockOperation::LockExclusive).map_err(|error| failed(error.into()))?;
    let before = text(&path).map_err(|error| unreadable(&path, &error))?;
    let (after, views) = Views::edit(&before, change).map_err(|fault| place(&path, &fault))?;
    if after != before {
        replace(&path, &after).map_err(failed)?;
        lock.sync_all().map_err(failed)?;
    }
    Ok(views)
}

fn text(path: &Path) -> io::Result<String> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        opened => opened?,
    };
    let facts = file.metadata()?;
    if !facts.is_file() {
        return Err(io::Error::other("it is not a plain file"));
    }
    let mut text = String::new();
    file.take(MOST + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MOST {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(text)
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("toml.new");
    // What a crash left behind may have another mode or be a link.
    if let Err(error) = fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("{} cannot be read: {error}", path.display())
}

fn place(path: &Path, fault: &Fault) -> String {
    match fault.line {
        0 => fault.what.clone(),
        line => format!("{}:{line}: {}", path.display(), fault.what),
    }
}

/// Writes changes down, one after the other, away from the loop.
pub(super) struct Keeper {
    changes: mpsc::Sender<Change>,
    told: mpsc::Receiver<Told>,
    task: JoinHandle<()>,
}

impl Keeper {
    pub(super) fn start(path: PathBuf) -> Self {
        let (changes, mut asked) = mpsc::channel::<Change>(WAITING);
        // As many answers as there can be questions: the task never waits for the loop.
        let (tell, told) = mpsc::channel(WAITING + 1);
        let task = tokio::spawn(async move {
            while let Some(one) = asked.recv().await {
                let path = path.clone();
                let outcome = spawn_blocking(move || change(&path, &one)).await;
                let outcome = outcome.unwrap_or_else(|error| Err(error.to_string()));
                if tell.send(outcome).await.is_err() {
                    return;
                }
            }
        });
        Self { changes, told, task }
    }

    /// Leaves a change to be written. What came of it is told by [`Self::told`].
    ///
    /// # Errors
    /// It was not taken, and why.
    pub(super) fn keep(&self, change: Change) -> Result<(), String> {
        self.changes.try_send(change).map_err(|_| "too much waits for the disk".to_owned())
    }

    /// What the next change came to.
    pub(super) async fn told(&mut self) -> Option<Told> {
        self.told.recv().await
    }

    /// Lets the changes under way be written. Returns what was not, one sentence each.
    pub(super) async fn leave(self, limit: Duration) -> Vec<String> {
        let Self { changes, mut told, task } = self;
        drop(changes);
        let mut lost = Vec::new();
        let rest = async {
            while let Some(outcome) = told.recv().await {
                lost.extend(outcome.err().map(|why| format!("saved views: {why}")));
            }
        };
        if tokio::time::timeout(limit, rest).await.is_err() {
            task.abort();
            lost.push("saved views: the disk did not answer in time".to_owned());
        }
        lost
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::views::{Kind, Saved, SavedView};

    fn add(name: &str) -> Change {
        let view =
            SavedView { name: name.into(), filter: "conf:<60".into(), ..SavedView::default() };
        Change { kind: Kind::View, before: None, after: Some(Saved::View(view)) }
    }

    #[test]
    fn what_is_kept_comes_back_and_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config/views.toml");
        assert_eq!(read(&path).unwrap(), Views::default());
        let views = change(&path, &add("Night")).unwrap();
        assert_eq!(read(&path).unwrap(), views);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Another console's entry is there when ours is written.
        change(&path, &add("Theirs")).unwrap();
        assert_eq!(change(&path, &add("Ours")).unwrap().views().count(), 3);
        assert!(change(&path, &add("ours")).unwrap_err().contains("already"));
        assert_eq!(
            fs::read_dir(path.parent().unwrap()).unwrap().count(),
            1,
            "nothing is left behind"
        );
    }

    #[test]
    fn a_file_that_is_not_understood_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.toml");
        let bad = "# mine\n[[view]]\nnaem = \"x\"\n";
        fs::write(&path, bad).unwrap();
        let refused = read(&path).unwrap_err();
        assert!(refused.starts_with(&format!("{}:3: ", path.display())), "{refused}");
        assert_eq!(change(&path, &add("Night")).unwrap_err(), refused);
        assert_eq!(fs::read_to_string(&path).unwrap(), bad);
        fs::write(&path, [0xff, 0xfe]).unwrap();
        assert!(change(&path, &add("Night")).is_err());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(read(&path).unwrap_err().contains("plain file"));
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("dotfiles.toml"), folder.path().join("views.toml"));
        fs::write(&real, "# mine\n").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        change(&link, &add("Night")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(fs::read_to_string(&real).unwrap().starts_with("# mine\n"));
    }

    #[test]
    fn changes_are_written_in_order_and_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("views.toml");
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let lost = runtime.block_on(async {
            let mut keeper = Keeper::start(path.clone());
            for name in ["a", "b", "a", "c"] {
                keeper.keep(add(name)).unwrap();
            }
            assert_eq!(keeper.told().await.unwrap().unwrap().views().count(), 1);
            keeper.leave(Duration::from_secs(30)).await
        });
        assert_eq!(lost.len(), 1, "the second a is refused: {lost:?}");
        let names: Vec<_> = read(&path).unwrap().views().map(|view| view.name.clone()).collect();
        assert_eq!(names, ["a", "b", "c"]);
    }
}
