//! How breaches look: views and list above, one breach's parts below; side by side where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::reading::{HIGH, is_critical};
use super::writing::{self, Fate};
use super::{BreachesPane, ORDERS, Part, VIEWS, View};
use crate::api::Product;
use crate::api::darktrace::breaches::Breach;
use crate::api::darktrace::devices::Device;
use crate::panes::paint::{self, Look, freshness, put, rule, when};
use crate::store::{Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// From this size on the parts stand beside each other.
const WIDE: (u16, u16) = (120, 28);

/// Below this height there is room for the list or for a part, not for both.
const BOTH: u16 = 17;

/// Columns of model and device, and of category or tags, in a list this wide.
struct Columns {
    model: usize,
    device: usize,
    /// Words of what it is: 5 cells for the category alone, more for the tags too; 0 where there is no room.
    kind: usize,
    comments: bool,
}

impl Columns {
    fn of(width: u16) -> Self {
        let room = usize::from(width);
        // gutter, time, score, acknowledged, and the blanks between all of them
        let (kind, comments) = match room {
            0..70 => (0, false),
            70..110 => (4, true),
            _ => (26, true),
        };
        let taken = 3
            + 12
            + 1
            + 5
            + 1
            + 4
            + usize::from(kind > 0) * (kind + 1)
            + 4 * usize::from(comments)
            + 2;
        let left = room.saturating_sub(taken);
        let device = (left * 3 / 8).clamp(8, 34);
        Self { model: left.saturating_sub(device).max(8), device, kind, comments }
    }

    fn table(&self) -> Table {
        let fixed = |cells: usize| Width::Fixed(cells as u16);
        let mut columns = vec![
            Column::new("TIME", Width::Fixed(12)),
            Column::new("SCORE", Width::Fixed(5)).right(),
            Column::new("MODEL", fixed(self.model)),
            Column::new("DEVICE", fixed(self.device)),
        ];
        if self.kind > 0 {
            columns
                .push(Column::new(if self.kind > 4 { "TAGS" } else { "KIND" }, fixed(self.kind)));
        }
        columns.push(Column::new("ACK", Width::Fixed(4)));
        if self.comments {
            columns.push(Column::new("CMT", Width::Fixed(3)).right());
        }
        Table::new(columns).marks(1)
    }
}

impl BreachesPane {
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
        let small = body.height < BOTH;
        if self.shown.is_empty() {
            self.draw_views(store, look, body, buf);
            self.nothing(store, look, under(body, 1), buf);
        } else if self.closer || (small && self.part != Part::Info) {
            self.draw_head(look, body, store, buf);
            self.draw_part(self.part, store, look, under(body, 1), buf);
        } else {
            self.draw_views(store, look, body, buf);
            let below = under(body, 1);
            if small {
                self.draw_list(store, look, below, buf);
            } else if body.width >= WIDE.0 && body.height >= WIDE.1 {
                self.draw_wide(store, look, below, buf);
            } else {
                let rows = (self.shown.len() as u16 + 1).clamp(4, below.height / 2);
                self.draw_list(store, look, Rect { height: rows, ..below }, buf);
                let detail = under(below, rows);
                self.draw_head(look, detail, store, buf);
                self.draw_part(self.part, store, look, under(detail, 1), buf);
            }
        }
        let mut cursor = None;
        match &self.field {
            Some((_, field)) => cursor = field.draw(foot, buf, look.theme),
            None => self.draw_foot(store, look, foot, buf),
        }
        match &self.sheet {
            Some(open) => open.sheet.draw(look, area, buf),
            None => cursor,
        }
    }

    /// The list above; what is known of a breach at the left below it, what was said and seen at the right.
    fn draw_wide(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let rows = (self.shown.len() as u16 + 1).clamp(4, area.height * 2 / 5);
        self.draw_list(store, look, Rect { height: rows, ..area }, buf);
        let below = under(area, rows);
        self.draw_head(look, below, store, buf);
        let below = under(below, 1);
        let left = Rect { width: below.width / 2 - 1, ..below };
        let right = Rect { x: left.right() + 1, width: below.width - left.width - 1, ..below };
        for y in below.top()..below.bottom() {
            buf.set_stringn(left.right(), y, look.theme.glyphs.bar, 1, look.theme.rule);
        }
        self.draw_part(Part::Info, store, look, left, buf);
        let said = self.comment_lines(store, look, right.width).len() as u16;
        let height = (said + 1).clamp(2, (right.height / 2).max(2));
        let comments = Rect { height: height.min(right.height), ..right };
        self.part_title(Part::Comments, store, look, comments, buf);
        self.draw_part(Part::Comments, store, look, under(comments, 1), buf);
        let connections = under(right, height);
        self.part_title(Part::Connections, store, look, connections, buf);
        self.draw_part(Part::Connections, store, look, under(connections, 1), buf);
    }

    fn draw_part(&self, part: Part, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let lines = match part {
            Part::Info => self.info_lines(store, look, area.width),
            Part::Comments => self.comment_lines(store, look, area.width),
            Part::Connections => return self.draw_connections(store, look, area, buf),
        };
        let most = lines.len().saturating_sub(usize::from(area.height));
        let mut skip = 0;
        // Where several parts are seen, the keys scroll the one they are in.
        if part == self.part {
            self.most.set(most);
            skip = self.top.min(most);
        }
        paint::put_lines(buf, area, lines, skip);
        if most > skip && area.height > 0 {
            let words = format!("{} more, {} ", most - skip, look.key("shell.scroll-down"));
            let wide = text::width(&words) as u16;
            if wide < area.width {
                let at = Rect { x: area.right() - wide, width: wide, ..area };
                put(buf, at, area.height - 1, &Line::from(Span::styled(words, look.theme.dim)));
            }
        }
    }

    /// The rule above the parts: which breach, which parts there are and how much is in each, which one is shown.
    fn draw_head(&self, look: &Look<'_>, area: Rect, store: &Store, buf: &mut Buffer) {
        let Some(pbid) = self.chosen else { return };
        let names = Part::ALL.map(|part| {
            let name = match part {
                Part::Info => "info".to_owned(),
                Part::Comments => match self.comment_count(store) {
                    Some(count) => format!("comments {count}"),
                    None => "comments".to_owned(),
                },
                Part::Connections => match store.breaches.logs.get(&pbid).and_then(Remote::value) {
                    Some(log) => format!("connections {}", log.rows.len()),
                    None => "connections".to_owned(),
                },
            };
            if part == self.part { format!("[{name}]") } else { name }
        });
        let next = if self.closer {
            format!("{} list", look.key("breaches.open"))
        } else {
            format!("{} next", look.key("breaches.next-part"))
        };
        rule(buf, area, 0, look, &format!("{pbid}  {}", names.join("  ")), &next);
    }

    fn part_title(&self, part: Part, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let Some(pbid) = self.chosen else { return };
        let (name, (words, style)) = match part {
            Part::Info => return,
            Part::Comments => ("COMMENTS", told(store.breaches.comments.get(&pbid), look)),
            Part::Connections => ("CONNECTIONS", told(store.breaches.logs.get(&pbid), look)),
        };
        let title = if self.part == part { look.theme.accent } else { look.theme.title };
        let spans = vec![Span::styled(format!(" {name}  "), title), Span::styled(words, style)];
        put(buf, area, 0, &Line::from(spans));
    }

    /// The views and how many breaches each has; what is read; order and filter.
    fn draw_views(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        if let Some(pbid) = self.only {
            let words = format!(" breach {pbid} alone   ^G shows the list");
            return put(buf, area, 0, &Line::from(Span::styled(words, theme.dim)));
        }
        let mut spans = vec![Span::raw(" ")];
        for (view, name) in VIEWS {
            let list = store.breaches.list(view == View::All);
            let count = list.page.value().map(|_| {
                let ids = list.ids().iter().filter_map(|pbid| store.breaches.get(*pbid));
                ids.filter(|breach| view.holds(breach)).count()
            });
            let words = count.map_or_else(|| name.to_owned(), |count| format!("{name} {count}"));
            let (words, style) = if view == self.view {
                (format!("[{words}]"), theme.accent)
            } else {
                (format!(" {words} "), theme.dim)
            };
            spans.push(Span::styled(words, style));
        }
        let order = ORDERS.iter().find(|(order, _)| *order == self.order);
        let order = order.map_or("", |(_, words)| *words);
        spans.push(Span::styled(format!("   {}", self.reach.text()), theme.text));
        spans.push(Span::styled(format!("   {order} first"), theme.dim));
        if !self.filter.is_empty() && self.field.is_none() {
            spans.push(Span::styled(format!("   filter: {}", self.filter), theme.warn));
        }
        put(buf, area, 0, &Line::from(spans));
    }

    fn draw_list(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let columns = Columns::of(area.width);
        let active = self.part != Part::Connections && self.sheet.is_none();
        let table = columns.table().active(active);
        table.draw(area, buf, look.theme, &self.list, self.shown.len(), |index| {
            self.row(self.shown[index], &columns, store, look)
        });
    }

    fn row(&self, pbid: i64, columns: &Columns, store: &Store, look: &Look<'_>) -> Cells<'static> {
        let theme = look.theme;
        let acknowledged = store.breaches.acknowledged(pbid);
        let Some(breach) = store.breaches.get(pbid) else {
            return Cells::new([String::new(), String::new(), format!("breach {pbid}")]);
        };
        let time = breach.created.as_ref().or(breach.time.as_ref());
        let high = breach.score.is_some_and(|is| is >= HIGH);
        let model = breach.model.name.as_deref().unwrap_or("-");
        let mut cells = vec![
            Text::from(when(time, look)),
            Text::styled(score(breach), if high { theme.warn } else { Style::new() }),
            Text::from(shorten(model, columns.model, look)),
            Text::from(device(breach)),
        ];
        if columns.kind > 4 {
            cells.push(Text::styled(kind_words(breach), theme.dim));
        } else if columns.kind > 0 {
            cells.push(Text::styled(kind(breach), theme.dim));
        }
        cells.push(self.acknowledgement(pbid, acknowledged, store, look));
        if columns.comments {
            // A list tells the number as it was; comments that were read since are counted.
            let read = store.breaches.comments.get(&pbid).and_then(Remote::value);
            let count = read.map(|read| read.len() as u64).or(breach.comments);
            let words = count.map_or_else(|| "-".to_owned(), |count| count.to_string());
            let style = if count == Some(0) { theme.dim } else { Style::new() };
            cells.push(Text::styled(words, style));
        }
        let cells = Cells { cells, ..Cells::default() };
        let cells =
            if is_critical(breach) { cells.mark(Text::styled("!", theme.bad)) } else { cells };
        let gone = self.only.is_none() && !self.source(store).holds(pbid);
        if acknowledged == Some(true) || gone { cells.style(theme.dim) } else { cells }
    }

    /// `yes`, `no`; with `~` while a write from here is on its way, with `!` when it did not do what it said.
    fn acknowledgement(
        &self,
        pbid: i64,
        is: Option<bool>,
        store: &Store,
        look: &Look<'_>,
    ) -> Text<'static> {
        let word = |is: bool| if is { "yes" } else { "no" };
        match writing::acknowledging(pbid, store) {
            Some((wanted, Fate::Waits(_))) => {
                Text::styled(format!("{}~", word(wanted)), look.theme.accent)
            }
            Some((_, Fate::Denied(_) | Fate::Other(_))) => {
                Text::styled(format!("{}!", is.map_or("?", word)), look.theme.bad)
            }
            _ => match is {
                Some(true) => Text::styled("yes", look.theme.good),
                Some(false) => Text::styled("no", look.theme.dim),
                None => Text::styled("-", look.theme.dim),
            },
        }
    }

    fn comment_count(&self, store: &Store) -> Option<u64> {
        let read = self.chosen.and_then(|pbid| store.breaches.comments.get(&pbid));
        let read = read.and_then(Remote::value).map(|read| read.len() as u64);
        read.or_else(|| self.breach(store)?.comments)
    }

    /// Why there is no list, and what to press.
    fn nothing(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let page = &self.source(store).page;
        if let Some((error, _)) = page.error.as_ref().filter(|_| page.value().is_none()) {
            return paint::failed(buf, area, look, error);
        }
        let narrow = look.key("breaches.narrow");
        let words = if page.pending && page.value().is_none() {
            vec!["loading the breaches".to_owned()]
        } else if page.value().is_none() {
            vec![
                "The breaches were not read.".to_owned(),
                format!("{} reads them.", look.key("shell.refresh")),
            ]
        } else if self.newer > 0 {
            vec![
                format!("{} new breaches are here.", self.newer),
                format!("{} shows them.", look.key("shell.refresh")),
            ]
        } else if !self.filter.is_empty() {
            vec![
                format!("No breach matches '{}'.", self.filter),
                format!("{} changes the filter, ^G drops it.", look.key("breaches.find")),
            ]
        } else {
            let which = match self.view {
                View::Open => "open breach",
                View::All => "breach",
                View::High => "open breach with a score of 60 or more",
                View::Critical => "open breach of a critical model",
            };
            vec![
                format!("There is no {which} in: {}.", self.reach.text()),
                format!(
                    "{narrow} reads another time, {} shows the next view.",
                    look.key("breaches.next-view")
                ),
            ]
        };
        paint::empty(buf, area, look, &words);
    }

    /// What became of the last write to the breach; how fresh the list is, and what is new.
    fn draw_foot(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        let (words, style) = match self.only {
            Some(pbid) => told(store.breaches.single.get(&pbid), look),
            None => told(Some(&self.source(store).page), look),
        };
        let mut spans = vec![Span::styled(format!(" {words}"), style)];
        if self.newer > 0 {
            let words = format!("   +{} new, {} shows them", self.newer, look.key("shell.refresh"));
            spans.push(Span::styled(words, theme.accent));
        }
        put(buf, area, 0, &Line::from(spans));
    }

    pub(super) fn title(&self, store: &Store) -> String {
        if let Some(pbid) = self.only {
            return pbid.to_string();
        }
        let new = if self.newer > 0 { format!("  +{} new", self.newer) } else { String::new() };
        match self.shown.len() {
            0 if self.source(store).page.value().is_none() => String::new(),
            0 => format!("0{new}"),
            count => format!("{}/{count}{new}", self.list.cursor() + 1),
        }
    }
}

