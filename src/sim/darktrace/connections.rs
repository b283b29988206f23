//! What a device connects to: `GET /deviceinfo`, four weeks of it. Contract darktrace.md §3.3: sizes are percentages,
//! device numbers may be 0 or negative, the rest is called "others".

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::super::time::{DAY, HOUR, Ms};
use super::super::wire::{Reply, Request};
use super::model::{Device, Peer, Role, Target, World};
use super::{devices, input_error, int};

/// What a call restricts the data to.
struct Asked {
    datatype: String,
    domain: Option<String>,
    odid: Option<i64>,
    port: Option<i64>,
    all_hours: bool,
    interval: i64,
}

fn asked(request: &Request) -> Result<Asked, Reply> {
    let datatype = request.filled("datatype").unwrap_or_else(|| "co".to_owned());
    if !["co", "sizeout", "sizein"].contains(&datatype.as_str()) {
        return Err(input_error("datatype: co, sizeout or sizein"));
    }
    let interval = int(request, "intervalhours")?.unwrap_or(1);
    if interval < 1 {
        return Err(input_error("intervalhours: at least 1"));
    }
    Ok(Asked {
        datatype,
        domain: request.filled("externaldomain"),
        odid: int(request, "odid")?,
        port: int(request, "port")?,
        // Assumption: the server's default is to show all; the contract does not state it.
        all_hours: request.flag("showallgraphdata", true),
        interval,
    })
}

/// `GET /deviceinfo`.
pub fn info(world: &World, request: &Request) -> Reply {
    let (did, asked, similar) =
        match (int(request, "did"), asked(request), int(request, "similardevices")) {
            (Ok(Some(did)), Ok(asked), Ok(similar)) => {
                (did, asked, similar.unwrap_or(0).max(0) as usize)
            }
            (Ok(None), ..) => return input_error("did is required"),
            (Err(reply), ..) | (_, Err(reply), _) | (.., Err(reply)) => return reply,
        };
    // Assumption: an unknown device has an empty list.
    let Some(device) = world.device(did) else {
        return Reply::ok(&json!({"deviceInfo": []}));
    };
    let mut chosen = vec![(device, 100)];
    chosen.extend(devices::similar_to(world, did, similar));
    let entries: Value =
        chosen.iter().map(|(d, score)| entry(world, d, *score, &asked, request.now)).collect();
    let mut out = json!({"deviceInfo": entries});
    if request.flag("fulldevicedetails", false) {
        let mut wanted: Vec<i64> = chosen.iter().map(|(d, _)| d.did).collect();
        for (d, _) in &chosen {
            wanted.extend(peers(world, d, &asked).into_iter().filter_map(|p| match p.target {
                Target::Device(did) => Some(did),
                _ => None,
            }));
        }
        wanted.sort_unstable();
        wanted.dedup();
        out["devices"] = wanted
            .into_iter()
            .filter_map(|d| world.device(d))
            .map(|d| devices::full(world, d))
            .collect();
    }
    Reply::ok(&out)
}

fn peers<'a>(world: &'a World, device: &Device, asked: &Asked) -> Vec<&'a Peer> {
    let place = world.devices.iter().position(|d| d.did == device.did).unwrap_or(0);
    let external = |p: &Peer| matches!(p.target, Target::Endpoint(_));
    world.peers[place]
        .iter()
        .filter(|p| match asked.odid {
            None => true,
            Some(0) => external(p),
            Some(did) => number(p) == did,
        })
        .filter(|p| asked.port.is_none_or(|port| i64::from(p.port) == port))
        .filter(|p| {
            asked.domain.as_ref().is_none_or(|d| match p.target {
                Target::Endpoint(e) => world.endpoints[e].hostname.ends_with(d.as_str()),
                _ => false,
            })
        })
        .collect()
}

/// The device number a reply gives: all that is external is 0.
fn number(peer: &Peer) -> i64 {
    match peer.target {
        Target::Device(did) => did,
        Target::Endpoint(_) => 0,
        Target::Group(group) => group,
    }
}

/// A port, or the range it is shown in.
fn port(port: u16) -> Value {
    match port {
        5_001..=10_000 => json!("5001 - 10000"),
        49_152.. => json!("49152 - 65535"),
        port => json!(port),
    }
}

/// What a connection weighs under the data type asked for.
fn weight(peer: &Peer, datatype: &str) -> u64 {
    let connections = u64::from(peer.weight);
    match datatype {
        "co" => connections,
        "sizeout" => connections * u64::from(peer.bytes),
        _ => connections * u64::from(peer.bytes / 3 + 60),
    }
}

