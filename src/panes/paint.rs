//! What every pane draws with: theme, settings, keys and clock, and the few shapes that recur.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::api::value::Time;
use crate::api::{ApiError, Product};
use crate::command::Prefs;
use crate::keymap::Keymap;
use crate::store::{Agreements, Remote};
use crate::ui::table::Width;
use crate::ui::theme::Theme;
use crate::ui::time::{Clock, Mode};
use crate::ui::{frame, text};

/// How drawing looks at the world: everything it needs beside the data, nothing it could change.
pub struct Look<'a> {
    /// Colours and glyphs.
    pub theme: &'a Theme,
    /// Settings.
    pub prefs: &'a Prefs,
    /// Keys, for words that name them.
    pub keymap: &'a Keymap,
    /// How times are told, and the moment of the last update.
    pub clock: Clock,
}

impl Look<'_> {
    /// The first key of a row, as it is written in hints.
    pub fn key(&self, id: &str) -> String {
        self.keymap.keys(id).into_iter().next().unwrap_or_else(|| format!(":{id}"))
    }

    /// A point in time, told short: `13:59:31Z` of today, `07-14 13:59Z` otherwise, with the year when it differs.
    pub fn tell(&self, at: Timestamp) -> String {
        tell(&self.clock, at)
    }
}

/// See [`Look::tell`].
pub fn tell(clock: &Clock, at: Timestamp) -> String {
    let zone = match clock.mode {
        Mode::Local => clock.zone.clone(),
        Mode::Utc | Mode::Age => TimeZone::UTC,
    };
    let same_day = at.to_zoned(zone.clone()).date() == clock.now.to_zoned(zone).date();
    if same_day { clock.time(at) } else { clock.short(at) }
}

/// Puts one line of spans, cleaned and cut to the area's width, at row `y` of `area`. Rows outside are ignored.
pub fn put(buf: &mut Buffer, area: Rect, y: u16, line: &Line<'_>) {
    if y >= area.height {
        return;
    }
    let mut x = area.x;
    for span in &line.spans {
        let room = area.right().saturating_sub(x);
        if room == 0 {
            break;
        }
        let clean = text::clean(&span.content);
        let (next, _) =
            buf.set_stringn(x, area.y + y, &clean, usize::from(room), line.style.patch(span.style));
        x = next;
    }
}

/// Empties an area, so that what lies under an overlay does not shine through.
pub fn blank(buf: &mut Buffer, area: Rect) {
    use ratatui::widgets::Widget;
    ratatui::widgets::Clear.render(area.intersection(buf.area), buf);
}

/// Puts several lines from the top of `area`, skipping the first `skip`.
pub fn put_lines<'a>(
    buf: &mut Buffer,
    area: Rect,
    lines: impl IntoIterator<Item = Line<'a>>,
    skip: usize,
) {
    for (y, line) in lines.into_iter().skip(skip).take(usize::from(area.height)).enumerate() {
        put(buf, area, y as u16, &line);
    }
}

/// A rule with a title at its left and a word at its right, at row `y` of `area`.
pub fn rule(buf: &mut Buffer, area: Rect, y: u16, look: &Look<'_>, title: &str, right: &str) {
    if y < area.height {
        frame::rule(Rect { y: area.y + y, height: 1, ..area }, buf, look.theme, title, right);
    }
}

/// A quiet sentence in an empty pane, and below it what to press.
pub fn empty(buf: &mut Buffer, area: Rect, look: &Look<'_>, sentences: &[String]) {
    let wide = usize::from(area.width.saturating_sub(4)).max(8);
    let mut lines = Vec::new();
    for (index, sentence) in sentences.iter().enumerate() {
        let style = if index == 0 { look.theme.text } else { look.theme.dim };
        let wrapped = text::wrap(&text::clean(sentence), wide);
        lines.extend(
            wrapped.into_iter().map(|piece| Line::from(Span::styled(format!("  {piece}"), style))),
        );
    }
    let top = area.height.saturating_sub(lines.len() as u16) / 3;
    let at = Rect { y: area.y + top, height: area.height - top, ..area };
    put_lines(buf, at, lines, 0);
}

