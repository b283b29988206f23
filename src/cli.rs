//! The command line: its words, its exit codes, and who runs what. Data goes to stdout, everything else to stderr.
//!
//! One file per sub-command below `cli/`. A sub-command gives back an [`ExitCode`] or a [`Failure`]; only [`main`] turns a
//! failure into words. Foreign text is cleaned before it reaches a terminal (`output.rs`).

mod args;
mod config;
mod console;
mod doctor;
pub mod exec;
mod init;
mod keys;
mod ledger;
mod log;
mod output;
mod setup;
mod simulate;
mod words;

use std::process::ExitCode;

use clap::Parser;

use crate::api::error::Class;
use crate::config::{Loaded, Sources};

use args::{Cli, Command};
pub use output::Failure;

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done.
    Done = 0,
    /// The product, or this machine, refused.
    Refused = 1,
    /// The command line is wrong.
    Usage = 2,
    /// The configuration is wrong.
    Configuration = 3,
    /// Key, token, signature, clock or permission.
    Credentials = 4,
    /// No connection, or what answered is not the product.
    Network = 5,
    /// A time limit ran out.
    TimedOut = 6,
}

impl From<Class> for Exit {
    fn from(class: Class) -> Self {
        match class {
            Class::Refused => Self::Refused,
            Class::Usage => Self::Usage,
            Class::Configuration => Self::Configuration,
            Class::Credentials => Self::Credentials,
            Class::Network => Self::Network,
            Class::TimedOut => Self::TimedOut,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Runs the program and returns its exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return output::usage(&error),
    };
    dispatch(cli).unwrap_or_else(|failure| output::end(&failure))
}

fn dispatch(cli: Cli) -> Result<ExitCode, Failure> {
    let sources = cli.global.sources();
    match cli.command {
        None => {
            let loaded = loaded(&sources)?;
            console::live(sources, loaded)
        }
        Some(Command::Demo) => {
            let loaded = loaded(&sources)?;
            console::demo(sources, loaded)
        }
        Some(Command::Exec(args)) => Ok(exec::run(&args, async |product| {
            setup::of(&sources, product).await.map_err(|failure| output::end(&failure))
        })),
        Some(Command::Simulate(args)) => simulate::run(&args),
        Some(Command::Doctor) => doctor::run(&sources),
        Some(Command::Config { what }) => config::run(&what, &sources),
        Some(Command::Init) => init::run(&sources),
        Some(Command::Ledger { what }) => ledger::run(&what, &sources),
        Some(Command::ResetTerminal) => words::reset_terminal(),
        Some(Command::Completions { shell }) => words::completions(shell),
        Some(Command::Man) => words::man(),
    }
}

/// The configuration, with the log opened as it says and its warnings told.
fn loaded(sources: &Sources) -> Result<Loaded, Failure> {
    let loaded = crate::config::load(sources)?;
    keys::problems(&loaded.settings)?;
    log::open(&loaded)?;
    for warning in &loaded.warnings {
        output::tell(warning);
    }
    Ok(loaded)
}

/// A runtime on this thread, for sub-commands that talk to servers.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::said(Exit::Refused, format!("it cannot start: {error}")))
}
