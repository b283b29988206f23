//! Two events side by side, decision point by decision point: what makes this one different from how another was decided.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::known::Known;
use super::nearest::{Near, nearest};
use crate::panes::paint::{Look, put};
use crate::store::{EventKey, Store, key};
use crate::ui::{frame, text};

/// The overlay: which of the nearest events is compared, and how far it is scrolled.
#[derive(Debug, Default)]
pub(super) struct Diff {
    pub which: usize,
    pub top: usize,
}

/// How many of the nearest can be compared.
const COUNT: usize = 5;

impl Diff {
    /// The event it compares with.
    pub(super) fn other(&self, store: &Store, event: &EventKey) -> Option<Near> {
        nearest(store, event, COUNT).into_iter().nth(self.which)
    }

    /// To the next or previous of the nearest.
    pub(super) fn turn(&mut self, by: isize, store: &Store, event: &EventKey) {
        let count = nearest(store, event, COUNT).len().max(1) as isize;
        self.which = (self.which as isize + by).rem_euclid(count) as usize;
        self.top = 0;
    }

    pub(super) fn draw(
        &self,
        store: &Store,
        look: &Look<'_>,
        event: &EventKey,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let Some(near) = self.other(store, event) else {
            return;
        };
        let other_key = key(&event.job, &near.event);
        let (this, other) =
            (Known::of(store, event).points(), Known::of(store, &other_key).points());
        let mut names: Vec<&str> = this.iter().map(|(name, _)| name.as_str()).collect();
        for (name, _) in other.iter() {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let height = (names.len() as u16 + 6).min(area.height);
        let inside = frame::sheet(
            area,
            buf,
            theme,
            "DIFFERENCES TO THE NEAREST LABELLED",
            area.width.saturating_sub(4).min(120),
            height,
        );
        let wide = usize::from(inside.width);
        let name_wide =
            names.iter().map(|name| text::width(name)).max().unwrap_or(0).clamp(6, wide / 4);
        let half = wide.saturating_sub(name_wide + 5) / 2;
        let cells = |mark: &str, name: &str, one: &str, two: &str| {
            [
                format!("{mark:<2} "),
                format!("{} ", text::fit(&text::clean(name), name_wide, theme.ellipsis())),
                format!("{} ", text::fit(&text::clean(one), half, theme.ellipsis())),
                text::cut(&text::clean(two), half, theme.ellipsis()).into_owned(),
            ]
        };
        let whose = if near.yours { "you" } else { "kb" };
        let at = near.at.map_or_else(String::new, |at| format!(" {}", look.tell(at)));
        let [mark, name, one, two] = cells(
            "",
            "",
            &format!("this {}", text::short_id(event.event.as_str(), 6)),
            &format!("{} {} ({whose}{at})", text::short_id(near.event.as_str(), 6), near.label()),
        );
        let head = Line::from(vec![
            Span::raw(mark),
            Span::raw(name),
            Span::styled(one, theme.title),
            Span::styled(two, theme.title),
        ]);
        put(buf, inside, 0, &head);
        let value = |points: &[(String, String)], name: &str| {
            points
                .iter()
                .find(|(one, _)| one == name)
                .map_or_else(|| "-".to_owned(), |(_, value)| value.clone())
        };
        let room = usize::from(inside.height.saturating_sub(3));
        let top = self.top.min(names.len().saturating_sub(room));
        for (row, name) in names.iter().skip(top).take(room).enumerate() {
            let (mine, theirs) = (value(&this, name), value(&other, name));
            let same = mine == theirs;
            let [mark, name, one, two] = cells(if same { "" } else { "!=" }, name, &mine, &theirs);
            let style = if same { theme.dim } else { theme.warn };
            let line = Line::from(vec![
                Span::styled(mark, theme.warn),
                Span::styled(name, theme.dim),
                Span::styled(one, style),
                Span::styled(two, style),
            ]);
            put(buf, inside, row as u16 + 1, &line);
        }
        let foot = format!(
            "{} of {} equal   h l another   j k scroll   Enter opens it   ^G closes",
            near.equal,
            this.len()
        );
        let foot = text::cut(&foot, wide, theme.ellipsis()).into_owned();
        put(
            buf,
            inside,
            inside.height.saturating_sub(1),
            &Line::from(Span::styled(foot, theme.dim)),
        );
    }
}
