//! Keeps the rows: every change is one transaction, told only after it is committed.
//!
//! Several processes share the file. A row that may still be sent has an owner, and only its owner changes or sends it.
//! An owner shows that it lives by a lock ([`super::life`]) and by a lease it renews; when either is gone, another process
//! takes its rows over: what was in its grace time is held for a person's yes, what was due stays due, what was on its way is
//! due again if it may be repeated and unknown if not.
//!
//! No clock is read and no thread started here: simulated time drives it as well as the worker does.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::Connection;

use super::life::Life;
use super::table::{self, Change, Kept, Table, TableError, millis};
use super::{
    Answered, Draft, Moment, Notice, Request, Row, RowId, Session, Settlement, State, entry,
};
use crate::api::{Kind, Product};
use crate::ledger::{Head, Ledger};

/// The file's name within its folder.
const FILE: &str = "outbox.db";

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
    /// The ledger has records to be told.
    untold: bool,
}

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
        let notice = keeper.rows(held, now)?;
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
            Request::Reread => self
                .take_over(now)
                .and_then(|held| self.rows(held, now))
                .map(|notice| vec![notice]),
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
        let renewal = self
            .renewed
            .filter(|_| !self.mine.is_empty())
            .map(|at| at + RENEW);
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
        let waiting: Vec<RowId> = self
            .mine
            .values()
            .filter(|row| row.state == State::Grace)
            .map(|row| row.id)
            .collect();
        let mut notices = Vec::new();
        for id in waiting {
            let again = self.alter(id, now, Answered::default(), |kept| {
                if kept.row.state != State::Grace {
                    return None;
                }
                let due = now.plus(kept.row.draft.grace);
                Some(Alter {
                    due: Some(due),
                    ..Alter::to(State::Grace)
                })
            });
            notices.push(again.map_or_else(|error| trouble(&error), |(notice, _)| notice));
        }
        notices
    }

    /// Ends this process's part: what is in its grace time is held for the next start, what is due is left to any process.
    pub fn leave(&mut self, now: Moment) -> Vec<Notice> {
        self.halted = true;
        let mut notices = self.pay(now);
        let rows: Vec<(RowId, State)> = self
            .mine
            .values()
            .map(|row| (row.id, row.state.clone()))
            .collect();
        for (id, state) in rows {
            let to = match state {
                State::Grace => State::Held,
                State::Due => State::Due,
                // Its answer may still come to nobody: whoever takes it over decides by what it is.
                _ => continue,
            };
            let left = self.alter(id, now, Answered::default(), |_| {
                Some(Alter {
                    free: true,
                    ..Alter::to(to)
                })
            });
            notices.push(left.map_or_else(|error| trouble(&error), |(notice, _)| notice));
        }
        notices.extend(self.write_ledger());
        notices
    }

    /// Writes what the ledger has yet to be told. Called after the notices are given out: nobody waits for it.
    pub fn write_ledger(&mut self) -> Vec<Notice> {
        if !self.untold {
            return Vec::new();
        }
        match self.try_write_ledger() {
            Ok(()) => {
                self.untold = false;
                Vec::new()
            }
            Err(why) => vec![Notice::Trouble(why)],
        }
    }

    fn try_write_ledger(&mut self) -> std::result::Result<(), String> {
        let Some(ledger) = &self.ledger else {
            return Ok(());
        };
        let told = |error: &dyn std::fmt::Display| {
            format!(
                "the ledger {} was not written: {error}",
                ledger.path().display()
            )
        };
        let untold =
            table::untold(self.table.read(), &self.life.token).map_err(|error| told(&error))?;
        let Some(last) = untold.last().map(|(id, _)| *id) else {
            return Ok(());
        };
        let mut records = Vec::new();
        for (id, record) in untold {
            let name = format!("{}-{id}", self.table.name);
            // Only after a crash can it be there already; a look at the end of the file costs less than a doubt.
            if !ledger.holds(&name, RECENT).map_err(|error| told(&error))? {
                let record = record.trim_start_matches('{');
                records.push(format!("{{\"id\":\"{name}\",{record}"));
            }
        }
        let head = if records.is_empty() {
            None
        } else {
            Some(ledger.append(&records).map_err(|error| told(&error))?)
        };
        let confirm = |table: &mut Table, me: &str| -> Result<()> {
            let begun = table.begin()?;
            table::has_told(&begun, me, last)?;
            if let Some(head) = &head {
                table::set_head(&begun, head.n, &head.h)?;
            }
            begun.commit()?;
            Ok(())
        };
        confirm(&mut self.table, &self.life.token).map_err(|error| told(&error))
    }

    /// The rows of this process that may still be sent.
    pub fn mine(&self) -> impl Iterator<Item = &Row> {
        self.mine.values()
    }

    // ---- one transaction each

    fn stage(
        &mut self,
        draft: &Draft,
        now: Moment,
    ) -> std::result::Result<(Vec<Notice>, Row), String> {
        let product = draft.call.product;
        let Some(scope) = self.scope(product) else {
            return Err(format!(
                "{product} has no address: nothing can be sent to it"
            ));
        };
        self.try_stage(draft, &scope, now)
            .map_err(|error| format!("it is NOT kept, so it will not be sent: {error}"))
    }

    fn try_stage(&mut self, draft: &Draft, scope: &str, now: Moment) -> Result<(Vec<Notice>, Row)> {
        let product = draft.call.product;
        let origin = self.origin(product).to_owned();
        let lease = self.lease(now);
        let begun = self.table.begin()?;
        let mut notices = Vec::new();
        if draft.act.labels().is_some() {
            for mut kept in table::replaced(&begun, scope, &draft.act.subject(), now)? {
                let row = &mut kept.row;
                row.state = State::Undone;
                row.trouble = Some("replaced by a newer label".to_owned());
                row.changed = now.wall;
                write(&begun, row, kept.maybe, None, 0)?;
                tell(
                    &begun,
                    &self.life,
                    row,
                    &origin,
                    &self.session,
                    Answered::default(),
                )?;
                notices.push(Notice::Changed(row.clone()));
            }
        }
        let owner = (self.life.token.as_str(), lease);
        let id = table::insert(&begun, draft, (scope, product), now.wall, owner)?;
        let row = Row {
            id,
            draft: draft.clone(),
            state: State::Grace,
            staged: now.wall,
            due: now.plus(draft.grace),
            changed: now.wall,
            attempts: 0,
            trouble: None,
            elsewhere: false,
        };
        tell(
            &begun,
            &self.life,
            &row,
            &origin,
            &self.session,
            Answered::default(),
        )?;
        if id.0 % 64 == 0 {
            table::prune(&begun, scope, KEPT)?;
        }
        begun.commit()?;
        self.untold = true;
        self.renewed.get_or_insert(now.instant);
        self.mine.insert(id, row.clone());
        Ok((notices, row))
    }

    fn undo(&mut self, id: RowId, now: Moment) -> Result<Vec<Notice>> {
        let mut late = "its grace time is over";
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            if kept.maybe {
                late = "it may be on the server already; a new label overwrites it";
                return None;
            }
            matches!(kept.row.state, State::Grace | State::Due).then(|| Alter::to(State::Undone))
        })?;
        Ok(vec![if done {
            notice
        } else {
            Notice::Refused(id, late.to_owned())
        }])
    }

    fn hasten(&mut self, id: RowId, now: Moment) -> Result<Vec<Notice>> {
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            (kept.row.state == State::Grace).then(|| Alter {
                due: Some(now),
                ..Alter::to(State::Due)
            })
        })?;
        Ok(vec![if done {
            notice
        } else {
            Notice::Refused(id, "it no longer waits".to_owned())
        }])
    }

    /// What a person decided about a held, parked or unknown row.
    fn decide(&mut self, id: RowId, send: bool, now: Moment) -> Result<Vec<Notice>> {
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            kept.row.state.asks().then(|| {
                if send {
                    Alter {
                        due: Some(now),
                        take: true,
                        ..Alter::to(State::Due)
                    }
                } else {
                    Alter {
                        trouble: Some("given up".to_owned()),
                        ..Alter::to(State::Undone)
                    }
                }
            })
        })?;
        if done && send {
            // A person waits: what paused the product may be over.
            for line in self.lines.values_mut() {
                line.until = None;
            }
        }
        let refusal = || {
            let words = "only a held, parked or unknown write can be sent again or given up";
            Notice::Refused(id, words.to_owned())
        };
        Ok(if done {
            vec![notice]
        } else {
            vec![refusal(), notice]
        })
    }

    /// Writes answers down, oldest first, as far as the file lets.
    fn pay(&mut self, now: Moment) -> Vec<Notice> {
        let mut notices = Vec::new();
        while let Some((id, settlement, answered)) = self.owed.front().cloned() {
            match self.settle(id, &settlement, answered, now) {
                Ok(notice) => notices.push(notice),
                Err(error) => {
                    self.stumbled = Some(now.instant + STUMBLE);
                    notices.push(trouble(&error));
                    break;
                }
            }
            self.owed.pop_front();
        }
        notices
    }

    fn settle(
        &mut self,
        id: RowId,
        settlement: &Settlement,
        answered: Answered,
        now: Moment,
    ) -> Result<Notice> {
        let product = self.mine.get(&id).map(|row| row.draft.call.product);
        let me = self.life.token.clone();
        let pause = product.map(|product| self.note(product, settlement, now));
        let (notice, _) = self.alter(id, now, answered, |kept| {
            let ours = kept.row.state == State::Sending && kept.owner.as_deref() == Some(&me);
            // Taken for lost, but its answer came after all.
            let late = matches!(kept.row.state, State::Unknown(_));
            if !(ours || late) {
                return None;
            }
            Some(match settlement {
                Settlement::Sent(words) => Alter::to(State::Sent(words.clone())),
                Settlement::Parked(words) => Alter::to(State::Parked(words.clone())),
                Settlement::Unknown(_) if late => return None,
                Settlement::Unknown(words) => Alter::to(State::Unknown(words.clone())),
                Settlement::Again { .. } | Settlement::Back(_) if late => return None,
                Settlement::Back(why) => Alter {
                    due: Some(now),
                    trouble: Some(why.clone()),
                    ..Alter::to(State::Due)
                },
                Settlement::Again { down, why, .. } if !down && kept.row.attempts >= ATTEMPTS => {
                    let words = format!("{why} (tried {} times)", kept.row.attempts);
                    Alter::to(State::Parked(words))
                }
                Settlement::Again { why, maybe, .. } => Alter {
                    due: Some(now.plus(pause.unwrap_or_default())),
                    trouble: Some(why.clone()),
                    maybe: *maybe,
                    ..Alter::to(State::Due)
                },
            })
        })?;
        Ok(notice)
    }

    /// Books how an attempt went for its product; returns the pause before the next.
    fn note(&mut self, product: Product, settlement: &Settlement, now: Moment) -> Duration {
        let line = self.lines.entry(product).or_default();
        let Settlement::Again { asked, .. } = settlement else {
            if !matches!(settlement, Settlement::Back(_)) {
                *line = Line::default();
            }
            return Duration::ZERO;
        };
        line.failures = line.failures.saturating_add(1);
        let own = Duration::from_secs(2u64.saturating_pow(line.failures.min(5)));
        let pause = own.min(LONGEST).max(asked.unwrap_or_default());
        line.until = Some(now.instant + pause);
        pause
    }

    fn learn(&mut self, id: RowId, settlement: &Settlement, now: Moment) -> Result<Vec<Notice>> {
        let (notice, _) = self.alter(id, now, Answered::default(), |kept| {
            if !matches!(kept.row.state, State::Unknown(_)) {
                return None;
            }
            match settlement {
                Settlement::Sent(words) => Some(Alter::to(State::Sent(words.clone()))),
                Settlement::Parked(words) => Some(Alter::to(State::Parked(words.clone()))),
                Settlement::Again { .. } | Settlement::Back(_) | Settlement::Unknown(_) => None,
            }
        })?;
        Ok(vec![notice])
    }

    /// Claims one row, unless an older one of its subject is another process's.
    fn send(&mut self, id: RowId, now: Moment) -> Result<Vec<Notice>> {
        let Some(row) = self.mine.get(&id) else {
            return Ok(Vec::new());
        };
        let (subject, product) = (row.draft.act.subject(), row.draft.call.product);
        let Some(scope) = self.scope(product) else {
            return Ok(Vec::new());
        };
        if table::must_wait(self.table.read(), &scope, &subject, id)? {
            let held = self.take_over(now)?;
            if let Some(row) = self.mine.get_mut(&id) {
                row.due = now.plus(STUMBLE);
            }
            return Ok(match held {
                Some(_) => vec![self.rows(held, now)?],
                None => Vec::new(),
            });
        }
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            matches!(kept.row.state, State::Grace | State::Due).then(|| Alter {
                attempt: true,
                ..Alter::to(State::Sending)
            })
        })?;
        Ok(match notice {
            Notice::Changed(row) if done => vec![Notice::Send(row)],
            other => vec![other],
        })
    }

    /// Changes a row as it stands in the file, if `decide` wants to and nobody else has it. Returns the row as it is then,
    /// and whether it was changed.
    fn alter(
        &mut self,
        id: RowId,
        now: Moment,
        answered: Answered,
        decide: impl FnOnce(&Kept) -> Option<Alter>,
    ) -> Result<(Notice, bool)> {
        let lease = self.lease(now);
        let scopes = self.scopes();
        let me = self.life.token.clone();
        let begun = self.table.begin()?;
        let Some(mut kept) =
            table::get(&begun, id, now)?.filter(|kept| scopes.contains(&kept.scope))
        else {
            self.mine.remove(&id);
            return Ok((
                Notice::Refused(id, "no such write is kept".to_owned()),
                false,
            ));
        };
        let theirs = kept.owner.as_deref().is_some_and(|owner| owner != me);
        let alter = if theirs { None } else { decide(&kept) };
        let done = alter.is_some();
        if let Some(alter) = alter {
            let was = kept.row.state.clone();
            let owner =
                (!alter.free && !alter.state.is_settled() && (alter.take || kept.owner.is_some()))
                    .then_some(me.as_str());
            let row = &mut kept.row;
            row.state = alter.state;
            row.changed = now.wall;
            row.attempts += u32::from(alter.attempt);
            row.trouble = alter.trouble;
            if let Some(due) = alter.due {
                row.due = due;
            }
            kept.maybe |= alter.maybe;
            write(&begun, row, kept.maybe, owner, lease)?;
            // Retries and restarted grace times are no news to the ledger: the last result counts them.
            let news = row.state.is_settled() || (was.asks() && row.state == State::Due);
            if news {
                let origin = self.session.origin(row.draft.call.product);
                tell(&begun, &self.life, row, origin, &self.session, answered)?;
            }
            begun.commit()?;
            self.untold |= news;
            kept.owner = owner.map(str::to_owned);
        } else {
            drop(begun);
        }
        let mut row = kept.row;
        row.elsewhere = kept.owner.as_deref().is_some_and(|owner| owner != me);
        if row.state.is_settled() || kept.owner.as_deref() != Some(&me) {
            self.mine.remove(&id);
        } else {
            // The file keeps wall time; a deadline set here is kept exact.
            if !done && let Some(known) = self.mine.get(&id) {
                row.due = known.due;
            }
            self.renewed.get_or_insert(now.instant);
            self.mine.insert(id, row.clone());
        }
        Ok((Notice::Changed(row), done))
    }

    /// Takes over the rows of processes that are gone. Returns since when some are held now, if any.
    fn take_over(&mut self, now: Moment) -> Result<Option<Timestamp>> {
        let lease = self.lease(now);
        let me = self.life.token.clone();
        let scopes = self.scopes();
        let life = &self.life;
        let mut known: HashMap<String, bool> = HashMap::new();
        let begun = self.table.begin()?;
        let (mut held, mut taken) = (None, Vec::new());
        for scope in &scopes {
            for mut kept in table::of_others(&begun, scope, &me, now)?.0 {
                let over = kept.owner.as_ref().is_none_or(|owner| {
                    let gone = known
                        .entry(owner.clone())
                        .or_insert_with(|| life.is_gone(owner));
                    *gone || kept.lease < millis(now.wall)
                });
                if !over {
                    continue;
                }
                let seen = last_sign(&kept, now.wall);
                let row = &mut kept.row;
                let mut owner = Some(me.as_str());
                match row.state {
                    State::Grace => {
                        row.state = State::Held;
                        row.changed = seen;
                        held = held.max(Some(seen));
                        owner = None;
                    }
                    State::Sending if row.draft.call.kind == Kind::Repeatable => {
                        row.state = State::Due;
                        row.trouble = Some(LOST.to_owned());
                        row.changed = now.wall;
                        row.due = now;
                        kept.maybe = true;
                    }
                    State::Sending => {
                        row.state = State::Unknown(LOST.to_owned());
                        row.changed = now.wall;
                        owner = None;
                    }
                    _ => {}
                }
                write(&begun, row, kept.maybe, owner, lease)?;
                if row.state.is_settled() {
                    let origin = self.session.origin(row.draft.call.product);
                    tell(
                        &begun,
                        life,
                        row,
                        origin,
                        &self.session,
                        Answered::default(),
                    )?;
                    self.untold = true;
                } else {
                    taken.push(kept.row);
                }
            }
        }
        // Rows a session kept on purpose are offered like those it lost.
        for scope in &scopes {
            for kept in table::all(&begun, scope, 0, now)?.0 {
                if kept.row.state == State::Held {
                    held = held.max(Some(kept.row.changed));
                }
            }
        }
        begun.commit()?;
        if !taken.is_empty() {
            self.renewed.get_or_insert(now.instant);
        }
        self.mine.extend(taken.into_iter().map(|row| (row.id, row)));
        Ok(held)
    }

    /// Takes over the ledger's records of processes that are gone.
    fn adopt_records(&mut self) -> Result<()> {
        let begun = self.table.begin()?;
        for owner in table::tellers(&begun)? {
            if owner != self.life.token && self.life.is_gone(&owner) {
                table::adopt_untold(&begun, &owner, &self.life.token)?;
            }
        }
        begun.commit()?;
        Ok(())
    }

    /// All rows as they are.
    fn rows(&self, held: Option<Timestamp>, now: Moment) -> Result<Notice> {
        let (mut rows, mut unread) = (Vec::new(), 0);
        let db: &Connection = self.table.read();
        let scopes = self.scopes();
        for scope in &scopes {
            let (kept, more) = table::all(db, scope, KEPT, now)?;
            unread += more;
            for kept in kept {
                let mut row = kept.row;
                row.elsewhere = kept.owner.is_some_and(|owner| owner != self.life.token);
                if let Some(known) = self.mine.get(&row.id) {
                    row.due = known.due;
                }
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| row.id);
        let note = (unread > 0).then(|| {
            format!("{unread} kept writes were made by another version; this one leaves them alone")
        });
        Ok(Notice::Rows {
            rows,
            held,
            foreign: table::foreign(db, &scopes)?,
            note,
        })
    }

    fn renew(&mut self, now: Moment) -> Result<()> {
        if self.mine.is_empty() {
            self.renewed = None;
        } else if self.renewed.is_none_or(|at| at + RENEW <= now.instant) {
            let lease = self.lease(now);
            table::renew(self.table.read(), &self.life.token, lease)?;
            self.renewed = Some(now.instant);
        }
        Ok(())
    }

    /// The row of a product that is to be sent next, and when; `None` while one is on its way.
    fn next_of(&self, product: Product) -> Option<(RowId, Instant)> {
        let mut earlier = HashSet::new();
        let mut best: Option<(RowId, Instant, (Instant, u32, RowId))> = None;
        let pause = self.lines.get(&product).and_then(|line| line.until);
        let rows = self
            .mine
            .values()
            .filter(|row| row.draft.call.product == product);
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
        Product::ALL
            .into_iter()
            .filter_map(|product| self.scope(product))
            .collect()
    }
}

