//! The rows in SQLite: the schema, and one function per statement. It decides nothing.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{
    Connection, ErrorCode, OptionalExtension, Transaction, TransactionBehavior, params,
};

use super::{Draft, Moment, Row, RowId, State, stored};
use crate::api::{Call, Product};

/// Why rows cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// SQLite's own.
    #[error("{0}")]
    Sql(#[from] rusqlite::Error),
    /// The file or its folder.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// A newer version made the file.
    #[error("it was made by a newer socdeck (form {0}); this one leaves it alone")]
    Newer(i64),
    /// A request or act that cannot be written down.
    #[error("it cannot be written down: {0}")]
    Form(#[from] serde_json::Error),
}

type Result<T> = std::result::Result<T, TableError>;

impl TableError {
    /// What is wrong with the file of this name, the reason before everything else: a narrow screen cuts the end off.
    pub(super) fn told_of(&self, file: &str) -> String {
        match self {
            Self::Sql(error) => match error.sqlite_error_code() {
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                    format!("{file} is damaged: move it away, start again")
                }
                Some(ErrorCode::DiskFull) => format!("{file}: the disk is full"),
                Some(ErrorCode::ReadOnly) => format!("{file} cannot be written: permissions?"),
                Some(ErrorCode::CannotOpen) => format!("{file} cannot be opened: permissions?"),
                Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                    format!("{file} is held by another process")
                }
                _ => format!("{file}: {error}"),
            },
            other => format!("{file}: {other}"),
        }
    }
}

/// The form of the file; a newer one is left alone.
const FORM: i64 = 1;

/// How long another process may hold the file before a statement gives up.
const PATIENCE: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE row (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  scope    TEXT NOT NULL,              -- profile, product and address it is for
  product  TEXT NOT NULL,
  subject  TEXT NOT NULL,              -- rows of one subject keep their order
  act      TEXT NOT NULL,              -- JSON, see stored.rs
  call     TEXT NOT NULL,              -- JSON, the exact request
  seen     TEXT,                       -- JSON
  note     TEXT,                       -- the person's own words
  batch    TEXT,                       -- process and number: writes of one deed
  state    TEXT NOT NULL CHECK (state IN ('grace','held','due','sending','sent','parked','unknown','undone')),
  words    TEXT NOT NULL DEFAULT '',   -- the server's
  trouble  TEXT,
  maybe    INTEGER NOT NULL DEFAULT 0, -- an attempt may have been applied
  grace    INTEGER NOT NULL,           -- all times in milliseconds, since 1970 where they are points
  staged   INTEGER NOT NULL,
  due      INTEGER NOT NULL,
  changed  INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  owner    TEXT,                       -- the process that may change it; none: any
  lease    INTEGER NOT NULL DEFAULT 0  -- its owner lives until then at least
) STRICT;
CREATE INDEX row_open ON row (scope, state);
CREATE INDEX row_subject ON row (subject, id);
CREATE TABLE told (                    -- records the ledger has yet to be told
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  owner  TEXT NOT NULL,
  record TEXT NOT NULL
) STRICT;
";

/// A row with what only the keeper cares about.
#[derive(Debug)]
pub(super) struct Kept {
    pub row: Row,
    pub owner: Option<String>,
    pub lease: i64,
    pub scope: String,
    pub maybe: bool,
}

/// A change of a row's state.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub state: &'a State,
    pub trouble: Option<&'a str>,
    pub maybe: bool,
    pub due: Timestamp,
    pub changed: Timestamp,
    pub attempts: u32,
    pub owner: Option<&'a str>,
    pub lease: i64,
}

/// An open file.
pub(super) struct Table {
    db: Connection,
    /// The file's own name: begins the ids of its ledger records.
    pub name: String,
}

impl Table {
    /// Opens the file, or rows in memory without one.
    pub fn open(file: Option<&Path>) -> Result<Self> {
        let db = match file {
            Some(path) => {
                // SQLite gives its journal the mode of the file.
                OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
                Connection::open(path)?
            }
            None => Connection::open_in_memory()?,
        };
        db.busy_timeout(PATIENCE)?;
        if file.is_some() {
            db.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
        }
        db.execute_batch("PRAGMA synchronous = FULL;")?;
        let mut table = Self { db, name: String::new() };
        table.prepare()?;
        Ok(table)
    }

