//! `socdeck exec`: one command of the catalogue from the shell. Data goes to stdout, everything else to stderr.
//!
//! Must not: know any single command (that is [`crate::catalogue`]) or any product's wire (that is [`crate::api`]).

mod drive;
mod show;

use std::fmt::Write as _;
use std::fs;
use std::io::{self, IsTerminal, Read, Write};
use std::process::ExitCode;

use clap::Args;

use super::Exit;
use crate::api::{ApiError, Product, Transport};
use crate::catalogue::{
    self, Arg, Defaults, Entry, Failure, Kind, Line, Need, Outcome, Source, UsageError,
};
use drive::{Seconds, drive, tell};
pub(in crate::cli) use show::escaped;
pub use show::{Format, bytes, clean};

/// What `exec --help` says at its end.
pub const EXIT_CODES: &str = "\
A command is written as the manuals write it, also as one word:
  socdeck exec darktrace-get-similar-devices did=1 max_results=2
  socdeck exec '!arcanna-trigger-train job_id=\"1201\" username=\"admin\"'
event_json=@FILE reads a file, event_json=- standard input.

Exit codes:
  0  done
  1  the product refused
  2  usage: unknown command, missing or malformed argument, unknown label
  3  configuration
  4  credentials, clock or permission
  5  network
  6  timed out";

/// Arguments of `socdeck exec`.
#[derive(Debug, Clone, Args)]
#[command(
    after_help = EXIT_CODES,
    override_usage = "socdeck exec [OPTIONS] NAME [key=value ...]\n       socdeck exec --list"
)]
pub struct ExecArgs {
    /// The command's name, then its arguments as key=value
    #[arg(value_name = "NAME", required_unless_present = "list")]
    pub words: Vec<String>,
    /// How the result is printed
    #[arg(long, short, value_enum, default_value_t)]
    pub format: Format,
    /// List the commands with their arguments
    #[arg(long)]
    pub list: bool,
}

/// What a command needs besides its line.
pub struct Setup {
    /// Carries the calls.
    pub transport: Box<dyn Transport>,
    /// What the settings fill in.
    pub defaults: Defaults,
    /// Whether the settings forbid changes.
    pub read_only: bool,
}

/// Exit code of a command that was interrupted, as shells have it for SIGINT.
const INTERRUPTED: u8 = 130;

/// Runs `socdeck exec`. `setup` is asked once the command is known, with the product it needs; when it fails it has said
/// why itself.
pub fn run(
    args: &ExecArgs,
    setup: impl AsyncFnOnce(Product) -> Result<Setup, ExitCode>,
) -> ExitCode {
    let mut err = io::stderr();
    if args.list {
        return print(list().as_bytes(), &mut err).unwrap_or(ExitCode::SUCCESS);
    }
    let known = Line::from_words(&args.words)
        .map_err(|broken| {
            let first = args.words.first().map_or("", |word| word.trim());
            let name = first.split_whitespace().next().unwrap_or_default();
            UsageError {
                usage: catalogue::find(name).map(Entry::usage),
                ..UsageError::from(broken)
            }
        })
        .and_then(|line| {
            let entry = catalogue::entry_of(&line)?;
            catalogue::check(entry, &line.pairs)?;
            Ok((entry, line))
        });
    let (entry, line) = match known {
        Ok(known) => known,
        Err(error) => return misused(&error, &mut err),
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tell(&mut err, &format!("cannot start: {error}"));
            return Exit::Refused.into();
        }
    };
    let code = runtime.block_on(async {
        tokio::select! {
            // first, so that the signal is caught before anything is sent; the runtime's drop abandons what is in flight
            biased;
            _ = tokio::signal::ctrl_c() => None,
            code = execute(entry, &line, args.format, setup) => Some(code),
        }
    });
    runtime.shutdown_background();
    code.unwrap_or_else(|| {
        tell(
            &mut err,
            if entry.write {
                "interrupted; the change may have been made all the same"
            } else {
                "interrupted"
            },
        );
        ExitCode::from(INTERRUPTED)
    })
}

async fn execute(
    entry: &'static Entry,
    line: &Line,
    format: Format,
    setup: impl AsyncFnOnce(Product) -> Result<Setup, ExitCode>,
) -> ExitCode {
    let mut err = io::stderr();
    let setup = match setup(entry.product).await {
        Ok(setup) => setup,
        Err(code) => return code,
    };
    let mut run = match catalogue::prepare(entry, &line.pairs, &setup.defaults, &mut fetch) {
        Ok(run) => run,
        Err(error) => return misused(&error, &mut err),
    };
    for note in run.notes() {
        note_of(note, &mut err);
    }
    if entry.write && setup.read_only {
        tell(
            &mut err,
            &format!("{} changes something, and the settings say read-only", entry.name),
        );
        return Exit::Configuration.into();
    }
    let progress = err.is_terminal();
    match drive(&mut run, &*setup.transport, &mut err, progress).await {
        Ok(outcome) => finish(&outcome, format, &mut err),
        Err(failure) => failed(&failure, entry, format, &mut err),
    }
}