/// The end of the ledger's chain as the outbox of this folder remembers it; `None` when it remembers none.
///
/// # Errors
/// The outbox is there and cannot be read.
pub fn remembered(folder: &Path) -> Result<Option<Head>> {
    let file = folder.join(FILE);
    if !file.exists() {
        return Ok(None);
    }
    let table = Table::open(Some(&file))?;
    Ok(table::head(table.read())?.map(|(n, h)| Head { n, h }))
}

/// Why a row that was on its way is not known to have arrived.
const LOST: &str = "the program ended while it was on its way";

/// What becomes of a row.
struct Alter {
    state: State,
    due: Option<Moment>,
    trouble: Option<String>,
    maybe: bool,
    /// One more attempt begins.
    attempt: bool,
    /// This process becomes its owner.
    take: bool,
    /// Nobody is its owner any more.
    free: bool,
}

impl Alter {
    fn to(state: State) -> Self {
        Self {
            state,
            due: None,
            trouble: None,
            maybe: false,
            attempt: false,
            take: false,
            free: false,
        }
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

/// When a row's owner last showed that it lived.
fn last_sign(kept: &Kept, now: Timestamp) -> Timestamp {
    let leased = Timestamp::from_millisecond(kept.lease - LEASE.as_millis() as i64);
    let seen = leased.unwrap_or(kept.row.changed).max(kept.row.changed);
    seen.min(now)
}

fn write(db: &Connection, row: &Row, maybe: bool, owner: Option<&str>, lease: i64) -> Result<()> {
    let change = Change {
        state: &row.state,
        trouble: row.trouble.as_deref(),
        maybe,
        due: row.due.wall,
        changed: row.changed,
        attempts: row.attempts,
        owner,
        lease: if owner.is_some() { lease } else { 0 },
    };
    table::set(db, row.id, &change)
}

/// Leaves the ledger a record of a row, in the transaction that changes it.
fn tell(
    db: &Connection,
    life: &Life,
    row: &Row,
    origin: &str,
    session: &Session,
    answered: Answered,
) -> Result<()> {
    let record = entry::record(row, origin, session, answered);
    let json = serde_json::to_string(&record)?;
    // Its id is known only once it is stored, and is put in front when it is written.
    let json = json.replacen("\"id\":\"\",", "", 1);
    table::tell(db, &life.token, &json)?;
    Ok(())
}

fn trouble(error: &TableError) -> Notice {
    Notice::Trouble(format!("the outbox: {error}"))
}

#[cfg(test)]
mod tests;
