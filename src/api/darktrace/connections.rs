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
mod tests {
    use super::super::super::value::testing::*;
    use super::*;

    fn ask() -> ConnectionInfo {
        ConnectionInfo { did: 1, ..ConnectionInfo::default() }
    }

    #[test]
    fn calls_are_exact() {
        assert_eq!(
            wire(&ask()),
            "Read GET /deviceinfo?datatype=co&did=1&fulldevicedetails=false&showallgraphdata=false"
        );
        let full = ConnectionInfo {
            did: 1_000_000_000_001,
            data_type: DataType::SizeOut,
            external_domain: Some("a b.com".into()),
            destination_did: Some(0),
            port: Some(443),
            show_all_graph_data: true,
            similar_devices: Some(3),
            full_device_details: true,
            interval_hours: Some(24),
        };
        assert_eq!(
            wire(&full),
            concat!(
                "Read GET /deviceinfo?datatype=sizeout&did=1000000000001&externaldomain=a%20b.com",
                "&fulldevicedetails=true&intervalhours=24&odid=0&port=443&showallgraphdata=true&similardevices=3"
            )
        );
        let call = full.call().unwrap();
        assert!(call.query.is_sorted(), "signed and sent in byte order");
        assert_eq!(DataType::SizeIn.to_string(), "sizein");
        assert_eq!("sizein".parse(), Ok(DataType::SizeIn));
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let domain = ConnectionInfo { external_domain: Some(" ".into()), ..ask() };
        assert!(refused(&domain).starts_with("external domain"));
        let interval = ConnectionInfo { interval_hours: Some(0), ..ask() };
        assert!(refused(&interval).starts_with("interval"));
    }

    #[test]
    fn the_seeds_example_is_read_whole() {
        let body = include_str!("../../../tests/fixtures/darktrace-deviceinfo.json");
        let info = decode(&ask(), body).unwrap();
        assert_eq!(info.devices, []);
        let [series] = &info.series[..] else { panic!("{info:?}") };
        assert_eq!((series.did, series.similarity), (Some(1), Some(100.0)));
        let graph = series.graph.as_ref().unwrap();
        assert_eq!(graph.len(), 66);
        // the contract's arithmetic on the seed: the graph does not sum to the total
        let sum: f64 = graph.iter().map(|point| point.count).sum();
        assert_eq!((sum, series.total_used), (15_893.0, Some(1589)));
        assert_eq!(graph[0].at.to_string(), "2020-08-24T21:00:00Z");
        assert_eq!((series.total_served, series.total), (Some(0), Some(1589)));
        // and each list of shares to 100
        let shares = |shares: Vec<Option<f64>>| {
            let sum: f64 = shares.iter().flatten().sum();
            (shares.len(), sum)
        };
        let both = series.peers_and_ports.iter().map(|share| share.percent);
        assert_eq!(shares(both.collect()), (13, 100.0));
        let ports = series.ports_used.iter().map(|share| share.percent);
        assert_eq!(shares(ports.collect()), (9, 100.0));
        let peers = series.peers_used.iter().map(|share| share.percent);
        assert_eq!(shares(peers.collect()), (8, 100.0));
        assert_eq!((&series.ports_served, &series.peers_served), (&vec![], &vec![]));

        let ports: Vec<String> =
            series.ports_used.iter().map(|share| share.port.to_string()).collect();
        assert_eq!(ports.join(" "), "53 80 5001-10000 123 67 1514 443 3289 others");
        assert_eq!(series.ports_used[8].first_seen, None);
        let peers: Vec<String> =
            series.peers_used.iter().map(|share| share.peer.to_string()).collect();
        assert_eq!(peers.join(" "), "0 2 -5 -3 3 -6 -4 others");
        let open: Vec<Option<i64>> =
            series.peers_used.iter().map(|share| share.peer.device()).collect();
        assert_eq!(open, [None, Some(2), None, None, Some(3), None, None, None]);
        assert_eq!(
            series.peers_and_ports[4],
            PeerPort {
                peer: Peer::Device(-3),
                port: Port::Range(5001, 10_000),
                direction: Some(Direction::Out),
                percent: Some(10.0),
            }
        );
        assert_eq!(
            series.peers_and_ports[12],
            PeerPort {
                peer: Peer::Others,
                port: Port::Others,
                direction: None,
                percent: Some(1.0),
            }
        );
    }

