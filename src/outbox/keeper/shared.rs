//! What several processes share: taking over from those that are gone, showing that this one lives, telling all rows.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Connection;

use super::change::{tell, write};
use super::{KEPT, Keeper, LEASE, RENEW, Result};
use crate::api::Kind;
use crate::outbox::table::{self, At, Kept, millis};
use crate::outbox::{Answered, Moment, Notice, State};

impl Keeper {
    /// Takes over the rows of processes that are gone. Returns since when some are held now, if any.
    pub(super) fn take_over(&mut self, now: Moment) -> Result<Option<Timestamp>> {
        let lease = self.lease(now);
        let me = self.life.token.clone();
        let scopes = self.scopes();
        let life = &self.life;
        let mut known: HashMap<String, bool> = HashMap::new();
        let at = At { now, me: &me };
        let begun = self.table.begin()?;
        let (mut held, mut taken) = (None, Vec::new());
        for scope in &scopes {
            for mut kept in table::of_others(&begun, scope, at)?.0 {
                let over = kept.owner.as_ref().is_none_or(|owner| {
                    let gone = known.entry(owner.clone()).or_insert_with(|| life.is_gone(owner));
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
                    tell(&begun, life, row, origin, &self.session, Answered::default())?;
                    self.untold = true;
                } else {
                    taken.push(kept.row);
                }
            }
        }
        // Rows a session kept on purpose are offered like those it lost.
        for scope in &scopes {
            for kept in table::all(&begun, scope, 0, at)?.0 {
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
    pub(super) fn adopt_records(&mut self) -> Result<()> {
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
    pub(super) fn rows(&self, held: Option<Timestamp>, now: Moment) -> Result<Notice> {
        let (mut rows, mut unread) = (Vec::new(), 0);
        let db: &Connection = self.table.read();
        let scopes = self.scopes();
        let at = At { now, me: &self.life.token };
        for scope in &scopes {
            let (kept, more) = table::all(db, scope, KEPT, at)?;
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
        Ok(Notice::Rows { rows, held, foreign: table::foreign(db, &scopes)?, note })
    }

    pub(super) fn renew(&mut self, now: Moment) -> Result<()> {
        if self.mine.is_empty() {
            self.renewed = None;
        } else if self.renewed.is_none_or(|at| at + RENEW <= now.instant) {
            let lease = self.lease(now);
            table::renew(self.table.read(), &self.life.token, lease)?;
            self.renewed = Some(now.instant);
        }
        Ok(())
    }
}

/// Why a row that was on its way is not known to have arrived.
pub(super) const LOST: &str = "the program ended while it was on its way";

/// When a row's owner last showed that it lived.
pub(super) fn last_sign(kept: &Kept, now: Timestamp) -> Timestamp {
    let leased = Timestamp::from_millisecond(kept.lease - LEASE.as_millis() as i64);
    let seen = leased.unwrap_or(kept.row.changed).max(kept.row.changed);
    seen.min(now)
}
