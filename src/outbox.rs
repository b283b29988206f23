//! The one door through which writes leave: staged, given their grace time, claimed, sent, settled by the checked answer.
//!
//! ```text
//! Stage ─▶ grace ─▶ due ─▶ sending ─▶ sent | parked | unknown
//!            └ Undo ─▶ undone           └ retry ─▶ due (only what may be repeated)
//! ```
//!
//! The door is asked by [`Request`] and answers by [`Notice`], never by return value: where the rows are kept (memory
//! today) and on which thread is its own affair. It knows neither the screen nor the queue.

use std::collections::BTreeMap;
use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::api::Call;

mod act;
pub use act::{Act, Confirmed, Seen};

/// One moment on both clocks: the wall's, for people and records, and the monotonic one, for deadlines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Wall clock.
    pub wall: Timestamp,
    /// Monotonic clock.
    pub instant: Instant,
}

impl Moment {
    /// Reads both clocks. Only the loop and the outermost callers do.
    pub fn now() -> Self {
        Self {
            wall: Timestamp::now(),
            instant: Instant::now(),
        }
    }

    /// The moment `later` from this one.
    #[must_use]
    pub fn plus(self, later: Duration) -> Self {
        Self {
            wall: self.wall.checked_add(later).unwrap_or(self.wall),
            instant: self.instant + later,
        }
    }
}

/// Names a row for as long as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowId(u64);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A write a person asked for, before it is a row.
#[derive(Debug, Clone)]
pub struct Draft {
    /// What is done.
    pub act: Act,
    /// The exact request, made and checked when the person acted.
    pub call: Call,
    /// How long it can be undone before it is sent.
    pub grace: Duration,
    /// What was on the screen when the person acted.
    pub seen: Option<Seen>,
    /// What the person wrote beside it; kept here, never sent: the product has no field for it.
    pub note: Option<String>,
    /// Writes of one deed share a number: they are taken back together.
    pub batch: Option<u64>,
}

/// How far a row is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Waits out its grace time; can still be undone without a trace on the server.
    Grace,
    /// May be sent as soon as a sender claims it.
    Due,
    /// Claimed: on its way.
    Sending,
    /// A checked answer confirmed it; the server's words.
    Sent(String),
    /// Refused by the server; stays until edited, resent or dropped. The server's words.
    Parked(String),
    /// Nobody knows whether it was applied. Never repeated without asking; the reason.
    Unknown(String),
    /// Taken back in its grace time: never sent.
    Undone,
}

impl State {
    /// Whether nothing more happens to the row on its own.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Grace | Self::Due | Self::Sending)
    }
}

/// One write.
#[derive(Debug, Clone)]
pub struct Row {
    /// Its name.
    pub id: RowId,
    /// What was asked.
    pub draft: Draft,
    /// How far it is.
    pub state: State,
    /// When it was staged.
    pub staged: Timestamp,
    /// When it may be sent (or sent again).
    pub due: Moment,
    /// When its state last changed.
    pub changed: Timestamp,
    /// Attempts made.
    pub attempts: u32,
    /// Why the last attempt did not settle it, while it waits for the next.
    pub trouble: Option<String>,
}

/// How an attempt to send a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Confirmed; the server's words.
    Sent(String),
    /// Not applied, and may be repeated: after this pause, for this reason.
    Again(Duration, String),
    /// Refused.
    Parked(String),
    /// Possibly applied.
    Unknown(String),
}

/// What is asked of the outbox.
#[derive(Debug, Clone)]
pub enum Request {
    /// Keep this write and send it after its grace time. `tag` comes back in [`Notice::Staged`].
    Stage {
        /// The write.
        draft: Draft,
        /// Chosen by the asker, to recognise the row.
        tag: u64,
    },
    /// Take the row back if its grace time is not over.
    Undo(RowId),
    /// Send the row now, without waiting out its grace time.
    Hasten(RowId),
    /// Send a parked or unknown row again: a person decided.
    Resend(RowId),
    /// An attempt ended.
    Settle(RowId, Settlement),
}

/// What the outbox tells.
#[derive(Debug, Clone)]
pub enum Notice {
    /// The write is kept: from here on it is not lost.
    Staged {
        /// The row.
        row: Row,
        /// As given.
        tag: u64,
    },
    /// A row's state changed.
    Changed(Row),
    /// A row is claimed: send it, then [`Request::Settle`] it.
    Send(Row),
    /// The request came too late or named no row; why.
    Refused(RowId, String),
}

