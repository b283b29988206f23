//! The words of the command line, and what the flags say about settings. Secrets are no flags: everyone on the machine can
//! see a command line.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand};
use strum::VariantNames;

use crate::config::{Flag, FlagValue, Folders, LogLevel, Policy, Sources, ThemeName};
use crate::sim::FAULT_GRAMMAR;

use super::exec::ExecArgs;

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  refused by the product, or by this machine
  2  usage
  3  configuration
  4  credentials: key, token, signature, clock or permission
  5  network: no connection, or what answered is not the product
  6  timed out

Settings: built-in defaults, then the configuration file (`socdeck config path`), then the environment
(SOCDECK_ARCANNA_URL, SOCDECK_ARCANNA_API_KEY, SOCDECK_DARKTRACE_URL, SOCDECK_DARKTRACE_PUBLIC_TOKEN,
SOCDECK_DARKTRACE_PRIVATE_TOKEN, SOCDECK_USERNAME, SOCDECK_CONFIG, SOCDECK_PROFILE, SOCDECK_LOG), then flags.";

/// A terminal console for SOC analysts: Arcanna decisions and feedback beside Darktrace devices, tags and endpoints.
///
/// Without a command it opens the console. `socdeck demo` opens it on a built-in simulator; nothing need be configured.
#[derive(Parser)]
#[command(name = "socdeck", version, after_long_help = EXIT_CODES, after_help = "--help tells more, exit codes among it")]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// Flags that may stand before or after the command; each lies over the environment and the file.
#[derive(Args)]
pub(super) struct Global {
    /// The configuration file
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// The profile of the configuration file
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// Address of the Arcanna API
    #[arg(long, global = true, value_name = "URL")]
    arcanna_url: Option<String>,
    /// Trust any certificate of Arcanna
    #[arg(long, global = true)]
    arcanna_insecure: bool,
    /// Address of the Darktrace master
    #[arg(long, global = true, value_name = "URL")]
    darktrace_url: Option<String>,
    /// Trust any certificate of Darktrace
    #[arg(long, global = true)]
    darktrace_insecure: bool,
    /// The name labels are given under
    #[arg(long, global = true, value_name = "NAME")]
    username: Option<String>,
    /// Refuse everything that changes something
    #[arg(long, global = true)]
    read_only: bool,
    /// The colours
    #[arg(long, global = true, value_parser = PossibleValuesParser::new(ThemeName::VARIANTS))]
    theme: Option<String>,
    /// Draw with ASCII alone
    #[arg(long, global = true)]
    ascii: bool,
    /// How much is written to the log file
    #[arg(long, global = true, value_name = "LEVEL", value_parser = PossibleValuesParser::new(LogLevel::VARIANTS))]
    log: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Open the console on a built-in simulator
    Demo,
    /// Run one operation of the catalogue, such as `arcanna-get-jobs`
    Exec(ExecArgs),
    /// Serve both products on this machine, for trying things out
    Simulate(SimulateArgs),
    /// Test both products and this machine, and say what is wrong
    Doctor,
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        what: ConfigCommand,
    },
    /// Write a configuration file with every setting explained
    Init,
    /// Put the terminal back after a console that was killed
    ResetTerminal,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page (roff)
    Man,
    /// Show what was done and how it ended, or check that its record is whole
    Ledger {
        #[command(subcommand)]
        what: LedgerCommand,
    },
}

#[derive(Subcommand)]
pub(super) enum LedgerCommand {
    /// Print what was done
    Export {
        /// Only what was staged since: a span back (-8h, 2d) or a point in time
        #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
        since: Option<String>,
        /// md and csv: one line per act with its latest result; jsonl: the records as they are kept
        #[arg(long, value_name = "FORMAT", default_value = "md")]
        format: LedgerFormat,
    },
    /// Check the chain from the first record to the last; exit code 1 and the place where it breaks
    Verify,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LedgerFormat {
    Md,
    Csv,
    Jsonl,
}

#[derive(Args)]
#[command(after_long_help = format!("Faults: {FAULT_GRAMMAR}"))]
pub(super) struct SimulateArgs {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(super) listen: SocketAddr,
    /// What the data is made from: the same seed gives the same data
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// Milliseconds added to every answer
    #[arg(long, value_name = "MS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=600_000))]
    pub(super) latency: u64,
    #[arg(
        long = "fault",
        value_name = "SPEC",
        help = "A fault: WHAT[@PATH-PREFIX[:METHOD]][,xN][,N%]; may be given several times"
    )]
    pub(super) faults: Vec<String>,
    /// Allow an address that others can reach
    #[arg(long)]
    pub(super) i_know: bool,
}

#[derive(Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every setting with its value and where it comes from, secrets hidden
    Print,
    /// Check the file as every profile sees it, and say everything that is wrong
    Check,
    /// Print the path of the configuration file
    Path,
}

impl Global {
    /// Everything settings are read from: these flags, the environment, the platform's folders.
    pub(super) fn sources(self) -> Sources {
        let text = |flag, setting, value: Option<String>| {
            value.map(|value| Flag { flag, setting, value: FlagValue::Text(value) })
        };
        let truth = |flag, setting, given: bool| {
            given.then_some(Flag { flag, setting, value: FlagValue::True })
        };
        let flags = [
            text("--arcanna-url", ("arcanna", "url"), self.arcanna_url),
            truth("--arcanna-insecure", ("arcanna", "insecure"), self.arcanna_insecure),
            text("--darktrace-url", ("darktrace", "url"), self.darktrace_url),
            truth("--darktrace-insecure", ("darktrace", "insecure"), self.darktrace_insecure),
            text("--username", ("analyst", "username"), self.username),
            truth("--read-only", ("analyst", "read_only"), self.read_only),
            text("--theme", ("ui", "theme"), self.theme),
            truth("--ascii", ("ui", "ascii"), self.ascii),
            text("--log", ("log", "level"), self.log),
        ];
        Sources {
            folders: Folders::of_this_user(),
            config: self.config,
            profile: self.profile,
            environment: std::env::vars_os().collect(),
            flags: flags.into_iter().flatten().collect(),
            session: Vec::new(),
            policy: Some(Policy::default()),
        }
    }
}
