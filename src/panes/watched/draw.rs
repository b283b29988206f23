//! How the watched list looks: entries, what is known of one, and how the last write to it ended.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line as Spans, Span};

use super::add::Open;
use super::{Line, VIEWS, View, WatchedPane, names, reason, writes};
use crate::api::Product;
use crate::api::darktrace::watchlist::Watched;
use crate::api::value::Time;
use crate::export::{self, Indicator};
use crate::outbox::{Row as Write, State};
use crate::panes::lookup;
use crate::panes::paint::{self, Look, freshness, put, rule, when};
use crate::store::Store;
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::time::age;

/// Rows of the detail below the list.
const DETAIL: u16 = 7;

impl WatchedPane {
    pub(super) fn paint(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let (body, foot) = paint::footed(area);
        if paint::unconfigured(Product::Darktrace, look, body, buf) {
            return None;
        }
        let all = self.whole(store);
        let lines = self.lines(store, look.clock.now);
        match all {
            Some(all) if all.value().is_none() && lines.is_empty() => match &all.error {
                Some((error, _)) if !all.pending => paint::failed(buf, body, look, error),
                _ if all.pending => {
                    paint::empty(buf, body, look, &["loading the watched list".into()]);
                }
                _ => {
                    let words = [
                        "The watched list was not read.".to_owned(),
                        format!("{} reads it.", look.key("shell.refresh")),
                    ];
                    paint::empty(buf, body, look, &words);
                }
            },
            _ => self.draw_body(&lines, store, look, body, buf),
        }
        let mut cursor = None;
        if let Some(field) = &self.field {
            cursor = field.draw(foot, buf, look.theme);
        } else {
            self.draw_foot(store, look, foot, buf);
        }
        match &self.open {
            Some(Open::Add(adding)) => adding.sheet.draw(look, area, buf),
            Some(Open::Remove(removing)) => removing.sheet.draw(look, area, buf),
            None => cursor,
        }
    }