/// Rows of (what, share): percent of the whole, the small ones together as "others".
fn shares(groups: Vec<(Value, Option<Ms>, u64)>, most: usize) -> Vec<(Value, Option<Ms>, i64)> {
    let total: u64 = groups.iter().map(|(_, _, w)| w).sum();
    let mut rows: Vec<(Value, Option<Ms>, i64)> = Vec::new();
    let mut groups = groups;
    groups.sort_by_key(|(_, _, w)| std::cmp::Reverse(*w));
    let mut left = 100;
    for (what, first, w) in groups {
        let percent = (w * 100 + total / 2).checked_div(total).unwrap_or(0) as i64;
        if percent >= 1 && rows.len() < most && percent <= left {
            left -= percent;
            rows.push((what, first, percent));
        }
    }
    if left > 0 && !rows.is_empty() {
        rows.push((json!("others"), None, left));
    }
    rows
}

fn grouped(
    peers: &[&Peer],
    datatype: &str,
    key: impl Fn(&Peer) -> Value,
) -> Vec<(Value, Option<Ms>, u64)> {
    let mut groups: BTreeMap<String, (Value, Option<Ms>, u64)> = BTreeMap::new();
    for peer in peers {
        let key = key(peer);
        let row = groups.entry(key.to_string()).or_insert((key, Some(peer.first), 0));
        row.1 = row.1.min(Some(peer.first));
        row.2 += weight(peer, datatype);
    }
    groups.into_values().collect()
}

fn rows(name: &str, peers: &[&Peer], datatype: &str, key: impl Fn(&Peer) -> Value) -> Value {
    shares(grouped(peers, datatype, key), 12)
        .into_iter()
        .map(|(what, first, size)| {
            let mut row = Map::new();
            row.insert(name.to_owned(), what);
            row.insert("size".into(), json!(size));
            if let Some(first) = first {
                row.insert("firstTime".into(), json!(first));
            }
            Value::Object(row)
        })
        .collect()
}

fn entry(world: &World, device: &Device, score: i64, asked: &Asked, now: Ms) -> Value {
    let peers = peers(world, device, asked);
    let all: u64 = {
        let place = world.devices.iter().position(|d| d.did == device.did).unwrap_or(0);
        world.peers[place].iter().map(|p| weight(p, &asked.datatype)).sum()
    };
    let kept: u64 = peers.iter().map(|p| weight(p, &asked.datatype)).sum();
    let mean: f64 = {
        let connections: u64 = peers.iter().map(|p| u64::from(p.weight)).sum();
        if connections == 0 { 0.0 } else { kept as f64 / connections as f64 }
    };
    let share = if all == 0 { 0.0 } else { kept as f64 / all as f64 }
        * if asked.datatype == "co" { 1.0 } else { mean };
    let (out, inn): (Vec<&Peer>, Vec<&Peer>) = peers.iter().partition(|p| p.out);
    let total = |list: &[&Peer]| list.iter().map(|p| u64::from(p.weight) * 16).sum::<u64>();
    let pairs = shares(
        grouped(&peers, &asked.datatype, |p| {
            let direction = if p.out { "out" } else { "in" };
            json!({"direction": direction, "device": number(p), "port": port(p.port)})
        }),
        12,
    );
    let mut info = json!({
        "totalUsed": total(&out), "totalServed": total(&inn), "totalDevicesAndPorts": total(&peers),
        "devicesAndPorts": pairs.into_iter().map(|(what, _, size)| json!({"deviceAndPort": what, "size": size})).collect::<Value>(),
        "portsUsed": rows("port", &out, &asked.datatype, |p| port(p.port)),
        "portsServed": rows("port", &inn, &asked.datatype, |p| port(p.port)),
        "devicesUsed": rows("did", &out, &asked.datatype, |p| json!(number(p))),
        "devicesServed": rows("did", &inn, &asked.datatype, |p| json!(number(p))),
    });
    if asked.odid == Some(0) {
        let name = |p: &Peer, asn: bool| match p.target {
            Target::Endpoint(e) if asn => json!(world.endpoints[e].asn),
            Target::Endpoint(e) => json!(world.endpoints[e].hostname),
            _ => json!("Unknown"),
        };
        info["externalDomains"] = rows("domain", &peers, &asked.datatype, |p| name(p, false));
        info["externalASNs"] = rows("asn", &peers, &asked.datatype, |p| name(p, true));
    }
    let mut entry = json!({"did": device.did, "similarityScore": score});
    // one of the samples has no graph at all [SOAR]
    if device.role != Role::Silent {
        entry["graphData"] = graph(world, device, share, asked, now);
    }
    entry["info"] = info;
    entry
}

fn graph(world: &World, device: &Device, share: f64, asked: &Asked, now: Ms) -> Value {
    let step = asked.interval * HOUR;
    let last = now.min(world.start + DAY * 365).div_euclid(step) * step;
    let first = (last - 28 * DAY).div_euclid(step) * step + step;
    let mut out = Vec::new();
    let mut at = first;
    while at <= last {
        let sum: i64 = (0..asked.interval).map(|h| world.hourly(device, at + h * HOUR)).sum();
        let count = (sum as f64 * share) as i64;
        if count > 0 || asked.all_hours {
            out.push(json!({"time": at, "count": count}));
        }
        at += step;
    }
    json!(out)
}
