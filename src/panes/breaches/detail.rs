//! One breach in reading order: the model and what it looks for, the device, what was measured; comments; connections.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::draw::score;
use super::pivots::outside;
use super::writing::{self, Fate};
use super::{BreachesPane, Part};
use crate::api::darktrace::breaches::{Breach, Component, LogRow, TriggeredFilter};
use crate::api::darktrace::devices::Device;
use crate::export;
use crate::outbox::{Act, State};
use crate::panes::lookup;
use crate::panes::paint::{Look, freshness, put, when};
use crate::store::{Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// Cells before the value of a fact.
const LABEL: usize = 11;

/// Facts below each other, their values wrapped.
struct Facts<'a> {
    lines: Vec<Line<'static>>,
    width: usize,
    look: &'a Look<'a>,
}

impl Facts<'_> {
    fn add(&mut self, name: &'static str, value: &str, style: Style) {
        let room = self.width.saturating_sub(LABEL + 1).max(16);
        for (index, piece) in text::wrap(&text::clean(value), room).into_iter().enumerate() {
            let name = if index == 0 { name } else { "" };
            self.lines.push(Line::from(vec![
                Span::styled(format!(" {name:<9} "), self.look.theme.dim),
                Span::styled(piece, style),
            ]));
        }
    }
}

impl BreachesPane {
    pub(super) fn info_lines(
        &self,
        store: &Store,
        look: &Look<'_>,
        width: u16,
    ) -> Vec<Line<'static>> {
        let theme = look.theme;
        let mut facts = Facts { lines: Vec::new(), width: usize::from(width), look };
        let Some(pbid) = self.chosen else {
            return facts.lines;
        };
        for row in writing::writes(pbid, store).take(2) {
            let settled = matches!(row.state, State::Sent(_) | State::Parked(_));
            match writing::fate(row, store) {
                Some(Fate::Waits(words)) if row.state == State::Grace => {
                    let (at, undo) = (look.tell(row.due.wall), look.key("shell.undo"));
                    facts.add(
                        "write",
                        &format!("{words}: sends {at}, {undo} undoes"),
                        theme.accent,
                    );
                }
                // Once the breach itself shows it there is nothing more to say.
                Some(Fate::Proven(_)) if settled => {}
                Some(Fate::Waits(words)) => facts.add("write", &words, theme.accent),
                Some(Fate::Proven(words)) => facts.add("write", &words, theme.good),
                Some(Fate::Denied(words)) => {
                    facts.add("write", &format!("NOT DONE: {words}"), theme.bad);
                }
                Some(Fate::Other(words)) => facts.add("write", &words, theme.bad),
                None => {}
            }
        }
        let Some(breach) = self.breach(store) else {
            let words = match store.breaches.single.get(&pbid) {
                Some(one) if one.pending => "loading".to_owned(),
                Some(Remote { error: Some((error, _)), .. }) => error.to_string(),
                Some(one) if one.value().is_some() => "there is no such breach".to_owned(),
                _ => format!("not read; {} reads it", look.key("shell.refresh")),
            };
            facts.add("breach", &words, theme.text);
            return facts.lines;
        };
        facts.add("model", breach.model.name.as_deref().unwrap_or("-"), theme.accent);
        facts.add("score", &standing(breach, store), theme.text);
        facts.add("device", &device_words(breach), theme.text);
        if let Some(words) = tag_words(breach, store) {
            facts.add("its tags", &words, theme.label);
        }
        facts.add("time", &times(breach, look), theme.text);
        if let Some(words) = &breach.model.description {
            facts.add("looks for", words, theme.text);
        }
        for component in &breach.components {
            facts.add("triggered", &component_words(component, look), theme.text);
            for filter in &component.filters {
                if *filter != TriggeredFilter::default() {
                    facts.add("", &filter_words(filter), theme.text);
                }
            }
        }
        let also = [
            ("tags", breach.model.tags.join(", ")),
            ("mitre", breach.model.mitre.join(", ")),
            ("address", breach.url.clone().unwrap_or_default()),
        ];
        for (name, words) in also.iter().filter(|(_, words)| !words.is_empty()) {
            facts.add(name, words, theme.text);
        }
        facts.lines
    }

    pub(super) fn comment_lines(
        &self,
        store: &Store,
        look: &Look<'_>,
        width: u16,
    ) -> Vec<Line<'static>> {
        let theme = look.theme;
        let Some(pbid) = self.chosen else {
            return Vec::new();
        };
        let mut lines = Vec::new();
        let room = usize::from(width).saturating_sub(5).max(16);
        let mut add = |head: Vec<Span<'static>>, message: &str, style: Style| {
            lines.push(Line::from(head));
            for line in message.lines() {
                lines.extend(
                    text::wrap(&text::clean(line), room)
                        .into_iter()
                        .map(|piece| Line::from(Span::styled(format!("   {piece}"), style))),
                );
            }
        };
        for comment in self.comments(store) {
            let head = vec![
                Span::styled(format!(" {}  ", when(comment.time.as_ref(), look)), theme.dim),
                Span::styled(comment.username.clone().unwrap_or_else(|| "-".into()), theme.accent),
            ];
            add(head, comment.message.as_deref().unwrap_or("-"), theme.text);
        }
        let mut ours: Vec<_> = writing::writes(pbid, store)
            .filter_map(|row| match (&row.draft.act, writing::fate(row, store)?) {
                (Act::Comment(comment), fate) => Some((comment.message.clone(), fate)),
                _ => None,
            })
            .collect();
        ours.reverse();
        for (message, fate) in ours {
            let (words, style) = match fate {
                Fate::Proven(_) => continue,
                Fate::Waits(words) => (words, theme.accent),
                Fate::Denied(words) => (format!("NOT DONE: {words}"), theme.bad),
                Fate::Other(words) => (words, theme.bad),
            };
            add(vec![Span::styled(format!(" {words}"), style)], &message, theme.dim);
        }
        if lines.is_empty() {
            let remote = store.breaches.comments.get(&pbid);
            let words = match remote {
                Some(Remote { error: Some((error, _)), .. }) => (error.to_string(), theme.bad),
                Some(remote) if remote.value().is_some() => {
                    (format!("no comment; {} writes one", look.key("breaches.comment")), theme.dim)
                }
                Some(remote) if remote.pending => ("loading".to_owned(), theme.dim),
                _ => ("not read yet".to_owned(), theme.dim),
            };
            lines.push(Line::from(Span::styled(format!(" {}", words.0), words.1)));
        }
        lines
    }

    pub(super) fn draw_connections(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let rows = self.log(store);
        if rows.is_empty() {
            let remote = self.chosen.and_then(|pbid| store.breaches.logs.get(&pbid));
            let (words, style) = match remote {
                Some(remote) if remote.value().is_some() && remote.error.is_none() => {
                    ("no connection is told of".to_owned(), theme.dim)
                }
                Some(remote) => freshness(remote, look),
                None => ("not read yet".to_owned(), theme.dim),
            };
            return put(buf, area, 0, &Line::from(Span::styled(format!(" {words}"), style)));
        }
        let table = Table::new(vec![
            Column::new("TIME", Width::Fixed(12)),
            Column::new("", Width::Fixed(3)),
            Column::new("OTHER END", Width::Flex(18, 3)),
            Column::new("PORT", Width::Fixed(5)).right(),
            Column::new("PROTOCOL", Width::Fixed(9)),
            Column::new("WHERE", Width::Flex(8, 1)).rank(1),
        ])
        .active(self.part == Part::Connections && self.sheet.is_none());
        let own = self.did(store);
        table.draw(area, buf, theme, &self.connections, rows.len(), |index| {
            let row = &rows[index];
            let (name, style) = other_end(row, own, look);
            let protocol = row.application.clone().or_else(|| row.protocol.clone());
            Cells::new([
                Text::from(when(row.time.as_ref(), look)),
                Text::styled(row.direction.clone().unwrap_or_default(), theme.dim),
                Text::styled(name, style),
                Text::from(row.port.map_or_else(|| "-".to_owned(), |port| port.to_string())),
                Text::styled(protocol.unwrap_or_else(|| "-".into()), theme.dim),
                Text::styled(row.country.clone().unwrap_or_default(), theme.dim),
            ])
        });
    }
}