    #[test]
    fn every_variant_is_read() {
        let info = decode(
            &ask(),
            r#"{"deviceInfo":[
                {"did":"1","similarityScore":100,"info":{"totalUsed":"12",
                  "devicesAndPorts":[{"deviceAndPort":{"direction":"in","device":"others","port":"others"},"size":"1.5"},
                    {"deviceAndPort":"someone","size":null},{"deviceAndPort":{"direction":"up","device":"-6","port":"a-b"}},{}],
                  "portsServed":[{"port":"443"},{"port":"1 to 9"},{"port":null}],
                  "devicesServed":[{"did":1000000000001,"firstTime":0},{"did":[1]}],
                  "externalDomains":[{"domain":"Unknown","size":60},{"size":40}],
                  "externalASNs":{"asn":"AS1 X","size":100}}},
                {"did":2,"graphData":[{"time":1598302800000,"count":390},{"time":"x","count":1},{"time":1598306400000},7]},
                {"info":null,"graphData":null}],
               "devices":[{"did":1}]}"#,
        )
        .unwrap();
        let [first, second, third] = &info.series[..] else { panic!("{info:?}") };
        assert_eq!((first.did, first.total_used, &first.graph), (Some(1), Some(12), &None));
        let peers_ports: Vec<(&Peer, &Port)> =
            first.peers_and_ports.iter().map(|share| (&share.peer, &share.port)).collect();
        let (unread_peer, unread_port) =
            (|text: &str| Peer::Unread(text.into()), |text: &str| Port::Unread(text.into()));
        assert_eq!(
            peers_ports,
            [
                (&Peer::Others, &Port::Others),
                (&unread_peer("someone"), &unread_port("someone")),
                (&Peer::Device(-6), &unread_port("a-b")),
                (&unread_peer(""), &unread_port("")),
            ]
        );
        assert_eq!(first.peers_and_ports[0].direction, Some(Direction::In));
        assert_eq!(first.peers_and_ports[0].percent, Some(1.5));
        assert_eq!(first.peers_and_ports[2].direction, None);
        let ports: Vec<&Port> = first.ports_served.iter().map(|share| &share.port).collect();
        assert_eq!(ports, [&Port::Number(443), &unread_port("1 to 9"), &unread_port("")]);
        assert_eq!(first.peers_served[0].peer.device(), Some(1_000_000_000_001));
        assert_eq!(first.peers_served[0].first_seen, None);
        assert_eq!(first.peers_served[1].peer, unread_peer("[1]"));
        assert_eq!(first.external_domains[0].name.as_deref(), Some("Unknown"));
        assert_eq!(first.external_domains[1].name, None);
        assert_eq!(first.external_asns[0].percent, Some(100.0));
        assert_eq!(second.graph.as_ref().unwrap().len(), 1);
        assert_eq!(*third, ConnectionSeries::default());
        assert_eq!(info.devices[0].did, Some(1));
    }

    #[test]
    fn nothing_refusals_and_other_shapes() {
        let nothing = decode(&ask(), r#"{"deviceInfo":[]}"#).unwrap();
        assert_eq!(nothing, DeviceInfo::default());
        assert_eq!(
            cause(&ask(), r#"{"error":"no such device"}"#),
            Cause::Refused("no such device".into())
        );
        assert_eq!(place(&ask(), "{}"), "deviceInfo");
        assert_eq!(place(&ask(), r#"{"deviceInfo":"x"}"#), "deviceInfo");
        assert_eq!(place(&ask(), r#"{"deviceInfo":[{},1]}"#), "deviceInfo[1]");
        assert_eq!(place(&ask(), "[]"), ".");
    }

    #[test]
    fn no_answer_breaks_the_reader() {
        survives(&ask());
    }
}
