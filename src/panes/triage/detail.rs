//! One event in reading order: the decision, the decision points, what the pipeline said, the raw event.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::list;
use super::polls::Told;
use crate::api::arcanna::{ArcannaBlock, Decision, EventState};
use crate::export::{self, Indicator};
use crate::outbox::{Row, State};
use crate::panes::paint::{self, Look};
use crate::store::{EventKey, LabelState, Store, is_undecided};
use crate::ui::{json, text};

/// Raw text beyond this is not laid out beside the list: the pane says how much there is. Bytes.
const RAW_SHOWN: usize = 64 * 1024;

/// An address or host that an event names.
pub(super) struct Address {
    /// As it stands in the event.
    pub text: String,
    /// Inside a private range.
    pub internal: bool,
}

/// The addresses and hosts among an event's decision points, in their order; sources before destinations by habit.
pub(super) fn addresses(store: &Store, event: &EventKey) -> Vec<Address> {
    let Some(found) = store
        .queues
        .get(&event.job)
        .and_then(|queue| queue.found(&event.event))
    else {
        return Vec::new();
    };
    let mut seen = std::collections::HashSet::new();
    let named = found.decision_points.iter().filter(|(name, _)| {
        let name = name.to_ascii_lowercase();
        [
            "ip",
            "address",
            "host",
            "domain",
            "src",
            "dst",
            "source",
            "destination",
            "url",
            "query",
            "sender",
            "recipient",
        ]
        .iter()
        .any(|word| name.contains(word))
    });
    named
        .filter_map(|(_, value)| {
            let indicator = export::classify(value);
            let text = match indicator {
                Indicator::Ip { .. } | Indicator::Host { .. } | Indicator::Url { .. } => {
                    indicator.target()?
                }
                _ => return None,
            };
            let internal = indicator.is_internal();
            seen.insert(text.clone())
                .then_some(Address { text, internal })
        })
        .collect()
}

/// Draws the detail of an event from line `scroll` on.
pub(super) fn draw(
    store: &Store,
    look: &Look<'_>,
    event: &EventKey,
    scroll: usize,
    told: Told,
    area: Rect,
    buf: &mut Buffer,
) {
    let lines = lines(store, look, event, told, usize::from(area.width));
    let most = lines.len().saturating_sub(usize::from(area.height));
    paint::put_lines(buf, area, lines, scroll.min(most));
}

fn lines(
    store: &Store,
    look: &Look<'_>,
    event: &EventKey,
    told: Told,
    width: usize,
) -> Vec<Line<'static>> {
    let theme = look.theme;
    let found = store
        .queues
        .get(&event.job)
        .and_then(|queue| queue.found(&event.event));
    let export = store.exports.get(event).and_then(|remote| remote.value());
    let decision = store.decision(event);
    let exported = export.and_then(crate::api::arcanna::events::Export::arcanna);
    let block = exported.as_ref().or_else(|| found?.arcanna.as_ref());
    let mut lines = vec![verdict(decision, block, look)];
    lines.extend(waiting(decision, told, look));
    lines.extend(yours(store, look, event));
    for remote_error in [
        store
            .decisions
            .get(event)
            .and_then(|remote| remote.error.as_ref()),
        store
            .exports
            .get(event)
            .and_then(|remote| remote.error.as_ref()),
    ]
    .into_iter()
    .flatten()
    {
        lines.push(Line::from(Span::styled(
            format!(" {}", remote_error.0),
            theme.bad,
        )));
    }
    if let Some(words) = decision.and_then(|decision| decision.error_message.as_deref()) {
        lines.push(Line::from(vec![
            Span::styled(" error  ", theme.bad),
            Span::raw(words.to_owned()),
        ]));
    }
    lines.push(Line::from(Span::styled(
        " DECISION POINTS  what the model sees",
        theme.title,
    )));
    match found.map(|found| found.decision_points.as_slice()) {
        Some(points) if !points.is_empty() => {
            let wide = points
                .iter()
                .map(|(name, _)| text::width(name))
                .max()
                .unwrap_or(0)
                .clamp(8, 26);
            for (name, value) in points {
                let name = text::fit(&text::clean(name), wide, theme.ellipsis());
                lines.push(Line::from(vec![
                    Span::styled(format!("  {name}  "), theme.dim),
                    Span::raw(value.clone()),
                ]));
            }
        }
        Some(_) => lines.push(Line::from(Span::styled("  none named", theme.dim))),
        None => lines.push(Line::from(Span::styled(
            "  known only for events the server lists",
            theme.dim,
        ))),
    }
    if let Some(block) = block.filter(|block| !block.log_messages.is_empty()) {
        lines.push(Line::from(Span::styled(" PIPELINE", theme.title)));
        for message in &block.log_messages {
            let level = message.level.as_deref().unwrap_or("-");
            let style = if level.starts_with("warn") || level.starts_with("err") {
                theme.warn
            } else {
                theme.dim
            };
            let part = message.component.as_deref().unwrap_or("-");
            lines.push(Line::from(vec![
                Span::styled(format!("  {level:<5} "), style),
                Span::styled(format!("{part:<10} "), theme.dim),
                Span::raw(message.content.clone()),
            ]));
        }
    }
    let raw = export
        .and_then(|export| export.event.as_deref())
        .or_else(|| found?.raw_event.as_deref());
    lines.extend(raw_lines(
        raw.map(serde_json::value::RawValue::get),
        look,
        width,
    ));
    lines
}

