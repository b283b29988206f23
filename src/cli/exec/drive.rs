//! Drives a run of the catalogue over a transport: sends its calls, waits its waits, repeats what may be repeated.
//!
//! Must not: print results or know formats. What it has to say on the way goes to the given writer.

use std::fmt;
use std::io::Write;
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tokio::time::{Instant, sleep, timeout_at};

use super::show::clean;
use crate::api::{Answer, ApiError, Call, Cause, Kind, Transport};
use crate::catalogue::{Failure, Outcome, Run, Step, Waiting};

/// The longest wait a server may ask for between two tries.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends what a run asks for until it is done.
///
/// # Errors
/// Why there is no result.
pub async fn drive(
    run: &mut Run,
    transport: &dyn Transport,
    say: &mut dyn Write,
    progress: bool,
) -> Result<Outcome, Failure> {
    let started = Instant::now();
    let mut step = run.start();
    loop {
        step = match step {
            Step::Done(outcome) => return Ok(outcome),
            Step::Failed(failure) => return Err(failure),
            Step::Ask(call) => {
                let sending = send(transport, &call, !run.patient(), say);
                let answer = match run.deadline() {
                    Some(limit) => timeout_at(started + limit, sending).await.ok(),
                    None => Some(sending.await),
                };
                match answer {
                    Some(answer) => run.answered(answer, started.elapsed()),
                    None => run.expired(),
                }
            }
            Step::Wait(pause, why) => {
                let next = Seconds(pause);
                match why {
                    Waiting::Pending(status) if progress => {
                        tell(say, &format!("{status}; looking again in {next}"));
                    }
                    Waiting::Pending(_) => {}
                    Waiting::Trouble(error) => {
                        tell(say, &format!("{} Looking again in {next}.", error.explain().what));
                    }
                }
                sleep(pause).await;
                run.waited(started.elapsed())
            }
        };
    }
}

/// Sends a call, and again where that is safe and could help: a read twice more, feedback once more, other writes never.
async fn send(
    transport: &dyn Transport,
    call: &Call,
    may_repeat: bool,
    say: &mut dyn Write,
) -> Result<Answer, ApiError> {
    let tries = match call.kind {
        _ if !may_repeat => 0,
        Kind::Read => 2,
        Kind::Repeatable => 1,
        Kind::Once => 0,
    };
    let mut pauses = ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(500))
        .with_max_times(tries)
        .with_jitter()
        .build();
    loop {
        let error = match transport.send(call).await {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        // a call that used up its whole time is not given the same time again
        if !error.repeatable() || matches!(*error.cause, Cause::AnswerTimeout(_)) {
            return Err(error);
        }
        let Some(pause) = pauses.next() else {
            return Err(error);
        };
        let asked = error.retry_after().unwrap_or_default();
        if asked > PATIENCE {
            tell(
                say,
                &format!(
                    "the server asks to wait {}, longer than the {} this waits",
                    Seconds(asked),
                    Seconds(PATIENCE)
                ),
            );
            return Err(error);
        }
        let pause = pause.max(asked);
        tell(say, &format!("{} Trying again in {}.", error.explain().what, Seconds(pause)));
        sleep(pause).await;
    }
}

/// One line for a person. A closed stderr is no reason to stop.
pub(super) fn tell(say: &mut dyn Write, words: &str) {
    let _ = writeln!(say, "socdeck: {}", clean(words));
}

/// A pause in a person's words.
pub(super) struct Seconds(pub Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.subsec_millis() == 0 {
            write!(f, "{} s", self.0.as_secs())
        } else {
            write!(f, "{:.1} s", self.0.as_secs_f64())
        }
    }
}
