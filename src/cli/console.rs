//! The console, live and as `demo`: the one place that hands the settings to the loop.

use std::process::ExitCode;

use crate::config::Loaded;

use super::{Exit, Failure};

/// Opens the console on the configured products.
pub(super) fn live(loaded: &Loaded) -> Result<ExitCode, Failure> {
    absent(loaded)
}

/// Opens the console on a simulator inside this process.
pub(super) fn demo(loaded: &Loaded) -> Result<ExitCode, Failure> {
    absent(loaded)
}

fn absent(_: &Loaded) -> Result<ExitCode, Failure> {
    Err(Failure::said(
        Exit::Refused,
        "this build has no console; `exec`, `simulate`, `doctor` and `config` work",
    ))
}
