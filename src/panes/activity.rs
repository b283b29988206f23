//! What was written and what was asked: every write with its state, every call with status, attempts and time.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paint::{self, Look, complaint, put, rule};
use super::{Pane, Rows};
use crate::api::{Body, Call};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::job::{Live, Ticket};
use crate::outbox::{Request, Row as Write, State};
use crate::store::{Entry, Outcome, Store, key};
use crate::ui::table::{Column, ListState, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// The two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Part {
    #[default]
    Writes,
    Calls,
}

/// The pane.
#[derive(Default)]
pub struct ActivityPane {
    part: Part,
    writes: ListState,
    calls: ListState,
    /// Rows each list had when it was last looked at: what came since stands above the cursor.
    had: (usize, usize),
}

impl Rows for ActivityPane {
    const ID: PaneId = PaneId::Activity;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "activity.next-part",
            title: "the other list: writes, calls",
            keys: &["tab", "s-tab"],
            hint: "writes/calls",
            ready: always,
            run: Self::turn,
        },
        Row {
            id: "activity.open",
            title: "open the event of the write",
            keys: &["enter"],
            hint: "open event",
            ready: has_event,
            run: Self::open_event,
        },
        Row {
            id: "activity.resend",
            title: "send a parked or unknown write again",
            keys: &["R"],
            hint: "resend",
            ready: has_parked,
            run: Self::resend,
        },
    ];
}

fn has_event(pane: &ActivityPane, store: &Store) -> Ready {
    let event = pane.write(store).and_then(|row| row.draft.act.labels());
    event.map(|_| ()).ok_or("the cursor is on no label".into())
}

fn has_parked(pane: &ActivityPane, store: &Store) -> Ready {
    let parked = pane
        .write(store)
        .is_some_and(|row| matches!(row.state, State::Parked(_) | State::Unknown(_)));
    if parked {
        Ok(())
    } else {
        Err("only a parked or unknown write can be sent again".into())
    }
}

/// A line of the calls: under way, or ended.
enum CallLine<'a> {
    Live(Ticket, &'a Live),
    Ended(&'a Entry),
}

impl CallLine<'_> {
    fn ticket(&self) -> Ticket {
        match self {
            Self::Live(ticket, _) => *ticket,
            Self::Ended(entry) => entry.ticket,
        }
    }
}

/// All calls, the youngest first: a call keeps its place when it ends.
fn calls(store: &Store) -> Vec<CallLine<'_>> {
    let live = store
        .jobs
        .live()
        .map(|(ticket, live)| CallLine::Live(ticket, live));
    let mut lines: Vec<CallLine<'_>> = live
        .chain(store.activity.newest().map(CallLine::Ended))
        .collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.ticket()));
    lines
}

impl ActivityPane {
    fn turn(&mut self, _cx: &mut Cx<'_>) {
        self.part = if self.part == Part::Writes {
            Part::Calls
        } else {
            Part::Writes
        };
    }

    fn write<'a>(&self, store: &'a Store) -> Option<&'a Write> {
        (self.part == Part::Writes).then(|| store.writes.newest().nth(self.writes.cursor()))?
    }

    fn open_event(&mut self, cx: &mut Cx<'_>) {
        let event = self
            .write(cx.store)
            .and_then(|row| row.draft.act.labels())
            .map(|(job, event, _)| key(job, event));
        if let Some(event) = event {
            cx.go(PaneId::Triage, Some(Target::Event(event.job, event.event)));
        }
    }

    fn resend(&mut self, cx: &mut Cx<'_>) {
        if let Some(id) = self.write(cx.store).map(|row| row.id) {
            cx.store.outbox(Request::Resend(id));
            cx.say(Tone::Fine, "it is sent again");
        }
    }

    fn draw_writes(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let rows: Vec<&Write> = store.writes.newest().collect();
        if rows.is_empty() {
            let hint = format!(
                "A label from Triage, or a command typed after {}, appears here.",
                look.key("shell.command")
            );
            return paint::empty(
                buf,
                area,
                look,
                &["Nothing was written in this session.".into(), hint],
            );
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

    fn draw_calls(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let lines = calls(store);
        if lines.is_empty() {
            return paint::empty(buf, area, look, &["Nothing was asked yet.".into()]);
        }
        let table = Table::new(vec![
            Column::new("WHEN", Width::Fixed(12)),
            Column::new("RESULT", Width::Fixed(11)),
            Column::new("TIME", Width::Fixed(8)).right(),
            Column::new("TRY", Width::Fixed(3)).right().rank(2),
            Column::new("WHAT", Width::Flex(12, 1)),
            Column::new("REQUEST", Width::Flex(20, 3)).rank(1),
        ]);
        table.draw(
            area,
            buf,
            look.theme,
            &self.calls,
            lines.len(),
            |index| match &lines[index] {
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
                        Outcome::Answered(status, took, _) => (
                            status.to_string(),
                            format!("{} ms", took.as_millis()),
                            look.theme.good,
                        ),
                        Outcome::Failed(error) => (
                            short(error),
                            String::new(),
                            if is_cancelled(error) {
                                look.theme.dim
                            } else {
                                look.theme.bad
                            },
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
            },
        );
    }

    fn draw_detail(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let mut lines = Vec::new();
        match self.part {
            Part::Writes => {
                let Some(row) = self.write(store) else { return };
                request(&row.draft.call, look, &mut lines);
                let (state, words, style) = told(row, look);
                lines.push(vec![
                    Span::styled(state, style),
                    Span::raw(format!("   {words}")),
                ]);
                if let Some(seen) = &row.draft.seen {
                    let confidence = seen
                        .confidence
                        .map_or_else(|| "-".to_owned(), |confidence| confidence.to_string());
                    let outlier = seen
                        .outlier
                        .map_or("-", |outlier| if outlier { "yes" } else { "no" });
                    let label = seen.label.as_deref().unwrap_or("-");
                    lines.push(vec![
                        Span::styled("seen  ", look.theme.dim),
                        Span::raw(format!(
                            "AI {label}  confidence {confidence}  outlier {outlier}"
                        )),
                    ]);
                }
            }
            Part::Calls => match calls(store).into_iter().nth(self.calls.cursor()) {
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
                        Outcome::Failed(error) => lines.extend(
                            complaint(error)
                                .into_iter()
                                .map(|part| vec![Span::raw(part)]),
                        ),
                    }
                }
                None => return,
            },
        }
        rule(buf, area, 0, look, "request and result", "");
        let below = Rect {
            y: area.y + 1.min(area.height),
            height: area.height.saturating_sub(1),
            ..area
        };
        let wide = usize::from(area.width.saturating_sub(2)).max(8);
        let wrapped = lines.into_iter().flat_map(|spans| wrap(spans, wide));
        paint::put_lines(buf, below, wrapped, 0);
    }
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
    text::wrap(&clean, wide)
        .into_iter()
        .map(|piece| Line::from(format!(" {piece}")))
        .collect()
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
            let fields: Vec<String> = fields
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            lines.push(vec![Span::raw(fields.join("  "))]);
        }
    }
}

