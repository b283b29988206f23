//! The model breaches of a device over four weeks: which, when, and which of them are still open.

use jiff::Timestamp;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::chart::under;
use super::{DevicesPane, Part};
use crate::api::Product;
use crate::api::darktrace::breaches::Breach;
use crate::api::darktrace::device_breaches::DeviceBreaches;
use crate::command::Cx;
use crate::export::{self, Grid};
use crate::job::Policy;
use crate::panes::grids;
use crate::panes::paint::{Look, put, when};
use crate::store::breaches::alerted;
use crate::store::{Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};

/// The breaches of a device, the newest first.
fn recent(did: i64, store: &Store) -> Vec<&Breach> {
    let list = store.breaches.of_device.get(&(did, true)).and_then(Remote::value);
    let mut list: Vec<&Breach> = list.into_iter().flatten().collect();
    list.sort_by(|a, b| alerted(b).cmp(&alerted(a)).then(b.pbid.cmp(&a.pbid)));
    list
}

/// Whether a breach is still open, as the shorter list tells; `None` while that is not known.
fn is_open(did: i64, pbid: i64, store: &Store) -> Option<bool> {
    let open = store.breaches.of_device.get(&(did, false)).and_then(Remote::value)?;
    Some(open.iter().any(|breach| breach.pbid == pbid))
}

fn open_word(did: i64, pbid: i64, store: &Store) -> &'static str {
    is_open(did, pbid, store).map_or("-", |open| if open { "open" } else { "ack" })
}

fn score(breach: &Breach) -> String {
    breach.score.map_or_else(|| "-".to_owned(), |score| format!("{:.0}", score * 100.0))
}

/// `24h 0  7d 2  28d 5`
fn counts(list: &[&Breach], now: Timestamp) -> String {
    let within = |days: i64| {
        let from = now - jiff::SignedDuration::from_hours(days * 24);
        list.iter().filter(|breach| alerted(breach).is_some_and(|at| at >= from)).count()
    };
    format!("24h {}  7d {}  28d {}", within(1), within(7), list.len())
}

impl DevicesPane {
    /// The breaches of the device under the cursor.
    pub(super) fn breached<'a>(&self, store: &'a Store) -> Vec<&'a Breach> {
        self.did(store).map_or_else(Vec::new, |did| recent(did, store))
    }

    /// Asks for the breaches once their part is looked at; what is here already only when a person wants it anew.
    pub(super) fn ask_breaches(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        let did = self.did(cx.store).filter(|did| *did > 0 && self.part == Part::Breaches);
        let Some(did) = did else { return };
        let now = cx.now.wall;
        for asked in [DeviceBreaches::recent(did, now), DeviceBreaches::open(did, now)] {
            let known = cx.store.breaches.of_device.get(&(did, asked.acknowledged));
            if policy == Policy::Latest || known.is_none_or(Remote::is_untouched) {
                cx.store.ask(asked, policy, cx.now);
            }
        }
    }

    pub(super) fn draw_breaches(
        &self,
        did: i64,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let remote = store.breaches.of_device.get(&(did, true));
        let area = self.part_title(look, (Part::Breaches, "BREACHES"), remote, area, buf);
        let list = recent(did, store);
        if remote.and_then(Remote::value).is_none() {
            return;
        }
        if list.is_empty() {
            let words = "   none in 28 days";
            return put(buf, area, 0, &Line::from(Span::styled(words, theme.dim)));
        }
        let words = format!("   {}", counts(&list, look.clock.now));
        put(buf, area, 0, &Line::from(Span::raw(words)));
        let table = Table::new(vec![
            Column::new("TIME", Width::Fixed(12)),
            Column::new("SCORE", Width::Fixed(5)).right(),
            Column::new("STATE", Width::Fixed(5)),
            Column::new("MODEL", Width::Flex(24, 1)),
            Column::new("CMT", Width::Fixed(3)).right().rank(1),
        ])
        .active(self.part == Part::Breaches);
        table.draw(under(area, 1), buf, theme, &self.breaches, list.len(), |index| {
            let breach = list[index];
            let high = breach.score.is_some_and(|score| score >= 0.6);
            let state = open_word(did, breach.pbid, store);
            let cells = Cells::new([
                Text::from(when(breach.created.as_ref().or(breach.time.as_ref()), look)),
                Text::styled(score(breach), if high { theme.warn } else { theme.text }),
                Text::from(state),
                Text::from(breach.model.name.clone().unwrap_or_else(|| "-".into())),
                Text::from(breach.comments.map_or_else(|| "-".to_owned(), |n| n.to_string())),
            ]);
            if state == "ack" { cells.style(theme.dim) } else { cells }
        });
    }

    /// The same for a file.
    pub(super) fn breached_table(&self, did: i64, store: &Store) -> Option<Grid> {
        let mut grid = Grid::new(["pbid", "created", "score", "state", "model"])
            .title(format!("{} model breaches of device {did}, 28 days", Product::Darktrace));
        for breach in recent(did, store) {
            let model = breach.model.name.as_deref();
            grid.push([
                breach.pbid.to_string(),
                grids::time(breach.created.as_ref().or(breach.time.as_ref())),
                score(breach),
                open_word(did, breach.pbid, store).to_owned(),
                model.map_or_else(|| "-".to_owned(), export::defang_text),
            ]);
        }
        (!grid.rows.is_empty()).then_some(grid)
    }
}
