//! Admission: may this start, and does this answer still count? Pure state, no clock, no channel, no task.
//!
//! A [`Ticket`] is a generation. [`Jobs::admit`] runs before anything is marked pending; the queue only executes what was
//! admitted and sends [`Report`]s, exactly one of them terminal. An answer whose ticket is not the current one of its
//! [`Slot`] is dropped by whoever lands it.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::api::{ApiError, Call, Decode};

/// The generation of one piece of work. Later work has a larger ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(u64);

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// The one place on screen, or the one writer, that an answer is for: `event status 1202/615471`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(String);

impl Slot {
    /// A slot by its name; equal names are the same slot.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What happens when a slot is busy, and who may repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// A read a person asked for: cancels the older one and starts; retried at most twice.
    Latest,
    /// A poll or prefetch: joins the one under way; retried; waits behind a person's reads.
    Join,
    /// A write: after the one before it, in order, one at a time per product; never superseded, never repeated here.
    Serial,
}

/// Admitted work for the queue.
#[derive(Debug, Clone)]
pub struct Action {
    /// Its generation.
    pub ticket: Ticket,
    /// How it is scheduled.
    pub policy: Policy,
    /// What is sent.
    pub call: Call,
    /// How its answer is read.
    pub decode: Arc<dyn Decode>,
}

/// What became of an action so far.
#[derive(Debug)]
pub struct Report {
    /// Which action.
    pub ticket: Ticket,
    /// How far it is.
    pub phase: Phase,
}

/// The life of an action as seen from outside.
#[derive(Debug)]
pub enum Phase {
    /// An attempt has started; the first is 1.
    Started(u32),
    /// The attempt failed and will be repeated after the pause, for the reason given.
    Waiting(Duration, ApiError),
    /// The one terminal report.
    Ended(Result<Arrived, ApiError>),
}

/// A good answer, read.
#[derive(Debug)]
pub struct Arrived {
    /// What the operation made of it.
    pub output: Box<dyn Any + Send>,
    /// HTTP status.
    pub status: u16,
    /// Our clock minus the server's, in seconds, when it told.
    pub skew_s: Option<i64>,
    /// Time of the last attempt.
    pub took: Duration,
    /// Size of the body in bytes.
    pub size: usize,
}

/// What is known of admitted work until its terminal report.
#[derive(Debug, Clone)]
pub struct Live {
    /// What it is for.
    pub slot: Slot,
    /// How it is scheduled.
    pub policy: Policy,
    /// The request.
    pub call: Call,
    /// Who asked: the pane that may cancel it when it is left; empty for the program itself.
    pub owner: &'static str,
    /// When it was admitted.
    pub since: Timestamp,
    /// Attempts started.
    pub attempts: u32,
    /// Why it waits to be repeated, if it does.
    pub waiting: Option<ApiError>,
}

/// The answer to "may this start?".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Start under this ticket, after cancelling the other if there is one.
    Start {
        /// The new generation.
        ticket: Ticket,
        /// The older work of the slot that must be cancelled.
        cancel: Option<Ticket>,
    },
    /// The same work is under way: nothing to do.
    Joined(Ticket),
}

/// All live work. "Pending" and "running" are read from here and nowhere else.
#[derive(Debug, Default)]
pub struct Jobs {
    last: u64,
    live: BTreeMap<Ticket, Live>,
    current: HashMap<Slot, Ticket>,
}

impl Jobs {
    /// Decides whether work for `slot` may start, and books it if so.
    pub fn admit(
        &mut self,
        slot: Slot,
        policy: Policy,
        call: &Call,
        owner: &'static str,
        now: Timestamp,
    ) -> Admission {
        let busy = self.current.get(&slot).copied();
        if policy == Policy::Join
            && let Some(ticket) = busy
        {
            return Admission::Joined(ticket);
        }
        self.last += 1;
        let ticket = Ticket(self.last);
        let cancel =
            busy.filter(|old| self.live.get(old).is_some_and(|live| live.policy != Policy::Serial));
        self.current.insert(slot.clone(), ticket);
        self.live.insert(
            ticket,
            Live {
                slot,
                policy,
                call: call.clone(),
                owner,
                since: now,
                attempts: 0,
                waiting: None,
            },
        );
        Admission::Start { ticket, cancel }
    }