fn owner(owner: &'static str) -> &'static str {
    if owner.is_empty() {
        "the program"
    } else {
        owner
    }
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
    error
        .status
        .map_or_else(|| word.to_owned(), |status| format!("{status} {word}"))
}

/// A write's state in a word, the rest in words, and its style.
fn told(row: &Write, look: &Look<'_>) -> (&'static str, String, Style) {
    let theme = look.theme;
    match &row.state {
        State::Grace => (
            "grace",
            format!(
                "sends {}, {} undoes",
                look.tell(row.due.wall),
                look.key("shell.undo")
            ),
            theme.accent,
        ),
        State::Due => (
            "RETRY",
            row.trouble
                .clone()
                .unwrap_or_else(|| "waits its turn".to_owned()),
            theme.warn,
        ),
        State::Sending => ("sending", String::new(), theme.accent),
        State::Sent(words) => (
            "sent",
            format!("{words} at {}", look.tell(row.changed)),
            theme.good,
        ),
        State::Parked(words) => ("PARKED", words.clone(), theme.bad),
        State::Unknown(words) => ("UNKNOWN", words.clone(), theme.warn),
        State::Undone => ("undone", "never sent".to_owned(), theme.dim),
    }
}

impl Pane for ActivityPane {
    fn open(&mut self, _target: Option<Target>, cx: &mut Cx<'_>) {
        self.writes = ListState::default();
        self.calls = ListState::default();
        self.had = (cx.store.writes.newest().count(), calls(cx.store).len());
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let have = (cx.store.writes.newest().count(), calls(cx.store).len());
        self.writes
            .shift(have.0.saturating_sub(self.had.0) as isize);
        self.calls.shift(have.1.saturating_sub(self.had.1) as isize);
        self.had = have;
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        cx.say(Tone::Fine, "this list is always current");
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        Some(match self.part {
            Part::Writes => (&mut self.writes, store.writes.newest().count()),
            Part::Calls => (&mut self.calls, calls(store).len()),
        })
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        match self.part {
            Part::Writes => super::grids::writes(store.writes.newest()),
            Part::Calls => super::grids::calls(calls(store).into_iter().map(|line| match line {
                CallLine::Live(_, live) => (&live.call, None),
                CallLine::Ended(entry) => (&entry.call, Some(entry)),
            })),
        }
    }

    fn grid_row(&self) -> Option<usize> {
        Some(match self.part {
            Part::Writes => self.writes.cursor(),
            Part::Calls => self.calls.cursor(),
        })
    }

    fn heading(&self, store: &Store) -> String {
        let part = match self.part {
            Part::Writes => "[writes] calls",
            Part::Calls => "writes [calls]",
        };
        let live = store.jobs.live().count();
        if live > 0 {
            format!("{part}  {live} under way")
        } else {
            part.to_owned()
        }
    }

    fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let foot = area.height.saturating_sub(1);
        let rows = if area.height < 14 { foot } else { foot * 3 / 5 };
        let list = Rect {
            height: rows,
            ..area
        };
        match self.part {
            Part::Writes => self.draw_writes(store, look, list, buf),
            Part::Calls => self.draw_calls(store, look, list, buf),
        }
        let below = Rect {
            y: area.y + rows,
            height: foot - rows,
            ..area
        };
        if below.height > 2 {
            self.draw_detail(store, look, below, buf);
        }
        let words = format!(
            " {} unsent   {} parked or unknown   {} calls ended",
            store.writes.unsent(),
            store.writes.troubled(),
            store.activity.len()
        );
        put(
            buf,
            area,
            foot,
            &Line::from(Span::styled(words, look.theme.dim)),
        );
        None
    }
}