/// The other end of a connection: defanged when it lies outside.
pub(super) fn other_end(row: &LogRow, own: Option<i64>, look: &Look<'_>) -> (String, Style) {
    if let Some(name) = outside(row) {
        return (export::defang(name), look.theme.text);
    }
    let (did, name) = inside(row, own);
    let words = match (did, name) {
        (Some(did), Some(name)) => format!("did {did} {name}"),
        (Some(did), None) => format!("did {did}"),
        (None, Some(name)) => lookup::shown(name),
        (None, None) => row.action.clone().unwrap_or_else(|| "-".into()),
    };
    (words, look.theme.dim)
}

/// The end that is not the breach's own device.
fn inside(row: &LogRow, own: Option<i64>) -> (Option<i64>, Option<&str>) {
    let to = (row.destination_did, row.destination.as_deref());
    let from = (row.source_did, row.source.as_deref());
    if to.0.is_some() && to.0 == own { from } else { to }
}

/// Score, priority, category, whether it is acknowledged.
pub(super) fn standing(breach: &Breach, store: &Store) -> String {
    let mut words = vec![score(breach)];
    if let Some(priority) = breach.model.priority {
        words.push(format!("priority {priority}"));
    }
    words.extend(breach.model.category.clone());
    if breach.model.compliance == Some(true) {
        words.push("compliance".to_owned());
    }
    words.push(
        match store.breaches.acknowledged(breach.pbid) {
            Some(true) => "acknowledged",
            Some(false) => "not acknowledged",
            None => "acknowledged or not: not told",
        }
        .to_owned(),
    );
    words.join("   ")
}

