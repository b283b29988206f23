//! Changes of rows, one transaction each: staged, taken back, claimed, settled, decided about. Nothing is told before it is
//! committed, and no row of another process is touched.

use std::time::Duration;

use rusqlite::Connection;

use super::{ATTEMPTS, FILE, KEPT, Keeper, LONGEST, Line, Result, STUMBLE, trouble};
use crate::api::Product;
use crate::outbox::life::Life;
use crate::outbox::table::{self, At, Change, Kept};
use crate::outbox::{
    Answered, Draft, Moment, Notice, Row, RowId, Session, Settlement, State, entry,
};

impl Keeper {
    pub(super) fn stage(
        &mut self,
        draft: &Draft,
        now: Moment,
    ) -> std::result::Result<(Vec<Notice>, Row), String> {
        let product = draft.call.product;
        let Some(scope) = self.scope(product) else {
            return Err(format!("{product} has no address: nothing can be sent to it"));
        };
        self.try_stage(draft, &scope, now)
            .map_err(|error| format!("NOT kept, NOT sent: {}", error.told_of(FILE)))
    }

    pub(super) fn try_stage(
        &mut self,
        draft: &Draft,
        scope: &str,
        now: Moment,
    ) -> Result<(Vec<Notice>, Row)> {
        let product = draft.call.product;
        let origin = self.origin(product).to_owned();
        let lease = self.lease(now);
        let at = At { now, me: &self.life.token };
        let begun = self.table.begin()?;
        let mut notices = Vec::new();
        if draft.act.labels().is_some() {
            for mut kept in table::replaced(&begun, scope, &draft.act.subject(), at)? {
                let row = &mut kept.row;
                row.state = State::Undone;
                row.trouble = Some("replaced by a newer label".to_owned());
                row.changed = now.wall;
                write(&begun, row, kept.maybe, None, 0)?;
                tell(&begun, &self.life, row, &origin, &self.session, Answered::default())?;
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
        tell(&begun, &self.life, &row, &origin, &self.session, Answered::default())?;
        if id.0 % 64 == 0 {
            table::prune(&begun, scope, KEPT)?;
        }
        begun.commit()?;
        self.untold = true;
        self.renewed.get_or_insert(now.instant);
        self.mine.insert(id, row.clone());
        Ok((notices, row))
    }

    pub(super) fn undo(&mut self, id: RowId, now: Moment) -> Result<Vec<Notice>> {
        let mut late = "its grace time is over";
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            if kept.maybe {
                late = "it may be on the server already; a new label overwrites it";
                return None;
            }
            matches!(kept.row.state, State::Grace | State::Due).then(|| Alter::to(State::Undone))
        })?;
        Ok(vec![if done { notice } else { Notice::Refused(id, late.to_owned()) }])
    }

    pub(super) fn hasten(&mut self, id: RowId, now: Moment) -> Result<Vec<Notice>> {
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            (kept.row.state == State::Grace)
                .then(|| Alter { due: Some(now), ..Alter::to(State::Due) })
        })?;
        Ok(vec![if done { notice } else { Notice::Refused(id, "it no longer waits".to_owned()) }])
    }

    /// What a person decided about a held, parked or unknown row.
    pub(super) fn decide(&mut self, id: RowId, send: bool, now: Moment) -> Result<Vec<Notice>> {
        let (notice, done) = self.alter(id, now, Answered::default(), |kept| {
            kept.row.state.asks().then(|| {
                if send {
                    Alter { due: Some(now), take: true, ..Alter::to(State::Due) }
                } else {
                    Alter { trouble: Some("given up".to_owned()), ..Alter::to(State::Undone) }
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
        Ok(if done { vec![notice] } else { vec![refusal(), notice] })
    }

    /// Writes answers down, oldest first, as far as the file lets.
    pub(super) fn pay(&mut self, now: Moment) -> Vec<Notice> {
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

    pub(super) fn settle(
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
                // It taught nothing new.
                Settlement::Unknown(_) | Settlement::Again { .. } | Settlement::Back(_) if late => {
                    return None;
                }
                Settlement::Unknown(words) => Alter::to(State::Unknown(words.clone())),
                Settlement::Back(why) => {
                    Alter { due: Some(now), trouble: Some(why.clone()), ..Alter::to(State::Due) }
                }
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
    pub(super) fn note(
        &mut self,
        product: Product,
        settlement: &Settlement,
        now: Moment,
    ) -> Duration {
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

    pub(super) fn learn(
        &mut self,
        id: RowId,
        settlement: &Settlement,
        now: Moment,
    ) -> Result<Vec<Notice>> {
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
    pub(super) fn send(&mut self, id: RowId, now: Moment) -> Result<Vec<Notice>> {
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
            matches!(kept.row.state, State::Grace | State::Due)
                .then(|| Alter { attempt: true, ..Alter::to(State::Sending) })
        })?;
        Ok(match notice {
            Notice::Changed(row) if done => vec![Notice::Send(row)],
            other => vec![other],
        })
    }

    /// Changes a row as it stands in the file, if `decide` wants to and nobody else has it. Returns the row as it is then,
    /// and whether it was changed.
    pub(super) fn alter(
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
        let Some(mut kept) = table::get(&begun, id, At { now, me: &me })?
            .filter(|kept| scopes.contains(&kept.scope))
        else {
            self.mine.remove(&id);
            return Ok((Notice::Refused(id, "no such write is kept".to_owned()), false));
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
}

/// What becomes of a row.
pub(super) struct Alter {
    pub(super) state: State,
    pub(super) due: Option<Moment>,
    pub(super) trouble: Option<String>,
    pub(super) maybe: bool,
    /// One more attempt begins.
    pub(super) attempt: bool,
    /// This process becomes its owner.
    pub(super) take: bool,
    /// Nobody is its owner any more.
    pub(super) free: bool,
}

impl Alter {
    pub(super) fn to(state: State) -> Self {
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

pub(super) fn write(
    db: &Connection,
    row: &Row,
    maybe: bool,
    owner: Option<&str>,
    lease: i64,
) -> Result<()> {
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
pub(super) fn tell(
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
