//! Words to the two streams. A reader that went away ends the run quietly; everything foreign is cleaned line by line.

use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;

use crate::config::ConfigError;
use crate::ui::text::clean;

use super::Exit;

/// Why a sub-command stopped.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration is wrong.
    #[error(transparent)]
    Configuration(#[from] ConfigError),
    /// Standard output could not be written.
    #[error("standard output: {0}")]
    Output(io::Error),
    /// Anything else, in a sentence.
    #[error("{words}")]
    Said {
        /// The exit code.
        exit: Exit,
        /// What happened, and what to do.
        words: String,
    },
}

impl Failure {
    /// A failure in a sentence.
    pub fn said(exit: Exit, words: impl Into<String>) -> Self {
        Self::Said { exit, words: words.into() }
    }
}

/// Writes data to stdout at once.
///
/// # Errors
/// It could not be written; a pipe that nobody reads any more is among the reasons, and [`end`] keeps quiet about it.
pub fn data(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).map_err(Failure::Output)
}

/// Tells something on stderr, cleaned, each line behind the program's name.
pub fn tell(text: &str) {
    let mut err = io::stderr().lock();
    for line in text.lines() {
        // stderr is the last resort: when it cannot be written there is nobody left to tell
        let _ = writeln!(err, "socdeck: {}", clean(line));
    }
}

/// Ends the run: words and exit code of a failure.
pub fn end(failure: &Failure) -> ExitCode {
    let exit = match failure {
        Failure::Output(error) if error.kind() == ErrorKind::BrokenPipe => {
            return Exit::Done.into();
        }
        Failure::Configuration(_) => Exit::Configuration,
        Failure::Output(_) => Exit::Refused,
        Failure::Said { exit, .. } => *exit,
    };
    tell(&failure.to_string());
    exit.into()
}

/// What the parser of the command line says: help and version on stdout, a slip on stderr with exit code 2.
pub fn usage(error: &clap::Error) -> ExitCode {
    match error.print() {
        Err(failed) if !error.use_stderr() => end(&Failure::Output(failed)),
        _ if error.use_stderr() => Exit::Usage.into(),
        _ => Exit::Done.into(),
    }
}
