//! How Activity looks: the two lists, and what the line under the cursor asked and was answered.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{ActivityPane, CallLine, Part};
use crate::api::{Body, Call};
use crate::command::Prefs;
use crate::outbox::{Row as Write, Seen, State};
use crate::panes::paint::{self, Look, complaint, rule};
use crate::store::{Outcome, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

impl ActivityPane {
    pub(super) fn draw_writes(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let rows: Vec<&Write> = self.shown(store).collect();
        if rows.is_empty() && !self.filter.is_empty() {
            return self.draw_no_match(look, area, buf);
        }
        if rows.is_empty() {
            let hint = format!(
                "A label from Triage, or a command typed after {}, appears here.",
                look.key("shell.command")
            );
            return paint::empty(buf, area, look, &["Nothing was written yet.".into(), hint]);
        }
        let table = Table::new(vec![
            Column::new("WHEN", Width::Fixed(12)),
            Column::new("STATE", Width::Fixed(9)),
            Column::new("WHAT", Width::Flex(20, 3)),
            Column::new("RESULT", Width::Flex(14, 2)).rank(1),
        ]);
        table.draw(area, buf, look.theme, &self.writes, rows.len(), |index| {
            let row = rows[index];
            let (state, words, style) = told(row, look);
            Cells::new([
                Text::styled(look.tell(row.staged), look.theme.dim),
                Text::styled(state, style),
                Text::from(row.draft.act.summary()),
                Text::styled(words, look.theme.dim),
            ])
        });
    }

    pub(super) fn draw_no_match(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let first = format!("No line holds '{}'.", self.filter);
        let find = look.key("activity.find");
        let hint = format!("{find} changes the filter; {find} Enter with no words takes it away.");
        paint::empty(buf, area, look, &[first, hint]);
    }

    pub(super) fn draw_calls(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let lines = self.shown_calls(store);
        if lines.is_empty() && !self.filter.is_empty() {
            return self.draw_no_match(look, area, buf);
        }
        if lines.is_empty() {
            return paint::empty(buf, area, look, &["Nothing was asked yet.".into()]);
        }
        let table = Table::new(vec![
            Column::new("WHEN", Width::Fixed(12)),
            Column::new("RESULT", Width::Fixed(11)),
            Column::new("TIME", Width::Fixed(8)).right(),
            Column::new("TRY", Width::Fixed(3)).right().rank(2),
            Column::new("WHAT", Width::Flex(18, 1)),
            Column::new("REQUEST", Width::Flex(20, 3)).rank(1),
        ]);
        table.draw(area, buf, look.theme, &self.calls, lines.len(), |index| match &lines[index] {
            CallLine::Live(ticket, live) => Cells::new([
                Text::styled(look.tell(live.since), look.theme.dim),
                Text::styled(
                    if live.waiting.is_some() {
                        "retrying"
                    } else if live.attempts == 0 {
                        "queued"
                    } else {
                        "under way"
                    },
                    look.theme.accent,
                ),
                Text::from(ticket.to_string()),
                Text::from(live.attempts.to_string()),
                Text::from(live.call.name.to_string()),
                Text::styled(live.call.to_string(), look.theme.dim),
            ]),
            CallLine::Ended(entry) => {
                let (result, time, style) = match &entry.outcome {
                    Outcome::Answered(status, took, _) => {
                        (status.to_string(), format!("{} ms", took.as_millis()), look.theme.good)
                    }
                    Outcome::Failed(error) => (
                        short(error),
                        String::new(),
                        if is_cancelled(error) { look.theme.dim } else { look.theme.bad },
                    ),
                };
                Cells::new([
                    Text::styled(look.tell(entry.at), look.theme.dim),
                    Text::styled(result, style),
                    Text::from(time),
                    Text::from(entry.attempts.to_string()),
                    Text::from(entry.call.name.to_string()),
                    Text::styled(entry.call.to_string(), look.theme.dim),
                ])
            }
        });
    }

    pub(super) fn draw_detail(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let mut lines = Vec::new();
        match self.part {
            Part::Writes => {
                let Some(row) = self.write(store) else { return };
                request(&row.draft.call, look, &mut lines);
                let (state, words, style) = told(row, look);
                lines.push(vec![Span::styled(state, style), Span::raw(format!("   {words}"))]);
                if let Some(seen) = &row.draft.seen {
                    let confidence = seen
                        .confidence
                        .map_or_else(|| "-".to_owned(), |confidence| confidence.to_string());
                    let outlier =
                        seen.outlier.map_or("-", |outlier| if outlier { "yes" } else { "no" });
                    let label = seen.label.as_deref().unwrap_or("-");
                    lines.push(vec![
                        Span::styled("seen  ", look.theme.dim),
                        Span::raw(format!(
                            "AI {label}  confidence {confidence}  outlier {outlier}{}",
                            facts(seen)
                        )),
                    ]);
                }
            }
            Part::Calls => match self.shown_calls(store).into_iter().nth(self.calls.cursor()) {
                Some(CallLine::Live(_, live)) => {
                    request(&live.call, look, &mut lines);
                    let why = live.waiting.as_ref().map_or_else(
                        || "no answer yet".to_owned(),
                        |error| format!("will be repeated: {error}"),
                    );
                    lines.push(vec![Span::raw(why)]);
                }
                Some(CallLine::Ended(entry)) => {
                    request(&entry.call, look, &mut lines);
                    match &entry.outcome {
                        Outcome::Answered(status, took, size) => {
                            let words = format!(
                                "{status}   {} ms   {} bytes   {} attempts   asked by {}",
                                took.as_millis(),
                                text::thousands(*size as u64),
                                entry.attempts,
                                owner(entry.owner)
                            );
                            lines.push(vec![Span::styled(words, look.theme.text)]);
                        }
                        Outcome::Failed(error) => lines
                            .extend(complaint(error).into_iter().map(|part| vec![Span::raw(part)])),
                    }
                }
                None => return,
            },
        }
        let waits = match self.part {
            Part::Writes => graces(look.prefs),
            Part::Calls => String::new(),
        };
        rule(buf, area, 0, look, "request and result", &waits);
        let below =
            Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        let wide = usize::from(area.width.saturating_sub(2)).max(8);
        let wrapped = lines.into_iter().flat_map(|spans| wrap(spans, wide));
        paint::put_lines(buf, below, wrapped, 0);
    }
}

/// How long each kind of write waits before it is sent.
fn graces(prefs: &Prefs) -> String {
    let [label, tag, other] =
        [prefs.label_grace, prefs.tag_grace, prefs.outward_grace].map(|grace| grace.as_secs());
    format!("sent after: label {label} s, tag {tag} s, other {other} s")
}

/// How a label came about: whether the answer was hidden, what else had been seen, how long the event was looked at.
fn facts(seen: &Seen) -> String {
    let mut words = String::from(if seen.blind { "  hidden (blind)" } else { "" });
    if seen.others_revealed {
        words.push_str("  others' votes seen");
    }
    if let Some(dwell) = seen.dwell_ms {
        words = format!("{words}  on screen {:.1} s", dwell as f64 / 1_000.0);
    }
    if let Some(run) = seen.fast_run {
        words = format!("{words}  fast run of {run}");
    }
    words
}

/// Wraps a line of spans; a line that fits keeps its styles.
fn wrap(spans: Vec<Span<'static>>, wide: usize) -> Vec<Line<'static>> {
    let whole: String = spans.iter().map(|span| span.content.as_ref()).collect();
    let clean = text::clean(&whole);
    if text::width(&clean) <= wide {
        let mut line = vec![Span::raw(" ")];
        line.extend(spans);
        return vec![Line::from(line)];
    }
    text::wrap(&clean, wide).into_iter().map(|piece| Line::from(format!(" {piece}"))).collect()
}

/// Method, address and body of a request; credentials are not part of it.
fn request(call: &Call, look: &Look<'_>, lines: &mut Vec<Vec<Span<'static>>>) {
    lines.push(vec![
        Span::styled(format!("{}  ", call.product), look.theme.dim),
        Span::raw(call.to_string()),
    ]);
    match &call.body {
        Body::Empty => {}
        Body::Json(json) => lines.push(vec![Span::raw(text::cut(json, 600, "..").into_owned())]),
        Body::Form(fields) => {
            let fields: Vec<String> =
                fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
            lines.push(vec![Span::raw(fields.join("  "))]);
        }
    }
}

fn owner(owner: &'static str) -> &'static str {
    if owner.is_empty() { "the program" } else { owner }
}

fn is_cancelled(error: &crate::api::ApiError) -> bool {
    *error.cause == crate::api::Cause::Cancelled
}

/// A failure in a word or a status.
fn short(error: &crate::api::ApiError) -> String {
    use crate::api::error::Class;
    if is_cancelled(error) {
        return "cancelled".to_owned();
    }
    let word = match error.class() {
        Class::Refused => "refused",
        Class::Usage => "not sent",
        Class::Configuration => "settings",
        Class::Credentials => "no access",
        Class::Network => "network",
        Class::TimedOut => "timed out",
    };
    error.status.map_or_else(|| word.to_owned(), |status| format!("{status} {word}"))
}

/// A write's state in a word, the rest in words, and its style.
fn told(row: &Write, look: &Look<'_>) -> (&'static str, String, Style) {
    let theme = look.theme;
    match &row.state {
        State::Grace => (
            "grace",
            format!("sends {}, {} undoes", look.tell(row.due.wall), look.key("shell.undo")),
            theme.accent,
        ),
        State::Due => (
            if row.attempts > 0 { "RETRY" } else { "due" },
            row.trouble.as_ref().map_or_else(
                || "waits its turn".to_owned(),
                |why| format!("again {}: {why}", look.tell(row.due.wall)),
            ),
            theme.warn,
        ),
        State::Held => (
            "HELD",
            format!("since {}, never sent without a yes", look.tell(row.changed)),
            theme.warn,
        ),
        State::Sending => ("sending", String::new(), theme.accent),
        State::Sent(words) => {
            ("sent", format!("{words} at {}", look.tell(row.changed)), theme.good)
        }
        State::Parked(words) => ("PARKED", words.clone(), theme.bad),
        State::Unknown(words) => ("UNKNOWN", words.clone(), theme.warn),
        State::Undone => (
            "undone",
            row.trouble
                .as_ref()
                .map_or_else(|| "never sent".to_owned(), |why| format!("{why}, not sent")),
            theme.dim,
        ),
    }
}
