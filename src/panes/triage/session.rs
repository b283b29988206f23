//! The labels given last and what this session came to, in words: a quiet cell on a narrow screen, a line on a wide one.
//!
//! The figures are the store's, as of the last label; nothing here looks at the clock to count.

use ratatui::text::{Line, Span};

use super::known;
use super::view::View;
use crate::outbox::Row;
use crate::panes::paint::Look;
use crate::store::{EventKey, Store, key};
use crate::ui::text;

/// The cell of a narrow screen: `41 done  86/h  blind-agree 83%`; nothing before the first label.
fn told(store: &Store, look: &Look<'_>) -> Vec<Span<'static>> {
    let stats = store.sitting.stats();
    if stats.done == 0 {
        return Vec::new();
    }
    let mut words = format!("{} done", stats.done);
    if let Some(rate) = stats.per_hour {
        words = format!("{words}  {rate:.0}/h");
    }
    if let Some(agreed) = stats.agreements.blind.percent() {
        words = format!("{words}  blind-agree {agreed:.0}%");
    } else if let Some(agreed) = stats.agreements.shown.percent() {
        words = format!("{words}  agree {agreed:.0}%");
    }
    vec![Span::styled(words, look.theme.dim)]
}

/// The line of a wide screen, as much of it as there is room for.
pub(super) fn line(
    store: &Store,
    look: &Look<'_>,
    view: &View,
    left: usize,
    width: usize,
) -> Vec<Span<'static>> {
    let theme = look.theme;
    let sitting = &store.sitting;
    let stats = sitting.stats();
    let mut spans = vec![Span::styled(" SESSION  ", theme.title)];
    let mut room = width.saturating_sub(10);
    let mut tell = |words: String, style| {
        let wide = text::width(&words) + 3;
        if wide <= room {
            room -= wide;
            spans.push(Span::styled(words, style));
            spans.push(Span::raw("   "));
        }
    };
    if stats.done == 0 {
        tell("no label yet".to_owned(), theme.dim);
    } else {
        tell(format!("{} labelled", stats.done), theme.text);
        if let Some(rate) = stats.per_hour {
            tell(format!("{rate:.0}/h"), theme.dim);
        }
        if let Some(median) = stats.median_ms {
            tell(format!("median {:.1} s", median as f64 / 1_000.0), theme.dim);
        }
        if let Some(words) = crate::panes::paint::agreement(&stats.agreements) {
            tell(words, theme.dim);
        }
    }
    for (count, what) in
        [(stats.undone, "undone"), (sitting.skipped, "skipped"), (sitting.second, "second opinion")]
    {
        if count > 0 {
            tell(format!("{what} {count}"), theme.dim);
        }
    }
    if let Some(since) = stats.since {
        tell(format!("since {}", look.tell(since)), theme.dim);
    }
    tell(format!("{left} left in {}", view.name()), theme.dim);
    spans
}

/// What the AI says of an event that was labelled: `Escalate 47%`, with the confidence where it is still that answer.
fn said(store: &Store, event: &EventKey, ai: &str) -> String {
    let decision = store.decision(event).filter(|one| one.label.as_deref() == Some(ai));
    let sure = decision.filter(|one| one.confidence.is_some());
    let sure =
        sure.map_or_else(String::new, |one| format!(" {}", known::confidence(one.confidence)));
    format!("{}{sure}", text::clean(ai))
}

/// The result line of the pane on a narrow screen: the last label, and how the session goes. Of a blind label it says now
/// what the AI had said.
pub fn last_label(store: &Store, look: &Look<'_>, width: usize) -> Option<Line<'static>> {
    let write = store.writes.newest().find(|row| row.draft.act.labels().is_some())?;
    let (job, event, label) = write.draft.act.labels()?;
    let (words, style) = super::told(write, look);
    let right = told(store, look);
    let taken: usize = right.iter().map(|span| text::width(&span.content)).sum();
    let mut left = format!(" {} = {}   ", text::short_id(event.as_str(), 4), text::clean(label));
    if let Some(seen) = write.draft.seen.as_ref().filter(|seen| seen.blind)
        && let Some(ai) = &seen.label
    {
        left = format!("{left}AI said {}   ", said(store, &key(job, event), ai));
    }
    let room = width.saturating_sub(taken + text::width(&left) + 3);
    let words = text::fit(&text::clean(&words), room, look.theme.ellipsis());
    let mut spans = vec![Span::raw(left), Span::styled(words, style), Span::raw("  ")];
    spans.extend(right);
    Some(Line::from(spans))
}

/// One of the last labels: `D~ ..1760 = Drop   AI Drop 45  agree   sends 14:03:09Z`.
pub(super) fn last(store: &Store, write: &Row, look: &Look<'_>) -> Line<'static> {
    let theme = look.theme;
    let Some((job, event, label)) = write.draft.act.labels() else {
        return Line::default();
    };
    let (words, style) = super::told(write, look);
    let mut spans = vec![
        Span::styled(format!(" {}  ", text::short_id(event.as_str(), 4)), theme.dim),
        Span::styled(text::fit(&text::clean(label), 14, theme.ellipsis()), theme.label),
    ];
    let seen = write.draft.seen.as_ref();
    if let Some(ai) = seen.and_then(|seen| seen.label.as_ref()) {
        let agree = ai.eq_ignore_ascii_case(label);
        let ai = text::fit(&said(store, &key(job, event), ai), 18, theme.ellipsis());
        spans.push(Span::styled(format!("  AI {ai}  "), theme.dim));
        spans.push(if agree {
            Span::styled("agree     ", theme.dim)
        } else {
            Span::styled("DISAGREE  ", theme.warn)
        });
        let blind = if seen.is_some_and(|seen| seen.blind) { "blind  " } else { "       " };
        spans.push(Span::styled(blind, theme.accent));
    }
    spans.push(Span::styled(words, style));
    Line::from(spans)
}
