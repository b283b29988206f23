//! How a search looks: the form, what it offers, what was found and how much was looked at.

mod form;

use std::fmt::Write as _;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line as Spans, Span};

use super::names;
use super::results::{self, Line, Pivot, Results, Run, figure};
use super::{SearchPane, has_more};
use crate::api::Product;
use crate::api::darktrace::search::Analysis;
use crate::panes::lookup;
use crate::panes::paint::{self, Look, put, rule};
use crate::store::{Remote, Store};
use crate::ui::chart;
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text::thousands;
use crate::ui::time::took;

/// From this width on the form stands at the left of what was found.
const WIDE: u16 = 110;
/// Width of the form there.
const FORM: u16 = 58;
/// Cells before a field.
const LABEL: u16 = 10;
/// Searches kept under a name that stand beside the results.
const KEPT: usize = 8;
/// Cells of the widest bar.
const BAR: u16 = 18;

/// The part of `area` from row `y` on.
fn below(area: Rect, y: u16) -> Rect {
    Rect { y: area.y + y.min(area.height), height: area.height.saturating_sub(y), ..area }
}

impl SearchPane {
    pub(super) fn paint(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        if paint::unconfigured(Product::Darktrace, look, area, buf) {
            return None;
        }
        if area.width < WIDE {
            let cursor = self.draw_form(look, area, buf);
            let rest = below(area, 4);
            if self.draw_offers(look, rest, buf) == 0 {
                self.draw_found(store, look, rest, buf);
            }
            return cursor;
        }
        let left = Rect { width: FORM, ..area };
        let cursor = self.draw_form(look, left, buf);
        if self.draw_offers(look, below(left, 7), buf) == 0 {
            let kept = Self::draw_kept(store, look, below(left, 7), buf);
            self.draw_session(store, look, below(left, 7 + kept), buf);
        }
        for y in area.top()..area.bottom() {
            buf.set_stringn(area.x + FORM, y, look.theme.glyphs.bar, 1, look.theme.rule);
        }
        let right = Rect { x: area.x + FORM + 2, width: area.width - FORM - 2, ..area };
        self.draw_found(store, look, right, buf);
        cursor
    }

