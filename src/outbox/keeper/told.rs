//! Telling the ledger: a record is left in the transaction that changes a row, and written to the ledger afterwards. It may
//! come late; it is neither lost nor written twice.

use std::path::Path;

use super::{FILE, Keeper, RECENT, Result};
use crate::ledger::{self, Head, Line};
use crate::outbox::table::{self, Table};
use crate::outbox::{Notice, RowId};

/// Which row a record is of.
#[derive(serde::Deserialize)]
struct OfRow {
    row: RowId,
}

impl Keeper {
    /// Where in the ledger records of rows stand that were written since this was asked last.
    pub fn take_recorded(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.recorded)
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

    pub(super) fn try_write_ledger(&mut self) -> std::result::Result<(), String> {
        let Some(ledger) = &self.ledger else {
            return Ok(());
        };
        let told = |error: &dyn std::fmt::Display| {
            format!("the ledger {} was not written: {error}", ledger.path().display())
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
            let (head, places) = ledger.append_each(&records).map_err(|error| told(&error))?;
            self.recorded.extend(records.iter().zip(places).filter_map(|(record, place)| {
                Some(Notice::Recorded(serde_json::from_str::<OfRow>(record).ok()?.row, place))
            }));
            Some(head)
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
}

impl Keeper {
    /// What an outbox that knows nothing must say when the ledger knows more: its file was removed or emptied, and what
    /// waited in it is gone.
    pub(super) fn forgotten(&self) -> Result<Option<String>> {
        let db = self.table.read();
        let Some(ledger) = &self.ledger else {
            return Ok(None);
        };
        if table::head(db)?.is_some() || table::ever_used(db)? {
            return Ok(None);
        }
        let acts = ledger::acts(ledger.path(), None)?;
        let unsent =
            |line: &&Line| matches!(line.record.result.state.as_str(), "staged" | "held" | "due");
        let count = acts.iter().filter(unsent).count();
        let acts = if count == 1 { "1 act".to_owned() } else { format!("{count} acts") };
        Ok((count > 0).then(|| {
            format!("{FILE} is new: {acts} in the ledger were never sent (socdeck ledger export)")
        }))
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
