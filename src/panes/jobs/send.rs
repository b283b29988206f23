//! The sheet that sends an event: its fields, the JSON with its errors at line and column, a file in place of typing.

use std::fmt::Write as _;

use serde_json::value::RawValue;

use crate::api::arcanna::events::{SendEvent, severity};
use crate::api::arcanna::jobs::Job;
use crate::api::arcanna::{EventId, JobId};
use crate::command::Tone;
use crate::outbox::Act;
use crate::panes::sheet::{Confirm, Sheet};
use crate::ui::text;

const TITLE: &str = "title";
const SEVERITY: &str = "severity";
const ID: &str = "id";
/// The field of the event itself.
pub(super) const EVENT: &str = "event";

/// What a person begins with.
const BEGIN: &str = "{\n  \n}";

const HELP: &str = "JSON; @path then Enter reads a file; ^X^E opens your editor; Tab goes on";

/// What was written into a sheet that was closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Written([String; 4]);

impl Written {
    pub(super) fn of(sheet: &Sheet) -> Self {
        Self([TITLE, SEVERITY, ID, EVENT].map(|name| sheet.value(name)))
    }
}

/// The sheet for a job, with what was written before.
pub(super) fn sheet(job: &Job, before: Option<&Written>, read_only: bool) -> Sheet {
    let name = job.title.as_deref().unwrap_or("");
    let title = format!("SEND EVENT TO JOB {} {name}", job.id);
    let confirm = Confirm::Type("the job id".to_owned(), job.id.to_string());
    let empty = Written(["", "", "", BEGIN].map(String::from));
    let Written([title_text, severity, id, event]) = before.unwrap_or(&empty);
    let mut sheet = Sheet::new(title.trim_end(), confirm, read_only).note(
        Tone::Fine,
        "Arcanna decides on it as on any other event. It cannot be taken back once it is sent.",
    );
    if job.status.as_ref().and_then(|status| status.runs()) == Some(false) {
        sheet = sheet.note(Tone::Mind, "The job is stopped: it takes no events.");
    }
    sheet
        .line(TITLE, "title", title_text, "optional")
        .line(SEVERITY, "severity", severity, "optional; a number")
        .line(ID, "id", id, "optional; Arcanna gives one")
        .editor(EVENT, "event", event, HELP)
}

/// The file that the event shall be read from: `@path` and Enter, nothing else.
pub(super) fn file(sheet: &Sheet) -> Option<String> {
    let text = sheet.value(EVENT);
    let path = text.trim_start().strip_prefix('@')?.strip_suffix('\n')?;
    let path = path.trim();
    (!path.is_empty() && !path.contains('\n')).then(|| path.to_owned())
}

/// JSON with every character that the editor would replace by a visible one written as an escape: it means the same.
pub(super) fn escaped(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut utf16 = [0; 2];
    for c in json.chars() {
        let one = c.encode_utf8(&mut [0; 4]).to_owned();
        if c.is_ascii() || text::clean(&one) == one {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut utf16) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

/// The event as it will be sent, or what is wrong with it and where.
fn event(text: &str) -> Result<Box<RawValue>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Err("it is empty".to_owned());
    }
    if text.starts_with('@') {
        return Err("Enter reads the file".to_owned());
    }
    let raw: Box<RawValue> = serde_json::from_str(text).map_err(|error| {
        let words = error.to_string();
        let words = words.split(" at line ").next().unwrap_or_default();
        format!("line {}, column {}: {words}", error.line(), error.column())
    })?;
    if !raw.get().starts_with('{') {
        return Err("an event is an object: {\"name\": value, …}".to_owned());
    }
    Ok(raw)
}

pub(super) fn complain(sheet: &mut Sheet) {
    let wrong = severity(&sheet.value(SEVERITY)).err();
    sheet.complain(SEVERITY, wrong.map(|_| "it is no number".to_owned()));
    sheet.complain(EVENT, event(&sheet.value(EVENT)).err());
}

/// The write, or what is missing.
pub(super) fn act(job: &JobId, sheet: &Sheet) -> Result<Act, String> {
    let said = |name| Some(sheet.value(name).trim().to_owned()).filter(|text| !text.is_empty());
    Ok(Act::Send(SendEvent {
        job: job.clone(),
        id: said(ID).map(EventId::new),
        title: said(TITLE),
        severity: severity(&sheet.value(SEVERITY)).map_err(|bad| bad.to_string())?,
        raw_body: event(&sheet.value(EVENT))
            .map_err(|_| "Nothing to send yet: see what stands beside the event.".to_owned())?,
    }))
}
