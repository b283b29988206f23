//! The catalogue: the fifteen named operations of the manuals, as `socdeck exec` and the console's `:` run them.
//!
//! ```text
//! line ── Line::parse ──▶ name, pairs ── prepare ──▶ Run ── Step::Ask(Call) ──▶ driver ── answered ──▶ … Step::Done(Outcome)
//!                                       checked against Entry::args          `exec` or the console's queue
//! ```
//!
//! One [`Entry`] per command: names, arguments, aliases, help, and how it goes. Names, arguments, contexts and tables are
//! those of the two integrations' manuals; the wire behind them is the `api` room's affair.
//! Must not: send, wait, read a clock, know a terminal. Imports only `api`.

mod arcanna;
pub mod args;
mod complete;
mod connections;
mod darktrace;
pub mod json;
pub mod line;
mod poll;
mod run;
mod search;
pub mod table;
mod tag;

use std::fmt::Write as _;

use crate::api::Product;

pub use args::{
    Arg, Args, Defaults, Fetch, Kind, Need, POLL_INTERVAL, POLL_TIMEOUT, Source, UsageError,
};
pub use complete::{Candidate, complete};
pub use json::Json;
pub use line::Line;
pub use run::{Failure, Outcome, Run, Step, Waiting};
pub use table::{Cell, Clean, Grid, Table};

/// A named operation.
#[derive(Debug)]
pub struct Entry {
    /// The command: `arcanna-get-jobs`.
    pub name: &'static str,
    /// What it does, in one line.
    pub title: &'static str,
    /// Who is asked.
    pub product: Product,
    /// Whether it changes something.
    pub write: bool,
    /// Its arguments, in the order of the manuals.
    pub args: &'static [Arg],
    /// How it goes; a complaint when arguments that are fine each do not fit together.
    plan: fn(&Args) -> Result<Box<dyn run::Plan>, String>,
}

/// Every command, in the order of the manuals.
pub static ALL: [&Entry; 15] = [
    &arcanna::GET_JOBS,
    &arcanna::SEND_EVENT,
    &arcanna::TRIGGER_TRAIN,
    &arcanna::GET_DECISION_SET,
    &arcanna::EXPORT_EVENT,
    &poll::GET_EVENT_STATUS,
    &arcanna::SEND_EVENT_FEEDBACK,
    &darktrace::GET_SIMILAR_DEVICES,
    &darktrace::GET_EXTERNAL_ENDPOINT_DETAILS,
    &connections::GET_DEVICE_CONNECTION_INFO,
    &search::RUN_ADVANCED_SEARCH_ANALYSIS,
    &darktrace::POST_TO_WATCHED_LIST,
    &tag::GET_TAGGED_DEVICES,
    &tag::GET_TAGS_FOR_DEVICE,
    &tag::POST_TAG_TO_DEVICE,
];

/// The command of this name; a leading `!` is taken off.
pub fn find(name: &str) -> Option<&'static Entry> {
    let name = name.strip_prefix('!').unwrap_or(name);
    ALL.into_iter().find(|entry| entry.name == name)
}

impl Entry {
    /// The argument of this name or alias.
    pub fn arg(&self, name: &str) -> Option<&'static Arg> {
        self.args.iter().find(|arg| arg.name == name || arg.aliases.contains(&name))
    }

    /// How it is written: `darktrace-get-similar-devices did=… max_results=…`; what may be left out is in brackets.
    pub fn usage(&self) -> String {
        let mut line = self.name.to_owned();
        for arg in self.args {
            let value = match arg.kind {
                Kind::Flag => "true|false".to_owned(),
                Kind::OneOf(allowed) => allowed.join("|"),
                Kind::Day => "YYYY-MM-DD".to_owned(),
                Kind::Clock => "HH:MM:SS".to_owned(),
                Kind::Object => "{…}|@FILE|-".to_owned(),
                Kind::Text | Kind::Whole(_) | Kind::Number => "…".to_owned(),
            };
            // writing to a String cannot fail
            let _ = match arg.need {
                Need::Required => write!(line, " {}={value}", arg.name),
                Need::Deprecated(_) => Ok(()),
                _ => write!(line, " [{}={value}]", arg.name),
            };
        }
        line
    }
}

/// The command a line names.
///
/// # Errors
/// No such command, with the nearest name.
pub fn entry_of(line: &Line) -> Result<&'static Entry, UsageError> {
    find(&line.name).ok_or_else(|| {
        let names: Vec<&str> = ALL.iter().map(|entry| entry.name).collect();
        UsageError {
            what: format!("there is no command `{}`", line.name),
            nearest: args::nearest(&line.name, &names),
            usage: None,
        }
    })
}

/// Checks a line's arguments and makes it ready to run. Nothing is sent.
///
/// # Errors
/// What is wrong with the line, with the usage of the command.
pub fn prepare(
    entry: &'static Entry,
    pairs: &[(String, String)],
    defaults: &Defaults,
    fetch: Fetch,
) -> Result<Run, UsageError> {
    let mut args = args::bind(entry, pairs, defaults, fetch)?;
    let plan = (entry.plan)(&args).map_err(|what| UsageError {
        what,
        nearest: None,
        usage: Some(entry.usage()),
    })?;
    Ok(Run::new(entry, plan, std::mem::take(&mut args.notes)))
}

/// Whether a line could be run by somebody: what is wrong with it whatever the settings say. Reads nothing.
///
/// # Errors
/// As [`prepare`], but for what settings can fill in and what files hold.
pub fn check(entry: &'static Entry, pairs: &[(String, String)]) -> Result<(), UsageError> {
    let filled =
        Defaults { job_id: Some(0), username: Some("somebody".to_owned()), ..Defaults::default() };
    prepare(entry, pairs, &filled, &mut |_| Ok("{}".to_owned())).map(|_| ())
}
