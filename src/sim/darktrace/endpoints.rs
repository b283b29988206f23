//! Details of an endpoint. Three different objects: for a hostname, for an external address, for an internal one. Contract
//! darktrace.md §3.2.

use std::net::IpAddr;

use serde_json::{Map, Value, json};

use super::super::time::spaced;
use super::super::wire::{Reply, Request};
use super::input_error;
use super::model::{Device, Endpoint, Target, World};

/// `GET /endpointdetails`.
pub fn details(world: &World, request: &Request) -> Reply {
    match (request.filled("ip"), request.filled("hostname")) {
        (None, Some(name)) => by_name(world, request, &name),
        (Some(ip), None) => match ip.parse::<IpAddr>() {
            Ok(IpAddr::V4(v4)) if v4.is_private() => internal(world, request, &ip),
            Ok(_) => external(world, request, &ip),
            Err(_) => input_error("ip is not an address"),
        },
        // names other than these two, in this spelling, are not documented
        _ => input_error("either ip or hostname is required"),
    }
}

/// The devices that talk to it, without score.
fn visitors(world: &World, place: Option<usize>) -> Value {
    let talks =
        |i: usize| world.peers[i].iter().any(|p| Some(p.target) == place.map(Target::Endpoint));
    world.devices.iter().enumerate().filter(|(i, _)| talks(*i)).map(|(_, d)| d.json()).collect()
}

fn find(world: &World, test: impl Fn(&Endpoint) -> bool) -> Option<(usize, &Endpoint)> {
    world.endpoints.iter().enumerate().find(|(_, e)| test(e))
}

fn location(e: &Endpoint) -> Value {
    let (country, city, latitude, longitude) = e.place;
    json!({"latitude": latitude, "longitude": longitude, "country": country, "city": city})
}

fn by_name(world: &World, request: &Request, name: &str) -> Reply {
    // Assumption: nothing known is an empty object, which clients take for "no details".
    let Some((place, e)) = find(world, |e| e.hostname.eq_ignore_ascii_case(name)) else {
        return Reply::ok(&json!({}));
    };
    let mut out = Map::new();
    out.insert("hostname".into(), json!(e.hostname));
    out.insert("firsttime".into(), json!(e.first));
    if request.flag("devices", false) {
        out.insert("devices".into(), visitors(world, Some(place)));
    }
    if request.flag("additionalinfo", false) {
        let last = request.now.min(world.start) - 90_000;
        let ips = e.ip.map(|ip| json!({"ip": ip, "firsttime": e.first, "lasttime": last}));
        out.insert("ips".into(), ips.into_iter().collect());
        out.insert("locations".into(), e.ip.map(|_| location(e)).into_iter().collect());
    }
    if request.flag("score", false) {
        out.insert("popularity".into(), json!(e.popularity));
        out.insert("dgascore".into(), json!(e.dga));
    }
    Reply::ok(&Value::Object(out))
}

fn external(world: &World, request: &Request, ip: &str) -> Reply {
    let Some((place, e)) = find(world, |e| e.ip == Some(ip)) else {
        return Reply::ok(&json!({}));
    };
    let (country, city, latitude, longitude) = e.place;
    let mut out = Map::new();
    out.insert("ip".into(), json!(ip));
    out.insert("firsttime".into(), json!(e.first));
    out.insert("country".into(), json!(country));
    out.insert("asn".into(), json!(e.asn));
    out.insert("city".into(), json!(city));
    out.insert("region".into(), json!(region(country)));
    out.insert("name".into(), json!(""));
    out.insert("longitude".into(), json!(longitude));
    out.insert("latitude".into(), json!(latitude));
    if request.flag("devices", false) {
        out.insert("devices".into(), visitors(world, Some(place)));
    }
    if request.flag("additionalinfo", false) {
        out.insert("ipage".into(), json!((request.now - e.first) / 1000));
        out.insert("iptime".into(), json!(spaced(e.first)));
    }
    if request.flag("score", false) {
        out.insert("popularity".into(), json!(e.popularity));
        out.insert("dgascore".into(), json!(e.dga));
    }
    Reply::ok(&Value::Object(out))
}

fn region(country: &str) -> &'static str {
    match country {
        "United States" => "North America",
        "Vietnam" => "Asia",
        _ => "Europe",
    }
}

/// The subnet a device is in: label, id, network.
fn subnet(sid: i64) -> (&'static str, &'static str) {
    match sid {
        1 | 114 => ("Cloud", "172.31.0.0/16"),
        10 => ("Offices", "10.20.1.0/24"),
        11 => ("Servers", "10.20.2.0/24"),
        12 => ("Things", "10.20.3.0/24"),
        13 => ("VPN", "10.30.0.0/16"),
        _ => ("", ""),
    }
}

fn internal(world: &World, request: &Request, ip: &str) -> Reply {
    let here: Vec<&Device> = world.devices.iter().filter(|d| d.ip.as_deref() == Some(ip)).collect();
    let sid = here.first().map_or(0, |d| d.sid);
    let (label, network) = subnet(sid);
    // no ip and no firsttime in this one, and the id is a text [OAS]
    let mut out = json!({
        "name": "internal_ip", "subnetlabel": label, "subnetid": sid.to_string(), "subnetnetwork": network, "country": "",
        "city": "", "region": "", "longitude": 0, "latitude": 0,
    });
    if request.flag("devices", false) {
        out["devices"] = here.iter().map(|d| d.json()).collect();
    }
    Reply::ok(&out)
}
