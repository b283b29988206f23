//! Look-up of an external endpoint: any form of input, refanged and typed; what is missing is `-`, never 0.

use crossterm::event::KeyEvent;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::paint::{self, Look, freshness, put, rule, when};
use super::{Pane, Rows};
use crate::api::Product;
use crate::api::darktrace::devices::Device;
use crate::api::darktrace::endpoints::{
    Endpoint, EndpointDetails, EndpointKind, EndpointReport, Location,
};
use crate::command::{Cx, PaneId, Ready, Row, Target, Tone, always};
use crate::export::{self, Indicator};
use crate::job::Policy;
use crate::store::{Remote, Store};
use crate::ui::input::{Field, Reaction};
use crate::ui::table::{Column, ListState, Row as Cells, Table, Text, Width};

/// Popularity up to which an endpoint is called rare. 0 is nobody, 100 everybody.
const RARE: f64 = 10.0;

/// The pane.
#[derive(Default)]
pub struct EndpointPane {
    endpoint: Option<Endpoint>,
    devices: ListState,
    field: Option<Field>,
    history: Vec<String>,
}

impl Rows for EndpointPane {
    const ID: PaneId = PaneId::Endpoint;
    const ROWS: &'static [Row<Self>] = &[
        Row {
            id: "endpoint.find",
            title: "look up an address, host name or URL",
            keys: &["/"],
            hint: "look up",
            ready: always,
            run: Self::find,
        },
        Row {
            id: "endpoint.device",
            title: "open the device under the cursor",
            keys: &["enter", "d"],
            hint: "device",
            ready: has_device,
            run: Self::open_device,
        },
    ];
}

fn has_device(pane: &EndpointPane, store: &Store) -> Ready {
    pane.device(store)
        .map(|_| ())
        .ok_or("there is no device under the cursor".into())
}

/// Reads what a person typed or pasted: `hxxp://cats[.]com/a`, `8.8.8[.]8:443`, `[2001:db8::1]`.
fn read(text: &str) -> Result<Endpoint, String> {
    let indicator = export::classify(text);
    let address = |target: &String| target.parse::<std::net::IpAddr>().is_ok();
    match (&indicator, indicator.target()) {
        (Indicator::Unknown { text, why }, _) => {
            Err(format!("'{text}' is no address, host name or URL: {why}"))
        }
        (Indicator::Email { .. }, _) => {
            Err("a mail address is no endpoint; look up its domain".to_owned())
        }
        (_, None) => Err("a range of addresses is no endpoint; look up one address".to_owned()),
        (_, Some(target)) if address(&target) => Ok(Endpoint::Ip(target)),
        (_, Some(target)) => Ok(Endpoint::Hostname(target)),
    }
}

fn named(endpoint: &Endpoint) -> (&str, &'static str) {
    match endpoint {
        Endpoint::Ip(text) => (text, "IP"),
        Endpoint::Hostname(text) => (text, "hostname"),
    }
}

