//! The parts of a device as tables for export: times in UTC, what strangers wrote defanged, every hour of the chart.

use super::parts::Met;
use super::picture::{counted, pictures};
use super::{DevicesPane, Part};
use crate::api::darktrace::connections::Direction;
use crate::export::{Grid, defang, defang_text};
use crate::panes::{Pane, grids};
use crate::store::Store;
use crate::ui::chart::HOUR;

impl DevicesPane {
    /// What the chosen part shows; `None` when that is nothing.
    pub(super) fn shown(&self, store: &Store) -> Option<Grid> {
        self.part_of(self.part, store)
    }

    /// What a part shows; `None` when that is nothing.
    pub(super) fn part_of(&self, part: Part, store: &Store) -> Option<Grid> {
        let did = self.did(store);
        let of = |what: &str| format!("{what} of device {}", did.unwrap_or_default());
        let or_none = |text: Option<&str>| {
            text.filter(|text| !text.is_empty()).map_or_else(|| "-".to_owned(), defang_text)
        };
        let mut grid = match part {
            Part::List => return grids::devices(&self.devices(store), &self.heading(store)),
            Part::Similar => return grids::devices(&self.alike_of(store), &of("similar")),
            Part::Tags => {
                Grid::new(["tag", "expires", "restricted", "description", "tid"]).title(of("tags"))
            }
            Part::Peers => {
                Grid::new(["share %", "direction", "port", "peer"]).title(of("peers, 28 days,"))
            }
            Part::Breaches => return self.breached_table(did?, store),
            Part::Chart => Grid::new(["hour (UTC)", "value"]).title(format!(
                "{}, 28 days, hours without a point are zero",
                of(&counted(self.metric).to_lowercase())
            )),
        };
        match part {
            Part::List | Part::Similar | Part::Breaches => {}
            Part::Tags => {
                for tag in self.tags_of(store) {
                    grid.push([
                        or_none(tag.name.as_deref()),
                        tag.expiry
                            .as_ref()
                            .map_or_else(|| "never".to_owned(), |at| grids::time(Some(at))),
                        tag.restricted.map_or("-", |is| if is { "yes" } else { "no" }).to_owned(),
                        or_none(tag.description.as_deref()),
                        tag.tid.map_or_else(|| "-".to_owned(), |tid| tid.to_string()),
                    ]);
                }
            }
            Part::Peers => {
                let percent = |share: Option<f64>| {
                    share.map_or_else(|| "-".to_owned(), |share| share.to_string())
                };
                for met in self.met(store) {
                    grid.push(match met {
                        Met::Peer(row) => [
                            percent(row.percent),
                            match row.direction {
                                Some(Direction::Out) => "out",
                                Some(Direction::In) => "in",
                                None => "-",
                            }
                            .to_owned(),
                            defang_text(&row.port.to_string()),
                            defang_text(&super::parts::peer_words(&row.peer, &[])),
                        ],
                        Met::Domain(name, share) => {
                            [percent(share), "out".to_owned(), "domain".to_owned(), defang(name)]
                        }
                        Met::Network(name, share) => [
                            percent(share),
                            "out".to_owned(),
                            "network".to_owned(),
                            defang_text(name),
                        ],
                    });
                }
            }
            Part::Chart => {
                let remote = self.graph(store)?;
                let first = pictures(remote).into_iter().next()?;
                for (slot, value) in first.hours.values.iter().enumerate() {
                    let at = first.hours.start + slot as i64 * HOUR;
                    let at = jiff::Timestamp::from_second(at).ok()?;
                    grid.push([grids::utc(at), value.to_string()]);
                }
            }
        }
        (!grid.rows.is_empty()).then_some(grid)
    }

    /// The row of [`Self::shown`] under the cursor.
    pub(super) fn shown_row(&self) -> Option<usize> {
        match self.part {
            Part::List => Some(self.list.cursor()),
            Part::Tags => Some(self.tags.cursor()),
            Part::Similar => Some(self.similar.cursor()),
            Part::Peers => Some(self.peers.cursor()),
            Part::Breaches => Some(self.breaches.cursor()),
            // The file has every hour, the screen only those that are not zero.
            Part::Chart => None,
        }
    }
}
