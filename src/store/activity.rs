//! The calls that ended, for the Activity pane.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{ApiError, Call};
use crate::job::{Arrived, Live, Ticket};

/// How many ended calls are kept.
const KEPT: usize = 1_000;

/// One ended call.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The ticket it ran under: later calls have larger ones.
    pub ticket: Ticket,
    /// When it ended.
    pub at: Timestamp,
    /// When it was asked.
    pub since: Timestamp,
    /// The request.
    pub call: Call,
    /// Which pane asked; empty for the program itself.
    pub owner: &'static str,
    /// Attempts made.
    pub attempts: u32,
    /// How it ended.
    pub outcome: Outcome,
}

/// How a call ended.
#[derive(Debug, Clone)]
pub enum Outcome {
    /// With an answer: status, time of the last attempt, bytes.
    Answered(u16, Duration, usize),
    /// Without.
    Failed(ApiError),
}

impl Outcome {
    /// The outcome of a terminal report.
    pub fn of(result: &Result<Arrived, ApiError>) -> Self {
        match result {
            Ok(arrived) => Self::Answered(arrived.status, arrived.took, arrived.size),
            Err(error) => Self::Failed(error.clone()),
        }
    }
}

impl Entry {
    /// An entry for work that has ended.
    pub fn new(ticket: Ticket, live: &Live, outcome: Outcome, at: Timestamp) -> Self {
        Self {
            ticket,
            at,
            since: live.since,
            call: live.call.clone(),
            owner: live.owner,
            attempts: live.attempts,
            outcome,
        }
    }
}

/// A bounded list of ended calls, newest last.
#[derive(Debug, Default)]
pub struct Activity {
    entries: VecDeque<Entry>,
}

impl Activity {
    /// Adds one and forgets the oldest beyond the bound.
    pub fn push(&mut self, entry: Entry) {
        if self.entries.len() == KEPT {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().rev()
    }

    /// The newest entry.
    pub fn last(&self) -> Option<&Entry> {
        self.entries.back()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether none is kept.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}
