//! `socdeck simulate`: both products on this machine, until a signal ends it.

use std::process::ExitCode;

use super::{Exit, Failure, SimulateArgs};

pub(super) fn run(_: &SimulateArgs) -> Result<ExitCode, Failure> {
    Err(Failure::said(Exit::Refused, "this build has no simulator"))
}
