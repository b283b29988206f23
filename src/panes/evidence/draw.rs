//! How the basket looks: the list, the item's text below, and what is not as it should be.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::EvidencePane;
use crate::evidence::{BYTES, Basket, Item, MOST};
use crate::panes::paint::{self, Look, put, rule};
use crate::store::Store;
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// From this height on the item's text is shown below the list.
const TALL: u16 = 14;

/// Rows of the list while the text is shown, the title included.
const LIST: u16 = 8;

/// From this share of the room on, in percent, it is told how much is taken.
const NEARLY: usize = 80;

impl EvidencePane {
    pub(super) fn paint(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let basket = &store.evidence;
        let foot = area.height.saturating_sub(1);
        let body = Rect { height: foot, ..area };
        if basket.is_empty() {
            draw_nothing(basket, look, body, buf);
        } else {
            let tall = body.height >= TALL;
            let rows = if tall { LIST.max(body.height / 3) } else { body.height };
            self.draw_list(basket, look, Rect { height: rows, ..body }, buf);
            if let Some(item) = self.item(store).filter(|_| tall) {
                let below = Rect { y: body.y + rows, height: body.height - rows, ..body };
                self.draw_text(item, look, below, buf);
            }
        }
        let line = Rect { y: area.y + foot, height: 1, ..area };
        if let Some((_, field)) = &self.note {
            return field.draw(line, buf, look.theme);
        }
        put(buf, line, 0, &foot_line(basket, look));
        None
    }

    fn draw_list(&self, basket: &Basket, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        let items: Vec<&Item> = basket.newest().collect();
        let table = Table::new(vec![
            Column::new("PINNED", Width::Fixed(12)),
            Column::new("KIND", Width::Fixed(8)),
            Column::new("WHAT", Width::Flex(24, 4)),
            Column::new("NOTE", Width::Flex(12, 2)).rank(1),
            Column::new("FROM", Width::Fixed(9)).rank(2),
        ])
        .marks(1);
        table.draw(area, buf, theme, &self.list, items.len(), |index| {
            let item = items[index];
            let row = Cells::new([
                Text::styled(look.tell(item.at), theme.dim),
                Text::from(item.kind.as_str()),
                Text::from(item.title.as_str()),
                Text::styled(item.note.as_deref().unwrap_or_default(), theme.accent),
                Text::styled(item.pane.as_str(), theme.dim),
            ]);
            if basket.is_unkept(item.id) { row.mark(Text::styled("!", theme.bad)) } else { row }
        });
    }

    /// The item's text as it was pinned.
    fn draw_text(&self, item: &Item, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let wide = usize::from(area.width.saturating_sub(2)).max(8);
        let mut lines = Vec::new();
        if let Some(note) = &item.note {
            let words = text::wrap(&text::clean(&format!("note: {note}")), wide);
            lines.extend(words.into_iter().map(|line| (line, look.theme.accent)));
        }
        for line in item.markdown.lines().chain([""]).chain(item.json.lines()) {
            let wrapped = text::wrap(&text::clean(line), wide);
            let wrapped = if wrapped.is_empty() { vec![String::new()] } else { wrapped };
            lines.extend(wrapped.into_iter().map(|line| (line, look.theme.text)));
        }
        let room = usize::from(area.height.saturating_sub(1));
        self.furthest.set(lines.len().saturating_sub(room));
        let top = self.top.min(self.furthest.get());
        let more = lines.len().saturating_sub(top + room);
        let right = match (top, more) {
            (0, 0) => String::new(),
            (_, 0) => "end".to_owned(),
            _ => format!("{more} more lines, {} scrolls", look.key("shell.scroll-down")),
        };
        let title = format!("as it was {}", look.tell(item.at));
        rule(buf, area, 0, look, &title, &right);
        let body = Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area };
        let lines = lines
            .into_iter()
            .map(|(line, style)| Line::from(Span::styled(format!(" {line}"), style)));
        paint::put_lines(buf, body, lines, top);
    }
}

fn draw_nothing(basket: &Basket, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
    let words = match &basket.place {
        None => vec!["loading the basket".to_owned()],
        Some(_) => vec![
            "Nothing is pinned.".to_owned(),
            format!(
                "{} in any pane pins what is under the cursor, as it is at that moment: an event, a device with its chart, an endpoint, a search result, a call.",
                look.key("shell.pin")
            ),
            format!("Here {} exports the set for a ticket.", look.key("shell.export-markdown")),
        ],
    };
    paint::empty(buf, area, look, &words);
}

/// What deserves a look, else where the basket is kept.
fn foot_line<'a>(basket: &Basket, look: &Look<'_>) -> Line<'a> {
    let theme = look.theme;
    let mut spans = Vec::new();
    let unkept = basket.newest().filter(|item| basket.is_unkept(item.id)).count();
    if unkept > 0 {
        let words = format!(" {unkept} could not be kept (!): gone with this session  ");
        spans.push(Span::styled(words, theme.bad));
    }
    if let Some((at, why)) = basket.strange.first() {
        let more = match basket.strange.len() {
            1 => String::new(),
            many => format!(" and {} more", many - 1),
        };
        let words =
            format!(" line {at} of the file{more} is no pinned item ({why}); it stays there  ");
        spans.push(Span::styled(words, theme.warn));
    }
    let taken = (basket.len() * 100 / MOST).max(basket.bytes() * 100 / BYTES);
    if taken >= NEARLY {
        spans.push(Span::styled(format!(" {taken}% full  "), theme.warn));
    }
    match &basket.place {
        Some(Ok(path)) => spans.push(Span::styled(format!(" kept in {path}"), theme.dim)),
        Some(Err(why)) => {
            spans.push(Span::styled(format!(" for this session only: {why}"), theme.warn))
        }
        None => {}
    }
    Line::from(spans)
}
