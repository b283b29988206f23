//! Lists of endpoints: the session's look-ups, and a pasted list with what was found.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::super::{EndpointPane, Part};
use crate::api::darktrace::endpoints::Endpoint;
use crate::api::value::Time;
use crate::export;
use crate::panes::lookup::{self, named};
use crate::panes::paint::{Look, put, rule, when};
use crate::store::{Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};

impl EndpointPane {
    /// One line at the bottom: the session's newest look-ups.
    pub(super) fn draw_history(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let mut words = vec![Span::styled(" history  ", look.theme.dim)];
        for (endpoint, _) in self.past.iter().take(8) {
            words.push(Span::raw(format!("{} ", lookup::shown(named(endpoint).0))));
            words.extend(
                lookup::marks(store, endpoint, look.theme)
                    .into_iter()
                    .filter(|(word, _)| word != "common")
                    .map(|(word, style)| Span::styled(format!("{word} "), style)),
            );
            words.push(Span::raw("  "));
        }
        put(buf, area, area.height.saturating_sub(1), &Line::from(words));
    }

    pub(super) fn draw_past(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        rule(buf, area, 0, look, "look-ups of this session", &self.past.len().to_string());
        let below =
            Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        let table = Table::new(vec![
            Column::new("", Width::Flex(14, 1)),
            Column::new("", Width::Fixed(6)),
            Column::new("", Width::Flex(14, 1)),
        ])
        .bare()
        .active(self.part == Part::Past);
        table.draw(below, buf, look.theme, &self.past_list, self.past.len(), |index| {
            let (endpoint, at) = &self.past[index];
            Cells::new([
                Text::from(lookup::shown(named(endpoint).0)),
                Text::styled(look.clock.minute(*at), look.theme.dim),
                marks(store, endpoint, look),
            ])
        });
    }

    pub(super) fn draw_batch(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let surplus = if self.surplus > 0 {
            format!("{} more were left out: {} at a time", self.surplus, lookup::BATCH)
        } else {
            format!("{} other parts", look.key("endpoint.next-part"))
        };
        rule(buf, area, 0, look, &format!("{} pasted", self.given.len()), &surplus);
        let below =
            Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        let table = Table::new(vec![
            Column::new("ENDPOINT", Width::Flex(18, 2)),
            Column::new("KIND", Width::Fixed(8)).rank(2),
            Column::new("FIRST SEEN", Width::Fixed(12)).rank(1),
            Column::new("POP", Width::Fixed(5)).right(),
            Column::new("DGA", Width::Fixed(5)).right(),
            Column::new("DEVICES", Width::Fixed(7)).right(),
            Column::new("", Width::Flex(18, 1)),
        ])
        .marks(1);
        table.draw(below, buf, look.theme, &self.given_list, self.given.len(), |index| {
            self.batch_row(index, store, look)
        });
    }

    fn batch_row(&self, index: usize, store: &Store, look: &Look<'_>) -> Cells<'static> {
        let given = &self.given[index];
        let mark = if self.marked.contains(&index) {
            Text::styled("*", look.theme.marked)
        } else {
            Text::default()
        };
        let blank = || Text::styled("-", look.theme.dim);
        let Ok(endpoint) = &given.endpoint else {
            let why = given.endpoint.as_ref().err().cloned().unwrap_or_default();
            let mut cells = vec![Text::from(export::defang_text(&given.text))];
            cells.extend((0..5).map(|_| blank()));
            cells.push(Text::styled(why, look.theme.warn));
            return Cells::new(cells).mark(mark);
        };
        let (name, kind) = named(endpoint);
        let mut cells = vec![Text::from(lookup::shown(name)), Text::styled(kind, look.theme.dim)];
        let remote = store.endpoints.get(endpoint);
        if let Some(report) = remote.and_then(Remote::value) {
            let number = |number: Option<f64>| {
                Text::from(number.map_or_else(|| "-".to_owned(), |number| number.to_string()))
            };
            let first = match &report.first_seen {
                Some(Time::At(at)) => look.clock.brief(*at),
                other => when(other.as_ref(), look),
            };
            cells.push(Text::from(first));
            cells.push(number(report.popularity));
            cells.push(number(report.dga_score));
            let devices = report.devices.as_ref().map(Vec::len);
            cells.push(Text::from(
                devices.map_or_else(|| "-".to_owned(), |count| count.to_string()),
            ));
            cells.push(marks(store, endpoint, look));
            return Cells::new(cells).mark(mark);
        }
        cells.extend((0..4).map(|_| blank()));
        let words = match remote {
            Some(remote) if remote.pending => Text::styled("looking", look.theme.accent),
            Some(Remote { error: Some((error, _)), .. }) => {
                Text::styled(error.to_string(), look.theme.bad)
            }
            _ if self.batch.waits(endpoint) => Text::styled("waits", look.theme.dim),
            _ => Text::styled("stopped", look.theme.warn),
        };
        cells.push(words);
        Cells::new(cells).mark(mark)
    }
}

/// What the session knows of an endpoint, as one cell.
fn marks(store: &Store, endpoint: &Endpoint, look: &Look<'_>) -> Text<'static> {
    let words = lookup::marks(store, endpoint, look.theme);
    let worst = words.iter().find(|(_, style)| *style != look.theme.dim).or(words.first());
    let style = worst.map_or(look.theme.dim, |(_, style)| *style);
    let words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
    Text::styled(words.join("  "), style)
}