impl EndpointPane {
    fn report<'a>(&self, store: &'a Store) -> Option<&'a Remote<EndpointReport>> {
        store.endpoints.get(self.endpoint.as_ref()?)
    }

    fn met<'a>(&self, store: &'a Store) -> &'a [Device] {
        let report = self.report(store).and_then(Remote::value);
        report
            .and_then(|report| report.devices.as_deref())
            .unwrap_or_default()
    }

    fn device<'a>(&self, store: &'a Store) -> Option<&'a Device> {
        self.met(store).get(self.devices.cursor())
    }

    fn find(&mut self, _cx: &mut Cx<'_>) {
        let field = Field::new("look up: ")
            .placeholder("address, host or URL; defanged is fine")
            .history(self.history.clone());
        self.field = Some(field);
    }

    fn open_device(&mut self, cx: &mut Cx<'_>) {
        match self.device(cx.store).and_then(|device| device.did) {
            Some(did) if did > 0 => cx.go(PaneId::Devices, Some(Target::Device(did))),
            Some(did) => cx.say(
                Tone::Mind,
                format!("{did} is a group of devices, not a device"),
            ),
            None => cx.say(Tone::Mind, "it has no id to open it by"),
        }
    }

    fn look_up(&mut self, text: &str, cx: &mut Cx<'_>) {
        match read(text) {
            Ok(endpoint) => {
                self.endpoint = Some(endpoint);
                self.devices = ListState::default();
                self.ask(Policy::Latest, cx);
            }
            Err(why) => cx.say(Tone::Mind, why),
        }
    }

    fn ask(&mut self, policy: Policy, cx: &mut Cx<'_>) {
        if let Some(endpoint) = self.endpoint.clone() {
            let details = EndpointDetails {
                endpoint,
                additional_info: true,
                devices: true,
                score: true,
            };
            cx.store.ask(details, policy, cx.now);
        }
    }

    fn draw_report(
        &self,
        report: &EndpointReport,
        look: &Look<'_>,
        area: Rect,
        buf: &mut Buffer,
    ) -> u16 {
        let theme = look.theme;
        let fact = |name: &'static str, value: Vec<Span<'static>>| {
            let mut spans = vec![Span::styled(format!("   {name:<14}"), theme.dim)];
            spans.extend(value);
            Line::from(spans)
        };
        let plain = |value: Option<String>| {
            vec![Span::raw(
                value
                    .filter(|value| !value.is_empty())
                    .unwrap_or_else(|| "-".into()),
            )]
        };
        let number =
            |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| value.to_string());
        let place = |place: &Location| {
            let parts = [&place.city, &place.region, &place.country];
            let parts: Vec<&str> = parts
                .into_iter()
                .filter_map(|part| part.as_deref())
                .filter(|part| !part.is_empty())
                .collect();
            (!parts.is_empty()).then(|| parts.join(", "))
        };
        let mut lines = Vec::new();
        if report.kind == EndpointKind::InternalIp {
            lines.push(Line::from(Span::styled(
                "   an internal address: Darktrace keeps no rarity for it",
                theme.warn,
            )));
            let subnet = report.subnet.as_ref();
            lines.push(fact(
                "subnet",
                plain(subnet.and_then(|subnet| subnet.label.clone())),
            ));
            lines.push(fact(
                "network",
                plain(subnet.and_then(|subnet| subnet.network.clone())),
            ));
            lines.push(fact(
                "subnet id",
                plain(subnet.and_then(|subnet| subnet.id.clone())),
            ));
            lines.push(fact("place", plain(place(&report.location))));
        } else {
            let first = report.first_seen.as_ref().map(|at| match at.at() {
                Some(at) => format!("{}   in your network", look.clock.full(at)),
                None => at.to_string(),
            });
            lines.push(fact("first seen", plain(first)));
            let mut popularity = vec![
                Span::raw(number(report.popularity)),
                Span::styled("   0 nobody .. 100 everybody", theme.dim),
            ];
            if report
                .popularity
                .is_some_and(|popularity| popularity <= RARE)
            {
                popularity.push(Span::styled("   RARE", theme.warn));
            }
            lines.push(fact("popularity", popularity));
            lines.push(fact(
                "dga score",
                plain(report.dga_score.map(|score| score.to_string())),
            ));
            if report.kind == EndpointKind::ExternalIp {
                lines.push(fact("asn", plain(report.asn.clone())));
                lines.push(fact("place", plain(place(&report.location))));
                lines.push(fact(
                    "last seen",
                    plain(report.ip_time.as_ref().map(|at| when(Some(at), look))),
                ));
            } else {
                let ips = report
                    .ips
                    .as_deref()
                    .unwrap_or_default()
                    .iter()
                    .filter_map(|ip| ip.ip.as_deref())
                    .map(export::defang)
                    .collect::<Vec<_>>();
                lines.push(fact("ips", plain(Some(ips.join("  ")))));
                let places = report
                    .locations
                    .as_deref()
                    .unwrap_or_default()
                    .iter()
                    .filter_map(place)
                    .collect::<Vec<_>>();
                lines.push(fact("locations", plain(Some(places.join("; ")))));
            }
        }
        let rows = lines.len() as u16;
        paint::put_lines(buf, area, lines, 0);
        rows
    }

    fn draw_devices(&self, report: &EndpointReport, look: &Look<'_>, area: Rect, buf: &mut Buffer) {
        let Some(devices) = &report.devices else {
            return;
        };
        rule(
            buf,
            area,
            0,
            look,
            "devices that talked to it",
            &devices.len().to_string(),
        );
        let below = Rect {
            y: area.y + 1.min(area.height),
            height: area.height.saturating_sub(1),
            ..area
        };
        if devices.is_empty() {
            return put(
                buf,
                below,
                0,
                &Line::from(Span::styled("   none lately", look.theme.dim)),
            );
        }
        let table = Table::new(vec![
            Column::new("DID", Width::Fixed(7)),
            Column::new("HOST", Width::Flex(14, 2)),
            Column::new("IP", Width::Flex(15, 1)),
            Column::new("LAST", Width::Fixed(12)).rank(1),
        ]);
        table.draw(
            below,
            buf,
            look.theme,
            &self.devices,
            devices.len(),
            |index| {
                let device = &devices[index];
                Cells::new([
                    Text::from(
                        device
                            .did
                            .map_or_else(|| "-".to_owned(), |did| did.to_string()),
                    ),
                    Text::from(device.name().unwrap_or("-").to_owned()),
                    Text::from(device.ip.clone().unwrap_or_else(|| "-".into())),
                    Text::styled(when(device.last_seen.as_ref(), look), look.theme.dim),
                ])
            },
        );
    }
}

impl Pane for EndpointPane {
    fn open(&mut self, target: Option<Target>, cx: &mut Cx<'_>) {
        match target {
            Some(Target::Endpoint(text)) => self.look_up(&text, cx),
            _ if self.endpoint.is_none() && !cx.prefs.absent.contains(&Product::Darktrace) => {
                self.find(cx);
            }
            _ => {}
        }
    }

    fn refresh(&mut self, cx: &mut Cx<'_>) {
        self.ask(Policy::Latest, cx);
    }

