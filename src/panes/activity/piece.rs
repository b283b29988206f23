//! A write or a call as a whole, to be read elsewhere or pinned: the request, how it ended, an error in all its words.

use super::{ActivityPane, CallLine, Part, Write};
use crate::api::{ApiError, Body, Call};
use crate::command::Target;
use crate::export::{Grid, defang_text};
use crate::panes::grids::{self, utc};
use crate::panes::paint::complaint;
use crate::panes::piece::Piece;
use crate::store::{Outcome, Store, key};
use crate::ui::text::clean;

fn safe(words: &str) -> String {
    defang_text(&clean(words))
}

/// Method, address and body; credentials are not part of a call.
fn request(call: &Call, lines: &mut Vec<String>) {
    lines.push(format!("- Request: {} {}", call.product, clean(&grids::request(call))));
    match &call.body {
        Body::Empty => {}
        Body::Json(json) => lines.push(format!("- Body: {}", safe(json))),
        Body::Form(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.push(format!("- Form: {}", safe(&fields.join(" "))));
        }
    }
}

fn failure(error: &ApiError, lines: &mut Vec<String>) {
    lines.extend(complaint(error).into_iter().map(|part| format!("- {}", safe(&part))));
}

impl ActivityPane {
    pub(super) fn whole_row(&self, store: &Store) -> Option<Piece> {
        match self.part {
            Part::Writes => self.write(store).and_then(write),
            Part::Calls => {
                let lines = self.shown_calls(store);
                lines.get(self.calls.cursor()).and_then(call)
            }
        }
    }
}

fn write(row: &Write) -> Option<Piece> {
    let table = grids::writes(std::iter::once(row))?;
    let mut lines = vec![format!("### Write {}: {}", row.id, safe(&row.draft.act.summary()))];
    request(&row.draft.call, &mut lines);
    lines.push(format!("- Staged {}, changed {}", utc(row.staged), utc(row.changed)));
    let cell = |name: &str| {
        let at = table.headers.iter().position(|header| header == name)?;
        table.rows.first()?.get(at).filter(|cell| !matches!(cell.as_str(), "" | "-")).cloned()
    };
    for (title, name) in
        [("State", "state"), ("Words", "words"), ("Attempts", "attempts"), ("Note", "note")]
    {
        lines.extend(cell(name).map(|value| format!("- {title}: {}", clean(&value))));
    }
    let event = row.draft.act.labels().map(|(job, event, _)| key(job, event));
    Some(Piece {
        kind: "write".to_owned(),
        title: safe(&row.draft.act.summary()),
        target: event.map(|event| Target::Event(event.job, event.event)),
        markdown: lines.join("\n") + "\n",
        json: table.json(),
        table,
    })
}

fn call(line: &CallLine<'_>) -> Option<Piece> {
    let (call, entry, since) = match line {
        CallLine::Live(_, live) => (&live.call, None, live.since),
        CallLine::Ended(entry) => (&entry.call, Some(*entry), entry.since),
    };
    let table: Grid = grids::calls(std::iter::once((call, entry)))?;
    let mut lines = vec![format!("### Call {}", safe(&call.name))];
    request(call, &mut lines);
    lines.push(format!("- Asked {}", utc(since)));
    match entry {
        None => lines.push("- Under way".to_owned()),
        Some(entry) => {
            lines.push(format!("- Ended {} after {} attempts", utc(entry.at), entry.attempts));
            match &entry.outcome {
                Outcome::Answered(status, took, size) => lines
                    .push(format!("- Answered {status} in {} ms, {size} bytes", took.as_millis())),
                Outcome::Failed(error) => failure(error, &mut lines),
            }
        }
    }
    Some(Piece {
        kind: "call".to_owned(),
        title: format!("{} {}: {}", call.product, safe(&call.name), clean(&grids::request(call))),
        target: None,
        markdown: lines.join("\n") + "\n",
        json: table.json(),
        table,
    })
}
