//! How look-ups look: what is known of one endpoint and who talked to it, the session's look-ups, a pasted list.

mod lists;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Asks, EndpointPane, Part};
use crate::api::Product;
use crate::api::darktrace::endpoints::{Endpoint, EndpointKind, EndpointReport, Location};
use crate::api::value::Time;
use crate::panes::lookup::{self, Flags, named};
use crate::panes::paint::{self, Look, did_width, freshness, put, rule, when, when_in};
use crate::store::Store;
use crate::ui::table::{Column, Row as Cells, Table, Text, Width};

/// From this width on the session's look-ups stand at the left.
const WIDE: u16 = 110;
/// Width of that part.
const PAST: u16 = 44;

type Fact = Line<'static>;

fn fact(name: &'static str, look: &Look<'_>, value: Vec<Span<'static>>) -> Fact {
    let mut spans = vec![Span::styled(format!("   {name:<14}"), look.theme.dim)];
    spans.extend(value);
    Line::from(spans)
}

/// A value, `-` when it is missing, `not asked` when it was not asked for.
fn value(text: Option<String>, asked: bool, look: &Look<'_>) -> Vec<Span<'static>> {
    match text.filter(|text| !text.is_empty()) {
        Some(text) => vec![Span::raw(text)],
        None if asked => vec![Span::raw("-")],
        None => vec![Span::styled("not asked", look.theme.dim)],
    }
}

fn place(place: &Location) -> Option<String> {
    let parts = [&place.city, &place.region, &place.country];
    let parts: Vec<&str> = parts
        .into_iter()
        .filter_map(|part| part.as_deref())
        .filter(|part| !part.is_empty())
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn spans(words: Vec<(String, Style)>) -> Vec<Span<'static>> {
    words.into_iter().map(|(word, style)| Span::styled(format!("{word}  "), style)).collect()
}

impl EndpointPane {
    pub(super) fn paint(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let (mut body, foot) = paint::footed(area);
        if paint::unconfigured(Product::Darktrace, look, body, buf) {
            return None;
        }
        if self.part == Part::Batch {
            self.draw_batch(store, look, body, buf);
        } else if area.width >= WIDE && !self.past.is_empty() {
            let left = Rect { width: PAST, ..body };
            self.draw_past(store, look, left, buf);
            for y in body.top()..body.bottom() {
                buf.set_stringn(body.x + PAST, y, look.theme.glyphs.bar, 1, look.theme.rule);
            }
            body.x += PAST + 1;
            body.width -= PAST + 1;
            self.draw_one(store, look, body, false, buf);
        } else {
            self.draw_one(store, look, body, true, buf);
        }
        if let Some((asks, field)) = &self.field {
            return self.draw_field(*asks, field, look, foot, buf);
        }
        let (words, style) = self.foot(store, look);
        let mut spans = vec![Span::styled(format!(" {words}"), style)];
        spans.extend(self.breached(store, look));
        put(buf, foot, 0, &Line::from(spans));
        None
    }

    fn foot(&self, store: &Store, look: &Look<'_>) -> (String, Style) {
        if self.part == Part::Batch {
            let marked = self.marked.len();
            let mut words = if self.batch.is_running() {
                format!("{} to go, two at a time   ^G stops", self.batch.left())
            } else {
                format!(
                    "{} marks, {} watches them, {} opens one",
                    look.key("endpoint.mark"),
                    look.key("endpoint.watch"),
                    look.key("endpoint.open")
                )
            };
            if marked > 0 {
                words = format!("{marked} marked   {words}");
            }
            return (words, look.theme.dim);
        }
        self.report(store).map_or_else(Default::default, |remote| freshness(remote, look))
    }

    /// The field, with the three options at its right.
    fn draw_field(
        &self,
        asks: Asks,
        field: &crate::ui::input::Field,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> Option<Position> {
        let Flags { info, devices, score } = self.flags;
        let options = [(info, "info"), (devices, "devices"), (score, "score")];
        let mut words: Vec<Span<'_>> = Vec::new();
        let mut wide = 0;
        for (index, (on, name)) in options.into_iter().enumerate() {
            let box_ = if on { "[x]" } else { "[ ]" };
            let here = self.option == index + 1;
            let style = if here {
                look.theme.cursor
            } else if on {
                look.theme.text
            } else {
                look.theme.dim
            };
            words.push(Span::styled(format!("{box_} {name}"), style));
            words.push(Span::raw("  "));
            wide += name.len() as u16 + 6;
        }
        // Where both do not fit, what is being changed is shown.
        let both = area.width >= wide + 30;
        if asks == Asks::Many || (!both && self.option == 0) {
            return field.draw(area, buf, look.theme);
        }
        if !both {
            words.insert(0, Span::styled("options: ", look.theme.dim));
            put(buf, area, 0, &Line::from(words));
            return None;
        }
        let room = Rect { width: area.width - wide - 1, ..area };
        let at = Rect { x: room.right() + 1, width: wide, ..area };
        put(buf, at, 0, &Line::from(words));
        let cursor = field.draw(room, buf, look.theme);
        cursor.filter(|_| self.option == 0)
    }

    fn draw_one(
        &self,
        store: &Store,
        look: &Look<'_>,
        area: Rect,
        past_below: bool,
        buf: &mut Buffer,
    ) {
        let (Some(endpoint), Some(remote)) = (&self.endpoint, self.report(store)) else {
            let words = [
                "Nothing is looked up.".to_owned(),
                format!(
                    "{} takes an address, host name or URL, defanged or not.",
                    look.key("endpoint.find")
                ),
                "Paste several lines to look up many.".to_owned(),
            ];
            return paint::empty(buf, area, look, &words);
        };
        let (name, kind) = named(endpoint);
        let title = vec![
            Span::styled(format!(" {}", lookup::shown(name)), look.theme.accent),
            Span::styled(format!("   {kind}"), look.theme.dim),
        ];
        put(buf, area, 0, &Line::from(title));
        let below =
            Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        match (remote.value(), &remote.error) {
            (Some(report), _) => {
                let known = report.kind != EndpointKind::Unknown;
                let mut facts =
                    if known { self.facts(endpoint, report, store, look) } else { unknown(look) };
                if report.kind != EndpointKind::InternalIp {
                    facts.push(watched(endpoint, store, look));
                }
                let rows = facts.len() as u16 + 1;
                paint::put_lines(buf, below, facts, 0);
                let rest = Rect {
                    y: below.y + rows.min(below.height),
                    height: below.height.saturating_sub(rows),
                    ..below
                };
                if past_below && self.part == Part::Past {
                    self.draw_past(store, look, rest, buf);
                } else {
                    let few = past_below && rest.height > 4;
                    let list = Rect { height: rest.height - u16::from(few), ..rest };
                    if known {
                        self.draw_devices(endpoint, report, look, list, buf);
                    }
                    if few {
                        self.draw_history(store, look, rest, buf);
                    }
                }
            }
            (None, Some((error, _))) if !remote.pending => {
                paint::failed(buf, below, look, error);
            }
            (None, _) if remote.pending => {
                paint::empty(buf, below, look, &["loading the endpoint".into()]);
            }
            (None, _) => {
                let words = [
                    "It was stopped before an answer came.".to_owned(),
                    format!("{} asks again.", look.key("shell.refresh")),
                ];
                paint::empty(buf, below, look, &words);
            }
        }
    }

    fn facts(
        &self,
        endpoint: &Endpoint,
        report: &EndpointReport,
        store: &Store,
        look: &Look<'_>,
    ) -> Vec<Fact> {
        let theme = look.theme;
        let asked = self.asked.get(endpoint).copied().unwrap_or_default();
        let mut facts = Vec::new();
        if report.kind == EndpointKind::InternalIp {
            let words =
                "   an address inside: Darktrace keeps no rarity for it, and it cannot be watched";
            facts.push(Line::from(Span::styled(words, theme.warn)));
            let subnet = report.subnet.as_ref();
            let of = |pick: fn(&crate::api::darktrace::endpoints::Subnet) -> Option<String>| {
                value(subnet.and_then(pick), true, look)
            };
            facts.push(fact("subnet", look, of(|subnet| subnet.label.clone())));
            facts.push(fact("network", look, of(|subnet| subnet.network.clone())));
            facts.push(fact("subnet id", look, of(|subnet| subnet.id.clone())));
            facts.push(fact("place", look, value(place(&report.location), true, look)));
            return facts;
        }
        let first = report.first_seen.as_ref().map(|at| match at.at() {
            Some(at) => format!("{}   in your network", look.clock.full(at)),
            None => at.to_string(),
        });
        facts.push(fact("first seen", look, value(first, true, look)));
        let number = |number: Option<f64>| number.map(|number| number.to_string());
        let mut popularity = value(number(report.popularity), asked.score, look);
        if report.popularity.is_some() {
            popularity.push(Span::styled("   0 nobody .. 100 everybody   ", theme.dim));
            popularity.extend(spans(lookup::verdict(report, theme).into_iter().take(1).collect()));
        }
        facts.push(fact("popularity", look, popularity));
        let mut dga = value(number(report.dga_score), asked.score, look);
        if report.dga_score.is_some_and(|score| score >= lookup::GENERATED) {
            dga.push(Span::styled("   looks generated", theme.warn));
        }
        facts.push(fact("dga score", look, dga));
        if report.kind == EndpointKind::ExternalIp {
            facts.push(fact("asn", look, value(report.asn.clone(), true, look)));
            facts.push(fact("place", look, value(place(&report.location), true, look)));
            let last = report.ip_time.as_ref().map(|at| when(Some(at), look));
            facts.push(fact("last seen", look, value(last, asked.info, look)));
        } else {
            let ips = report.ips.as_ref().map(|ips| {
                let mut words: Vec<(String, Style)> = Vec::new();
                for ip in ips.iter().filter_map(|ip| ip.ip.as_deref()) {
                    words.push((lookup::shown(ip), theme.text));
                    if let Ok(endpoint) = lookup::read(ip) {
                        words.extend(lookup::marks(store, &endpoint, theme));
                    }
                }
                words
            });
            let ips = match ips.filter(|ips| !ips.is_empty()) {
                Some(words) => spans(words),
                None => value(None, asked.info, look),
            };
            facts.push(fact("ips", look, ips));
            let places = report
                .locations
                .as_deref()
                .unwrap_or_default()
                .iter()
                .filter_map(place)
                .collect::<Vec<_>>();
            let places = value(Some(places.join("; ")), asked.info, look);
            facts.push(fact("locations", look, places));
        }
        facts
    }

    fn draw_devices(
        &self,
        endpoint: &Endpoint,
        report: &EndpointReport,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) {
        let Some(devices) = &report.devices else {
            let asked = self.asked.get(endpoint).is_none_or(|asked| asked.devices);
            let words =
                if asked { "the answer names no devices" } else { "devices were not asked for" };
            return rule(buf, area, 0, look, words, "");
        };
        let here = if report.kind == EndpointKind::InternalIp {
            "devices with this address"
        } else {
            "devices that talked to it"
        };
        rule(buf, area, 0, look, here, &devices.len().to_string());
        let below =
            Rect { y: area.y + 1.min(area.height), height: area.height.saturating_sub(1), ..area };
        if devices.is_empty() {
            return put(buf, below, 0, &Line::from(Span::styled("   none lately", look.theme.dim)));
        }
        let table = Table::new(vec![
            Column::new("DID", did_width(devices.iter().map(|device| device.did))),
            Column::new("HOST", Width::Flex(14, 2)),
            Column::new("IP", Width::Flex(15, 1)),
            Column::new("FIRST", Width::Fixed(12)).rank(2),
            Column::new("LAST", Width::Fixed(12)).rank(1),
        ])
        .active(self.part == Part::Devices);
        table.draw(below, buf, look.theme, &self.devices, devices.len(), |index| {
            let device = &devices[index];
            let did = device.did.map_or_else(|| "-".to_owned(), |did| did.to_string());
            Cells::new([
                Text::from(did),
                Text::from(device.name().unwrap_or("-").to_owned()),
                Text::from(device.ip.clone().unwrap_or_else(|| "-".into())),
                Text::styled(when_in(12, device.first_seen.as_ref(), look), look.theme.dim),
                Text::styled(when_in(12, device.last_seen.as_ref(), look), look.theme.dim),
            ])
        });
    }
}

/// Darktrace knows nothing of it: that is an answer.
fn unknown(look: &Look<'_>) -> Vec<Fact> {
    [
        ("   Darktrace knows nothing of it.", look.theme.warn),
        (
            "   Nothing in your network has talked to it, or it is written differently.",
            look.theme.dim,
        ),
    ]
    .into_iter()
    .map(|(words, style)| Line::from(Span::styled(words, style)))
    .collect()
}

/// Whether it is on the watched list.
fn watched(endpoint: &Endpoint, store: &Store, look: &Look<'_>) -> Fact {
    let theme = look.theme;
    let name = named(endpoint).0;
    let words = match lookup::watched(store, name) {
        None => vec![Span::styled(
            format!("not known: {} reads the list", look.key("shell.go-watched")),
            theme.dim,
        )],
        Some(None) => vec![
            Span::raw("no"),
            Span::styled(format!("   {} puts it there…", look.key("endpoint.watch")), theme.dim),
        ],
        Some(Some(entry)) => {
            let by = if entry.name.eq_ignore_ascii_case(name) {
                "yes".to_owned()
            } else {
                format!("by {}", lookup::shown(&entry.name))
            };
            let until = match &entry.expiry {
                None => String::new(),
                Some(Time::At(at)) => format!("   until {}", look.clock.short(*at)),
                Some(unread) => format!("   until {unread}"),
            };
            let reason = entry.description.as_deref().unwrap_or_default();
            vec![Span::styled(by, theme.bad), Span::raw(format!("{until}   {reason}"))]
        }
    };
    fact("watched", look, words)
}