/// Prints a result and its notes.
fn finish(outcome: &Outcome, format: Format, err: &mut dyn Write) -> ExitCode {
    if let Some(code) = print(&bytes(outcome, format, io::stdout().is_terminal()), err) {
        return code;
    }
    for note in &outcome.notes {
        note_of(note, err);
    }
    match &outcome.refusal {
        Some(words) => {
            tell(err, words);
            Exit::Refused.into()
        }
        None => ExitCode::SUCCESS,
    }
}

fn failed(failure: &Failure, entry: &Entry, format: Format, err: &mut dyn Write) -> ExitCode {
    match failure {
        Failure::Usage(error) => misused(error, err),
        Failure::Api(error) => {
            explain(error, err);
            // a command that changes something may have failed while it was still reading
            let reading = error.target.starts_with("GET ") || error.target.is_empty();
            if entry.write && !reading && error.outcome_unknown() {
                tell(err, "the change may have been made all the same; look before repeating it");
            }
            Exit::from(error.class()).into()
        }
        Failure::TimedOut { limit, last, trouble } => {
            if let Some(outcome) = last
                && let Some(code) = print(&bytes(outcome, format, io::stdout().is_terminal()), err)
            {
                return code;
            }
            if let Some(error) = trouble {
                explain(error, err);
            }
            let seen = if last.is_some() {
                "; this is the last state seen"
            } else {
                ", and no look was answered"
            };
            tell(err, &format!("no decision within {}{seen}", Seconds(*limit)));
            Exit::TimedOut.into()
        }
    }
}

/// What happened, why, and what to do next.
fn explain(error: &ApiError, err: &mut dyn Write) {
    let told = error.explain();
    tell(err, &told.what);
    for more in [told.why, told.next] {
        if !more.is_empty() {
            let _ = writeln!(err, "  {}", clean(&more)); // a closed stderr is no reason to stop
        }
    }
}

fn misused(error: &UsageError, err: &mut dyn Write) -> ExitCode {
    let mut lines = error.to_string();
    if error.usage.is_none() && error.nearest.is_none() {
        lines += "\n`socdeck exec --list` names the commands";
    }
    for (at, line) in lines.lines().enumerate() {
        let lead = if at == 0 { "socdeck: " } else { "" };
        let _ = writeln!(err, "{lead}{}", clean(line)); // a closed stderr is no reason to stop
    }
    Exit::Usage.into()
}

fn note_of(note: &str, err: &mut dyn Write) {
    let _ = writeln!(err, "note: {}", clean(note)); // a closed stderr is no reason to stop
}

/// Writes to stdout. A reader that has gone (`| head`) is no failure and gets no word; `Some` when writing failed.
fn print(data: &[u8], err: &mut dyn Write) -> Option<ExitCode> {
    let mut out = io::stdout().lock();
    match out.write_all(data).and_then(|()| out.flush()) {
        Ok(()) => None,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => None,
        Err(error) => {
            tell(err, &format!("cannot write to standard output: {error}"));
            Some(Exit::Refused.into())
        }
    }
}

/// The most that is read as an event, in bytes.
const EVENT_CAP: u64 = 64 * 1024 * 1024;

/// Reads what an argument points to.
fn fetch(source: Source) -> io::Result<String> {
    let reader: Box<dyn Read> = match source {
        Source::File(path) => Box::new(fs::File::open(path)?),
        Source::Stdin => Box::new(io::stdin().lock()),
    };
    let mut text = String::new();
    reader.take(EVENT_CAP + 1).read_to_string(&mut text)?;
    if text.len() as u64 > EVENT_CAP {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is larger than 64 MiB"));
    }
    Ok(text)
}

/// What `exec --list` prints.
fn list() -> String {
    let mut out = String::new();
    for entry in catalogue::ALL {
        if !out.is_empty() {
            out.push('\n');
        }
        out += entry.name;
        out += if entry.write { "  (changes something)\n" } else { "\n" };
        out.extend(["  ", entry.title, "\n"]);
        for arg in entry.args {
            let _ = writeln!(out, "    {:<20} {}", arg.name, about(arg)); // writing to a String cannot fail
        }
    }
    out
}

fn about(arg: &Arg) -> String {
    let need = match arg.need {
        Need::Required => "required",
        Need::OrDefaultJob => "required, or the default job of the settings",
        Need::OrAnalyst => "required, or the analyst of the settings",
        Need::Optional | Need::OrPollInterval | Need::OrPollTimeout => "optional",
        Need::Default(value) => &format!("optional, {value} by default"),
        Need::Deprecated(_) => "deprecated, not sent",
    };
    let values = match arg.kind {
        Kind::OneOf(allowed) => format!(" ({})", allowed.join(", ")),
        Kind::Flag => " (true, false)".to_owned(),
        _ => String::new(),
    };
    let aliases = if arg.aliases.is_empty() {
        String::new()
    } else {
        format!("; also {}", arg.aliases.join(", "))
    };
    format!("{need}: {}{values}{aliases}", arg.help)
}