    /// The searches kept under a name, a person's own first. Returns the rows used.
    fn draw_kept(store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> u16 {
        let keys = format!("{} loads one, keeps this one", look.key("search.saved"));
        rule(buf, area, 0, look, "saved", &keys);
        let mut all = super::saved::searches(store);
        all.sort_by_key(|(_, own)| !own);
        let lines = all.iter().take(KEPT).map(|(search, _)| {
            let name = crate::ui::text::fit(&search.name, 18, look.theme.ellipsis());
            Spans::from(vec![
                Span::raw(format!("   {name}  ")),
                Span::styled(super::saved::brief(search), look.theme.dim),
            ])
        });
        paint::put_lines(
            buf,
            Rect { height: area.height.saturating_sub(1).min(KEPT as u16), ..below(area, 1) },
            lines,
            0,
        );
        all.len().min(KEPT) as u16 + 2
    }

    /// The session's searches, newest first, beside a wide result.
    fn draw_session(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        if self.runs.is_empty() {
            return;
        }
        let keys =
            format!("{} {} go through them", look.key("search.previous"), look.key("search.next"));
        rule(buf, area, 0, look, "this session", &keys);
        let newest = self.runs.iter().enumerate().rev();
        let lines = newest.map(|(index, run)| {
            let here = index == self.current;
            let coverage = Results::of(run, store).coverage;
            let seen = coverage.seen.map_or_else(|| "-".to_owned(), thousands);
            let field = run.first.field.trim_start_matches("@fields.");
            let words = format!(
                " {} {}  {:<6} {:<14} {seen:>9}  {}",
                if here { look.theme.glyphs.cursor } else { " " },
                look.clock.minute(run.at),
                run.first.operation.to_string(),
                crate::ui::text::cut(field, 14, look.theme.ellipsis()),
                crate::ui::text::cut(&run.time, 14, look.theme.ellipsis()),
            );
            let style = if here { look.theme.text } else { look.theme.dim };
            Spans::from(Span::styled(words, style))
        });
        paint::put_lines(buf, below(area, 1), lines, 0);
    }

    fn draw_found(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let Some(run) = self.run() else {
            let words = [
                "Nothing was searched yet.".to_owned(),
                format!(
                    "{} edits the query, {} the rest of the form, Enter runs it.",
                    look.key("search.edit"),
                    look.key("search.form")
                ),
                "Every field of a connection can be counted: who talked to it, on which port, with which agent."
                    .to_owned(),
                format!(
                    "^G, then {}: questions that are asked often, and those you keep under a name.",
                    look.key("search.saved")
                ),
            ];
            return paint::empty(buf, area, look, &words);
        };
        let results = Results::of(run, store);
        let first: Option<&Remote<_>> = store.analyses.get(&run.first);
        if results.coverage.slices == 0 {
            let title = format!("{} of {}", run.first.operation, run.first.field);
            rule(buf, area, 0, look, &title, &run.time);
            Self::draw_unanswered(first, look, below(area, 1), buf);
            if self.current > 0 {
                let words = format!(
                    " {} shows the search before this one, with what it found",
                    look.key("search.previous")
                );
                let line = Spans::from(Span::styled(words, look.theme.dim));
                put(buf, area, area.height.saturating_sub(1), &line);
            }
            return;
        }
        let right = match has_more(self, store) {
            Ok(()) => format!("{} next 10,000", look.key("search.more")),
            Err(_) if run.pending(store) => "looking at the next 10,000   ^G stops".to_owned(),
            Err(_) => String::new(),
        };
        rule(buf, area, 0, look, &told(&results), &right);
        let mut y = 1;
        for (words, style) in self.remarks(run, &results, store, look) {
            let lines =
                crate::ui::text::wrap(&words, usize::from(area.width.saturating_sub(4)).max(8));
            for line in lines {
                put(buf, area, y, &Spans::from(Span::styled(format!("   {line}"), style)));
                y += 1;
            }
        }
        let foot = area.height.saturating_sub(1);
        let table = Rect { height: foot.saturating_sub(y), ..below(area, y) };
        if results.lines.is_empty() {
            Self::draw_nothing(run, &results, look, table, buf);
        } else {
            self.draw_lines(run, &results, store, look, table, buf);
        }
        let read = first.and_then(|remote| remote.fetched);
        let words = format!(
            " {} of {}   {}   {}{}   UTC",
            run.first.operation,
            run.first.field,
            run.time,
            read.map_or_else(String::new, |at| format!("read {}   ", look.tell(at))),
            took(results.coverage.took),
        );
        put(buf, area, foot, &Spans::from(Span::styled(words, look.theme.dim)));
    }

    /// A search without any answer yet.
    fn draw_unanswered<T>(
        remote: Option<&Remote<T>>,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        match remote {
            Some(Remote { error: Some((error, _)), pending: false, .. }) => {
                paint::failed(buf, area, look, error)
            }
            Some(remote) if remote.pending => {
                let words =
                    ["looking at the first 10,000 records".to_owned(), "^G stops it".to_owned()];
                paint::empty(buf, area, look, &words);
            }
            _ => {
                let words = [
                    "It was stopped before an answer came.".to_owned(),
                    format!("{} runs it again.", look.key("shell.refresh")),
                ];
                paint::empty(buf, area, look, &words);
            }
        }
    }

    fn draw_nothing(
        run: &Run,
        results: &Results<'_>,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let first = match results.coverage.total {
            Some(total) if total > 0 => {
                let number =
                    if run.first.operation == Analysis::Mean { " as a number" } else { "" };
                format!(
                    "{} records match; none of those looked at has {}{number}.",
                    thousands(total),
                    run.first.field
                )
            }
            _ => "No record matches.".to_owned(),
        };
        let words = [
            first,
            format!(
                "{} loosens the query, {} widens the time.",
                look.key("search.edit"),
                look.key("search.form")
            ),
        ];
        paint::empty(buf, area, look, &words);
    }

    /// What must be known before the numbers are read.
    fn remarks(
        &self,
        run: &Run,
        results: &Results<'_>,
        store: &Store,
        look: &Look<'_>,
    ) -> Vec<(String, Style)> {
        let coverage = &results.coverage;
        let mut remarks: Vec<(String, Style)> = coverage
            .partial
            .iter()
            .map(|why| (format!("PARTIAL: {why}; this is not all there is"), look.theme.warn))
            .collect();
        let errors = (0..run.slices).filter_map(|index| {
            let remote = store.analyses.get(&run.slice(index))?;
            let (error, _) = remote.error.as_ref()?;
            Some((index, remote.value().is_some(), error))
        });
        for (index, had, error) in errors {
            let next = if had {
                "what is shown is older".to_owned()
            } else {
                format!("{} asks it again", look.key("search.more"))
            };
            remarks.push((format!("slice {}: {error} {next}", index + 1), look.theme.bad));
        }
        if coverage.slices > 1 {
            let words = if Self::stands_alone(run.first.operation) {
                "every slice of 10,000 records stands alone: these values cannot be added"
            } else {
                "slices are added up; a value that a slice did not list counts too low"
            };
            remarks.push((words.to_owned(), look.theme.dim));
        }
        if coverage.others > 0 {
            remarks.push((
                format!("{} records have values that are not listed", thousands(coverage.others)),
                look.theme.dim,
            ));
        }
        if self.differs(run) {
            remarks.push((
                "the form was changed since; Enter in it runs it".to_owned(),
                look.theme.dim,
            ));
        }
        remarks
    }

    /// Whether the form asks something else than what is shown.
    fn differs(&self, run: &Run) -> bool {
        self.form.query.text().trim() != run.first.query.search
            || names::whole(self.form.metric.text()) != run.first.field
            || self.form.operation != run.first.operation
            || self.form.time.text() != run.time
    }

