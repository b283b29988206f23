//! Runs admitted [`Action`]s: lanes per product, retries, pauses, cancellation. The only module that spawns.
//!
//! It decides nothing about what is wanted (that is [`crate::job`]) and knows no store. Each action ends in exactly one
//! terminal report: answer, refusal, cancellation or crash.

mod dispatch;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::api::Transport;
use crate::job::{Action, Report, Ticket};

/// What the loop tells the queue.
#[derive(Debug)]
pub enum Command {
    /// Execute this.
    Run(Action),
    /// Abandon this if it has not ended; a write that is being sent is left to end.
    Cancel(Ticket),
}

/// How much the queue does at once and how patient it is.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Reads under way at once, per product.
    pub reads: usize,
    /// How often a read is repeated after its first attempt.
    pub retries: u32,
    /// Pause before the first repetition; each further one is three times as long, with jitter.
    pub backoff: Duration,
    /// Pause of a product after a 429 without `Retry-After`.
    pub pause: Duration,
    /// The longest pause a server may impose.
    pub longest_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            reads: 4,
            retries: 2,
            backoff: Duration::from_millis(300),
            pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(300),
        }
    }
}

/// The sending half of a running queue. Dropping it cancels everything that may be cancelled and ends the queue.
#[derive(Debug)]
pub struct Queue {
    /// Where commands go in. Bounded: the loop keeps what does not fit and never waits here.
    pub commands: mpsc::Sender<Command>,
    /// Ends when everything has reported.
    pub done: JoinHandle<()>,
}

/// Starts the queue on the current runtime.
pub fn start(
    transport: Arc<dyn Transport>,
    limits: Limits,
    reports: mpsc::Sender<Report>,
) -> Queue {
    let (commands, inbox) = mpsc::channel(256);
    let done = tokio::spawn(dispatch::Dispatch::new(transport, limits, reports).run(inbox));
    Queue { commands, done }
}

#[cfg(test)]
mod tests;