    /// Books a report. For the terminal one the work is forgotten and returned, with whether its answer still counts.
    pub fn note(&mut self, report: &Report) -> Option<(Live, bool)> {
        let live = self.live.get_mut(&report.ticket)?;
        match &report.phase {
            Phase::Started(attempt) => {
                live.attempts = *attempt;
                live.waiting = None;
                None
            }
            Phase::Waiting(_, error) => {
                live.waiting = Some(error.clone());
                None
            }
            Phase::Ended(_) => {
                let live = self.live.remove(&report.ticket)?;
                let counts = self.current.get(&live.slot) == Some(&report.ticket);
                if counts {
                    self.current.remove(&live.slot);
                }
                // Writes are never superseded: each one's answer counts.
                Some((live.clone(), counts || live.policy == Policy::Serial))
            }
        }
    }

    /// The reads asked by `owner` that may be cancelled because it was left.
    pub fn reads_of(&self, owner: &str) -> Vec<Ticket> {
        self.live
            .iter()
            .filter(|(_, live)| {
                let rest = live.owner.strip_prefix(owner);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
                    && live.policy != Policy::Serial
            })
            .map(|(ticket, _)| *ticket)
            .collect()
    }

    /// The current ticket of a slot, if it is busy.
    pub fn busy(&self, slot: &Slot) -> Option<Ticket> {
        self.current.get(slot).copied()
    }

    /// All live work, oldest first.
    pub fn live(&self) -> impl DoubleEndedIterator<Item = (Ticket, &Live)> {
        self.live.iter().map(|(ticket, live)| (*ticket, live))
    }

    /// Whether nothing is live: then nothing is pending either.
    pub fn is_idle(&self) -> bool {
        self.live.is_empty() && self.current.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{Cause, Method, Path, Product};

    fn call() -> Call {
        Call::new(Product::Arcanna, "jobs", Method::Get, Path::fixed("/api/v1/jobs/"))
    }

    fn start(jobs: &mut Jobs, slot: &str, policy: Policy) -> (Ticket, Option<Ticket>) {
        match jobs.admit(Slot::new(slot), policy, &call(), "jobs", Timestamp::UNIX_EPOCH) {
            Admission::Start { ticket, cancel } => (ticket, cancel),
            Admission::Joined(ticket) => panic!("joined {ticket}"),
        }
    }

    fn end(ticket: Ticket) -> Report {
        Report { ticket, phase: Phase::Ended(Err(ApiError::of(&call(), Cause::Cancelled))) }
    }

    #[test]
    fn the_latest_read_supersedes_and_only_its_answer_counts() {
        let mut jobs = Jobs::default();
        let (old, none) = start(&mut jobs, "a", Policy::Latest);
        let (new, cancel) = start(&mut jobs, "a", Policy::Latest);
        assert_eq!((none, cancel), (None, Some(old)));
        assert!(!jobs.note(&end(old)).unwrap().1, "a superseded answer is dropped");
        assert_eq!(jobs.busy(&Slot::new("a")), Some(new));
        assert!(jobs.note(&end(new)).unwrap().1);
        assert!(jobs.is_idle());
        assert!(jobs.note(&end(new)).is_none(), "a second terminal report changes nothing");
    }

    #[test]
    fn a_poll_joins_what_is_under_way() {
        let mut jobs = Jobs::default();
        let (first, _) = start(&mut jobs, "a", Policy::Latest);
        assert_eq!(
            jobs.admit(Slot::new("a"), Policy::Join, &call(), "", Timestamp::UNIX_EPOCH),
            Admission::Joined(first)
        );
        assert_eq!(jobs.live().count(), 1);
    }

    #[test]
    fn writes_stand_in_line_and_all_count() {
        let mut jobs = Jobs::default();
        let (one, _) = start(&mut jobs, "w", Policy::Serial);
        let (two, cancel) = start(&mut jobs, "w", Policy::Serial);
        assert_eq!(cancel, None);
        assert!(jobs.note(&end(one)).unwrap().1);
        assert!(jobs.note(&end(two)).unwrap().1);
        assert!(jobs.is_idle());
        assert!(jobs.reads_of("jobs").is_empty());
    }
}
