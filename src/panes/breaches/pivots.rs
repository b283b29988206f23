//! Where a breach leads: its device, the external end of a connection, the records around it.

use super::{BreachesPane, Part};
use crate::api::darktrace::breaches::LogRow;
use crate::api::darktrace::devices::Device;
use crate::command::{Cx, PaneId, Target, Tone};
use crate::export::{self, Indicator};
use crate::panes::lookup;
use crate::store::Store;

/// The external end of a connection: its name, else its address.
pub(super) fn outside(row: &LogRow) -> Option<&str> {
    let ends = [
        (row.destination_did, row.destination.as_deref(), row.destination_ip.as_deref()),
        // a connection from outside has its own device as destination
        (row.source_did, row.source.as_deref(), row.source_ip.as_deref()),
    ];
    let internal = |text: &str| export::classify(text).is_internal();
    let endpoint = |text: &&str| {
        let indicator = export::classify(text);
        matches!(indicator, Indicator::Ip { .. } | Indicator::Host { .. })
            && !indicator.is_internal()
    };
    ends.into_iter()
        .filter(|(did, _, ip)| did.is_none_or(|did| did <= 0) && !ip.is_some_and(internal))
        .find_map(|(_, name, ip)| name.filter(endpoint).or(ip.filter(endpoint)))
}

impl BreachesPane {
    /// The connection under the cursor.
    fn connection<'a>(&self, store: &'a Store) -> Option<&'a LogRow> {
        self.log(store).get(self.connections.cursor())
    }

    /// The external end a key is about: of the connection under the cursor, else of the first that has one.
    pub(super) fn external(&self, store: &Store) -> Option<String> {
        let found = if self.part == Part::Connections {
            self.connection(store).and_then(outside)
        } else {
            self.log(store).iter().find_map(outside)
        };
        found.map(str::to_owned)
    }

    /// `enter`: the detail alone, and back; on a connection what it leads to.
    pub(super) fn look_closer(&mut self, cx: &mut Cx<'_>) {
        if self.part != Part::Connections {
            self.closer = !self.closer;
            return;
        }
        if let Some(name) = self.external(cx.store) {
            return cx.go(PaneId::Endpoint, Some(Target::Endpoint(name)));
        }
        let own = self.did(cx.store);
        let other = self.connection(cx.store).and_then(|row| {
            let ends = [row.destination_did, row.source_did];
            ends.into_iter().flatten().find(|did| *did > 0 && Some(*did) != own)
        });
        match other {
            Some(did) => cx.go(PaneId::Devices, Some(Target::Device(did))),
            None => cx.say(Tone::Mind, "this connection leads to no endpoint and no other device"),
        }
    }

    pub(super) fn open_device(&mut self, cx: &mut Cx<'_>) {
        if let Some(did) = self.did(cx.store) {
            cx.go(PaneId::Devices, Some(Target::Device(did)));
        }
    }

    pub(super) fn open_endpoint(&mut self, cx: &mut Cx<'_>) {
        if let Some(name) = self.external(cx.store) {
            cx.go(PaneId::Endpoint, Some(Target::Endpoint(name)));
        }
    }

    /// The watched list's sheet, with the external end filled in.
    pub(super) fn watch(&mut self, cx: &mut Cx<'_>) {
        if let Some(name) = self.external(cx.store) {
            cx.go(PaneId::Watched, Some(Target::Watch(name)));
        }
    }

    /// Advanced search with a quarter of an hour around the breach: its device, and the other end of the connection under the
    /// cursor.
    pub(super) fn search(&mut self, cx: &mut Cx<'_>) {
        let Some(breach) = self.breach(cx.store) else {
            return cx.say(Tone::Mind, "nothing is known of this breach yet");
        };
        let row = self.connection(cx.store).filter(|_| self.part == Part::Connections);
        let device = breach.device.as_ref();
        let address = device.and_then(|device| device.ip.as_deref()).and_then(source);
        let name = || device.and_then(Device::name).map(|name| format!("\"{}\"", plain(name)));
        let other = row.and_then(outside).and_then(lookup::query);
        let query = match (address.or_else(name), other) {
            (Some(own), Some(other)) => format!("{own} AND {other}"),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => {
                let words = "this breach names no address and no host to search for";
                return cx.say(Tone::Mind, words);
            }
        };
        let time = row.and_then(|row| row.time.as_ref()).or(breach.time.as_ref());
        let time = time.or(breach.created.as_ref()).and_then(|time| time.at());
        let window = time.map_or_else(String::new, |at| {
            format!("[+-15m of {}] ", at.strftime("%Y-%m-%dT%H:%MZ"))
        });
        cx.go(PaneId::Search, Some(Target::Search(format!("{window}{query}"))));
    }
}

/// The query for what an address of ours sent.
fn source(ip: &str) -> Option<String> {
    let address: std::net::IpAddr = ip.parse().ok()?;
    Some(format!("@fields.source_ip:\"{address}\""))
}

/// Without what would end a quoted text.
fn plain(text: &str) -> String {
    text.replace(['"', '\\'], "")
}