/// How a remote value does, for the title of its pane: `loading`, `read 13:59:31Z`, or what failed and how old the data is.
pub fn freshness<T>(remote: &Remote<T>, look: &Look<'_>) -> (String, Style) {
    match (&remote.error, remote.fetched, remote.pending) {
        (_, None, true) => ("loading".to_owned(), look.theme.dim),
        (_, Some(at), true) => (format!("read {}, reading again", look.tell(at)), look.theme.dim),
        (Some((error, _)), Some(at), false) => {
            // How old it is comes first: it is what must be read where the line is too short.
            (format!("Data of {}; {error}", look.tell(at)), look.theme.bad)
        }
        (Some((error, _)), None, false) => (error.to_string(), look.theme.bad),
        (None, Some(at), false) => (format!("read {}", look.tell(at)), look.theme.dim),
        (None, None, false) => (String::new(), look.theme.dim),
    }
}

/// The sentences of an error: what happened, why, what to do next.
pub fn complaint(error: &ApiError) -> Vec<String> {
    let told = error.explain();
    [told.what, told.why, told.next].into_iter().filter(|part| !part.is_empty()).collect()
}

/// Lines of a complaint for a pane that has nothing else to show.
pub fn failed(buf: &mut Buffer, area: Rect, look: &Look<'_>, error: &ApiError) {
    let wide = usize::from(area.width.saturating_sub(4)).max(8);
    let mut lines = Vec::new();
    for (index, part) in complaint(error).into_iter().enumerate() {
        let style = if index == 0 { look.theme.bad } else { look.theme.text };
        lines.extend(
            text::wrap(&text::clean(&part), wide)
                .into_iter()
                .map(|piece| Line::from(Span::styled(piece, style))),
        );
    }
    lines.push(Line::default());
    lines.push(Line::from(Span::styled(
        format!("{} tries again", look.key("shell.refresh")),
        look.theme.dim,
    )));
    let at = Rect {
        x: area.x + 2.min(area.width),
        y: area.y + 1.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    put_lines(buf, at, lines, 0);
}

/// `agree shown 96% (n 29)  blind 83% (n 12)`: how often the AI had said the same; nothing where nothing was compared.
pub fn agreement(agreements: &Agreements) -> Option<String> {
    let parts: Vec<String> = [("shown", agreements.shown), ("blind", agreements.blind)]
        .into_iter()
        .filter_map(|(how, one)| Some(format!("{how} {:.0}% (n {})", one.percent()?, one.n)))
        .collect();
    (!parts.is_empty()).then(|| format!("agree {}", parts.join("  ")))
}

/// A product's point in time, told short; `-` when it is missing, the product's own text when it was not understood.
pub fn when(at: Option<&Time>, look: &Look<'_>) -> String {
    match at {
        None => "-".to_owned(),
        Some(Time::At(at)) => look.tell(*at),
        Some(Time::Unread(text)) => text.clone(),
    }
}

/// As [`when`], within so many cells: of another year's moment the time of day is left out rather than the end cut.
pub fn when_in(wide: usize, at: Option<&Time>, look: &Look<'_>) -> String {
    let told = when(at, look);
    match (at, told.rsplit_once(' ')) {
        (Some(Time::At(_)), Some((day, _))) if text::width(&told) > wide => day.to_owned(),
        _ => told,
    }
}

/// Says that a product is not configured, if it is not; whether it said so.
pub fn unconfigured(product: Product, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> bool {
    let absent = look.prefs.absent.contains(&product);
    if absent {
        let next = "socdeck config path tells where; socdeck doctor checks it.".to_owned();
        empty(buf, area, look, &[format!("{product} is not configured."), next]);
    }
    absent
}

/// An area without its last row, and that row.
pub fn footed(area: Rect) -> (Rect, Rect) {
    let foot = Rect { y: area.bottom().saturating_sub(1), height: 1.min(area.height), ..area };
    (Rect { height: area.height.saturating_sub(1), ..area }, foot)
}

/// The width of a column of device ids: an id cut short names another device. Those of a cluster have thirteen digits.
pub fn did_width(dids: impl Iterator<Item = Option<i64>>) -> Width {
    let longest = dids.flatten().map(|did| did.to_string().len()).max().unwrap_or(0);
    Width::Fixed(longest.clamp(6, 20) as u16 + 1)
}
