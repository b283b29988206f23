//! Keeps the rows: every change is one transaction, told only after it is committed.
//!
//! Several processes share the file. A row that may still be sent has an owner, and only its owner changes or sends it.
//! An owner shows that it lives by a lock ([`super::life`]) and by a lease it renews; when either is gone, another process
//! takes its rows over: what was in its grace time is held for a person's yes, what was due stays due, what was on its way is
//! due again if it may be repeated and unknown if not.
//!
//! No clock is read and no thread started here: simulated time drives it as well as the worker does.

mod change;
mod shared;
mod told;

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

use super::life::Life;
use super::table::{Table, TableError, millis};
use super::{Answered, Moment, Notice, Request, Row, RowId, Session, Settlement, State};
use crate::api::Product;
use crate::ledger::Ledger;

/// The file's name within its folder.
pub(super) const FILE: &str = "outbox.db";

/// How long a row's owner counts as living after it last said so. Longer than any stall of a disk or a suspended laptop's
/// first second; its lock tells earlier when the process is gone.
const LEASE: Duration = Duration::from_secs(15);

/// How often leases are renewed while there is anything to send.
const RENEW: Duration = Duration::from_secs(5);

/// Done rows kept for the Activity pane; older ones are forgotten (the ledger is the record).
const KEPT: u32 = 500;

/// The longest pause between attempts, unless the server asks for more.
const LONGEST: Duration = Duration::from_secs(30);

/// Attempts at a row that fails while its product works; then it is parked.
const ATTEMPTS: u32 = 6;

/// After this many failed attempts others go first, so that one row cannot keep all from leaving.
const PATIENCE: u32 = 8;

/// Pause after the file could not be written.
const STUMBLE: Duration = Duration::from_secs(1);

/// How far back in the ledger a record may be that a crash left unconfirmed, in bytes.
const RECENT: u64 = 1024 * 1024;

/// How a product does.
#[derive(Debug, Default)]
struct Line {
    /// Failures in a row that concern the product.
    failures: u32,
    /// Nothing is sent before.
    until: Option<Instant>,
}

/// See the module.
pub struct Keeper {
    table: Table,
    life: Life,
    session: Session,
    ledger: Option<Ledger>,
    /// Rows of this process that may still be sent.
    mine: BTreeMap<RowId, Row>,
    lines: HashMap<Product, Line>,
    /// Answers that could not be written down yet.
    owed: VecDeque<(RowId, Settlement, Answered)>,
    stumbled: Option<Instant>,
    renewed: Option<Instant>,
    halted: bool,
    /// Records that were written and not yet told of.
    recorded: Vec<Notice>,
    /// The ledger has records to be told.
    untold: bool,
}

use change::Alter;
pub use told::remembered;

type Result<T> = std::result::Result<T, TableError>;

impl Keeper {
    /// Opens the rows of a folder, or rows in memory without one, and takes over what processes that are gone have left.
    /// The notice tells all rows.
    ///
    /// # Errors
    /// The file cannot be opened, or is of a newer version.
    pub fn open(folder: Option<&Path>, session: Session, now: Moment) -> Result<(Self, Notice)> {
        let table = Table::open(folder.map(|folder| folder.join(FILE)).as_deref())?;
        let mut keeper = Self {
            table,
            life: Life::begin(folder)?,
            session,
            ledger: folder.map(Ledger::in_folder),
            recorded: Vec::new(),
            mine: BTreeMap::new(),
            lines: HashMap::new(),
            owed: VecDeque::new(),
            stumbled: None,
            renewed: None,
            halted: false,
            untold: true,
        };
        keeper.adopt_records()?;
        keeper.life.sweep();
        let held = keeper.take_over(now)?;
        let mut notice = keeper.rows(held, now)?;
        if let Notice::Rows { note, .. } = &mut notice
            && note.is_none()
        {
            *note = keeper.forgotten()?;
        }
        Ok((keeper, notice))
    }

    /// Carries out one request.
    pub fn handle(&mut self, request: Request, now: Moment) -> Vec<Notice> {
        let outcome = match request {
            Request::Stage { draft, tag } => {
                return match self.stage(&draft, now) {
                    Ok((mut notices, row)) => {
                        notices.push(Notice::Staged { row, tag });
                        notices
                    }
                    Err(why) => vec![Notice::NotStaged { tag, why }],
                };
            }
            Request::Undo(id) => self.undo(id, now),
            Request::Hasten(id) => self.hasten(id, now),
            Request::Resend(id) => self.decide(id, true, now),
            Request::Drop(id) => self.decide(id, false, now),
            Request::Settle(id, settlement, answered) => {
                self.owed.push_back((id, settlement, answered));
                return self.pay(now);
            }
            Request::Learn(id, settlement) => self.learn(id, &settlement, now),
            Request::Reread => {
                self.take_over(now).and_then(|held| self.rows(held, now)).map(|notice| vec![notice])
            }
        };
        outcome.unwrap_or_else(|error| vec![trouble(&error)])
    }

