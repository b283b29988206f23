//! The connections of a device as pictures: a time line of 28 days whose gaps are zero and counted, weekday by hour, those
//! that behave alike on the same axis, and the numbers themselves.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::picture::{HOURS, Picture, amount, counted, filled, grain, numbers, pictures};
use super::{DevicesPane, Part};
use crate::api::darktrace::connections::{DataType, DeviceInfo};
use crate::panes::paint::{self, Look, freshness, put};
use crate::store::Remote;
use crate::ui::chart::{self, DAYS, Fold, HOUR, Hours, Week};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;
use crate::ui::time::Mode;

/// Columns of the numbers before a tower, with their rule.
const SCALE: usize = 8;

/// Columns around the row of a similar device.
const BESIDE_ROOM: usize = 24;

/// Columns of the week: two cells an hour.
const WEEK: usize = 2;

impl DevicesPane {
    /// The title of the chart: what is counted, of what, how much, and how its gaps were filled.
    fn chart_title(&self, picture: &Picture<'_>, look: &Look<'_>, wide: usize) -> Line<'static> {
        let theme = look.theme;
        let active = self.part == Part::Chart;
        let style = if active { theme.accent } else { theme.title };
        let mut spans =
            vec![Span::styled(format!(" {} 28 d  {}", counted(self.metric), self.metric), style)];
        if let Some(narrow) = &self.narrow {
            spans.push(Span::styled(format!("  only {}", narrow.words()), theme.warn));
        }
        let hours = &picture.hours;
        let mut words = String::new();
        if let Some((at, value)) = hours.peak() {
            let at = Timestamp::from_second(at)
                .map_or_else(|_| "-".to_owned(), |at| look.clock.short(at));
            words = format!(
                "   max {}/h {at}   total {}",
                amount(self.metric, value),
                amount(self.metric, hours.total())
            );
        }
        let used: usize = spans.iter().map(|span| text::width(&span.content)).sum();
        let said = format!("   {}", filled(picture));
        if used + text::width(&words) + text::width(&said) <= wide {
            words.push_str(&said);
        }
        spans.push(Span::styled(words, theme.dim));
        Line::from(spans)
    }

    /// One row of intensities between its first and last day, then the week, or those alike in its place.
    pub(super) fn draw_line(
        &self,
        remote: &Remote<DeviceInfo>,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let pictures = pictures(remote);
        let Some(first) = pictures.first() else {
            return self.no_chart(remote, look, area, buf);
        };
        put(buf, area, 0, &self.chart_title(first, look, area.width.into()));
        let room = usize::from(area.width).saturating_sub(15);
        let (from, to) = ends(&first.hours, look);
        let line = Line::from(vec![
            Span::styled(format!(" {from}  "), look.theme.dim),
            Span::styled(strip(&first.hours, room, look), look.theme.accent),
            Span::styled(format!(" {to}"), look.theme.dim),
        ]);
        put(buf, area, 1, &line);
        let below = under(area, 2);
        if self.beside && pictures.len() > 1 {
            self.draw_beside(&pictures, look, below, buf);
        } else {
            self.draw_week(&first.hours, look, below, buf);
        }
    }

    /// Towers with their scale and days, the week, and those alike.
    pub(super) fn draw_towers(
        &self,
        remote: &Remote<DeviceInfo>,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let pictures = pictures(remote);
        let Some(first) = pictures.first() else {
            return self.no_chart(remote, look, area, buf);
        };
        put(buf, area, 0, &self.chart_title(first, look, area.width.into()));
        let theme = look.theme;
        let wide = usize::from(area.width);
        let beside = pictures.len() > 1;
        // Those alike have less room: with them all stand on one axis.
        let grain = grain(wide.saturating_sub(if beside { BESIDE_ROOM } else { SCALE + 1 }));
        let said = format!(" {}   a column is {grain} h", filled(first));
        put(buf, area, 1, &Line::from(Span::styled(said, theme.dim)));
        let (_, columns) = first.hours.columns((HOURS / grain) as usize, Fold::Max);
        let similar = if beside { pictures.len() as u16 + 2 } else { 0 };
        // The week comes last: the overview has it too.
        let spare = area.height.saturating_sub(3 + similar);
        let week = if spare >= 5 + 9 { 9 } else { 0 };
        let height = spare.saturating_sub(week).clamp(3, 10);
        let top = columns.iter().copied().fold(0.0, f64::max);
        let rows = chart::towers(&columns, height.into(), &theme.glyphs);
        for (index, row) in rows.iter().enumerate() {
            let worth = top * f64::from(height - index as u16) / f64::from(height);
            // Every other row has its number: more would be noise.
            let worth = if index % 2 == 0 && top > 0.0 {
                amount(self.metric, worth)
            } else {
                String::new()
            };
            let line = Line::from(vec![
                Span::styled(
                    format!("{}{}", text::fit_right(&worth, SCALE - 1, ""), theme.glyphs.bar),
                    theme.dim,
                ),
                Span::styled(row.clone(), theme.accent),
            ]);
            put(buf, area, 2 + index as u16, &line);
        }
        let labels: Vec<(usize, String)> = (0..=4)
            .map(|week| {
                let at = first.hours.start + week * 7 * 24 * HOUR;
                ((week * 7 * 24 / grain) as usize, day(at, look))
            })
            .collect();
        let axis = chart::axis(columns.len(), &labels);
        let y = 2 + height;
        let under_line =
            Line::from(vec![Span::raw(" ".repeat(SCALE)), Span::styled(axis, theme.dim)]);
        put(buf, area, y, &under_line);
        let mut below = under(area, y + 2);
        if beside {
            self.draw_beside(&pictures, look, below, buf);
            below = under(below, similar);
        }
        if week > 0 {
            self.draw_week(&first.hours, look, below, buf);
        }
    }

    /// Weekday by hour.
    fn draw_week(&self, hours: &Hours, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        let (zone, offset) = if look.clock.mode == Mode::Local {
            let offset = look.clock.zone.to_offset(look.clock.now).seconds();
            ("local", i64::from(offset))
        } else {
            ("UTC", 0)
        };
        let week = hours.week(offset);
        let title = format!(" weekday x hour {zone}");
        let title = Line::from(vec![
            Span::styled(text::fit(&title, 22, ""), theme.title),
            Span::styled(Week::scale(WEEK), theme.dim),
        ]);
        put(buf, area, 0, &title);
        let rows = week.rows(WEEK, &theme.glyphs);
        for (index, (row, name)) in rows.iter().zip(DAYS).enumerate() {
            let total = week.day_total(index);
            let mut spans = vec![
                Span::styled(format!("   {name:<19}"), theme.dim),
                Span::styled(text::fit(row, 24 * WEEK, ""), theme.accent),
            ];
            if total > 0.0 {
                let total = text::fit_right(&amount(self.metric, total), 9, "");
                spans.push(Span::styled(total, theme.dim));
            }
            put(buf, area, index as u16 + 1, &Line::from(spans));
        }
    }

    /// Those that behave alike, on the axis and the scale of the device: a row each.
    fn draw_beside(&self, pictures: &[Picture<'_>], look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        let title = Line::from(vec![
            Span::styled(" WITH SIMILAR", theme.title),
            Span::styled("   the same 28 days, each on its own scale   alike %, total", theme.dim),
        ]);
        put(buf, area, 0, &title);
        let room = usize::from(area.width).saturating_sub(BESIDE_ROOM);
        for (index, picture) in pictures.iter().enumerate() {
            let did = picture.did.map_or_else(|| "-".to_owned(), |did| did.to_string());
            let alike =
                picture.series.similarity.map_or_else(String::new, |score| format!("{score:.0}%"));
            let style = if index == 0 { theme.accent } else { theme.text };
            let line = Line::from(vec![
                Span::styled(format!(" {} ", text::fit_right(&did, 6, "")), style),
                Span::styled(strip(&picture.hours, room, look), style),
                Span::styled(
                    format!(
                        " {}{}",
                        text::fit_right(&alike, 4, ""),
                        text::fit_right(&amount(self.metric, picture.hours.total()), 10, "")
                    ),
                    theme.dim,
                ),
            ]);
            put(buf, area, index as u16 + 1, &line);
        }
        if pictures.len() < 2 {
            let line = Line::from(Span::styled("   none is known", theme.dim));
            put(buf, area, 2, &line);
        }
    }

    /// The numbers of the hours that are not zero.
    pub(super) fn draw_numbers(
        &self,
        remote: &Remote<DeviceInfo>,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let pictures = pictures(remote);
        let Some(first) = pictures.first() else {
            return self.no_chart(remote, look, area, buf);
        };
        put(buf, area, 0, &self.chart_title(first, look, area.width.into()));
        let rows = numbers(&first.hours);
        let top = first.hours.peak().map_or(0.0, |(_, value)| value);
        let table = Table::new(vec![
            Column::new("HOUR", Width::Fixed(13)),
            Column::new("DAY", Width::Fixed(4)),
            Column::new(
                if self.metric == DataType::Connections { "COUNT" } else { "VOLUME" },
                Width::Fixed(10),
            )
            .right(),
            Column::new("", Width::Flex(10, 1)),
        ])
        .active(self.part == Part::Chart);
        table.draw(under(area, 1), buf, look.theme, &self.numbers, rows.len(), |index| {
            let (at, value) = rows[index];
            let hour = Timestamp::from_second(at)
                .map_or_else(|_| "-".to_owned(), |at| look.clock.short(at));
            // 1970-01-01 was a Thursday
            let day = DAYS[(at.div_euclid(24 * HOUR) + 3).rem_euclid(7) as usize];
            Cells::new([
                Text::from(hour),
                Text::styled(day, look.theme.dim),
                Text::from(amount(self.metric, value)),
                Text::styled(chart::bar(value, top, 40, &look.theme.glyphs), look.theme.accent),
            ])
        });
    }

    /// Why there is no picture.
    fn no_chart(&self, remote: &Remote<DeviceInfo>, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let title = format!(" {} 28 d  {}", counted(self.metric), self.metric);
        let (words, style): (String, Style) = if remote.value().is_some() {
            ("Darktrace knows no connections of it".to_owned(), look.theme.dim)
        } else {
            freshness(remote, look)
        };
        let line = Line::from(vec![
            Span::styled(title, look.theme.title),
            Span::styled(format!("   {words}"), style),
        ]);
        paint::put_lines(buf, area, [line], 0);
    }
}

/// One row of intensities in at most so many cells.
fn strip(hours: &Hours, room: usize, look: &Look<'_>) -> String {
    let columns = (HOURS / grain(room)) as usize;
    let (_, values) = hours.columns(columns, Fold::Max);
    chart::intensities(&values, &look.theme.glyphs)
}

/// First and last day of a series.
fn ends(hours: &Hours, look: &Look<'_>) -> (String, String) {
    let last = hours.start + (hours.values.len() as i64 - 1) * HOUR;
    (day(hours.start, look), day(last, look))
}

fn day(at: i64, look: &Look<'_>) -> String {
    let zone = if look.clock.mode == Mode::Local {
        look.clock.zone.clone()
    } else {
        jiff::tz::TimeZone::UTC
    };
    Timestamp::from_second(at)
        .map_or_else(|_| "-".to_owned(), |at| at.to_zoned(zone).strftime("%m-%d").to_string())
}

/// What is left of an area below its first rows.
pub(super) fn under(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}