    fn place(&self) -> Option<Target> {
        self.endpoint
            .as_ref()
            .map(|endpoint| Target::Endpoint(named(endpoint).0.to_owned()))
    }

    fn list(&mut self, store: &Store) -> Option<(&mut ListState, usize)> {
        let len = self.met(store).len();
        Some((&mut self.devices, len))
    }

    fn typing(&self) -> bool {
        self.field.is_some()
    }

    fn text(&mut self, key: KeyEvent, cx: &mut Cx<'_>) -> bool {
        let Some(field) = &mut self.field else {
            return false;
        };
        match field.key(key) {
            Reaction::Submit => {
                // A refused text stays in the field, to be mended.
                let text = field.text().to_owned();
                if read(&text).is_ok() {
                    field.take();
                    self.history = field.entries().to_vec();
                    self.field = None;
                }
                self.look_up(&text, cx);
                true
            }
            Reaction::Cancel => {
                self.field = None;
                true
            }
            Reaction::Ignored => false,
            _ => true,
        }
    }

    fn paste(&mut self, text: &str, _cx: &mut Cx<'_>) -> bool {
        self.field.as_mut().map(|field| field.paste(text)).is_some()
    }

    fn cancel(&mut self) -> bool {
        self.field.take().is_some()
    }

    fn grid(&self, store: &Store) -> Option<crate::export::Grid> {
        let report = self.report(store)?.value()?;
        Some(super::grids::endpoint(
            named(self.endpoint.as_ref()?).0,
            report,
        ))
    }

    fn take(
        &self,
        what: crate::command::Take,
        store: &Store,
        _prefs: &crate::command::Prefs,
    ) -> Option<String> {
        let report = self.report(store).and_then(Remote::value);
        super::grids::endpoint_taken(what, named(self.endpoint.as_ref()?).0, report)
    }

    fn heading(&self, _store: &Store) -> String {
        self.endpoint
            .as_ref()
            .map_or_else(String::new, |endpoint| export::defang(named(endpoint).0))
    }

    fn draw(
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
        match (&self.endpoint, self.report(store)) {
            _ if look.prefs.absent.contains(&Product::Darktrace) => {
                paint::empty(
                    buf,
                    body,
                    look,
                    &[
                        "Darktrace is not configured.".into(),
                        "socdeck config path tells where; socdeck doctor checks it.".into(),
                    ],
                );
            }
            (None, _) | (_, None) => {
                let hint = format!(
                    "{} takes an address, host name or URL, defanged or not.",
                    look.key("endpoint.find")
                );
                paint::empty(buf, body, look, &["Nothing is looked up.".into(), hint]);
            }
            (Some(endpoint), Some(remote)) => {
                let (name, kind) = named(endpoint);
                let title = vec![
                    Span::styled(format!(" {}", export::defang(name)), look.theme.accent),
                    Span::styled(format!("   {kind}"), look.theme.dim),
                ];
                put(buf, body, 0, &Line::from(title));
                let below = Rect {
                    y: body.y + 1.min(body.height),
                    height: body.height.saturating_sub(1),
                    ..body
                };
                match (remote.value(), &remote.error) {
                    (Some(report), _) if report.kind == EndpointKind::Unknown => {
                        paint::empty(buf, below, look, &["Darktrace knows nothing of it.".into(), "Nothing in your network has talked to it, or it is written differently.".into()]);
                    }
                    (Some(report), _) => {
                        let rows = self.draw_report(report, look, below, buf) + 1;
                        let rest = Rect {
                            y: below.y + rows.min(below.height),
                            height: below.height.saturating_sub(rows),
                            ..below
                        };
                        self.draw_devices(report, look, rest, buf);
                    }
                    (None, Some((error, _))) => paint::failed(buf, below, look, error),
                    (None, None) => {
                        paint::empty(buf, below, look, &["loading the endpoint".into()])
                    }
                }
            }
        }
        if let Some(field) = &self.field {
            return field.draw(foot, buf, look.theme);
        }
        if let Some(remote) = self.report(store) {
            let (words, style) = freshness(remote, look);
            put(
                buf,
                foot,
                0,
                &Line::from(Span::styled(format!(" {words}"), style)),
            );
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_form_is_refanged_and_typed() {
        let host = |text: &str| Ok(Endpoint::Hostname(text.into()));
        let ip = |text: &str| Ok(Endpoint::Ip(text.into()));
        for (text, wanted) in [
            ("cats.com", host("cats.com")),
            ("hxxp://cats[.]com/a?b", host("cats.com")),
            ("https://8.8.8[.]8:8443/x", ip("8.8.8.8")),
            (" 8.8.8.8:443 ", ip("8.8.8.8")),
            ("[2001:db8::1]:443", ip("2001:db8::1")),
            ("2001:db8::1", ip("2001:db8::1")),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
        for bad in ["", "a b", "not a host!", "1.2.3.999"] {
            assert!(read(bad).is_err(), "{bad:?} -> {:?}", read(bad));
        }
    }
}
