//! The chain: how a record is tied to the one before it, how the end of the file is found, how the whole is checked.
//!
//! A line is `{"n":…, …record…, "prev":"…","h":"…"}`; `h` is the SHA-256 of the line's bytes up to `,"h":`, so that it covers
//! number, record and the hash before. Hashes are of bytes as they stand: nothing is parsed to be checked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use serde::Deserialize;
use serde_json::json;

use super::digest;

/// The `prev` of the first record.
const START: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// `,"h":"` + 64 digits + `"}`.
const TAIL: usize = 6 + 64 + 2;

/// How far back the last whole line is looked for at first, in bytes.
const BACK: u64 = 64 * 1024;

/// The last record of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 before the first.
    pub n: u64,
    /// Its hash.
    pub h: String,
}

impl Default for Head {
    fn default() -> Self {
        Self { n: 0, h: START.to_owned() }
    }
}

/// The end of a file.
#[derive(Debug, Default)]
pub(super) struct End {
    /// The last whole record.
    pub head: Head,
    /// Bytes after it that are no record.
    pub torn: Option<Vec<u8>>,
    /// The last record lacks its line feed.
    pub open: bool,
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Verdict {
    /// Records that are good, from the first on.
    pub records: u64,
    /// Lines of the file that were looked at.
    pub lines: u64,
    /// Lines that a crash cut off and a later record sealed.
    pub sealed: u64,
    /// Bytes at the end that a crash cut off and nothing sealed yet: the next record will.
    pub torn: usize,
    /// Where the chain breaks.
    pub broken: Option<Break>,
    /// The last good record.
    pub head: Head,
}

/// A place where the chain breaks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Break {
    /// Line of the file, from 1.
    pub line: u64,
    /// What is wrong there.
    pub why: String,
}

#[derive(Deserialize)]
struct Place {
    n: u64,
    prev: String,
    #[serde(default)]
    act: String,
    #[serde(default)]
    torn: Option<Torn>,
}

#[derive(Deserialize)]
struct Torn {
    bytes: usize,
    sha256: String,
}

/// Ties a record to the chain; returns its line with the line feed.
pub(super) fn link(head: &mut Head, record: &str) -> String {
    let inner = record.trim().trim_start_matches('{').strip_suffix('}').unwrap_or_default();
    let comma = if inner.is_empty() { "" } else { "," };
    let n = head.n + 1;
    let covered = format!(r#"{{"n":{n},{inner}{comma}"prev":"{}""#, head.h);
    let h = digest(covered.as_bytes());
    let line = format!("{covered},\"h\":\"{h}\"}}\n");
    *head = Head { n, h };
    line
}

/// The record that seals what a crash left.
pub(super) fn seal(torn: &[u8]) -> String {
    json!({
        "id": "",
        "act": "seal",
        "note": "the line before was cut off when a process or the machine stopped; nothing of it counts",
        "torn": { "bytes": torn.len(), "sha256": digest(torn) },
    })
    .to_string()
}

/// A whole line's place in the chain, if its hash fits its bytes.
fn read(line: &[u8]) -> Result<(Place, String), String> {
    let split = line.len().checked_sub(TAIL).ok_or("it is too short for a record")?;
    let (covered, tail) = line.split_at(split);
    let hash = tail
        .strip_prefix(b",\"h\":\"")
        .and_then(|tail| tail.strip_suffix(b"\"}"))
        .and_then(|hash| std::str::from_utf8(hash).ok())
        .ok_or("it does not end with a hash")?;
    if digest(covered) != hash {
        return Err("its hash does not fit: it was changed".to_owned());
    }
    let mut whole = covered.to_vec();
    whole.push(b'}');
    let place =
        serde_json::from_slice(&whole).map_err(|error| format!("it is no record: {error}"))?;
    Ok((place, hash.to_owned()))
}

/// Finds the end of the chain without reading the whole file.
pub(super) fn end(file: &mut File) -> io::Result<End> {
    let size = file.metadata()?.len();
    let mut back = BACK;
    loop {
        let start = size.saturating_sub(back);
        file.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n');
        let torn = &bytes[whole.map_or(0, |at| at + 1)..];
        // Cut off exactly before its line feed: the record is whole.
        if let Ok((place, h)) = read(torn) {
            return Ok(End { head: Head { n: place.n, h }, torn: None, open: true });
        }
        let lines = &bytes[..whole.unwrap_or(0)];
        let mut last = None;
        // What a seal follows is skipped; so is anything else that is no record: `verify` is who complains.
        for line in lines.rsplit(|byte| *byte == b'\n') {
            if let Ok((place, h)) = read(line) {
                last = Some(Head { n: place.n, h });
                break;
            }
        }
        if let Some(head) = last {
            return Ok(End { head, torn: (!torn.is_empty()).then(|| torn.to_vec()), open: false });
        }
        if start == 0 {
            return Ok(End {
                head: Head::default(),
                torn: (!torn.is_empty()).then(|| torn.to_vec()),
                open: false,
            });
        }
        back *= 8;
    }
}

/// Walks the whole chain. A missing file is an empty chain. `known` is a record that was once its end, remembered elsewhere:
/// without it nobody could miss records taken off the end.
///
/// # Errors
/// The file cannot be read.
pub fn verify(path: &Path, known: Option<&Head>) -> io::Result<Verdict> {
    let mut verdict = walk(path, known)?;
    if verdict.broken.is_none()
        && let Some(known) = known.filter(|known| known.n > verdict.head.n)
    {
        verdict.broken = Some(Break {
            line: verdict.lines,
            why: format!(
                "it ends at record {}, but there was a record {}: records were taken off its end",
                verdict.head.n, known.n
            ),
        });
    }
    Ok(verdict)
}

fn walk(path: &Path, known: Option<&Head>) -> io::Result<Verdict> {
    let mut verdict = Verdict::default();
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(verdict),
        Err(error) => return Err(error),
    };
    let mut reader = BufReader::new(file);
    let mut number = 0;
    // A line that is no record, which only the next record can excuse.
    let mut cut: Option<(Vec<u8>, Break)> = None;
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            break;
        }
        number += 1;
        verdict.lines = number;
        let ended = line.last() == Some(&b'\n');
        if ended {
            line.pop();
        } else if read(&line).is_err() {
            if cut.is_none() {
                verdict.torn = line.len();
            }
            break;
        }
        let wrong = |why: String| Break { line: number, why };
        let (place, h) = match read(&line) {
            Ok(read) => read,
            Err(why) if cut.is_none() => {
                cut = Some((line, wrong(why)));
                continue;
            }
            Err(_) => break,
        };
        if let Some((bytes, found)) = cut.take() {
            let sealed = place.act == "seal"
                && place
                    .torn
                    .as_ref()
                    .is_some_and(|torn| torn.bytes == bytes.len() && torn.sha256 == digest(&bytes));
            if !sealed {
                verdict.broken = Some(found);
                return Ok(verdict);
            }
            verdict.sealed += 1;
        }
        if place.prev != verdict.head.h || place.n != verdict.head.n + 1 {
            verdict.broken = Some(wrong(format!(
                "record {} does not follow record {}: something between was taken out, put in or moved",
                place.n, verdict.head.n
            )));
            return Ok(verdict);
        }
        if known.is_some_and(|known| known.n == place.n && known.h != h) {
            verdict.broken = Some(wrong(format!(
                "record {} is not the one that was written: the chain was rewritten",
                place.n
            )));
            return Ok(verdict);
        }
        verdict.records += 1;
        verdict.head = Head { n: place.n, h };
    }
    verdict.broken = cut.map(|(_, found)| found);
    Ok(verdict)
}