    /// Claims rows whose time has come: at most one per product is on its way, rows of one subject in the order they were
    /// staged, otherwise the oldest first.
    pub fn claim(&mut self, now: Moment) -> Vec<Notice> {
        let mut notices = self.pay(now);
        if self.halted || self.stumbled.is_some_and(|until| until > now.instant) {
            return notices;
        }
        self.stumbled = None;
        for product in Product::ALL {
            let Some(id) = self.next_of(product).filter(|(_, at)| *at <= now.instant) else {
                continue;
            };
            match self.send(id.0, now) {
                Ok(more) => notices.extend(more),
                Err(error) => {
                    self.stumbled = Some(now.instant + STUMBLE);
                    notices.push(trouble(&error));
                }
            }
        }
        if let Err(error) = self.renew(now) {
            notices.push(trouble(&error));
        }
        notices
    }

    /// When [`Self::claim`] is wanted next; `None` when nothing waits for time to pass.
    pub fn next_due(&self) -> Option<Instant> {
        let renewal = self.renewed.filter(|_| !self.mine.is_empty()).map(|at| at + RENEW);
        if self.halted {
            return renewal;
        }
        let claims = Product::ALL
            .into_iter()
            .filter_map(|product| self.next_of(product))
            .map(|(_, at)| at.max(self.stumbled.unwrap_or(at)));
        let owed = self.stumbled.filter(|_| !self.owed.is_empty());
        claims.chain(owed).chain(renewal).min()
    }

    /// Sends nothing more until [`Self::resume`].
    pub fn halt(&mut self) {
        self.halted = true;
    }

    /// Goes on after [`Self::halt`]: the grace time of what waited begins anew, since nobody could take it back meanwhile.
    pub fn resume(&mut self, now: Moment) -> Vec<Notice> {
        self.halted = false;
        let waiting: Vec<RowId> =
            self.mine.values().filter(|row| row.state == State::Grace).map(|row| row.id).collect();
        let mut notices = Vec::new();
        for id in waiting {
            let again = self.alter(id, now, Answered::default(), |kept| {
                if kept.row.state != State::Grace {
                    return None;
                }
                let due = now.plus(kept.row.draft.grace);
                Some(Alter { due: Some(due), ..Alter::to(State::Grace) })
            });
            notices.push(again.map_or_else(|error| trouble(&error), |(notice, _)| notice));
        }
        notices
    }

    /// Ends this process's part: what is in its grace time is held for the next start, what is due is left to any process.
    pub fn leave(&mut self, now: Moment) -> Vec<Notice> {
        self.halted = true;
        let mut notices = self.pay(now);
        let rows: Vec<(RowId, State)> =
            self.mine.values().map(|row| (row.id, row.state.clone())).collect();
        for (id, state) in rows {
            let to = match state {
                State::Grace => State::Held,
                State::Due => State::Due,
                // Its answer may still come to nobody: whoever takes it over decides by what it is.
                _ => continue,
            };
            let left = self.alter(id, now, Answered::default(), |_| {
                Some(Alter { free: true, ..Alter::to(to) })
            });
            notices.push(left.map_or_else(|error| trouble(&error), |(notice, _)| notice));
        }
        notices.extend(self.write_ledger());
        notices
    }

    /// The rows of this process that may still be sent.
    pub fn mine(&self) -> impl Iterator<Item = &Row> {
        self.mine.values()
    }

    /// The row of a product that is to be sent next, and when; `None` while one is on its way.
    fn next_of(&self, product: Product) -> Option<(RowId, Instant)> {
        let mut earlier = HashSet::new();
        let mut best: Option<(RowId, Instant, (Instant, u32, RowId))> = None;
        let pause = self.lines.get(&product).and_then(|line| line.until);
        let rows = self.mine.values().filter(|row| row.draft.call.product == product);
        for row in rows {
            if row.state == State::Sending {
                return None;
            }
            if !earlier.insert(row.draft.act.subject()) {
                continue;
            }
            let at = row.due.instant.max(pause.unwrap_or(row.due.instant));
            let rank = (at, row.attempts / PATIENCE, row.id);
            if best.as_ref().is_none_or(|(.., than)| rank < *than) {
                best = Some((row.id, at, rank));
            }
        }
        best.map(|(id, at, _)| (id, at))
    }

    fn lease(&self, now: Moment) -> i64 {
        millis(now.plus(LEASE).wall)
    }

    fn origin(&self, product: Product) -> &str {
        self.session.origin(product)
    }

    fn scope(&self, product: Product) -> Option<String> {
        self.session.scope(product)
    }

    fn scopes(&self) -> Vec<String> {
        Product::ALL.into_iter().filter_map(|product| self.scope(product)).collect()
    }
}

impl Session {
    /// The address of a product; empty when it has none.
    pub(super) fn origin(&self, product: Product) -> &str {
        let found = self.origins.iter().find(|(one, _)| *one == product);
        found.map_or("", |(_, origin)| origin.as_str())
    }

    /// Where rows of a product may go: its profile, its address. `None` when it has no address.
    pub(super) fn scope(&self, product: Product) -> Option<String> {
        let (_, origin) = self.origins.iter().find(|(one, _)| *one == product)?;
        Some(format!("{}\n{product}\n{origin}", self.profile))
    }
}

fn trouble(error: &TableError) -> Notice {
    Notice::Trouble(error.told_of(FILE))
}

#[cfg(test)]
mod tests;
