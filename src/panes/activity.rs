//! What was written and what was asked: every write with its state, every call with status, attempts and time.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::paint::{self, Look, complaint, put, rule};
use super::{Pane, Rows};
use crate::api::{Body, Call};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::job::{Live, Ticket};
use crate::outbox::{Request, Row as Write, RowId, State};
use crate::store::{Entry, Outcome, Store, key};
use crate::ui::input::{Field, Reaction};
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
    /// Only what holds these words, in lower case.
    filter: String,
    field: Option<Field>,
    /// The row whose giving up was asked for once.
    giving_up: Option<RowId>,
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
            title: "send a held, parked or unknown write",
            keys: &["R"],
            hint: "send again",
            ready: asks,
            run: Self::resend,
        },
        Row {
            id: "activity.drop",
            title: "give a held, parked or unknown write up (twice: it asks)",
            keys: &["X"],
            hint: "give up",
            ready: asks,
            run: Self::give_up,
        },
        Row {
            id: "activity.find",
            title: "show only what holds a text",
            keys: &["/"],
            hint: "filter",
            ready: always,
            run: Self::find,
        },
    ];
}

fn has_event(pane: &ActivityPane, store: &Store) -> Ready {
    let event = pane.write(store).and_then(|row| row.draft.act.labels());
    event.map(|_| ()).ok_or("the cursor is on no label".into())
}

fn asks(pane: &ActivityPane, store: &Store) -> Ready {
    if pane.write(store).is_some_and(|row| row.state.asks()) {
        Ok(())
    } else {
        Err("only a held, parked or unknown write can be sent again or given up".into())
    }
}

/// Whether a write's line holds every word of the filter.
fn holds(row: &Write, words: &str) -> bool {
    let state = match row.state {
        State::Grace => "grace",
        State::Held => "held",
        State::Due => "retry due",
        State::Sending => "sending",
        State::Sent(_) => "sent",
        State::Parked(_) => "parked",
        State::Unknown(_) => "unknown",
        State::Undone => "undone",
    };
    let said = match &row.state {
        State::Sent(said) | State::Parked(said) | State::Unknown(said) => said.as_str(),
        _ => row.trouble.as_deref().unwrap_or_default(),
    };
    let line = format!("{state} {} {said}", row.draft.act.summary()).to_lowercase();
    words.split_whitespace().all(|word| line.contains(word))
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

    /// The writes that are shown, newest first.
    fn shown<'a>(&'a self, store: &'a Store) -> impl Iterator<Item = &'a Write> {
        store
            .writes
            .newest()
            .filter(|row| self.filter.is_empty() || holds(row, &self.filter))
    }

    fn shown_calls<'a>(&self, store: &'a Store) -> Vec<CallLine<'a>> {
        let mut lines = calls(store);
        lines.retain(|line| {
            let call = match line {
                CallLine::Live(_, live) => &live.call,
                CallLine::Ended(entry) => &entry.call,
            };
            let text = format!("{} {} {call}", call.product, call.name).to_lowercase();
            self.filter
                .split_whitespace()
                .all(|word| text.contains(word))
        });
        lines
    }

    fn counts(&self, store: &Store) -> (usize, usize) {
        (self.shown(store).count(), self.shown_calls(store).len())
    }

    fn write<'a>(&'a self, store: &'a Store) -> Option<&'a Write> {
        (self.part == Part::Writes).then(|| self.shown(store).nth(self.writes.cursor()))?
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let mut field =
            Field::new("show only: ").placeholder("words of the line, such as parked 1202");
        field.set(&self.filter);
        self.field = Some(field);
    }

    fn filtered(&mut self, words: &str, store: &Store) {
        self.filter = words.trim().to_lowercase();
        self.writes = ListState::default();
        self.calls = ListState::default();
        self.had = self.counts(store);
    }

    /// The first press asks, the second on the same row does it.
    fn give_up(&mut self, cx: &mut Cx<'_>) {
        let Some((id, what)) = self
            .write(cx.store)
            .map(|row| (row.id, row.draft.act.summary()))
        else {
            return;
        };
        if self.giving_up.take() == Some(id) {
            cx.store.outbox(Request::Drop(id));
        } else {
            self.giving_up = Some(id);
            cx.say(
                Tone::Mind,
                format!("the same key again gives it up for ever: {what}"),
            );
        }
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
            cx.say(Tone::Fine, "it goes out now");
        }
    }

    fn draw_writes(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
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

    fn draw_no_match(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let first = format!("No line holds '{}'.", self.filter);
        let find = look.key("activity.find");
        let hint = format!("{find} changes the filter; {find} Enter with no words takes it away.");
        paint::empty(buf, area, look, &[first, hint]);
    }

    fn draw_calls(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
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
        State::Sent(words) => (
            "sent",
            format!("{words} at {}", look.tell(row.changed)),
            theme.good,
        ),
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

impl Pane for ActivityPane {
    fn open(&mut self, _target: Option<Target>, cx: &mut Cx<'_>) {
        self.writes = ListState::default();
        self.calls = ListState::default();
        self.giving_up = None;
        self.had = self.counts(cx.store);
        // Another session may have changed some.
        cx.store.outbox(Request::Reread);
    }

    fn changed(&mut self, cx: &mut Cx<'_>) {
        let have = self.counts(cx.store);
        self.writes
            .shift(have.0.saturating_sub(self.had.0) as isize);
        self.calls.shift(have.1.saturating_sub(self.had.1) as isize);
        self.had = have;
    }

    fn moved(&mut self, _cx: &mut Cx<'_>) {
        self.giving_up = None;
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        cx.store.outbox(Request::Reread);
        cx.say(
            Tone::Fine,
            "calls are always current; writes were read again",
        );
    }

    fn typing(&self) -> bool {
        self.field.is_some()
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(field) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                let words = field.take();
                self.field = None;
                self.filtered(&words, cx.store);
                true
            }
            Reaction::Cancel => {
                self.field = None;
                true
            }
            Reaction::Ignored => false,
            _ => true,
        }
    }

    fn paste(&mut self, text: &str, _cx: &mut Cx<'_>) -> bool {
        self.field.as_mut().map(|field| field.paste(text)).is_some()
    }

    fn cancel(&mut self) -> bool {
        self.giving_up = None;
        if self.field.take().is_some() {
            return true;
        }
        let had = !self.filter.is_empty();
        self.filter.clear();
        had
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let (writes, calls) = self.counts(store);
        Some(match self.part {
            Part::Writes => (&mut self.writes, writes),
            Part::Calls => (&mut self.calls, calls),
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
        let live = if live > 0 {
            format!("  {live} under way")
        } else {
            String::new()
        };
        let filter = if self.filter.is_empty() {
            String::new()
        } else {
            format!("  /{}", self.filter)
        };
        format!("{part}{live}{filter}")
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
        let line = Rect {
            y: area.y + foot,
            height: 1,
            ..area
        };
        if let Some(field) = &self.field {
            return field.draw(line, buf, look.theme);
        }
        let foreign = match store.writes.foreign {
            0 => String::new(),
            count => format!("   {count} unsent for another profile or address: start with it"),
        };
        let words = format!(
            " {} unsent   {} held   {} parked or unknown   {} calls ended{foreign}",
            store.writes.unsent(),
            store.writes.held().count(),
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
