//! `socdeck ledger`: what was done, as a shift report or as the records themselves, and whether the chain is whole.

use std::io::{self, IsTerminal};
use std::process::ExitCode;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use crate::config::Sources;
use crate::export::{Format, Grid};
use crate::ledger::{self, Ledger, Line};
use crate::outbox;

use super::args::{LedgerCommand, LedgerFormat};
use super::{Exit, Failure, exec, loaded, output};

pub(super) fn run(what: &LedgerCommand, sources: &Sources) -> Result<ExitCode, Failure> {
    let loaded = loaded(sources)?;
    let refused = |why: String| Failure::said(Exit::Refused, why);
    let folders = loaded.folders.ok_or_else(|| {
        Failure::said(Exit::Configuration, "HOME is not set, so there is no state folder")
    })?;
    let place = outbox::find_place(&folders.state).map_err(refused)?;
    if let Some(note) = &place.note {
        output::tell(note);
    }
    let ledger = Ledger::in_folder(&place.folder);
    let unreadable =
        |error: std::io::Error| refused(format!("{}: {error}", ledger.path().display()));
    match what {
        LedgerCommand::Verify => {
            let known = outbox::remembered(&place.folder)
                .map_err(|error| refused(format!("{}: {error}", place.folder.display())))?;
            let verdict = ledger::verify(ledger.path(), known.as_ref()).map_err(unreadable)?;
            let shown = ledger.path().display();
            if let Some(broken) = verdict.broken {
                return Err(refused(format!(
                    "{shown}:{}: {}. The {} records before it are whole.",
                    broken.line, broken.why, verdict.records
                )));
            }
            let mut words = format!("{shown}: {} records, the chain is whole", verdict.records);
            if verdict.sealed > 0 {
                words =
                    format!("{words}; {} lines that a crash cut off are sealed", verdict.sealed);
            }
            if verdict.torn > 0 {
                words = format!(
                    "{words}; {} bytes at its end were cut off by a crash, the next record seals them",
                    verdict.torn
                );
            }
            if verdict.records > 0 {
                words = format!("{words}; last {}", verdict.head.h);
            }
            output::data(&format!("{words}\n"))?;
        }
        LedgerCommand::Export { since, format } => {
            let since = since.as_deref().map(moment).transpose()?;
            let text = if *format == LedgerFormat::Jsonl {
                let mut lines = ledger::raw(ledger.path(), since).map_err(unreadable)?;
                lines.push(String::new());
                for_reader(lines.join("\n"), io::stdout().is_terminal())
            } else {
                let acts = ledger::acts(ledger.path(), since).map_err(unreadable)?;
                let form = match format {
                    LedgerFormat::Md => Format::Markdown,
                    LedgerFormat::Csv | LedgerFormat::Jsonl => Format::Csv,
                };
                grid(&acts, since).render(form)
            };
            output::data(&text)?;
        }
    }
    Ok(Exit::Done.into())
}

/// Records as they stand; on a terminal what it would obey is written as the escape JSON has for it: still the same JSON,
/// though a hash is of the bytes in the file.
fn for_reader(records: String, terminal: bool) -> String {
    if terminal { exec::escaped(&records) } else { records }
}

/// A point in time as given: `-8h`, `8h`, `2 days`, `2026-01-02T06:00:00Z`.
fn moment(text: &str) -> Result<Timestamp, Failure> {
    let text = text.trim();
    let past = text.trim_start_matches('-').parse::<Span>().ok();
    let past = past.and_then(|span| {
        let now = Timestamp::now().to_zoned(TimeZone::UTC);
        Some(now.checked_sub(span).ok()?.timestamp())
    });
    past.or_else(|| text.parse().ok()).ok_or_else(|| {
        Failure::said(
            Exit::Usage,
            format!(
                "--since {text:?} is no time: a span such as -8h or 2d, or a point such as 2026-01-02T06:00:00Z"
            ),
        )
    })
}

fn grid(acts: &[Line], since: Option<Timestamp>) -> Grid {
    let mut grid = Grid::new([
        "time (UTC)",
        "analyst",
        "act",
        "job",
        "event",
        "label",
        "what",
        "AI said",
        "confidence",
        "result",
        "answer",
        "record",
    ]);
    let title = since.map_or_else(
        || "What was done".to_owned(),
        |since| format!("What was done since {since:.0}"),
    );
    grid = grid.title(title);
    for Line { record, h } in acts {
        let seen = record.seen.clone().unwrap_or_default();
        let text = |value: &Option<String>| value.clone().unwrap_or_default();
        let what = record.device.map_or_else(
            || text(&record.what),
            |did| format!("device {did} {}", text(&record.what)),
        );
        let ai = if seen.blind { "hidden".to_owned() } else { text(&seen.ai) };
        let conf = seen.conf.filter(|_| !seen.blind);
        grid.push([
            record.t.clone(),
            text(&record.analyst),
            record.act.clone(),
            text(&record.job),
            text(&record.event),
            text(&record.label),
            what,
            ai,
            conf.map_or_else(String::new, |conf| format!("{conf:.1}")),
            record.result.state.clone(),
            text(&record.result.words),
            h.chars().take(12).collect(),
        ]);
    }
    grid.note = Some(match acts.len() {
        1 => "1 act".to_owned(),
        count => format!("{count} acts"),
    });
    grid
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_on_a_terminal_are_the_same_json_and_move_nothing() {
        let record = "{\"note\":\"a\u{202e}b\u{9b}31m\u{1f}\"}\n".to_owned();
        let shown = for_reader(record.clone(), true);
        assert_eq!(shown, "{\"note\":\"a\\u202eb\\u009b31m\\u001f\"}\n");
        assert_eq!(for_reader(record.clone(), false), record);
    }

    #[test]
    fn since_is_a_span_back_or_a_point() {
        let eight = moment("-8h").unwrap();
        let ago = Timestamp::now().duration_since(eight).as_secs();
        assert!((8 * 3600..8 * 3600 + 5).contains(&ago), "{ago}");
        assert!(moment("2d").unwrap() < eight);
        assert_eq!(moment("2026-01-02T06:00:00Z").unwrap().to_string(), "2026-01-02T06:00:00Z");
        assert!(moment("yesterday").is_err());
    }
}
