//! The overlay of a command typed by name: on its way, waiting for a yes, its result, or why there is none.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::api::{Body, Call};
use crate::catalogue::{Entry, Failure, Outcome, Table};
use crate::panes::paint::{self, Look, complaint, put, rule};
use crate::ui::text;

/// What is shown.
pub(super) enum Showing {
    /// A sentence: what is asked or waited for.
    Words(String),
    /// A write, exactly as it will be sent, waiting for a yes.
    Confirm(Call),
    /// The result.
    Outcome(Box<Outcome>),
    /// Why there is none.
    Failed(Failure),
}

/// The overlay's state.
pub(super) struct OutcomeView {
    line: String,
    title: String,
    notes: Vec<String>,
    showing: Showing,
    /// The context JSON instead of the table.
    json: bool,
    /// A write of it waits in its grace time.
    kept: bool,
    top: usize,
    left: usize,
}

impl OutcomeView {
    pub(super) fn new(line: &str, entry: &'static Entry, notes: &[String]) -> Self {
        let showing = Showing::Words(String::new());
        Self {
            line: line.to_owned(),
            title: entry.title.to_owned(),
            notes: notes.to_vec(),
            showing,
            json: false,
            kept: false,
            top: 0,
            left: 0,
        }
    }

    /// A line that could not be run.
    pub(super) fn refused(line: &str, why: &str) -> Self {
        Self {
            line: line.to_owned(),
            title: "not run".to_owned(),
            notes: Vec::new(),
            showing: Showing::Words(why.to_owned()),
            json: false,
            kept: false,
            top: 0,
            left: 0,
        }
    }

    pub(super) fn show(&mut self, showing: Showing) {
        self.showing = showing;
        self.kept = false;
        self.top = 0;
        self.left = 0;
    }

    pub(super) fn key(&mut self, key: &KeyEvent) {
        let ctrl = key.modifiers.contains(KeyModifiers::CONTROL);
        let (down, right) = match key.code {
            KeyCode::Char('j') | KeyCode::Down => (1, 0),
            KeyCode::Char('k') | KeyCode::Up => (-1, 0),
            KeyCode::Char('d') if ctrl => (10, 0),
            KeyCode::Char('u') if ctrl => (-10, 0),
            KeyCode::PageDown | KeyCode::Char(' ') => (18, 0),
            KeyCode::PageUp => (-18, 0),
            KeyCode::Char('l') | KeyCode::Right => (0, 8),
            KeyCode::Char('h') | KeyCode::Left => (0, -8),
            KeyCode::Home | KeyCode::Char('g') => (isize::MIN / 2, 0),
            KeyCode::End | KeyCode::Char('G') => (isize::MAX / 2, 0),
            KeyCode::Tab => {
                self.json = !self.json;
                self.top = 0;
                (0, 0)
            }
            _ => (0, 0),
        };
        let last = self.body().len().saturating_sub(1);
        self.top = self.top.saturating_add_signed(down).min(last);
        self.left = self.left.saturating_add_signed(right);
    }

    /// Everything it shows, to be read elsewhere; defanged.
    pub(super) fn text(&self) -> String {
        let notes = self.all_notes().into_iter().map(|note| format!("note: {note}"));
        let lines = std::iter::once(self.line.clone()).chain(self.body()).chain(notes);
        lines.map(|line| crate::export::defang_text(&line) + "\n").collect()
    }

    /// The lines of the result, as plain text.
    fn body(&self) -> Vec<String> {
        match &self.showing {
            Showing::Words(words) => words.lines().map(str::to_owned).collect(),
            Showing::Confirm(call) => {
                let mut lines = vec![
                    "This changes something for everybody:".to_owned(),
                    String::new(),
                    call.to_string(),
                ];
                match &call.body {
                    Body::Empty => {}
                    Body::Json(json) => lines.push(json.clone()),
                    Body::Form(fields) => lines.push(
                        fields
                            .iter()
                            .map(|(name, value)| format!("{name}={value}"))
                            .collect::<Vec<_>>()
                            .join("&"),
                    ),
                }
                lines
            }
            Showing::Outcome(outcome) => lines_of(outcome, self.json),
            Showing::Failed(failure) => match failure {
                Failure::Api(error) => complaint(error),
                Failure::Usage(error) => error.to_string().lines().map(str::to_owned).collect(),
                Failure::TimedOut { limit, last, trouble } => {
                    let mut lines = vec![format!("No decision within {} s.", limit.as_secs())];
                    lines.extend(trouble.iter().flat_map(|error| complaint(error)));
                    lines.extend(last.iter().flat_map(|outcome| lines_of(outcome, self.json)));
                    lines
                }
            },
        }
    }

