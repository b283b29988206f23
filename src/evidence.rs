//! The evidence basket: what a person pinned, with its texts as they were at that moment.
//!
//! Pure: it says what changed, and the loop keeps that in a file ([`Change`]) and tells how it went ([`Told`]). What could
//! not be kept stays in the basket for this session and says so. Texts come here ready to leave the program: cleaned and
//! defanged.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The most items.
pub const MOST: usize = 500;

/// The most bytes of all items as they are kept.
pub const BYTES: usize = 8 * 1024 * 1024;

/// One pinned thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Item {
    /// Its name: the moment it was pinned in nanoseconds, moved on where that is taken.
    pub id: u64,
    /// When it was pinned.
    pub at: Timestamp,
    /// By whom, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analyst: Option<String>,
    /// What it is, in a word: `event`.
    pub kind: String,
    /// One line about it.
    pub title: String,
    /// The name of the pane it comes from.
    pub pane: String,
    /// What that pane is opened on to see it again, in words; empty: the pane as it opens.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub target: Vec<String>,
    /// Ticket text.
    pub markdown: String,
    /// Its data.
    pub json: String,
    /// Its table: column titles.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Its table: rows.
    #[serde(default)]
    pub rows: Vec<Vec<String>>,
    /// What the person wrote beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

impl Item {
    /// The line it is kept as, without its end.
    pub fn line(&self) -> String {
        // Strings and numbers alone: there is nothing in it that could not be written.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What is to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Read what is kept; another session may have pinned something.
    Read,
    /// Add this.
    Pin(Box<Item>),
    /// Write these words beside an item, or none.
    Note(u64, Option<String>),
    /// Take an item out.
    Remove(u64),
}

/// What the keeper tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What is kept.
    Read {
        /// Everything that was understood, in the order of the file.
        items: Vec<Item>,
        /// Lines that were not, by their number from 1, with the reason: they stay in the file.
        strange: Vec<(usize, String)>,
        /// Where it is kept, or why nowhere.
        place: Result<String, String>,
    },
    /// The change to this item is kept.
    Kept(u64),
    /// It is not; why.
    Failed(u64, String),
}

/// Why something was not pinned.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// There are too many.
    #[error("the basket is full ({MOST} items): export it (x m) and remove some (X)")]
    Many,
    /// They are too large together.
    #[error(
        "it does not fit: {0} of {size} kB of the basket are taken: export it (x m) and remove some (X)",
        size = BYTES / 1024
    )]
    Large(String),
}

/// The basket as a session knows it.
#[derive(Debug, Default)]
pub struct Basket {
    items: BTreeMap<u64, (Item, usize)>,
    bytes: usize,
    /// Pinned, and the keeper has not answered yet.
    waiting: BTreeSet<u64>,
    /// Removed, and the keeper has not answered yet.
    leaving: BTreeSet<u64>,
    /// Not kept: gone with the session.
    unkept: BTreeSet<u64>,
    /// Lines of the file that were not understood.
    pub strange: Vec<(usize, String)>,
    /// Where it is kept, or why nowhere; `None` until the keeper told.
    pub place: Option<Result<String, String>>,
}

impl Basket {
    /// All items, newest first.
    pub fn newest(&self) -> impl DoubleEndedIterator<Item = &Item> {
        self.items.values().rev().map(|(item, _)| item)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes of all items as they are kept.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// The item of this name.
    pub fn get(&self, id: u64) -> Option<&Item> {
        self.items.get(&id).map(|(item, _)| item)
    }

    /// Whether an item is gone with the session: it could not be kept.
    pub fn is_unkept(&self, id: u64) -> bool {
        self.unkept.contains(&id)
    }

    /// Whether an item was pinned and it is not known yet whether it is kept.
    pub fn is_waiting(&self, id: u64) -> bool {
        self.waiting.contains(&id)
    }

    /// Adds an item; its name is chosen here. Returns what is to be kept.
    ///
    /// # Errors
    /// The basket is full.
    pub fn pin(&mut self, mut item: Item) -> Result<Change, Full> {
        if self.items.len() >= MOST {
            return Err(Full::Many);
        }
        let mut id = u64::try_from(item.at.as_nanosecond()).unwrap_or_default();
        while self.items.contains_key(&id) || self.leaving.contains(&id) {
            id += 1;
        }
        item.id = id;
        let size = item.line().len();
        if self.bytes + size > BYTES {
            return Err(Full::Large((self.bytes / 1024).to_string()));
        }
        self.bytes += size;
        self.waiting.insert(id);
        self.items.insert(id, (item.clone(), size));
        Ok(Change::Pin(Box::new(item)))
    }

    /// Writes words beside an item; empty ones take them away. `None` when there is no such item or nothing changes.
    pub fn note(&mut self, id: u64, words: &str) -> Option<Change> {
        let words = Some(words.trim()).filter(|words| !words.is_empty()).map(str::to_owned);
        let (item, size) = self.items.get_mut(&id)?;
        if item.note == words {
            return None;
        }
        item.note.clone_from(&words);
        self.bytes -= *size;
        *size = item.line().len();
        self.bytes += *size;
        (!self.unkept.contains(&id)).then_some(Change::Note(id, words))
    }

    /// Takes an item out. `None` when nothing is to be kept of that.
    pub fn remove(&mut self, id: u64) -> Option<Change> {
        let (_, size) = self.items.remove(&id)?;
        self.bytes -= size;
        if self.unkept.remove(&id) {
            return None;
        }
        self.leaving.insert(id);
        Some(Change::Remove(id))
    }

    /// Takes in what the keeper tells. `true` when what is kept must be read anew, because a change to it failed.
    pub fn told(&mut self, told: Told) -> bool {
        match told {
            Told::Read { items, strange, place } => {
                // Where nothing is kept, or it cannot be read, the session's own is all there is.
                if place.is_ok() {
                    self.items
                        .retain(|id, _| self.waiting.contains(id) || self.unkept.contains(id));
                }
                for item in items {
                    if !self.leaving.contains(&item.id) {
                        let size = item.line().len();
                        self.items.insert(item.id, (item, size));
                    }
                }
                self.bytes = self.items.values().map(|(_, size)| size).sum();
                self.strange = strange;
                self.place = Some(place);
                false
            }
            Told::Kept(id) => {
                self.waiting.remove(&id);
                self.leaving.remove(&id);
                false
            }
            Told::Failed(id, _) => {
                if self.waiting.remove(&id) {
                    self.unkept.insert(id);
                    return false;
                }
                self.leaving.remove(&id);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests;