    fn draw_lines(
        &self,
        run: &Run,
        results: &Results<'_>,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let many = results.coverage.slices > 1;
        let number = |title: &'static str, wide| Column::new(title, Width::Fixed(wide)).right();
        let mut columns = Vec::new();
        if many && Self::stands_alone(run.first.operation) {
            columns.push(number("SLICE", 5));
        }
        let lead = columns.len();
        match run.first.operation {
            Analysis::Score | Analysis::Terms => columns.extend([
                number("COUNT", 8),
                number("SHARE", 5),
                Column::new("", Width::Fixed(BAR)).rank(2),
                Column::new("VALUE", Width::Flex(14, 1)),
                Column::new("KNOWN", Width::Fixed(18)).rank(1),
            ]),
            Analysis::Trend => columns.extend([
                number("TREND", 9),
                number("COUNT", 9),
                number("BEFORE", 9),
                Column::new("VALUE", Width::Flex(14, 1)),
                Column::new("KNOWN", Width::Fixed(18)).rank(1),
            ]),
            Analysis::Mean => columns.extend([
                number("RECORDS", 10),
                number("LEAST", 12),
                number("MEAN", 14),
                number("GREATEST", 15),
                number("SUM", 18).rank(1),
            ]),
        }
        let top = results.lines.iter().find_map(|line| match line {
            Line::Count(row) => Some(row.count),
            _ => None,
        });
        let (top, whole) = (top.unwrap_or(0), results.whole());
        let field = &run.first.field;
        let table = Table::new(columns).active(self.form.focus.is_none());
        table.draw(area, buf, theme, &self.list, results.lines.len(), |index| {
            let line = &results.lines[index];
            let mut cells: Vec<Text<'_>> = Vec::new();
            match line {
                Line::Count(row) => {
                    let bar =
                        chart::bar(row.count as f64, top as f64, usize::from(BAR), &theme.glyphs);
                    cells.push(thousands(row.count).into());
                    cells.push(share(row.count, whole).into());
                    cells.push(Text::styled(bar, theme.accent));
                }
                Line::Trend(slice, row) => {
                    cells.extend((lead > 0).then(|| slice.to_string().into()));
                    let sign = if row.trend.is_some_and(|trend| trend > 0.0) { "+" } else { "" };
                    let style = if sign.is_empty() { theme.dim } else { theme.text };
                    cells.push(Text::styled(format!("{sign}{}", figure(row.trend)), style));
                    cells.push(row.count.map_or_else(|| "-".to_owned(), thousands).into());
                    cells.push(figure(row.start).into());
                }
                Line::Mean(slice, stats) => {
                    cells.extend((lead > 0).then(|| slice.to_string().into()));
                    cells.push(stats.count.map_or_else(|| "-".to_owned(), thousands).into());
                    for value in [stats.min, stats.avg, stats.max, stats.sum] {
                        cells.push(figure(value).into());
                    }
                }
            }
            if let Some(value) = line.value() {
                cells.push(results::shown(field, value).into());
                cells.push(known(field, value, store, look));
            }
            Cells::new(cells)
        });
    }
}

/// What the session knows of a value.
fn known(field: &str, value: &str, store: &Store, look: &Look<'_>) -> Text<'static> {
    match results::pivot(field, value) {
        Some(Pivot::Device(_)) => Text::styled("internal", look.theme.dim),
        Some(Pivot::Endpoint(target)) => {
            let words = lookup::read(&target).map_or_else(
                |_| Vec::new(),
                |endpoint| lookup::marks(store, &endpoint, look.theme),
            );
            let style = words.first().map_or(look.theme.dim, |(_, style)| *style);
            let words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
            Text::styled(words.join("  "), style)
        }
        None => Text::default(),
    }
}

/// `41%`; `<1%` for what is there but little.
fn share(count: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    match (count as f64 * 100.0 / whole as f64).round() as u64 {
        0 if count > 0 => "<1%".to_owned(),
        percent => format!("{percent}%"),
    }
}

/// `214 values   9,871 of 20,573 records looked at`.
fn told(results: &Results<'_>) -> String {
    let coverage = &results.coverage;
    let mut words = match results.lines.as_slice() {
        [Line::Mean(..), ..] => String::new(),
        [_] => "1 value   ".to_owned(),
        lines => format!("{} values   ", thousands(lines.len() as u64)),
    };
    let _ = match (coverage.seen, coverage.total) {
        (Some(seen), Some(total)) => {
            let (seen, total) = (thousands(seen), thousands(total));
            write!(words, "{seen} of {total} records looked at")
        }
        (Some(seen), None) => write!(words, "{} records looked at", thousands(seen)),
        (None, Some(total)) => write!(words, "{} records match", thousands(total)),
        (None, None) => write!(words, "how many records were looked at is not told"),
    };
    if coverage.slices > 1 {
        let _ = write!(words, " in {} slices", coverage.slices);
    }
    words
}
