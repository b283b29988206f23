//! Hands text to the clipboard of the terminal in front of the person, however far away that is.
//!
//! Nobody can know whether it arrived: a terminal may ignore the sequence and does not answer. So nothing here ever says
//! "copied". The text is the caller's: what leaves the program is defanged before it comes here.

use std::io::{self, Write};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Screen;

/// Most bytes sent: common terminals drop sequences above 100,000 characters, and base64 grows by a third.
pub const CAP: usize = 74_994;
/// How long tmux may take.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where the text went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// Into a tmux buffer, which tmux offers to the terminal outside.
    Tmux(usize),
    /// To the terminal.
    Terminal(usize),
}

impl std::fmt::Display for Sent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tmux(n) => {
                write!(f, "in tmux's buffer ({n} B) and sent on to your terminal, it may refuse")
            }
            Self::Terminal(n) => write!(f, "sent to your terminal ({n} B), it may refuse"),
        }
    }
}

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Terminals drop texts of this length without a word.
    #[error(
        "{0} B are too much for a terminal's clipboard (at most {CAP}): export to a file instead"
    )]
    TooLong(usize),
    /// The terminal did not take the bytes.
    #[error("the terminal did not take it: {0}")]
    Io(#[from] io::Error),
}

/// The sequence that sets the clipboard (OSC 52).
///
/// # Errors
/// The text is longer than [`CAP`].
pub fn osc52(text: &str) -> Result<String, Refused> {
    if text.len() > CAP {
        return Err(Refused::TooLong(text.len()));
    }
    Ok(format!("\x1b]52;c;{}\x07", STANDARD.encode(text)))
}

/// Sends text to the clipboard: through tmux when inside one (`in_tmux`: the variable `TMUX` is set), else directly.
///
/// # Errors
/// The text is too long, or the terminal does not take it.
pub fn send(screen: &mut Screen, text: &str, in_tmux: bool) -> Result<Sent, Refused> {
    let sequence = osc52(text)?;
    if in_tmux {
        match tmux(Command::new("tmux").args(["load-buffer", "-w", "-"]), text) {
            Ok(()) => return Ok(Sent::Tmux(text.len())),
            Err(e) => tracing::debug!(error = %e, "tmux load-buffer"),
        }
    }
    screen.send(&sequence)?;
    Ok(Sent::Terminal(text.len()))
}

/// Feeds the text to a command, in a thread of its own so that a stuck one costs a second and not the program.
fn tmux(command: &mut Command, text: &str) -> io::Result<()> {
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    let stdin = child.stdin.take();
    let text = text.to_owned();
    let (tell, done) = mpsc::channel();
    thread::Builder::new().name("tmux".into()).spawn(move || {
        let written = stdin.map_or(Ok(()), |mut pipe| pipe.write_all(text.as_bytes()));
        let status = child.wait();
        let _ = tell.send(written.and(status));
    })?;
    match done.recv_timeout(PATIENCE) {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(io::Error::other(status.to_string())),
        Ok(Err(e)) => Err(e),
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Options;
    use super::*;

    #[test]
    fn the_sequence_is_base64_and_capped() {
        assert_eq!(osc52("8[.]8").unwrap(), "\x1b]52;c;OFsuXTg=\x07");
        assert!(osc52(&"x".repeat(CAP)).unwrap().len() < 100_010);
        assert!(matches!(osc52(&"x".repeat(CAP + 1)), Err(Refused::TooLong(_))));
    }

    #[test]
    fn the_words_promise_nothing() {
        let mut screen = Screen::over(io::sink(), 80, 24, &Options::default()).unwrap();
        let sent = send(&mut screen, &"x".repeat(312), false).unwrap();
        assert_eq!(sent.to_string(), "sent to your terminal (312 B), it may refuse");
        assert!(!Sent::Tmux(1).to_string().contains("copied"));
    }

    #[test]
    fn a_helper_that_fails_or_is_missing_is_an_error() {
        assert!(tmux(&mut Command::new("cat"), "x").is_ok());
        assert!(tmux(&mut Command::new("false"), "x").is_err());
        assert!(tmux(&mut Command::new("/nonexistent/helper"), "x").is_err());
    }
}
