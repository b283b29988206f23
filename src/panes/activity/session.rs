//! What this session's labelling came to, at length: how many and how fast, how long events were looked at, how often the AI
//! had said the same, and the same by label. Figures of the last label; it rates nobody.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::panes::paint::{self, Look, rule};
use crate::store::{DWELL, SLOT, Store};
use crate::ui::{chart, text};

/// Cells of a line's name.
const NAME: usize = 11;

/// Cells of a label in front of its figures.
const LABEL: usize = 18;

/// Draws it; nothing where nothing was labelled.
pub(super) fn draw(store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let stats = store.sitting.stats();
    let since = stats.since.map_or_else(String::new, |since| format!("since {}", look.tell(since)));
    rule(buf, area, 0, look, "this session", &since);
    let below =
        Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
    if stats.done == 0 {
        let line = Line::from(Span::styled(" no label yet", look.theme.dim));
        return paint::put_lines(buf, below, [line], 0);
    }
    paint::put_lines(buf, below, lines(store, look, usize::from(area.width)), 0);
}

fn lines(store: &Store, look: &Look<'_>, width: usize) -> Vec<Line<'static>> {
    let theme = look.theme;
    let sitting = &store.sitting;
    let stats = sitting.stats();
    let mut counts = vec![stats.done.to_string()];
    counts.extend(stats.per_hour.map(|rate| format!("{rate:.0}/h")));
    for (count, what) in
        [(stats.undone, "undone"), (sitting.skipped, "skipped"), (sitting.second, "second opinion")]
    {
        counts.push(format!("{what} {count}"));
    }
    let mut lines = vec![fact("labelled", counts.join("   "), look)];
    if let Some(words) = paint::agreement(&stats.agreements) {
        lines.push(fact("AI", words, look));
    }
    let room = width.saturating_sub(NAME + 3);
    lines.push(per_slot(&stats.slots, room, look));
    let median = stats.median_ms;
    let median = median.map_or_else(String::new, |ms| format!("median {:.1}", ms as f64 / 1_000.0));
    lines.push(fact("dwell, s", format!("{}   {median}", histogram(&stats.dwell)), look));
    if sitting.fast_runs > 0 {
        let runs = if sitting.fast_runs == 1 { "run" } else { "runs" };
        let words = format!("{} {runs} of 12 labels or more under 1 s each", sitting.fast_runs);
        lines.push(fact("fast", words, look));
    }
    lines.push(Line::default());
    for (label, count, agreements) in &stats.labels {
        let name = text::fit(&text::clean(label), LABEL, theme.ellipsis());
        let agree = paint::agreement(agreements).unwrap_or_default();
        lines.push(Line::from(vec![
            Span::styled(format!(" {name} "), theme.label),
            Span::raw(format!("{count:>5}   ")),
            Span::styled(agree, theme.dim),
        ]));
    }
    lines
}

fn fact(name: &str, words: String, look: &Look<'_>) -> Line<'static> {
    Line::from(vec![
        Span::styled(format!(" {name:<NAME$} "), look.theme.dim),
        Span::styled(words, look.theme.text),
    ])
}

/// The newest slots that fit, as a line and as numbers.
fn per_slot(slots: &[usize], room: usize, look: &Look<'_>) -> Line<'static> {
    let mut numbers: Vec<String> = Vec::new();
    let mut used = 0;
    for count in slots.iter().rev() {
        let number = count.to_string();
        // A place of the line and one of the numbers, with a blank.
        used += number.len() + 2;
        if used + 2 > room {
            break;
        }
        numbers.push(number);
    }
    numbers.reverse();
    let shown = &slots[slots.len() - numbers.len()..];
    let values: Vec<f64> = shown.iter().map(|count| *count as f64).collect();
    let name = format!("per {} min", SLOT / 60);
    Line::from(vec![
        Span::styled(format!(" {name:<NAME$} "), look.theme.dim),
        Span::styled(chart::sparkline(&values, &look.theme.glyphs), look.theme.accent),
        Span::styled(format!("  {}", numbers.join(" ")), look.theme.text),
    ])
}

/// `<1 0   1-3 6   3-10 24   10-30 9   >30 2`.
fn histogram(dwell: &[usize; 5]) -> String {
    let places = dwell.iter().enumerate().map(|(at, count)| {
        let from = at.checked_sub(1).map(|before| DWELL[before]);
        let name = match (from, DWELL.get(at)) {
            (None, Some(to)) => format!("<{to}"),
            (Some(from), Some(to)) => format!("{from}-{to}"),
            (Some(from), None) => format!(">{from}"),
            (None, None) => String::new(),
        };
        format!("{name} {count}")
    });
    places.collect::<Vec<_>>().join("   ")
}
