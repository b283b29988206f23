//! Notices that the configuration was saved, and has it read again: on a thread of its own, because a key never waits for a
//! disk. The thread sleeps in one `poll` until a file of that name changes in its folder or a person asks; nothing ticks.
//!
//! What the files mean is not known here: a closure reads them, decides what it means, and says it in a sentence.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use tokio::sync::mpsc;

use crate::app::Live;
use crate::command::{Tone, Tune};
use crate::term::guard;

/// Editors write, rename and change modes in one go: what they leave is read once this long nothing more happened.
const QUIET: Duration = Duration::from_millis(120);

/// A file that never rests is read after this long all the same.
const LONGEST: Duration = Duration::from_secs(2);

/// What counts as saving: written and closed, renamed or linked into place, gone, or with other permissions. That it is being
/// written is seen too, because what is half written must not be read.
const SAVED: WatchFlags = WatchFlags::CLOSE_WRITE
    .union(WatchFlags::MODIFY)
    .union(WatchFlags::CREATE)
    .union(WatchFlags::MOVED_TO)
    .union(WatchFlags::MOVED_FROM)
    .union(WatchFlags::DELETE)
    .union(WatchFlags::ATTRIB);

/// Settings as they take effect while the console runs.
#[derive(Debug, Clone)]
pub struct Fresh {
    /// What the app takes over.
    pub live: Live,
    /// What the input guard takes over.
    pub guard: guard::Limits,
}

/// Why the settings are looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// A file of theirs was saved.
    Saved,
    /// A person asks.
    Asked(Tune),
}

/// What came of it.
#[derive(Debug)]
pub struct Told {
    /// How it is meant.
    pub tone: Tone,
    /// In a sentence.
    pub words: String,
    /// The settings as they are now, when something changed.
    pub fresh: Option<Box<Fresh>>,
}

/// Looks at the settings; `None` when there is nothing to say.
pub type Hear = Box<dyn FnMut(Heard) -> Option<Told> + Send>;

/// The thread, while somebody listens.
#[derive(Debug)]
pub(super) struct Settings {
    /// What it tells.
    pub(super) told: mpsc::Receiver<Told>,
    asked: Arc<Mutex<VecDeque<Tune>>>,
    /// Closing it ends the thread.
    wake: OwnedFd,
}

impl Settings {
    /// Starts watching these files, whether or not they exist; their folders must.
    pub(super) fn start(files: Vec<PathBuf>, hear: Hear) -> io::Result<Self> {
        let (woken, wake) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let folders = Folders::watch(files)?;
        let asked = Arc::new(Mutex::new(VecDeque::new()));
        let theirs = Arc::clone(&asked);
        let (tell, told) = mpsc::channel(8);
        thread::Builder::new()
            .name("settings".into())
            .spawn(move || attend(&folders, &woken, &theirs, hear, &tell))?;
        Ok(Self { told, asked, wake })
    }

    /// Has a person's wish looked at. `false` when nobody is there to do it.
    pub(super) fn ask(&self, tune: Tune) -> bool {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push_back(tune);
        // A pipe that is full already wakes the thread.
        matches!(rustix::io::write(&self.wake, b"!"), Ok(_) | Err(Errno::AGAIN))
    }
}

/// Where changes are seen.
struct Folders {
    seen: OwnedFd,
    files: Vec<PathBuf>,
}

impl Folders {
    fn watch(files: Vec<PathBuf>) -> io::Result<Self> {
        let seen = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        let folders = Self { seen, files };
        folders.again();
        Ok(folders)
    }

    /// Watches the folder of each file, and that of what it is a link to. To be done again after each change: links and folders
    /// may be others then, and watching what is watched already changes nothing.
    fn again(&self) {
        for path in self.paths() {
            let Some(folder) = path.parent() else { continue };
            let folder = if folder.as_os_str().is_empty() { ".".as_ref() } else { folder };
            if let Err(error) = inotify::add_watch(&self.seen, folder, SAVED | WatchFlags::ONLYDIR)
            {
                tracing::debug!(folder = %folder.display(), %error, "not watched for saved settings");
            }
        }
    }

    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.files.iter().flat_map(|path| [Some(path.clone()), path.canonicalize().ok()]).flatten()
    }

    /// Whether any of what happened since the last time concerns our files; `open` says whether one is still being written.
    fn concerned(&self, open: &mut bool) -> bool {
        let names: Vec<_> =
            self.paths().filter_map(|path| path.file_name().map(OsStr::to_owned)).collect();
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut events = inotify::Reader::new(&self.seen, &mut buffer);
        let mut ours = false;
        while let Ok(event) = events.next() {
            let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()).to_owned());
            if name.is_some_and(|name| names.contains(&name)) {
                ours = true;
                *open = event.events().contains(inotify::ReadFlags::MODIFY);
            }
            // What was lost may have been ours.
            ours |= event.events().contains(inotify::ReadFlags::QUEUE_OVERFLOW);
        }
        ours
    }
}

/// Why the thread woke.
enum Woke {
    Files,
    Person,
    /// Nothing happened for as long as was waited.
    Quiet,
    /// Nobody listens any more.
    End,
}

fn attend(
    folders: &Folders,
    woken: &OwnedFd,
    asked: &Mutex<VecDeque<Tune>>,
    mut hear: Hear,
    tell: &mpsc::Sender<Told>,
) {
    // What was saved between the first reading and the first watch was seen by nobody.
    let mut heard = vec![Heard::Saved];
    loop {
        let mut wishes = asked.lock().unwrap_or_else(PoisonError::into_inner);
        heard.extend(wishes.drain(..).map(Heard::Asked));
        drop(wishes);
        for one in heard.drain(..) {
            if let Some(told) = hear(one)
                && tell.blocking_send(told).is_err()
            {
                return;
            }
        }
        folders.again();
        match wait(&folders.seen, woken, None) {
            Woke::End => return,
            Woke::Files => {
                let mut open = false;
                if folders.concerned(&mut open) {
                    if matches!(settle(folders, woken, open), Woke::End) {
                        return;
                    }
                    heard.push(Heard::Saved);
                }
            }
            Woke::Person | Woke::Quiet => {}
        }
    }
}

