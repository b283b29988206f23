//! The list of events and the line of labels.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::TriagePane;
use super::detail;
use crate::api::arcanna::{Confidence, EventState, JobId, Scale};
use crate::api::value::Time;
use crate::outbox::State;
use crate::panes::paint::{self, Look, freshness, put};
use crate::store::{EventKey, LabelState, Store, is_undecided, key};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

impl TriagePane {
    pub(super) fn draw_list(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let (Some(job), Some(queue)) = (&self.job, self.queue(store)) else {
            return;
        };
        let lines = queue.lines();
        if lines.is_empty() {
            return nothing(store, look, job, area, buf);
        }
        let table = Table::new(vec![
            Column::new("TIME", Width::Fixed(9)),
            Column::new("AI", Width::Flex(8, 1)),
            Column::new("CONF", Width::Fixed(5)).right(),
            Column::new("FLAG", Width::Fixed(4)),
            Column::new("TITLE", Width::Flex(16, 5)),
            Column::new("SRC", Width::Fixed(15)).rank(1),
        ])
        .marks(2);
        table.draw(area, buf, look.theme, &self.list, lines.len(), |index| {
            let event = key(job, &lines[index].event);
            row(store, look, &event)
        });
    }

    /// The right word of the detail's rule: when the list was read, or what is under way.
    pub(super) fn detail_position(
        &self,
        store: &Store,
        look: &Look<'_>,
        event: &EventKey,
        area: Rect,
    ) -> String {
        let reading = store
            .decisions
            .get(event)
            .is_some_and(|remote| remote.pending)
            || store
                .exports
                .get(event)
                .is_some_and(|remote| remote.pending);
        if reading {
            return "loading the event".to_owned();
        }
        let page = self
            .queue(store)
            .map(|queue| freshness(&queue.page, look).0)
            .unwrap_or_default();
        text::cut(&page, usize::from(area.width / 2), look.theme.ellipsis()).into_owned()
    }

    pub(super) fn draw_labels(
        &self,
        store: &Store,
        look: &Look<'_>,
        job: &JobId,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let mut spans = vec![Span::styled(" LABEL  ", look.theme.title)];
        match store.labels(job) {
            Some(labels) if !labels.is_empty() => {
                for (index, label) in labels.iter().take(9).enumerate() {
                    spans.push(Span::styled(format!("{}", index + 1), look.theme.key));
                    spans.push(Span::styled(format!(" {label}   "), look.theme.label));
                }
                if labels.len() > 9 {
                    spans.push(Span::styled(
                        format!("+{} more by :   ", labels.len() - 9),
                        look.theme.dim,
                    ));
                }
                if look.prefs.read_only {
                    spans.push(Span::styled("READ-ONLY   ", look.theme.warn));
                } else if look.prefs.analyst.is_none() {
                    spans.push(Span::styled(
                        "no analyst name: nothing can be sent   ",
                        look.theme.warn,
                    ));
                }
                for (id, word) in [("triage.skip", "skip"), ("shell.undo", "undo")] {
                    spans.push(Span::styled(look.key(id), look.theme.key));
                    spans.push(Span::styled(format!(" {word}   "), look.theme.dim));
                }
            }
            _ => spans.push(Span::styled(
                "the decision set is not read yet",
                look.theme.dim,
            )),
        }
        put(buf, area, 0, &Line::from(spans));
    }
}

/// What stands where the list would be.
fn nothing(store: &Store, look: &Look<'_>, job: &JobId, area: Rect, buf: &mut Buffer) {
    let Some(queue) = store.queues.get(job) else {
        return;
    };
    let open = format!("{} opens an event by its id.", look.key("triage.find"));
    match (&queue.page.error, queue.page.pending) {
        (Some((error, _)), false) => {
            let absent = matches!(error.status, Some(404 | 405));
            let first = if absent {
                "This server lists no events (its key or version has no event query).".to_owned()
            } else {
                error.to_string()
            };
            let next = if absent {
                open
            } else {
                format!("{}  {open}", error.explain().next)
            };
            paint::empty(buf, area, look, &[first, next]);
        }
        (_, true) => paint::empty(buf, area, look, &["loading the events".to_owned()]),
        (None, false) if queue.page.value().is_some() => paint::empty(
            buf,
            area,
            look,
            &["This job has no events.".to_owned(), open],
        ),
        (None, false) => paint::empty(
            buf,
            area,
            look,
            &[
                "The events are not read yet.".to_owned(),
                format!("{} reads them.", look.key("shell.refresh")),
            ],
        ),
    }
}

