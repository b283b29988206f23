//! How devices look: the list, what is known of one, and the part that is chosen; side by side where there is room.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::chart::under;
use super::parts::{kind, number};
use super::picture::{filled, pictures};
use super::{DevicesPane, Part, Query, tagging};
use crate::api::Product;
use crate::api::darktrace::devices::Device;
use crate::panes::paint::{self, Look, did_width, freshness, put, rule, when};
use crate::store::{Remote, Store};
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};
use crate::ui::text;

/// From this size on lists and pictures stand side by side.
const WIDE: (u16, u16) = (120, 28);

/// Columns of the lists when they stand at the left.
const LEFT: u16 = 46;

impl DevicesPane {
    pub(super) fn paint(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let (body, foot) = paint::footed(area);
        let devices = self.devices(store);
        if devices.is_empty() {
            self.nothing(store, look, body, buf);
        } else if body.width >= WIDE.0 && body.height >= WIDE.1 {
            self.draw_wide(&devices, store, look, body, buf);
        } else {
            self.draw_narrow(&devices, store, look, body, buf);
        }
        if let Some(open) = &self.sheet {
            return open.sheet.draw(look, area, buf);
        }
        if let Some((_, field)) = &self.field {
            return field.draw(foot, buf, look.theme);
        }
        let (words, style) = self.told(store, look);
        put(buf, foot, 0, &Line::from(Span::styled(format!(" {words}"), style)));
        // The small picture has no room for it beside itself.
        let first = self.graph(store).map(pictures).unwrap_or_default();
        let small = area.width < WIDE.0 || area.height <= WIDE.1;
        if let Some(first) = first.first().filter(|_| small && self.part == Part::List) {
            let said = filled(first);
            let (wide, left) = (text::width(&said) as u16, text::width(&words) as u16 + 1);
            if left + wide + 2 <= foot.width {
                let right = Rect { x: foot.right() - wide - 1, width: wide + 1, ..foot };
                put(buf, right, 0, &Line::from(Span::styled(said, look.theme.dim)));
            }
        }
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
        {
            let have = page.devices.len() as u64;
            let more = store.more_devices.get(text);
            if let Some((error, _)) = more.and_then(|more| more.error.as_ref()) {
                return (format!("{words}   the next page: {error}"), look.theme.bad);
            }
            if let Some(total) = page.total.filter(|total| *total > have) {
                let next = if more.is_some_and(|more| more.pending) {
                    "reading more".to_owned()
                } else {
                    format!("{} reads more", look.key("devices.more"))
                };
                words = format!("{words}   {have} of {total}, {next}");
            }
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
        if paint::unconfigured(Product::Darktrace, look, area, buf) {
            return;
        }
        let error = match &self.query {
            None => None,
            Some(Query::Did(did)) => {
                store.devices.get(did).and_then(|remote| remote.error.as_ref())
            }
            Some(Query::Find(text)) => {
                store.device_lists.get(text).and_then(|remote| remote.error.as_ref())
            }
            Some(Query::Tag(tag)) => store.tagged.get(tag).and_then(|remote| remote.error.as_ref()),
        };
        if let Some((error, _)) = error {
            return paint::failed(buf, area, look, error);
        }
        let (pending, read) = self.state(store);
        let words = if pending {
            "loading the devices".to_owned()
        } else if read && self.query == Some(Query::Find(String::new())) {
            "Darktrace has seen no device in 28 days.".to_owned()
        } else if read {
            "Darktrace knows no such device.".to_owned()
        } else {
            format!("They are not read; {} reads them.", look.key("shell.refresh"))
        };
        paint::empty(buf, area, look, &[words, format!("{find} finds another.")]);
    }

    fn draw_list(&self, devices: &[&Device], look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let table = Table::new(vec![
            Column::new("DID", did_width(devices.iter().map(|device| device.did))),
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

    /// The list on top, below it the part that is chosen.
    fn draw_narrow(
        &self,
        devices: &[&Device],
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        if area.height < 13 && self.part == Part::List {
            return self.draw_list(devices, look, area, buf);
        }
        // The overview needs fifteen rows; what is more goes to the list.
        let most = area.height.saturating_sub(15).clamp(3, (area.height / 2).max(3));
        // A small screen has room for one of them: the one with the keyboard.
        let small = area.height < 13;
        let rows = if small { 0 } else { (devices.len() as u16 + 1).clamp(2, most.max(2)) };
        let list = Rect { height: rows, ..area };
        self.draw_list(devices, look, list, buf);
        let below = under(area, rows);
        let Some(did) = self.did(store) else { return };
        self.draw_head(did, look, below, buf);
        let below = under(below, 1);
        match self.part {
            Part::List => self.draw_overview(did, store, look, below, buf),
            Part::Tags => self.draw_tags(store, look, did, below, buf),
            Part::Similar => self.draw_similar(store, look, did, below, buf),
            Part::Peers => self.draw_peers(store, look, below, buf),
            Part::Breaches => self.draw_breaches(did, store, look, below, buf),
            Part::Chart => {
                let Some(remote) = self.graph(store) else {
                    return;
                };
                if self.as_numbers {
                    self.draw_numbers(remote, look, below, buf);
                } else {
                    self.draw_towers(remote, look, below, buf);
                }
            }
        }
    }

    /// Lists at the left, pictures at the right.
    fn draw_wide(
        &self,
        devices: &[&Device],
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let left = Rect { width: LEFT, ..area };
        let right = Rect { x: area.x + LEFT + 1, width: area.width - LEFT - 1, ..area };
        let rows = (devices.len() as u16 + 1).clamp(2, area.height / 3);
        self.draw_list(devices, look, Rect { height: rows, ..left }, buf);
        let Some(did) = self.did(store) else { return };
        let lists = under(left, rows + 1);
        let fate = super::parts::fate_lines(did, store, look, LEFT).len() as u16;
        let tags = (self.tags_of(store).len() as u16).clamp(1, 6) + fate + 2;
        let alike = (self.alike_of(store).len() as u16).clamp(1, 7) + 2;
        let part = |area: Rect, height: u16| Rect { height: height.min(area.height), ..area };
        self.draw_tags(store, look, did, part(lists, tags.saturating_sub(1)), buf);
        let lists = under(lists, tags);
        self.draw_similar(store, look, did, part(lists, alike.saturating_sub(1)), buf);
        self.draw_peers(store, look, under(lists, alike), buf);

        let title = self.device(store).and_then(Device::name).unwrap_or("-");
        rule(buf, right, 0, look, &format!("{did} {title}"), "");
        let used = self.draw_facts(store, look, under(right, 1), buf) + 2;
        let picture = under(right, used);
        if self.part == Part::Breaches {
            return self.draw_breaches(did, store, look, picture, buf);
        }
        if let Some(remote) = self.graph(store) {
            if self.as_numbers {
                self.draw_numbers(remote, look, picture, buf);
            } else {
                self.draw_towers(remote, look, picture, buf);
            }
        }
    }

    /// The rule above a part: which device, which parts there are, which one is shown.
    fn draw_head(&self, did: i64, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let names: Vec<String> = Part::ALL
            .iter()
            .map(|part| {
                let name = part.name();
                if *part == self.part { format!("[{name}]") } else { name.to_owned() }
            })
            .collect();
        let title = format!("{did}  {}", names.join("  "));
        let next = format!("{} next", look.key("devices.next-part"));
        rule(buf, area, 0, look, &title, &next);
    }

    /// Everything about a device on one small screen.
    fn draw_overview(
        &self,
        did: i64,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let theme = look.theme;
        let used = self.draw_facts(store, look, area, buf);
        let below = under(area, used);
        let mut spans = vec![Span::styled(" tags ", theme.dim)];
        // A write that is proven shows in the tags themselves.
        let fate = tagging::newest(did, store).and_then(|row| tagging::fate(row, store));
        if let Some((words, style)) = super::parts::fate_words(did, store, look)
            .filter(|_| !matches!(fate, Some(tagging::Fate::Proven(_))))
        {
            spans.push(Span::styled(words, style));
        } else {
            spans.extend(self.tag_words(store, did, look));
            spans.push(Span::styled("   similar ", theme.dim));
            let mut used: usize = spans.iter().map(|span| text::width(&span.content)).sum();
            let alike = self.alike_of(store);
            // As many as fit whole.
            for device in &alike {
                let Some(other) = device.did else { continue };
                let score = device.score.map_or_else(String::new, |score| format!(" ({score:.0})"));
                let words = format!("{other}{score}  ");
                used += text::width(&words);
                if used > usize::from(area.width) + 2 {
                    break;
                }
                spans.push(Span::raw(words));
            }
            if alike.is_empty() {
                spans.push(Span::raw("-"));
            }
        }
        put(buf, below, 0, &Line::from(spans));
        let picture = under(below, 1);
        if let Some(remote) = self.graph(store) {
            let rows = picture.height.saturating_sub(1);
            self.draw_line(remote, look, Rect { height: rows, ..picture }, buf);
        }
        let peers = self.top_peers(store);
        if !peers.is_empty() {
            let line = Line::from(vec![Span::styled(" top peers  ", theme.dim), Span::raw(peers)]);
            put(buf, picture, picture.height.saturating_sub(1), &line);
        }
    }

    /// The tags of a device in a line, each with its expiry.
    fn tag_words(&self, store: &Store, did: i64, look: &Look<'_>) -> Vec<Span<'static>> {
        let tags = self.tags_of(store);
        if tags.is_empty() {
            let (words, style) =
                store.device_tags.get(&did).filter(|remote| remote.value().is_none()).map_or_else(
                    || ("-".to_owned(), look.theme.text),
                    |remote| freshness(remote, look),
                );
            return vec![Span::styled(words, style)];
        }
        let mut spans = Vec::new();
        for tag in tags.iter().take(4) {
            let name = tag.name.clone().unwrap_or_else(|| "-".into());
            spans.push(Span::styled(format!("{name}  "), look.theme.label));
            if let Some(expiry) = tag.expiry.as_ref() {
                let until = format!("until {}  ", when(Some(expiry), look));
                spans.push(Span::styled(until, look.theme.dim));
            }
        }
        if tags.len() > 4 {
            spans.push(Span::styled(format!("and {} more", tags.len() - 4), look.theme.dim));
        }
        spans
    }

    /// What Darktrace knows of the device itself; returns the rows used.
    fn draw_facts(&self, store: &Store, look: &Look<'_>, area: Rect, buf: &mut Buffer) -> u16 {
        let Some(device) = self.device(store) else {
            return 0;
        };
        let some = |value: &Option<String>| {
            value.clone().filter(|value| !value.is_empty()).unwrap_or_else(|| "-".into())
        };
        let pairs = [
            ("type", kind(device)),
            ("mac", some(&device.mac)),
            ("vendor", some(&device.vendor)),
            ("os", some(&device.os)),
            ("subnet sid", number(device.sid)),
            ("priority", number(device.priority)),
            ("first", when(device.first_seen.as_ref(), look)),
            ("last", when(device.last_seen.as_ref(), look)),
        ];
        let wide = usize::from(area.width);
        let mut lines: Vec<Vec<Span<'_>>> = vec![Vec::new()];
        let mut used = 0;
        for (name, value) in pairs {
            if value == "-" && name != "os" {
                continue;
            }
            let need = text::width(name) + text::width(&value) + 4;
            if used + need > wide && used > 0 {
                lines.push(Vec::new());
                used = 0;
            }
            used += need;
            if let Some(line) = lines.last_mut() {
                line.push(Span::styled(format!(" {name} "), look.theme.dim));
                line.push(Span::raw(format!("{value}  ")));
            }
        }
        let rows = lines.len() as u16;
        paint::put_lines(buf, area, lines.into_iter().map(Line::from), 0);
        rows
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