/// The rows, in memory. Requests in, notices out.
#[derive(Debug, Default)]
pub struct Outbox {
    last: u64,
    rows: BTreeMap<RowId, Row>,
}

/// Settled rows kept for the Activity pane; older ones are forgotten (the ledger is the record).
const KEPT: usize = 500;

impl Outbox {
    /// Carries out one request.
    pub fn handle(&mut self, request: Request, now: Moment) -> Vec<Notice> {
        match request {
            Request::Stage { draft, tag } => vec![Notice::Staged {
                row: self.stage(draft, now),
                tag,
            }],
            Request::Undo(id) => vec![self.change(id, now, "its grace time is over", |state| {
                matches!(state, State::Grace | State::Due).then_some(State::Undone)
            })],
            Request::Hasten(id) => {
                let notice = self.change(id, now, "it no longer waits", |state| {
                    (*state == State::Grace).then_some(State::Due)
                });
                if let Some(row) = self.rows.get_mut(&id).filter(|row| row.state == State::Due) {
                    row.due = now;
                }
                vec![notice]
            }
            Request::Resend(id) => vec![self.change(
                id,
                now,
                "only a parked or unknown write can be sent again",
                |state| matches!(state, State::Parked(_) | State::Unknown(_)).then_some(State::Due),
            )],
            Request::Settle(id, settlement) => vec![self.settle(id, settlement, now)],
        }
    }

    /// Claims every row whose time has come, at most one per subject, in the order they were staged.
    pub fn claim(&mut self, now: Moment) -> Vec<Notice> {
        let mut claimed = Vec::new();
        let mut earlier = std::collections::HashSet::new();
        for row in self.rows.values_mut().filter(|row| !row.state.is_settled()) {
            let first = earlier.insert(row.draft.act.subject());
            let ready =
                matches!(row.state, State::Grace | State::Due) && row.due.instant <= now.instant;
            if first && ready {
                row.state = State::Sending;
                row.attempts += 1;
                row.changed = now.wall;
                claimed.push(Notice::Send(row.clone()));
            }
        }
        claimed
    }

    /// When the next row can be claimed; `None` when nothing waits for time to pass.
    pub fn next_due(&self) -> Option<Instant> {
        let mut earlier = std::collections::HashSet::new();
        self.rows
            .values()
            .filter(|row| !row.state.is_settled())
            .filter(|row| earlier.insert(row.draft.act.subject()) && row.state != State::Sending)
            .map(|row| row.due.instant)
            .min()
    }

    /// All rows, oldest first.
    pub fn rows(&self) -> impl DoubleEndedIterator<Item = &Row> {
        self.rows.values()
    }

    fn stage(&mut self, draft: Draft, now: Moment) -> Row {
        self.last += 1;
        let id = RowId(self.last);
        let due = now.plus(draft.grace);
        let row = Row {
            id,
            draft,
            state: State::Grace,
            staged: now.wall,
            due,
            changed: now.wall,
            attempts: 0,
            trouble: None,
        };
        self.rows.insert(id, row.clone());
        let settled: Vec<RowId> = self
            .rows
            .values()
            .filter(|row| row.state.is_settled())
            .map(|row| row.id)
            .collect();
        for id in settled.iter().take(settled.len().saturating_sub(KEPT)) {
            self.rows.remove(id);
        }
        row
    }

    fn settle(&mut self, id: RowId, settlement: Settlement, now: Moment) -> Notice {
        if let Some(row) = self.rows.get_mut(&id) {
            row.trouble = None;
            if let Settlement::Again(pause, why) = &settlement {
                row.due = now.plus(*pause);
                row.trouble = Some(why.clone());
            }
        }
        self.change(id, now, "it is not being sent", |state| {
            (*state == State::Sending).then_some(match settlement {
                Settlement::Sent(words) => State::Sent(words),
                Settlement::Again(..) => State::Due,
                Settlement::Parked(words) => State::Parked(words),
                Settlement::Unknown(words) => State::Unknown(words),
            })
        })
    }

    fn change(
        &mut self,
        id: RowId,
        now: Moment,
        refusal: &str,
        next: impl FnOnce(&State) -> Option<State>,
    ) -> Notice {
        let Some(row) = self.rows.get_mut(&id) else {
            return Notice::Refused(id, "no such write is kept".to_owned());
        };
        match next(&row.state) {
            Some(state) => {
                row.state = state;
                row.changed = now.wall;
                Notice::Changed(row.clone())
            }
            None => Notice::Refused(id, refusal.to_owned()),
        }
    }
}