fn told<T>(remote: Option<&Remote<T>>, look: &Look<'_>) -> (String, Style) {
    remote.map_or_else(Default::default, |remote| freshness(remote, look))
}

/// What is left of an area below its first rows.
pub(super) fn under(area: Rect, rows: u16) -> Rect {
    let rows = rows.min(area.height);
    Rect { y: area.y + rows, height: area.height - rows, ..area }
}

/// A score as people read it: 0 to 100.
pub(super) fn score(breach: &Breach) -> String {
    breach.score.map_or_else(|| "-".to_owned(), |score| format!("{:.0}", score * 100.0))
}

/// The device of a breach in a word: its name, else its address, else its number.
pub(super) fn device(breach: &Breach) -> String {
    let Some(device) = &breach.device else {
        return "-".to_owned();
    };
    let name = device.name().or(device.ip.as_deref()).map(str::to_owned);
    name.or_else(|| device.did.map(|did| format!("did {did}"))).unwrap_or_else(|| "-".to_owned())
}

/// The category in four letters.
fn kind(breach: &Breach) -> String {
    match (&breach.model.category, breach.model.priority) {
        (Some(category), _) => category.chars().take(4).collect::<String>().to_lowercase(),
        (None, Some(priority)) => format!("p{priority}"),
        (None, None) => "-".to_owned(),
    }
}

/// The category, and the tags of model and device.
fn kind_words(breach: &Breach) -> String {
    let tags = breach.device.iter().filter_map(|device: &Device| device.tags.as_ref()).flatten();
    let words: Vec<&str> = (breach.model.category.iter().chain(&breach.model.tags))
        .map(String::as_str)
        .chain(tags.filter_map(|tag| tag.name.as_deref()))
        .collect();
    if words.is_empty() { "-".to_owned() } else { words.join(", ") }
}

/// A model's name in so many cells: its folders go first, from the left; its own name is cut last.
pub(super) fn shorten(name: &str, room: usize, look: &Look<'_>) -> String {
    let clean = text::clean(name);
    let mut rest: &str = &clean;
    while text::width(rest) > room
        && let Some((_, inner)) = rest.split_once("::")
    {
        rest = inner;
    }
    text::cut(rest, room, look.theme.ellipsis()).into_owned()
}