    fn prepare(&mut self) -> Result<()> {
        let begun = self.begin()?;
        let form: i64 = begun.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match form {
            0 => {
                begun.execute_batch(SCHEMA)?;
                begun.pragma_update(None, "user_version", FORM)?;
                let name = &super::life::token()?[..12];
                begun.execute("INSERT INTO meta VALUES ('name', ?1)", [name])?;
            }
            FORM => {}
            newer => return Err(TableError::Newer(newer)),
        }
        let name =
            begun.query_row("SELECT value FROM meta WHERE key = 'name'", [], |row| row.get(0))?;
        begun.commit()?;
        self.name = name;
        Ok(())
    }

    /// Begins a transaction that other writers wait for.
    pub fn begin(&mut self) -> Result<Transaction<'_>> {
        Ok(self.db.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }

    /// For statements that only read.
    pub fn read(&self) -> &Connection {
        &self.db
    }
}

/// Milliseconds since 1970.
pub(super) fn millis(at: Timestamp) -> i64 {
    at.as_millisecond()
}

fn point(millis: i64) -> Timestamp {
    Timestamp::from_millisecond(millis).unwrap_or_default()
}

fn names(state: &State) -> (&'static str, &str) {
    match state {
        State::Grace => ("grace", ""),
        State::Held => ("held", ""),
        State::Due => ("due", ""),
        State::Sending => ("sending", ""),
        State::Sent(words) => ("sent", words),
        State::Parked(words) => ("parked", words),
        State::Unknown(words) => ("unknown", words),
        State::Undone => ("undone", ""),
    }
}

/// The state's name in file and ledger.
pub(super) fn name(state: &State) -> &'static str {
    names(state).0
}

const COLUMNS: &str = "id, scope, act, call, seen, note, batch, state, words, trouble, maybe, grace, staged, due, changed, attempts, owner, lease";

/// Who reads, and when.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    pub now: Moment,
    pub me: &'a str,
}

/// `None` when the row's form is not known to this version.
fn kept(row: &rusqlite::Row<'_>, at: At<'_>) -> rusqlite::Result<Option<Kept>> {
    let (act, call): (String, String) = (row.get("act")?, row.get("call")?);
    let seen: Option<String> = row.get("seen")?;
    let (Ok(act), Ok(call), Ok(seen)) = (
        stored::read_act(&act),
        serde_json::from_str::<Call>(&call),
        seen.as_deref().map(stored::read_seen).transpose(),
    ) else {
        return Ok(None);
    };
    // Only this process's numbers mean anything to it.
    let batch: Option<String> = row.get("batch")?;
    let batch = batch
        .as_deref()
        .and_then(|batch| batch.split_once(' '))
        .filter(|(process, _)| *process == at.me);
    let words: String = row.get("words")?;
    let state: String = row.get("state")?;
    let state = match state.as_str() {
        "grace" => State::Grace,
        "held" => State::Held,
        "due" => State::Due,
        "sending" => State::Sending,
        "sent" => State::Sent(words),
        "parked" => State::Parked(words),
        "unknown" => State::Unknown(words),
        _ => State::Undone,
    };
    let due = point(row.get("due")?);
    let wait = Duration::try_from(due.duration_since(at.now.wall)).unwrap_or_default();
    let grace = Duration::from_millis(row.get::<_, i64>("grace")?.unsigned_abs());
    Ok(Some(Kept {
        row: Row {
            id: RowId(row.get("id")?),
            draft: Draft {
                act,
                call,
                grace,
                seen,
                note: row.get("note")?,
                batch: batch.and_then(|(_, number)| number.parse().ok()),
            },
            state,
            staged: point(row.get("staged")?),
            due: Moment { wall: due, instant: at.now.instant + wait },
            changed: point(row.get("changed")?),
            attempts: row.get("attempts")?,
            trouble: row.get("trouble")?,
            elsewhere: false,
        },
        owner: row.get("owner")?,
        lease: row.get("lease")?,
        scope: row.get("scope")?,
        maybe: row.get("maybe")?,
    }))
}