pub(super) fn device_words(breach: &Breach) -> String {
    let Some(device) = &breach.device else {
        return "none: a breach of the system itself".to_owned();
    };
    let mut words = vec![device.did.map_or_else(|| "did -".to_owned(), |did| format!("did {did}"))];
    words.extend(device.name().map(str::to_owned));
    words.extend(device.ip.clone().filter(|ip| device.name() != Some(ip)));
    words.extend(device.type_label.clone().or_else(|| device.type_name.clone()));
    words.join("   ")
}

/// The tags of the breach's device: as they were read, else as the breach tells them.
pub(super) fn tag_words(breach: &Breach, store: &Store) -> Option<String> {
    let device: &Device = breach.device.as_ref()?;
    let read = device.did.and_then(|did| store.device_tags.get(&did)).and_then(Remote::value);
    let tags = read.or(device.tags.as_ref())?;
    let names: Vec<&str> = tags.iter().filter_map(|tag| tag.name.as_deref()).collect();
    (!names.is_empty()).then(|| names.join("  "))
}

/// When it was made, and when its first activity was.
fn times(breach: &Breach, look: &Look<'_>) -> String {
    let first = when(breach.time.as_ref(), look);
    match &breach.created {
        Some(created) => format!("alerted {}   first activity {first}", when(Some(created), look)),
        None => format!("first activity {first}"),
    }
}

fn component_words(component: &Component, look: &Look<'_>) -> String {
    let mut words = component.metric.clone().unwrap_or_else(|| "-".into());
    if let Some(size) = component.size {
        words = format!("{words}   {size}");
    }
    if let Some(threshold) = component.threshold {
        words = format!("{words}   counts above {threshold}");
    }
    if component.time.is_some() {
        words = format!("{words}   {}", when(component.time.as_ref(), look));
    }
    words
}

/// `Rare external endpoint > 80: 97`
pub(super) fn filter_words(filter: &TriggeredFilter) -> String {
    let some = |value: &Option<String>| value.clone().filter(|value| !value.is_empty());
    let mut words: Vec<String> =
        [&filter.what, &filter.comparator, &filter.against].into_iter().filter_map(some).collect();
    if let Some(was) = some(&filter.was) {
        words.push(format!("(was {was})"));
    }
    words.join(" ")
}
