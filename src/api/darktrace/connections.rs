//! Connections of a device over the last four weeks: totals, peers, ports, and the graph.

use std::fmt;

use jiff::Timestamp;

use super::super::value::{Body, Fields, Node, Shape, Time};
use super::super::{Answer, BadInput, Call, Cause, Method, Operation, Path};
use super::devices::Device;
use super::{call, flag, missing, object, rows, said, unexpected};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, strum::Display, strum::EnumString)]
pub enum DataType {
    /// Connections.
    #[default]
    #[strum(serialize = "co")]
    Connections,
    /// Volume sent.
    #[strum(serialize = "sizeout")]
    SizeOut,
    /// Volume received.
    #[strum(serialize = "sizein")]
    SizeIn,
}

/// Asks for a device's connections: `GET /deviceinfo` `[OAS, SDKg, XA]`. The window is fixed: the last four weeks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct ConnectionInfo {
    /// Which device.
    pub did: i64,
    /// What is counted.
    pub data_type: DataType,
    /// Only connections to this domain.
    pub external_domain: Option<String>,
    /// Only connections to this device, on the wire `odid`; 0 is everything external, with its domains and networks.
    pub destination_did: Option<i64>,
    /// Only this port.
    pub port: Option<u16>,
    /// With the empty intervals of the graph.
    pub show_all_graph_data: bool,
    /// The same for this many similar devices.
    pub similar_devices: Option<u32>,
    /// With details of every device the answer mentions.
    pub full_device_details: bool,
    /// Width of the graph's intervals in hours, at least 1, which is the server's default.
    pub interval_hours: Option<u32>,
}

/// The connections of a device and of those like it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DeviceInfo {
    /// The device asked for, then similar ones. Empty: nothing is known.
    pub series: Vec<ConnectionSeries>,
    /// Details of the devices mentioned, where asked for.
    pub devices: Vec<Device>,
}

/// The connections of one device.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConnectionSeries {
    /// Which device.
    pub did: Option<i64>,
    /// How similar it is to the one asked for, which is 100.
    pub similarity: Option<f64>,
    /// The graph. Without empty intervals unless asked for: a time axis, not an index axis. `None` when not sent.
    pub graph: Option<Vec<GraphPoint>>,
    /// How often it connected to others; not the sum of the graph.
    pub total_used: Option<u64>,
    /// How often others connected to it.
    pub total_served: Option<u64>,
    /// Both.
    pub total: Option<u64>,
    /// Shares by peer and port.
    pub peers_and_ports: Vec<PeerPort>,
    /// Shares by port it connected to.
    pub ports_used: Vec<PortShare>,
    /// Shares by port others connected to.
    pub ports_served: Vec<PortShare>,
    /// Shares by device it connected to.
    pub peers_used: Vec<PeerShare>,
    /// Shares by device that connected to it.
    pub peers_served: Vec<PeerShare>,
    /// Shares by domain, when asked for everything external.
    pub external_domains: Vec<Share>,
    /// Shares by network, when asked for everything external.
    pub external_asns: Vec<Share>,
}

/// One interval of the graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GraphPoint {
    /// Its start.
    pub at: Timestamp,
    /// Connections, or volume.
    pub count: f64,
}

/// The other end of connections.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Peer {
    /// A device; 0 is everything external, negative numbers are groups whose meaning is not documented.
    Device(i64),
    /// The rest, too small to be listed.
    Others,
    /// Something else, as it came.
    Unread(String),
}

impl Peer {
    fn read(node: Node<'_>) -> Self {
        if let Some(did) = node.int() {
            return Self::Device(did);
        }
        let text = node.line();
        if is_others(&text) { Self::Others } else { Self::Unread(text) }
    }

    /// The device's number, where it is one that can be opened.
    pub fn device(&self) -> Option<i64> {
        match self {
            Self::Device(did) if *did > 0 => Some(*did),
            _ => None,
        }
    }
}

/// A port, or several.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Port {
    /// One port.
    Number(i64),
    /// All from the first to the last.
    Range(i64, i64),
    /// The rest, too small to be listed.
    Others,
    /// Something else, as it came.
    Unread(String),
}

impl Port {
    fn read(node: Node<'_>) -> Self {
        if let Some(port) = node.int() {
            return Self::Number(port);
        }
        let text = node.line();
        if is_others(&text) {
            return Self::Others;
        }
        let range = text.split_once('-').and_then(|(first, last)| {
            let first = first.trim().parse().ok()?;
            let last = last.trim().parse().ok()?;
            Some(Self::Range(first, last))
        });
        range.unwrap_or(Self::Unread(text))
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(port) => port.fmt(f),
            Self::Range(first, last) => f.pad(&format!("{first}-{last}")),
            Self::Others => f.pad("others"),
            Self::Unread(text) => f.pad(text),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(did) => did.fmt(f),
            Self::Others => f.pad("others"),
            Self::Unread(text) => f.pad(text),
        }
    }
}

fn is_others(text: &str) -> bool {
    text.trim().eq_ignore_ascii_case("others")
}

/// Which way connections go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the device.
    Out,
    /// To the device.
    In,
}

/// A share by peer and port.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerPort {
    /// The other end.
    pub peer: Peer,
    /// The port; the rest when the peer is.
    pub port: Port,
    /// Which way; not told of the rest.
    pub direction: Option<Direction>,
    /// Per cent of the total `[OAS]`.
    pub percent: Option<f64>,
}

