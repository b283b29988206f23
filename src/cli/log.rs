//! The log: to a file of its owner alone, only when asked for, never to the screen. Only our own words at the level asked
//! for; libraries speak up at `warn`, because at lower levels they may print what goes over the wire.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;

use crate::config::{Loaded, LogLevel};

use super::{Exit, Failure};

/// Opens the log as the configuration says; does nothing when it says `off`.
///
/// # Errors
/// The file cannot be opened.
pub(super) fn open(loaded: &Loaded) -> Result<(), Failure> {
    let log = &loaded.settings.log;
    let level = match log.level {
        LogLevel::Off => return Ok(()),
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let path = path(loaded).ok_or_else(|| {
        Failure::said(
            Exit::Configuration,
            "log.file: HOME is not set, so the log has no folder: set log.file, or log.level = \"off\"",
        )
    })?;
    let file = private(&path).map_err(|error| {
        Failure::said(
            Exit::Configuration,
            format!("log.file: {} cannot be opened: {error}", path.display()),
        )
    })?;
    let targets =
        Targets::new().with_default(level.min(LevelFilter::WARN)).with_target("socdeck", level);
    let layer = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Mutex::new(file));
    let subscriber = tracing_subscriber::registry().with(targets).with(layer);
    tracing::subscriber::set_global_default(subscriber)
        .map_err(|error| Failure::said(Exit::Refused, format!("log: {error}")))?;
    tracing::info!(version = env!("CARGO_PKG_VERSION"), pid = std::process::id(), "log opened");
    Ok(())
}

/// Where the log goes.
pub(super) fn path(loaded: &Loaded) -> Option<PathBuf> {
    let given = loaded.settings.log.file.clone();
    given.or_else(|| Some(loaded.folders.as_ref()?.state.join("socdeck.log")))
}

/// Opens a file for appending that only its owner can read, whatever it was before.
fn private(path: &Path) -> std::io::Result<File> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    if file.metadata()?.permissions().mode() & 0o077 != 0 {
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(file)
}
