//! The connection records advanced search counts: generated from the devices' habits and hours, newest first. Made when
//! first asked for, because nothing else needs them.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::super::rng::Rng;
use super::super::time::{DAY, HOUR, Ms, zulu};
use super::model::{Peer, Target, World};

/// How many connections there are, about; each may have a second record of its protocol.
const CONNECTIONS: i64 = 42_000;

/// One record. Names and addresses are looked up in the world.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    pub at: Ms,
    device: u16,
    peer: u16,
    /// True for the record of the protocol (`ssl`, `dns`, …), false for the `conn` record.
    protocol: bool,
    source_port: u16,
    sent: u32,
    received: u32,
    millis: u32,
    uid: u64,
}

/// The records of four weeks, newest first.
pub fn generate(world: &World) -> Vec<Record> {
    let end = world.start;
    let first = (end - 28 * DAY).div_euclid(HOUR) * HOUR;
    let mut out = Vec::with_capacity(CONNECTIONS as usize * 2);
    let hours: Vec<Vec<i64>> = world
        .devices
        .iter()
        .map(|d| (0..28 * 24).map(|h| world.hourly(d, first + h * HOUR)).collect())
        .collect();
    let total: i64 = hours.iter().flatten().sum::<i64>().max(1);
    let mut rng = Rng::new(world.seed, "records");
    for (device, hours) in hours.iter().enumerate() {
        let peers = &world.peers[device];
        if peers.is_empty() {
            continue;
        }
        let weights: Vec<(u16, u32)> =
            peers.iter().enumerate().map(|(i, p)| (i as u16, p.weight)).collect();
        // what one record stands for is carried over, so that quiet devices are not lost to rounding
        let mut carried = 0;
        for (hour, count) in hours.iter().enumerate() {
            carried += count * CONNECTIONS;
            let records = carried / total;
            carried %= total;
            for _ in 0..records {
                let at = first + hour as i64 * HOUR + rng.between(0, HOUR - 1);
                let index = *rng.weighted(&weights);
                let peer = &peers[index as usize];
                let bytes = i64::from(peer.bytes);
                let record = Record {
                    at,
                    device: device as u16,
                    peer: index,
                    protocol: false,
                    source_port: rng.between(49_152, 65_535) as u16,
                    sent: rng.between(bytes / 2, bytes * 2) as u32,
                    received: rng.between(40, bytes / 3 + 900) as u32,
                    millis: rng.between(3, 90_000) as u32,
                    uid: rng.next(),
                };
                if at > end {
                    continue;
                }
                out.push(record);
                if peer.service != "-" && rng.chance(0.5) {
                    out.push(Record { protocol: true, at: at + 7, ..record });
                }
            }
        }
    }
    out.sort_by_key(|r| (std::cmp::Reverse(r.at), r.uid, r.protocol));
    out
}

/// A record with the world it refers to.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    world: &'a World,
    record: &'a Record,
}

impl<'a> Seen<'a> {
    /// This record in this world.
    pub fn new(world: &'a World, record: &'a Record) -> Self {
        Self { world, record }
    }