/// Adds a row in its grace time.
pub(super) fn insert(
    db: &Connection,
    draft: &Draft,
    (scope, product): (&str, Product),
    now: Timestamp,
    (owner, lease): (&str, i64),
) -> Result<RowId> {
    let grace = i64::try_from(draft.grace.as_millis()).unwrap_or(i64::MAX / 2);
    let seen = draft.seen.as_ref().map(stored::write_seen).transpose()?;
    db.prepare_cached(
        "INSERT INTO row (scope, product, subject, act, call, seen, note, batch, state, grace, staged, due, changed, owner, lease)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?11, ?12, 'grace', ?7, ?8, ?8 + ?7, ?8, ?9, ?10)",
    )?
    .execute(params![
        scope,
        product.to_string(),
        draft.act.subject(),
        stored::write_act(&draft.act)?,
        serde_json::to_string(&draft.call)?,
        seen,
        grace,
        millis(now),
        owner,
        lease,
        draft.note,
        draft.batch.map(|number| format!("{owner} {number}")),
    ])?;
    Ok(RowId(db.last_insert_rowid()))
}

/// Reads a row.
pub(super) fn get(db: &Connection, id: RowId, at: At<'_>) -> Result<Option<Kept>> {
    let found = db
        .prepare_cached(&format!("SELECT {COLUMNS} FROM row WHERE id = ?1"))?
        .query_row([id.0], |row| kept(row, at))
        .optional()?;
    Ok(found.flatten())
}

/// Changes a row.
pub(super) fn set(db: &Connection, id: RowId, change: &Change<'_>) -> Result<()> {
    let (state, words) = names(change.state);
    db.prepare_cached(
        "UPDATE row SET state = ?2, words = ?3, trouble = ?4, maybe = ?5, due = ?6, changed = ?7, attempts = ?8,
         owner = ?9, lease = ?10 WHERE id = ?1",
    )?
    .execute(params![
        id.0,
        state,
        words,
        change.trouble,
        change.maybe,
        millis(change.due),
        millis(change.changed),
        change.attempts,
        change.owner,
        change.lease,
    ])?;
    Ok(())
}

/// Rows of a scope, oldest first: all that are not done, and the newest that are. Also how many could not be read.
pub(super) fn all(
    db: &Connection,
    scope: &str,
    done: u32,
    at: At<'_>,
) -> Result<(Vec<Kept>, usize)> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM row WHERE scope = ?1 AND (state NOT IN ('sent','undone')
           OR id IN (SELECT id FROM row WHERE scope = ?1 AND state IN ('sent','undone') ORDER BY id DESC LIMIT ?2))
         ORDER BY id"
    ))?;
    let rows = statement.query_map(params![scope, done], |row| kept(row, at))?;
    collect(rows)
}

/// Rows of a scope that are on their way but not this process's, oldest first.
pub(super) fn of_others(db: &Connection, scope: &str, at: At<'_>) -> Result<(Vec<Kept>, usize)> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM row WHERE scope = ?1 AND state IN ('grace','due','sending') AND owner IS NOT ?2 ORDER BY id"
    ))?;
    let rows = statement.query_map(params![scope, at.me], |row| kept(row, at))?;
    collect(rows)
}

/// Rows a person was asked about that a newer row for the same subject replaces, oldest first.
pub(super) fn replaced(
    db: &Connection,
    scope: &str,
    subject: &str,
    at: At<'_>,
) -> Result<Vec<Kept>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM row WHERE subject = ?2 AND scope = ?1 AND state IN ('held','parked','unknown') ORDER BY id"
    ))?;
    let rows = statement.query_map(params![scope, subject], |row| kept(row, at))?;
    Ok(collect(rows)?.0)
}

fn collect(
    rows: impl Iterator<Item = rusqlite::Result<Option<Kept>>>,
) -> Result<(Vec<Kept>, usize)> {
    let (mut read, mut unread) = (Vec::new(), 0);
    for row in rows {
        match row? {
            Some(kept) => read.push(kept),
            None => unread += 1,
        }
    }
    Ok((read, unread))
}

