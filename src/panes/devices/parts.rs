//! The lists of a device: its tags, those that behave alike, and whom it talks to.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::chart::under;
use super::tagging::{self, Fate};
use super::{DevicesPane, Part};
use crate::api::darktrace::connections::{ConnectionSeries, DeviceInfo, Direction, Peer, PeerPort};
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::tags::Tag;
use crate::export;
use crate::outbox::Row;
use crate::panes::paint::{self, Look, did_width, freshness, put, when};
use crate::store::{Remote, Store};
use crate::ui::chart;
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// One line of whom a device talks to.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Met<'a> {
    /// A device or a group, with port and direction.
    Peer(&'a PeerPort),
    /// A domain outside, when narrowed to everything external.
    Domain(&'a str, Option<f64>),
    /// A network outside.
    Network(&'a str, Option<f64>),
}

/// Whom a device talks to, the largest share first; domains and networks after the peers.
pub(super) fn peers(info: &DeviceInfo) -> Vec<Met<'_>> {
    let Some(series) = info.series.first() else {
        return Vec::new();
    };
    let ConnectionSeries { peers_and_ports, external_domains, external_asns, .. } = series;
    let mut rows: Vec<&PeerPort> = peers_and_ports.iter().collect();
    rows.sort_by(|a, b| share(b.percent).total_cmp(&share(a.percent)));
    let mut lines: Vec<Met<'_>> = rows.into_iter().map(Met::Peer).collect();
    let named = |name: &'_ Option<String>| name.is_some();
    lines.extend(
        external_domains
            .iter()
            .filter(|row| named(&row.name))
            .map(|row| Met::Domain(row.name.as_deref().unwrap_or_default(), row.percent)),
    );
    lines.extend(
        external_asns
            .iter()
            .filter(|row| named(&row.name))
            .map(|row| Met::Network(row.name.as_deref().unwrap_or_default(), row.percent)),
    );
    lines
}

fn share(percent: Option<f64>) -> f64 {
    percent.unwrap_or(-1.0)
}

/// A peer in words: what is no device is a group and is named as one.
pub(super) fn peer_words(peer: &Peer, known: &[Device]) -> String {
    match peer {
        Peer::Device(0) => "everything external (0)".to_owned(),
        Peer::Device(did) if *did < 0 => format!("group {did}"),
        Peer::Device(did) => {
            let device = known.iter().find(|device| device.did == Some(*did));
            match device.and_then(Device::name) {
                Some(name) => format!("did {did} {name}"),
                None => format!("did {did}"),
            }
        }
        Peer::Others => "others (a group)".to_owned(),
        Peer::Unread(text) if text.is_empty() => "-".to_owned(),
        Peer::Unread(text) => text.clone(),
    }
}

impl DevicesPane {
    pub(super) fn draw_tags(
        &self,
        store: &Store,
        look: &Look<'_>,
        did: i64,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let remote = store.device_tags.get(&did);
        let mut area = self.part_title(look, (Part::Tags, "TAGS"), remote, area, buf);
        let fate = fate_lines(did, store, look, area.width);
        let rows = fate.len() as u16;
        paint::put_lines(buf, area, fate, 0);
        area = under(area, rows);
        let tags = self.tags_of(store);
        if tags.is_empty() && remote.is_some_and(|remote| remote.value().is_some()) {
            let words = format!("   none; {} puts one on", look.key("devices.tag"));
            return put(buf, area, 0, &Line::from(Span::styled(words, theme.dim)));
        }
        let table = Table::new(vec![
            Column::new("TAG", Width::Flex(20, 3)),
            Column::new("EXPIRES", Width::Fixed(12)),
            Column::new("NOTE", Width::Flex(10, 3)).rank(1),
            Column::new("TID", Width::Fixed(5)).right().rank(2),
        ])
        .bare()
        .active(self.part == Part::Tags);
        table.draw(area, buf, theme, &self.tags, tags.len(), |index| {
            tag_cells(&tags[index], tagging::set_here(did, &tags[index], store), look)
        });
    }

    pub(super) fn draw_similar(
        &self,
        store: &Store,
        look: &Look<'_>,
        did: i64,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let remote = store.similar.get(&did);
        let area = self.part_title(look, (Part::Similar, "SIMILAR (score)"), remote, area, buf);
        let alike = self.alike_of(store);
        if alike.is_empty() && remote.is_some_and(|remote| remote.value().is_some()) {
            return put(buf, area, 0, &Line::from(Span::styled("   none", theme.dim)));
        }
        let table = Table::new(vec![
            Column::new("SCORE", Width::Fixed(4)).right(),
            Column::new("DID", did_width(alike.iter().map(|device| device.did))).right(),
            Column::new("HOST", Width::Flex(12, 2)),
            Column::new("IP", Width::Flex(15, 1)).rank(2),
            Column::new("TYPE", Width::Fixed(9)).rank(1),
        ])
        .bare()
        .active(self.part == Part::Similar);
        table.draw(area, buf, theme, &self.similar, alike.len(), |index| {
            let device = alike[index];
            let score = device.score.map_or_else(|| "-".to_owned(), |score| format!("{score:.0}"));
            Cells::new([
                Text::from(score),
                Text::styled(number(device.did), theme.dim),
                Text::from(device.name().unwrap_or("-").to_owned()),
                Text::styled(device.ip.clone().unwrap_or_default(), theme.dim),
                Text::styled(kind(device), theme.dim),
            ])
        });
    }

    pub(super) fn draw_peers(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let theme = look.theme;
        let remote = self.graph(store);
        let area = self.part_title(look, (Part::Peers, "PEERS 28 d"), remote, area, buf);
        let Some(info) = remote.and_then(Remote::value) else {
            return;
        };
        let rows = peers(info);
        if rows.is_empty() {
            return put(buf, area, 0, &Line::from(Span::styled("   none", theme.dim)));
        }
        let table = Table::new(vec![
            Column::new("SHARE", Width::Fixed(5)).right(),
            Column::new("", Width::Fixed(3)),
            Column::new("PORT", Width::Fixed(12)),
            Column::new("PEER", Width::Flex(14, 3)),
            Column::new("", Width::Flex(8, 1)).rank(1),
        ])
        .bare()
        .active(self.part == Part::Peers);
        table.draw(area, buf, theme, &self.peers, rows.len(), |index| {
            let (percent, way, port, name, style) = match &rows[index] {
                Met::Peer(row) => {
                    let way = match row.direction {
                        Some(Direction::Out) => "out",
                        Some(Direction::In) => "in",
                        None => "",
                    };
                    let style = if row.peer.device().is_some() { theme.text } else { theme.dim };
                    (
                        row.percent,
                        way,
                        if row.peer == Peer::Others {
                            String::new()
                        } else {
                            format!(":{}", row.port)
                        },
                        peer_words(&row.peer, &info.devices),
                        style,
                    )
                }
                Met::Domain(name, percent) => {
                    (*percent, "", "domain".to_owned(), export::defang(name), theme.text)
                }
                Met::Network(name, percent) => {
                    (*percent, "", "network".to_owned(), (*name).to_owned(), theme.dim)
                }
            };
            let told = percent.map_or_else(|| "-".to_owned(), |percent| format!("{percent:.0}%"));
            Cells::new([
                Text::from(told),
                Text::styled(way, theme.dim),
                Text::styled(port, theme.dim),
                Text::styled(name, style),
                Text::styled(
                    chart::bar(percent.unwrap_or(0.0), 100.0, 20, &theme.glyphs),
                    theme.accent,
                ),
            ])
        });
    }

    /// The largest shares in one line: `did 2 :53 24%   group -5 :80 12%`.
    pub(super) fn top_peers(&self, store: &Store) -> String {
        let Some(info) = self.graph(store).and_then(Remote::value) else {
            return String::new();
        };
        let words: Vec<String> = peers(info)
            .iter()
            .take(6)
            .filter_map(|line| match line {
                Met::Peer(row) => {
                    let peer = match &row.peer {
                        Peer::Device(0) => "external".to_owned(),
                        Peer::Device(did) if *did < 0 => format!("group {did}"),
                        other => other.to_string(),
                    };
                    let percent = row.percent?;
                    Some(match row.peer {
                        Peer::Others => format!("others {percent:.0}%"),
                        _ => format!("{peer} :{} {percent:.0}%", row.port),
                    })
                }
                _ => None,
            })
            .collect();
        words.join("   ")
    }

    /// A part's title with how fresh it is; the rest of its area.
    pub(super) fn part_title<T>(
        &self,
        look: &Look<'_>,
        (part, title): (Part, &'static str),
        remote: Option<&Remote<T>>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Rect {
        let (words, style) = remote.map_or_else(Default::default, |remote| freshness(remote, look));
        let title_style = if self.part == part { look.theme.accent } else { look.theme.title };
        put(
            buf,
            area,
            0,
            &Line::from(vec![
                Span::styled(format!(" {title}  "), title_style),
                Span::styled(words, style),
            ]),
        );
        under(area, 1)
    }
}

/// What became of the newest write to a device's tags.
pub(super) fn fate_words(did: i64, store: &Store, look: &Look<'_>) -> Option<(String, Style)> {
    let row = tagging::newest(did, store)?;
    Some(match tagging::fate(row, store)? {
        Fate::Waits(words) => (words, look.theme.dim),
        Fate::Proven(words) => (words, look.theme.good),
        Fate::Denied(words) => (format!("NOT DONE: {words}"), look.theme.bad),
        Fate::Other(words) => (words, look.theme.bad),
    })
}

/// The same as lines of a part.
pub(super) fn fate_lines(
    did: i64,
    store: &Store,
    look: &Look<'_>,
    width: u16,
) -> Vec<Line<'static>> {
    let Some((words, style)) = fate_words(did, store, look) else {
        return Vec::new();
    };
    text::wrap(&text::clean(&words), usize::from(width.saturating_sub(4)).max(16))
        .into_iter()
        .map(|line| Line::from(Span::styled(format!("   {line}"), style)))
        .collect()
}

fn tag_cells(tag: &Tag, here: Option<&Row>, look: &Look<'_>) -> Cells<'static> {
    let expires =
        tag.expiry.as_ref().map_or_else(|| "never".to_owned(), |expiry| when(Some(expiry), look));
    let tid = tag.tid.map_or_else(|| "-".to_owned(), |tid| tid.to_string());
    let marks =
        [(tag.restricted == Some(true), "restricted"), (tag.auto == Some(true), "set by models")];
    let by = here.map(|row| format!("set from here {}", look.tell(row.changed)));
    let mut note: Vec<&str> = by.as_deref().into_iter().collect();
    note.extend(marks.iter().filter(|(is, _)| *is).map(|(_, word)| *word));
    note.extend(tag.description.as_deref().filter(|words| !words.is_empty()));
    Cells::new([
        Text::styled(tag.name.clone().unwrap_or_else(|| "-".into()), look.theme.label),
        Text::from(expires),
        Text::styled(note.join(", "), look.theme.dim),
        Text::styled(tid, look.theme.dim),
    ])
}

pub(super) fn number(did: Option<i64>) -> String {
    did.map_or_else(|| "-".to_owned(), |did| did.to_string())
}

pub(super) fn kind(device: &Device) -> String {
    device.type_label.clone().or_else(|| device.type_name.clone()).unwrap_or_else(|| "-".to_owned())
}
