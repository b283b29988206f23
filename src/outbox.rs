//! The one door through which writes leave: staged, given their grace time, claimed, sent, settled by the checked answer.
//!
//! ```text
//! Stage ─▶ grace ─▶ due ─▶ sending ─▶ sent | parked | unknown
//!            │ Undo ─▶ undone         └ retry ─▶ due (only what may be repeated)
//!            └ the session ends ─▶ held ─ Resend ─▶ due │ Drop ─▶ undone
//! ```
//!
//! The door is asked by [`Request`] and answers by [`Notice`], never by return value. The rows are in SQLite in the state
//! folder ([`Keeper`]), on a thread of their own ([`Outbox`]): nothing is told as kept before it is durable, and each row
//! is sent by exactly one process. It knows neither the screen nor the queue.

use std::fmt;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::api::{Call, Product};
use crate::ledger::Head;

mod act;
mod entry;
mod keeper;
mod life;
mod place;
mod stored;
mod table;
mod worker;

pub use act::{Act, Confirmed, Seen};
pub use keeper::{Keeper, remembered};
pub use place::{Place, find as find_place};
pub use table::TableError;
pub use worker::{Keeping, Outbox};

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
        Self { wall: Timestamp::now(), instant: Instant::now() }
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

/// Names a row for as long as it is kept, across processes and restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Deserialize)]
pub struct RowId(i64);

impl fmt::Display for RowId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Whose outbox it is and where its rows may go. A row is only ever sent by a session with the same profile and the same
/// address of its product.
#[derive(Debug, Clone, Default)]
pub struct Session {
    /// The settings' profile; empty without one.
    pub profile: String,
    /// The address of each product that is configured.
    pub origins: Vec<(Product, String)>,
    /// Environment as the screen shows it, for the ledger.
    pub environment: String,
    /// The person, for the ledger; a label names its own.
    pub analyst: Option<String>,
    /// The machine's name, for the ledger.
    pub host: String,
    /// The user id, set by the kernel, for the ledger.
    pub uid: u32,
    /// Whether the ledger keeps a digest of notes instead of their words.
    pub hash_notes: bool,
}

impl Session {
    /// A session whose products are nobody's: for rows in memory.
    pub fn nowhere() -> Self {
        Self {
            origins: Product::ALL
                .into_iter()
                .map(|product| (product, "memory".to_owned()))
                .collect(),
            ..Self::default()
        }
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
    /// Its session ended within its grace time: never sent without a person's yes.
    Held,
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
    /// Taken back, dropped or replaced before it was sent.
    Undone,
}

impl State {
    /// Whether nothing more happens to the row on its own.
    pub fn is_settled(&self) -> bool {
        !matches!(self, Self::Grace | Self::Due | Self::Sending)
    }

    /// Whether a person has to decide what becomes of the row.
    pub fn asks(&self) -> bool {
        matches!(self, Self::Held | Self::Parked(_) | Self::Unknown(_))
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
    /// Why the last attempt did not settle it, while it waits for the next; why it was undone, if not by `u`.
    pub trouble: Option<String>,
    /// Whether another running session has it: nothing can be done about it from here.
    pub elsewhere: bool,
}

/// How an attempt to send a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Settlement {
    /// Confirmed; the server's words.
    Sent(String),
    /// Not applied, or harmless to say twice: may be repeated, not before the pause the server asked for.
    Again {
        /// The server's `Retry-After`.
        asked: Option<Duration>,
        /// Whether the product as a whole cannot be used now: then it is tried again without end.
        down: bool,
        /// Whether it may have been applied all the same: then it can no longer be taken back.
        maybe: bool,
        /// Why.
        why: String,
    },
    /// Nothing was attempted: it may be sent at once.
    Back(String),
    /// Refused.
    Parked(String),
    /// Possibly applied.
    Unknown(String),
}

/// What the ledger keeps of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Answered {
    /// HTTP status, when an answer came.
    pub status: Option<u16>,
    /// How long the attempt took.
    pub took: Option<Duration>,
}

/// What is asked of the outbox. Each request is answered by at least one notice.
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
    /// Send a held, parked or unknown row: a person decided.
    Resend(RowId),
    /// Give a held, parked or unknown row up: a person decided.
    Drop(RowId),
    /// An attempt ended.
    Settle(RowId, Settlement, Answered),
    /// Reading again told what became of an unknown row.
    Learn(RowId, Settlement),
    /// Tell all rows anew: another session may have changed some.
    Reread,
}

/// What the outbox tells.
#[derive(Debug, Clone)]
pub enum Notice {
    /// The rows as they are kept, at the start or when asked.
    Rows {
        /// All that are kept, oldest first.
        rows: Vec<Row>,
        /// Since when rows of an ended session are held, when this start found some.
        held: Option<Timestamp>,
        /// Unsent rows for another profile or address: they wait for a session of theirs.
        foreign: usize,
        /// What a person should know about where the rows are kept.
        note: Option<String>,
    },
    /// The write is kept: from here on it is not lost.
    Staged {
        /// The row.
        row: Row,
        /// As given.
        tag: u64,
    },
    /// The write is **not** kept; why.
    NotStaged {
        /// As given.
        tag: u64,
        /// Why.
        why: String,
    },
    /// A row's state changed.
    Changed(Row),
    /// A row is claimed: send it, then [`Request::Settle`] it.
    Send(Row),
    /// The request came too late or named no row; why.
    Refused(RowId, String),
    /// The ledger has a record of the row, in this place.
    Recorded(RowId, Head),
    /// Something is wrong with the file or the ledger; what.
    Trouble(String),
}