    /// The keys that matter while it is shown, with a word each.
    pub(super) fn hints(&self) -> &'static [(&'static str, &'static str)] {
        match &self.showing {
            Showing::Words(_) if self.kept => {
                &[("u", "take it back"), ("y", "send it now"), ("^G", "close"), (":", "another")]
            }
            Showing::Words(_) | Showing::Failed(_) => {
                &[("^G", "close"), ("p", "pager"), (":", "another command")]
            }
            Showing::Confirm(_) => &[("y", "keep and send it"), ("^G", "leave it")],
            Showing::Outcome(_) => &[
                ("j k h l", "scroll"),
                ("Tab", "table/JSON"),
                ("p", "pager"),
                (":", "another"),
                ("^G", "close"),
            ],
        }
    }

    /// A write of it is kept: until when it can be taken back.
    pub(super) fn keep(&mut self, until: &str) {
        self.show(Showing::Words(format!("kept; sends {until}")));
        self.kept = true;
    }

    /// Draws over the lower part of `area`.
    pub(super) fn draw(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let wide = usize::from(area.width.saturating_sub(2)).max(8);
        let result = matches!(self.showing, Showing::Outcome(_));
        let wrapped: Vec<String> = self
            .body()
            .iter()
            .flat_map(|line| {
                let clean = text::clean(line);
                if result { vec![cut_left(&clean, self.left)] } else { text::wrap(&clean, wide) }
            })
            .collect();
        let notes = self.all_notes();
        let need = wrapped.len() as u16 + notes.len() as u16 + 4;
        let height = need.clamp(7.min(area.height), area.height);
        let area = Rect { y: area.bottom() - height, height, ..area };
        paint::blank(buf, area);
        rule(buf, area, 0, look, &self.title, "");
        put(
            buf,
            area,
            1,
            &Line::from(vec![
                Span::styled(" ", look.theme.dim),
                Span::styled(
                    text::cut(&text::clean(&self.line), wide, look.theme.ellipsis()).into_owned(),
                    look.theme.accent,
                ),
            ]),
        );
        let room = area.height.saturating_sub(2 + notes.len() as u16);
        let body = Rect { y: area.y + 2, height: room, ..area };
        let style = match self.showing {
            Showing::Failed(_) => look.theme.bad,
            Showing::Confirm(_) => look.theme.warn,
            _ => look.theme.text,
        };
        let top = self.top.min(wrapped.len().saturating_sub(1));
        let lines = wrapped.iter().map(|line| Line::from(Span::styled(format!(" {line}"), style)));
        paint::put_lines(buf, body, lines, top);
        for (index, note) in notes.iter().enumerate() {
            let y = area.height - notes.len() as u16 + index as u16;
            put(buf, area, y, &Line::from(Span::styled(format!(" note: {note}"), look.theme.dim)));
        }
    }

    fn all_notes(&self) -> Vec<&String> {
        let own = match &self.showing {
            Showing::Outcome(outcome) => outcome.notes.as_slice(),
            _ => &[],
        };
        self.notes.iter().chain(own).take(3).collect()
    }
}

fn lines_of(outcome: &Outcome, json: bool) -> Vec<String> {
    let mut lines: Vec<String> = outcome.refusal.iter().cloned().collect();
    if json {
        lines.extend(outcome.context.pretty().lines().map(str::to_owned));
    } else {
        let table: &Table = outcome.plain.as_ref().unwrap_or(&outcome.table);
        lines.extend(
            table.aligned(&|cell| text::clean(cell).into_owned()).lines().map(str::to_owned),
        );
    }
    lines
}

/// The text without its first `cells` cells.
fn cut_left(line: &str, cells: usize) -> String {
    let mut gone = 0;
    let mut chars = line.chars();
    while gone < cells {
        match chars.next() {
            Some(c) => gone += text::width(c.encode_utf8(&mut [0; 4])),
            None => break,
        }
    }
    chars.collect()
}