/// One line of the list.
fn row<'a>(store: &'a Store, look: &Look<'_>, event: &EventKey) -> Cells<'a> {
    let found = store
        .queues
        .get(&event.job)
        .and_then(|queue| queue.found(&event.event));
    let decision = store.decision(event);
    let theme = look.theme;
    let time = found
        .and_then(|found| found.time.as_ref())
        .or_else(|| decision?.ingested.as_ref());
    let time = match time {
        Some(Time::At(at)) => short(&look.tell(*at)),
        Some(Time::Unread(text)) => text.clone(),
        None => "-".to_owned(),
    };
    let (label, conf, flags) = match decision {
        None => ("-".to_owned(), "-".to_owned(), String::new()),
        Some(decision) => {
            let label = match (&decision.state, &decision.label) {
                (EventState::Pending, _) => "pending".to_owned(),
                (EventState::Error, _) => "ERROR".to_owned(),
                (_, Some(label)) => label.clone(),
                (EventState::Ok, None) => "none".to_owned(),
                (EventState::Other(word), None) => word.clone(),
            };
            let undecided = found
                .and_then(|found| found.arcanna.as_ref())
                .is_some_and(is_undecided);
            let flags = [
                (decision.outlier == Some(true), 'O'),
                (is_low(decision.confidence, look), 'L'),
                (undecided, 'U'),
            ];
            (
                label,
                confidence(decision.confidence),
                flags
                    .into_iter()
                    .filter(|(on, _)| *on)
                    .map(|(_, flag)| flag)
                    .collect(),
            )
        }
    };
    let title = found
        .and_then(|found| found.title.clone())
        .or_else(|| store.exports.get(event)?.value()?.title())
        .unwrap_or_else(|| event.event.to_string());
    let source = detail::addresses(store, event)
        .into_iter()
        .next()
        .map_or_else(String::new, |found| found.text);
    let labelled = mark(store, event, look);
    let (mark, mark_style) = labelled.unwrap_or_else(|| {
        let skipped = store
            .queues
            .get(&event.job)
            .is_some_and(|queue| queue.is_skipped(&event.event));
        (
            if skipped {
                "s".to_owned()
            } else {
                String::new()
            },
            theme.dim,
        )
    });
    let label_style = match decision.map(|decision| &decision.state) {
        Some(EventState::Error) => theme.bad,
        Some(EventState::Pending) | None => theme.dim,
        _ => theme.label,
    };
    let low = decision.is_some_and(|decision| is_low(decision.confidence, look));
    Cells::new([
        Text::styled(time, theme.dim),
        Text::styled(label, label_style),
        Text::styled(conf, if low { theme.warn } else { theme.text }),
        Text::styled(flags, theme.warn),
        Text::from(title),
        Text::styled(source, theme.dim),
    ])
    .mark(Text::styled(mark, mark_style))
}

/// `13:59:31Z` without what the narrow column has no room for.
fn short(told: &str) -> String {
    told.rsplit_once(' ')
        .filter(|_| told.len() > 9)
        .map_or_else(|| told.to_owned(), |(date, _)| date.to_owned())
}

/// The mark of a label given from here, first letter and state, or of one the server holds.
pub(super) fn mark(
    store: &Store,
    event: &EventKey,
    look: &Look<'_>,
) -> Option<(String, ratatui::style::Style)> {
    let theme = look.theme;
    match store.writes.label(event) {
        LabelState::Staging => Some(("..".to_owned(), theme.dim)),
        LabelState::Kept(row, label) => {
            let letter = label.chars().next().unwrap_or('?');
            let (sign, style) = match &row.state {
                State::Sent(_) => ('.', theme.good),
                State::Parked(_) => ('!', theme.bad),
                State::Unknown(_) => ('?', theme.warn),
                State::Held => ('=', theme.warn),
                State::Undone => return None,
                State::Grace | State::Due | State::Sending => ('~', theme.accent),
            };
            Some((format!("{letter}{sign}"), style))
        }
        LabelState::None => {
            let state = store.decision(event)?.bucket_state.as_deref()?;
            (!state.eq_ignore_ascii_case("new")).then(|| ("kb".to_owned(), theme.dim))
        }
    }
}

/// The confidence as it may be shown: in percent where the scale is known, else the raw number.
pub(super) fn confidence(confidence: Option<Confidence>) -> String {
    match confidence {
        None => "-".to_owned(),
        Some(Confidence {
            raw,
            scale: Scale::Unclear,
        }) => format!("{raw}"),
        Some(known) => format!("{:.0}%", known.percent().unwrap_or(known.raw)),
    }
}

pub(super) fn is_low(confidence: Option<Confidence>, look: &Look<'_>) -> bool {
    confidence
        .and_then(Confidence::percent)
        .is_some_and(|percent| percent < look.prefs.low_confidence)
}