    fn peer(&self) -> &'a Peer {
        &self.world.peers[self.record.device as usize][self.record.peer as usize]
    }

    fn kind(&self) -> &'static str {
        if self.record.protocol { self.peer().service } else { "conn" }
    }

    /// The address and the name of the other end.
    fn other(&self) -> (Option<&'a str>, Option<&'a str>) {
        match self.peer().target {
            Target::Device(did) => self
                .world
                .device(did)
                .map_or((None, None), |d| (d.ip.as_deref(), d.hostname.as_deref())),
            Target::Endpoint(e) => {
                let e = &self.world.endpoints[e];
                (e.ip, Some(e.hostname))
            }
            Target::Group(_) => (Some("239.255.255.250"), None),
        }
    }

    /// The value of a field, with or without `@fields.`; None where this record has no such field.
    pub fn field(&self, name: &str) -> Option<Cow<'a, str>> {
        let r = self.record;
        let peer = self.peer();
        let device = &self.world.devices[r.device as usize];
        let (other_ip, other_name) = self.other();
        let text = |t: Option<&'a str>| t.map(Cow::Borrowed);
        let number = |n: u64| Some(Cow::Owned(n.to_string()));
        let (mine, theirs) =
            ((device.ip.as_deref(), device.hostname.as_deref()), (other_ip, other_name));
        // of an incoming connection the other end is the source
        let (source, destination) = if peer.out { (mine, theirs) } else { (theirs, mine) };
        let on = |kinds: &[&str]| r.protocol && kinds.contains(&peer.service);
        match name.strip_prefix("@fields.").unwrap_or(name) {
            "@type" => Some(Cow::Borrowed(self.kind())),
            "source_ip" => text(source.0),
            "source_host" => text(source.1),
            "source_port" => number(u64::from(r.source_port)),
            "dest_ip" => text(destination.0),
            "dest_host" => text(destination.1),
            "dest_port" => number(u64::from(peer.port)),
            "proto" => {
                Some(Cow::Borrowed(if matches!(peer.port, 53 | 67 | 123 | 1_514 | 1_900 | 5_353) {
                    "udp"
                } else {
                    "tcp"
                }))
            }
            "service" if !r.protocol && peer.service != "-" => Some(Cow::Borrowed(peer.service)),
            "uid" => Some(Cow::Owned(format!("C{:016x}", r.uid))),
            "orig_bytes" if !r.protocol => number(u64::from(r.sent)),
            "resp_bytes" if !r.protocol => number(u64::from(r.received)),
            "orig_pkts" if !r.protocol => number(u64::from(r.sent / 900 + 1)),
            "duration" if !r.protocol => {
                Some(Cow::Owned(format!("{:.3}", f64::from(r.millis) / 1000.0)))
            }
            "conn_state" if !r.protocol => Some(Cow::Borrowed(
                ["SF", "SF", "SF", "SF", "S0", "RSTO", "REJ", "SF"][(r.uid % 8) as usize],
            )),
            "epochdate" => Some(Cow::Owned((r.at / 1000).to_string())),
            "server_name" if on(&["ssl"]) => text(other_name),
            "version" if on(&["ssl"]) => {
                Some(Cow::Borrowed(if r.uid.is_multiple_of(4) { "TLSv12" } else { "TLSv13" }))
            }
            "host" if on(&["http"]) => text(other_name.or(other_ip)),
            "method" if on(&["http"]) => {
                Some(Cow::Borrowed(if r.uid.is_multiple_of(5) { "POST" } else { "GET" }))
            }
            "query" if on(&["dns"]) => {
                let place = (r.uid % self.world.endpoints.len() as u64) as usize;
                Some(Cow::Borrowed(self.world.endpoints[place].hostname))
            }
            _ => None,
        }
    }

    /// Every field this record has, for searches without a field name.
    pub fn all(&self) -> impl Iterator<Item = Cow<'a, str>> + '_ {
        FIELDS.iter().filter_map(|name| self.field(name))
    }

    /// The record as `search` returns it.
    pub fn hit(&self) -> Value {
        let mut fields = Map::new();
        for name in &FIELDS[1..] {
            if let Some(value) = self.field(name) {
                fields.insert((*name).to_owned(), typed(&value));
            }
        }
        let message = fields
            .values()
            .map(|v| v.as_str().map_or_else(|| v.to_string(), str::to_owned))
            .collect::<Vec<_>>();
        let day = zulu(self.record.at);
        json!({
            "_index": format!("logstash-vmprobe-{}", day[..10].replace('-', ".")), "_type": "doc",
            "_id": format!("{:016x}{}", self.record.uid, u8::from(self.record.protocol)), "_score": null,
            "_source": {
                "@timestamp": day, "@type": self.kind(), "@message": message.join("\t"), "@darktrace_probe": "1",
                "@fields": fields,
            },
            "sort": [self.record.at],
        })
    }
}

const FIELDS: [&str; 20] = [
    "@type",
    "epochdate",
    "uid",
    "source_ip",
    "source_host",
    "source_port",
    "dest_ip",
    "dest_host",
    "dest_port",
    "proto",
    "service",
    "duration",
    "orig_bytes",
    "resp_bytes",
    "orig_pkts",
    "conn_state",
    "server_name",
    "host",
    "method",
    "query",
];

/// A number where it reads like one.
pub fn typed(text: &str) -> Value {
    if let Ok(whole) = text.parse::<i64>() {
        return json!(whole);
    }
    text.parse::<f64>().ok().filter(|n| n.is_finite()).map_or_else(|| json!(text), |n| json!(n))
}
