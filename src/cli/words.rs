//! Sub-commands made of the command line's own words (shell completions, the manual page), and the one for a terminal that a
//! killed console left behind.

use std::process::ExitCode;

use clap::{Command, CommandFactory};

use crate::term::modes;

use super::args::Cli;
use super::{Exit, Failure, output};

/// Puts the terminal back and says nothing: what it would say is the only thing on a screen that may still be garbled.
pub(super) fn reset_terminal() -> Result<ExitCode, Failure> {
    modes::reset().map_err(|error| Failure::said(Exit::Refused, error.to_string()))?;
    Ok(Exit::Done.into())
}

/// Prints the completion script of a shell.
pub(super) fn completions(shell: clap_complete::Shell) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "socdeck", &mut script);
    output::data(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done.into())
}

/// Prints one manual page with every sub-command in it: a tool with a dozen of them reads better whole.
pub(super) fn man() -> Result<ExitCode, Failure> {
    let mut page = Vec::new();
    let command = Cli::command();
    let written = write(&command, &mut page);
    written.map_err(|error| Failure::said(Exit::Refused, format!("the manual page: {error}")))?;
    output::data(&String::from_utf8_lossy(&page))?;
    Ok(Exit::Done.into())
}

fn write(command: &Command, page: &mut Vec<u8>) -> std::io::Result<()> {
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    for (names, one) in subcommands(command, "") {
        page.extend_from_slice(format!(".SH \"{}\"\n", names.to_uppercase()).as_bytes());
        let man = clap_mangen::Man::new(one);
        man.render_description_section(page)?;
        man.render_options_section(page)?;
    }
    man.render_extra_section(page)?;
    man.render_version_section(page)
}

/// Every sub-command with its words, those of sub-commands too: `config print`.
fn subcommands(command: &Command, before: &str) -> Vec<(String, Command)> {
    let mut found = Vec::new();
    for one in command.get_subcommands().filter(|one| one.get_name() != "help") {
        let names = format!("{before}{}", one.get_name());
        found.push((names.clone(), one.clone()));
        found.extend(subcommands(one, &format!("{names} ")));
    }
    found
}
