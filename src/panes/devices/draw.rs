//! How devices look: the list, what is known of one, its tags beside those that behave alike.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::{DevicesPane, Part, Query};
use crate::api::Product;
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::tags::Tag;
use crate::panes::paint::{self, Look, freshness, put, rule, when};
use crate::store::{Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};

impl DevicesPane {
    pub(super) fn paint(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let foot = Rect {
            y: area.bottom().saturating_sub(1),
            height: 1.min(area.height),
            ..area
        };
        let body = Rect {
            height: area.height.saturating_sub(1),
            ..area
        };
        let devices = self.devices(store);
        if devices.is_empty() {
            self.nothing(store, look, body, buf);
        } else {
            let small = body.height < 13;
            let rows = if small {
                body.height
            } else {
                (devices.len() as u16 + 1).clamp(3, body.height * 2 / 5)
            };
            self.draw_list(
                &devices,
                look,
                Rect {
                    height: rows,
                    ..body
                },
                buf,
            );
            if !small {
                let below = Rect {
                    y: body.y + rows,
                    height: body.height - rows,
                    ..body
                };
                self.draw_device(store, look, below, buf);
            }
        }
        if let Some(field) = &self.field {
            return field.draw(foot, buf, look.theme);
        }
        let (words, style) = self.told(store, look);
        put(
            buf,
            foot,
            0,
            &Line::from(Span::styled(format!(" {words}"), style)),
        );
        None
    }

    fn told(&self, store: &Store, look: &Look<'_>) -> (String, ratatui::style::Style) {
        let (mut words, style) = match &self.query {
            None => return (String::new(), look.theme.dim),
            Some(Query::Did(did)) => store
                .devices
                .get(did)
                .map_or_else(Default::default, |remote| freshness(remote, look)),
            Some(Query::Find(text)) => store
                .device_lists
                .get(text)
                .map_or_else(Default::default, |remote| freshness(remote, look)),
            Some(Query::Tag(tag)) => store
                .tagged
                .get(tag)
                .map_or_else(Default::default, |remote| freshness(remote, look)),
        };
        if let Some(Query::Find(text)) = &self.query
            && let Some(page) = store.device_lists.get(text).and_then(Remote::value)
            && let Some(total) = page
                .total
                .filter(|total| *total > page.devices.len() as u64)
        {
            words = format!(
                "{words}   {} of {total} devices: narrow the text",
                page.devices.len()
            );
        }
        if let Some(Query::Tag(tag)) = &self.query
            && let Some(holders) = store.tagged.get(tag).and_then(Remote::value)
            && holders.entities.len() > holders.devices.len()
        {
            words = format!(
                "{words}   {} carry the tag, {} of them are known devices",
                holders.entities.len(),
                holders.devices.len()
            );
        }
        (words, style)
    }

    fn nothing(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let find = look.key("devices.find");
        if look.prefs.absent.contains(&Product::Darktrace) {
            return paint::empty(
                buf,
                area,
                look,
                &[
                    "Darktrace is not configured.".into(),
                    "socdeck config path tells where; socdeck doctor checks it.".into(),
                ],
            );
        }
        let error = match &self.query {
            None => {
                return paint::empty(
                    buf,
                    area,
                    look,
                    &[
                        "No device is shown.".into(),
                        format!("{find} finds by device id, host, address, or tag:name."),
                    ],
                );
            }
            Some(Query::Did(did)) => store
                .devices
                .get(did)
                .and_then(|remote| remote.error.as_ref()),
            Some(Query::Find(text)) => store
                .device_lists
                .get(text)
                .and_then(|remote| remote.error.as_ref()),
            Some(Query::Tag(tag)) => store
                .tagged
                .get(tag)
                .and_then(|remote| remote.error.as_ref()),
        };
        if let Some((error, _)) = error {
            return paint::failed(buf, area, look, error);
        }
        let pending = match &self.query {
            Some(Query::Did(did)) => store.devices.get(did).is_some_and(|remote| remote.pending),
            Some(Query::Find(text)) => store
                .device_lists
                .get(text)
                .is_some_and(|remote| remote.pending),
            Some(Query::Tag(tag)) => store.tagged.get(tag).is_some_and(|remote| remote.pending),
            None => false,
        };
        let words = if pending {
            "loading the devices".to_owned()
        } else {
            "Darktrace knows no such device.".to_owned()
        };
        paint::empty(buf, area, look, &[words, format!("{find} finds another.")]);
    }

    fn draw_list(&self, devices: &[&Device], look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let table = Table::new(vec![
            Column::new("DID", Width::Fixed(7)),
            Column::new("HOST", Width::Flex(14, 3)),
            Column::new("IP", Width::Flex(15, 1)),
            Column::new("TYPE", Width::Flex(8, 1)).rank(1),
            Column::new("LAST", Width::Fixed(12)).rank(2),
        ])
        .active(self.part == Part::List);
        table.draw(area, buf, look.theme, &self.list, devices.len(), |index| {
            device_cells(devices[index], look)
        });
    }

