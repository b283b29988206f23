//! One label for many events: the sheet that says what is about to be labelled, shows the minority, and wants the number typed.
//!
//! The set is frozen when the sheet opens. Enter alone does nothing; each label becomes a row of the outbox in the set's
//! order, all of one batch, taken back together.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::known::{HIDDEN, Known};
use crate::api::arcanna::{EventId, JobId};
use crate::panes::paint::{Look, put};
use crate::store::{Store, key};
use crate::ui::input::Field;
use crate::ui::{frame, text};

/// The most events one sheet labels.
pub(super) const MOST: usize = 100;

/// The sheet.
#[derive(Debug)]
pub(super) struct Bulk {
    pub job: JobId,
    pub label: String,
    pub digit: char,
    pub events: Vec<EventId>,
    /// Where the set came from: the view and filter it was marked in.
    pub origin: String,
    pub frozen: Timestamp,
    /// The number as it is typed.
    pub answer: Field,
    /// Why it was not done.
    pub refused: Option<String>,
    /// The frozen list is shown instead of the summary, from this line on.
    pub listing: Option<usize>,
}

/// Events of the set by what the AI says of them, the largest group first.
pub(super) fn groups(
    store: &Store,
    job: &JobId,
    events: &[EventId],
) -> Vec<(String, Vec<EventId>)> {
    let mut groups: Vec<(String, Vec<EventId>)> = Vec::new();
    for event in events {
        let key = key(job, event);
        let known = Known::of(store, &key);
        let says = if known.decision.is_none() { "no answer yet".to_owned() } else { known.says() };
        match groups.iter_mut().find(|(word, _)| *word == says) {
            Some((_, members)) => members.push(event.clone()),
            None => groups.push((says, vec![event.clone()])),
        }
    }
    groups.sort_by_key(|(_, members)| std::cmp::Reverse(members.len()));
    groups
}

/// The line the number is typed into.
pub(super) fn question(count: usize) -> Field {
    Field::new(format!("type {count}, then Enter: "))
}

impl Bulk {
    /// The events of which the AI says something else than of most.
    pub(super) fn minority(&self, store: &Store) -> Vec<EventId> {
        groups(store, &self.job, &self.events)
            .into_iter()
            .skip(1)
            .flat_map(|(_, members)| members)
            .collect()
    }

    /// Leaves the minority out. Returns how many that were.
    pub(super) fn exclude(&mut self, store: &Store) -> usize {
        let out = self.minority(store);
        self.events.retain(|event| !out.contains(event));
        self.answer = question(self.events.len());
        out.len()
    }

    pub(super) fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let theme = look.theme;
        let count = self.events.len();
        let title = format!("LABEL {count} EVENTS AS {}", text::clean(&self.label));
        let inside = frame::sheet(area, buf, theme, &title, 76, 15);
        let wide = usize::from(inside.width);
        if let Some(top) = self.listing {
            self.draw_list(store, look, top, inside, buf);
            return None;
        }
        let mut lines: Vec<(String, Style)> = vec![(
            format!("set frozen {} from {}", look.tell(self.frozen), self.origin),
            theme.dim,
        )];
        let groups = groups(store, &self.job, &self.events);
        let parts: Vec<String> =
            groups.iter().map(|(says, members)| format!("{} AI {says}", members.len())).collect();
        lines.push((format!("{count} marked = {}", parts.join("  +  ")), theme.text));
        lines.push((String::new(), theme.text));
        let most = groups.first().filter(|(most, _)| most != HIDDEN);
        if let Some((most, _)) = most.filter(|(most, _)| *most != self.label) {
            lines.push((
                format!("you overrule the AI: of most it says {most}, not {}", self.label),
                theme.warn,
            ));
        }
        for (says, members) in groups.iter().skip(1) {
            let named: Vec<String> = members
                .iter()
                .map(|event| {
                    let key = key(&self.job, event);
                    let sure = Known::of(store, &key).sure();
                    format!("{} {sure}", text::short_id(event.as_str(), 4))
                })
                .collect();
            lines.push((format!("AI {says}:  {}   <- look first", named.join("  ")), theme.warn));
        }
        let labelled = self
            .events
            .iter()
            .filter(|event| Known::of(store, &key(&self.job, event)).yours().is_some())
            .count();
        if labelled > 0 {
            lines.push((
                format!("{labelled} of them have a label from you already: it is overwritten"),
                theme.warn,
            ));
        }
        lines.push((String::new(), theme.text));
        let minority = self.minority(store).len();
        if minority > 0 {
            lines.push((
                format!("e  exclude those {minority} and label {}", count - minority),
                theme.text,
            ));
        }
        lines.push(("v  view the frozen list        ^G  cancel".to_owned(), theme.text));
        let grace = look.prefs.outward_grace.as_secs();
        lines.push((
            format!("one batch, one note, one undo; the first is sent {grace} s after Enter"),
            theme.dim,
        ));
        let room = usize::from(inside.height.saturating_sub(2));
        for (row, (words, style)) in lines.iter().take(room).enumerate() {
            let words = text::cut(&text::clean(words), wide, theme.ellipsis()).into_owned();
            put(buf, inside, row as u16, &Line::from(Span::styled(words, *style)));
        }
        let at = inside.height.saturating_sub(1);
        if let Some(why) = &self.refused {
            let line = Line::from(Span::styled(why.clone(), theme.warn));
            put(buf, inside, at.saturating_sub(1), &line);
        }
        let row = Rect { y: inside.y + at, height: u16::from(inside.height > 0), ..inside };
        self.answer.draw(row, buf, theme)
    }

    fn draw_list(&self, store: &Store, look: &Look<'_>, top: usize, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        let room = usize::from(area.height.saturating_sub(1));
        let top = top.min(self.events.len().saturating_sub(room));
        for (row, event) in self.events.iter().skip(top).take(room).enumerate() {
            let key = key(&self.job, event);
            let known = Known::of(store, &key);
            let (says, sure) = (known.says(), known.sure());
            let line = Line::from(vec![
                Span::styled(format!("{:<8}", text::short_id(event.as_str(), 4)), theme.dim),
                Span::styled(text::fit(&text::clean(&says), 12, theme.ellipsis()), theme.label),
                Span::raw(format!("{sure:>5}  ")),
                Span::raw(known.title().into_owned()),
            ]);
            put(buf, area, row as u16, &line);
        }
        let foot = format!("{} events   j k scroll   v back   ^G cancel", self.events.len());
        put(buf, area, area.height.saturating_sub(1), &Line::from(Span::styled(foot, theme.dim)));
    }
}
