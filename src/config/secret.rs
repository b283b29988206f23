//! Keys and tokens: given, or printed by a command that is run when they are first needed. Never printed by us.

use std::fmt;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use secrecy::SecretString;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::{Instant, timeout, timeout_at};

use super::parse;
use super::place::Place;
use super::tree::Data;

/// How long a command may take to print a secret.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(10);
/// How long to read on after the command is gone: a child it left behind may hold its output open for ever.
const AFTER_EXIT: Duration = Duration::from_millis(200);
/// The most that is kept of a command's output, in bytes.
const OUTPUT_CAP: u64 = 64 * 1024;

/// Where a secret comes from.
#[derive(Clone)]
pub enum Secret {
    /// It was given as it is.
    Given {
        /// The secret.
        value: SecretString,
        /// Where it was given.
        place: Place,
    },
    /// The first line a command prints.
    Command {
        /// The command, for `sh -c`.
        line: String,
        /// Where it was given.
        place: Place,
    },
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given { place, .. } => write!(f, "Secret(given: {place})"),
            Self::Command { place, .. } => write!(f, "Secret(command: {place})"),
        }
    }
}

/// A secret in hand.
#[derive(Debug, Clone)]
pub struct Revealed {
    /// The secret.
    pub value: SecretString,
    /// What the command said besides; foreign text, not cleaned.
    pub note: Option<String>,
}

/// Why a command gave no secret. Holds what it said on stderr (foreign text, not cleaned), never what it printed.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// It could not be started.
    #[error("{place}: the command could not be run: {source}")]
    Start {
        /// Where the command is configured.
        place: Place,
        /// Why.
        source: io::Error,
    },
    /// It took too long.
    #[error("{place}: the command gave nothing within {} s{}", COMMAND_LIMIT.as_secs(), said(said_on_stderr))]
    TimedOut {
        /// Where the command is configured.
        place: Place,
        /// What it said on stderr.
        said_on_stderr: String,
    },
    /// It failed.
    #[error("{place}: the command failed ({status}){}", said(said_on_stderr))]
    Failed {
        /// Where the command is configured.
        place: Place,
        /// How it ended.
        status: ExitStatus,
        /// What it said on stderr.
        said_on_stderr: String,
    },
    /// Its first line is no secret.
    #[error(
        "{place}: the first line of the command's output is no key or token: {why}{}",
        said(said_on_stderr)
    )]
    Unusable {
        /// Where the command is configured.
        place: Place,
        /// Why not.
        why: String,
        /// What it said on stderr.
        said_on_stderr: String,
    },
}

fn said(text: &str) -> String {
    match text.trim() {
        "" => String::new(),
        text => format!("; it said: {text}"),
    }
}

impl Secret {
    /// Where it is configured.
    pub fn place(&self) -> &Place {
        match self {
            Self::Given { place, .. } | Self::Command { place, .. } => place,
        }
    }

    /// The secret itself: runs the command where there is one, at most [`COMMAND_LIMIT`]. Needs a tokio runtime.
    ///
    /// # Errors
    /// The command could not be started, failed, took too long, or printed nothing usable.
    pub async fn reveal(&self) -> Result<Revealed, SecretError> {
        match self {
            Self::Given { value, .. } => Ok(Revealed { value: value.clone(), note: None }),
            Self::Command { line, place } => run(line, place, COMMAND_LIMIT).await,
        }
    }
}