/// Whether an older row of the same subject has yet to be sent.
pub(super) fn must_wait(db: &Connection, scope: &str, subject: &str, id: RowId) -> Result<bool> {
    Ok(db
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM row WHERE subject = ?2 AND scope = ?1 AND id < ?3
               AND state IN ('grace','due','sending'))",
        )?
        .query_row(params![scope, subject, id.0], |row| row.get(0))?)
}

/// How many rows that were not sent belong to other scopes.
pub(super) fn foreign(db: &Connection, scopes: &[String]) -> Result<usize> {
    let mut statement = db.prepare_cached(
        "SELECT scope, COUNT(*) FROM row WHERE state IN ('grace','held','due','sending') GROUP BY scope",
    )?;
    let counts =
        statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))?;
    let mut foreign = 0;
    for count in counts {
        let (scope, count) = count?;
        if !scopes.contains(&scope) {
            foreign += count.unsigned_abs() as usize;
        }
    }
    Ok(foreign)
}

/// Lengthens the leases of a process's rows.
pub(super) fn renew(db: &Connection, owner: &str, lease: i64) -> Result<()> {
    db.prepare_cached("UPDATE row SET lease = ?2 WHERE owner = ?1")?
        .execute(params![owner, lease])?;
    Ok(())
}

/// Forgets the oldest rows that are done, beyond `keep` of a scope.
pub(super) fn prune(db: &Connection, scope: &str, keep: u32) -> Result<()> {
    db.prepare_cached(
        "DELETE FROM row WHERE scope = ?1 AND state IN ('sent','undone') AND id <=
           (SELECT id FROM row WHERE scope = ?1 AND state IN ('sent','undone') ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![scope, keep])?;
    Ok(())
}

/// Leaves a record for the ledger; returns its number.
pub(super) fn tell(db: &Connection, owner: &str, record: &str) -> Result<i64> {
    db.prepare_cached("INSERT INTO told (owner, record) VALUES (?1, ?2)")?
        .execute(params![owner, record])?;
    Ok(db.last_insert_rowid())
}

/// The records a process has yet to write to the ledger, oldest first.
pub(super) fn untold(db: &Connection, owner: &str) -> Result<Vec<(i64, String)>> {
    let mut statement =
        db.prepare_cached("SELECT id, record FROM told WHERE owner = ?1 ORDER BY id")?;
    let rows = statement.query_map([owner], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The processes that have yet to write records.
pub(super) fn tellers(db: &Connection) -> Result<Vec<String>> {
    let mut statement = db.prepare_cached("SELECT DISTINCT owner FROM told")?;
    let rows = statement.query_map([], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Takes over the records of another process.
pub(super) fn adopt_untold(db: &Connection, from: &str, to: &str) -> Result<()> {
    db.execute("UPDATE told SET owner = ?2 WHERE owner = ?1", [from, to])?;
    Ok(())
}

/// Forgets a process's records up to this number: the ledger has them.
pub(super) fn has_told(db: &Connection, owner: &str, up_to: i64) -> Result<()> {
    db.prepare_cached("DELETE FROM told WHERE owner = ?1 AND id <= ?2")?
        .execute(params![owner, up_to])?;
    Ok(())
}

/// Remembers the end of the ledger's chain, so that lines taken off its end are missed.
pub(super) fn set_head(db: &Connection, n: u64, h: &str) -> Result<()> {
    db.prepare_cached(
        "INSERT INTO meta VALUES ('head', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1
         WHERE CAST(value AS INTEGER) < CAST(?1 AS INTEGER)",
    )?
    .execute([format!("{n} {h}")])?;
    Ok(())
}

/// Whether a row was ever kept in this file.
pub(super) fn ever_used(db: &Connection) -> Result<bool> {
    Ok(db.query_row("SELECT EXISTS (SELECT 1 FROM sqlite_sequence)", [], |row| row.get(0))?)
}

/// The end of the ledger's chain as this file remembers it.
pub(super) fn head(db: &Connection) -> Result<Option<(u64, String)>> {
    let found: Option<String> = db
        .query_row("SELECT value FROM meta WHERE key = 'head'", [], |row| row.get(0))
        .optional()?;
    Ok(found.and_then(|text| {
        let (n, h) = text.split_once(' ')?;
        Some((n.parse().ok()?, h.to_owned()))
    }))
}
