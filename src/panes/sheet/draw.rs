//! How a sheet looks. Where there is little room the request is shortened first, then the editor, then sentences go from
//! the last; fields and the confirmation stay.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Confirm, Input, Kind, Sheet, matching};
use crate::command::Tone;
use crate::panes::paint::{self, Look, put};
use crate::ui::{frame, text};

/// The widest a sheet gets; longer lines are hard to read.
const WIDEST: u16 = 96;

/// Rows of the editor where there is room, and where there is little.
const EDITOR: (u16, u16) = (12, 3);

/// Lines of the request where there is some room, and where there is little.
const REQUEST: (usize, usize) = (4, 2);

/// Least cells of a field, whatever is said beside it.
const FIELD: usize = 16;

/// How the rows inside the box are shared out.
struct Plan<'a> {
    notes: Vec<Line<'a>>,
    request: Vec<Line<'a>>,
    editor: u16,
}

impl Sheet {
    /// Draws the sheet in the middle of `area`; returns where the terminal's cursor belongs.
    pub fn draw(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> Option<Position> {
        let wide = area.width.saturating_sub(4).min(WIDEST).max(area.width.min(40));
        let inner = usize::from(wide.saturating_sub(4));
        let plan = self.plan(look, inner, area.height.saturating_sub(2));
        let rows = self.rows(&plan);
        // Where only a few cells would stand beside the sheet they would be scraps of words: its rows are emptied.
        if area.width < wide + 16 {
            let height = (rows + 2).min(area.height);
            let y = area.y + (area.height - height) / 2;
            paint::blank(buf, Rect { y, height, ..area });
        }
        let inside = frame::sheet(area, buf, look.theme, &self.title, wide, rows + 2);
        let mut y = 0;
        let mut cursor = None;
        y = paragraph(buf, inside, y, plan.notes);
        let label =
            self.inputs.iter().map(|input| text::width(&input.label)).max().unwrap_or(0) + 4;
        for (index, input) in self.inputs.iter().enumerate() {
            let focus = index == self.focus;
            let at = self.draw_input(look, input, (focus, label), inside, y, plan.editor, buf);
            cursor = cursor.or(at.filter(|_| focus));
            y += if matches!(input.kind, Kind::Text(_)) { 1 + plan.editor } else { 1 };
        }
        y += u16::from(!self.inputs.is_empty());
        paragraph(buf, inside, y, plan.request);
        let last = inside.height.saturating_sub(1);
        let at = self.draw_confirm(look, inside, last, buf);
        cursor.or(at)
    }

    /// Rows that are always there: fields and the confirmation.
    fn least(&self, editor: u16) -> u16 {
        let inputs: u16 = self
            .inputs
            .iter()
            .map(|input| if matches!(input.kind, Kind::Text(_)) { 1 + editor } else { 1 })
            .sum();
        inputs + 1
    }

    fn rows(&self, plan: &Plan<'_>) -> u16 {
        let part = |lines: usize| if lines == 0 { 0 } else { lines as u16 + 1 };
        self.least(plan.editor)
            + part(plan.notes.len())
            + part(plan.request.len())
            + u16::from(!self.inputs.is_empty())
    }

    fn plan<'a>(&'a self, look: &Look<'_>, wide: usize, height: u16) -> Plan<'a> {
        let theme = look.theme;
        let tone = |tone: Tone| match tone {
            Tone::Fine => theme.text,
            Tone::Mind => theme.warn,
            Tone::Bad => theme.bad,
        };
        let mut notes = Vec::new();
        for (of, words) in &self.notes {
            notes.extend(lines(words, wide, tone(*of)));
        }
        if self.read_only {
            let words = "READ-ONLY: this can be looked at, not sent.";
            notes.extend(lines(words, wide, theme.warn));
        }
        if let Some(why) = &self.barred {
            notes.extend(lines(why, wide, theme.warn));
        }
        let request = match &self.request {
            Ok(request) => lines(request, wide, theme.dim),
            Err(why) if why.is_empty() => Vec::new(),
            Err(why) => lines(why, wide, theme.warn),
        };
        let mut plan = Plan { notes, request, editor: EDITOR.0 };
        let has_editor = self.inputs.iter().any(|input| matches!(input.kind, Kind::Text(_)));
        while self.rows(&plan) > height {
            if plan.request.len() > REQUEST.0 {
                shorten(&mut plan.request, REQUEST.0, wide, look);
            } else if has_editor && plan.editor > EDITOR.1 {
                plan.editor -= 1;
            } else if plan.request.len() > REQUEST.1 {
                shorten(&mut plan.request, REQUEST.1, wide, look);
            } else if plan.notes.pop().is_none() && plan.request.pop().is_none() {
                break;
            }
        }
        plan.editor = if has_editor { plan.editor } else { 0 };
        plan
    }

    #[expect(clippy::too_many_arguments, reason = "a place, a look and a field")]
    fn draw_input(
        &self,
        look: &Look<'_>,
        input: &Input,
        (focus, label): (bool, usize),
        area: Rect,
        y: u16,
        rows: u16,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let theme = look.theme;
        let mark = if focus { "> " } else { "  " };
        let style = if focus { theme.accent } else { theme.dim };
        let name = text::fit(&input.label, label.saturating_sub(2), theme.ellipsis());
        put(buf, area, y, &Line::from(vec![Span::styled(mark, style), Span::styled(name, style)]));
        let left = label as u16;
        let row = Rect {
            x: area.x + left.min(area.width),
            y: area.y + y,
            width: area.width.saturating_sub(left),
            height: u16::from(y < area.height),
        };
        let (beside, beside_style) = self.beside(look, input, focus);
        match &input.kind {
            Kind::Text(editor) => {
                put(
                    buf,
                    row,
                    0,
                    &Line::from(Span::styled(
                        text::cut(&beside, usize::from(row.width), theme.ellipsis()).into_owned(),
                        beside_style,
                    )),
                );
                let below = Rect {
                    x: area.x + 2.min(area.width),
                    y: area.y + y + 1,
                    width: area.width.saturating_sub(2),
                    height: rows.min(area.height.saturating_sub(y + 1)),
                };
                editor.draw(below, buf, theme)
            }
            Kind::Choice(options, chosen) => {
                let mut spans = Vec::new();
                for (index, option) in options.iter().enumerate() {
                    if index == *chosen {
                        spans.push(Span::styled(format!("[{option}] "), theme.label));
                    } else {
                        spans.push(Span::styled(format!(" {option}  "), theme.dim));
                    }
                }
                spans.push(Span::styled(format!("  {beside}"), beside_style));
                // The brackets hang out, so that the words stand in line with the other fields.
                let row = Rect { x: row.x.saturating_sub(1).max(area.x), ..row };
                put(buf, row, 0, &Line::from(spans));
                let before: usize =
                    options[..*chosen].iter().map(|option| text::width(option) + 3).sum();
                Some(Position {
                    x: row.x + (before as u16 + 1).min(row.width.saturating_sub(1)),
                    y: row.y,
                })
            }
            Kind::Line(field, _) => {
                let room = usize::from(row.width);
                let words = text::cut(&beside, room.saturating_sub(FIELD + 2), theme.ellipsis());
                let need = text::width(&words);
                let own = text::width(field.text()) + 1;
                // What is said stands near the text as long as the text leaves it there.
                let width = own.max(FIELD).min(room.saturating_sub(need + 2)).max(FIELD.min(room));
                if need > 0 {
                    let right = Rect {
                        x: row.x + (width as u16 + 2).min(row.width),
                        width: row.width.saturating_sub(width as u16 + 2),
                        ..row
                    };
                    put(buf, right, 0, &Line::from(Span::styled(words.into_owned(), beside_style)));
                }
                field.draw(Rect { width: width as u16, ..row }, buf, theme)
            }
        }
    }

    /// What stands beside a field: what is wrong with it, else what it can become, else its help.
    fn beside(&self, look: &Look<'_>, input: &Input, focus: bool) -> (String, Style) {
        if let Some(complaint) = &input.complaint {
            return (complaint.clone(), look.theme.warn);
        }
        if focus
            && let Kind::Line(field, words) = &input.kind
            && !words.iter().any(|word| word == field.text())
        {
            let found = matching(field.text(), words);
            if !found.is_empty() {
                let words: Vec<&str> = found.into_iter().take(6).map(String::as_str).collect();
                return (words.join("  "), look.theme.dim);
            }
        }
        (input.help.clone(), look.theme.dim)
    }

    fn draw_confirm(
        &self,
        look: &Look<'_>,
        area: Rect,
        y: u16,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let theme = look.theme;
        let focus = self.focus >= self.inputs.len();
        let mark = Span::styled(if focus { "> " } else { "  " }, theme.accent);
        let key = |words: &str| Span::styled(words.to_owned(), theme.key);
        let word = |words: String| Span::styled(words, theme.text);
        if let Some(why) = self.refused.as_ref().filter(|_| y > 0) {
            let room = usize::from(area.width).saturating_sub(2);
            let why = text::cut(why, room, theme.ellipsis());
            let line = Line::from(Span::styled(format!("  {why}"), theme.warn));
            put(buf, area, y - 1, &line);
        }
        match &self.confirm {
            Confirm::Yes => {
                let mut spans = vec![mark];
                if focus {
                    spans.extend([key("y"), word(" sends it".to_owned())]);
                    spans.extend([key("   ^G"), word(" leaves it".to_owned())]);
                } else {
                    spans.extend([key("Enter"), word(" next".to_owned())]);
                    spans.extend([key("   y"), word(" on this line sends it".to_owned())]);
                    if area.width >= 54 {
                        spans.extend([key("   ^G"), word(" leaves it".to_owned())]);
                    }
                }
                put(buf, area, y, &Line::from(spans));
                focus.then_some(Position {
                    x: area.x + 2.min(area.width.saturating_sub(1)),
                    y: area.y + y,
                })
            }
            Confirm::Type(what, wanted) => {
                let words = format!("type {what} ({wanted}), then Enter: ");
                let words = if text::width(wanted) > 24 {
                    format!("type {what}, then Enter: ")
                } else {
                    words
                };
                put(buf, area, y, &Line::from(vec![mark, word(words.clone())]));
                let x = (text::width(&words) + 2) as u16;
                let width = (text::width(wanted) as u16 + 4).max(10);
                let field = Rect {
                    x: area.x + x.min(area.width),
                    y: area.y + y,
                    width: width.min(area.width.saturating_sub(x)),
                    height: 1,
                };
                let at = self.answer.draw(field, buf, theme);
                let right = Rect {
                    x: field.right() + 1.min(area.right().saturating_sub(field.right())),
                    width: area.right().saturating_sub(field.right() + 1),
                    ..field
                };
                // Whole or not at all: the hint line says it too.
                if right.width >= 12 {
                    let beside = Line::from(vec![key("^G"), word(" leaves it".to_owned())]);
                    put(buf, right, 0, &beside);
                }
                at.filter(|_| focus)
            }
        }
    }
}

/// A sentence as lines of a width.
fn lines(words: &str, wide: usize, style: Style) -> Vec<Line<'static>> {
    text::wrap(&text::clean(words), wide.max(8))
        .into_iter()
        .map(|line| Line::from(Span::styled(line, style)))
        .collect()
}

/// Keeps the first lines and says at the end of the last one that there is more.
fn shorten(lines: &mut Vec<Line<'static>>, keep: usize, wide: usize, look: &Look<'_>) {
    lines.truncate(keep);
    if let Some(span) = lines.last_mut().and_then(|line| line.spans.last_mut()) {
        let longer = format!("{} {}", span.content, " ".repeat(wide));
        span.content = text::cut(&longer, wide, look.theme.ellipsis()).trim_end().to_owned().into();
    }
}

/// Puts lines and leaves a row free behind them; returns the row after that.
fn paragraph(buf: &mut Buffer, area: Rect, y: u16, lines: Vec<Line<'_>>) -> u16 {
    if lines.is_empty() {
        return y;
    }
    let count = lines.len() as u16;
    let at = Rect { y: area.y + y.min(area.height), height: area.height.saturating_sub(y), ..area };
    paint::put_lines(buf, at, lines, 0);
    y + count + 1
}