async fn run(line: &str, place: &Place, limit: Duration) -> Result<Revealed, SecretError> {
    let deadline = Instant::now() + limit;
    let failed = |source| SecretError::Start { place: place.clone(), source };
    // the terminal stays theirs: a password manager may ask on /dev/tty, but must not eat keys meant for the console
    let mut child = Command::new("sh")
        .arg("-c")
        .arg(line)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = {
        let reading = async { tokio::join!(drain(stdout, &mut out), drain(stderr, &mut err)) };
        tokio::pin!(reading);
        let ended = timeout_at(deadline, async {
            tokio::select! {
                biased;
                _ = &mut reading => child.wait().await,
                status = child.wait() => {
                    // an Err is the child left behind: what was read until now is what there is
                    let _ = timeout(AFTER_EXIT, &mut reading).await;
                    status
                }
            }
        })
        .await;
        match ended {
            Ok(status) => Some(status.map_err(failed)?),
            Err(_) => None,
        }
    };
    let said_on_stderr = String::from_utf8_lossy(&err).trim().to_owned();
    let place = place.clone();
    let Some(status) = status else {
        return Err(SecretError::TimedOut { place, said_on_stderr });
    };
    if !status.success() {
        return Err(SecretError::Failed { place, status, said_on_stderr });
    }
    let first = out.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let first = first.strip_suffix(b"\r").unwrap_or(first);
    let text = String::from_utf8_lossy(first).into_owned();
    match parse::secret(&Data::Text(text)) {
        Ok(text) => Ok(Revealed {
            value: SecretString::from(text),
            note: Some(said_on_stderr).filter(|note| !note.is_empty()),
        }),
        Err(bad) => Err(SecretError::Unusable {
            place,
            why: bad.what.unwrap_or(bad.allowed),
            said_on_stderr,
        }),
    }
}

/// Reads to the end, keeping the first [`OUTPUT_CAP`] bytes; the rest is read and dropped, so that the writer can finish.
async fn drain(source: Option<impl AsyncRead + Unpin>, kept: &mut Vec<u8>) {
    let Some(mut source) = source else { return };
    let mut chunk = [0; 4096];
    // a read error ends the output like its end does: the exit status says whether it was good
    while let Ok(count @ 1..) = source.read(&mut chunk).await {
        let room = (OUTPUT_CAP as usize).saturating_sub(kept.len());
        kept.extend_from_slice(&chunk[..count.min(room)]);
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    async fn first_line(line: &str) -> Result<Revealed, SecretError> {
        run(line, &Place::Flag("--test"), Duration::from_secs(10)).await
    }

    #[tokio::test]
    async fn the_first_line_is_the_secret_and_stderr_is_kept() {
        let revealed = first_line("printf 'k3y\\r\\nsecond\\n'; echo unlocked >&2").await.unwrap();
        assert_eq!(revealed.value.expose_secret(), "k3y");
        assert_eq!(revealed.note.as_deref(), Some("unlocked"));
    }

    #[tokio::test]
    async fn a_failure_tells_what_the_command_said_but_never_what_it_printed() {
        for (line, told) in [
            (
                "echo hunter2; echo 'no such entry' >&2; exit 3",
                "exit status: 3); it said: no such entry",
            ),
            ("true", "it is empty"),
            ("echo 'hunter2 with blanks'", "character 8"),
            ("/nonexistent/command", "exit status: 127"),
        ] {
            let error = first_line(line).await.unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
            assert!(error.starts_with("flag --test: "), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[tokio::test]
    async fn a_command_that_hangs_is_given_up() {
        let error = run(
            "echo waiting >&2; exec sleep 60",
            &Place::Flag("--test"),
            Duration::from_millis(300),
        )
        .await
        .unwrap_err();
        assert!(
            matches!(&error, SecretError::TimedOut { said_on_stderr, .. } if said_on_stderr == "waiting"),
            "{error}"
        );
    }

    #[tokio::test]
    async fn a_child_left_behind_does_not_hold_the_secret_back() {
        let began = std::time::Instant::now();
        let revealed = first_line("echo k3y; sleep 8 &").await.unwrap();
        assert_eq!(revealed.value.expose_secret(), "k3y");
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[tokio::test]
    async fn much_output_neither_blocks_nor_fills_memory() {
        let revealed = first_line("echo k3y; head -c 1000000 /dev/zero").await.unwrap();
        assert_eq!(revealed.value.expose_secret(), "k3y");
    }

    #[test]
    fn debug_tells_no_secret() {
        let secret = Secret::Given { value: SecretString::from("hunter2"), place: Place::Default };
        assert_eq!(format!("{secret:?}"), "Secret(given: default)");
    }
}
