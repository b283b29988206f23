//! `socdeck simulate`: both products on this machine, until a signal ends it.

use std::process::ExitCode;

use super::args::SimulateArgs;
use super::{Exit, Failure};

pub(super) fn run(_: &SimulateArgs) -> Result<ExitCode, Failure> {
    Err(Failure::said(Exit::Refused, "this build has no simulator"))
}
