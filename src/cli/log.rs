//! The log: to a file of its owner alone, only when asked for, never to the screen, and never without bounds: a full file is
//! put aside and the next one begun. Only our own words at the level asked for; libraries speak up at `warn`, because at lower
//! levels they may print what goes over the wire.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::Registry;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::reload;

use crate::config::{Loaded, LogLevel};

use super::{Exit, Failure};

/// Changes how much is written while the program runs; set once, when the log is first wanted.
static FILTER: OnceLock<reload::Handle<Targets, Registry>> = OnceLock::new();

/// Opens the log as the configuration says; does nothing when it says `off`.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn open(loaded: &Loaded) -> Result<(), Failure> {
    level(loaded, loaded.settings.log.level)
}

/// Writes this much from now on, to the file that `loaded` names.
///
/// # Errors
/// The file cannot be opened, or there is nowhere to put it.
pub(super) fn level(loaded: &Loaded, level: LogLevel) -> Result<(), Failure> {
    let refuse = |words: String| Failure::said(Exit::Configuration, words);
    if let Some(filter) = FILTER.get() {
        return filter.reload(targets(level)).map_err(|error| refuse(format!("log: {error}")));
    }
    if level == LogLevel::Off {
        return Ok(());
    }
    let path = path(loaded).ok_or_else(|| {
        refuse("log.file: HOME is not set, so the log has no folder: set log.file, or log.level = \"off\"".to_owned())
    })?;
    let file = Bounded::open(path.clone(), loaded.settings.log.max_bytes).map_err(|error| {
        refuse(format!("log.file: {} cannot be opened: {error}", path.display()))
    })?;
    let (filter, handle) = reload::Layer::new(targets(level));
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let subscriber = tracing_subscriber::registry().with(filter).with(layer);
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::said(Exit::Refused, format!("log: {error}")))?;
    // Only this thread gets here: a second subscriber would have been refused.
    FILTER.set(handle).ok();
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "log opened");
    Ok(())
}

fn targets(level: LogLevel) -> Targets {
    let level = match level {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("socdeck", level)
}

/// Where the log goes.
pub(super) fn path(loaded: &Loaded) -> Option<PathBuf> {
    let given = loaded.settings.log.file.clone();
    given.or_else(|| Some(loaded.folders.as_ref()?.state.join("socdeck.log")))
}

/// A file that is put aside as `NAME.1` when it is full; what was there before under that name is gone.
struct Bounded {
    path: PathBuf,
    file: File,
    size: u64,
    most: u64,
}

impl Bounded {
    fn open(path: PathBuf, most: u64) -> io::Result<Self> {
        let file = private(&path)?;
        let size = file.metadata()?.len();
        Ok(Self { path, file, size, most })
    }

    /// Begins the next file. Another process that writes the same log may have done so already: then its file is ours too.
    fn turn(&mut self) -> io::Result<()> {
        let full = match std::fs::metadata(&self.path) {
            Ok(facts) => facts.len() >= self.most.min(self.size),
            Err(_) => false,
        };
        if full {
            let mut aside = self.path.clone().into_os_string();
            aside.push(".1");
            std::fs::rename(&self.path, aside)?;
        }
        *self = Self::open(self.path.clone(), self.most)?;
        Ok(())
    }
}

impl Write for Bounded {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.size > 0 && self.size + line.len() as u64 > self.most {
            // A log that cannot be turned goes on where it is: losing words would be worse than a file that is too long.
            self.turn().ok();
        }
        let written = self.file.write(line)?;
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Opens a file for appending that only its owner can read, whatever it was before.
fn private(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_file_is_put_aside_once_and_both_are_the_owners_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/socdeck.log");
        let mut log = Bounded::open(path.clone(), 100).unwrap();
        for number in 0..20 {
            log.write_all(format!("line {number:02} of the log, thirty\n").as_bytes()).unwrap();
        }
        let older = folder.path().join("state/socdeck.log.1");
        let (now, before) =
            (std::fs::read_to_string(&path).unwrap(), std::fs::read_to_string(&older).unwrap());
        assert!(now.len() <= 100 && before.len() <= 100, "{} {}", now.len(), before.len());
        assert!(now.ends_with("line 19 of the log, thirty\n"), "{now}");
        let both: Vec<&str> = before.lines().chain(now.lines()).collect();
        assert!(both.windows(2).all(|pair| pair[0] < pair[1]), "in order, none twice: {both:?}");
        assert_eq!(
            std::fs::read_dir(folder.path().join("state")).unwrap().count(),
            2,
            "two generations"
        );
        for path in [path, older] {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_another_process_turned_is_not_turned_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socdeck.log");
        let mut ours = Bounded::open(path.clone(), 100).unwrap();
        ours.write_all(&[b'a'; 90]).unwrap();
        let mut theirs = Bounded::open(path.clone(), 100).unwrap();
        theirs.write_all(&[b'b'; 20]).unwrap();
        ours.write_all(&[b'c'; 20]).unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            format!("{}{}", "b".repeat(20), "c".repeat(20))
        );
        let older = std::fs::read_to_string(folder.path().join("socdeck.log.1")).unwrap();
        assert_eq!(older, "a".repeat(90));
    }
}