    fn draw_device(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let Some(device) = self.device(store) else {
            return;
        };
        let Some(did) = device.did else { return };
        let name = device.name().unwrap_or("-");
        rule(
            buf,
            area,
            0,
            look,
            &format!("{did} {name}"),
            &format!("{} parts", look.key("devices.next-part")),
        );
        let dim = look.theme.dim;
        let fact = |name: &'static str, value: String| {
            [
                Span::styled(format!(" {name} "), dim),
                Span::raw(format!("{value}  ")),
            ]
        };
        let some = |value: &Option<String>| {
            value
                .clone()
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| "-".into())
        };
        let first: Vec<Span<'_>> = [
            fact("mac", some(&device.mac)),
            fact("vendor", some(&device.vendor)),
            fact("os", some(&device.os)),
            fact(
                "subnet sid",
                device.sid.map_or_else(|| "-".into(), |sid| sid.to_string()),
            ),
        ]
        .into_iter()
        .flatten()
        .collect();
        let second: Vec<Span<'_>> = [
            fact("first seen", when(device.first_seen.as_ref(), look)),
            fact("last seen", when(device.last_seen.as_ref(), look)),
        ]
        .into_iter()
        .flatten()
        .collect();
        put(buf, area, 1, &Line::from(first));
        put(buf, area, 2, &Line::from(second));
        let half = area.width / 2;
        let rest = Rect {
            y: area.y + 4.min(area.height),
            height: area.height.saturating_sub(4),
            ..area
        };
        let left = Rect {
            width: half.saturating_sub(1),
            ..rest
        };
        let right = Rect {
            x: rest.x + half,
            width: rest.width - half,
            ..rest
        };
        self.draw_tags(store, look, did, left, buf);
        self.draw_similar(store, look, did, right, buf);
    }

    fn draw_tags(&self, store: &Store, look: &Look<'_>, did: i64, area: Rect, buf: &mut Buffer) {
        let remote = store.device_tags.get(&did);
        let area = part_title(look, "TAGS", remote, area, buf);
        let tags = self.tags_of(store);
        if tags.is_empty() && remote.is_some_and(|remote| remote.value().is_some()) {
            return put(
                buf,
                area,
                0,
                &Line::from(Span::styled("   none", look.theme.dim)),
            );
        }
        let table = Table::new(vec![
            Column::new("TAG", Width::Flex(10, 2)),
            Column::new("EXPIRES", Width::Fixed(12)),
            Column::new("TID", Width::Fixed(5)).right().rank(1),
        ])
        .bare()
        .active(self.part == Part::Tags);
        table.draw(area, buf, look.theme, &self.tags, tags.len(), |index| {
            tag_cells(&tags[index], look)
        });
    }

    fn draw_similar(&self, store: &Store, look: &Look<'_>, did: i64, area: Rect, buf: &mut Buffer) {
        let remote = store.similar.get(&did);
        let area = part_title(look, "SIMILAR", remote, area, buf);
        let alike = self.alike_of(store);
        if alike.is_empty() && remote.is_some_and(|remote| remote.value().is_some()) {
            return put(
                buf,
                area,
                0,
                &Line::from(Span::styled("   none", look.theme.dim)),
            );
        }
        let table = Table::new(vec![
            Column::new("SCORE", Width::Fixed(4)).right(),
            Column::new("DID", Width::Fixed(6)).right(),
            Column::new("HOST", Width::Flex(12, 1)),
            Column::new("TYPE", Width::Fixed(9)).rank(1),
        ])
        .bare()
        .active(self.part == Part::Similar);
        table.draw(area, buf, look.theme, &self.similar, alike.len(), |index| {
            let device = &alike[index];
            let score = device
                .score
                .map_or_else(|| "-".to_owned(), |score| format!("{score:.0}"));
            Cells::new([
                Text::from(score),
                Text::styled(number(device.did), look.theme.dim),
                Text::from(device.name().unwrap_or("-").to_owned()),
                Text::styled(kind(device), look.theme.dim),
            ])
        });
    }
}

/// A part's title with how fresh it is; the rest of its area.
fn part_title<T>(
    look: &Look<'_>,
    title: &'static str,
    remote: Option<&Remote<T>>,
    area: Rect,
    buf: &mut Buffer,
) -> Rect {
    let (words, style) = remote.map_or_else(Default::default, |remote| freshness(remote, look));
    put(
        buf,
        area,
        0,
        &Line::from(vec![
            Span::styled(format!(" {title}  "), look.theme.title),
            Span::styled(words, style),
        ]),
    );
    Rect {
        y: area.y + 1.min(area.height),
        height: area.height.saturating_sub(1),
        ..area
    }
}

fn device_cells(device: &Device, look: &Look<'_>) -> Cells<'static> {
    Cells::new([
        Text::from(number(device.did)),
        Text::from(device.name().unwrap_or("-").to_owned()),
        Text::from(device.ip.clone().unwrap_or_else(|| "-".into())),
        Text::from(kind(device)),
        Text::styled(when(device.last_seen.as_ref(), look), look.theme.dim),
    ])
}

fn tag_cells(tag: &Tag, look: &Look<'_>) -> Cells<'static> {
    let expires = tag
        .expiry
        .as_ref()
        .map_or_else(|| "never".to_owned(), |expiry| when(Some(expiry), look));
    let tid = tag
        .tid
        .map_or_else(|| "-".to_owned(), |tid| tid.to_string());
    Cells::new([
        Text::styled(
            tag.name.clone().unwrap_or_else(|| "-".into()),
            look.theme.label,
        ),
        Text::from(expires),
        Text::styled(tid, look.theme.dim),
    ])
}

fn number(did: Option<i64>) -> String {
    did.map_or_else(|| "-".to_owned(), |did| did.to_string())
}

fn kind(device: &Device) -> String {
    device
        .type_label
        .clone()
        .or_else(|| device.type_name.clone())
        .unwrap_or_else(|| "-".to_owned())
}
