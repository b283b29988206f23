//! The ledger: who did what, when, what was on the screen, and how it ended. One JSON line per record, append-only, each
//! with the hash of the one before it, in a file only its owner can read.
//!
//! It records what the outbox tells and decides nothing. Several processes append to the same file: the file is locked
//! while one does. A line that a crash cut off is sealed by the next record, never removed.
//! The chain shows that a record was changed, taken out or put in; it does not stop someone who rewrites the whole file.

mod chain;
mod report;

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub use chain::{Break, Head, Verdict, verify};
pub use report::{Line, acts, raw};

/// What was on the screen.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Seen {
    /// The AI's label at that moment; with `blind` the person could not see it.
    pub ai: Option<String>,
    /// Its confidence; with `blind` the person could not see it.
    pub conf: Option<f64>,
    /// Whether it was marked as an outlier.
    pub outlier: Option<bool>,
    /// The AI's answer was hidden, and had not been on the screen before in that session.
    pub blind: bool,
    /// Other people's votes on it, or their outcome, had been on the screen.
    pub others_revealed: bool,
    /// Labels in a row whose events were on the screen for less than a second each, once they are a fast run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fast_run: Option<u32>,
    /// How long the event had been on the screen.
    pub dwell_ms: Option<u64>,
}

/// How far the act is.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ended {
    /// `staged`, then one of `sent`, `parked`, `unknown`, `undone`, `held`, `due`.
    pub state: String,
    /// HTTP status of the last attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http: Option<u16>,
    /// The server's words, or why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
    /// Attempts made.
    pub attempts: u32,
    /// When it came to this.
    pub at: String,
    /// How long the last attempt took.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ms: Option<u64>,
}

/// One record, without its place in the chain.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Record {
    /// Unique: the outbox file, and the number of the record there. A record is never written twice.
    pub id: String,
    /// When the act was staged, UTC.
    pub t: String,
    /// The machine.
    pub host: String,
    /// The user id, set by the kernel.
    pub uid: u32,
    /// Under whose name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub analyst: Option<String>,
    /// Environment as the screen shows it.
    pub env: String,
    /// The product's address.
    pub origin: String,
    /// The outbox row: what several records of one act have in common.
    pub row: i64,
    /// `label`, `tag`, `untag`, `watch`, `unwatch`, `acknowledge`, `unacknowledge`, `comment`, `train`, `send`, or a
    /// command's name.
    pub act: String,
    /// The job, for Arcanna's acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// The event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// The label that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The key that was pressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digit: Option<char>,
    /// The device.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub device: Option<i64>,
    /// What else the act names: a tag, entries, a breach, a title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub what: Option<String>,
    /// Method and target of the request.
    pub request: String,
    /// SHA-256 of the request's body: JSON as it is sent, form fields as a JSON list of pairs; empty without one.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub body: String,
    /// The person's own words; may be a digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Writes of one deed share a number, within one run of the program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<u64>,
    /// What was on the screen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seen: Option<Seen>,
    /// How far it is.
    pub result: Ended,
}

/// The ledger's file.
#[derive(Debug, Clone)]
pub struct Ledger {
    path: PathBuf,
}

/// The file's name within its folder.
pub const FILE: &str = "ledger.jsonl";

impl Ledger {
    /// The ledger of this folder. Nothing is opened yet.
    pub fn in_folder(folder: &Path) -> Self {
        Self { path: folder.join(FILE) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Appends records (each a JSON object as [`Record`] gives) and makes them durable. What a crash cut off is sealed
    /// first. Returns the new end of the chain.
    ///
    /// # Errors
    /// The file cannot be opened, locked, read or written. Then none of the records counts as written.
    pub fn append(&self, records: &[String]) -> io::Result<Head> {
        self.append_each(records).map(|(head, _)| head)
    }

    /// As [`Self::append`]; returns the place of each record besides the new end of the chain.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_each(&self, records: &[String]) -> io::Result<(Head, Vec<Head>)> {
        let mut file =
            OpenOptions::new().create(true).append(true).read(true).mode(0o600).open(&self.path)?;
        file.lock()?;
        let end = chain::end(&mut file)?;
        let mut head = end.head;
        let mut text = String::new();
        if end.open {
            text.push('\n');
        }
        if let Some(torn) = &end.torn {
            text.push('\n');
            text.push_str(&chain::link(&mut head, &chain::seal(torn)));
        }
        let mut places = Vec::with_capacity(records.len());
        for record in records {
            text.push_str(&chain::link(&mut head, record));
            places.push(head.clone());
        }
        // One write: a crash cuts it at most once, at the end.
        file.write_all(text.as_bytes())?;
        file.sync_data()?;
        Ok((head, places))
    }

    /// Whether a record with this id is among the last `bytes` of the file.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn holds(&self, id: &str, bytes: u64) -> io::Result<bool> {
        let mut file = match File::open(&self.path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(error),
        };
        let start = file.metadata()?.len().saturating_sub(bytes);
        file.seek(SeekFrom::Start(start))?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let needle = format!("\"id\":{}", serde_json::to_string(id)?);
        Ok(String::from_utf8_lossy(&text)
            .lines()
            // A line without its end was cut off: its record does not count.
            .any(|line| line.contains(&needle) && line.ends_with("\"}")))
    }
}

/// SHA-256 of bytes, in hex.
pub fn digest(bytes: &[u8]) -> String {
    use sha2::Digest;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[cfg(test)]
mod tests;
