//! The form of a search: its fields, what is wrong with them, the names that are offered.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line as Spans, Span};

use super::super::form::Part;
use super::super::names;
use super::super::results::Run;
use super::{FORM, LABEL, SearchPane, below};
use crate::panes::paint::{self, Look, put, rule};
use crate::panes::window::{self, Window};
use crate::ui::input::Field;
use crate::ui::time::span;

impl SearchPane {
    /// One labelled field; returns where its cursor belongs when it has the keyboard.
    fn draw_field(
        &self,
        part: (Part, &str, &Field),
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let (part, label, field) = part;
        let focus = self.form.focus == Some(part);
        label_at(label, focus, look, area, buf);
        let room = Rect {
            x: area.x + LABEL.min(area.width),
            width: area.width.saturating_sub(LABEL),
            height: 1.min(area.height),
            ..area
        };
        field.draw(room, buf, look.theme).filter(|_| focus)
    }

    pub(super) fn draw_form(
        &self,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let form = &self.form;
        let tall = area.width == FORM;
        // What is shown was found in that window: `last 1h` moves on only when it is asked again.
        let asked =
            self.run().filter(|run| run.time == form.time.text() && form.focus != Some(Part::Time));
        let window = match asked {
            Some(Run { first, .. }) => Ok(Window { from: first.query.from, to: first.query.to }),
            None => window::parse(form.time.text(), look.clock.now),
        };
        let beside = area.width >= 76 && !tall;
        let words = match &window {
            Ok(window) => (window.told(), look.theme.dim),
            Err(_) => ("no time window yet".to_owned(), look.theme.warn),
        };
        let mut time = area;
        if beside {
            let wide = words.0.chars().count() as u16 + 1;
            time.width = area.width.saturating_sub(wide + 1);
            let at = Rect { x: time.right() + 1, width: wide, ..area };
            put(buf, at, 0, &Spans::from(Span::styled(words.0.clone(), words.1)));
        }
        let mut cursor = self.draw_field((Part::Time, "time", &form.time), look, time, buf);
        let mut y = 1;
        if tall {
            let indented = format!("{}{}", " ".repeat(usize::from(LABEL)), words.0);
            put(buf, area, y, &Spans::from(Span::styled(indented, words.1)));
            y += 1;
        }
        let query = (Part::Query, "query", &form.query);
        cursor = cursor.or(self.draw_field(query, look, below(area, y), buf));
        let mut metric = below(area, y + 1);
        let mut operation = below(area, y + 2);
        if !tall {
            metric.width = (area.width / 2).saturating_sub(1);
            operation = Rect {
                x: metric.right() + 1,
                width: area.width.saturating_sub(metric.width + 1),
                ..metric
            };
        }
        let field = (Part::Metric, "metric", &form.metric);
        cursor = cursor.or(self.draw_field(field, look, metric, buf));
        self.draw_operation(look, operation, buf);
        let y = if tall { 5 } else { 3 };
        let (words, style) = self.message(look, window.as_ref().ok());
        put(buf, area, y, &Spans::from(Span::styled(format!(" {words}"), style)));
        cursor
    }

    /// The four operations, the chosen one in brackets; only the chosen one where there is little room.
    fn draw_operation(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let focus = self.form.focus == Some(Part::Operation);
        label_at("operation", focus, look, area, buf);
        let mut spans = Vec::new();
        for (operation, _) in names::OPERATIONS {
            let chosen = operation == self.form.operation;
            if chosen {
                let style = if focus { look.theme.accent } else { look.theme.text };
                spans.push(Span::styled(format!("[{operation}]"), style));
            } else if area.width >= LABEL + 28 {
                spans.push(Span::styled(format!(" {operation} "), look.theme.dim));
            }
        }
        let at = Rect {
            x: area.x + (LABEL + 1).min(area.width),
            width: area.width.saturating_sub(LABEL + 1),
            ..area
        };
        put(buf, at, 0, &Spans::from(spans));
    }

    /// The line below the form: what is wrong, else what the part with the keyboard takes.
    fn message(&self, look: &Look<'_>, window: Option<&Window>) -> (String, Style) {
        let (dim, warn) = (look.theme.dim, look.theme.warn);
        if let Some((_, why)) = &self.refused {
            return (why.clone(), look.theme.bad);
        }
        let late = window.is_some_and(|window| window.from > look.clock.now);
        match self.form.focus {
            Some(Part::Time) => match window {
                None => (format!("allowed: {}", window::ALLOWED), warn),
                Some(_) if late => ("the window begins in the future".to_owned(), warn),
                Some(window) => {
                    let long = window.to.as_second() - window.from.as_second();
                    let words = format!(
                        "{}   {} long   Up other times   UTC",
                        window.told(),
                        span(long.unsigned_abs())
                    );
                    (words, dim)
                }
            },
            Some(Part::Metric) => {
                ("Tab takes the first name   Up Down all names   Enter runs".to_owned(), dim)
            }
            Some(Part::Operation) => {
                let told = names::OPERATIONS.iter().find(|(one, _)| *one == self.form.operation);
                let told = told.map_or("", |(_, told)| told);
                (format!("{told}   Space changes   Enter runs"), dim)
            }
            focus => match self.form.complaint() {
                Some(complaint) => (complaint.words, warn),
                None if late => ("the window begins in the future".to_owned(), warn),
                None if focus.is_some() => (
                    "Enter runs   Tab next part   Up earlier queries   ^R finds one".to_owned(),
                    dim,
                ),
                None => (String::new(), dim),
            },
        }
    }

    /// The names offered for what is typed. Returns the rows used.
    pub(super) fn draw_offers(&self, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> u16 {
        let offers = self.form.offers();
        if offers.is_empty() {
            return 0;
        }
        rule(buf, area, 0, look, "names", "Tab takes the first; any other name may be typed");
        let lines = offers.iter().enumerate().map(|(index, name)| {
            let style = if index == 0 { look.theme.accent } else { look.theme.text };
            Spans::from(Span::styled(format!("   {name}"), style))
        });
        let room = below(area, 1);
        paint::put_lines(buf, room, lines, 0);
        1 + (offers.len() as u16).min(room.height)
    }
}

fn label_at(label: &str, focus: bool, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let (mark, style) =
        if focus { (look.theme.glyphs.cursor, look.theme.accent) } else { (" ", look.theme.dim) };
    put(buf, area, 0, &Spans::from(Span::styled(format!("{mark}{label}"), style)));
}