/// Waits until what is being saved is whole.
fn settle(folders: &Folders, woken: &OwnedFd, mut open: bool) -> Woke {
    let begun = Instant::now();
    loop {
        match wait(&folders.seen, woken, Some(QUIET)) {
            Woke::Files if begun.elapsed() < LONGEST => {
                folders.concerned(&mut open);
            }
            Woke::Quiet if open && begun.elapsed() < LONGEST => {}
            other => return other,
        }
    }
}

fn wait(seen: &OwnedFd, woken: &OwnedFd, limit: Option<Duration>) -> Woke {
    let limit = limit.map(|limit| Timespec {
        tv_sec: limit.as_secs() as i64,
        tv_nsec: i64::from(limit.subsec_nanos()),
    });
    loop {
        let mut fds = [PollFd::new(seen, PollFlags::IN), PollFd::new(woken, PollFlags::IN)];
        match poll(&mut fds, limit.as_ref()) {
            Ok(0) => return Woke::Quiet,
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => {
                tracing::error!(%error, "saved settings are not noticed any more");
                return Woke::End;
            }
        }
        let (files, person) = (fds[0].revents(), fds[1].revents());
        if person.contains(PollFlags::IN) {
            let mut bytes = [0u8; 64];
            // What it holds does not matter, and it is read without waiting.
            let _ = rustix::io::read(woken, &mut bytes);
            return Woke::Person;
        }
        if !person.is_empty() {
            return Woke::End;
        }
        if !files.is_empty() {
            return Woke::Files;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;
    use std::sync::mpsc as sync;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    /// Watches, and what it hears.
    fn start(file: &Path) -> (Settings, sync::Receiver<Heard>) {
        let (send, heard) = sync::channel();
        let hear: Hear = Box::new(move |one| {
            send.send(one).unwrap();
            None
        });
        let settings = Settings::start(vec![file.to_owned()], hear).unwrap();
        assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), Heard::Saved, "read once it is watched");
        (settings, heard)
    }

    /// Everything up to an answer to a question that is asked now: saves before it were heard before it.
    fn until_asked(settings: &Settings, heard: &sync::Receiver<Heard>) -> Vec<Heard> {
        assert!(settings.ask(Tune::Reload));
        let mut all = Vec::new();
        loop {
            let one = heard.recv_timeout(DEADLINE).unwrap();
            if one == Heard::Asked(Tune::Reload) {
                return all;
            }
            all.push(one);
        }
    }

    #[test]
    fn every_way_to_save_is_heard_and_other_files_are_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config.toml");
        let (settings, heard) = start(&file);
        let saved = || assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), Heard::Saved);
        fs::write(&file, "a").unwrap();
        saved();
        fs::write(folder.path().join("new"), "b").unwrap();
        fs::rename(folder.path().join("new"), &file).unwrap();
        saved();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        saved();
        fs::remove_file(&file).unwrap();
        saved();
        fs::write(folder.path().join("other.toml"), "x").unwrap();
        assert_eq!(until_asked(&settings, &heard), []);
    }

    #[test]
    fn a_file_that_is_being_written_is_not_read_half() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "whole").unwrap();
        let (send, seen) = sync::channel();
        let theirs = path.clone();
        let hear: Hear = Box::new(move |_| {
            send.send(fs::read_to_string(&theirs).unwrap()).unwrap();
            None
        });
        let _settings = Settings::start(vec![path.clone()], hear).unwrap();
        assert_eq!(seen.recv_timeout(DEADLINE).unwrap(), "whole");
        let mut file = fs::File::create(&path).unwrap();
        io::Write::write_all(&mut file, b"half").unwrap();
        assert!(seen.recv_timeout(QUIET * 4).is_err(), "it is still open");
        io::Write::write_all(&mut file, b", whole").unwrap();
        drop(file);
        assert_eq!(seen.recv_timeout(DEADLINE).unwrap(), "half, whole");
    }

    #[test]
    fn a_link_is_followed_to_where_it_leads_now() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (folder.path().join("here"), folder.path().join("there"));
        fs::create_dir(&here).unwrap();
        fs::create_dir(&there).unwrap();
        let (file, target) = (here.join("config.toml"), there.join("mine.toml"));
        let (settings, heard) = start(&file);
        let saved = || assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), Heard::Saved);
        fs::write(&target, "a").unwrap();
        symlink(&target, &file).unwrap();
        saved();
        // The new folder is watched once what was heard has been dealt with.
        assert!(settings.ask(Tune::Show(None)));
        assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), Heard::Asked(Tune::Show(None)));
        assert!(settings.ask(Tune::Show(None)));
        assert_eq!(heard.recv_timeout(DEADLINE).unwrap(), Heard::Asked(Tune::Show(None)));
        fs::write(&target, "b").unwrap();
        saved();
    }

    #[test]
    fn a_dropped_listener_ends_the_thread() {
        let folder = tempfile::tempdir().unwrap();
        let (settings, heard) = start(&folder.path().join("config.toml"));
        drop(settings);
        // The closure goes with the thread, and its sender with it.
        assert_eq!(heard.recv_timeout(DEADLINE), Err(sync::RecvTimeoutError::Disconnected));
    }
}
