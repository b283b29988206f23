//! The ledger as people want it: one line per act with its latest result, or the records as they stand.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;

use super::Record;

/// One act.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Its newest record.
    pub record: Record,
    /// The hash of that record: names it for whoever checks.
    pub h: String,
}

#[derive(Deserialize)]
struct Chained {
    #[serde(flatten)]
    record: Record,
    #[serde(default)]
    h: String,
}

/// The acts staged since `since`, oldest first, each with its newest result. Lines that are no record are left out:
/// [`super::verify`] is who complains about them.
///
/// # Errors
/// The file cannot be read. A missing one has no acts.
pub fn acts(path: &Path, since: Option<Timestamp>) -> io::Result<Vec<Line>> {
    let mut acts: BTreeMap<(String, i64), (u64, Line)> = BTreeMap::new();
    for line in lines(path)? {
        let line = line?;
        let Ok(Chained { record, h }) = serde_json::from_str::<Chained>(&line) else {
            continue;
        };
        if record.id.is_empty() || !counts(&record, since) {
            continue;
        }
        // Numbers of rows and of records are unique within one outbox file, whose name begins the record's id. A process that
        // ended before it could write leaves its records to another, which writes them late: the number tells what is newest.
        let (file, number) = record.id.split_once('-').unwrap_or((&record.id, ""));
        let number: u64 = number.parse().unwrap_or_default();
        let name = (file.to_owned(), record.row);
        if acts.get(&name).is_none_or(|(than, _)| *than < number) {
            acts.insert(name, (number, Line { record, h }));
        }
    }
    let mut acts: Vec<Line> = acts.into_values().map(|(_, line)| line).collect();
    acts.sort_by(|a, b| (&a.record.t, a.record.row).cmp(&(&b.record.t, b.record.row)));
    Ok(acts)
}

/// The lines of the file whose act was staged since `since`, as they stand.
///
/// # Errors
/// The file cannot be read. A missing one has no lines.
pub fn raw(path: &Path, since: Option<Timestamp>) -> io::Result<Vec<String>> {
    let mut kept = Vec::new();
    for line in lines(path)? {
        let line = line?;
        let counts = serde_json::from_str::<Record>(&line)
            .map_or(since.is_none(), |record| counts(&record, since));
        if counts {
            kept.push(line);
        }
    }
    Ok(kept)
}

fn counts(record: &Record, since: Option<Timestamp>) -> bool {
    since.is_none_or(|since| record.t.parse::<Timestamp>().is_ok_and(|staged| staged >= since))
}

fn lines(path: &Path) -> io::Result<Box<dyn Iterator<Item = io::Result<String>>>> {
    match File::open(path) {
        Ok(file) => Ok(Box::new(
            BufReader::new(file)
                .split(b'\n')
                .map(|line| line.map(|bytes| String::from_utf8_lossy(&bytes).into_owned())),
        )),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Box::new(std::iter::empty())),
        Err(error) => Err(error),
    }
}