/// `AI Escalate 47% LOW   outlier no   consensus UNDECIDED   bucket new`.
fn verdict(
    decision: Option<&Decision>,
    block: Option<&ArcannaBlock>,
    look: &Look<'_>,
) -> Line<'static> {
    let theme = look.theme;
    let Some(decision) = decision else {
        return Line::from(vec![
            Span::styled(" AI  ", theme.title),
            Span::styled("not read yet", theme.dim),
        ]);
    };
    let word = match (&decision.state, &decision.label) {
        (EventState::Pending, _) => Span::styled("pending inference", theme.warn),
        (EventState::Error, _) => Span::styled("ERROR", theme.bad),
        (_, Some(label)) => Span::styled(label.clone(), theme.label),
        (EventState::Ok, None) => Span::styled("no decision", theme.warn),
        (EventState::Other(word), None) => Span::styled(word.clone(), theme.warn),
    };
    let mut spans = vec![Span::styled(" AI  ", theme.title), word];
    if decision.confidence.is_some() {
        spans.push(Span::raw(format!(
            " {}",
            list::confidence(decision.confidence)
        )));
    }
    if list::is_low(decision.confidence, look) {
        spans.push(Span::styled(" LOW", theme.warn));
    }
    let mut tell = |name: &str, value: String, style: Style| {
        spans.push(Span::styled(format!("   {name} "), theme.dim));
        spans.push(Span::styled(value, style));
    };
    let (outlier, style) = match decision.outlier {
        Some(true) => ("YES", theme.warn),
        Some(false) => ("no", theme.text),
        None => ("-", theme.dim),
    };
    tell("outlier", outlier.to_owned(), style);
    if let Some(block) = block
        && let Some(consensus) = &block.consensus
    {
        let style = if is_undecided(block) {
            theme.warn
        } else {
            theme.text
        };
        tell("consensus", consensus.clone(), style);
    }
    tell(
        "bucket",
        decision
            .bucket_state
            .clone()
            .unwrap_or_else(|| "-".to_owned()),
        theme.text,
    );
    Line::from(spans)
}

/// What is waited for, and when the next look is.
fn waiting(decision: Option<&Decision>, told: Told, look: &Look<'_>) -> Option<Line<'static>> {
    if decision?.state != EventState::Pending {
        return None;
    }
    let words = match told {
        Told::Next(at) => format!(" waits for inference; next look {}", look.tell(at)),
        Told::GivenUp(at) => format!(
            " no decision by {}; {} looks again",
            look.tell(at),
            look.key("triage.look")
        ),
        Told::No => " waits for inference".to_owned(),
    };
    Some(Line::from(Span::styled(words, look.theme.dim)))
}

/// The label given from here, and how far it is.
fn yours(store: &Store, look: &Look<'_>, event: &EventKey) -> Option<Line<'static>> {
    let LabelState::Kept(row, label) = store.writes.label(event) else {
        return None;
    };
    let (words, style) = told(row, look);
    Some(Line::from(vec![
        Span::styled(" YOU ", look.theme.title),
        Span::styled(label.to_owned(), look.theme.label),
        Span::styled(format!("   {words}"), style),
    ]))
}

/// How far a write is, in words that promise nothing.
pub fn told(row: &Row, look: &Look<'_>) -> (String, Style) {
    let theme = look.theme;
    match &row.state {
        State::Grace => (
            format!(
                "sends {}, {} undoes",
                look.tell(row.due.wall),
                look.key("shell.undo")
            ),
            theme.dim,
        ),
        State::Due => (
            row.trouble.as_ref().map_or_else(
                || "waits its turn".to_owned(),
                |why| format!("again {}: {why}", look.tell(row.due.wall)),
            ),
            theme.warn,
        ),
        State::Held => (
            format!(
                "HELD since {}: not sent; a digit labels anew",
                look.tell(row.changed)
            ),
            theme.warn,
        ),
        State::Sending => ("sending".to_owned(), theme.dim),
        State::Sent(words) => (
            format!("sent {}, the server says {words}", look.tell(row.changed)),
            theme.good,
        ),
        State::Parked(words) => (format!("PARKED, not sent: {words}"), theme.bad),
        State::Unknown(words) => (
            format!("UNKNOWN whether it was applied: {words}"),
            theme.warn,
        ),
        State::Undone => ("taken back, never sent".to_owned(), theme.dim),
    }
}

fn raw_lines(raw: Option<&str>, look: &Look<'_>, width: usize) -> Vec<Line<'static>> {
    let theme = look.theme;
    let Some(raw) = raw else {
        return vec![Line::from(vec![
            Span::styled(" RAW  ", theme.title),
            Span::styled(
                format!("{} reads the whole event", look.key("triage.look")),
                theme.dim,
            ),
        ])];
    };
    let size = text::thousands(raw.len() as u64);
    let mut lines = vec![Line::from(vec![
        Span::styled(" RAW  ", theme.title),
        Span::styled(format!("{size} bytes"), theme.dim),
    ])];
    if raw.len() > RAW_SHOWN {
        lines.push(Line::from(Span::styled(
            "  too large to lay out here; exec arcanna-export-event prints it",
            theme.warn,
        )));
        return lines;
    }
    let wide = width.saturating_sub(3).max(8);
    for line in json::pretty(raw).lines() {
        let clean = text::clean(line);
        lines.extend(
            text::wrap(&clean, wide)
                .into_iter()
                .map(|piece| Line::from(format!("  {piece}"))),
        );
    }
    lines
}