/// A share by port.
#[derive(Debug, Clone, PartialEq)]
pub struct PortShare {
    /// The port.
    pub port: Port,
    /// Per cent of the total.
    pub percent: Option<f64>,
    /// When it was first used; not told of the rest.
    pub first_seen: Option<Time>,
}

/// A share by peer.
#[derive(Debug, Clone, PartialEq)]
pub struct PeerShare {
    /// The other end.
    pub peer: Peer,
    /// Per cent of the total.
    pub percent: Option<f64>,
    /// When it was first met; not always told.
    pub first_seen: Option<Time>,
}

/// A share by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// A domain (`Unknown` may be one) or a network.
    pub name: Option<String>,
    /// Per cent of the total.
    pub percent: Option<f64>,
}

impl ConnectionSeries {
    fn read(fields: &Fields<'_>) -> Self {
        let info = fields.object("info").unwrap_or_default();
        let ports = |key| {
            info.each(key, |fields| PortShare {
                port: fields.get("port").map_or(Port::Unread(String::new()), Port::read),
                percent: fields.num("size"),
                first_seen: fields.time("firstTime"),
            })
            .unwrap_or_default()
        };
        let peers = |key| {
            info.each(key, |fields| PeerShare {
                peer: fields.get("did").map_or(Peer::Unread(String::new()), Peer::read),
                percent: fields.num("size"),
                first_seen: fields.time("firstTime"),
            })
            .unwrap_or_default()
        };
        let shares = |key, name: &str| {
            info.each(key, |fields| Share { name: fields.word(name), percent: fields.num("size") })
                .unwrap_or_default()
        };
        Self {
            did: fields.int("did"),
            similarity: fields.num("similarityScore"),
            graph: fields.get("graphData").map(|node| {
                let points = node.one_or_many().into_iter();
                points.filter_map(GraphPoint::read).collect()
            }),
            total_used: info.count("totalUsed"),
            total_served: info.count("totalServed"),
            total: info.count("totalDevicesAndPorts"),
            peers_and_ports: info.each("devicesAndPorts", PeerPort::read).unwrap_or_default(),
            ports_used: ports("portsUsed"),
            ports_served: ports("portsServed"),
            peers_used: peers("devicesUsed"),
            peers_served: peers("devicesServed"),
            external_domains: shares("externalDomains", "domain"),
            external_asns: shares("externalASNs", "asn"),
        }
    }
}

impl GraphPoint {
    /// A point without a time or a count says nothing and is left out.
    fn read(node: Node<'_>) -> Option<Self> {
        let fields = node.fields()?;
        Some(Self { at: fields.time("time")?.at()?, count: fields.num("count")? })
    }
}

impl PeerPort {
    fn read(fields: &Fields<'_>) -> Self {
        let percent = fields.num("size");
        let both = fields.get("deviceAndPort");
        let Some(parts) = both.and_then(Node::fields) else {
            let text = both.map(Node::line).unwrap_or_default();
            let (peer, port) = if is_others(&text) {
                (Peer::Others, Port::Others)
            } else {
                (Peer::Unread(text.clone()), Port::Unread(text))
            };
            return Self { peer, port, direction: None, percent };
        };
        Self {
            peer: parts.get("device").map_or(Peer::Unread(String::new()), Peer::read),
            port: parts.get("port").map_or(Port::Unread(String::new()), Port::read),
            direction: match parts.word("direction").as_deref() {
                Some("out") => Some(Direction::Out),
                Some("in") => Some(Direction::In),
                _ => None,
            },
            percent,
        }
    }
}

impl Operation for ConnectionInfo {
    type Output = DeviceInfo;

    fn call(&self) -> Result<Call, BadInput> {
        if let Some(domain) = &self.external_domain {
            said("external domain", domain)?;
        }
        if self.interval_hours == Some(0) {
            return Err(BadInput::new("interval", "0", "an interval lasts an hour or more"));
        }
        let text = |number: Option<u32>| number.map(|number| number.to_string());
        Ok(call("device connections", Method::Get, Path::fixed("/deviceinfo"))
            .query("datatype", self.data_type.to_string())
            .query("did", self.did.to_string())
            .query_opt("externaldomain", self.external_domain.as_deref())
            .query("fulldevicedetails", flag(self.full_device_details))
            .query_opt("intervalhours", text(self.interval_hours))
            .query_opt("odid", self.destination_did.map(|did| did.to_string()))
            .query_opt("port", self.port.map(|port| port.to_string()))
            .query("showallgraphdata", flag(self.show_all_graph_data))
            .query_opt("similardevices", text(self.similar_devices)))
    }

    fn decode(&self, answer: &Answer) -> Result<DeviceInfo, Cause> {
        let body = Body::read(answer)?;
        let fields = object(body.node())?;
        let Some(series) = fields.get("deviceInfo") else {
            return Err(missing("deviceInfo"));
        };
        if !matches!(series.shape(), Shape::Array | Shape::Object) {
            return Err(unexpected("deviceInfo", "an array", series));
        }
        Ok(DeviceInfo {
            series: rows(series.one_or_many(), "deviceInfo", ConnectionSeries::read)?,
            devices: fields.each("devices", Device::read).unwrap_or_default(),
        })
    }
}

#[cfg(test)]
mod tests;
