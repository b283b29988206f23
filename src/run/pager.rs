//! A text in the person's own pager: `$PAGER`, else `less`. The text goes through a pipe and lies in no file; the pager's
//! keys come from the terminal. `less` is told to keep to reading (`LESSSECURE`) and to remember nothing.
//!
//! It does not know the screen: it is run while the terminal is given away.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

/// What a shell says of a program it cannot find, or not run.
const NOT_RUN: [i32; 2] = [127, 126];

/// Lets the pager have a text. Returns when it has ended.
///
/// # Errors
/// A sentence for the result line: it could not be run, or did not end well.
pub(super) fn page(text: &str) -> Result<(), String> {
    let set = std::env::var_os("PAGER").filter(|value| !value.is_empty());
    let pager = set.unwrap_or_else(|| OsString::from("less"));
    let named = pager.to_string_lossy().into_owned();
    match feed(&pager, text) {
        Ok(status) => judge(&named, status),
        Err(error) => Err(format!("the pager {named} could not be run: {error}")),
    }
}

fn judge(named: &str, status: ExitStatus) -> Result<(), String> {
    match (status.code(), status.signal()) {
        (Some(0), _) => Ok(()),
        (Some(code), _) if NOT_RUN.contains(&code) => Err(format!(
            "the pager {named} could not be run: set PAGER to one that is here, or y p for a plain screen"
        )),
        (Some(code), _) => Err(format!("the pager {named} ended with {code}")),
        (None, Some(signal)) => Err(format!("the pager {named} was ended by signal {signal}")),
        (None, None) => Err(format!("the pager {named} ended with {status}")),
    }
}

fn feed(pager: &OsString, text: &str) -> io::Result<ExitStatus> {
    // The variable may hold arguments, as in `less -S`: a shell reads it. ^C is the pager's: the shell stays to wait.
    let mut line = OsString::from("trap : INT QUIT\n");
    line.push(pager);
    let mut child = Command::new("/bin/sh")
        .arg("-c")
        .arg(line)
        .env("LESSSECURE", "1")
        .env("LESSHISTFILE", "-")
        .stdin(Stdio::piped())
        .spawn()?;
    let pipe = child.stdin.take();
    let text = text.to_owned();
    // A pager that is left before it has read everything closes the pipe: that is no failure.
    let writer = thread::Builder::new().name("pager".into()).spawn(move || {
        if let Some(mut pipe) = pipe
            && let Err(error) = pipe.write_all(text.as_bytes())
        {
            tracing::debug!(%error, "the pager did not read to the end");
        }
    });
    let status = child.wait()?;
    // Somebody the pager left behind may hold the pipe: the writer is not waited for.
    drop(writer?);
    Ok(status)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn run(line: &str, text: &str) -> Result<(), String> {
        match feed(&OsString::from(line), text) {
            Ok(status) => judge(line, status),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_pager_gets_all_of_it_and_is_told_to_keep_to_reading() {
        let folder = tempfile::tempdir().unwrap();
        let seen = folder.path().join("seen");
        let text = "line\n".repeat(100_000);
        let line = format!("cat > {0}; echo \"$LESSSECURE $LESSHISTFILE\" >> {0}", seen.display());
        run(&line, &text).unwrap();
        assert_eq!(std::fs::read_to_string(&seen).unwrap(), text + "1 -\n");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no file besides");
    }

    #[test]
    fn a_pager_that_stops_early_is_no_failure() {
        run("head -n 1 > /dev/null", &"line\n".repeat(1_000_000)).unwrap();
    }

    #[test]
    fn a_pager_that_is_missing_fails_or_is_killed_is_told() {
        for (line, words) in [
            ("no-such-pager-at-all 2>/dev/null", "could not be run"),
            ("false", "ended with 1"),
            ("kill -9 $$", "signal 9"),
        ] {
            let why = run(line, "text").unwrap_err();
            assert!(why.contains(words), "{line}: {why}");
        }
        assert!(Path::new("/bin/sh").exists());
    }

    #[test]
    fn an_interrupt_ends_the_pager_and_not_the_waiting() {
        // As ^C does, the shell that waits gets the signal too.
        run("kill -INT $$; cat > /dev/null", "text").unwrap();
    }
}