    fn draw_body(
        &self,
        lines: &[Line<'_>],
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        self.draw_views(store, look, area, buf);
        let detail = if area.height >= 16 { DETAIL } else { 0 };
        let list = Rect {
            y: area.y + 1.min(area.height),
            height: area.height.saturating_sub(1 + detail),
            ..area
        };
        if lines.is_empty() {
            return self.draw_nothing(store, look, list, buf);
        }
        let theme = look.theme;
        let mut columns = vec![
            Column::new("ENTRY", Width::Flex(22, 2)),
            Column::new("KIND", Width::Fixed(6)).rank(3),
            Column::new("EXPIRES", Width::Fixed(12)),
            Column::new("AR", Width::Fixed(3)),
            Column::new("BY", Width::Fixed(5)).rank(2),
            Column::new("REASON", Width::Flex(14, 3)).rank(1),
        ];
        if area.width >= 110 {
            columns.push(Column::new("KNOWN", Width::Fixed(16)).rank(4));
        }
        let table = Table::new(columns).marks(1).active(self.open.is_none());
        table.draw(list, buf, theme, &self.list, lines.len(), |index| {
            row(lines[index], store, look)
        });
        let below = Rect { y: list.bottom(), height: detail, ..area };
        if let Some(line) = lines.get(self.list.cursor().min(lines.len() - 1)) {
            draw_detail(*line, store, look, below, buf);
        }
    }

    /// The views and how many entries each has; the filter.
    fn draw_views(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let everything = self.everything(store);
        let mut spans = vec![Span::raw(" ")];
        for (view, name) in VIEWS {
            let count = everything.iter().filter(|line| view.holds(**line, look.clock.now)).count();
            let here = view == self.view;
            if view == View::Ours && self.source.is_none() {
                continue;
            }
            let (words, style) = if here {
                (format!("[{name} {count}]"), look.theme.accent)
            } else {
                (format!(" {name} {count} "), look.theme.dim)
            };
            spans.push(Span::styled(words, style));
            spans.push(Span::raw(" "));
        }
        if !self.filter.is_empty() && self.field.is_none() {
            spans.push(Span::styled(format!(" filter: {}", self.filter), look.theme.warn));
        }
        put(buf, area, 0, &Spans::from(spans));
    }

    fn draw_nothing(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let words = if self.everything(store).is_empty() {
            [
                "Nothing is watched.".to_owned(),
                format!(
                    "{} puts entries on the list, {} imports many.",
                    look.key("watched.add"),
                    look.key("watched.import")
                ),
            ]
        } else if !self.filter.is_empty() {
            [
                format!("No entry matches '{}'.", self.filter),
                format!("{} changes the filter, ^G drops it.", look.key("watched.filter")),
            ]
        } else {
            [
                "This view has no entries.".to_owned(),
                format!("{} shows the next view.", look.key("watched.next-view")),
            ]
        };
        paint::empty(buf, area, look, &words);
    }

    /// How the last write ended, else how fresh the list is.
    fn draw_foot(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let mut spans = Vec::new();
        if let Some(write) = writes(store).next() {
            let (words, style) = told(write, look);
            let what: Vec<String> = names(&write.draft.act).map(export::defang).collect();
            let what = match what.as_slice() {
                [one] => one.clone(),
                many => format!("{} entries", many.len()),
            };
            let verb = if reason(&write.draft.act).is_some() { "watch" } else { "unwatch" };
            spans.push(Span::raw(format!(" {verb} {what}   ")));
            spans.push(Span::styled(format!("{words}   "), style));
        }
        if let Some(list) = self.whole(store) {
            let (words, style) = freshness(list, look);
            let told = Span::styled(format!(" {words}  "), style);
            // What went wrong is read first.
            let at = if list.error.is_some() { 0 } else { spans.len() };
            spans.insert(at, told);
        }
        let own = self.source.as_ref().and_then(|_| store.watch_lists.get(&self.source));
        let whole = self.whole(store).is_some_and(|list| list.error.is_none());
        if let Some((error, _)) = own.and_then(|own| own.error.as_ref()).filter(|_| whole) {
            spans.push(Span::styled(
                format!("   which are ours is not known: {error}"),
                look.theme.bad,
            ));
        }
        put(buf, area, 0, &Spans::from(spans));
    }
}

/// One line of the list.
fn row(line: Line<'_>, store: &Store, look: &Look<'_>) -> Cells<'static> {
    let theme = look.theme;
    let known = || {
        let words = lookup::read(line.name()).map_or_else(
            |_| Vec::new(),
            |endpoint| {
                lookup::report(store, &endpoint)
                    .map_or_else(Vec::new, |report| lookup::verdict(report, theme))
            },
        );
        let style = words.first().map_or(theme.dim, |(_, style)| *style);
        let words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
        Text::styled(words.join("  "), style)
    };
    match line {
        Line::Write(write, name) => {
            let (words, style) = told(write, look);
            Cells::new([
                Text::from(export::defang(name)),
                Text::from(kind(name)),
                Text::styled("not yet", theme.dim),
                Text::from("off"),
                Text::from("ours"),
                Text::styled(
                    format!("{words}   {}", reason(&write.draft.act).unwrap_or_default()),
                    style,
                ),
                known(),
            ])
            .mark("+")
        }
        Line::Entry(entry, ours) => {
            let bare = entry.responds.is_none() && entry.strength.is_none();
            let expires = match &entry.expiry {
                None if bare => Text::from("-"),
                None => Text::styled("none", theme.warn),
                Some(Time::At(at)) => Text::from(look.clock.brief(*at)),
                Some(unread) => Text::from(unread.to_string()),
            };
            let reason = entry.description.clone().unwrap_or_else(|| "-".to_owned());
            let cells = Cells::new([
                Text::from(export::defang(&entry.name)),
                Text::from(kind(&entry.name)),
                expires,
                responds(entry, look),
                Text::from(if ours { "ours" } else { "other" }),
                Text::from(reason),
                known(),
            ]);
            if ours { cells } else { cells.style(theme.dim) }
        }
    }
}

fn responds(entry: &Watched, look: &Look<'_>) -> Text<'static> {
    match entry.responds {
        Some(true) => Text::styled("ON", look.theme.bad),
        Some(false) => Text::from("off"),
        None => Text::from("-"),
    }
}

/// `ip`, `host` or `domain`: what a name is by its form; the list does not tell.
fn kind(name: &str) -> &'static str {
    match export::classify(name) {
        Indicator::Ip { .. } | Indicator::Net { .. } => "ip",
        Indicator::Host { .. } => "name",
        _ => "-",
    }
}

fn draw_detail(line: Line<'_>, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let theme = look.theme;
    let fact = |name: &'static str, value: String, style: Style| {
        Spans::from(vec![
            Span::styled(format!("   {name:<10}"), theme.dim),
            Span::styled(value, style),
        ])
    };
    let mut lines = Vec::new();
    let mut right = "";
    match line {
        Line::Write(write, _) => {
            let (words, style) = told(write, look);
            lines.push(fact("state", words, style));
            let reason = reason(&write.draft.act).unwrap_or("-").to_owned();
            lines.push(fact("reason", reason, theme.text));
            lines.push(fact("request", write.draft.call.to_string(), theme.dim));
        }
        Line::Entry(entry, ours) => {
            right = if ours { "ours" } else { "not ours, read only" };
            let reason = entry.description.clone().unwrap_or_else(|| "-".to_owned());
            lines.push(fact("reason", reason, theme.text));
            let expires = match &entry.expiry {
                None => "-".to_owned(),
                Some(Time::At(at)) => {
                    format!("{}   {}", look.clock.full(*at), age(*at, look.clock.now))
                }
                unread => when(unread.as_ref(), look),
            };
            lines.push(fact("expires", expires, theme.text));
            let (words, style) = match entry.responds {
                Some(true) => ("ON: Darktrace acts by itself; set elsewhere", theme.bad),
                Some(false) => ("off", theme.text),
                None => ("-", theme.text),
            };
            lines.push(fact("AR", words.to_owned(), style));
            let strength = entry.strength.map_or_else(|| "-".to_owned(), |s| s.to_string());
            lines.push(fact("strength", strength, theme.text));
            let removal = writes(store).find(|write| {
                super::names(&write.draft.act).any(|name| name == entry.name)
                    && reason_is_none(write)
                    && !super::done(write)
            });
            if let Some(write) = removal {
                let (words, style) = told(write, look);
                lines.push(fact("removal", words, style));
            }
        }
    }
    if let Ok(endpoint) = lookup::read(line.name()) {
        let words = lookup::report(store, &endpoint).map_or_else(
            || format!("not in this session; {} looks it up", look.key("watched.open")),
            |report| {
                let words = lookup::verdict(report, theme);
                let words: Vec<String> = words.into_iter().map(|(word, _)| word).collect();
                words.join("  ")
            },
        );
        lines.push(fact("looked up", words, theme.text));
    }
    rule(buf, area, 0, look, &export::defang(line.name()), right);
    let below =
        Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
    paint::put_lines(buf, below, lines, 0);
}

fn reason_is_none(write: &Write) -> bool {
    reason(&write.draft.act).is_none()
}

/// How far a write is: `sends 14:09:31Z, u undoes`, `sent 14:09:32Z: SUCCESS, 1 added, 0 updated`.
fn told(write: &Write, look: &Look<'_>) -> (String, Style) {
    let theme = look.theme;
    match &write.state {
        State::Grace => (
            format!("sends {}, {} undoes", look.tell(write.due.wall), look.key("shell.undo")),
            theme.accent,
        ),
        State::Due => {
            (write.trouble.clone().unwrap_or_else(|| "waits its turn".to_owned()), theme.warn)
        }
        State::Held => ("HELD, not sent: Activity sends it or gives it up".to_owned(), theme.warn),
        State::Sending => ("sending".to_owned(), theme.accent),
        State::Sent(words) => {
            let nothing = words.contains("0 added") && words.contains("0 updated");
            let note = if nothing { "; nothing was new" } else { "" };
            (format!("sent {}: {words}{note}", look.tell(write.changed)), theme.good)
        }
        State::Parked(words) => (format!("PARKED: {words}"), theme.bad),
        State::Unknown(words) => (format!("UNKNOWN whether it was done: {words}"), theme.warn),
        State::Undone => ("taken back, never sent".to_owned(), theme.dim),
    }
}
